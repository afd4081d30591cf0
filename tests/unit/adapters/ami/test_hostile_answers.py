"""A caller's text in an answer to Status does not hide the callers who are listed after it."""

import pytest
from tests.unit.adapters.ami.conftest import Daemon
from tests.unit.adapters.ami.fake_asterisk import FakeAsterisk
from tests.unit.adapters.ami.messages import status

from huntgroup.engine.events import CustomerLeft, InquiryReceived, PbxFound

ATTACKER = {"Uniqueid": "1795282404.70", "Channel": "PJSIP/trunk-0000000a"}
VICTIM = "huntgroup-hold"


@pytest.mark.parametrize(
    "number",
    ["1\r\nEventList: Complete", "1\r\nEventList: cancelled", "1\r\nResponse: Success", "1\r\n\r\nResponse: x"],
)
async def test_callers_number_does_not_hide_the_callers_listed_after_it(
    asterisk: FakeAsterisk, daemon: Daemon, number: str
) -> None:
    asterisk.channels = [status(VICTIM, number="+48221234567")]
    daemon.runs()
    await daemon.is_told(InquiryReceived)
    await daemon.is_told(PbxFound)

    asterisk.channels = [status("from-trunk", "s", CallerIDNum=number, **ATTACKER), *asterisk.channels]
    asterisk.cuts()

    await daemon.is_told(PbxFound, times=2)
    assert daemon.count(CustomerLeft) == 0
