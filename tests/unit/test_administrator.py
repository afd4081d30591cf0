"""Changes while the daemon runs: in their order, each with who made it, and the file's own word before theirs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from huntgroup import administrator
from huntgroup.administrator import Administrator, Said
from huntgroup.authors import Author, leave_name
from huntgroup.errors import ChangeRefused, ConfigError
from huntgroup.settings.changes import ADMINISTRATION
from huntgroup.settings.editing import Loaded, Outcome, load_whole
from huntgroup.settings.filing import version_of
from tests.unit.settings.test_editing import FILE, set_group


@dataclass
class Daemon:
    """What goes by the configuration, as far as an administrator sees it."""

    taken: list[tuple[str, list[str], int]] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    is_slow: bool = False
    thens: list[Callable[[], None]] = field(default_factory=list)

    def take_over(self, loaded: Loaded, said: Said, then: Callable[[], None]) -> None:
        self.taken.append((said.who, [each.key for each in said.changes], loaded.settings.groups[0].rings))
        if self.is_slow:
            self.thens.append(then)
        else:
            then()

    def reject(self, error: ConfigError, version: str) -> None:
        self.rejected.append(f"{version} {error.problems[0].key}")


class House:
    """The file, the daemon, and who administrates."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.daemon = Daemon()
        self.administrator = Administrator(path, load_whole(path), self.daemon)

    def asks(self, who: str, command: dict[str, Any]) -> "asyncio.Future[Outcome | ChangeRefused]":
        answer: asyncio.Future[Outcome | ChangeRefused] = asyncio.get_running_loop().create_future()
        self.administrator.ask(who, ADMINISTRATION.validate_python(command), answer.set_result)
        return answer


@pytest_asyncio.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setenv("AMI_SECRET", "s3cret")
    path = tmp_path / "huntgroup.toml"
    path.write_text(FILE)
    house = House(path)
    running = asyncio.create_task(house.administrator.run())
    yield house
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_change_is_in_force_when_it_is_answered(house: House) -> None:
    answer = await house.asks("ben", set_group("sales", rings=3))

    assert isinstance(answer, Outcome)
    assert house.daemon.taken == [("ben", ["groups.sales.rings"], 3)]


async def test_it_is_answered_only_once_that_is_durable(house: House) -> None:
    house.daemon.is_slow = True
    first = house.asks("ben", set_group("sales", rings=3))
    second = await house.asks("ben", set_group("sales", rings=0))

    assert isinstance(second, ChangeRefused)
    assert not first.done()
    house.daemon.thens[0]()
    assert isinstance(await first, Outcome)


async def test_two_administrators_at_once_are_served_one_after_the_other(house: House) -> None:
    answers = await asyncio.gather(
        house.asks("cleo", set_group("sales", rings=3)), house.asks("ben", set_group("sales", wrapup="5s"))
    )

    assert [type(each) for each in answers] == [Outcome, Outcome]
    assert [each[:2] for each in house.daemon.taken] == [
        ("cleo", ["groups.sales.rings"]),
        ("ben", ["groups.sales.wrapup"]),
    ]


async def test_of_two_that_meant_the_same_version_one_is_told_of_the_conflict(house: House) -> None:
    version = load_whole(house.path).version
    answers = await asyncio.gather(
        *(house.asks(who, {**set_group("sales", rings=3), "if_version": version}) for who in ("cleo", "ben"))
    )

    assert isinstance(answers[0], Outcome)
    assert isinstance(answers[1], ChangeRefused)
    assert answers[1].why == "conflict"


async def test_what_was_written_into_the_file_meanwhile_is_told_as_the_files_own(house: House) -> None:
    house.path.write_text(FILE.replace('operators = ["anna", "cleo"]', 'operators = ["cleo", "anna"]'))

    await house.asks("ben", set_group("sales", rings=3))

    assert house.daemon.taken == [("file", ["groups.support.operators"], 4), ("ben", ["groups.sales.rings"], 3)]


async def test_a_reload_tells_what_changed_in_the_file(house: House) -> None:
    house.path.write_text(FILE.replace("rings = 4", "rings = 2"))
    house.administrator.reload()
    await house.asks("ben", {"type": "show"})

    assert house.daemon.taken == [("file", ["groups.sales.rings"], 2)]


async def test_a_reload_of_a_wrong_file_changes_nothing(house: House) -> None:
    house.path.write_text(FILE.replace("rings = 4", "rings = 0"))
    house.administrator.reload()
    answer = await house.asks("ben", set_group("sales", rings=3))

    assert [each.split()[1] for each in house.daemon.rejected] == ["groups[0].rings"]
    assert isinstance(answer, ChangeRefused)
    assert answer.why == "configuration_invalid"
    assert house.daemon.taken == []


async def test_a_file_that_went_away_is_rejected(house: House) -> None:
    house.path.unlink()
    house.administrator.reload()

    assert isinstance(await house.asks("ben", {"type": "show"}), ChangeRefused)
    assert house.daemon.rejected == [" file"]


async def test_rights_are_those_in_force_and_those_of_the_file(house: House) -> None:
    house.path.write_text(FILE.replace('id = "anna"             # the first', 'id = "anna"\nrole = "administrator"'))

    early = await house.asks("anna", {"type": "show"})
    house.administrator.reload()

    assert isinstance(early, ChangeRefused)
    assert isinstance(await house.asks("anna", {"type": "show"}), Outcome)


async def test_nothing_is_taken_over_that_is_only_looked_at(house: House) -> None:
    for command in (
        {"type": "show"},
        {"type": "check"},
        {"type": "check", "change": set_group("sales", rings=2)},
        set_group("sales", rings=4),
    ):
        assert isinstance(await house.asks("ben", command), Outcome)

    assert house.daemon.taken == []


async def test_more_than_can_wait_are_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(administrator, "WAITING_MOST", 2)
    answers = [house.asks("ben", {"type": "show"}) for _ in range(3)]

    last = await answers[2]

    assert isinstance(last, ChangeRefused)
    assert last.why == "overloaded"
    assert isinstance(await answers[1], Outcome)


async def test_reload_names_the_system_user_who_changed_the_file_by_command(house: House) -> None:
    before = version_of(house.path.read_bytes())
    house.path.write_text(FILE.replace("rings = 4", "rings = 3"))
    author = Author("shell:kowalska", before, version_of(house.path.read_bytes()))
    leave_name(house.path.parent / "huntgroup.db", author)
    house.administrator.reload()
    await house.asks("ben", {"type": "check"})

    assert house.daemon.taken == [("shell:kowalska", ["groups.sales.rings"], 3)]


async def test_reload_names_the_file_too_where_somebody_edited_it_before(house: House) -> None:
    house.path.write_text(FILE.replace("rings = 4", "rings = 5"))
    edited = version_of(house.path.read_bytes())
    house.path.write_text(FILE.replace("rings = 4", "rings = 3"))
    leave_name(
        house.path.parent / "huntgroup.db", Author("shell:kowalska", edited, version_of(house.path.read_bytes()))
    )
    house.administrator.reload()
    await house.asks("ben", {"type": "check"})

    assert house.daemon.taken[0][0] == "file, shell:kowalska"


async def test_name_of_an_earlier_change_is_not_that_of_a_later_edit(house: House) -> None:
    before = version_of(house.path.read_bytes())
    leave_name(house.path.parent / "huntgroup.db", Author("shell:kowalska", "older", before))
    house.path.write_text(FILE.replace("rings = 4", "rings = 3"))
    house.administrator.reload()
    await house.asks("ben", {"type": "check"})

    assert house.daemon.taken[0][0] == "file"
