"""The configuration changed by command while calls go on: on a real Asterisk, with a real broker."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from tests.lab.broker import Broker
from tests.lab.daemon import Daemon
from tests.lab.mqtt import Party
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, OUTWARD, configuration, group, source
from tests.live.conftest import PHONES, OpenPhone, StartDaemon

from huntgroup.authors import system_user

pytestmark = pytest.mark.live

SUPERVISOR = 'role = "supervisor"'
CHIEF = '[[operators]]\nid = "sofia"\nrole = "administrator"\ncapacity = { call = 0 }\n'
HOUSE = (
    "# Our house.\n"
    + configuration(group("sales", "anna", "ben"), group("support", "anna", "cleo"), ben=SUPERVISOR)
    + "# Who may do anything.\n"
    + CHIEF
    + source("site-chat", "support")
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pbx() -> AsyncIterator[Pbx]:
    """An exchange of this module's own."""
    async with Pbx(PHONES) as pbx:
        yield pbx


@pytest_asyncio.fixture
async def screen(broker: Broker) -> AsyncIterator[Party]:
    """Somebody's screen; whose it is, the topic says: this broker lets everyone in."""
    async with Party(broker) as screen:
        yield screen


@pytest_asyncio.fixture
async def running(broker: Broker, daemon: StartDaemon, screen: Party) -> Daemon:
    """The daemon with that house."""
    running = await daemon(HOUSE, broker_url=broker.url)
    await screen.sees("status", state="online")
    return running


async def asks(screen: Party, who: str, kind: str, /, **command: Any) -> dict[str, Any]:
    """A command of one of them; the answer."""
    return await screen.asks(f"admin/{who}/commands", {"type": kind, **command})


async def refused(screen: Party, who: str, kind: str, /, **command: Any) -> tuple[str, str]:
    """Code and place of what is refused."""
    answer = await asks(screen, who, kind, **command)
    assert not answer["ok"], answer
    return answer["error"]["code"], answer["error"]["at"]


async def shell(running: Daemon, *arguments: str) -> tuple[int | None, str]:
    """`huntgroup admin`; its status and words."""
    command = (sys.executable, "-m", "huntgroup", "admin", *arguments, "--config", str(running.config))
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    words, _ = await process.communicate()
    return process.returncode, words.decode()


# -- calls ------------------------------------------------------------------------------------------------------------


async def test_a_supervisor_moves_a_member_up_and_the_very_next_call_rings_them_first(
    phone: OpenPhone, caller: Caller, running: Daemon, screen: Party
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).answers()

    for each in ("anna-desk", "ben"):
        await running.knows_of(f"PJSIP/{each}", "NOT_INUSE")

    answer = await asks(screen, "ben", "move_member", group="sales", operator="ben", at=1)
    call = await caller.dials(NUMBER)
    await call.answered()

    assert answer["changes"] == [{"key": "groups.sales.operators", "before": ["anna", "ben"], "after": ["ben", "anna"]}]
    assert (len(anna.calls), len(ben.calls)) == (0, 1)


