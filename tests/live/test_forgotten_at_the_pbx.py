"""What a PBX keeps of callers while the daemon is away: gone from its database once the daemon has it on record."""

import asyncio
import os
import re
import shlex
from pathlib import Path

import pytest
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live

PAGE = Path(__file__).parents[2] / "docs" / "administration.md"
SALES = configuration(group("sales", "anna"))
BETWEEN_LOOKS = 0.02
"""Seconds: Asterisk tells nobody that a key is gone."""
WITHIN = 10.0

pbx = on_both_versions()


async def kept(pbx: Pbx) -> str:
    """Every key of ours that says anything of a caller."""
    return await pbx.cli("database show huntgroup/served/entry")


async def is_so(pbx: Pbx, text: str, *, is_there: bool) -> None:
    """Await that a text is among those keys, or is not."""
    async with asyncio.timeout(WITHIN):
        while True:
            if (text in await kept(pbx)) is is_there:
                return
            await asyncio.sleep(BETWEEN_LOOKS)


@pytest.mark.parametrize("name", ["Jan Kowalski", "Jan (sales)", 'J"a,n', "Zoë ${DB(huntgroup/x)}"])
async def test_caller_whom_the_pbx_served_is_forgotten_there_once_on_record(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon, name: str
) -> None:
    (await phone("anna-desk")).answers()
    running = await daemon(SALES)
    await running.stop()
    call = await caller.dials(NUMBER, name=name)
    await call.answered()
    await call.hangs_up()
    await is_so(pbx, "48600700800", is_there=True)

    await running.start()

    assert (await running.logs("inquiry.accepted"))["detail"] == "served by the PBX itself"
    await is_so(pbx, "/huntgroup/served/entry/", is_there=False)
    await running.stop()
    await running.start()
    assert [each["event"] for each in running.log()].count("inquiry.accepted") == 1
    assert not [each for each in running.log() if each["event"] == "pbx.served_not_understood"]


async def test_commands_of_the_uninstall_leave_nothing_of_ours_in_the_pbx(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon, tmp_path: Path
) -> None:
    found = re.search(r"## Taking it off a PBX\n.*?```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    (tmp_path / "asterisk").write_text(f'#!/bin/sh\nexec {shlex.join(pbx.command)} "$@"\n')
    (tmp_path / "asterisk").chmod(0o755)
    (await phone("anna-desk")).answers()
    running = await daemon(SALES)
    await running.stop()
    call = await caller.dials(NUMBER)
    await call.answered()
    await call.hangs_up()
    await pbx.cli("dialplan set global HUNTGROUP_MESSAGE_1790000000.1 +48221234567|sales|3|x|+48600700800")
    assert "/CustomDevstate/huntgroup-" in await pbx.cli("database show")
    await pbx.cli("database put CustomDevstate others-lamp INUSE")

    done = await asyncio.create_subprocess_exec(
        *("bash", "-euc", found[1]),
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await done.communicate()

    assert done.returncode == 0, said.decode()
    left = await pbx.cli("database show")
    assert "huntgroup" not in left
    assert "others-lamp" in left
    lines = [line.strip() for line in (await pbx.cli("dialplan show globals")).splitlines()]
    assert [each for each in lines if each.startswith("HUNTGROUP_") and not each.endswith("=")] == []
