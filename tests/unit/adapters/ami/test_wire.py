"""The faults of panoramisk 1.4, one by one: what goes wrong there goes right here."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.unit.adapters.ami.fake_asterisk import FakeAsterisk, error, success, with_id
from tests.unit.adapters.ami.messages import dial, hangup, status

from huntgroup.adapters.ami.genuine import is_genuine
from huntgroup.adapters.ami.pace import BUSY, WINDOW, Pace
from huntgroup.adapters.ami.wire import MAX_LINE, Message, SafeAction, UnsafeFieldError, Wire, parse
from huntgroup.adapters.clock import Clock
from huntgroup.errors import PeerError

pytestmark = pytest.mark.usefixtures("_nothing_is_left")

REDIRECT = {"Action": "Redirect", "Channel": "PJSIP/trunk-00000001", "Exten": "1"}


class Link:
    """A wire to the scripted Asterisk, without a login, and what it told."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self._news = asyncio.Event()
        self.lost = asyncio.Event()
        self.wire = Wire(self._take, self.lost.set, "main", Pace(Clock().going))

    def _take(self, message: Message) -> None:
        if message.event == "Poison":
            raise RuntimeError("a receiver with a fault")
        self.messages.put_nowait(message)
        self._news.set()

    def sends(self, *fields: dict[str, Any], timeout: float = 5.0) -> list[SafeAction]:
        """One batch of actions."""
        batch = [SafeAction(each) for each in fields]
        self.wire.send_actions(batch, timeout)
        return batch

    async def has(self, count: int) -> None:
        """So many messages were taken that were not asked for yet; back before anything else happens."""
        async with asyncio.timeout(5.0):
            while self.messages.qsize() < count:
                self._news.clear()
                await self._news.wait()

    async def hears(self) -> dict[str, str]:
        """The next message that answers no action."""
        return dict(await asyncio.wait_for(self.messages.get(), 5.0))


@pytest.fixture
async def link(asterisk: FakeAsterisk) -> AsyncIterator[Link]:
    """Connected."""
    link = Link()
    await asyncio.get_running_loop().create_connection(lambda: link.wire, asterisk.address, asterisk.port)
    await asterisk.is_connected()
    yield link
    link.wire.close()


# -- in ---------------------------------------------------------------------------------------------------------------


async def test_a_name_that_is_cut_at_every_byte_comes_out_whole(asterisk: FakeAsterisk, link: Link) -> None:
    asterisk.says("Event: Test\r\nCallerIDName: Zażółć 🦊", in_pieces_of=1)

    assert await link.hears() == {"Event": "Test", "CallerIDName": "Zażółć 🦊"}


async def test_a_receiver_that_raises_costs_only_its_own_message(asterisk: FakeAsterisk, link: Link) -> None:
    asterisk.says("Event: Poison\r\n\r\nEvent: Test\r\nNumber: 1")

    assert await link.hears() == {"Event": "Test", "Number": "1"}
    assert link.wire.is_open


FLOOD = [f"Event: Test\r\nNumber: {number}" for number in range(int(2 * BUSY * WINDOW))]


async def test_a_link_that_says_very_much_is_left_alone_for_a_moment_and_nothing_of_it_is_lost(
    asterisk: FakeAsterisk, link: Link
) -> None:
    asterisk.says("\r\n\r\n".join(FLOOD))
    await link.has(len(FLOOD))
    assert not link.wire.transport.is_reading()

    for number in ("one", "two"):
        asterisk.says(f"Event: Test\r\nNumber: {number}")
    await link.has(len(FLOOD) + 2)

    heard = [link.messages.get_nowait().number for _ in range(len(FLOOD) + 2)]
    assert heard == [*map(str, range(len(FLOOD))), "one", "two"]


