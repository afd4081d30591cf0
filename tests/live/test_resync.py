"""What went on while the daemon, the link or the PBX was away is found out: nobody is dropped, served twice or lost."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import Any

import pytest
from tests.lab.daemon import Daemon
from tests.lab.link import Link
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.lab.process import until
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live

BY_ITSELF = "served by the PBX itself"
FALLBACK_WITHIN = 9.0
"""Seconds until the dialplan serves a caller by itself after a daemon was killed: its last beat counts for six."""

pbx = on_both_versions()


async def explained(running: Daemon, inquiry: str, *, facts: int) -> list[dict[str, Any]]:
    """What `huntgroup explain` tells of an inquiry, once so many facts are written."""
    await until(lambda: written(running, inquiry) >= facts, f"{facts} facts of {inquiry} are written")
    command = (sys.executable, "-m", "huntgroup", "explain", inquiry, "--json", "--config", str(running.config))
    explaining = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    told = (await explaining.communicate())[0].decode()
    return [json.loads(line) for line in told.splitlines()]


def written(running: Daemon, inquiry: str) -> int:
    """How many facts of an inquiry stand in the store."""
    with closing(sqlite3.connect(f"{running.store.as_uri()}?mode=ro", uri=True)) as store:
        (count,) = store.execute("SELECT count(*) FROM record WHERE inquiry = ?", (inquiry,)).fetchone()
    return int(count)


def facts(running: Daemon, inquiry: str) -> list[str]:
    """The facts that the daemon logged of an inquiry."""
    told = [line["event"] for line in running.log() if line.get("inquiry") == inquiry]
    return [event for event in told if event.startswith("inquiry.") and event != "inquiry.decided"]


# -- the link was cut --------------------------------------------------------------------------------------------------


async def test_a_conversation_that_began_behind_a_cut_link_after_its_deadline_goes_on(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    async with Link(pbx) as link:
        running = await daemon(configuration(group("sales", "anna", "ben", wrapup='"1s"')), link=link)
        call = await caller.dials(NUMBER)
        await anna.ringing()
        await running.logs("inquiry.ringing")

        link.cut()
        await running.logs("pbx.lost")
        anna.answers(after=2.0)  # the engine's deadline is 0.8 s after the ringing
        await call.answered()
        link.mend()
        accepted = await running.logs("inquiry.accepted")
        repaired = await running.logs("pbx.repaired")

        assert (accepted["operator"], accepted["detail"]) == ("anna", "found in conversation")
        assert (repaired["believed"], repaired["found"]) == ("attempt 1", "talking to PJSIP/anna-desk")
        await call.hears(anna)
        await anna.hears(call)
        async with pbx.caller() as second:  # who is not sent to her
            await second.dials(NUMBER)
            await ben.ringing()
        await call.hangs_up()
        closed = await running.logs("inquiry.closed", inquiry=accepted["inquiry"])

        assert (closed["operator"], closed["detail"]) == ("anna", "answered")
        assert facts(running, accepted["inquiry"]) == [
            "inquiry.received",
            "inquiry.offered",
            "inquiry.ringing",
            "inquiry.accepted",
            "inquiry.conversation_ended",
            "inquiry.closed",
        ]


async def test_whom_nobody_answered_behind_a_cut_link_is_handed_on_when_it_is_back(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben, cleo = await phone("anna-desk"), (await phone("ben")).answers(), await phone("cleo")
    outside = await pbx.mobile().open()
    outside.rings_after(1.5)
    async with Link(pbx) as link:
        running = await daemon(configuration(group("sales", "anna", "ben", rings="2")), link=link)
        call = await caller.dials(NUMBER)
        await anna.ringing()
        await running.logs("inquiry.ringing")

        link.cut()
        await running.logs("pbx.lost")
        await cleo.dials("9+48500")
        await outside.ringing()  # 1.5 s later: the engine's deadline was at 0.8 s
        link.mend()
        await call.answered()

        await call.hears(ben)
        missed = await running.logs("inquiry.missed")
    await outside.close()
    assert missed["operator"] == "anna"


async def test_who_talked_and_hung_up_behind_a_cut_link_leaves_no_operator_busy(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers()
    async with Link(pbx) as link:
        running = await daemon(configuration(group("sales", "anna")), link=link)
        call = await caller.dials(NUMBER)
        await call.answered()
        await running.logs("inquiry.accepted")

        link.cut()
        await running.logs("pbx.lost")
        await call.hangs_up()
        await anna.ended()
        link.mend()
        closed = await running.logs("inquiry.closed")
        again = await caller.dials(NUMBER)
        await again.answered()

        assert (closed["operator"], closed["detail"]) == ("anna", "answered")
        await again.hears(anna)


async def test_a_caller_who_was_transferred_out_behind_a_cut_link_frees_their_operator(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers()
    outside = pbx.mobile()
    await outside.open()
    outside.answers()
    async with Link(pbx) as link:
        running = await daemon(configuration(group("sales", "anna")), link=link)
        call = await caller.dials(NUMBER)
        await call.answered()
        await running.logs("inquiry.accepted")

        link.cut()
        await running.logs("pbx.lost")
        await anna.call.transfers("9+48500")
        await outside.talking()
        await anna.ended()
        link.mend()
        closed = await running.logs("inquiry.closed")
        async with pbx.caller() as second:
            await (await second.dials(NUMBER)).answered()
            await call.hears(outside)

    await outside.close()
    assert (closed["operator"], closed["detail"]) == ("anna", "forwarded")


# -- Asterisk restarted ------------------------------------------------------------------------------------------------


async def test_a_conversation_that_ended_with_the_pbx_leaves_no_operator_busy(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers()
    running = await daemon(configuration(group("sales", "anna")))
    call = await caller.dials(NUMBER)
    await call.answered()
    await running.logs("inquiry.accepted")

    pbx.kill()
    await running.logs("pbx.lost")
    await pbx.start()
    closed = await running.logs("inquiry.closed")
    repaired = await running.logs("pbx.repaired")
    await anna.registers()
    anna.lines = 2  # nobody told the phone that its first call is over
    await (await caller.dials(NUMBER)).answered()

    assert (closed["operator"], closed["detail"]) == ("anna", "answered")
    assert (repaired["believed"], repaired["found"]) == ("talking to PJSIP/anna-desk", "gone")


# -- the daemon was killed ---------------------------------------------------------------------------------------------


async def test_a_conversation_is_adopted_by_a_daemon_that_knows_nothing(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers()
    running = await daemon(configuration(group("sales", "anna")))
    call = await caller.dials(NUMBER)
    await call.answered()
    first = await running.logs("inquiry.accepted")

    running.kill()
    running.forgets()
    await running.start()
    received, accepted = (
        await running.logs("inquiry.received", after=1),
        await running.logs("inquiry.accepted", after=1),
    )
    await call.hears(anna)
    await call.hangs_up()
    closed = await running.logs("inquiry.closed")

    assert {first["inquiry"], received["inquiry"], closed["inquiry"]} == {accepted["inquiry"]}
    assert (received["customer_phone"], received["detail"]) == ("+48600700800", NUMBER)
    assert (closed["operator"], closed["detail"]) == ("anna", "answered")


async def test_who_is_answered_after_a_daemon_was_started_that_knows_nothing_is_adopted_then(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna", rings="20")))
    call = await caller.dials(NUMBER)
    rung = await anna.ringing()

    running.kill()
    running.forgets()
    await running.start()
    rung.answer()
    await call.answered()
    accepted = await running.logs("inquiry.accepted")
    await call.hears(anna)

    assert (accepted["operator"], accepted["detail"]) == ("anna", "found in conversation")
    assert len(anna.calls) == 1


async def test_a_call_that_began_and_ended_while_no_daemon_ran_is_recorded(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).rings_after(0).hangs_up(after=2.0)
    running = await daemon(configuration(group("sales", "anna", rings="20")))
    call = await caller.dials(NUMBER)
    rung = await anna.ringing()
    known = await running.logs("inquiry.received")

    running.kill()
    rung.answer()
    await call.answered()
    await call.ended()  # 2 s later: the beat is overdue
    await running.start()
    closed = await running.logs("inquiry.closed", inquiry=known["inquiry"])

    assert (closed["operator"], closed["detail"]) == ("anna", "answered")


# -- the dialplan served by itself -------------------------------------------------------------------------------------


async def test_a_call_served_by_the_dialplan_alone_is_recorded_once_with_its_times(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    (await phone("ben")).answers().hangs_up(after=2.0)
    running = await daemon(configuration(group("sales", "anna", "ben", rings="2")))

    await running.stop()
    call = await caller.dials(NUMBER, name='"Jan, \\"K\\" ${SHELL(id)}|)"')
    await call.answered()
    await call.ended()
    await anna.cancelled()
    await running.start()
    closed = await running.logs("inquiry.closed")

    told = await explained(running, closed["inquiry"], facts=3)
    assert [line["type"] for line in told] == ["inquiry.received", "inquiry.accepted", "inquiry.closed"]
    received, accepted, closing = told
    assert (received["detail"], received["customer"]["phone"]) == (NUMBER, "+48600700800")
    assert "${SHELL(id)}|)" in received["customer"]["name"]
    assert (accepted["operator"], accepted["detail"]) == ("ben", BY_ITSELF)
    assert (closing["operator"], closing["detail"]) == ("ben", "answered")
    answered = call.answered_at - call.invite_sent
    assert accepted["at"] - received["at"] == pytest.approx(answered, abs=0.6)
    assert closing["at"] - accepted["at"] == pytest.approx(2.0, abs=0.6)

    running.kill()
    await running.start()
    assert await explained(running, closed["inquiry"], facts=3) == told


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("1\r\n\r\nEvent: Hangup", "1Event: Hangup"),
        ("1/2,3 b4|c5=d(6", "1/2,3 b4|c5=d(6"),
        ("${SHELL(id)}" * 6, ("${SHELL(id)}" * 6)[:70]),
        (None, "anonymous"),
    ],
)
async def test_whatever_their_number_a_caller_whom_the_dialplan_served_is_recorded(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon, *, number: str | None, shown: str
) -> None:
    (await phone("anna-desk")).answers().hangs_up(after=0.2)
    running = await daemon(configuration(group("sales", "anna")))

    await running.stop()
    await (await caller.dials(NUMBER, number=number)).ended()
    await running.start()
    received = await running.logs("inquiry.received")
    closed = await running.logs("inquiry.closed")

    assert received["customer_phone"] == shown
    assert (closed["operator"], closed["detail"]) == ("anna", "answered")
    assert "uid=" not in pbx.log_text()


async def test_who_gave_up_while_the_dialplan_rang_is_recorded_as_having_abandoned(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna")))

    await running.stop()
    call = await caller.dials(NUMBER)
    await anna.ringing()
    await call.cancels()
    await anna.cancelled()
    await running.start()
    closed = await running.logs("inquiry.closed")

    assert closed["detail"] == "abandoned"
    assert facts(running, closed["inquiry"]) == ["inquiry.received", "inquiry.abandoned", "inquiry.closed"]


async def test_what_the_dialplan_served_is_still_known_after_a_restart_of_the_pbx(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers().hangs_up(after=0.2)
    running = await daemon(configuration(group("sales", "anna")))

    await running.stop()
    call = await caller.dials(NUMBER)
    await call.ended()
    await pbx.idle()
    await pbx.restart()
    await running.start()
    closed = await running.logs("inquiry.closed")

    assert (closed["operator"], closed["detail"]) == ("anna", "answered")
    assert len(anna.calls) == 1


async def test_a_conversation_that_the_dialplan_brought_about_is_adopted_and_told_of_once(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers()
    running = await daemon(configuration(group("sales", "anna")))

    await running.stop()
    call = await caller.dials(NUMBER)
    await call.answered()
    await running.start()
    accepted = await running.logs("inquiry.accepted")
    await call.hears(anna)
    await call.hangs_up()
    closed = await running.logs("inquiry.closed")
    again = await caller.dials(NUMBER)
    await again.answered()
    await running.logs("inquiry.accepted", after=1)

    assert accepted["detail"] == BY_ITSELF
    assert (closed["inquiry"], closed["operator"], closed["detail"]) == (accepted["inquiry"], "anna", "answered")
    assert facts(running, accepted["inquiry"]) == ["inquiry.received", "inquiry.accepted", "inquiry.closed"]


async def test_whom_the_dialplan_rings_for_when_the_daemon_is_back_is_adopted_once_answered(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna", rings="20")))

    await running.stop()
    call = await caller.dials(NUMBER)
    rung = await anna.ringing()
    await running.start()
    rung.answer()
    await call.answered()
    accepted = await running.logs("inquiry.accepted")
    await call.hears(anna)

    assert accepted["detail"] == BY_ITSELF
    assert len(anna.calls) == 1


async def test_whom_the_dialplan_rang_for_in_vain_is_taken_over_where_it_ends(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    running = await daemon(configuration(group("sales", "anna", "ben", rings="5")))

    await running.stop()
    call = await caller.dials(NUMBER)
    await anna.ringing()
    await running.start()
    received = await running.logs("inquiry.received")
    ben.answers()
    await call.answered()
    accepted = await running.logs("inquiry.accepted")

    assert (accepted["inquiry"], accepted["operator"]) == (received["inquiry"], "ben")
    await call.hears(ben)


async def test_a_caller_who_went_over_to_the_dialplan_while_the_daemon_hung_is_served_once(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna", rings="20")))
    await anna.is_offline()
    call = await caller.dials(NUMBER)
    waits = await running.logs("inquiry.received")

    running.send(signal.SIGSTOP)
    await anna.registers()
    await anna.ringing(within=FALLBACK_WITHIN)
    running.send(signal.SIGCONT)
    # It first hears that her phone is free, and only then that the dialplan rings it: it may well ring her anew.
    anna.answers()
    await call.answered()
    accepted = await running.logs("inquiry.accepted")
    await call.hears(anna)
    await call.hangs_up()
    closed = await running.logs("inquiry.closed")

    assert (accepted["inquiry"], accepted["operator"]) == (waits["inquiry"], "anna")
    assert (closed["inquiry"], closed["detail"]) == (waits["inquiry"], "answered")
