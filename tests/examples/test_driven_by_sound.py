import av


def packets(path):
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def test_only_the_frames_that_are_heard_get_brighter(example, pictures, tmp_path):
    assert example("driven_by_sound.py").startswith("pulse.mp4: 50 frames")
    made, clip = pictures(tmp_path / "pulse.mp4"), pictures(tmp_path / "clip.mp4")
    gain = made.mean(axis=(1, 2, 3)) / clip.mean(axis=(1, 2, 3))
    beeps, quiet = [1, 26], [10, 20, 35, 45]  # the clip beeps at every whole second
    assert gain[beeps].min() > 1.4
    assert gain[quiet].max() < 1.3
    assert packets(tmp_path / "pulse.mp4") == packets(tmp_path / "clip.mp4")