async def test_what_answers_an_action_may_be_long_and_the_next_answer_does_not_wait(
    asterisk: FakeAsterisk, link: Link
) -> None:
    items = "\r\n\r\n".join(f"{each}\r\nActionID: {{id}}" for each in FLOOD)
    asterisk.answers["Status"] = lambda asked: (
        f"Response: Success\r\nActionID: {asked['ActionID']}\r\nEventList: start\r\n\r\n"
        f"{items.format(id=asked['ActionID'])}\r\n\r\nEvent: StatusComplete\r\nEventList: Complete"
    )
    (asked,) = link.sends({"Action": "Status"})

    assert len(await asked.future) == len(FLOOD) + 2
    assert link.wire.transport.is_reading()


async def test_but_not_while_a_deadline_waits_for_an_answer(asterisk: FakeAsterisk, link: Link) -> None:
    asterisk.ignores("Ping")
    asterisk.says("\r\n\r\n".join(FLOOD))
    await link.has(len(FLOOD))
    (asked,) = link.sends({"Action": "Ping"})
    link.wire.hurry(asked)
    assert link.wire.transport.is_reading()

    asterisk.says("\r\n\r\n".join(FLOOD))
    await link.has(2 * len(FLOOD))
    assert link.wire.transport.is_reading()

    asterisk.says(with_id(success(), asked.id))
    await asked.future
    asterisk.says("\r\n\r\n".join(FLOOD))
    await link.has(3 * len(FLOOD))
    assert not link.wire.transport.is_reading()


async def test_an_answer_that_has_come_meanwhile_beats_its_own_timeout(asterisk: FakeAsterisk, link: Link) -> None:
    asterisk.ignores("Redirect")
    (asked,) = link.sends(REDIRECT, timeout=1.0)
    await asterisk.receives("Redirect")
    asterisk.says("\r\n\r\n".join(FLOOD))
    await link.has(len(FLOOD))
    asterisk.says(with_id(success(), asked.id))

    time.sleep(1.1)  # noqa: ASYNC251 - the whole process stands still, beyond both timers

    assert (await asked.future)[0].success


async def test_it_can_be_hung_up_and_cut_while_it_is_left_alone(asterisk: FakeAsterisk, link: Link) -> None:
    asterisk.says("\r\n\r\n".join(FLOOD))
    await link.has(len(FLOOD))
    assert not link.wire.transport.is_reading()

    asterisk.cuts()

    await asyncio.wait_for(link.lost.wait(), 5.0)
    assert not link.wire.is_open


@pytest.mark.parametrize("second", ["Event", "event", "EVENT", "Uniqueid", "uniqueid", "channel", "Cause"])
async def test_a_doubled_header_is_refused_and_the_rest_of_the_chunk_is_handled(
    asterisk: FakeAsterisk, link: Link, second: str
) -> None:
    asterisk.says(f"{hangup()}\r\n{second}: FORGED\r\n\r\nEvent: Test\r\nNumber: 2")

    assert await link.hears() == {"Event": "Test", "Number": "2"}
    assert link.wire.is_open


def test_what_asterisk_itself_repeats_is_read_as_one_value_of_many() -> None:
    message = parse(b"Event: Status\r\nVariable: A=1\r\nVariable: B=2\r\nChanVariable(x): c\r\nChanVariable(x): d")

    assert message is not None
    assert message["variable"].split("\r\n") == ["A=1", "B=2"]
    assert message["chanvariable(x)"] == "c\r\nd"


@pytest.mark.parametrize("count", [1, 2, 5])
def test_events_with_many_channel_variables_are_read(count: int) -> None:
    lines = [f"{prefix}ChanVariable: V{number}=1" for prefix in ("", "Dest") for number in range(count)]

    message = parse("\r\n".join((dial("DialEnd", "1", "ANSWER"), *lines)).encode())

    assert message is not None
    assert is_genuine(message)
    assert message.dialstatus == "ANSWER"


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"Asterisk Call Manager/9.0.0", b"Channel: x", b"\xff\xfe\x00"])
def test_what_is_neither_event_nor_response_is_no_message(raw: bytes) -> None:
    assert parse(raw) is None


