def test_the_clip_comes_back_and_gets_brighter(example):
    assert example("live_client.py").splitlines() == [
        "320 x 180 comes back",
        "and gets brighter while it runs",
        "the server shows every node: ['lift']",
    ]
