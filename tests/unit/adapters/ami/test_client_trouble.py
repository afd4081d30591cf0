"""The life of the link in bad times: refused, cut, half-open, closed at any moment. Nothing is left behind."""

import asyncio
from typing import Any

import pytest
from tests.unit.adapters.ami.conftest import SECRET_VARIABLE, Daemon, Pauses
from tests.unit.adapters.ami.fake_asterisk import FakeAsterisk, error, success
from tests.unit.adapters.ami.messages import INQUIRY, status, waiting
from tests.unit.adapters.ami.test_client import RING

from huntgroup.adapters.ami import asking
from huntgroup.adapters.ami import client as client_module
from huntgroup.adapters.ami.fallback import ALIVE_UNTIL
from huntgroup.engine.events import AttemptFailed, CustomerLeft, InquiryReceived, PbxFound, PbxLost
from huntgroup.errors import ConfigError, PeerRefused

pytestmark = pytest.mark.usefixtures("_nothing_is_left")


def reasons(logged: list[Any]) -> list[str]:
    """Why the link was lost, each time."""
    return [line["error"] for line in logged if line["event"] == "pbx.lost"]


async def is_lost(logged: list[Any], asterisk: FakeAsterisk, times: int = 1) -> str:
    """The reason, once the client has come back after so many losses."""
    await asterisk.is_connected(times + 1)
    return reasons(logged)[times - 1]


# -- refused ----------------------------------------------------------------------------------------------------------


async def test_a_wrong_secret_is_refused_for_good_and_not_tried_again(
    asterisk: FakeAsterisk, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, "wrong")

    with pytest.raises(PeerRefused, match=r"the login of 'huntgroup' was refused: Authentication failed"):
        await daemon.runs()

    await asterisk.is_left()
    assert asterisk.connections == asterisk.count("Login") == 1
    assert daemon.told == []


async def test_a_secret_that_cannot_be_read_leaves_no_connection(
    asterisk: FakeAsterisk, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SECRET_VARIABLE)

    with pytest.raises(ConfigError):
        await daemon.runs()

    await asterisk.is_left()


@pytest.mark.parametrize("answer", [error("Must specify AuthType"), success("Message: Must specify AuthType")])
async def test_without_a_challenge_nothing_of_the_secret_is_sent(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any], answer: str
) -> None:
    asterisk.answers["Challenge"] = lambda _: answer
    daemon.runs()

    assert await is_lost(logged, asterisk) == "main: Challenge was refused: Must specify AuthType"
    assert asterisk.count("Login") == 0


@pytest.mark.parametrize("action", ["Status", "Setvar"])
async def test_a_user_that_may_not_do_what_is_needed_finds_no_pbx(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any], action: str
) -> None:
    asterisk.answers[action] = lambda _: error("Permission denied")
    daemon.runs()

    assert await is_lost(logged, asterisk) == f"main: {action} was refused: Permission denied"
    assert daemon.count(PbxFound) == daemon.count(PbxLost) == 0


# -- no AMI there -----------------------------------------------------------------------------------------------------


async def test_a_connection_that_is_refused_is_tried_again(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any], pauses: Pauses
) -> None:
    await asterisk.goes_away()
    daemon.runs()
    await pauses.come(3)
    await asterisk.comes_back()

    await daemon.is_told(PbxFound)
    assert "Connect call failed" in reasons(logged)[0]
    assert daemon.count(PbxLost) == 0


async def test_a_server_that_speaks_http_is_told_from_asterisk_at_once(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any]
) -> None:
    asterisk.greeting = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html>"
    daemon.runs()

    assert "no AMI is spoken there: it begins with b'HTTP/1.1 400 Bad Reque'" in await is_lost(logged, asterisk)
    assert daemon.told == []


async def test_a_peer_that_says_nothing_is_given_up(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ACTION_TIMEOUT", 0.05)
    asterisk.greeting = ""
    asterisk.ignores("Challenge")
    daemon.runs()

    assert await is_lost(logged, asterisk) == "main: no answer to Challenge within 0.05 s"


async def test_a_peer_that_closes_after_its_greeting_is_tried_again(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any]
) -> None:
    def closes(_: dict[str, str]) -> None:
        asterisk.cuts()

    asterisk.answers["Challenge"] = closes
    daemon.runs()

    assert "during Challenge" in await is_lost(logged, asterisk)


