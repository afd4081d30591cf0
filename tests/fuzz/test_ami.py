"""Ten thousand AMI streams and the inputs that failed earlier; see `tests.fuzz.ami`."""

import pytest

from tests.fuzz.ami import ATTACKERS, Ami
from tests.fuzz.driver import assert_nothing_breaks, assert_survives
from tests.unit.adapters.ami.messages import status, waiting

UNIQUEID, CHANNEL = ATTACKERS["a"]
NUMBER, DIALLED = "\x01a.num\x02", "\x01a.exten\x02"


def test_ten_thousand_ami_streams_break_nothing() -> None:
    assert_nothing_breaks(Ami())


@pytest.mark.parametrize(
    "number", ["1\r\nCause: 16", "\r\nCause: ", "1\r\nchannel: x", "1\r\n\r\nEvent: Hangup", "\r\n\r\n"]
)
def test_hangup_counts_whatever_the_callers_number_repeats(number: str) -> None:
    comes = waiting(Uniqueid=UNIQUEID, Channel=CHANNEL, CallerIDNum=NUMBER)
    assert_survives(Ami(), {"pieces": [("a", comes)], "texts": {"a.num": number}, "cut": 0})


@pytest.mark.parametrize(
    "text",
    [
        *("\r\n\r\nResponse: ", "1\r\n\r\nResponse: x", "\r\nEventList: Complete", "1\r\nEventList: cancelled"),
        *("\r\nResponse: Success", "1\r\n\r\nEvent: StatusComplete\r\nEventList: Complete\r\n"),
    ],
)
@pytest.mark.parametrize("where", ["a.num", "a.exten"])
def test_callers_text_does_not_end_the_answer_to_status(text: str, where: str) -> None:
    item = status("huntgroup-inbound", DIALLED, Uniqueid=UNIQUEID, Channel=CHANNEL, CallerIDNum=NUMBER)
    assert_survives(Ami(), {"pieces": [], "status": [("a", item)], "texts": {where: text}, "cut": 0})
