import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfx.live.http import messages
from streamfx.live.refusal import Refusal

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.text() | JSON.map(json.dumps))
def test_whatever_comes_is_a_message_or_one_line_about_what_is_wrong(text: str) -> None:
    try:
        messages.read(text)
    except Refusal as exc:
        assert (exc.status, exc.code) == (400, "message")
        assert str(exc)


@pytest.mark.parametrize("value", [True, 3, 0.5, "screen", None, [1, 2.5, "x"], []])
def test_a_value_keeps_the_type_that_it_was_sent_as(value: object) -> None:
    text = json.dumps({"type": "set", "node": "n", "param": "p", "value": value})
    message = messages.read(text)
    assert isinstance(message, messages.SetParam)
    assert (message.value, type(message.value)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"type":"set","node":"n","param":"p","value":{}}', "set.value: must be true, false"),
        ('{"type":"set","node":"n","param":"p","value":NaN}', "set.value: must be true, false"),
        ('{"type":"set","node":"n","param":"p"}', "set.value: Field required"),
        ('{"type":"ping","at":1,"more":2}', "ping.more: Extra inputs are not permitted"),
        ('{"type":"nope"}', "'join', 'offer', 'candidate', 'set'"),
        ('{"type":"background","kind":"red"}', "'none', 'blur', 'colour' or 'upload'"),
        ('{"type":"preset","name":"../x"}', "preset.name: "),
        ("[" * 100_000, "recursion"),
        ("{", "EOF"),
    ],
)
def test_an_error_names_the_field_and_what_is_known(text: str, words: str) -> None:
    with pytest.raises(Refusal) as caught:
        messages.read(text)
    assert words in str(caught.value)


def test_a_complaint_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(Refusal) as caught:
        messages.read('{"type":"join","access":{"secret":"hunter2"}}')
    assert "hunter2" not in str(caught.value)


def test_a_candidate_becomes_a_fragment_of_sdp() -> None:
    found = messages.read('{"type":"candidate","candidate":"candidate:1 1 udp 1 ::1 9","mid":"a"}')
    assert isinstance(found, messages.Candidate)
    assert found.fragment().splitlines()[1:] == ["a=mid:a", "a=candidate:1 1 udp 1 ::1 9"]
