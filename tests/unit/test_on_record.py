"""The house without a broker: what the store has of it, as a person and a program read it."""

import asyncio
import json
import time
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from huntgroup.adapters.mqtt.reader import House
from huntgroup.adapters.store.opening import begin_run, connect, held, open_store
from huntgroup.adapters.store.records import record_of
from huntgroup.cli import app
from huntgroup.codec import rows_of
from huntgroup.engine.effects import Decision, Fact
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import Customer, InquiryReceived
from huntgroup.engine.ids import InquiryId, SourceId
from huntgroup.engine.policy import Channel, Presence
from huntgroup.engine.restoring import memory_of
from huntgroup.on_record import houses_on_record
from tests.simulation.kept import KeptChaos
from tests.unit.engine.scenario import Story, group, policy
from tests.unit.test_cli import VALID


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A house without a broker."""
    path = tmp_path / "huntgroup.toml"
    path.write_text(VALID)
    return path


def status(config: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["status", *options, "--config", str(config)], env={"COLUMNS": "200"})


def on_record(config: Path, engine: Engine) -> Path:
    """The store as a daemon left it."""
    store = config.parent / "huntgroup.db"
    begin_run(store, open_store(store), rows_of(memory_of(engine.world)), engine.world.now)
    return store


@pytest.fixture
def story() -> Story:
    """One call talks, one rings, one waits; Ben pauses."""
    story = Story(policy(group("sales", "anna", "ben"), group("support", "cleo")), at=time.time() - 100)
    story.is_now("ben", Presence.PAUSED, "lunch")
    story.calls("call-main-1.1")
    story.answers("call-main-1.1", "anna")
    story.calls("call-main-1.2", "support")
    story.rings("call-main-1.2", "cleo")
    story.calls("call-main-1.3")
    return story


def test_status_without_a_broker_reads_the_store(config: Path, story: Story) -> None:
    store = on_record(config, story.engine)
    with held(store):
        result = status(config)

    assert result.exit_code == 0, result.output
    lines = [" ".join(line.replace("│", " ").split()) for line in result.stdout.splitlines()]
    assert lines[0].startswith("As of 20")
    assert lines[0].endswith("from the store: there is no broker to read from.")
    assert any(line.startswith("ben paused (lunch)") for line in lines)
    assert any(line.startswith("anna available 1 call") for line in lines)
    assert any(line.startswith("call-main-1.2 call support offered") for line in lines)
    assert any(line.startswith("call-main-1.3 call sales waiting") for line in lines)
    assert "main connected" in lines
    assert not any(line.startswith("call-main-1.1") for line in lines)


def test_status_without_a_broker_has_the_shape_that_the_broker_gives_programs(config: Path, story: Story) -> None:
    with held(on_record(config, story.engine)):
        data = json.loads(status(config, "--json").stdout)

    assert list(data) == ["daemon", "pbxs", "operators", "groups", "waiting"]
    assert (data["daemon"]["state"], data["daemon"]["as_of"][-1]) == ("online", "Z")
    assert data["operators"]["anna"]["load"] == {"call": 1, "chat": 0, "mail": 0, "form": 0}
    assert data["operators"]["ben"]["presence"] == "paused"
    assert data["groups"]["sales"]["waiting"]["call"] == 1
    assert data["groups"]["sales"]["longest_wait"] >= 0
    assert [(each["id"], each["state"], each.get("position")) for each in data["waiting"]] == [
        ("call-main-1.3", "waiting", 1),
        ("call-main-1.2", "offered", None),
    ]
    assert data["waiting"][0]["customer"]["phone"] == "+48600700800"


def test_status_without_a_broker_counts_the_day(config: Path, story: Story) -> None:
    store = on_record(config, story.engine)
    rows = [record_of(each) for each in story.history if isinstance(each, Fact | Decision)]
    with closing(connect(store)) as database:
        for row in rows:
            if row is not None:
                marks = 'INSERT INTO record (at, inquiry, type, "group", operator, attempt, detail, more) VALUES '
                database.execute(f"{marks} (?, ?, ?, ?, ?, ?, ?, ?)", row.row())

    with held(store):
        groups = json.loads(status(config, "--json").stdout)["groups"]

    assert groups["sales"]["received_today"] in {0, 2}  # by UTC, and midnight may have been a moment ago
    assert groups["sales"]["answered_today"] == groups["sales"]["received_today"] // 2


def test_status_says_that_no_daemon_runs_and_shows_what_it_left(config: Path, story: Story) -> None:
    store = on_record(config, story.engine)

    result = status(config)

    assert result.exit_code == 1
    assert "call-main-1.3" in result.stdout
    assert result.stderr == f"no daemon runs with {store}\n"


def test_status_without_a_broker_and_without_a_store_says_so(config: Path) -> None:
    result = status(config)

    assert result.exit_code == 1
    assert "is not there: no daemon has run with this [store] yet" in result.stderr


def test_status_of_a_store_in_which_nothing_is_says_so(config: Path) -> None:
    open_store(config.parent / "huntgroup.db")

    result = status(config)

    assert (result.exit_code, "no daemon has run with this [store]" in result.stderr) == (1, True)


def test_customers_on_record_cannot_paint_on_the_screen(config: Path) -> None:
    story = Story(policy(group("sales", "anna")), at=time.time())
    story.is_now("anna", Presence.LOGGED_OUT)
    who = Customer(name="\x1b[2J[bold]Jan")
    chat, source = InquiryId("[red]x[/]"), SourceId("sales-chat")
    story.happens(InquiryReceived(inquiry=chat, channel=Channel.CHAT, source=source, customer=who))
    with held(on_record(config, story.engine)):
        shown = status(config).stdout

    assert "[red]x[/]" in shown
    assert "�[2J[bold]Jan" in shown


async def test_watching_the_store_shows_what_is_written(config: Path, story: Story) -> None:
    store = on_record(config, story.engine)
    watching = houses_on_record(store)
    first = await anext(watching)
    later = Story(policy(group("sales", "anna")), at=time.time())

    async def after_a_change() -> House:
        return await anext(watching)

    coming = asyncio.create_task(after_a_change())
    await asyncio.sleep(0)
    begin_run(store, open_store(store), rows_of(memory_of(later.engine.world)), later.now)
    second = await coming
    await watching.aclose()

    assert (set(first.operators), set(second.operators)) == ({"anna", "ben", "cleo"}, {"anna"})


def test_any_day_of_chaos_can_be_shown(config: Path) -> None:
    with KeptChaos(11, config.parent / "huntgroup.db") as day:
        day.goes_on(400)
    data = json.loads(status(config, "--json").stdout)

    world = day.engine.world
    assert set(data["operators"]) == set(world.operators)
    waiting = {name for name, each in world.inquiries.items() if each.state in {"waiting", "offered"}}
    assert {each["id"] for each in data["waiting"]} == waiting
