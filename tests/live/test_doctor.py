"""`huntgroup doctor` before real peers: all well, and one real thing broken at a time."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiomqtt
import pytest
from tests.lab.addresses import outside_address
from tests.lab.broker import Broker
from tests.lab.daemon import Daemon
from tests.lab.doctor import examine
from tests.lab.link import Link
from tests.lab.pbx import Pbx
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live

PLAIN = configuration(group("sales", "anna", "ben"))
EVERYBODY = ("anna-desk", "ben", "cleo")
IN_PREFIX = "topic readwrite huntgroup/#"

pbx = on_both_versions(ami_options="write=call")


@pytest.fixture
async def idle(pbx: Pbx) -> AsyncIterator[Daemon]:
    """A daemon that does not run: only its configuration is there."""
    await pbx.cli("dialplan set global HUNTGROUP_ALIVE_UNTIL 0")  # an earlier test's daemon was killed just now
    daemon = Daemon(pbx, PLAIN)
    yield daemon
    await daemon.close()


# -- all well -------------------------------------------------------------------------------------------------------


async def test_all_is_well_beside_a_running_daemon(broker: Broker, phone: OpenPhone, daemon: StartDaemon) -> None:
    for name in EVERYBODY:
        await phone(name)
    running = await daemon(PLAIN, broker_url=broker.url)
    await running.logs("broker.found")

    exam = await examine(running)

    assert exam.troubles == []
    assert exam.status == 0
    assert len(exam.findings) > 20


async def test_it_changes_nothing_and_disturbs_nobody(pbx: Pbx, broker: Broker, daemon: StartDaemon) -> None:
    running = await daemon(PLAIN, broker_url=broker.url)
    await running.logs("broker.found")

    async def state() -> tuple[str, str, list[str]]:
        shown = await pbx.cli("dialplan show globals")
        database = await pbx.cli("database show")
        return re.sub(r"HUNTGROUP_ALIVE_UNTIL=\S+", "", shown), database, await retained(broker)

    while sum("phone_unreachable" in each for each in await retained(broker)) < len(EVERYBODY):
        continue  # the phones of an earlier test are just leaving
    before, said = await state(), len(running.log())
    await examine(running)

    assert await state() == before
    assert running.log()[said:] == []
    assert len(before[2]) == len(("status", "the PBX")) + 2 * len(EVERYBODY)
    assert "ERROR" not in pbx.log_text()


async def retained(broker: Broker) -> list[str]:
    """Everything that the broker retains, up to a mark that comes behind it; but the figures of groups, which follow
    what they tell of by a moment."""
    found: list[str] = []
    async with aiomqtt.Client(broker.address, broker.port) as client:
        await client.subscribe("#", qos=1)
        await client.publish("mark", b"", qos=1)
        async for message in client.messages:
            if message.topic.value == "mark":
                return sorted(found)
            if not message.topic.matches("+/groups/#"):
                found.append(f"{message.topic} {message.payload!r}")
    raise AssertionError("the broker went away")


async def test_without_the_daemon_it_notes_that_and_does_not_fail(idle: Daemon, phone: OpenPhone) -> None:
    for name in EVERYBODY:
        await phone(name)

    exam = await examine(idle)

    assert exam.status == 0
    assert exam.of("daemon.beat")["said"] == "the daemon does not run"
    assert "systemctl enable --now huntgroup" in exam.of("daemon.beat")["mend"]


# -- the PBX --------------------------------------------------------------------------------------------------------


async def test_a_wrong_secret_names_all_that_asterisk_means_by_its_refusal(idle: Daemon) -> None:
    found = (await examine(idle, secret="not the secret")).failed("pbx.login")

    assert "the login of 'huntgroup' was refused" in found["said"]
    assert "its `secret = …` must be what secret_env HUNTGROUP_LAB_SECRET holds" in found["mend"]
    assert '`asterisk -rx "manager reload"`' in found["mend"]


async def test_an_unknown_user_is_told_where_it_belongs(idle: Daemon) -> None:
    idle.config.write_text(idle.config.read_text().replace('"huntgroup"', '"nobody"'))

    found = (await examine(idle)).failed("pbx.login")

    assert "`nonexistent user`: put config/manager.conf's [nobody] into manager.conf" in found["mend"]


async def test_a_secret_that_is_not_there_keeps_nobody_from_the_rest(idle: Daemon) -> None:
    text = idle.config.read_text().replace("HUNTGROUP_LAB_SECRET", "HUNTGROUP_NOT_SET")
    idle.config.write_text(text)

    exam = await examine(idle)

    assert "HUNTGROUP_NOT_SET is not set" in exam.failed("configuration")["said"]
    assert exam.of("pbx.reached")["outcome"] == "ok"
    assert "HUNTGROUP_NOT_SET is not set" in exam.failed("pbx.login")["said"]


async def test_an_ami_that_nobody_opened_is_given_the_lines_of_manager_conf(pbx: Pbx, idle: Daemon) -> None:
    idle.config.write_text(idle.config.read_text().replace(f"port = {pbx.ami_port}", "port = 5037"))

    found = (await examine(idle)).failed("pbx.reached")

    assert "nothing listens at" in found["said"]
    assert "`enabled = yes`, `port = 5037`" in found["mend"]


async def test_a_port_that_speaks_something_else_says_so(broker: Broker, pbx: Pbx, idle: Daemon) -> None:
    text = idle.config.read_text().replace(f'"{pbx.address}"', f'"{broker.address}"')
    idle.config.write_text(text.replace(f"port = {pbx.ami_port}", f"port = {broker.port}"))

    assert "`port` must be that of manager.conf" in (await examine(idle)).failed("pbx.login")["mend"]


class SkewedLink(Link):
    """Through it the exchange's clock is two minutes ahead."""

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with_whole_lines = asyncio.StreamReader()
        feeding = asyncio.ensure_future(self._feed(source, with_whole_lines))
        try:
            while line := await with_whole_lines.readline():
                sink.write(re.sub(rb"(?<=^Timestamp: )[0-9]+", lambda found: b"%d" % (int(found[0]) + 120), line))
                await sink.drain()
        finally:
            feeding.cancel()
            sink.close()

    async def _feed(self, source: asyncio.StreamReader, to: asyncio.StreamReader) -> None:
        while data := await source.read(65536):
            to.feed_data(data)
        to.feed_eof()


