"""What the holder of the daemon's AMI secret can do, and what Asterisk keeps from them, with `live_dangerously = no`.

A row that fails because Asterisk allows less than it says is good news: docs/security.md has the same table.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.lab.ami import Ami
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.lab.process import LabError, until
from tests.live.configuration import NUMBER
from tests.live.exchanges import PHONES, on_both_versions

pytestmark = pytest.mark.live

TONE = """
[lab-tone]
exten => s,1,Answer()
 same => n,Milliwatt()
[lab-elsewhere]
exten => s,1,Answer()
 same => n,Wait(60)
"""

pbx = on_both_versions(PHONES, dialplan=TONE)


@asynccontextmanager
async def thief(pbx: Pbx, *, originates: bool = False) -> AsyncIterator[Ami]:
    """A session of who has the secret, with the privileges that config/manager.conf gives, or one more."""
    write = ("write=call,originate", "write=call,originate" if originates else "write=call")
    async with pbx.set_otherwise("manager.conf", *write, reload="manager"), pbx.ami("off", username="huntgroup") as ami:
        yield ami


async def allowed(ami: Ami, variable: str) -> bool:
    """Whether Asterisk says that it sets a variable, or writes by a function."""
    try:
        await ami.action("Setvar", Variable=variable, Value="x")
    except LabError:
        return False
    return True


async def originates(ami: Ami, application: str, data: str) -> None:
    """Have an application run for a call that nobody placed. LabError when Asterisk refuses."""
    fields = {"Channel": "Local/s@lab-tone", "Async": "true", "Application": application, "Data": data}
    await ami.action("Originate", 10.0, **fields)


def exists(file: Path) -> bool:
    """Whether somebody made it."""
    return file.exists()


# -- with `call` alone ------------------------------------------------------------------------------------------------


async def test_the_secret_reads_other_users_secrets(pbx: Pbx) -> None:
    async with thief(pbx) as ami:
        for variable, secret in (
            ("AST_CONFIG(manager.conf,lab,secret)", pbx.lab_secret),
            ("AST_SORCERY(res_pjsip,auth,anna-desk,password)", pbx.password),
            ("AST_CONFIG(voicemail.conf,default,sales)", "1234,sales"),
        ):
            assert (await ami.action("Getvar", Variable=variable))["Value"] == secret


@pytest.mark.parametrize("variable", ["FILE({file})", "STAT(s,{file})", "DB(lab/secret)"])
async def test_dangerous_functions_say_nothing_to_who_has_the_secret(pbx: Pbx, variable: str) -> None:
    await pbx.cli("database put lab secret s3cret")
    variable = variable.format(file=pbx.home / "etc" / "manager.conf")
    async with thief(pbx) as ami:
        assert (await ami.action("Getvar", Variable=variable))["Value"] == ""


@pytest.mark.parametrize("variable", ["SHELL(touch {canary})", "EVAL(1)", "${{SHELL(touch {canary})}}"])
async def test_functions_that_run_commands_are_refused_to_who_has_the_secret(pbx: Pbx, variable: str) -> None:
    canary = pbx.home / "canary"
    async with thief(pbx) as ami:
        with pytest.raises(LabError, match="GetVar Access Forbidden"):
            await ami.action("Getvar", Variable=variable.format(canary=canary))

    assert not exists(canary)


@pytest.mark.parametrize(
    ("variable", "is_set"),
    [
        ("FILE({canary})", False),
        ("SHELL(x)", False),
        ("DB(lab/canary)", False),
        ("GLOBAL(LAB)", True),
        ("ENV(LAB)", True),
    ],
)
async def test_what_is_written_with_the_secret(pbx: Pbx, variable: str, *, is_set: bool) -> None:
    canary = pbx.home / "canary"
    async with thief(pbx) as ami:
        assert await allowed(ami, variable.format(canary=canary)) is is_set

    assert not exists(canary)


async def test_the_secret_deletes_what_is_in_the_pbxs_database(pbx: Pbx) -> None:
    await pbx.cli("database put lab secret s3cret")
    async with thief(pbx) as ami:
        await ami.action("Setvar", Variable="DB_DELETE(lab/secret)", Value="")

    assert "Database entry not found" in await pbx.cli("database get lab secret")


@pytest.mark.parametrize(
    "action",
    [
        "Command",
        "UpdateConfig",
        "GetConfig",
        "ModuleLoad",
        "DBGet",
        "Originate",
        "MixMonitor",
        "QueueAdd",
        "DialplanExtensionAdd",
    ],
)
async def test_actions_of_other_privileges_are_refused(pbx: Pbx, action: str) -> None:
    async with thief(pbx) as ami:
        with pytest.raises(LabError, match=r"Permission denied|Invalid/unknown command"):
            await ami.action(action, Command="core show version", Filename="manager.conf", Channel="x")


async def test_the_secret_sends_any_call_anywhere_in_the_dialplan(pbx: Pbx, caller: Caller) -> None:
    call = await caller.dials(NUMBER)
    await call.ringing()
    async with thief(pbx) as ami, pbx.ami("dialplan") as seen:
        (channel,) = [name for name in await pbx.channels() if name.startswith("PJSIP/trunk-")]
        await ami.action("Redirect", Channel=channel, Context="lab-elsewhere", Exten="s", Priority="1")
        await seen.event("Newexten", Channel=channel, Context="lab-elsewhere")
    await call.answered()
    await call.hangs_up()


async def test_the_secret_runs_commands_by_an_expression_that_reads_a_variable(pbx: Pbx, caller: Caller) -> None:
    """Ours and anybody's: Asterisk calls what a text in `$[…]` names, and `live_dangerously` is not asked then."""
    canary = pbx.home / "expression"
    async with thief(pbx) as ami:
        value = f'1 | SHELL("touch {canary}" ~~ "")'
        await ami.action("Setvar", Variable="GLOBAL(HUNTGROUP_ALIVE_UNTIL)", Value=value)
        call = await caller.dials(NUMBER)
        await until(lambda: exists(canary), "the command ran")
        await ami.action("Setvar", Variable="GLOBAL(HUNTGROUP_ALIVE_UNTIL)", Value="0")
    await call.hangs_up()


