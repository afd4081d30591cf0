"""`huntgroup doctor` before peers that were set up wrong: one thing at a time."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.lab.addresses import outside_address
from tests.lab.broker import Broker
from tests.lab.daemon import Daemon
from tests.lab.doctor import examine
from tests.lab.pbx import Pbx
from tests.live.configuration import NUMBER, configuration, group, source
from tests.live.conftest import PHONES

pytestmark = pytest.mark.live

PLAIN = configuration(group("sales", "anna", "ben"))
CALLS_BACK = configuration(
    group("sales", "anna", "ben", on_unanswered='{ action = "callback" }'),
    telephony='country = "pl"\noutbound = "PJSIP/{number}@trunk"',
)
EVERYBODY = ("anna-desk", "ben", "cleo")
IN_PREFIX = "topic readwrite huntgroup/#"


@pytest.fixture
async def idle(pbx: Pbx) -> AsyncIterator[Daemon]:
    """A daemon that does not run: only its configuration is there."""
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


# -- the PBX --------------------------------------------------------------------------------------------------------


async def test_an_address_that_is_not_permitted_is_given_its_line() -> None:
    async with exchange(ami_options="deny=0.0.0.0/0.0.0.0\npermit=10.0.0.0/255.0.0.0") as idle:
        found = (await examine(idle)).failed("pbx.login")

        assert re.search(r"`permit = 127\.[0-9.]+/255\.255\.255\.255`", found["mend"])


async def test_a_missing_privilege_to_act_is_named_with_its_line() -> None:
    async with exchange(ami_options="write=reporting") as idle:
        found = (await examine(idle)).failed("pbx.write")

        assert "what needs the privilege call" in found["said"]
        assert found["where"] == "manager.conf: [huntgroup]: write"
        assert "`write = call`" in found["mend"]


async def test_a_house_that_calls_customers_back_needs_one_privilege_more() -> None:
    async with exchange(ami_options="write=call") as idle:
        assert (await examine(idle)).of("pbx.write")["outcome"] == "ok"
        idle.configures(CALLS_BACK)
        found = (await examine(idle)).failed("pbx.write")

    assert "originate (a group calls its customers back)" in found["said"]
    assert "`write = call,originate`" in found["mend"]


async def test_a_privilege_to_call_that_nobody_needs_is_a_note() -> None:
    async with exchange(ami_options="write=call,originate") as idle:
        exam = await examine(idle)
        idle.configures(CALLS_BACK)
        needed = await examine(idle)

    assert exam.of("pbx.write")["outcome"] == "note"
    assert exam.of("pbx.write")["said"].startswith("huntgroup may do more than the daemon needs: originate")
    assert "`write = call`" in exam.of("pbx.write")["mend"]
    assert needed.of("pbx.write")["outcome"] == "ok"


async def test_a_privilege_that_only_the_file_grants_asks_for_a_reload() -> None:
    async with exchange(ami_options="write=reporting") as idle:
        file = idle.pbx.home / "etc" / "manager.conf"
        file.write_text(file.read_text().replace("write=reporting", "write=call,originate"))

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
        assert exam.of("pbx.read")["outcome"] == "note"
        assert "`read = system,call,user`" in exam.of("pbx.read")["mend"]


def rewrites(idle: Daemon, name: str, before: str, after: str) -> None:
    """A file of the PBX's says something else; what reads files, and not Asterisk's memory, sees that at once."""
    path = idle.pbx.home / "etc" / name
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after, 1))


async def test_dangerous_functions_that_are_let_through_to_ami_fail(idle: Daemon) -> None:
    assert (await examine(idle)).of("pbx.dangerous")["outcome"] == "ok"
    rewrites(idle, "asterisk.conf", "live_dangerously = no", "live_dangerously = yes")
    found = (await examine(idle)).failed("pbx.dangerous")
    rewrites(idle, "asterisk.conf", "live_dangerously = yes", "live_dangerously = no")

    assert found["where"] == "asterisk.conf: [options]: live_dangerously"
    assert "`live_dangerously = no`" in found["mend"]


async def test_an_ami_that_whoever_reaches_it_may_try_fails_with_its_lines() -> None:
    async with exchange() as idle:
        assert (await examine(idle)).of("pbx.exposed")["outcome"] == "ok"
        bind = f"bindaddr={idle.pbx.address}"
        rewrites(idle, "manager.conf", bind, "bindaddr=0.0.0.0")
        guarded = (await examine(idle)).of("pbx.exposed")
        rewrites(idle, "manager.conf", "write=call,originate", "write=call,originate\npermit=0.0.0.0/0.0.0.0")
        found = (await examine(idle)).failed("pbx.exposed")

    assert guarded["outcome"] == "note"
    assert f"`bindaddr = {idle.pbx.address}`" in guarded["mend"]
    assert "whoever reaches it may try the secret of huntgroup" in found["said"]
    assert re.search(
        r"`deny = 0.0.0.0/0.0.0.0`, `deny = ::/0`, `permit = 127\.[0-9.]+/255\.255\.255\.255`", found["mend"]
    )


async def test_a_secret_that_any_user_of_the_machine_may_read_fails() -> None:
    async with exchange() as idle:
        file = idle.pbx.home / "etc" / "manager.conf"
        assert (await examine(idle)).of("pbx.files")["outcome"] == "ok"
        for each in (idle.pbx.home, idle.pbx.home / "etc"):
            each.chmod(0o755)
        file.chmod(0o644)
        found = (await examine(idle)).failed("pbx.files")

    assert found["mend"] == f"`chmod o-rwx {file}`"


async def test_an_ami_user_with_anothers_secret_fails() -> None:
    async with exchange() as idle:
        rewrites(idle, "manager.conf", f"secret={idle.pbx.lab_secret}", f"secret={idle.pbx.ami_secret}")
        found = (await examine(idle)).failed("pbx.same_secret")

    assert found["said"] == "huntgroup has the same secret as lab, who may do other things"


async def test_callers_who_may_transfer_themselves_fail() -> None:
    async with exchange() as idle:
        await idle.pbx.cli("dialplan set global HUNTGROUP_FEATURES tk")
        assert (await examine(idle)).of("dialplan.features")["outcome"] == "ok"
        await idle.pbx.cli("dialplan set global HUNTGROUP_FEATURES tT")
        found = (await examine(idle)).failed("dialplan.features")

    assert "callers may transfer their own call" in found["said"]
    assert "`HUNTGROUP_FEATURES=t`" in found["mend"]


async def test_an_event_filter_that_keeps_needed_events_away_is_found() -> None:
    async with exchange(ami_options="eventfilter=!Event: DialState") as idle:
        found = (await examine(idle)).failed("pbx.filters")

        assert "keep away what the daemon needs: DialState" in found["said"]
        assert found["where"] == "manager.conf: [huntgroup]: eventfilter"


# -- the dialplan ---------------------------------------------------------------------------------------------------


async def test_a_dialplan_that_is_not_included_is_given_the_line() -> None:
    async with Pbx(PHONES, with_huntgroup=False) as pbx:
        daemon = Daemon(pbx, PLAIN)
        try:
            daemon.config.write_text(daemon.config.read_text().replace('"huntgroup"', '"lab"'))
            found = (await examine(daemon, secret=pbx.lab_secret)).failed("dialplan.loaded")
        finally:
            await daemon.close()

    assert found["where"] == "extensions.conf"
    assert '`#include "huntgroup/*.conf"`' in found["mend"]


async def test_a_module_that_is_not_loaded_is_named_with_what_needs_it() -> None:
    async with exchange(without_modules=["func_lock"]) as idle:
        found = (await examine(idle)).failed("dialplan.modules")

    assert found["said"] == "Asterisk has not loaded func_lock (LOCK, UNLOCK)"
    assert '`asterisk -rx "module load func_lock.so"`' in found["mend"]


# -- the phones -----------------------------------------------------------------------------------------------------


async def test_a_mailbox_that_is_not_there_is_given_its_line() -> None:
    async with exchange() as idle:
        there = 'on_closed = { action = "voicemail", mailbox = "sales" }\n'
        missing = (
            'on_unanswered = { action = "reply", sound = "closed", '
            'then = { action = "voicemail", mailbox = "night@late" } }\n'
        )
        idle.configures(PLAIN.replace('id = "sales"\n', f'id = "sales"\n{there}{missing}', 1))

        found = (await examine(idle)).failed("phones.mailboxes")

    assert found["said"] == "the PBX knows no mailbox night@late"
    assert found["where"] == "[[groups]] sales: on_unanswered"
    pin = re.search(r"voicemail\.conf, \[late\]: `night => ([0-9]+),night`", found["mend"])
    assert pin is not None
    assert len(pin[1]) == 8


async def test_a_mailbox_with_a_pin_that_anybody_guesses_is_noted() -> None:
    there = 'on_closed = { action = "voicemail", mailbox = "sales" }\n'
    async with exchange() as idle:
        idle.configures(PLAIN.replace('id = "sales"\n', f'id = "sales"\n{there}', 1))
        found = (await examine(idle)).of("phones.pins")

    assert (found["outcome"], found["said"]) == ("note", "a PIN that anybody guesses opens the mailbox of sales")


async def test_a_mailbox_made_by_the_doctors_line_is_there_and_has_a_pin_of_its_own() -> None:
    two = (
        'on_closed = { action = "voicemail", mailbox = "day" }\non_full = { action = "voicemail", mailbox = "night" }\n'
    )
    async with exchange() as idle:
        idle.configures(PLAIN.replace('id = "sales"\n', f'id = "sales"\n{two}', 1))
        missing = [each["mend"] for each in (await examine(idle)).findings if each["check"] == "phones.mailboxes"]
        lines = [re.findall(r"`(\w+ => [0-9]+,\w+)`", mend)[0] for mend in missing]
        (idle.pbx.home / "etc" / "voicemail.conf").write_text("[general]\n[default]\n" + "\n".join(lines) + "\n")
        await idle.pbx.cli("module reload app_voicemail.so")
        again = await examine(idle)

    assert again.of("phones.mailboxes")["outcome"] == "ok"
    assert "phones.pins" not in {each["check"] for each in again.findings}
    assert len({line.partition("=> ")[2].partition(",")[0] for line in lines}) == 2


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
            "topic read huntgroup/#\ntopic write huntgroup/status\ntopic write huntgroup/operators/#",
            "broker.write",
            "huntgroup/sources/+/inquiries/+/status, huntgroup/sources/+/replies, huntgroup/backlog_end",
        ),
        (
            "topic write huntgroup/#\ntopic read huntgroup/doctor/#",
            "broker.round_trip",
            "huntgroup/sources/…, is written, but not retained, or not read",
        ),
        (
            "topic write huntgroup/#\ntopic read huntgroup/doctor/#\ntopic read huntgroup/sources/#",
            "broker.round_trip",
            "huntgroup/backlog_end/…, is written, but not retained, or not read",
        ),
        (
            "topic read huntgroup/#\ntopic write huntgroup/status",
            "broker.write",
            "may not write huntgroup/operators/+/state",
        ),
        ("topic write huntgroup/#", "broker.round_trip", "is written, but not retained, or not read"),
    ],
)
async def test_missing_rights_at_the_broker_are_named_with_the_line_of_the_acl(
    idle: Daemon, tmp_path: Path, rights: str, check: str, said: str
) -> None:
    async with guarded(tmp_path, rights) as broker:
        found = (await examine(with_login(idle, broker))).failed(check)

    assert said in found["said"]
    assert "below `user huntgroup`: `topic readwrite huntgroup/#`" in found["mend"]


async def test_a_source_without_account_is_noted_with_its_line(idle: Daemon, tmp_path: Path) -> None:
    async with guarded(tmp_path) as broker:
        with_login(idle, broker)
        text = idle.config.read_text()
        idle.config.write_text(text + source("site-chat") + source("mail", account='"mail-gate"'))
        exam = await examine(idle)
        found = exam.of("broker.accounts")
        idle.config.write_text(text + source("mail", account='"mail-gate"'))
        later = await examine(idle)

    assert [each["where"] for each in exam.findings if each["check"] == "broker.accounts"] == ["[[sources]] site-chat"]
    assert (found["outcome"], later.of("broker.accounts")["outcome"]) == ("note", "ok")
    assert '`account = "NAME"`' in found["mend"]
    assert "huntgroup/sources/NAME/…" in found["mend"]


async def test_a_broker_that_is_not_there_is_told(idle: Daemon, tmp_path: Path) -> None:
    async with guarded(tmp_path) as broker:
        with_login(idle, broker)

    found = (await examine(idle)).failed("broker.reached")

    assert "Connection refused" in found["said"]
    assert "`listener 1883`" in found["mend"]


# -- a test call ----------------------------------------------------------------------------------------------------


async def test_a_test_call_finds_that_the_pbx_tells_the_daemon_nothing(pbx: Pbx) -> None:
    async with exchange(ami_options="read=call,system") as idle:
        exam = await examine(idle, "--test-call", NUMBER, "--source", outside_address(), "--seconds", "1")

    assert exam.status == 1
    assert "call.told" not in {each["check"] for each in exam.findings}
