"""A phone that ends its ringing itself has not missed the call, whatever status it answers with."""

import pytest
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon

REFUSALS = (404, 408, 410, 480, 484, 488, 500, 503, 600, 603, 604, 606)
"""SIP statuses with which phones refuse a call that they were ringing for (RFC 3261, 21.4 to 21.6)."""


@pytest.mark.parametrize("status", REFUSALS)
async def test_phone_that_stops_ringing_by_itself_has_not_missed_the_call(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon, status: int
) -> None:
    (await phone("anna-desk")).declines(status, after=0.2)
    ben = (await phone("ben")).answers()
    running = await daemon(configuration(group("sales", "anna", "ben", miss_limit="1")))

    call = await caller.dials(NUMBER)
    await ben.talking()
    await call.answered()

    await running.logs("inquiry.offer_failed" if status == 600 else "inquiry.declined", operator="anna")
    told = {line["event"] for line in running.log() if line.get("operator") == "anna"}
    assert not told & {"inquiry.missed", "operator.presence_changed", "operator.pause_withheld"}