# -- lost -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["Challenge", "Login", "Getvar", "Status", "Setvar", "Ping"])
async def test_a_link_that_breaks_at_any_step_is_made_anew(asterisk: FakeAsterisk, daemon: Daemon, action: str) -> None:
    usual = asterisk.answers.pop(action, None)

    def breaks(_: dict[str, str]) -> None:
        asterisk.cuts()
        del asterisk.answers[action]
        if usual is not None:
            asterisk.answers[action] = usual

    asterisk.answers[action] = breaks
    daemon.runs()
    await daemon.is_told(PbxFound)

    assert asterisk.connections == 2
    assert daemon.count(PbxFound) == 1 + daemon.count(PbxLost)


async def test_a_link_that_breaks_before_asterisk_has_booted_is_made_anew(
    asterisk: FakeAsterisk, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "BOOT_TIMEOUT", 60.0)
    asterisk.is_booted = False
    daemon.runs()
    await asterisk.receives("Login")

    asterisk.is_booted = True
    asterisk.cuts()

    await daemon.is_told(PbxFound)
    assert daemon.count(PbxLost) == 0


async def test_a_cut_link_is_told_of_once_and_found_again(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    daemon.runs()
    await daemon.is_told(PbxFound)
    asterisk.cuts()
    await daemon.is_told(PbxFound, times=2)

    kinds = [type(event).__name__ for event in daemon.told]
    states = ["PhoneStateChanged"] * 2
    assert kinds == [*states, "PbxFound", "PbxLost", *states, "PbxFound"]


async def test_a_half_open_peer_is_noticed_by_a_ping_without_an_answer(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any]
) -> None:
    daemon.runs()
    await daemon.is_told(PbxFound)
    began = asyncio.get_running_loop().time()

    asterisk.falls_silent()
    await daemon.is_told(PbxLost)
    took = asyncio.get_running_loop().time() - began

    assert took < client_module.BEAT_INTERVAL + client_module.PING_TIMEOUT + 0.2
    await daemon.is_told(PbxFound, times=2)
    assert reasons(logged)[0].startswith("main: no answer to ")
    assert daemon.count(PbxLost) == 1


async def test_a_redirect_under_way_when_the_link_breaks_is_never_sent_again_and_no_failure_is_made_up(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any]
) -> None:
    asterisk.ignores("Redirect")
    daemon.runs()
    await daemon.is_told(PbxFound)
    asterisk.says(waiting())
    await daemon.is_told(InquiryReceived)
    asterisk.channels = [status("huntgroup-offer", "1")]  # it was carried out all the same

    daemon.client.carry_out(RING)
    await asterisk.receives("Redirect")
    asterisk.cuts()
    await daemon.is_told(PbxFound, times=2)
    await asterisk.receives("Ping", times=asterisk.count("Ping") + 1)

    assert asterisk.count("Redirect") == 1
    assert daemon.count(AttemptFailed) == 0
    assert [line["inquiry"] for line in logged if line["event"] == "pbx.order_failed"] == [INQUIRY]


@pytest.mark.parametrize("answer", [success("EventList: start"), "Event: StatusComplete\r\nEventList: cancelled"])
async def test_a_list_that_is_broken_off_makes_nobody_vanish(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any], monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    daemon.runs()
    await daemon.is_told(PbxFound)
    asterisk.says(waiting())
    await daemon.is_told(InquiryReceived)
    monkeypatch.setattr(asking, "ACTION_TIMEOUT", 0.05)

    asterisk.answers["Status"] = lambda _: answer
    asterisk.cuts()
    assert "Status" in await is_lost(logged, asterisk, times=2)

    assert daemon.count(CustomerLeft) == 0


async def test_what_was_missed_is_told_even_when_the_link_breaks_again_while_it_is_found_out(
    asterisk: FakeAsterisk, daemon: Daemon
) -> None:
    daemon.runs()
    await daemon.is_told(PbxFound)
    asterisk.says(waiting())
    await daemon.is_told(InquiryReceived)

    def breaks_once(_: dict[str, str]) -> None:
        asterisk.cuts()
        del asterisk.answers["Setvar"]

    asterisk.cuts()
    asterisk.answers["Setvar"] = breaks_once
    await daemon.is_told(PbxFound, times=2)

    assert asterisk.connections == 3
    assert daemon.count(CustomerLeft) == 1


