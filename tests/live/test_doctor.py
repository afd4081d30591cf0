"""`huntgroup doctor` before real peers: all well, and one real thing broken at a time."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
import pytest_asyncio
from tests.lab.addresses import outside_address
from tests.lab.broker import Broker
from tests.lab.daemon import Daemon
from tests.lab.doctor import examine
from tests.lab.link import Link
from tests.lab.pbx import Pbx
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import PHONES, OpenPhone, StartDaemon

pytestmark = pytest.mark.live

PLAIN = configuration(group("sales", "anna", "ben"))
EVERYBODY = ("anna-desk", "ben", "cleo")
IN_PREFIX = "topic readwrite huntgroup/#"


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["22", "16"])
async def pbx(request: pytest.FixtureRequest) -> AsyncIterator[Pbx]:
    """The newest Asterisk that is supported, and the oldest."""
    async with Pbx(PHONES, version=request.param) as pbx:
        yield pbx


@pytest.fixture
async def idle(pbx: Pbx) -> AsyncIterator[Daemon]:
    """A daemon that does not run: only its configuration is there."""
    await pbx.cli("dialplan set global HUNTGROUP_ALIVE_UNTIL 0")  # an earlier test's daemon was killed just now
    daemon = Daemon(pbx, PLAIN)
    yield daemon
    await daemon.close()


@asynccontextmanager
async def exchange(**options: Any) -> AsyncIterator[Daemon]:
    """A daemon that does not run, for an exchange of its own with these options."""
    async with Pbx(PHONES, **options) as pbx:
        daemon = Daemon(pbx, PLAIN)
        try:
            yield daemon
        finally:
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
    assert len(before[2]) == 4
    assert "ERROR" not in pbx.log_text()


async def retained(broker: Broker) -> list[str]:
    """Everything that the broker retains, up to a mark that comes behind it."""
    found: list[str] = []
    async with aiomqtt.Client(broker.address, broker.port) as client:
        await client.subscribe("#", qos=1)
        await client.publish("mark", b"", qos=1)
        async for message in client.messages:
            if message.topic.value == "mark":
                return sorted(found)
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


async def test_an_address_that_is_not_permitted_is_given_its_line() -> None:
    async with exchange(ami_options="deny=0.0.0.0/0.0.0.0\npermit=10.0.0.0/255.0.0.0") as idle:
        found = (await examine(idle)).failed("pbx.login")

        assert re.search(r"`permit = 127\.[0-9.]+/255\.255\.255\.255`", found["mend"])


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


async def test_a_missing_privilege_to_act_is_named_with_its_line() -> None:
    async with exchange(ami_options="write=reporting") as idle:
        found = (await examine(idle)).failed("pbx.write")

        assert "what needs the privilege call" in found["said"]
        assert found["where"] == "manager.conf: [huntgroup]: write"
        assert "`write = call`" in found["mend"]


async def test_a_privilege_that_only_the_file_grants_asks_for_a_reload() -> None:
    async with exchange(ami_options="write=reporting") as idle:
        file = idle.pbx.home / "etc" / "manager.conf"
        file.write_text(file.read_text().replace("write=reporting", "write=call"))

        found = (await examine(idle)).failed("pbx.write")

        assert "it has not read the file since" in found["said"]
        assert found["mend"] == '`asterisk -rx "manager reload"`'


async def test_each_missing_privilege_to_hear_is_named() -> None:
    async with exchange(ami_options="read=call") as idle:
        exam = await examine(idle)

        assert "what needs the privilege system, user" in exam.failed("pbx.read")["said"]
        assert "`read = system,call,user`" in exam.failed("pbx.read")["mend"]
        assert "Asterisk does not say that it has booted" in exam.failed("pbx.booted")["said"]


async def test_more_privileges_than_needed_are_a_note() -> None:
    async with exchange(ami_options="write=all\nread=all") as idle:
        exam = await examine(idle)

        assert exam.of("pbx.write")["outcome"] == "note"
        assert "command" in exam.of("pbx.write")["said"]
        assert exam.of("pbx.read")["outcome"] == "ok"


async def test_an_event_filter_that_keeps_needed_events_away_is_found() -> None:
    async with exchange(ami_options="eventfilter=!Event: DialState") as idle:
        found = (await examine(idle)).failed("pbx.filters")

        assert "keep away what the daemon needs: DialState" in found["said"]
        assert found["where"] == "manager.conf: [huntgroup]: eventfilter"


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


async def test_a_dialplan_that_is_not_included_is_given_the_line() -> None:
    async with Pbx(PHONES, with_huntgroup=False) as pbx:
        daemon = Daemon(pbx, PLAIN)
        try:
            daemon.config.write_text(daemon.config.read_text().replace('"huntgroup"', '"lab"'))
            found = (await examine(daemon)).failed("dialplan.loaded")
        finally:
            await daemon.close()

    assert found["where"] == "extensions.conf"
    assert '`#include "huntgroup/*.conf"`' in found["mend"]


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


async def test_a_module_that_is_not_loaded_is_named_with_what_needs_it() -> None:
    async with exchange(without_modules=["func_lock"]) as idle:
        found = (await examine(idle)).failed("dialplan.modules")

    assert found["said"] == "Asterisk has not loaded func_lock (LOCK, UNLOCK)"
    assert '`asterisk -rx "module load func_lock.so"`' in found["mend"]


async def test_a_pickup_code_that_the_pbx_keeps_for_itself_is_told(pbx: Pbx, idle: Daemon) -> None:
    features = pbx.home / "etc" / "features.conf"
    before = features.read_text()
    features.write_text(before.replace("*8", "*11"))
    try:
        await pbx.cli("module reload features")
        found = (await examine(idle)).failed("dialplan.codes")
    finally:
        features.write_text(before)
        await pbx.cli("module reload features")

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


async def test_a_mailbox_that_is_not_there_is_given_its_line() -> None:
    async with exchange() as idle:
        there = 'on_closed = { action = "voicemail", mailbox = "sales" }\n'
        missing = 'on_unanswered = { action = "reply", then = { action = "voicemail", mailbox = "night@late" } }\n'
        idle.configures(PLAIN.replace('id = "sales"\n', f'id = "sales"\n{there}{missing}', 1))

        found = (await examine(idle)).failed("phones.mailboxes")

    assert found["said"] == "the PBX knows no mailbox night@late"
    assert found["where"] == "[[groups]] sales: on_unanswered"
    assert "voicemail.conf, [late]: `night => 1234,night`" in found["mend"]


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


# -- the store ------------------------------------------------------------------------------------------------------


async def test_a_folder_that_cannot_be_written_to_is_told_with_what_opens_it(idle: Daemon) -> None:
    idle.configures('[store]\nurl = "sqlite:/proc/huntgroup.db"\n' + PLAIN)

    found = (await examine(idle)).failed("store.folder")

    assert "nothing can be written in /proc" in found["said"]
    assert "chown USER /proc" in found["mend"]


# -- the broker -----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def guarded(folder: Path, rights: str = IN_PREFIX) -> AsyncIterator[Broker]:
    """A broker that lets in the user huntgroup with the password ``right``, with these rights."""
    passwords, acl = folder / "passwords", folder / "acl"
    passwords.touch(mode=0o600)
    made = await asyncio.create_subprocess_exec("mosquitto_passwd", "-b", str(passwords), "huntgroup", "right")
    assert await made.wait() == 0
    acl.touch(mode=0o600)
    acl.write_text(f"user huntgroup\n{rights}\n")
    async with Broker(anonymous=False, config=f"password_file {passwords}\nacl_file {acl}") as broker:
        yield broker


def with_login(daemon: Daemon, broker: Broker, password: str = "right") -> Daemon:
    """The daemon's configuration with this login."""
    (daemon.home / "mqtt.secret").write_text(password)
    login = 'username = "huntgroup"\nsecret_file = "mqtt.secret"\n'
    daemon.configures(f'[mqtt]\nurl = "{broker.url}"\n{login}{PLAIN}')
    return daemon


