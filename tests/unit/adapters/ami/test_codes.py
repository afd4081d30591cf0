"""What operators dial on their phones, and what they hear of it."""

from collections.abc import Sequence
from typing import Any

import pytest
from tests.unit.adapters.ami.conftest import operator, policy_of
from tests.unit.adapters.ami.messages import INQUIRY, code, read

from huntgroup.adapters.ami.codes import RINGING_MOST, Codes, publish, withdraw
from huntgroup.adapters.ami.translate import Translator
from huntgroup.adapters.ami.wire import SafeAction
from huntgroup.engine.effects import Answered, ErrorCode, PickUpCall
from huntgroup.engine.events import Event
from huntgroup.engine.ids import InquiryId, OperatorId, PbxId, PhoneId, RequestId
from huntgroup.engine.policy import Channel, Policy, Presence
from huntgroup.engine.requested import PickupRequested, PresenceToggled
from huntgroup.settings import Telephony

ANNA, BEN = OperatorId("anna"), OperatorId("ben")
BENS, CALL = "PJSIP/ben-00000003", InquiryId(INQUIRY)
REQUEST = RequestId("code-1795294133.20")
LEGS = [(PhoneId("PJSIP/cleo"), "PJSIP/cleo-00000006"), (PhoneId("PJSIP/anna-desk"), "PJSIP/anna-desk-00000005")]


def house(ben: str | None = "102") -> Policy:
    """Anna with extension 101 and Ben with 102, or with what is given."""
    return policy_of(
        operator("anna", "PJSIP/anna-desk", extension="101"),
        operator("ben", "PJSIP/ben", extension=ben),
        operator("cleo", "PJSIP/cleo"),
    )


class Desk:
    """The codes, what was sent, and which legs ring."""

    def __init__(self, telephony: Telephony | None = None) -> None:
        self.sent: list[SafeAction] = []
        self.legs: Sequence[tuple[PhoneId, str]] = LEGS
        phones = (PhoneId("PJSIP/anna-desk"), PhoneId("PJSIP/ben"), PhoneId("PJSIP/cleo"))
        translator = Translator(PbxId("main"), phones)
        self.codes = Codes(
            telephony or Telephony(), house(), self.sent.extend, translator.phone_of, lambda _: self.legs
        )

    def dials(self, dialled: str, channel: str = BENS, **fields: str) -> list[Event]:
        """Somebody dials; what is asked of the engine."""
        return self.codes.dialled(read(code(dialled, channel, **fields)))

    def said(self) -> list[tuple[str, str]]:
        """What phones were told: the channel, and the extension of huntgroup-said or the channels to pick up."""
        return [(action["channel"], action.get("exten") or action["value"]) for action in self.sent]


@pytest.fixture
async def desk() -> Desk:
    """In a loop, which actions need."""
    return Desk()


ASKED: dict[str, Event] = {
    "*11": PickupRequested(request=REQUEST, operator=BEN, channel=Channel.CALL),
    "*11101": PickupRequested(request=REQUEST, operator=BEN, channel=Channel.CALL, colleague=ANNA),
    "*11102": PickupRequested(request=REQUEST, operator=BEN, channel=Channel.CALL, colleague=BEN),
    "*45": PresenceToggled(request=REQUEST, operator=BEN, away=Presence.LOGGED_OUT),
    "*45102": PresenceToggled(request=REQUEST, operator=BEN, away=Presence.LOGGED_OUT),
    "*46": PresenceToggled(request=REQUEST, operator=BEN, away=Presence.PAUSED),
    "*46102": PresenceToggled(request=REQUEST, operator=BEN, away=Presence.PAUSED),
}


@pytest.mark.parametrize("dialled", ASKED)
async def test_a_code_is_a_request_of_whose_phone_it_is(desk: Desk, dialled: str) -> None:
    assert desk.dials(dialled) == [ASKED[dialled]]
    assert desk.sent == []


@pytest.mark.parametrize(
    ("dialled", "channel"),
    [
        ("*45101", BENS),
        ("*46101", BENS),
        ("*11", "PJSIP/reception-00000001"),
        ("*45102", "PJSIP/trunk-00000001"),
        ("*45", "Local/*45@phones-00000001;2"),
        ("*11103", BENS),
        ("*99", BENS),
        ("", BENS),
    ],
)
async def test_what_is_not_theirs_to_ask_is_refused_at_once(desk: Desk, dialled: str, channel: str) -> None:
    assert desk.dials(dialled, channel) == []
    assert desk.said() == [(channel, "refused")]


async def test_a_caller_id_makes_nobody_an_operator(desk: Desk) -> None:
    assert desk.dials("*45102", "PJSIP/reception-00000001", CallerIDNum="102", CallerIDName="Ben") == []
    assert desk.said() == [("PJSIP/reception-00000001", "refused")]


async def test_what_was_dialled_is_read_only_where_the_dialplan_says_it(desk: Desk) -> None:
    text = code("*45").replace("\r\nDialled: *45", "")

    assert desk.codes.dialled(read(text.replace("CallerIDNum: ", "CallerIDNum: 1\r\nDialled: *46\r\nX: "))) == []