def test_a_header_may_be_empty_and_may_hold_colons() -> None:
    message = parse(b"Event: Test\r\nAccountCode: \r\nChannel: Local/1@x: y;1")

    assert message is not None
    assert (message.accountcode, message.channel) == ("", "Local/1@x: y;1")


# -- out --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("evil", ["a\r\nAction: Originate", "a\nb", "a\rb", "a\0b", "\n"])
@pytest.mark.parametrize("field", ["value", "name", "item"])
async def test_a_line_break_or_nul_in_any_field_is_refused_before_anything_is_written(
    asterisk: FakeAsterisk, link: Link, evil: str, field: str
) -> None:
    fields: dict[str, Any] = {"value": {"Channel": evil}, "name": {evil: "x"}, "item": {"Variable": ["ok", evil]}}

    with pytest.raises(UnsafeFieldError, match="line break or NUL"):
        SafeAction({"Action": "Redirect", **fields[field]})

    link.sends({"Action": "Ping"})
    await asterisk.receives("Ping")
    assert len(asterisk.actions) == 1


async def test_a_line_that_asterisk_would_throw_away_is_refused() -> None:
    SafeAction({"Action": "Setvar", "Value": "x" * (MAX_LINE - len("Value: "))})

    with pytest.raises(UnsafeFieldError, match="more than Asterisk reads in one line"):
        SafeAction({"Action": "Setvar", "Value": "ż" * (MAX_LINE // 2)})


async def test_a_batch_goes_out_in_its_order_and_each_gets_its_own_answer(asterisk: FakeAsterisk, link: Link) -> None:
    asterisk.answers["Getvar"] = lambda action: success(f"Value: {action['Variable']}")

    batch = link.sends(*({"Action": "Getvar", "Variable": name} for name in "abc"))
    answers = [(await action.future)[0].value for action in batch]

    assert answers == ["a", "b", "c"]
    assert [action["Variable"] for action in asterisk.actions] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        ({"Action": "Originate", "Channel": "PJSIP/anna"}, success("Message: Originate successfully queued")),
        ({"Action": "QueueAdd", "Queue": "sales"}, success("Message: Added interface to queue")),
        ({"Action": "Redirect"}, error("Channel does not exist")),
        ({"Action": "QueueStatus"}, error("Queue status will follow")),
    ],
)
async def test_an_action_ends_with_its_response_whatever_its_words(
    asterisk: FakeAsterisk, link: Link, action: dict[str, str], answer: str
) -> None:
    asterisk.answers[action["Action"]] = lambda _: answer

    (asked,) = link.sends(action)

    assert len(await asked.future) == 1
    assert link.wire.is_open


async def test_a_list_ends_with_its_last_item(asterisk: FakeAsterisk, link: Link) -> None:
    asterisk.channels = [status("huntgroup-hold", Channel="a"), status("huntgroup-hold", Channel="b")]

    (asked,) = link.sends({"Action": "Status"})
    response, *items, last = await asked.future

    assert response.success
    assert [item.channel for item in items] == ["a", "b"]
    assert last.event == "StatusComplete"


async def test_an_event_about_an_action_is_no_answer_to_it(asterisk: FakeAsterisk, link: Link) -> None:
    asterisk.ignores("Originate")
    (asked,) = link.sends({"Action": "Originate"})
    await asterisk.receives("Originate")

    asterisk.says(f"Event: OriginateResponse\r\nPrivilege: call,all\r\nActionID: {asked.id}\r\nResponse: Failure")
    assert (await link.hears())["Event"] == "OriginateResponse"
    assert not asked.future.done()
    asterisk.says(with_id(success(), asked.id))

    assert (await asked.future)[0].success


async def test_an_answer_without_its_action_in_the_second_place_is_none(asterisk: FakeAsterisk, link: Link) -> None:
    asterisk.ignores("Ping")
    (asked,) = link.sends({"Action": "Ping"})
    await asterisk.receives("Ping")

    asterisk.says(f"Response: x\r\nCallerIDName: y\r\nActionID: {asked.id}\r\n\r\nEvent: Test\r\nNumber: 1")
    await link.hears()
    assert not asked.future.done()
    asterisk.says(with_id(success(), asked.id))

    assert (await asked.future)[0].success


async def test_a_list_that_is_broken_off_ends_by_its_timeout(asterisk: FakeAsterisk, link: Link) -> None:
    asterisk.answers["Status"] = lambda _: success("EventList: start")

    (asked,) = link.sends({"Action": "Status"}, timeout=0.05)

    with pytest.raises(PeerError, match="no answer to Status within"):
        await asked.future
    asterisk.says(f"Event: Test\r\nActionID: {asked.id}")
    assert await link.hears() == {"Event": "Test", "ActionID": asked.id}  # it is nobody's by now


async def test_the_timer_of_what_was_sent_together_ends_with_the_last_answer(link: Link) -> None:
    sent = link.sends({"Action": "Ping"}, {"Action": "Ping"}, timeout=1_000)
    timer = next(each for each in asyncio.get_running_loop()._scheduled if each.when() > 500 + time.monotonic())  # type: ignore[attr-defined]
    assert not timer.cancelled()
    await asyncio.gather(*(action.future for action in sent))

    assert timer.cancelled()


async def test_an_answer_after_its_timeout_is_nobodys_and_harms_nothing(asterisk: FakeAsterisk, link: Link) -> None:
    asterisk.ignores("Ping")
    (asked,) = link.sends({"Action": "Ping"}, timeout=0.02)
    with pytest.raises(PeerError, match="no answer to Ping within"):
        await asked.future

    late = (await asterisk.receives("Ping"))["ActionID"]
    asterisk.says(f"Response: Success\r\nActionID: {late}\r\n\r\nEvent: Test\r\nActionID: {late}")

    assert await link.hears() == {"Event": "Test", "ActionID": late}


async def test_a_redirect_under_way_when_the_link_breaks_fails_and_is_never_sent_again(
    asterisk: FakeAsterisk, link: Link
) -> None:
    asterisk.ignores("Redirect")
    (asked,) = link.sends(REDIRECT)
    await asterisk.receives("Redirect")

    asterisk.cuts()
    with pytest.raises(PeerError, match=r"the AMI link broke.* during Redirect"):
        await asked.future
    again = Link()
    await asyncio.get_running_loop().create_connection(lambda: again.wire, asterisk.address, asterisk.port)
    again.sends({"Action": "Ping"})
    await asterisk.receives("Ping")
    again.wire.close()

    assert asterisk.count("Redirect") == 1


async def test_what_is_sent_over_a_broken_link_fails_at_once(asterisk: FakeAsterisk, link: Link) -> None:
    asterisk.cuts()
    await link.lost.wait()

    (asked,) = link.sends(REDIRECT)

    with pytest.raises(PeerError, match="before Redirect"):
        await asked.future
    assert asterisk.count("Redirect") == 0


async def test_closing_fails_what_is_under_way_and_tells_of_the_loss_once(asterisk: FakeAsterisk, link: Link) -> None:
    asterisk.ignores("Redirect")
    (asked,) = link.sends(REDIRECT)

    link.wire.close()
    link.wire.close()

    with pytest.raises(PeerError, match="during Redirect"):
        await asked.future
    assert link.lost.is_set()


async def test_hanging_up_takes_back_what_the_peer_had_not_taken() -> None:
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read()
            ended.set_result("closed")
        except ConnectionResetError:
            ended.set_result("reset")
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        link = Link()
        await asyncio.get_running_loop().create_connection(lambda: link.wire, "127.0.0.1", port)
        link.wire.close()

        assert await ended == "reset"
