"""A mailbox that the PBX does not have, or no voicemail at all: the lab's Asterisk 16 is without that package."""

import pytest
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live

CLOSED = '{ timezone = "UTC" }'

pbx = on_both_versions()


async def test_a_mailbox_that_is_not_there_leaves_nobody_in_silence(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).declines()
    nowhere = '{ action = "voicemail", mailbox = "nowhere" }'
    running = await daemon(configuration(group("sales", "anna", on_unanswered=nowhere)))

    call = await caller.dials(NUMBER)
    failed = await running.logs("inquiry.action_failed")
    anna.answers()
    await call.answered()

    assert failed["detail"] == "the PBX has no such mailbox"
    assert (await running.logs("pbx.mailbox_missing"))["level"] == "error"


async def test_at_the_door_of_a_closed_group_it_is_an_error_that_the_trunk_hears_of(
    caller: Caller, daemon: StartDaemon
) -> None:
    nowhere = '{ action = "voicemail", mailbox = "nowhere" }'
    await daemon(configuration(group("sales", "anna", hours=CLOSED, on_closed=nowhere)))

    call = await caller.dials(NUMBER)

    assert (await call.ended()).status == 503
