"""An Asterisk that loads all that its distribution installs, as an administrator's does."""

import pytest
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live

CLOSED = '{ timezone = "UTC" }'
TO_SALES = '{ action = "voicemail", mailbox = "sales" }'

pbx = on_both_versions(stock_modules=True)


async def test_caller_for_voicemail_that_another_module_took_away_is_served(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).declines()
    running = await daemon(configuration(group("sales", "anna", on_unanswered=TO_SALES)))

    call = await caller.dials(NUMBER)
    failed = await running.logs("inquiry.action_failed")
    anna.answers()
    await call.answered()
    await anna.talking()

    assert failed["detail"] == "the PBX has no such mailbox"


async def test_call_goes_from_phone_to_phone_under_the_stock_module_list(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    (await phone("anna-desk")).declines()
    ben = (await phone("ben")).answers()
    running = await daemon(configuration(group("sales", "anna", "ben")))

    call = await caller.dials(NUMBER)
    await call.answered()
    await ben.talking()
    await call.hangs_up()

    assert (await running.logs("inquiry.closed"))["detail"] == "answered"
