"""`huntgroup crm`, and what the doctor and `status` say of a CRM."""

import asyncio
import json
from contextlib import closing
from pathlib import Path

import pytest
from tests.lab.bitrix24 import Portal
from tests.lab.crm import SECRET, HttpServer, Mood, Server, serving
from typer.testing import CliRunner, Result

from huntgroup import cli
from huntgroup.adapters.clock import Clock
from huntgroup.adapters.store import crm_outbox
from huntgroup.adapters.store.opening import connect, open_store
from huntgroup.crm.deeds import SetResponsible
from huntgroup.crm.report import standing, standing_as_data
from huntgroup.doctor import crm as doctor
from huntgroup.doctor.findings import Finding, Outcome
from huntgroup.settings import load_to_simulate

NOW = 1_790_000_000.0
TABLES = """
[[pbx]]
id = "main"
host = "127.0.0.1"
username = "huntgroup"
secret_file = "ami.secret"
[crm]
timeout = "1s"
secret_file = "crm.secret"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A house with a CRM, and two changes that it refused or could not be told."""
    path = tmp_path / "huntgroup.toml"
    path.write_text(f'{TABLES}type = "http"\nurl = "http://127.0.0.1:9/x"')
    (tmp_path / "crm.secret").write_text(SECRET)
    store = tmp_path / "huntgroup.db"
    open_store(store)
    with closing(connect(store)) as database:
        deeds = [
            SetResponsible(customer=f"customer-{n}", inquiry="chat-1", operator="anna", at=NOW + n) for n in (1, 2)
        ]
        crm_outbox.enqueue(database, "http", deeds, NOW)
        first, _ = crm_outbox.take(database, "http", NOW, 2, 60)
        crm_outbox.bury(database, first, "422 \x1b[31mno such customer", NOW)
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, ["crm", *arguments])


def test_the_outbox_tells_what_was_given_up_and_why(config: Path) -> None:
    said = run("outbox", "--config", str(config))

    assert said.exit_code == 1
    first, reason, second = said.stdout.splitlines()
    assert "customer.responsible  customer-1  given up, tried once" in first
    assert reason.strip() == "422 �[31mno such customer"
    assert "customer-2  waits, due now, tried once" in second


def test_the_outbox_for_programs_has_the_deed_itself(config: Path) -> None:
    lines = [json.loads(line) for line in run("outbox", "--json", "--config", str(config)).stdout.splitlines()]

    assert [(each["id"], each["state"]) for each in lines] == [(1, "given_up"), (2, "waiting")]
    assert lines[0]["data"]["operator"] == "anna"


def test_what_was_given_up_is_told_again_when_asked_for(config: Path) -> None:
    assert run("retry", "2", "--config", str(config)).exit_code == 1
    said = run("retry", "--config", str(config))
    assert (said.exit_code, said.stdout) == (0, "1 to be told again\n")
    assert run("outbox", "--config", str(config)).exit_code == 0


def test_without_a_store_there_is_nothing_to_tell_and_none_is_made(config: Path) -> None:
    store = config.parent / "huntgroup.db"
    for each in config.parent.glob("huntgroup.db*"):
        each.unlink()
    said = run("outbox", "--config", str(config))
    assert said.exit_code == 1
    assert "is not there yet" in said.stderr
    assert not store.exists()


def test_status_has_it_in_one_line(config: Path) -> None:
    assert standing(config.parent / "huntgroup.db", "http") == "CRM (http): 1 to be told, 1 given up"


async def findings(config: Path) -> dict[str, Finding]:
    settings = load_to_simulate(config)
    assert settings.crm is not None
    return {each.check: each async for each in doctor.look(settings.crm, settings.store.path)}


def with_crm(config: Path, server: Server) -> None:
    is_http = isinstance(server, HttpServer)
    config.write_text(TABLES + (f'type = "http"\nurl = "{server.url}"' if is_http else 'type = "bitrix24"'))  # type: ignore[attr-defined]
    (config.parent / "crm.secret").write_text(SECRET if is_http else server.hook)  # type: ignore[attr-defined]


@pytest.mark.parametrize("make", [lambda: HttpServer(Clock().now), Portal])
async def test_the_doctor_tells_a_crm_that_is_well_from_one_that_is_not(config: Path, make: type[Server]) -> None:
    server = make()
    with_crm(config, server)
    assert (await findings(config))["crm.reached"].outcome is Outcome.FAILED

    async with serving(server):
        assert (await findings(config))["crm.reached"].outcome is Outcome.OK
        server.mood = Mood.NOT_IN
        shut = (await findings(config))["crm.secret"]

    assert shut.outcome is Outcome.FAILED
    assert "abcdef0123456789" not in shut.said + shut.mend


async def test_the_doctor_counts_what_was_given_up(config: Path) -> None:
    found = (await findings(config))["crm.backlog"]
    assert (found.outcome, found.said) == (Outcome.FAILED, "1 to be told, 1 given up")


async def test_the_doctor_tells_a_secret_that_is_none(config: Path) -> None:
    (config.parent / "crm.secret").write_text("short")
    found = await findings(config)
    assert found["crm.secret"].said == "there is no secret: is a key of 5 bytes, and 24 to 512 are needed"
    await asyncio.sleep(0)


def test_programs_are_told_how_it_stands(config: Path) -> None:
    found = standing_as_data(config.parent / "huntgroup.db", "http")

    assert found == {
        "type": "http",
        "waiting": 1,
        "oldest_at": "2026-09-21T14:13:20Z",
        "given_up": 1,
        "error": "",
    }
    assert "not there yet" in standing_as_data(config.parent / "other.db", "http")["error"]
