"""What is shown of findings."""

import io
import json

import pytest
from rich.console import Console

from huntgroup.doctor import wish
from huntgroup.doctor.findings import Finding, failed, fine, note
from huntgroup.doctor.report import Report


def shown(*findings: Finding, as_json: bool = False, is_terminal: bool = False) -> tuple[str, bool]:
    text = io.StringIO()
    console = Console(file=text, width=40, force_terminal=is_terminal, color_system="standard" if is_terminal else None)
    report = Report(console, as_json=as_json)
    for finding in findings:
        report.show(finding)
    report.end()
    return text.getvalue(), report.has_failed


def test_each_check_has_a_line_and_what_fails_says_where_and_how_to_mend_it() -> None:
    text, has_failed = shown(fine("a", "it is well"), failed("b", "it is ill", "manager.conf", "`write = call`"))

    assert text.splitlines() == [
        "ok      it is well",
        "failed  it is ill",
        "        where  manager.conf",
        "        mend   `write = call`",
        "1 ok, 0 to note, 1 failed",
    ]
    assert has_failed


def test_a_note_is_no_failure() -> None:
    assert not shown(note("a", "nobody is in"))[1]


def test_a_line_to_copy_is_never_broken() -> None:
    long = "`" + "x" * 300 + "`"

    assert long in shown(failed("a", "b", "c", long))[0]


def test_a_terminal_gets_colours_and_a_pipe_none() -> None:
    assert "\x1b[32mok" in shown(fine("a", "b"), is_terminal=True)[0]
    assert "\x1b" not in shown(fine("a", "b"))[0]


def test_programs_get_an_object_a_line() -> None:
    text, _ = shown(failed("a", "ü", "c", "d"), as_json=True)

    assert [json.loads(line) for line in text.splitlines()] == [
        {"check": "a", "outcome": "failed", "said": "ü", "where": "c", "mend": "d"}
    ]


def test_what_others_wrote_is_neither_markup_nor_an_order_to_the_terminal() -> None:
    text, _ = shown(fine("a", "[red]x[/red] \x1b[2J\r\nok  all well"))

    assert text.splitlines()[0] == "ok      [red]x[/red] �[2J��ok  all well"


@pytest.mark.parametrize(
    ("text", "right"), [("pbx", ("pbx", 5060)), ("10.0.0.1:5160", ("10.0.0.1", 5160)), ("pbx:0", ("pbx", 0))]
)
def test_a_host_may_have_a_port(text: str, right: tuple[str, int]) -> None:
    assert wish.endpoint(text, 5060) == right


@pytest.mark.parametrize("text", ["", ":5060", "pbx:x", "pbx:70000"])
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        wish.endpoint(text, 5060)


def test_a_hash_in_a_number_is_written_so_that_it_arrives() -> None:
    assert wish.user_part("*12#") == "*12%23"


@pytest.mark.parametrize("text", ["", "1@evil", "1>\r\nX: y", "1 2", "ä", "1" * 81])
def test_what_can_be_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        wish.user_part(text)
