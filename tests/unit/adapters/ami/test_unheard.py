"""Whatever a caller gets into a message: nothing is believed that Asterisk did not say, and nothing is hidden by it."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.adapters.ami.listening import Listening
from tests.unit.adapters.ami.messages import (
    CHANNEL,
    INQUIRY,
    UNIQUEID,
    dial,
    dialed,
    enters,
    hangup,
    joinable,
    read,
    said,
    served,
    status,
    waiting,
)

from huntgroup.adapters.ami import resync
from huntgroup.adapters.ami.translate import Translator
from huntgroup.adapters.ami.unheard import (
    APART,
    APART_MOST,
    LOGGED_APART,
    SETTLE,
    TRIES,
    WITH_FILTERS_APART,
    Unheard,
    Wanted,
)
from huntgroup.adapters.ami.wire import Refused
from huntgroup.engine.events import AttemptFailed, ConversationFound, CustomerLeft, Event, InquiryReceived, PhoneRefused
from huntgroup.engine.ids import AttemptNo, InquiryId, PbxId, PhoneId

VICTIM, VICTIMS_CHANNEL = "1795282404.10", "PJSIP/trunk-00000000"
ANNA, BEN = PhoneId("PJSIP/anna-desk"), PhoneId("PJSIP/ben")
EVENTS = {
    "waiting": waiting(attempts="1", number="+48221234567"),
    "dialed": dialed("1", "NOANSWER", "21"),
    "dial begins": dial("DialBegin", "1"),
    "dial state": dial("DialState", "1", "RINGING"),
    "dial ends": dial("DialEnd", "1", "ANSWER"),
    "hangup": hangup(),
    "bridge": enters("b1", swaps="1795282404.80"),
    "served": served("a1|x|+48|1|2|3 bx cx dx"),
    "joinable": joinable("1", "Local/1@huntgroup-join-00000001;2", "1795282404.90"),
    "code": said("HuntgroupCode", "Dialled: *11"),
}
HOSTILE: dict[str, Callable[[str], str]] = {
    "a header twice": lambda own: f"1\r\n{own}: 99",
    "a header twice, in other letters": lambda own: f"1\r\n{own.upper()}: 99",
    "the victim's channel": lambda _: f"1\r\nUniqueid: {VICTIM}",
    "a new header": lambda _: f"1\r\nSwapUniqueid: {VICTIM}",
    "an end": lambda _: "1\r\n\r\n",
    "two ends": lambda _: "1\r\n\r\nx\r\n\r\ny",
    "a hangup": lambda _: f"1\r\n\r\nEvent: Hangup\r\nUniqueid: {VICTIM}\r\nChannel: x\r\nCause: 16\r\n\r\n",
    "a hangup in full": lambda _: "1\r\n\r\n" + hangup(VICTIMS_CHANNEL, VICTIM) + "\r\n\r\n",
    "a device state": lambda _: (
        "1\r\n\r\nEvent: DeviceStateChange\r\nPrivilege: call,all\r\nDevice: PJSIP/ben\r\nState: BUSY\r\n\r\n"
    ),
    "an answer": lambda _: "1\r\n\r\nResponse: Success\r\nEventList: Complete",
}
"""What a caller writes in the place of a value; two are longer than chan_pjsip lets them be."""


MOST = 79
"""Bytes that chan_pjsip takes over."""
WRITTEN = ("CallerIDNum", "CallerIDName", "ConnectedLineNum", "ConnectedLineName", "Language", "AccountCode", "Exten")
"""Headers with what callers, phones and other PBXs write, or an administrator's dialplan for them."""
LAST = frozenset({"DialString", "Number", "Attempts", "Dialled", "Caller"})
"""The same, behind all that Asterisk says of a channel: with these an event is whole, whatever follows."""


def headers(text: str) -> list[str]:
    """The headers of a message into which somebody may write."""
    names = [line.partition(": ")[0] for line in text.split("\r\n")]
    return [name for name in names if name.removeprefix("Dest") in WRITTEN or name in LAST]