async def test_a_login_with_all_its_rights_is_fine(idle: Daemon, tmp_path: Path) -> None:
    async with guarded(tmp_path) as broker:
        exam = await examine(with_login(idle, broker))

    found = {each["check"]: each["outcome"] for each in exam.findings if each["check"].startswith("broker.")}
    checks = ("reached", "login", "write", "read", "round_trip", "daemon")
    assert found == {f"broker.{check}": "ok" for check in checks}


async def test_a_wrong_password_of_the_broker_is_given_the_command(idle: Daemon, tmp_path: Path) -> None:
    async with guarded(tmp_path) as broker:
        found = (await examine(with_login(idle, broker, "wrong"))).failed("broker.login")

    assert "the login of 'huntgroup' was refused" in found["said"]
    assert found["where"] == "[mqtt]: username, secret_file"
    assert "`mosquitto_passwd /etc/mosquitto/passwords huntgroup`" in found["mend"]


async def test_a_broker_that_wants_a_name_says_which_options_are_missing(idle: Daemon, tmp_path: Path) -> None:
    async with guarded(tmp_path) as broker:
        idle.configures(f'[mqtt]\nurl = "{broker.url}"\n{PLAIN}')
        found = (await examine(idle)).failed("broker.login")

    assert "`username` and `secret_file` in [mqtt]" in found["mend"]


@pytest.mark.parametrize(
    ("rights", "check", "said"),
    [
        ("topic read huntgroup/#", "broker.write", "may not write huntgroup/status, huntgroup/operators/+/state"),
        (
            "topic read huntgroup/#\ntopic write huntgroup/status",
            "broker.write",
            "may not write huntgroup/operators/+/state",
        ),
        ("topic write huntgroup/#", "broker.round_trip", "is written, but not read"),
    ],
)
async def test_missing_rights_at_the_broker_are_named_with_the_line_of_the_acl(
    idle: Daemon, tmp_path: Path, rights: str, check: str, said: str
) -> None:
    async with guarded(tmp_path, rights) as broker:
        found = (await examine(with_login(idle, broker))).failed(check)

    assert said in found["said"]
    assert "below `user huntgroup`: `topic readwrite huntgroup/#`" in found["mend"]


async def test_a_broker_that_is_not_there_is_told(idle: Daemon, tmp_path: Path) -> None:
    async with guarded(tmp_path) as broker:
        with_login(idle, broker)

    found = (await examine(idle)).failed("broker.reached")

    assert "Connection refused" in found["said"]
    assert "`listener 1883`" in found["mend"]


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


async def test_a_test_call_finds_that_the_pbx_tells_the_daemon_nothing(pbx: Pbx) -> None:
    async with exchange(ami_options="read=call,system") as idle:
        exam = await examine(idle, "--test-call", NUMBER, "--source", outside_address(), "--seconds", "1")

    assert exam.status == 1
    assert "call.told" not in {each["check"] for each in exam.findings}
