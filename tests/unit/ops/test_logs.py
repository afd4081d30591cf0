"""Log lines: one an event, and what came from outside stays a value."""

import json
import subprocess
import sys

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
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
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