CASES = [
    pytest.param(kind, header, words, id=f"{kind}: {header}: {words}")
    for kind, text in EVENTS.items()
    for header in headers(text)
    for words in HOSTILE
    if header not in LAST or len(HOSTILE[words](header)) <= MOST
]


@pytest.fixture
def victim() -> Translator:
    """It knows of a victim who waits, and of the attacker's call."""
    translator = Translator(PbxId("main"), [ANNA, BEN])
    translator.translate(read(waiting(Uniqueid=VICTIM, Channel=VICTIMS_CHANNEL, Linkedid=VICTIM)))
    translator.translate(read(waiting()))
    return translator


@pytest.mark.parametrize(("kind", "header", "words"), CASES)
def test_no_header_that_a_caller_writes_into_forges_or_hides(
    victim: Translator, kind: str, header: str, words: str
) -> None:
    text = EVENTS[kind]
    whole = [
        f"{header}: " + HOSTILE[words](header) if line.startswith(f"{header}: ") else line
        for line in text.split("\r\n")
    ]
    listening = Listening()

    listening.hears("\r\n".join(whole))
    listening.hears(hangup("PJSIP/other-00000001", "1.1"))  # Asterisk's own again

    events = [event for message in listening.messages for event in victim.translate(message)]
    assert not [event for event in events if getattr(event, "inquiry", None) == f"call-main-{VICTIM}"]
    assert not [event for event in events if getattr(event, "phone", None) == BEN]
    assert victim.known_call(VICTIM) is not None
    believed = [message for message in listening.messages if message.uniqueid != "1.1"]
    is_heard = any(message.event == text.split("\r\n")[0].partition(": ")[2] for message in believed)
    assert is_heard or listening.refused
    mentioned = Unheard("main", lambda: 0.0, dict)
    for each in listening.refused:
        mentioned.note(each)
    if not is_heard:
        assert Wanted(frozenset(mentioned._mentioned or ()), {}).mentions(CHANNEL, "Local/1@huntgroup-join-00000001;2")
    assert listening.messages[-1].uniqueid == "1.1"  # nothing of anybody else's is lost


# -- when to look -----------------------------------------------------------------------------------------------------


class Clock:
    """Tells the time that it is given."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


REFUSED = Refused("doubled Cause", hangup() + "\r\nCause: 16")


def test_a_flood_of_refused_messages_leads_to_few_looks_and_one_line(logged: list[Any]) -> None:
    clock = Clock()
    unheard = Unheard("main", clock, dict)
    looks = 0
    for _ in range(60 * 100):
        clock.now += 0.01
        unheard.note(REFUSED)
        if unheard.due() is not None:
            looks += 1
            unheard.looked(found=False)

    assert 3 <= looks <= 60 / APART_MOST + 5
    assert next(line["refused"] for line in logged if line["event"] == "ami.message_refused") == 1
    assert len(logged) <= 1 + 60 / LOGGED_APART


def test_a_look_that_found_something_is_followed_by_one_soon() -> None:
    clock = Clock()
    unheard = Unheard("main", clock, dict)
    unheard.looked(found=False)
    unheard.looked(found=True)
    unheard.note(REFUSED)
    clock.now += max(SETTLE, APART)

    wanted = unheard.due()

    assert wanted is not None
    assert wanted.mentions(UNIQUEID)
    assert not wanted.mentions(VICTIM)
    assert unheard.due() is None


def test_what_is_not_settled_is_looked_at_again_and_not_for_ever() -> None:
    clock = Clock()
    unheard = Unheard("main", clock, dict)
    unheard.note(REFUSED)
    looks = 0
    for _ in range(100):
        clock.now += APART_MOST
        wanted = unheard.due()
        if wanted is not None:
            looks += 1
            unheard.again(wanted)

    assert looks == TRIES


def test_where_events_are_kept_back_everything_is_looked_at_from_time_to_time() -> None:
    clock = Clock()
    unheard = Unheard("main", clock, dict)
    assert unheard.due() is None
    unheard.has_filters = True

    wanted = unheard.due()

    assert wanted is not None
    assert wanted.is_meant("anything")
    clock.now += WITH_FILTERS_APART - 1
    assert unheard.due() is None
    clock.now += 1
    assert unheard.due() is not None


# -- what a look finds ------------------------------------------------------------------------------------------------

CALL = InquiryId(INQUIRY)
NOW = 1795282504.0


def looked(
    translator: Translator, *channels: str, mentions: frozenset[str] | None = frozenset({UNIQUEID}), sent: int = 0
) -> resync.Looked:
    """What a look tells when Status lists these."""
    wanted = Wanted(mentions, {UNIQUEID: sent, VICTIM: 0})
    return resync.look([read(each) for each in channels], translator, wanted, NOW)


def others() -> str:
    """The victim's channel."""
    return status("huntgroup-hold", number="+48221234567", Uniqueid=VICTIM, Channel=VICTIMS_CHANNEL, Linkedid=VICTIM)


