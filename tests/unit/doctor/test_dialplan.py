"""The doctor's tables against the dialplan and the AMI user as the repository has them."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from huntgroup.doctor import dialplan

FILES = sorted((Path(__file__).parents[3] / "dialplan").glob("*.conf"))
MARKER = "huntgroup-version.conf"
BUILT_IN = {
    *("Answer", "Background", "Goto", "GotoIf", "Hangup", "MSet", "NoOp", "Progress", "Ringing", "SayNumber", "Set"),
    *("Wait", "WaitExten"),
}
"""Applications that every Asterisk has."""
WITHOUT_EXTENSIONS = ("huntgroup-features.conf", "huntgroup-features")
"""It switches to huntgroup-code, for the codes alone that the daemon has told of."""
STEP = re.compile(r"(?:exten\s*=>\s*[^,]+,[^,]+,|same\s*=>\s*n(?:\([^)]*\))?,)\s*(\w+)\(")
EXECUTED = re.compile(r"[?:]([A-Z][A-Za-z]+)\(")
FUNCTION = re.compile(r"(?:\$\{|Set\(|,)([A-Z_]+)\(")


def code(path: Path) -> list[str]:
    """The lines that do something."""
    lines = (line.strip() for line in path.read_text().splitlines())
    return [line for line in lines if line and not line.startswith(";")]


def test_the_marker_is_the_fingerprint_of_the_files() -> None:
    """After a change of the dialplan the right one goes to two places: it stands in the failure of this test."""
    text = "\n".join(line for path in FILES if path.name != MARKER for line in (path.name, *code(path)))
    right = hashlib.sha256(text.encode()).hexdigest()[:8]
    at_the_pbx = next(line for path in FILES if path.name == MARKER for line in code(path) if ",NoOp()" in line)

    assert right == dialplan.VERSION, f'put VERSION = "{right}" into daemon/huntgroup/doctor/dialplan.py'
    assert at_the_pbx == f"exten => {right},1,NoOp()", f"put {right} into dialplan/{MARKER}"


def test_every_context_is_looked_for() -> None:
    there = {
        (path.name, line.strip("[]")) for path in FILES if path.name != MARKER for line in code(path) if line[0] == "["
    }

    assert {(each.file, each.context) for each in dialplan.PLACES} == there - {WITHOUT_EXTENSIONS}


def called() -> Iterator[str]:
    """Every application and function that the dialplan calls."""
    for path in FILES:
        for line in code(path):
            for pattern in (STEP, EXECUTED, FUNCTION):
                yield from pattern.findall(line)


def test_the_module_of_all_that_is_called_is_looked_for() -> None:
    modules = dialplan.MODULES | dialplan.ONLY_FOR_MAILBOXES | dialplan.ONLY_FOR_SEVERAL
    known = {name for names in modules.values() for name in names}

    assert {"Dial", "StartMusicOnHold", "CUT", "SHARED", "DB_DELETE"} < set(called())
    assert set(called()) - BUILT_IN - known == set()


def test_no_code_that_is_tried_begins_as_a_number_does() -> None:
    """What begins so is ours in the context of the callers, and would be found there."""
    assert not [each for each in dialplan.CODES_TRIED if each[0].isdigit() or each[0] == "+"]
