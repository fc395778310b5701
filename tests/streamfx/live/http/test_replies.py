from streamfx.live.http import replies
from tests.streamfx.live.http.fake import FakeDesk, FakeHub


def test_both_directions_have_a_json_schema() -> None:
    found = replies.schemas()
    assert {"client", "server"} == set(found)
    assert "join" in found["client"]["discriminator"]["mapping"]
    assert "welcome" in found["server"]["discriminator"]["mapping"]


def test_a_welcome_is_as_the_protocol_has_it(hub: FakeHub) -> None:
    desk = FakeDesk(hub, lambda message: None, "session-0", "cam")
    for message in (desk.welcome(), desk.stats()):
        replies.FROM_SERVER.validate_python(message)
