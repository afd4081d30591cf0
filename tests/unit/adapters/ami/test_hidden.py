"""What callers write into an answer to Status ends no list, hides no channel and keeps the daemon from nothing."""

import pytest
from tests.unit.adapters.ami.conftest import Daemon
from tests.unit.adapters.ami.fake_asterisk import Action, FakeAsterisk, error, success
from tests.unit.adapters.ami.messages import INQUIRY, UNIQUEID, hangup, status, waiting

from huntgroup.engine.events import ConversationFound, CustomerLeft, InquiryReceived, PbxFound

NUMBERS = (
    "1\r\n\r\nResponse: x",
    "1\r\n\r\nResponse: Success\r\nEventList: start",
    "1\r\n\r\nEvent: StatusComplete\r\nEventList: Complete\r\nListItems: 0\r\n\r\n",
    "1\r\n\r\nEvent: Status\r\nChannel: PJSIP/victim-00000001",
    "1\r\n\r\nEvent: Status\r\nPrivilege: Call\r\nChannel: PJSIP/victim-00000001\r\n\r\n",
    "1\r\nUniqueid: 1.1",
    "1\r\n\r\n\r\n\r\n",
    "1\r\n\r\nActionID: 1\r\n\r\n",
)
HOSTILE, HOSTILE_UNIQUEID = "PJSIP/trunk-00000666", "1795282400.666"
ANNAS, ANNAS_UNIQUEID = "PJSIP/anna-desk-00000777", "1795282400.777"


def says(asterisk: FakeAsterisk, channels: dict[str, dict[str, str]]) -> None:
    """Asked for a variable of one of these channels it says this; of any other, that there is none."""
    otherwise = asterisk.answers["Getvar"]

    def answer(action: Action) -> str | None:
        if "Channel" not in action:
            return otherwise(action)
        values = channels.get(action["Channel"])
        if values is None:
            return error("No such channel")
        return success(f"Variable: {action['Variable']}", f"Value: {values.get(action['Variable'], '')}")

    asterisk.answers["Getvar"] = answer


WAITS = {
    "UNIQUEID": HOSTILE_UNIQUEID,
    "CHANNEL(linkedid)": HOSTILE_UNIQUEID,
    "CONTEXT": "huntgroup-hold",
    "CHANNEL(state)": "Ring",
    r"CUT(EXTEN,\\r,1)": "wait",
    r"CUT(CALLERID(num),\\r,1)": "1",
    "HUNTGROUP_NUMBER": "+48221234567",
    "HUNTGROUP_CAME": "1795282404.000",
}


@pytest.mark.parametrize("number", NUMBERS)
async def test_a_hostile_caller_who_waits_is_found_and_so_is_everybody_else(
    asterisk: FakeAsterisk, daemon: Daemon, number: str
) -> None:
    hostile = status("huntgroup-hold", CallerIDNum=number, Channel=HOSTILE, Uniqueid=HOSTILE_UNIQUEID)
    asterisk.channels = [hostile, status("huntgroup-hold", number="+48221234567"), hostile.replace("666", "667")]
    says(asterisk, {HOSTILE: WAITS})
    daemon.runs()

    await daemon.is_told(PbxFound)
    await daemon.is_told(InquiryReceived, times=2)

    received = [event.inquiry for event in daemon.told if isinstance(event, InquiryReceived)]
    assert received == [f"call-main-{HOSTILE_UNIQUEID}", INQUIRY]
    assert asterisk.count("Getvar", Channel=HOSTILE) > 0
    cleaned = await asterisk.receives("Setvar", Channel=HOSTILE, Variable="CALLERID(num)")
    assert cleaned["Value"] == "1"


@pytest.mark.parametrize("is_phone_hidden", [False, True])
async def test_a_hostile_caller_in_conversation_is_found_with_their_operator(
    asterisk: FakeAsterisk, daemon: Daemon, *, is_phone_hidden: bool
) -> None:
    number = "1\r\nBridgeID: 666"
    about = {"Linkedid": HOSTILE_UNIQUEID, "ChannelState": "6"}
    hostile = status(
        "huntgroup-offer", "1", bridge="b-1", CallerIDNum=number, Channel=HOSTILE, Uniqueid=UNIQUEID, **about
    )
    phone = status(
        "lab-phones",
        "",
        bridge="b-1",
        Channel=ANNAS,
        Uniqueid=ANNAS_UNIQUEID,
        ConnectedLineNum=number if is_phone_hidden else "1",
        peer=HOSTILE,
        **about,
    )
    asterisk.channels = [hostile, phone]
    talks = {
        **WAITS,
        "UNIQUEID": UNIQUEID,
        "CONTEXT": "huntgroup-offer",
        r"CUT(EXTEN,\\r,1)": "1",
        "CHANNEL(state)": "Up",
    }
    hers = {"UNIQUEID": ANNAS_UNIQUEID, "CHANNEL(linkedid)": HOSTILE_UNIQUEID, "CONTEXT": "x", "CHANNEL(state)": "Up"}
    says(asterisk, {HOSTILE: {**talks, "BRIDGEPEER": ANNAS}, ANNAS: {**hers, "BRIDGEPEER": HOSTILE}})
    daemon.runs()

    found = await daemon.is_told(ConversationFound)

    assert isinstance(found, ConversationFound)
    assert (found.inquiry, found.phone) == (INQUIRY, "PJSIP/anna-desk")


async def test_a_value_with_line_breaks_is_one_value_and_keeps_the_daemon_from_nothing(
    asterisk: FakeAsterisk, daemon: Daemon
) -> None:
    asterisk.globals["HUNTGROUP_MESSAGES"] = "1.1|\r\nValue: 2.2|\r\nResponse: x\r\nActionID: y"
    asterisk.keys["huntgroup/served/count"] = "1\r\nValue: 7"
    daemon.runs()

    await daemon.is_told(PbxFound)

    assert asterisk.count("Getvar", Variable="GLOBAL(HUNTGROUP_MESSAGE_1.1)") == 1


async def test_a_list_with_fewer_items_than_it_says_is_not_believed(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    asterisk.answers["Status"] = lambda asked: (
        f"Response: Success\r\nActionID: {asked['ActionID']}\r\nEventList: start\r\n\r\n"
        "Event: StatusComplete\r\nEventList: Complete\r\nListItems: 1"
    )
    daemon.runs()

    await asterisk.receives("Status", times=2)

    assert not [event for event in daemon.told if isinstance(event, PbxFound)]


async def test_a_refused_message_leads_to_a_look_and_a_call_that_ended_is_over(
    asterisk: FakeAsterisk, daemon: Daemon
) -> None:
    daemon.runs()
    await daemon.is_told(PbxFound)
    asterisk.says(waiting())
    await daemon.is_told(InquiryReceived)

    asterisk.says(hangup(CallerIDNum="1\r\nCause: 16"))

    await daemon.is_told(CustomerLeft)
    assert asterisk.count("Status") == 2
