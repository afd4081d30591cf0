"""How a customer is called back: what Asterisk is told, and what its words mean then, as 22.10 and 16.28 write them."""

from dataclasses import replace

import pytest
from tests.unit.adapters.ami.conftest import POLICY, operator, policy_of
from tests.unit.adapters.ami.messages import (
    CHANNEL,
    LEG,
    OUTSIDE_LEG,
    OUTSIDE_UNIQUEID,
    dial,
    dialed,
    hangup,
    outward,
    read,
    said,
    status,
    waiting,
)

from huntgroup.adapters.ami.callbacks import are_needed
from huntgroup.adapters.ami.calls import OpenCall
from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.handovers import NotPossibleError
from huntgroup.adapters.ami.orders import actions_for
from huntgroup.adapters.ami.resync import reconcile
from huntgroup.adapters.ami.translate import Translator
from huntgroup.engine.effects import EndInquiry, Ring, RingPhones, StopRinging
from huntgroup.engine.events import (
    AttemptFailed,
    ConversationFound,
    Customer,
    CustomerLeft,
    CustomerNotReached,
    CustomerReached,
    Event,
    InquiryReceived,
    PhoneAnswered,
    PhoneRang,
    PhoneRefused,
    Refusal,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, OperatorId, PbxId, PhoneId, SourceId
from huntgroup.engine.policy import CallBack, End, Hold, Reply

CALL = InquiryId("call-main-1795282404.75")
ANNA, SOFT = PhoneId("PJSIP/anna-desk"), PhoneId("PJSIP/anna-soft")
JAN = Customer(name="Jan", phone="+48600700800", can_be_called_back=True)
OUT = Directory(country="pl", outbound="PJSIP/{number}@trunk")
TALKS = ConversationFound(inquiry=CALL, phone=ANNA, source=SourceId(""), customer=Customer(), attempt=AttemptNo(2))
"""To a daemon that starts, which does not know for whom it rang."""
TALKS_TO_JAN = replace(TALKS, customer=JAN)


def ring(attempt: int = 2, customer: Customer = JAN) -> RingPhones:
    """Ring Anna for Jan, who had dialled the house."""
    rings = (Ring(operator=OperatorId("anna"), phones=(ANNA, PhoneId("PJSIP/anna-soft"))),)
    return RingPhones(
        inquiry=CALL,
        attempt=AttemptNo(attempt),
        rings=rings,
        hold=Hold.MUSIC,
        limit=30.0,
        is_callback=True,
        customer=customer,
        dialled=SourceId("+48221234567"),
    )


def end(which: str, attempt: int = 2) -> dict[str, str]:
    """What Asterisk says of one of the two ends."""
    number = {"operator": 2, "customer": 1}[which]
    return {
        "Channel": f"Local/{attempt}@huntgroup-callback-00000001;{number}",
        "Uniqueid": f"{CALL}-{attempt}-{which}",
    }


OPERATORS_END, CUSTOMERS_END = end("operator"), end("customer")


@pytest.fixture
async def calling(translator: Translator) -> Translator:
    """Jan called, hung up, and Anna is being rung for him."""
    translator.directory = OUT
    translator.translate(read(waiting()))
    translator.translate(read(hangup()))
    actions_for(ring(), translator)
    return translator


@pytest.fixture
async def answered(calling: Translator) -> Translator:
    """Anna has answered."""
    for text in (dial_of("DialBegin"), dial_of("DialEnd", "ANSWER")):
        calling.translate(read(text))
    return calling


def dial_of(event: str, outcome: str = "", attempt: int = 2, leg: str = LEG) -> str:
    """Dial of an operator's phone at the operators' end."""
    return dial(event, str(attempt), outcome, leg=leg, **{"Context": "huntgroup-callback", **end("operator", attempt)})


def customer_leg(outcome: str) -> str:
    """Dial of the customer at their end."""
    return outward("DialEnd", "huntgroup-callback-customer", "2", f"DialStatus: {outcome}", **CUSTOMERS_END)


def heard(translator: Translator, text: str) -> list[Event]:
    return translator.translate(read(text))


async def test_a_channel_is_originated_that_stands_for_the_customer(translator: Translator) -> None:
    translator.directory = OUT

    (action,) = actions_for(ring(), translator)

    assert dict(action.items()) == {
        "Action": "Originate",
        "Channel": "Local/2@huntgroup-callback/n",
        "Context": "huntgroup-callback-customer",
        "Exten": "2",
        "Priority": 1,
        "Async": "true",
        "Codecs": "ulaw,alaw",
        "Timeout": 31000,
        "CallerID": '"Callback" <+48600700800>',
        "ChannelId": f"{CALL}-2-customer",
        "OtherChannelId": f"{CALL}-2-operator",
        "Variable": (
            "HUNTGROUP_PHONES=PJSIP/anna-desk&PJSIP/anna-soft",
            "HUNTGROUP_LIMIT=30",
            "HUNTGROUP_CUSTOMER=PJSIP/+48600700800@trunk",
            "HUNTGROUP_SHOWN=+48221234567",
        ),
    }


@pytest.mark.parametrize("phone", ["anonymous", "1&PJSIP/x", "+48701234567"])
async def test_nothing_is_ever_dialled_for_a_number_that_was_not_found_fit_for_it(
    translator: Translator, phone: str
) -> None:
    translator.directory = OUT

    with pytest.raises(NotPossibleError):
        actions_for(ring(customer=Customer(phone=phone)), translator)
    assert translator.size() == 0


async def test_the_next_operator_is_rung_once_the_one_before_no_longer_is(calling: Translator) -> None:
    (stopped,) = actions_for(StopRinging(inquiry=CALL, attempt=AttemptNo(2)), calling)
    stop, start = actions_for(ring(attempt=3), calling)

    assert stopped.items() == stop.items()
    assert dict(stop.items()) == {"Action": "Hangup", "Channel": f"{CALL}-2-customer", "Cause": 16}
    assert start["Action"] == "Originate"


async def test_the_operators_phone_rings_and_answers_like_for_any_caller(calling: Translator) -> None:
    calling.follow([ANNA, SOFT])
    assert heard(calling, dial_of("DialBegin")) == []
    assert heard(calling, dial_of("DialBegin", leg="PJSIP/anna-soft-00000009")) == []
    assert heard(calling, dial_of("DialState", "RINGING")) == [
        PhoneRang(inquiry=CALL, attempt=AttemptNo(2), phone=ANNA)
    ]
    assert heard(calling, dial_of("DialEnd", "ANSWER")) == [
        PhoneAnswered(inquiry=CALL, attempt=AttemptNo(2), phone=ANNA)
    ]


async def test_a_phone_that_dial_cannot_ask_for_is_unreachable_like_for_any_caller(calling: Translator) -> None:
    heard(calling, dial_of("DialBegin"))

    assert heard(calling, dial_of("DialState", "RINGING"))[1:] == [
        PhoneRefused(inquiry=CALL, attempt=AttemptNo(2), phone=SOFT, refusal=Refusal.UNREACHABLE)
    ]


async def test_what_is_said_of_an_operator_who_was_rung_before_says_so(calling: Translator) -> None:
    actions_for(ring(attempt=3), calling)

    assert heard(calling, dial_of("DialEnd", "ANSWER")) == [
        PhoneAnswered(inquiry=CALL, attempt=AttemptNo(2), phone=ANNA)
    ]
    assert heard(calling, hangup(**end_of_channel("operator"))) == [
        CustomerNotReached(inquiry=CALL, attempt=AttemptNo(2), detail="the call ended before they answered")
    ]
    assert calling.channel_of(CALL) == f"{CALL}-3-customer"


def end_of_channel(which: str) -> dict[str, str]:
    """The same, as `hangup` wants it."""
    about = end(which)
    return {"channel": about["Channel"], "uniqueid": about["Uniqueid"]}


async def test_nobody_answers_at_the_operators_end(calling: Translator) -> None:
    text = dialed("2", "NOANSWER", "19", Context="huntgroup-callback", **OPERATORS_END)

    assert heard(calling, text) == [AttemptFailed(inquiry=CALL, attempt=AttemptNo(2), detail="NOANSWER", cause=19)]


async def test_the_customer_answers_and_their_leg_is_the_call_from_then_on(answered: Translator) -> None:
    assert heard(answered, customer_leg("ANSWER")) == [CustomerReached(inquiry=CALL, attempt=AttemptNo(2))]
    assert answered.channel_of(CALL) == OUTSIDE_LEG

    (ending,) = actions_for(EndInquiry(inquiry=CALL, cause=16), answered)
    assert ending["Channel"] == OUTSIDE_LEG
    assert heard(answered, hangup(**end_of_channel("customer"))) == []
    assert heard(answered, hangup(OUTSIDE_LEG, OUTSIDE_UNIQUEID)) == [CustomerLeft(inquiry=CALL)]
    assert answered.size() == 0


async def test_the_customer_is_busy_which_is_told_once(answered: Translator) -> None:
    busy = said("HuntgroupCalledBack", "Attempt: 2", "Status: BUSY", "Cause: 17", **CUSTOMERS_END)

    assert heard(answered, customer_leg("BUSY")) == []
    assert heard(answered, busy) == [CustomerNotReached(inquiry=CALL, attempt=AttemptNo(2), detail="BUSY")]
    assert heard(answered, hangup(**end_of_channel("customer"))) == []
    assert heard(answered, hangup(**end_of_channel("operator"))) == []
    assert answered.size() == 0


async def test_the_operator_hangs_up_before_the_customer_answers(answered: Translator) -> None:
    assert heard(answered, hangup(**end_of_channel("operator"))) == [
        CustomerNotReached(inquiry=CALL, attempt=AttemptNo(2), detail="the call ended before they answered")
    ]


async def test_a_channel_that_ends_before_anybody_answered_has_failed(calling: Translator) -> None:
    (event,) = heard(calling, hangup(**end_of_channel("customer")))

    assert isinstance(event, AttemptFailed)


async def test_who_answered_for_a_customer_and_sends_them_to_a_groups_number_has_them_wait_there_like_a_caller(
    answered: Translator,
) -> None:
    """While the customer is still being called: what the operator has is our own channel, and who it stands for is
    known."""
    sent = waiting(**{**OPERATORS_END, "CallerIDNum": "2", "CallerIDName": "Callback"})

    (event,) = heard(answered, sent)
    assert isinstance(event, InquiryReceived)
    assert (event.inquiry, event.customer) == (CALL, JAN)
    assert answered.channel_of(CALL) == OPERATORS_END["Channel"]
    assert heard(answered, customer_leg("ANSWER")) == [CustomerReached(inquiry=CALL, attempt=AttemptNo(2))]
    assert answered.channel_of(CALL) == OPERATORS_END["Channel"]
    assert heard(answered, hangup(**end_of_channel("customer"))) == []
    assert heard(answered, hangup(**end_of_channel("operator"))) == [CustomerLeft(inquiry=CALL)]
    assert answered.size() == 0


async def test_and_when_the_customer_cannot_be_reached_that_is_told_before_the_line_is_gone(
    answered: Translator,
) -> None:
    heard(answered, waiting(**OPERATORS_END))

    busy = said("HuntgroupCalledBack", "Attempt: 2", "Status: BUSY", "Cause: 17", **CUSTOMERS_END)
    assert heard(answered, busy) == [CustomerNotReached(inquiry=CALL, attempt=AttemptNo(2), detail="BUSY")]
    assert heard(answered, hangup(**end_of_channel("customer"))) == []
    assert heard(answered, hangup(**end_of_channel("operator"))) == [CustomerLeft(inquiry=CALL)]
    assert answered.size() == 0


async def test_so_is_that_the_line_ended_before_anybody_knew(answered: Translator) -> None:
    heard(answered, waiting(**OPERATORS_END))

    assert heard(answered, hangup(**end_of_channel("operator"))) == [
        CustomerNotReached(inquiry=CALL, attempt=AttemptNo(2), detail="the call ended before they answered"),
        CustomerLeft(inquiry=CALL),
    ]
    assert heard(answered, hangup(**end_of_channel("customer"))) == []
    assert answered.size() == 0


async def test_the_end_of_a_line_that_was_sent_on_is_nobodys_while_they_are_called_again(answered: Translator) -> None:
    heard(answered, waiting(**OPERATORS_END))
    heard(answered, said("HuntgroupCalledBack", "Attempt: 2", "Status: BUSY", "Cause: 17", **CUSTOMERS_END))
    actions_for(ring(attempt=3), answered)

    assert heard(answered, hangup(**end_of_channel("operator"))) == []
    assert answered.channel_of(CALL) == f"{CALL}-3-customer"


# -- while the link was down ----------------------------------------------------------------------------------------


def there(*, is_reached: bool) -> list[str]:
    """What Status lists: Anna talks to one end, and the other rings the customer, or is joined to their leg."""
    channels = [
        status("huntgroup-callback", "2", bridge="b1", **OPERATORS_END),
        status("lab-phones", "", bridge="b1", Channel="PJSIP/anna-desk-00000002", Uniqueid="1.76"),
        status("huntgroup-callback-customer", "2", bridge="b2" if is_reached else "", **CUSTOMERS_END),
    ]
    leg = status("huntgroup-inbound", "", bridge="b2", Channel=OUTSIDE_LEG, Uniqueid=OUTSIDE_UNIQUEID)
    return [*channels, *([leg] if is_reached else [])]


def found(translator: Translator, texts: list[str]) -> list[Event]:
    result = reconcile([read(text) for text in texts], translator)
    return [*result.missed, *result.waiting]


async def test_an_operator_who_answered_meanwhile_is_found_with_the_customer_still_to_be_reached(
    calling: Translator,
) -> None:
    assert found(calling, there(is_reached=False)) == [TALKS_TO_JAN]


async def test_and_so_is_a_customer_who_answered_meanwhile(calling: Translator) -> None:
    events = found(calling, there(is_reached=True))

    assert events[:2] == [
        TALKS_TO_JAN,
        CustomerReached(inquiry=CALL, attempt=AttemptNo(2)),
    ]
    assert calling.channel_of(CALL) == OUTSIDE_LEG


async def test_an_operator_who_rang_for_a_customer_and_is_gone_has_not_answered(calling: Translator) -> None:
    (event,) = found(calling, [])

    assert isinstance(event, AttemptFailed)
    assert calling.size() == 0


async def test_a_customer_of_whom_nobody_knows_whether_they_were_reached_is_called_again(answered: Translator) -> None:
    (event,) = found(answered, [])

    assert isinstance(event, CustomerNotReached)
    assert answered.size() == 0


# -- a daemon that starts anew --------------------------------------------------------------------------------------


def open_callback(*, is_active: bool = False, is_reached: bool = False) -> OpenCall:
    """What the engine has open of it."""
    return OpenCall(
        inquiry=CALL,
        attempts=AttemptNo(2),
        is_active=is_active,
        phone=ANNA if is_active else None,
        called_back_in=AttemptNo(2),
        is_reached=is_reached,
    )


def anew(*, is_active: bool = False, is_reached: bool = False) -> Translator:
    """One that knows of the callback only what was kept."""
    translator = Translator(PbxId("main"), (ANNA,), OUT)
    translator.remember([open_callback(is_active=is_active, is_reached=is_reached)])
    return translator


def test_a_daemon_that_starts_finds_the_phones_that_ring_for_a_callback() -> None:
    linked = {"Linkedid": f"{CALL}-2-customer"}
    ringing = status("lab-phones", "", Channel="PJSIP/anna-desk-00000002", ChannelState="5", Uniqueid="1.9", **linked)
    ends = status("huntgroup-callback", "2", **{**OPERATORS_END, **linked})

    assert found(anew(), [ends, ringing]) == [PhoneRang(inquiry=CALL, attempt=AttemptNo(2), phone=ANNA)]


def test_it_finds_the_operator_who_waits_for_the_customer_and_both_if_the_customer_has_answered() -> None:
    assert found(anew(), there(is_reached=False)) == [TALKS]
    assert found(anew(is_active=True), there(is_reached=False)) == [TALKS]
    assert found(anew(), there(is_reached=True))[:2] == [TALKS, CustomerReached(inquiry=CALL, attempt=AttemptNo(2))]


def test_it_finds_the_customer_again_who_had_been_reached_and_is_told_when_they_hang_up() -> None:
    translator = anew(is_active=True, is_reached=True)

    assert set(map(type, found(translator, there(is_reached=True)))) == {ConversationFound}
    assert translator.channel_of(CALL) == OUTSIDE_LEG
    gone = translator.translate(read(hangup(channel=OUTSIDE_LEG, uniqueid=OUTSIDE_UNIQUEID)))
    assert gone == [CustomerLeft(inquiry=CALL)]


def test_a_customer_who_had_been_reached_and_is_gone_has_left_and_is_not_called_again() -> None:
    (event,) = found(anew(is_active=True, is_reached=True), [])

    assert isinstance(event, CustomerLeft)


# -- whether it is needed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", ["on_unanswered", "on_closed", "on_full", "on_abandoned", "on_leave"])
def test_it_is_needed_where_any_group_calls_back_at_once_or_after_a_reply(hook: str) -> None:
    anna = operator("anna", "PJSIP/anna-desk")

    assert are_needed(policy_of(anna, **{hook: CallBack()}))
    assert are_needed(policy_of(anna, **{hook: Reply(sound="later", then=CallBack())}))
    assert not are_needed(policy_of(anna, **{hook: End()}))
    assert not are_needed(POLICY)


async def test_a_caller_of_the_house_is_another_call(calling: Translator) -> None:
    heard(calling, waiting(Uniqueid="1795282500.1", Channel=CHANNEL))

    assert calling.channel_of(InquiryId("call-main-1795282500.1")) == CHANNEL
    assert calling.channel_of(CALL) == f"{CALL}-2-customer"