# -- with `originate`, too --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("application", "data"),
    [
        ("System", "touch {canary}"),
        ("AGI", "{canary}"),
        ("Exec", "System(touch {canary})"),
        ("ExecIf", "1?System(touch {canary})"),
        ("MixMonitor", "x.wav,,touch {canary}"),
        ("Originate", "Local/s@lab-tone,app,System,touch {canary}"),
        ("Set", "FILE({canary})=x"),
        ("Set", "X=${{SHELL(touch {canary})}}"),
        ("DBdeltree", "huntgroup"),
    ],
)
async def test_dangerous_applications_are_not_originated(pbx: Pbx, application: str, data: str) -> None:
    canary = pbx.home / "canary"
    async with thief(pbx, originates=True) as ami:
        with pytest.raises(LabError, match="Originate Access Forbidden"):
            await originates(ami, application, data.format(canary=canary))

    assert not exists(canary)


async def test_who_may_originate_places_calls_and_writes_sound_files(pbx: Pbx) -> None:
    recorded = pbx.home / "recorded.ulaw"
    async with thief(pbx, originates=True) as ami:
        await originates(ami, "Record", f"{recorded},0,1")
        await until(lambda: exists(recorded), "it is written")
        await originates(ami, "ChanSpy", "PJSIP")
    await pbx.hangs_up_all()


def test_the_shipped_ami_user_has_what_callbacks_need_and_no_more() -> None:
    shipped = (Path(__file__).parents[2] / "config" / "manager.conf").read_text()

    assert [line for line in shipped.splitlines() if line.startswith("write")] == ["write = call,originate"]
