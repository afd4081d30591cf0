"""However TCP cuts the stream, the same messages come out."""

from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.unit.adapters.ami.listening import Peer

from huntgroup.adapters.ami.wire import GREETING, MAX_MESSAGE, Message, Wire

BANNER = GREETING + b"9.0.0\r\n"
VALUES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)
MESSAGES = st.lists(
    st.dictionaries(st.sampled_from(["Channel", "CallerIDName", "Number"]), VALUES, max_size=3), max_size=5
)


def heard(chunks: Iterable[bytes]) -> list[dict[str, str]]:
    """What a wire makes of these chunks."""
    messages: list[Message] = []
    wire = Wire(messages.append, lambda: None, "main")
    wire.connection_made(Peer())
    for chunk in chunks:
        wire.data_received(chunk)
    return [dict(message) for message in messages]


def stream(messages: Iterable[dict[str, str]]) -> bytes:
    """The bytes of these events."""
    blocks = (["Event: Test", *(f"{name}: {value}" for name, value in each.items())] for each in messages)
    return BANNER + b"".join("\r\n".join(lines).encode() + b"\r\n\r\n" for lines in blocks)


@given(messages=MESSAGES, data=st.data())
def test_any_cut_of_the_stream_gives_the_same_messages(messages: list[dict[str, str]], data: st.DataObject) -> None:
    whole = stream(messages)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=20)))
    chunks = [whole[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]

    assert heard(chunks) == [{"Event": "Test", **each} for each in messages]


@given(st.integers(1, 3))
@example(1)
def test_a_character_cut_in_two_is_not_lost(size: int) -> None:
    whole = stream([{"CallerIDName": "Zażółć gęślą jaźń 🦊"}])

    chunks = (whole[begin : begin + size] for begin in range(0, len(whole), size))

    assert heard(chunks) == [{"Event": "Test", "CallerIDName": "Zażółć gęślą jaźń 🦊"}]


def test_bytes_that_are_no_utf_8_cost_their_own_characters_only() -> None:
    assert heard([BANNER + b"Event: Test\r\nCallerIDName: Fran\xe7ois\r\n\r\n"]) == [
        {"Event": "Test", "CallerIDName": "Fran�ois"}
    ]


def test_a_peer_that_sends_more_than_a_mebibyte_without_an_end_is_hung_up_on() -> None:
    ends: list[str] = []
    wire = Wire(lambda _: None, lambda: ends.append(wire.why_lost), "main")
    peer = Peer()
    wire.connection_made(peer)
    wire.data_received(BANNER + b"Event: Test\r\nData: ")

    wire.data_received(b"x" * MAX_MESSAGE)

    assert peer.is_aborted
    assert ends == [f"a message of more than {MAX_MESSAGE} bytes"]
    assert not wire.is_open


def test_many_messages_of_together_more_than_a_mebibyte_are_fine() -> None:
    messages = [{"Data": "x" * 100_000}] * 20

    assert len(heard([stream(messages)])) == 20


@pytest.mark.parametrize("begins", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.6\r\n", b"Asterisk X"])
def test_a_peer_that_begins_in_another_way_than_asterisk_is_hung_up_on(begins: bytes) -> None:
    ends: list[str] = []
    wire = Wire(lambda _: None, lambda: ends.append(wire.why_lost), "main")
    wire.connection_made(Peer())

    wire.data_received(begins)

    assert len(ends) == 1
    assert ends[0].startswith("no AMI is spoken there")
