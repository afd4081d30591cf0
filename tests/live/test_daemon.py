"""The daemon as a process: how it starts, what ends it and with which status."""

import signal

import pytest
from tests.lab.daemon import Daemon
from tests.lab.link import Link
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import exchange

pytestmark = pytest.mark.live


PLAIN = configuration(group("sales", "anna"))
SECOND_NUMBER = "+48221234568"

pbx = exchange({"anna-desk": "101", "ben": "102"})


async def test_sigterm_ends_it_cleanly_with_status_0(daemon: StartDaemon) -> None:
    running = await daemon(PLAIN)

    running.send(signal.SIGTERM)

    assert await running.exited() == 0
    assert running.log()[-1]["event"] == "daemon.stopped"


async def test_a_wrong_ami_secret_ends_it_with_status_3_and_says_so(pbx: Pbx) -> None:
    refused = Daemon(pbx, PLAIN, secret="not the secret")
    try:
        await refused.start(found=False)

        assert await refused.exited() == 3
        told = [line for line in refused.log() if line["event"] == "daemon.refused"]
        assert "the login of 'huntgroup' was refused" in told[0]["error"]
    finally:
        await refused.close()


async def test_it_waits_for_a_pbx_that_is_not_there_yet(pbx: Pbx) -> None:
    async with Link(pbx) as link:
        link.cut()
        early = Daemon(pbx, PLAIN, link=link)
        try:
            await early.start(found=False)
            await early.logs("pbx.lost", after=1)
            link.mend()

            await early.logs("pbx.found")
        finally:
            await early.close()


async def test_sighup_names_the_mistakes_of_the_file_and_changes_nothing(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers()
    running = await daemon(PLAIN)

    running.config.write_text(running.config.read_text().replace('id = "sales"', 'id = "sails"'))
    running.send(signal.SIGHUP)
    rejected = await running.logs("configuration.rejected")
    call = await caller.dials(NUMBER)
    await call.answered()

    await anna.talking()
    assert "sales" in rejected["problem"]
    assert "did you mean" in rejected["problem"]


async def test_sighup_takes_a_changed_file_over_and_keeps_who_waits(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).answers()
    running = await daemon(PLAIN)
    talking = await caller.dials(NUMBER)
    (await anna.ringing()).answer()
    await talking.answered()
    waiting = await caller.dials(NUMBER)
    await running.logs("inquiry.received", after=1)

    again = configuration(group("sales", "anna", "ben"), numbers={NUMBER: "sales", SECOND_NUMBER: "sales"})
    running.configures(again)
    running.send(signal.SIGHUP)
    await waiting.answered()
    await ben.talking()
    await talking.hears(anna)
    await waiting.hangs_up()
    await running.logs("inquiry.closed")
    by_another = await caller.dials(SECOND_NUMBER)
    await by_another.answered()

    assert (await running.logs("configuration.changed"))["operators"] == 3
    assert len(ben.calls) == 2


async def test_a_number_that_a_reload_took_away_is_not_served_by_the_fallback_either(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers()
    both = configuration(group("sales", "anna"), numbers={NUMBER: "sales", SECOND_NUMBER: "sales"})
    running = await daemon(both)

    running.configures(PLAIN)
    running.send(signal.SIGHUP)
    await running.logs("configuration.changed")
    refused = await caller.dials(SECOND_NUMBER)
    assert (await refused.ended()).status == 404
    await running.says_to_the_pbx(f"HUNTGROUP_LIST_{SECOND_NUMBER}", "none")
    await running.stop()
    by_fallback = await caller.dials(SECOND_NUMBER)

    assert (await by_fallback.ended()).status == 503
    assert anna.calls == []


async def test_what_a_reload_cannot_change_is_said_to_need_a_restart(daemon: StartDaemon) -> None:
    running = await daemon(PLAIN)

    running.configures('[store]\nurl = "sqlite:other.db"\n' + PLAIN)
    running.send(signal.SIGHUP)

    assert (await running.logs("configuration.needs_restart"))["sections"] == ["store"]


async def test_it_tells_the_service_manager_that_it_is_ready_alive_and_stopping(pbx: Pbx) -> None:
    async with Daemon(pbx, PLAIN, is_supervised=True) as running:
        assert await running.notified("READY=1")
        assert await running.notified("WATCHDOG=1")
        running.send(signal.SIGTERM)
        assert await running.notified("STOPPING=1")
