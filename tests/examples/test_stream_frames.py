def test_the_lamp_is_seen_at_every_whole_second(example):
    assert example("stream_frames.py").splitlines() == [
        "the lamp goes on at 0.00 s",
        "the lamp goes on at 1.00 s",
    ]