async def test_a_skewed_clock_is_told_with_the_seconds(pbx: Pbx) -> None:
    async with SkewedLink(pbx) as link:
        daemon = Daemon(pbx, PLAIN, link=link)
        try:
            found = (await examine(daemon)).failed("pbx.clock")
        finally:
            await daemon.close()

    assert re.fullmatch(r"the PBX's clock is 1(19\.9|20\.\d) s ahead of this machine's", found["said"])
    assert "timedatectl set-ntp true" in found["mend"]


# -- the dialplan ---------------------------------------------------------------------------------------------------


@asynccontextmanager
async def broken(pbx: Pbx, *commands: str, mended_by: str) -> AsyncIterator[None]:
    """The exchange after these commands; mended again afterwards."""
    for command in commands:
        await pbx.cli(command)
    try:
        yield
    finally:
        await pbx.cli(mended_by)


async def test_a_context_that_is_not_loaded_is_named_with_its_file(pbx: Pbx, idle: Daemon) -> None:
    async with broken(pbx, "dialplan remove context huntgroup-hold", mended_by="dialplan reload"):
        found = (await examine(idle)).failed("dialplan.loaded")

    assert "huntgroup-hold" in found["said"]
    assert "`cp dialplan/huntgroup-hold.conf /etc/asterisk/huntgroup/`" in found["mend"]


async def test_another_versions_dialplan_is_told(pbx: Pbx, idle: Daemon) -> None:
    async with broken(pbx, "dialplan remove context huntgroup-version", mended_by="dialplan reload"):
        found = (await examine(idle)).failed("dialplan.version")

    assert "`cp dialplan/*.conf /etc/asterisk/huntgroup/` from the daemon's own version" in found["mend"]


async def test_a_way_out_for_callers_is_found(pbx: Pbx, idle: Daemon) -> None:
    way_out = (
        "dialplan add extension _*9X!,1,NoOp into abroad",
        "dialplan add include abroad into huntgroup-inbound",
    )
    async with broken(pbx, *way_out, mended_by="dialplan reload"):
        found = (await examine(idle)).failed("dialplan.tight")

    assert "*90" in found["said"]
    assert 'asterisk -rx "dialplan show huntgroup-inbound"' in found["mend"]


async def test_a_pickup_code_that_the_pbx_keeps_for_itself_is_told(pbx: Pbx, idle: Daemon) -> None:
    async with pbx.set_otherwise("features.conf", "*8", "*11", reload="features"):
        found = (await examine(idle)).failed("dialplan.codes")

    assert "pickup_code is *11, which the PBX keeps for its own pickup" in found["said"]
    assert "another `pickupexten` in features.conf" in found["mend"]


# -- the phones -----------------------------------------------------------------------------------------------------


async def test_an_unknown_phone_is_named_with_the_one_that_was_meant(idle: Daemon) -> None:
    idle.config.write_text(idle.config.read_text().replace("PJSIP/anna-desk", "PJSIP/anna-dsek"))

    found = (await examine(idle)).failed("phones.known")

    assert found["said"] == "the PBX knows no PJSIP/anna-dsek"
    assert found["where"] == "[[operators]] anna: phones"
    assert "did you mean `PJSIP/anna-desk`?" in found["mend"]


async def test_a_phone_that_is_not_registered_is_a_note(idle: Daemon, phone: OpenPhone) -> None:
    for name in ("anna-desk", "cleo"):
        await phone(name)

    exam = await examine(idle)

    assert exam.of("phones.registered")["said"] == "not registered: PJSIP/ben"
    assert exam.status == 0