async def test_more_events_during_a_resync_than_can_be_held_break_it_off(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "BUFFER_MOST", 3)

    def storm(_: dict[str, str]) -> str:
        for _each in range(5):
            asterisk.says(waiting())
        return success("Value: INUSE")

    asterisk.answers["Getvar"] = storm
    daemon.runs()

    assert "more than 3 events during the resync" in await is_lost(logged, asterisk)


@pytest.mark.parametrize("answer", [success("Ping: Pong"), success("Timestamp: soon"), error("no")])
async def test_a_ping_without_a_time_is_no_beat(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any], answer: str
) -> None:
    asterisk.answers["Ping"] = lambda _: answer
    daemon.runs()

    assert "no time in the answer to a ping" in await is_lost(logged, asterisk)
    assert asterisk.count("Setvar", Variable=ALIVE_UNTIL) == 0


async def test_it_waits_longer_and_longer_but_not_for_ever_and_each_client_a_time_of_its_own(
    asterisk: FakeAsterisk, daemon: Daemon, pauses: Pauses
) -> None:
    await asterisk.goes_away()
    other = Daemon(asterisk)
    daemon.runs()
    other.runs()
    await pauses.come(40)
    await other.ends()

    waits = pauses.seconds
    first, most = client_module.BACKOFF_FIRST, client_module.BACKOFF_MOST
    assert len(set(waits)) == len(waits)
    assert max(waits[:2]) <= 2 * first * 1.5
    assert max(waits) <= most * 1.5
    assert min(waits[20:]) >= most * 0.5


# -- closed -----------------------------------------------------------------------------------------------------------


async def test_closing_bids_farewell_and_no_beat_follows_it(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    running = daemon.runs()
    await asterisk.receives("Ping", times=2)

    await daemon.client.close()
    await running
    await asterisk.is_left()

    said = [action["Value"] for action in asterisk.received("Setvar", Variable=ALIVE_UNTIL)]
    assert said[-1] == "0"
    assert said.count("0") == 1
    assert daemon.count(PbxLost) == 1


async def test_a_beat_that_is_under_way_does_not_outlive_the_farewell(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    daemon.runs()
    await asterisk.receives("Setvar", Variable=ALIVE_UNTIL)
    asterisk.ignores("Ping")
    ping = await asterisk.receives("Ping", times=asterisk.count("Ping") + 1)

    def pong_comes_first(_: dict[str, str]) -> str:
        asterisk.says(f"Response: Success\r\nActionID: {ping['ActionID']}\r\nTimestamp: 5.0")
        return success()

    asterisk.answers["Setvar"] = pong_comes_first
    await daemon.client.close()
    await asterisk.is_left()

    assert asterisk.received("Setvar", Variable=ALIVE_UNTIL)[-1]["Value"] == "0"


async def test_a_peer_that_is_gone_does_not_hold_up_the_end(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any]
) -> None:
    daemon.runs()
    await daemon.is_told(PbxFound)
    asterisk.falls_silent()

    await daemon.ends()

    assert "pbx.farewell_failed" in [line["event"] for line in logged]
    assert daemon.count(PbxLost) == 1


@pytest.mark.parametrize("action", ["Challenge", "Login", "Getvar", "Status", "Setvar", "Ping"])
async def test_cancelled_at_any_step_and_closed_it_leaves_nothing(
    asterisk: FakeAsterisk, daemon: Daemon, action: str
) -> None:
    asterisk.ignores(action)
    running = daemon.runs()
    await asterisk.receives(action)

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await daemon.client.close()

    await asterisk.is_left()


async def test_cancelled_while_it_connects_it_leaves_nothing(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    for turns in range(12):
        running = daemon.runs()
        for _ in range(turns):
            await asyncio.sleep(0)

        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    await daemon.client.close()
    await asterisk.is_left()


async def test_closed_before_it_ran_it_does_not_run(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    await daemon.client.close()
    await daemon.runs()

    assert asterisk.connections == 0


async def test_closed_while_it_waits_to_come_back_it_stays_away(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    running = daemon.runs()
    await daemon.is_told(PbxFound)
    asterisk.cuts()
    await daemon.is_told(PbxLost)

    await daemon.client.close()
    await running

    assert asterisk.connections == 1
