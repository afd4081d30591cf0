"""How a customer is called back: an operator first, then them; later again if they are not reached, not for ever."""

from zoneinfo import ZoneInfo

from huntgroup.engine.effects import EndInquiry, FactType, PromiseCallback, RingPhones
from huntgroup.engine.events import (
    AttemptFailed,
    Customer,
    CustomerLeft,
    CustomerNotReached,
    CustomerReached,
    Departure,
    InquiryReceived,
    PhoneState,
)
from huntgroup.engine.hours import Hours
from huntgroup.engine.ids import AttemptNo, InquiryId, SourceId
from huntgroup.engine.policy import CallBack, Channel
from tests.unit.engine.scenario import Story, group, policy

C1 = InquiryId("c1")
PAUSE = 300.0
DAY = 86_400.0


def promised(**options: object) -> Story:
    """c1 came to a full line, was promised to be called back, hung up, and Anna's phone rings for them."""
    plan = policy(group("sales", "anna", max_waiting=0, on_full=CallBack(sound="later"), **options))
    story = Story(plan, at=DAY / 2)
    story.calls("c1")
    return story


def rung() -> Story:
    story = promised()
    story.hangs_up("c1")
    return story


def ring(story: Story) -> RingPhones:
    (order,) = story.ordered(RingPhones)
    return order


def answered() -> Story:
    story = rung()
    story.rings("c1", "anna")
    story.answers("c1", "anna")
    story.phone_is("anna", PhoneState.INUSE)
    return story


def is_not_reached(story: Story, attempt: int | None = None) -> None:
    number = attempt or [each.attempt for each in story.history if isinstance(each, RingPhones)][-1]
    story.phone_is("anna", PhoneState.NOT_INUSE)
    story.happens(CustomerNotReached(inquiry=C1, attempt=AttemptNo(number), detail="BUSY"))


def test_they_hear_of_it_and_nobody_is_rung_while_they_are_on_the_line() -> None:
    story = promised()
    assert [each.sound for each in story.ordered(PromiseCallback)] == ["later"]
    assert story.happened(FactType.CALLBACK_PROMISED) == [("c1", None)]
    assert story.rung() == []
    story.hangs_up("c1")
    assert story.rung() == [("c1", ("anna",))]


def test_the_order_names_whom_to_call_and_by_which_number_they_know_us() -> None:
    order = ring(rung())
    assert order.is_callback
    assert order.customer == Customer(name="Jan", phone="+48600700800", can_be_called_back=True)
    assert order.dialled == "sales"


def test_the_customer_answers_and_it_is_a_call_like_any_other() -> None:
    story = answered()
    story.happens(CustomerReached(inquiry=C1, attempt=ring_number(story)))
    assert story.facts(FactType.CUSTOMER_REACHED) == [("c1", "anna", "")]
    story.hangs_up("c1")
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "answered")]


def ring_number(story: Story) -> AttemptNo:
    return [each.attempt for each in story.history if isinstance(each, RingPhones)][-1]


def test_who_is_not_reached_is_called_again_after_a_pause_and_their_operator_is_free_meanwhile() -> None:
    story = answered()
    is_not_reached(story)
    assert story.facts(FactType.CUSTOMER_NOT_REACHED) == [("c1", "anna", "BUSY")]
    assert story.has("anna") == ()
    story.later(PAUSE - 1)
    assert story.rung() == []
    story.later(1)
    assert ring(story).is_callback


def test_but_only_a_few_times() -> None:
    story = answered()
    for _ in range(2):
        is_not_reached(story)
        story.later(PAUSE)
        story.answers("c1", "anna")
    is_not_reached(story)
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "unanswered")]
    assert story.has("anna") == ()
    assert story.engine.next_deadline() is None


def test_nobody_is_called_back_while_the_group_is_closed() -> None:
    story = Story(
        policy(
            group(
                "sales",
                "anna",
                max_waiting=0,
                on_full=CallBack(),
                hours=Hours(zone=ZoneInfo("UTC"), week=(((480, 721),),) * 7),
            )
        ),
        at=DAY / 2,
    )
    story.calls("c1")
    story.hangs_up("c1")
    story.answers("c1", "anna")
    is_not_reached(story)
    story.later(19 * 3600)
    assert story.rung() == []
    story.later(3600)
    assert story.rung() == [("c1", ("anna",))]


def test_what_is_told_of_an_earlier_try_or_after_they_were_reached_means_nothing() -> None:
    story = answered()
    is_not_reached(story, attempt=99)
    assert story.happened(FactType.CUSTOMER_NOT_REACHED) == []
    story.happens(CustomerReached(inquiry=C1, attempt=ring_number(story)))
    is_not_reached(story)
    assert story.happened(FactType.CUSTOMER_NOT_REACHED) == []


def test_when_the_promise_could_not_be_made_the_caller_is_not_left_alone() -> None:
    story = promised()
    story.happens(AttemptFailed(inquiry=C1, attempt=AttemptNo(1), detail="no such channel"))
    assert [each.cause for each in story.ordered(EndInquiry)] == [34]


def test_it_can_be_given_up_while_it_is_being_promised() -> None:
    story = promised()
    story.happens(CustomerLeft(inquiry=C1, departure=Departure.ABANDONED))
    assert story.facts(FactType.CLOSED) == [("c1", None, "abandoned")]


def test_however_long_it_takes_it_is_not_too_long() -> None:
    story = Story(policy(group("sales", "anna", max_wait=20.0, on_unanswered=CallBack())))
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1")
    story.later(20)
    story.hangs_up("c1")
    story.later(3600)
    story.phone_is("anna", PhoneState.NOT_INUSE)
    story.rings("c1", "anna")
    story.later(19)
    assert story.happened(FactType.WITHDRAWN) == []


# -- a number that nobody would dial --------------------------------------------------------------------------------


def anonymous(story: Story) -> None:
    withheld = Customer(phone="anonymous")
    story.happens(InquiryReceived(inquiry=C1, channel=Channel.CALL, source=SourceId("sales"), customer=withheld))


def test_nothing_is_promised_to_a_number_that_cannot_be_called_back() -> None:
    story = Story(policy(group("sales", "anna", max_waiting=0, on_full=CallBack())))
    anonymous(story)
    assert story.facts(FactType.ACTION_FAILED) == [("c1", None, "their number cannot be called back")]
    assert story.ended() == [("c1", 34)]


def test_but_who_is_in_line_stays_there() -> None:
    story = Story(policy(group("sales", "anna", max_wait=20.0, on_unanswered=CallBack())))
    story.phone_is("anna", PhoneState.INUSE)
    anonymous(story)
    story.later(20)
    assert story.happened(FactType.CLOSED) == []
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert not ring(story).is_callback


def test_and_who_gave_up_with_such_a_number_is_gone() -> None:
    story = Story(policy(group("sales", "anna", on_abandoned=CallBack())))
    anonymous(story)
    story.hangs_up("c1")
    assert story.facts(FactType.CLOSED) == [("c1", None, "abandoned")]


def test_nobody_hands_on_a_customer_who_is_still_being_called() -> None:
    story = answered()
    story.hands("anna", "c1", to="ben")
    assert story.refused() == "not_with_a_call"
    story.hands_to_group("anna", "c1", to="sales")
    assert story.refused() == "not_with_a_call"
    is_not_reached(story)
    story.later(PAUSE)
    assert story.rung() == [("c1", ("anna",))]
