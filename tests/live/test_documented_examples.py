"""docs/mqtt.md, run as it is written: the commands of each block, and the output that the block after it shows."""

import asyncio
import os
import re
from pathlib import Path

import pytest
from tests.lab.broker import Broker
from tests.lab.daemon import Daemon
from tests.lab.mqtt import Party
from tests.lab.pbx import Pbx
from tests.lab.sample import CONFIGURATION
from tests.live.exchanges import exchange

pytestmark = pytest.mark.live

PAGE = Path(__file__).parents[2] / "docs" / "mqtt.md"
EXAMPLE = re.compile(r"^```sh\n(.*?)^```\n^```\n(.*?)^```", re.MULTILINE | re.DOTALL)
CLIENTS = ("mosquitto_pub", "mosquitto_sub", "mosquitto_rr")

pbx = exchange({"anna": "101", "ben": "102"})


async def test_the_page_tells_what_happens(pbx: Pbx, tmp_path: Path) -> None:
    examples = EXAMPLE.findall(PAGE.read_text())
    assert len(examples) == PAGE.read_text().count("```sh")
    async with Broker() as broker, Daemon(pbx, CONFIGURATION, broker_url=broker.url), Party(broker) as reader:
        # Where the broker is, the clients read from a file of their own, so that the page need not say it.
        for client in CLIENTS:
            (tmp_path / client).write_text(f"-h {broker.address}\n-p {broker.port}\n")
        await reader.sees("status", state="online")
        await reader.sees("pbxs/main/state", state="connected")
        for commands, shown in examples:
            if "groups/" in commands:
                await reader.sees("groups/care/state", answered_today=3, waiting=NOBODY)
            said = await output(commands, tmp_path)
            assert re.fullmatch(_pattern(shown), said), f"{commands}\ngave\n{said}\nand not\n{shown}"


NOBODY = {"call": 0, "chat": 0, "mail": 0, "form": 0}


async def output(commands: str, settings: Path) -> str:
    """What these lines print, in a shell."""
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euc", commands),
        env={"PATH": os.environ["PATH"], "XDG_CONFIG_HOME": str(settings)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(20):
        said, _ = await process.communicate()
    assert process.returncode == 0, f"{commands}\n{said.decode()}"
    return said.decode()


def _pattern(shown: str) -> str:
    """As shown; … stands for anything on its line."""
    return "[^\n]*".join(re.escape(part) for part in shown.split("…"))