async def test_two_devices_that_are_registered_as_one_phone_are_a_note(pbx: Pbx, idle: Daemon) -> None:
    """As Asterisk rings only one of them, which would be a missed call of whoever sits at the other."""
    shared = ("max_contacts=1\nremove_existing=yes", "max_contacts=2")
    async with (
        pbx.set_otherwise("pjsip.conf", *shared, reload="res_pjsip.so"),
        pbx.phone("anna-desk") as one,
        pbx.phone("anna-desk") as another,
        pbx.phone("ben") as ben,
    ):
        for each in (one, another, ben):
            await each.registers()
        found = (await examine(idle)).of("phones.shared")

    assert found["outcome"] == "note"
    assert found["said"].endswith("rings one of them: PJSIP/anna-desk")


# -- what the daemon leaves there -----------------------------------------------------------------------------------


async def test_a_daemon_that_runs_and_does_not_beat_is_found(pbx: Pbx) -> None:
    async with Link(pbx) as link, Daemon(pbx, PLAIN, link=link) as running:
        link.cut()
        await running.logs("pbx.lost")
        await pbx.cli("dialplan set global HUNTGROUP_ALIVE_UNTIL 0")
        directly = Daemon(pbx, f'[store]\nurl = "sqlite:{running.home}/huntgroup.db"\n{PLAIN}')
        try:
            found = (await examine(directly)).failed("daemon.beat")
        finally:
            await directly.close()

    assert "the PBX hears no beat of it" in found["said"]
    assert "journalctl -u huntgroup" in found["mend"]


async def test_a_list_that_is_older_than_the_file_is_told(daemon: StartDaemon) -> None:
    running = await daemon(PLAIN)
    running.configures(configuration(group("sales", "ben")))

    found = (await examine(running)).of("daemon.lists")

    assert found["outcome"] == "note"
    assert "systemctl reload huntgroup" in found["mend"]


# -- a test call ----------------------------------------------------------------------------------------------------


async def test_a_test_call_tells_whose_phone_rang_and_who_took_it(
    pbx: Pbx, phone: OpenPhone, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    (await phone("ben")).answers()
    running = await daemon(PLAIN)

    exam = await examine(running, "--test-call", NUMBER, "--source", outside_address())

    said = [each["said"].partition("  ")[2] or each["said"] for each in exam.findings]
    for one, next_one in (
        ("the caller hears 100 Trying", f"the PBX tells the daemon of a caller for {NUMBER}"),
        ("PJSIP/anna-desk (anna) rings", "PJSIP/anna-desk (anna) rings no more: CANCEL"),
        ("PJSIP/anna-desk (anna) rings no more: CANCEL", "PJSIP/ben (ben) rings"),
        ("PJSIP/ben (ben) rings", "PJSIP/ben (ben) answers"),
    ):
        assert said.index(one) < said.index(next_one)
    assert said[-1] == "the call was taken: everything from the trunk to the phone works"
    assert exam.status == 0
    assert len(anna.calls) == 1
    await pbx.idle()


async def test_a_test_call_that_nobody_takes_is_taken_back(pbx: Pbx, phone: OpenPhone, daemon: StartDaemon) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna", rings="50")))

    exam = await examine(running, "--test-call", NUMBER, "--source", outside_address(), "--seconds", "1")

    await anna.cancelled()
    assert exam.status == 0
    assert "a phone rang" in exam.of("call.result")["said"]
    await pbx.idle()


async def test_a_test_call_shows_the_number_that_it_is_told(phone: OpenPhone, daemon: StartDaemon) -> None:
    anna = (await phone("anna-desk")).answers()
    running = await daemon(PLAIN)

    await examine(running, "--test-call", NUMBER, "--source", outside_address(), "--from", "+48600700800")

    assert (await anna.talking()).caller_number == "+48600700800"


async def test_a_test_call_to_a_number_that_nobody_serves_fails(daemon: StartDaemon) -> None:
    running = await daemon(PLAIN)

    exam = await examine(running, "--test-call", "+48999", "--source", outside_address())

    assert '`number = "+48999"` in [[numbers]]' in exam.failed("call.result")["mend"]


async def test_a_test_call_from_a_strangers_address_says_how_to_be_a_trunk(pbx: Pbx, idle: Daemon) -> None:
    exam = await examine(idle, "--test-call", NUMBER, "--source", pbx.address)

    assert f"`match={pbx.address}`" in exam.failed("call.result")["mend"]


async def test_a_test_call_that_nothing_answers_asks_for_the_right_place(broker: Broker, idle: Daemon) -> None:
    exam = await examine(idle, "--test-call", NUMBER, "--to", broker.address)

    assert "`--to HOST:PORT`" in exam.failed("call.result")["mend"]
