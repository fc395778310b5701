import pytest

from streamfx.live.media.address import hide_secrets, listening, scheme_of


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        ("clip.mp4", "file"),
        ("/data/10:30 clip.mp4", "file"),
        ("C:\\clips\\a.mp4", "file"),
        ("file:clip.mp4", "file"),
        ("rtsp://host/x", "rtsp"),
        ("RTMP://host/x/y", "rtmp"),
        ("/dev/video0", "v4l2"),
        ("v4l2:/dev/video0", "v4l2"),
        ("dshow:video=Camera", "dshow"),
        ("testsrc", "lavfi"),
        ("testsrc=size=64x48", "lavfi"),
        ("lavfi:smptebars", "lavfi"),
        ("gopher://host", "gopher"),
    ],
)
def test_what_an_address_leads_to(where, kind):
    assert scheme_of(where) == kind


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://me:word@host/path", "rtsp://***@host/path"),
        ("rtmp://host:1935/live/key", "rtmp://host:1935/live/***"),
        ("RTMPS://host/app/inst/key?sig=1", "RTMPS://host/app/***?***"),
        ("srt://host:9000?passphrase=word&latency=20", "srt://host:9000?***"),
        ("https://token@host/whip/me", "https://***@host/whip/me"),
        (
            "cannot open 'rtmp://host/live/key': refused",
            "cannot open 'rtmp://host/live/***': refused",
        ),
        ("clip.mp4?really", "clip.mp4?really"),
        ("rtmp://host/live", "rtmp://host/live"),
    ],
)
def test_secrets_are_not_shown(text, shown):
    assert hide_secrets(text) == shown


def test_a_source_may_wait_for_others_to_push():
    assert listening("rtmp://h/a/k?listen=1") == ("rtmp://h/a/k", True)
    assert listening("rtmp://h/a/k?x=1&listen=1") == ("rtmp://h/a/k?x=1", True)
    assert listening("rtmp://h/a/k?x=1") == ("rtmp://h/a/k?x=1", False)
