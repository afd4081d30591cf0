"""The caller of a conversation is with nobody of ours any more: transferred, parked, redirected, in a conference."""

from huntgroup.engine.adrift import A_MOMENT
from huntgroup.engine.effects import FactType
from huntgroup.engine.events import (
    ClockStepped,
    ConversationFound,
    Customer,
    CustomerAlone,
    InquiryReceived,
    PbxFound,
    PbxLost,
    PhoneState,
)
from huntgroup.engine.ids import InquiryId, SourceId
from huntgroup.engine.policy import Channel, End
from huntgroup.engine.requested import ResumeRequested
from tests.unit.engine.scenario import PBX, RING, Story, entrance, group, phone, policy

NOBODY = "their caller is with nobody of ours"


class House(Story):
    """A story with words for what goes on at the PBX."""

    def __init__(self) -> None:
        entrances = [
            entrance("sales", "sales", transfer_changes_responsible=True),
            entrance("support", "support"),
        ]
        groups = (group("sales", "anna", "ben", wrapup=20.0), group("support", "cleo"))
        super().__init__(policy(*groups, entrances=entrances))

    def is_alone(self, inquiry: str = "c1", *, among_strangers: bool = False) -> None:
        self.happens(CustomerAlone(inquiry=InquiryId(inquiry), is_among_strangers=among_strangers))

    def is_with(self, who: str, inquiry: str = "c1") -> None:
        self.happens(
            ConversationFound(
                inquiry=InquiryId(inquiry),
                phone=phone(who),
                source=SourceId("sales"),
                customer=Customer(),
                is_told_again=True,
            )
        )

    def comes_to(self, number: str, inquiry: str = "c1") -> None:
        self.happens(
            InquiryReceived(
                inquiry=InquiryId(inquiry), channel=Channel.CALL, source=SourceId(number), customer=Customer()
            )
        )


def with_a_call() -> House:
    story = House()
    story.talks("anna", "c1")
    return story


def adrift() -> House:
    story = with_a_call()
    story.is_alone()
    story.phone_is("anna", PhoneState.NOT_INUSE)
    story.later(A_MOMENT)
    return story


def test_after_a_moment_it_is_nobodys_load_and_their_operator_takes_the_next() -> None:
    story = adrift()
    assert story.facts(FactType.HELD) == [("c1", "anna", NOBODY)]
    assert story.told("anna").load[Channel.CALL] == 0
    story.calls("c2")
    assert story.rung() == [("c2", ("anna",))]


def test_within_the_moment_it_is_still_theirs_and_an_end_is_the_end_of_their_conversation() -> None:
    story = with_a_call()
    story.is_alone()
    story.later(A_MOMENT - 0.1)
    story.hangs_up("c1")
    assert story.facts(FactType.ENDED) == [("c1", "anna", "")]
    assert story.happened(FactType.HELD) == []
    assert story.has("anna") == ("c1",)  # in wrap-up


def test_whoever_of_ours_gets_them_next_has_the_inquiry_and_the_responsibility() -> None:
    story = adrift()
    story.is_with("ben")
    assert story.facts(FactType.TRANSFERRED) == [("c1", "anna", "to ben")]
    assert story.facts(FactType.RESPONSIBLE_CHANGED) == [("c1", "ben", "")]
    assert (story.has("anna"), story.has("ben")) == ((), ("c1",))
    story.later(A_MOMENT)
    assert story.happened(FactType.HELD) == [("c1", "anna")]


def test_who_comes_back_is_their_operators_load_again() -> None:
    story = adrift()
    story.is_with("anna")
    assert story.facts(FactType.RESUMED) == [("c1", "anna", "")]
    assert story.told("anna").load[Channel.CALL] == 1


def test_who_comes_back_within_the_moment_was_never_gone() -> None:
    story = with_a_call()
    story.is_alone()
    story.is_with("anna")
    story.later(A_MOMENT)
    assert story.happened(FactType.HELD) == story.happened(FactType.RESUMED) == []


