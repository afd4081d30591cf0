"""`huntgroup customers`, on a real store."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from huntgroup.adapters.store import crm_outbox
from huntgroup.adapters.store.opening import connect
from huntgroup.cli import app
from tests.unit.adapters.store_customers.house import JAN_CONFIG, House

MINE = "+48600700800"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with Anna and Ben, and the store beside it."""
    path = tmp_path / "huntgroup.toml"
    path.write_text(JAN_CONFIG)
    House(tmp_path / "huntgroup.db").database.close()
    return path


def says(config: Path, *words: str, status: int = 0) -> str:
    """What the command prints."""
    done = CliRunner().invoke(app, ["customers", *words, "--config", str(config)])
    assert done.exit_code == status, done.output
    return done.output


def test_a_customer_is_created_found_shown_and_given_to_somebody(config: Path) -> None:
    says(config, "create", "--name", "Jan Kowalski", "--phone", "600 700 800", "--handle", "telegram:@jan")
    assert "customer-1  Jan Kowalski  [telegram:jan, +48600700800]" in says(config, "find", "kowal")
    assert "responsible: ben" in says(config, "responsible", "telegram:jan", "ben")
    shown = json.loads(says(config, "show", "0048600700800", "--json"))
    assert (shown["id"], shown["responsible"]) == ("customer-1", "ben")
    assert [each["what"] for each in shown["changes"]] == ["responsible", "created"]


def test_two_are_merged_and_the_merge_is_taken_back(config: Path) -> None:
    says(config, "create", "--phone", MINE)
    says(config, "create", "--email", "jan@x.org")
    change = says(config, "merge", "customer-1", "jan@x.org").split()[-1]
    assert "merged: customer-2" in says(config, "show", "customer-2")
    says(config, "undo", change)
    assert "undone already" in says(config, "undo", change, status=1)
    assert says(config, "show", "jan@x.org").startswith("customer-2")


def test_what_is_changed_here_a_crm_is_told_by_the_daemon_and_of_taking_it_back_too(config: Path) -> None:
    config.write_text(JAN_CONFIG + '[crm]\ntype = "http"\nurl = "https://crm.example/x"\nsecret_env = "CRM"\n')
    says(config, "create", "--phone", MINE, "--responsible", "anna")
    says(config, "responsible", MINE, "ben")
    (change,) = (each["change"] for each in shown_changes(config) if each["what"] == "responsible")
    says(config, "undo", str(change))

    with closing(connect(config.parent / "huntgroup.db")) as store:
        rows = crm_outbox.everything(store)
    assert [(each.customer, json.loads(each.body)["operator"]) for each in rows] == [
        ("customer-1", "ben"),
        ("customer-1", "anna"),
    ]


def shown_changes(config: Path) -> list[dict[str, Any]]:
    changes: list[dict[str, Any]] = json.loads(says(config, "show", MINE, "--json"))["changes"]
    return changes


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("show", "customer-9"), "there is no customer-9"),
        (("show", "nobody@x.org"), "nobody is known by that"),
        (("show", "customer-x"), "'customer-x' is no customer"),
        (("create", "--phone", "12"), "'12' is no public telephone number"),
        (("create", "--name", "Jan", "--responsible", "zoe"), "there is no operator zoe"),
        (("undo", "77"), "there is no change 77"),
        (("responsible", "customer-1", "zoe"), "there is no operator zoe"),
    ],
)
def test_what_cannot_be_done_is_said(config: Path, words: tuple[str, ...], wrong: str) -> None:
    assert wrong in says(config, *words, status=1)


def test_customers_of_who_is_configured_no_longer_are_listed_and_given_to_another_in_one_go(config: Path) -> None:
    rows = "".join(f"Jan,60070{number:04},anna\n" for number in range(50))
    (config.parent / "all.csv").write_text("name,phone,responsible\n" + rows)
    says(config, "import", str(config.parent / "all.csv"))
    assert "0 customers" in says(config, "orphans")
    config.write_text(JAN_CONFIG.replace('"anna"', '"zoe"'))

    assert says(config, "orphans").count("responsible: anna") == 50
    assert "50 customers" in says(config, "orphans", "--give-to", "ben")
    assert "0 customers" in says(config, "orphans")
    assert "responsible: ben" in says(config, "show", "600700007")


def test_who_is_erased_is_gone(config: Path) -> None:
    says(config, "create", "--name", "Jan", "--phone", MINE)
    assert "stays in the journal until" in says(config, "erase", MINE)
    assert "nobody is known" in says(config, "show", MINE, status=1)
    assert "Jan" not in says(config, "export", "-")


@pytest.mark.parametrize("ending", ["csv", "vcf"])
def test_a_list_goes_out_and_comes_in_again_and_a_second_time_changes_nothing(
    config: Path, tmp_path: Path, ending: str
) -> None:
    says(config, "create", "--name", "Jan; Kowalski", "--phone", MINE, "--email", "jan@x.org", "--responsible", "ben")
    file = tmp_path / f"all.{ending}"
    says(config, "export", str(file))
    assert file.stat().st_mode & 0o077 == 0
    assert "0 created, 0 changed, 1 as they were" in says(config, "import", str(file))
    says(config, "erase", MINE)
    assert "1 created" in says(config, "import", str(file))
    assert "Jan; Kowalski  [jan@x.org, +48600700800]  responsible: ben" in says(config, "show", MINE)


def test_every_line_that_is_left_out_is_told_with_what_would_be_right(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    file.write_text("name,phones,emails,responsible\nJan,12,,\nMaria,600700801,,zoe\nPiotr,600700802,,\nNobody,,,\n")
    said = says(config, "import", str(file), status=1)
    assert f"{file}:2: '12' is no public telephone number; write it as in +48221234567" in said
    assert f"{file}:3: there is no operator 'zoe'" in said
    assert f"{file}:5: nobody could be recognised by it" in said
    assert "1 created, 0 changed, 0 as they were, 3 left out" in said