async def test_a_distribution_that_changes_while_a_call_rings_leaves_it_ringing_and_holds_for_the_next_offer(
    phone: OpenPhone, caller: Caller, running: Daemon, screen: Party
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    first = await caller.dials(NUMBER)
    rung = await anna.ringing()

    assert (await asks(screen, "ben", "set_group", group="sales", changes={"distribution": "all_at_once"}))["ok"]
    rung.answer()
    await first.answered()
    await first.hangs_up()
    await running.logs("inquiry.closed")
    second = await caller.dials(NUMBER)
    await asyncio.gather(anna.ringing(), ben.ringing())

    assert len(anna.calls) == 2
    assert len(ben.calls) == 1
    await second.hangs_up()


async def test_who_talks_and_who_waits_stay_when_their_operator_is_removed(
    phone: OpenPhone, caller: Caller, running: Daemon, screen: Party
) -> None:
    anna, ben = (await phone("anna-desk")).answers(), await phone("ben")
    talking = await caller.dials(NUMBER)
    await talking.answered()
    waiting = await caller.dials(NUMBER)
    rung = await ben.ringing()

    assert (await asks(screen, "sofia", "remove_member", group="sales", operator="anna"))["ok"]
    rung.answer()
    await waiting.answered()

    await talking.hears(anna)


async def test_a_number_that_an_administrator_adds_is_served_at_once(
    phone: OpenPhone, caller: Caller, running: Daemon, screen: Party
) -> None:
    cleo = (await phone("cleo")).answers()
    new = "+48221234569"

    steps = [
        {"type": "add_group", "group": {"id": "night", "operators": ["cleo"]}},
        {"type": "add_number", "number": {"number": new, "group": "night"}},
    ]
    assert (await asks(screen, "sofia", "together", steps=steps))["ok"]
    call = await caller.dials(new)
    await call.answered()

    await cleo.talking()


# -- rights: one test for each ----------------------------------------------------------------------------------------

RINGS = {"group": "sales", "changes": {"rings": 3}}


async def test_a_supervisor_configures_their_own_group(running: Daemon, screen: Party) -> None:
    assert (await asks(screen, "ben", "set_group", **RINGS))["ok"]


async def test_a_supervisor_configures_no_other_group(running: Daemon, screen: Party) -> None:
    assert await refused(screen, "ben", "set_group", **{**RINGS, "group": "support"}) == ("not_permitted", "group")


async def test_an_operator_configures_nothing(running: Daemon, screen: Party) -> None:
    assert await refused(screen, "anna", "set_group", **RINGS) == ("not_permitted", "")


async def test_an_operator_sees_no_configuration(running: Daemon, screen: Party) -> None:
    assert await refused(screen, "anna", "show") == ("not_permitted", "")


async def test_who_is_no_operator_does_nothing(running: Daemon, screen: Party) -> None:
    assert await refused(screen, "site-chat", "set_group", **RINGS) == ("not_permitted", "")


async def test_only_an_administrator_adds_an_operator(running: Daemon, screen: Party) -> None:
    new = {"operator": {"id": "dora", "capacity": {"call": 0}}}

    assert await refused(screen, "ben", "add_operator", **new) == ("not_permitted", "type")
    assert (await asks(screen, "sofia", "add_operator", **new))["ok"]
    await screen.sees("operators/dora/state", presence="available")


async def test_only_an_administrator_gives_a_role(running: Daemon, screen: Party) -> None:
    new = {"operator": "anna", "changes": {"role": "administrator"}}

    assert await refused(screen, "ben", "set_operator", **new) == ("not_permitted", "type")
    assert (await asks(screen, "sofia", "set_operator", **new))["ok"]
    assert (await asks(screen, "anna", "show"))["ok"]


async def test_nobody_takes_their_own_role_away(running: Daemon, screen: Party) -> None:
    assert await refused(screen, "sofia", "remove_operator", operator="sofia") == ("not_permitted", "operator")


async def test_nobody_reaches_the_peers_or_the_store_by_command(running: Daemon, screen: Party) -> None:
    for section in ("store", "mqtt", "pbx", "telephony"):
        assert await refused(screen, "sofia", f"set_{section}", changes={"url": "x"}) == ("unknown_type", "type")


async def test_a_supervisor_acts_for_the_operators_of_their_groups_alone(running: Daemon, screen: Party) -> None:
    logout = {"type": "logout"}

    assert (await screen.asks("operators/ben/commands", {**logout, "operator": "anna"}))["ok"]
    other = await screen.asks("operators/ben/commands", {**logout, "operator": "cleo"})
    assert other["error"]["code"] == "not_permitted"
    assert (await screen.asks("operators/sofia/commands", {**logout, "operator": "cleo"}))["ok"]


MOBILE = "+48600100200"
FORWARDED = {"group": "sales", "changes": {"on_unanswered": {"action": "number", "number": MOBILE}}}
WITH_A_WAY_OUT = configuration(group("sales", "anna", "ben"), telephony=OUTWARD, ben=SUPERVISOR) + CHIEF


@pytest.fixture
def next_call(phone: OpenPhone, caller: Caller, pbx: Pbx) -> Callable[[], Awaitable[None]]:
    """``await next_call()``: nobody takes it, and whoever has that mobile gets it."""

    async def is_forwarded() -> None:
        (await phone("anna-desk")).declines()
        (await phone("ben")).declines()
        async with pbx.mobile() as mobile:
            mobile.answers()
            call = await caller.dials(NUMBER)
            await call.answered()
            assert (await mobile.talking()).dialled == MOBILE
            await call.hears(mobile)
            await pbx.hangs_up_all()

    return is_forwarded


@pytest.fixture
def with_a_way_out(broker: Broker, daemon: StartDaemon, screen: Party) -> Callable[[str], Awaitable[Daemon]]:
    """``running = await with_a_way_out(more)``: a daemon that can dial out, with more of its table for telephony."""

    async def start(more: str) -> Daemon:
        running = await daemon(WITH_A_WAY_OUT.replace(OUTWARD, f"{OUTWARD}\n{more}"), broker_url=broker.url)
        await screen.sees("status", state="online")
        return running

    return start


async def test_a_supervisor_forwards_callers_to_no_new_number_but_an_administrator_does(
    with_a_way_out: Callable[[str], Awaitable[Daemon]], screen: Party, next_call: Callable[[], Awaitable[None]]
) -> None:
    running = await with_a_way_out("")
    before = running.config.read_text()

    answer = await asks(screen, "ben", "set_group", **FORWARDED)
    assert (answer["error"]["code"], answer["error"]["at"]) == ("not_permitted", "number")
    assert "`may_forward_to` in `[telephony]`" in answer["error"]["message"]
    assert running.config.read_text() == before

    assert (await asks(screen, "sofia", "set_group", **FORWARDED))["ok"]
    await next_call()


async def test_a_supervisor_forwards_callers_to_a_number_that_the_key_covers(
    with_a_way_out: Callable[[str], Awaitable[Daemon]], screen: Party, next_call: Callable[[], Awaitable[None]]
) -> None:
    await with_a_way_out('may_forward_to = ["+48*"]')
    premium = {"on_full": {"action": "number", "number": "+48701234567"}}

    assert await refused(screen, "ben", "set_group", group="sales", changes=premium) == ("not_permitted", "number")
    assert (await asks(screen, "ben", "set_group", **FORWARDED))["ok"]
    await next_call()


# -- the file ---------------------------------------------------------------------------------------------------------


async def test_comments_stay_and_only_what_was_meant_is_changed(running: Daemon, screen: Party) -> None:
    was = running.config.read_text()

    assert (await asks(screen, "sofia", "set_group", group="support", changes={"name": "Help", "rings": 7}))["ok"]

    sales, support = was.split('id = "support"')
    wanted = support.replace("rings = 25", 'rings = 7\nname = "Help"', 1)
    assert running.config.read_text() == f'{sales}id = "support"{wanted}'


async def test_a_bad_change_is_refused_with_its_key_and_nothing_changes(running: Daemon, screen: Party) -> None:
    was = running.config.read_text()

    answer = await asks(screen, "ben", "set_group", group="sales", changes={"rings": 0})

    assert answer["error"] == {"code": "invalid", "message": "is 0; it must be at least 1", "at": "groups[0].rings"}
    assert running.config.read_text() == was
    assert [line for line in running.log() if line["event"] == "configuration.changed"] == []


async def test_an_edit_by_hand_is_kept_and_told_as_such(running: Daemon, screen: Party) -> None:
    text = running.config.read_text().replace("# Our house.", "# Our new house.")
    running.config.write_text(text.replace('id = "support"', 'id = "support"\nmiss_limit = 3'))

    assert (await asks(screen, "ben", "set_group", **RINGS))["ok"]

    by_hand, by_ben = await running.logs("configuration.changed"), await running.logs("configuration.changed", after=1)
    assert (by_hand["who"], by_hand["changes"]) == ("file", ["groups.support.miss_limit"])
    assert (by_ben["who"], by_ben["changes"]) == ("ben", ["groups.sales.rings"])
    assert "# Our new house." in running.config.read_text()
    assert "rings = 3" in running.config.read_text()


async def test_who_meant_an_earlier_version_is_told_of_the_conflict(running: Daemon, screen: Party) -> None:
    version = (await asks(screen, "ben", "show"))["version"]

    assert (await asks(screen, "sofia", "set_group", **RINGS, if_version=version))["ok"]
    late = await refused(screen, "ben", "set_group", group="sales", changes={"rings": 5}, if_version=version)

    assert late == ("conflict", "if_version")


async def test_two_administrators_at_once_are_both_served(running: Daemon, screen: Party) -> None:
    answers = await asyncio.gather(
        *(
            asks(screen, who, "set_group", group="sales", changes=changes)
            for who, changes in (("ben", {"rings": 3}), ("sofia", {"wrapup": "5s"}), ("ben", {"miss_limit": 2}))
        )
    )

    assert all(answer["ok"] for answer in answers)
    changed = await asks(screen, "sofia", "show")
    sales = changed["configuration"]["groups"][0]
    assert (sales["rings"], sales["wrapup"], sales["miss_limit"]) == (3, "5s", 2)
    assert changed["version"] == answers[2]["version"]


# -- who changed what -------------------------------------------------------------------------------------------------


async def test_everyone_is_told_who_changed_what(running: Daemon, screen: Party) -> None:
    answer = await asks(screen, "ben", "set_group", **RINGS)

    event = await screen.sees("events/configuration.changed", type="configuration.changed")
    data = event["data"]
    assert (data["who"], data["version"]) == ("ben", answer["version"])
    assert data["changes"] == [{"key": "groups.sales.rings", "before": 25, "after": 3}]


async def test_the_shell_changes_the_file_of_a_running_daemon_and_waits_until_it_is_in_force(
    running: Daemon, screen: Party
) -> None:
    status, words = await shell(running, "move-member", "sales", "ben", "1")

    changed = await running.logs("configuration.changed")
    assert (status, changed["who"], changed["changes"]) == (0, system_user(), ["groups.sales.operators"])
    assert words.endswith(f"in force, as version {changed['version']}\n")


async def test_the_record_tells_who_changed_what(running: Daemon, screen: Party) -> None:
    await asks(screen, "ben", "set_group", **RINGS)
    await shell(running, "set", "group", "support", "rings=9")

    status, words = await shell(running, "history")

    assert status == 0
    lines = [line for line in words.splitlines() if line.startswith(" ") or "  ben  " in line or "  shell:" in line]
    assert lines[0].split("  ")[1] == "ben"
    assert lines[1] == "    groups.sales.rings: 25 -> 3"
    assert lines[2].split("  ")[1] == system_user()
    assert lines[3] == "    groups.support.rings: 25 -> 9"


async def test_a_killed_daemon_goes_on_with_what_was_changed(
    phone: OpenPhone, caller: Caller, running: Daemon, screen: Party
) -> None:
    ben = (await phone("ben")).answers()
    assert (await asks(screen, "ben", "move_member", group="sales", operator="ben", at=1))["ok"]

    running.kill()
    await running.start()
    call = await caller.dials(NUMBER)
    await call.answered()

    await ben.talking()


async def test_a_mailbox_that_nobody_named_is_refused_and_calls_go_on(
    screen: Party, running: Daemon, phone: OpenPhone, caller: Caller
) -> None:
    anna = (await phone("anna-desk")).answers()
    changes = {"hold": "music", "announce": {"leave_key": "1"}, "on_leave": {"action": "voicemail"}}
    assert await refused(screen, "ben", "set_group", group="sales", changes=changes) == (
        "invalid",
        "groups[0].on_leave.mailbox",
    )
    whole = running.config.read_text()
    running.config.write_text(whole.replace('id = "sales"\n', 'id = "sales"\non_leave = { action = "voicemail" }\n', 1))
    running.send(signal.SIGHUP)
    assert "mailbox" in (await running.logs("configuration.rejected"))["problem"]

    call = await caller.dials(NUMBER)
    await call.answered()
    await anna.talking()
    await call.hangs_up()
