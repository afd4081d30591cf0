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


def test_what_is_usable_of_a_line_is_taken_and_the_rest_is_told(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    file.write_text(
        "name,phones,emails,responsible\nJan,12,,\nMaria,600700801,,zoe\nPiotr,600700802;12,,\nNobody,,,\nAnna,600700803,,\n"
    )
    said = says(config, "import", str(file), status=1)
    assert f"{file}:2: '12' is no public telephone number; write it as in +48221234567" in said
    assert f"{file}:3: there is no operator 'zoe'" in said
    assert f"{file}:4: '12' is no public telephone number" in said
    assert f"{file}:5: nobody could be recognised by it" in said
    assert "3 created, 0 changed, 0 as they were, 2 left out, 2 in part" in said
    assert says(config, "show", "600700802").startswith("customer-2  Piotr")


# -- address books of others ------------------------------------------------------------------------------------------

PHONE_CARDS = """BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C5=BB=C3=B3=C5=82=
=C4=87;=C5=81ukasz;;;
FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C5=81ukasz =C5=BB=
=C3=B3=C5=82=C4=87
TEL;CELL:
TEL;CELL:600 700 801
END:VCARD
BEGIN:VCARD
VERSION:3.0
N:Nowak;Maria;;;
TEL
TEL;TYPE=CELL:tel:+48-600-700-802;ext=5
EMAIL:Maria Nowak <maria@x.org>
END:VCARD
"""


def test_an_address_book_of_a_phone_comes_in_whole(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "phone.vcf"
    file.write_text(PHONE_CARDS)
    said = says(config, "import", str(file), status=1)
    assert f"{file}:13: a line without a colon" in said
    assert "2 created, 0 changed, 0 as they were, 0 left out, 1 in part" in said
    assert says(config, "show", "600700801").startswith("customer-1  Łukasz Żółć")
    assert says(config, "show", "maria@x.org").startswith("customer-2  Maria Nowak  [maria@x.org, +48600700802]")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1250"])
@pytest.mark.parametrize(
    ("ending", "text"),
    [
        ("csv", "name;phones;\r\nŁukasz Żółć;600 700 801;\r\n"),
        ("csv", "sep=,\r\nname,phones\r\nŁukasz Żółć,600 700 801\r\n"),
        ("csv", "name\tphones\rŁukasz Żółć\t600 700 801\r"),
        ("vcf", "BEGIN:VCARD\r\nVERSION:2.1\r\nFN:Łukasz Żółć\r\nTEL:600 700 801\r\nEND:VCARD\r\n"),
        ("vcf", "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=Windows-1250:Żółć;Łukasz\nTEL:600700801\nEND:VCARD\n"),
    ],
)
def test_a_list_comes_in_however_it_is_encoded(
    config: Path, tmp_path: Path, ending: str, text: str, encoding: str
) -> None:
    file = tmp_path / f"all.{ending}"
    file.write_bytes(text.encode(encoding))
    said = says(config, "import", str(file))
    assert "1 created" in said
    assert ("read as cp1250" in said) is (encoding == "cp1250")
    assert says(config, "show", "600700801").startswith("customer-1  Łukasz Żółć")


def test_how_a_list_is_encoded_may_be_said(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    file.write_bytes("name,phones\nMüñoz,600700801\n".encode("cp1252"))
    says(config, "import", str(file), "--encoding", "cp1252")
    assert says(config, "show", "600700801").startswith("customer-1  Müñoz")
    assert "is no encoding" in says(config, "import", str(file), "--encoding", "hex", status=2)


# -- what leaves ------------------------------------------------------------------------------------------------------

EVIL = "Jan\x1b]0;owned\x07\x9b2J\u202eKowalski\u2066\r\n\tcustomer-9\x7f\u2028"


def obeyed(text: str) -> list[str]:
    """What of a text a terminal would obey."""
    return [each for line in text.replace("\r\n", "\n").split("\n") for each in line if not each.isprintable()]


def test_nothing_that_a_terminal_obeys_gets_into_a_name(config: Path, tmp_path: Path) -> None:
    says(config, "create", "--name", EVIL, "--phone", MINE)
    (tmp_path / "all.csv").write_text(f'name,phone\n"{EVIL}",600700801\n')
    says(config, "import", str(tmp_path / "all.csv"))
    name = EVIL.replace("\r\n", "").replace("\t", "").replace("\u2028", "")
    (tmp_path / "all.vcf").write_text(f"BEGIN:VCARD\nFN:{name}\nTEL:600700802\nEND:VCARD\n")
    says(config, "import", str(tmp_path / "all.vcf"))
    with closing(connect(tmp_path / "huntgroup.db")) as store:
        names = [each for (each,) in store.execute("SELECT name FROM customer")]
    assert names[:2] == ["Jan]0;owned2JKowalski customer-9"] * 2
    assert obeyed("\n".join(names)) == []


@pytest.mark.parametrize(
    "words",
    [
        ("show", MINE),
        ("show", MINE, "--json"),
        ("find", "Jan"),
        ("find", "Jan", "--json"),
        ("export", "-"),
        ("orphans",),
        ("orphans", "--json"),
        ("responsible", MINE, "ben"),
        ("merge", "customer-1", "customer-2"),
    ],
)
def test_nothing_reaches_a_terminal_that_an_earlier_version_stored(
    config: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    says(config, "create", "--name", "Jan", "--phone", MINE)
    says(config, "create", "--name", "Maria", "--phone", "600700801")
    with closing(connect(tmp_path / "huntgroup.db")) as store:
        store.execute("UPDATE customer SET name = ?, responsible = 'zoe'", (EVIL,))
        store.execute("UPDATE trail SET who = ?", (EVIL,))
    said = says(config, *words)
    assert "Jan" in said
    assert obeyed(said) == []


def test_what_is_wrong_with_a_line_is_told_without_what_a_terminal_obeys(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    file.write_text(f"phone,responsible\n+{EVIL.splitlines()[0]},\n600700801,{EVIL.splitlines()[0]}\n")
    assert obeyed(says(config, "import", str(file), status=1)) == []
    file.write_text(f"phone,{EVIL.splitlines()[0]}\n1,2\n")
    assert obeyed(says(config, "import", str(file), status=1)) == []


def test_a_list_is_never_written_over_another_file_unless_that_is_said(config: Path, tmp_path: Path) -> None:
    says(config, "create", "--name", "Jan", "--phone", MINE)
    file, other = tmp_path / "all.csv", tmp_path / "other.txt"
    file.write_text("mine")
    other.write_text("theirs")
    file.chmod(0o644)
    assert "is there already; name another file, or say --force" in says(config, "export", str(file), status=1)
    assert file.read_text() == "mine"
    link = tmp_path / "link.csv"
    link.symlink_to(other)
    says(config, "export", str(link), status=1)

    says(config, "export", str(file), "--force")
    says(config, "export", str(link), "--force")

    assert MINE in file.read_text()
    assert [each.stat().st_mode & 0o777 for each in (file, link)] == [0o600, 0o600]
    assert other.read_text() == "theirs"
    assert sorted(each.suffix for each in tmp_path.iterdir() if each.name.startswith(".")) == []


def test_a_list_is_written_to_the_screen_in_utf_8_wherever_that_is(config: Path) -> None:
    says(config, "create", "--name", "Łukasz 山田", "--phone", MINE)
    done = CliRunner(charset="latin-1").invoke(app, ["customers", "export", "-", "--config", str(config)])
    assert (done.exit_code, "Łukasz 山田".encode() in done.stdout_bytes) == (0, True)


@pytest.mark.parametrize("ending", ["csv", "vcf"])
def test_customer_of_a_hostile_list_comes_back_as_it_is_kept(config: Path, tmp_path: Path, ending: str) -> None:
    file = tmp_path / "hostile.csv"
    file.write_text(
        "name,phones,emails,handles,crm\n"
        '"Jan\r\n\tKowalski\x1b \u202e","600700800","mail:mail:a\\:::b@x.org","t\\;g:@@x;t:a\\;=b","=1\n2"\n'
    )
    says(config, "import", str(file))
    before = json.loads(says(config, "show", MINE, "--json"))
    assert before["name"] == "Jan Kowalski"

    written = tmp_path / f"all.{ending}"
    says(config, "export", str(written))
    assert "0 created, 0 changed, 1 as they were" in says(config, "import", str(written))
    says(config, "erase", MINE)
    assert "1 created" in says(config, "import", str(written))
    after = json.loads(says(config, "show", MINE, "--json"))
    assert known_by(after) == known_by(before)
    assert after["name"] == before["name"]


def known_by(shown: dict[str, Any]) -> list[str]:
    """The values of the identities."""
    return [each["value"] for each in shown["identities"]]


@pytest.mark.parametrize("ending", ["csv", "vcf"])
def test_list_that_is_not_in_the_given_encoding_is_refused(config: Path, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"all.{ending}"
    file.write_bytes("name,phones\nJan,600700800\n".encode("utf-16-le"))
    said = says(config, "import", str(file), "--encoding", "utf-16", status=1)
    assert f"{file}:1: it cannot be read as utf-16 (UTF-16 stream does not start with BOM)" in said
    assert "utf-16-le" in said


@pytest.mark.parametrize("encoding", ["idna", "undefined", "unicode_escape", "hex", "klingon"])
def test_encoding_that_reads_no_text_is_refused(config: Path, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "all.csv"
    file.write_text("name,phones\nJan,600700800\n")
    assert f"{encoding} is no encoding" in says(config, "import", str(file), "--encoding", encoding, status=2)