@pytest.mark.parametrize(
    ("dialled", "presence", "word"),
    [
        ("*45", Presence.AVAILABLE, "loggedin"),
        ("*45", Presence.LOGGED_OUT, "loggedout"),
        ("*46", Presence.AVAILABLE, "resumed"),
        ("*46", Presence.PAUSED, "paused"),
    ],
)
async def test_who_asked_hears_what_they_are_now(desk: Desk, dialled: str, presence: Presence, word: str) -> None:
    desk.dials(dialled)

    desk.codes.answered(Answered(request=REQUEST, presence=presence))
    desk.codes.answered(Answered(request=REQUEST, presence=presence))

    assert desk.said() == [(BENS, word)]


async def test_who_is_refused_hears_that_and_the_log_says_why(desk: Desk, logged: list[Any]) -> None:
    desk.dials("*11")

    desk.codes.answered(Answered(request=REQUEST, error=ErrorCode.NOTHING_TO_PICK_UP, message="nothing rings"))

    assert desk.said() == [(BENS, "refused")]
    assert [(line["event"], line["reason"]) for line in logged] == [("code.refused", "nothing rings")]


async def test_somebody_elses_answer_is_heard_by_nobody(desk: Desk) -> None:
    desk.dials("*45")

    desk.codes.answered(Answered(request=RequestId("mqtt-1"), presence=Presence.PAUSED))

    assert desk.sent == []


@pytest.mark.parametrize(
    ("dialled", "channels"),
    [
        ("*11", "PJSIP/cleo-00000006&PJSIP/anna-desk-00000005"),
        ("*11101", "PJSIP/anna-desk-00000005&PJSIP/cleo-00000006"),
    ],
)
async def test_a_pickup_names_the_very_channels_that_ring_the_colleagues_first(
    desk: Desk, dialled: str, channels: str
) -> None:
    desk.dials(dialled)

    desk.codes.pick_up(PickUpCall(inquiry=CALL, operator=BEN, request=REQUEST))
    desk.codes.answered(Answered(request=REQUEST, presence=Presence.AVAILABLE))

    assert desk.said() == [(BENS, channels), (BENS, "pickup")]


async def test_a_pickup_of_what_rings_no_more_is_refused(desk: Desk) -> None:
    desk.legs = []
    desk.dials("*11")

    desk.codes.pick_up(PickUpCall(inquiry=CALL, operator=BEN, request=REQUEST))

    assert desk.said() == [(BENS, "refused")]


async def test_of_very_many_channels_that_ring_as_many_are_named_as_one_line_holds(desk: Desk) -> None:
    desk.legs = [(PhoneId(f"PJSIP/p{number}"), f"PJSIP/p{number}-{number:08x}") for number in range(100)]
    desk.dials("*11")

    desk.codes.pick_up(PickUpCall(inquiry=CALL, operator=BEN, request=REQUEST))

    _, channels = desk.said()[0]
    assert RINGING_MOST - 30 < len(channels) <= RINGING_MOST
    assert set(channels.split("&")) < {channel for _, channel in desk.legs}


async def test_a_pickup_that_no_phone_asked_for_is_said_in_the_log(desk: Desk, logged: list[Any]) -> None:
    desk.codes.pick_up(PickUpCall(inquiry=CALL, operator=BEN, request=RequestId("mqtt-1")))

    assert desk.sent == []
    assert [line["event"] for line in logged] == ["pbx.pickup_without_a_phone"]


async def test_a_pickup_that_could_not_be_ordered_any_more_is_refused(desk: Desk) -> None:
    """The link went down between the request and its order."""
    desk.dials("*11")

    desk.codes.answered(Answered(request=REQUEST, presence=Presence.AVAILABLE))

    assert desk.said() == [(BENS, "refused")]


async def test_after_the_link_broke_nobody_is_answered(desk: Desk) -> None:
    desk.dials("*45")
    desk.codes.forget()

    desk.codes.answered(Answered(request=REQUEST, presence=Presence.LOGGED_OUT))

    assert desk.sent == []


async def test_the_dialplan_is_told_each_thing_that_may_be_dialled() -> None:
    desk = Desk(Telephony(pickup_code="#7", login_code="*45", pause_code="*46"))

    told = {action["variable"]: action["value"] for action in publish(desk.codes.meanings)}

    wanted = [code + extension for code in ("#7", "*45", "*46") for extension in ("", "101", "102")]
    assert told == {f"GLOBAL(HUNTGROUP_CODE_{each})": "code" for each in wanted}


async def test_other_codes_and_extensions_count_at_once(desk: Desk) -> None:
    desk.codes.reconfigure(Telephony(pickup_code="#7"), house(ben="202"))

    assert desk.dials("*11") == []
    assert desk.dials("#7") == [PickupRequested(request=REQUEST, operator=BEN, channel=Channel.CALL)]
    assert desk.dials("*45102") == []
    assert len(desk.dials("*45202")) == 1
    assert [action["value"] for action in withdraw(["*11"])] == [""]
