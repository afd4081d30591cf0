"""Log lines: one an event, and what came from outside stays a value."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HOSTILE = '"${SHELL(id)}\r\nAction: Originate\r\n{"event": "forged"}'
PROGRAM = """
import logging
from huntgroup.engine.effects import Decision, Fact, FactType, Reason
from huntgroup.engine.events import Customer
from huntgroup.ops import logs
logs.configure(is_terminal={for_people})
customer = Customer(name={name!r}, phone="+48")
logs.tell(Fact(type=FactType.RECEIVED, at=1.0, inquiry="c1", group="sales", customer=customer))
logs.tell(Decision(at=1.0, inquiry="c1", group="sales", attempt=1, verdicts=(("anna", Reason.BUSY),)))
logging.getLogger("library").warning("a library's word: %s", {name!r})
"""


def lines(*, for_people: bool) -> list[str]:
    program = PROGRAM.format(for_people=for_people, name=HOSTILE)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True, env=BARE)
    return ran.stderr.splitlines()


def test_a_hostile_name_can_neither_end_the_line_nor_forge_one() -> None:
    told = [json.loads(line) for line in lines(for_people=False)]

    assert [each["event"] for each in told][:2] == ["inquiry.received", "inquiry.decided"]
    assert told[0]["customer_name"] == HOSTILE
    assert len(told) == 3


def test_a_decision_is_told_with_its_reasons() -> None:
    decided = json.loads(lines(for_people=False)[1])

    assert decided["verdicts"] == {"anna": "busy"}


def test_a_librarys_words_have_the_same_form() -> None:
    assert json.loads(lines(for_people=False)[2])["level"] == "warning"


def test_on_a_terminal_it_is_written_for_a_person() -> None:
    told = lines(for_people=True)

    assert "inquiry.received" in told[0]
    assert not told[0].startswith("{")
    assert "\\r\\n" in told[0]


BARE = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
"""The environment of a service: PYTHONUNBUFFERED, for one, hides what a buffer does."""
FULL = """
import os, resource, sys
from huntgroup.engine.effects import Fact, FactType
from huntgroup.ops import logs
logs.configure(is_terminal=False)
room = resource.getrlimit(resource.RLIMIT_FSIZE)
for number in range(9):
    if number in (2, 5):
        size = os.fstat(2).st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10 if number == 2 else room[1], room[1]))
    logs.tell(Fact(type=FactType.RECEIVED, at=1.0, inquiry=f"c{number}", group="sales"))
"""


def test_a_log_that_finds_no_room_ends_nothing_and_says_later_what_is_missing(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as file:
        ran = subprocess.run([sys.executable, "-c", FULL], stderr=file, check=False, env=BARE)
    lines = (tmp_path / "log").read_text().splitlines()
    told = [json.loads(line) for line in lines if line.endswith("}") and line.startswith("{")]

    assert ran.returncode == 0
    assert [each["inquiry"] for each in told if "inquiry" in each][-3:] == ["c6", "c7", "c8"]
    assert sum(each.get("lines", 0) for each in told) >= 2


def test_a_log_that_nobody_reads_ends_nothing() -> None:
    program = FULL.replace("resource.setrlimit", "(lambda *_: None)")
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, env=BARE) as ran:
        assert ran.stderr is not None
        ran.stderr.close()

    assert ran.returncode == 0


def test_a_name_that_is_no_unicode_and_a_c_locale_end_no_log() -> None:
    program = PROGRAM.format(for_people=False, name="J\udc81n Łukasz").encode("ascii", "backslashreplace")
    environment = {**BARE, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=environment)
    told = [json.loads(line) for line in ran.stderr.decode().splitlines()]

    assert told[0]["customer_name"] == "J\udc81n Łukasz"


WITHOUT_STREAMS = """
import os, sys
for descriptor in (0, 1, 2):
    os.close(descriptor)
sys.stdin = sys.stdout = sys.stderr = None  # as Python itself has it then
from huntgroup.ops import logs, standard_streams
standard_streams.open_missing()
store = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
logs.configure(is_terminal=False)
logs.log.error("the line")
print("the words")
sys.exit(os.fstat(store).st_size)
"""


def test_a_daemon_started_without_standard_error_writes_no_log_into_its_store(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", WITHOUT_STREAMS, str(tmp_path / "store")], check=False, env=BARE)

    assert ran.returncode == 0


CONTROLS = "\x1b]0;x\x07\x9b2J\u202e\u2066\u2028\x7f"
OUTSIDE = """
import logging, structlog
from huntgroup.engine.effects import Fact, FactType
from huntgroup.engine.events import Customer
from huntgroup.ops import logs
logs.configure(is_terminal={for_people})
name = {name!r}
logs.tell(Fact(type=FactType.RECEIVED, at=1.0, inquiry="c1", detail=name, customer=Customer(name=name, phone=name)))
structlog.get_logger().warning("x.happened", hint=name, more=[name], what={{"a": name}})
logging.getLogger("library").warning("it says %s", name)
try:
    raise ValueError(name)
except ValueError:
    structlog.get_logger().exception("x.broke")
"""


@pytest.mark.parametrize("for_people", [True, False])
def test_no_line_of_the_log_has_anything_that_a_terminal_obeys(for_people: bool) -> None:
    program = OUTSIDE.format(for_people=for_people, name=f"Jan{CONTROLS}")
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    colours = re.sub("\x1b\\[[0-9;]*m", "", ran.stderr.decode())
    assert "Jan" in colours
    assert [each for line in colours.split("\n") for each in line if not each.isprintable()] == []


def test_and_as_json_it_says_what_it_said() -> None:
    program = OUTSIDE.format(for_people=False, name=f"Jan{CONTROLS}")
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    told = [json.loads(line) for line in ran.stderr.splitlines()]
    assert (told[0]["customer_name"], told[1]["hint"]) == (f"Jan{CONTROLS}",) * 2
