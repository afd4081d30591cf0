"""Who calls a customer back sends the line on before they answer: they are on it later, or are called again."""

import pytest

from huntgroup.engine.effects import FactType, RingPhones
from huntgroup.engine.events import (
    AttemptFailed,
    Customer,
    CustomerNotReached,
    CustomerReached,
    FallbackServed,
    PbxFound,
    PbxLost,
    PhoneState,
    Refusal,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, OperatorId, PhoneId, SourceId
from huntgroup.engine.lifecycle import InquiryState
from huntgroup.engine.policy import CallBack, ToVoicemail
from tests.unit.engine.scenario import PBX, Story, group, phone, policy

C1 = InquiryId("c1")
PAUSE = 300.0


def sent_on(**support: object) -> Story:
    """c1 is called back: anna has answered and sent the line to support's number, and ben's phone rings."""
    plan = policy(
        group("sales", "anna", max_waiting=0, on_full=CallBack(sound="later")), group("support", "ben", **support)
    )
    story = Story(plan)
    story.calls("c1")
    story.hangs_up("c1")
    story.rings("c1", "anna")
    story.answers("c1", "anna")
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1", "support")
    story.phone_is("anna", PhoneState.NOT_INUSE)
    return story


def called_in(story: Story) -> AttemptNo:
    """The attempt in which the customer is being called."""
    return next(each.attempt for each in story.history if isinstance(each, RingPhones))


def is_not_reached(story: Story) -> None:
    story.happens(CustomerNotReached(inquiry=C1, attempt=called_in(story), detail="BUSY"))


def waits_to_be_called_again(story: Story) -> None:
    """Nobody has it or is offered it; and after the pause ben's phone rings for a customer who is to be called."""
    assert (story.has("anna"), story.has("ben")) == ((), ())
    assert story.engine.world.operators[OperatorId("ben")].offers == {}
    assert story.engine.world.inquiries[C1].is_callback
    story.later(PAUSE)
    (order,) = story.ordered(RingPhones)
    assert order.customer is not None


def test_who_answers_is_on_the_line_where_it_was_sent() -> None:
    story = sent_on()

    story.happens(CustomerReached(inquiry=C1, attempt=called_in(story)))
    assert len(story.facts(FactType.CUSTOMER_REACHED)) == 1
    story.answers("c1", "ben")
    assert story.has("ben") == ("c1",)
    is_not_reached(story)
    assert story.has("ben") == ("c1",)


def test_who_does_not_is_called_again_and_the_colleague_is_rung_no_more() -> None:
    story = sent_on()

    is_not_reached(story)

    waits_to_be_called_again(story)


def test_so_they_are_when_the_colleague_has_the_line_already() -> None:
    story = sent_on()
    story.answers("c1", "ben")

    is_not_reached(story)

    waits_to_be_called_again(story)


def test_so_they_are_when_it_is_the_lines_end_that_tells() -> None:
    story = sent_on()

    story.happens(AttemptFailed(inquiry=C1, attempt=called_in(story), detail="the call ended"))
    story.hangs_up("c1")

    waits_to_be_called_again(story)


def test_so_they_are_when_the_line_was_sent_on_to_a_mailbox() -> None:
    story = sent_on(on_unanswered=ToVoicemail(mailbox="600"), max_wait=3.0)
    story.refuses("c1", "ben", Refusal.DECLINED)
    story.later(3.0)
    assert story.engine.world.inquiries[C1].handover is not None

    is_not_reached(story)

    waits_to_be_called_again(story)


def test_what_is_told_of_another_attempt_means_nothing() -> None:
    story = sent_on()

    story.happens(CustomerNotReached(inquiry=C1, attempt=AttemptNo(called_in(story) + 1), detail="BUSY"))

    assert story.engine.world.inquiries[C1].state is InquiryState.OFFERED


@pytest.mark.parametrize("tries", [1, 2])
def test_it_counts_as_a_try(tries: int) -> None:
    story = sent_on()
    story.engine.world.inquiries[C1].callbacks_made = story.engine.world.policy.callback_tries - tries

    is_not_reached(story)

    assert (C1 in story.engine.world.inquiries) == (tries > 1)


# -- while the daemon is away -----------------------------------------------------------------------------------------


def pbx_served(story: Story, answered: PhoneId | None) -> None:
    """The PBX had the channel that stands for c1's customer, and that is over."""
    ended = story.now
    served = FallbackServed(
        pbx=PBX,
        entry=1,
        inquiry=InquiryId("c1-1-operator"),
        source=SourceId("support"),
        customer=Customer(name="Callback", phone="1"),
        came_at=ended - 9.0,
        answered_at=None if answered is None else ended - 6.0,
        phone=answered,
        ended_at=ended,
        stands_for=C1,
    )
    story.happens(served)


def while_away(story: Story) -> Story:
    story.happens(PbxLost(pbx=PBX))
    story.later(10.0)
    return story


@pytest.mark.parametrize("answered", [None, phone("ben")])
def test_who_was_not_reached_is_called_again_whoever_had_the_line_and_it_is_nobodys_call(
    answered: PhoneId | None,
) -> None:
    story = while_away(sent_on())

    pbx_served(story, answered)
    is_not_reached(story)
    story.happens(PbxFound(pbx=PBX))

    assert len(story.happened(FactType.RECEIVED)) == 1
    assert story.happened(FactType.CLOSED) == []
    waits_to_be_called_again(story)


def test_who_was_reached_before_and_then_answered_by_a_colleague_is_on_record_as_theirs() -> None:
    story = sent_on()
    story.happens(CustomerReached(inquiry=C1, attempt=called_in(story)))
    while_away(story)

    pbx_served(story, phone("ben"))
    assert story.facts(FactType.CLOSED) == [("c1", "ben", "answered")]

    pbx_served(story, phone("ben"))  # what was read last is read again
    story.happens(PbxFound(pbx=PBX))
    assert len(story.happened(FactType.CLOSED)) == len(story.happened(FactType.RECEIVED)) == 1
