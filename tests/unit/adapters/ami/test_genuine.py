"""What a caller writes into Asterisk's messages is told from what Asterisk writes."""

import pytest
from tests.unit.adapters.ami.listening import believed
from tests.unit.adapters.ami.messages import device_state, dial, dialed, enters, hangup, read, status, waiting

from huntgroup.adapters.ami.genuine import is_genuine, reported
from huntgroup.adapters.ami.translate import Translator
from huntgroup.engine.ids import PbxId, PhoneId

MOST = 79
"""Bytes that chan_pjsip takes over from a From header's user part, and as many from the dialled number."""


@pytest.mark.parametrize(
    "text",
    [
        waiting(),
        waiting(attempts="3"),
        dialed("1"),
        dial("DialBegin", "1"),
        dial("DialState", "1", "RINGING"),
        dial("DialEnd", "1", "ANSWER"),
        hangup(),
        enters("b1"),
        enters("b1", swaps="1795282404.80"),
        device_state("PJSIP/ben", "BUSY"),
        status("huntgroup-hold"),
    ],
)
@pytest.mark.parametrize("more", ["", "Timestamp: 1795282404.75", "SystemName: pbx\r\nTimestamp: 1", "Func: x"])
def test_what_asterisk_writes_is_genuine_whatever_an_administrator_has_it_add(text: str, more: str) -> None:
    first, second, rest = text.split("\r\n", 2)

    assert is_genuine(read("\r\n".join(line for line in (first, second, more, rest) if line)))


def test_a_later_asterisk_may_add_headers() -> None:
    assert is_genuine(read(hangup() + "\r\nTechCause: 487\r\nTenantID: x"))
    assert is_genuine(read(hangup(Linkedid="1\r\nTenantID: x")))


def lines_of_a_callers(text: str) -> list[str]:
    """The messages that the daemon's AMI user receives, when a caller's number is this."""
    assert len(text.encode()) <= MOST
    return [block for each in (waiting, hangup) for block in each(CallerIDNum=text).split("\r\n\r\n")]


@pytest.mark.parametrize(
    "number",
    [
        "1\r\n\r\nEvent: Hangup\r\nUniqueid: 1795282404.75\r\nChannel: x\r\nCause: 16\r\n\r\n",
        "1\r\n\r\nEvent: UserEvent\r\nChannel: PJSIP/trunk-00000002",
        "1\r\n\r\nEvent: UserEvent\r\nPrivilege: user,all\r\nChannel: PJSIP/trunk-00000002",
        "1\r\n\r\nEvent: Hangup\r\nChannel: PJSIP/anna-desk-00000002",
        "1\r\n\r\nEvent: DeviceStateChange\r\nDevice: PJSIP/ben\r\nState: UNAVAILABLE\r\n\r\n",
        "1\r\n\r\nEvent: DeviceStateChange\r\nDevice: PJSIP/ben\r\nState: UNAVAILABLE",
        "1\r\n\r\nEvent: DeviceStateChange\r\nPrivilege: \r\nDevice: PJSIP/a\r\nState: BUSY\r\n\r\n",
        "1\r\n\r\nEvent: BridgeEnter\r\nPrivilege: call,all\r\nBridgeUniqueid: b\r\nUniqueid: 1",
        "1\r\nEvent: Hangup",
        "1\r\nevent: Hangup",
        "1\r\nevent: DeviceStateChange\r\nDevice: PJSIP/ben\r\nState: UNAVAILABLE",
        "1\r\nchannel: PJSIP/trunk-00000002",
        "1\r\nUNIQUEID: 1795282404.99",
    ],
)
def test_whatever_lines_a_caller_writes_the_translator_acts_on_none(translator: Translator, number: str) -> None:
    events = [event for message in believed(*lines_of_a_callers(number)) for event in translator.translate(message)]

    assert events == []
    assert translator.size() == 0


def test_a_device_state_that_just_fits_is_refused_for_want_of_its_privilege() -> None:
    translator = Translator(PbxId("main"), [PhoneId("PJSIP/a")])
    text = "1\r\n\r\nEvent: DeviceStateChange\r\nPrivilege: \r\nDevice: PJSIP/a\r\nState: BUSY\r\n\r\n"

    blocks = lines_of_a_callers(text)

    assert [event for message in believed(*blocks) for event in translator.translate(message)] == []


def test_an_event_put_together_from_two_numbers_is_refused_for_its_order() -> None:
    """Short of the order, a caller's and a dialled number together have room for all headers of a Hangup."""
    number = "1\r\n\r\nEvent: Hangup\r\nPrivilege: call,all\r\nChannel: x\r\nCallerIDNum: 1"
    dialled = "1\r\nChannelState: \r\nUniqueid: 1795282404.75\r\nLinkedid: \r\nCause: \r\nPriority: \r\n\r\n"
    assert max(len(number), len(dialled)) <= MOST

    _, forged, _ = waiting(CallerIDNum=number, Exten=dialled).split("\r\n\r\n")

    assert not is_genuine(read(forged + "\r\nChannelStateDesc: "))


def test_a_field_that_is_optional_is_read_only_where_the_dialplan_says_it() -> None:
    said = read(waiting(attempts="3"))
    smuggled = read(waiting(CallerIDNum="1\r\nAttempts: 99"))

    assert reported(said, "attempts") == "3"
    assert reported(smuggled, "attempts") == ""
