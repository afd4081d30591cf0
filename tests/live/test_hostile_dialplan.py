"""Our own dialplan, called by attackers: what they write in any field is carried out nowhere in it.

No daemon runs: the fallback, the record of what it served and the dialplan of several PBXs handle a caller without one.
"""

from pathlib import Path

import pytest
from tests.lab.hostile import texts
from tests.lab.lamps import OFF, ON
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER
from tests.live.conftest import OpenPhone
from tests.live.exchanges import on_both_versions
from tests.live.test_documented_dialplan import headers

pytestmark = pytest.mark.live

KINDS = list(texts(Path()))
pbx = on_both_versions()


@pytest.fixture
def canary(pbx: Pbx) -> Path:
    """What nobody may make."""
    path = pbx.home / "canary"
    path.unlink(missing_ok=True)
    return path


def is_there(file: Path) -> bool:
    """Whether somebody made it."""
    return file.exists()


async def tells(pbx: Pbx, **variables: str) -> None:
    """Set global variables, as the daemon does."""
    async with pbx.ami("off") as ami:
        for name, value in variables.items():
            await ami.action("Setvar", Variable=f"GLOBAL({name})", Value=value)


async def set_list(pbx: Pbx, phones: str) -> None:
    """Whom the fallback rings for the number of the lab."""
    async with pbx.ami("off") as ami:
        await ami.action("Setvar", Variable=f"GLOBAL(HUNTGROUP_LIST_{NUMBER})", Value=f"5|{phones}")


@pytest.mark.parametrize("kind", KINDS)
async def test_the_fallback_serves_and_records_a_hostile_caller_as_any_other(
    pbx: Pbx, phone: OpenPhone, caller: Caller, canary: Path, kind: str
) -> None:
    anna = (await phone("anna-desk")).answers()
    await pbx.cli("database deltree huntgroup served")
    await set_list(pbx, "PJSIP/anna-desk")
    text = texts(canary)[kind]

    call = await caller.dials(f"{NUMBER};{text}"[:79], number=f"1{text}", name=text, headers=headers(text))
    await call.answered()
    await call.hears(anna)
    await call.hangs_up()

    await pbx.idle()
    assert not is_there(canary)
    assert "/huntgroup/served/entry/1/a1|" in await pbx.cli("database show huntgroup served")


async def test_number_runs_nothing_while_another_field_is_cleaned(
    pbx: Pbx, phone: OpenPhone, caller: Caller, canary: Path
) -> None:
    anna = (await phone("anna-desk")).answers()
    await set_list(pbx, "PJSIP/anna-desk")

    call = await caller.dials(f"{NUMBER}\r", number=f"1):System(touch {canary}", name="Jan", headers={})
    await call.answered()
    await call.hears(anna)
    await call.hangs_up()

    await pbx.idle()
    assert not is_there(canary)


@pytest.mark.parametrize("kind", KINDS)
async def test_another_pbx_rings_an_operator_and_nothing_else_by_its_header(
    pbx: Pbx, phone: OpenPhone, canary: Path, kind: str
) -> None:
    anna = await phone("anna-desk")
    await tells(pbx, HUNTGROUP_PHONES_101="PJSIP/anna-desk")
    text = texts(canary)[kind]
    across = pbx.set_otherwise(
        "pjsip.conf", "context=huntgroup-inbound", "context=huntgroup-across", reload="res_pjsip.so"
    )

    async with across, pbx.caller() as other:
        header = {**headers(text), "X-Huntgroup": f"call-main-1.1/1/{headers(text)['X-Huntgroup']}"}
        call = await other.dials("101", number=f"1{text}", name=text, headers=header)
        await anna.ringing()
        await call.cancels()
        hostile = await other.dials(f"101{text}"[:79], number=f"1{text}", name=text, headers=header)
        await hostile.timeline.wait("ringing", "ended")
        await hostile.hangs_up()

    await pbx.idle()
    assert not is_there(canary)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_dialled_behind_a_code_is_not_carried_out(
    pbx: Pbx, phone: OpenPhone, canary: Path, kind: str
) -> None:
    ben = await phone("ben")
    async with pbx.ami("off") as ami:
        for code in ("*11", "*45"):
            await ami.action("Setvar", Variable=f"GLOBAL(HUNTGROUP_CODE_{code})", Value="code")
    text = texts(canary)[kind]

    for code in ("*11", "*45"):
        call = await ben.dials(f"{code}{text}"[:79])
        await call.ended()

    await pbx.idle()
    assert not is_there(canary)


@pytest.mark.parametrize("code", ["*45101", "*46101"])
async def test_a_lamp_shows_no_device_that_is_written_behind_a_code(pbx: Pbx, phone: OpenPhone, code: str) -> None:
    ben = await phone("ben")
    async with pbx.ami("off") as ami:
        await ami.action("Setvar", Variable="DEVICE_STATE(Custom:secret)", Value="INUSE")
    lamp = await ben.watches(f"{code}&Custom:secret")

    device = f"Custom:huntgroup-{'login' if code.startswith('*45') else 'pause'}-101"
    await lamp.shows(OFF)
    async with pbx.ami("off") as ami:
        await ami.action("Setvar", Variable=f"DEVICE_STATE({device})", Value="INUSE")
        await lamp.shows(ON)
        await ami.action("Setvar", Variable=f"DEVICE_STATE({device})", Value="NOT_INUSE")
    await lamp.shows(OFF)