def test_a_call_that_ended_unheard_is_over_after_the_look(victim: Translator) -> None:
    found = looked(victim, others())

    assert [type(each) for each in found.events] == [CustomerLeft]
    assert victim.known_call(UNIQUEID) is None
    assert victim.known_call(VICTIM) is not None


def test_a_call_that_is_not_mentioned_is_left_alone(victim: Translator) -> None:
    assert looked(victim, mentions=frozenset({"9.9"})).events == []
    assert victim.known_call(VICTIM) is not None


def test_a_call_that_came_in_since_is_not_taken_for_gone(victim: Translator) -> None:
    victim.translate(read(waiting(Uniqueid="1795282504.99", Channel="PJSIP/trunk-00000099")))

    found = looked(victim, others(), status("huntgroup-hold", number="+48221234567"), mentions=None)

    assert not [each for each in found.events if isinstance(each, CustomerLeft)]


def leg(bridge: str = "") -> str:
    """Anna's phone."""
    about = {"Channel": "PJSIP/anna-desk-00000002", "Uniqueid": "1795282404.76", "ChannelState": "6"}
    return status("lab-phones", "", bridge=bridge, **about)


def test_an_answer_that_went_unheard_is_found(victim: Translator) -> None:
    victim.ordered(CALL, AttemptNo(1), phones=[ANNA])

    found = looked(victim, others(), status("huntgroup-offer", "1", number="+48221234567", bridge="b"), leg("b"))

    assert [each.phone for each in found.events if isinstance(each, ConversationFound)] == [ANNA]
    assert found.is_settled


def test_what_an_order_was_sent_for_since_is_not_settled(victim: Translator) -> None:
    victim.ordered(CALL, AttemptNo(1), phones=[ANNA])
    victim.sent(CALL)
    channels = (others(), status("huntgroup-hold", number="+48221234567"))

    assert looked(victim, *channels).events == []
    assert not looked(victim, *channels).is_settled
    failed: list[Event] = [each for each in looked(victim, *channels, sent=1).events if isinstance(each, AttemptFailed)]
    assert len(failed) == 1


def test_a_leg_that_ended_unheard_rings_no_more(victim: Translator) -> None:
    victim.ordered(CALL, AttemptNo(1), phones=[ANNA])
    victim.translate(read(dial("DialState", "1", "RINGING")))

    found = looked(
        victim,
        others(),
        status("huntgroup-offer", "1", number="+48221234567"),
        mentions=frozenset({"PJSIP/anna-desk-00000002"}),
    )

    assert [each.phone for each in found.events if isinstance(each, PhoneRefused)] == [ANNA]


@pytest.mark.parametrize(("came", "is_told"), [("1795282404.000", True), (f"{NOW:.3f}", False)])
def test_a_caller_who_came_in_unheard_is_told_of_unless_it_was_just_now(
    translator: Translator, came: str, *, is_told: bool
) -> None:
    found = looked(translator, status("huntgroup-hold", number="+48221234567", came=came))

    assert [type(each) for each in found.events] == ([InquiryReceived] if is_told else [])
    assert found.is_settled is is_told