def test_who_talks_to_a_stranger_for_a_moment_is_over_for_us() -> None:
    story = adrift()
    story.is_alone(among_strangers=True)
    assert story.facts(FactType.CLOSED) == []
    story.later(A_MOMENT)
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "forwarded")]


def test_who_comes_back_from_a_stranger_when_all_was_over_for_us_is_no_inquiry_anew() -> None:
    story = adrift()
    story.is_alone(among_strangers=True)
    story.later(A_MOMENT)
    story.is_with("ben")
    story.hangs_up("c1")
    assert story.happened(FactType.RECEIVED) == [("c1", None)]
    assert story.happened(FactType.CLOSED) == [("c1", "anna")]
    assert story.has("ben") == ()


def test_who_hangs_up_elsewhere_was_answered_by_whom_they_had_last_who_has_no_wrapup_of_it() -> None:
    story = adrift()
    story.hangs_up("c1")
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "answered")]
    assert story.has("anna") == ()


def test_the_moment_stands_still_while_the_pbx_is_away() -> None:
    story = with_a_call()
    story.is_alone()
    story.happens(PbxLost(pbx=PBX))
    story.later(A_MOMENT * 3)
    assert story.happened(FactType.HELD) == []
    story.is_with("ben")  # the resync finds it
    story.happens(PbxFound(pbx=PBX))
    assert story.happened(FactType.HELD) == []
    assert story.has("ben") == ("c1",)


def test_a_parked_caller_can_be_handed_to_a_colleague_by_command() -> None:
    story = adrift()
    story.hands("anna", "c1", "ben")
    assert story.rung() == [("c1", ("ben",))]


def test_a_parked_caller_is_taken_up_again_at_the_phone_and_not_by_command() -> None:
    story = adrift()
    story.asks(ResumeRequested, "anna", "c1")
    assert story.refused() == "not_with_a_call"


def test_the_moment_is_as_long_when_the_clock_is_set() -> None:
    story = with_a_call()
    story.is_alone()
    story.now += 3_600
    story.happens(ClockStepped(by=3_600))
    assert story.happened(FactType.HELD) == []
    story.later(A_MOMENT)
    assert story.happened(FactType.HELD) == [("c1", "anna")]


def test_what_is_no_conversation_has_nobody_to_lose() -> None:
    story = House()
    story.calls("c1")
    story.is_alone()
    story.later(A_MOMENT)
    assert story.happened(FactType.HELD) == []


# -- to a line of ours ----------------------------------------------------------------------------------------------


def test_who_is_transferred_to_a_groups_number_waits_there_as_the_same_inquiry() -> None:
    story = with_a_call()
    story.comes_to("support")
    assert story.facts(FactType.TRANSFERRED) == [("c1", "anna", "to group support")]
    assert story.rung() == [("c1", ("cleo",))]
    assert story.has("anna") == ()
    story.later(A_MOMENT)
    assert story.happened(FactType.RECEIVED) == [("c1", None)]


def test_it_may_be_told_that_they_are_alone_before_they_are_there() -> None:
    story = adrift()
    story.comes_to("support")
    assert story.rung() == [("c1", ("cleo",))]
    story.answers("c1", "cleo")
    assert story.taken() == [("c1", "cleo")]


def test_sent_back_to_their_own_group_they_are_offered_to_another_first() -> None:
    story = adrift()
    story.comes_to("sales")
    assert story.rung() == [("c1", ("ben",))]
    story.later(RING)


def test_who_is_configured_no_longer_can_still_send_their_last_caller_to_a_line() -> None:
    story = with_a_call()
    story.has_policy(policy(group("support", "cleo"), entrances=[entrance("support", "support")]))
    story.comes_to("support")
    assert story.rung() == [("c1", ("cleo",))]
    assert story.facts(FactType.TRANSFERRED) == [("c1", "anna", "to group support")]
    assert "anna" not in story.engine.world.operators


def test_sent_to_a_number_that_is_nobodys_they_are_told_so() -> None:
    story = with_a_call()
    story.comes_to("nowhere")
    assert story.ended() == [("c1", End(cause=1).cause)]
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "answered")]
