"""Several PBXs: who can be rung from where, and what one of them costs that goes away."""

from dataclasses import replace
from typing import Any

import pytest

from huntgroup.engine.effects import Decision, Effect, FactType, HoldCustomer, PbxChanged, PickUpCall, RingPhones
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import (
    ConversationFound,
    Customer,
    DaemonStarted,
    PbxFound,
    PbxHeard,
    PbxLate,
    PbxLost,
    PhoneAnswered,
    PhoneRang,
    PhoneRefused,
    PhoneState,
    PhoneStateChanged,
    Refusal,
    TimePassed,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, OperatorId, PbxId, PhoneId, SourceId, phone_at
from huntgroup.engine.policy import Channel, Distribution, OperatorPolicy, Policy
from huntgroup.engine.requested import PickupRequested
from tests.unit.engine.scenario import PBX, RING, Story, group, operator, phone, policy

BRANCH = PbxId("branch")
BOTH_WAYS = ((PBX, BRANCH), (BRANCH, PBX))


def house(*names: str, trunks: tuple[tuple[PbxId, PbxId], ...] = BOTH_WAYS, **options: Any) -> Policy:
    """A group of these; whose name begins with b is in the branch."""
    people = [_in_branch(name) if name.startswith("b") else operator(name) for name in names]
    return policy(group("sales", *names, **options), operators=people, pbxs=(PBX, BRANCH), trunks=trunks)


def _in_branch(name: str) -> OperatorPolicy:
    return replace(operator(name), phones=(phone_at(BRANCH, f"PJSIP/{name}"),), pbx=BRANCH)


def across(name: str) -> PhoneId:
    """The name under which somebody is rung from the other PBX."""
    return PhoneId(f"across:{name}")


class Offices(Story):
    """A story of two offices, both up."""

    def __init__(self, plan: Policy) -> None:
        super().__init__(plan)
        self.happens(PbxFound(pbx=BRANCH))

    def loses(self, pbx: PbxId) -> list[Effect]:
        """The link to a PBX is down."""
        return self.happens(PbxLost(pbx=pbx))

    def finds(self, pbx: PbxId) -> list[Effect]:
        """And up again."""
        return self.happens(PbxFound(pbx=pbx))

    def calls_branch(self, inquiry: str) -> list[Effect]:
        """A caller comes in at the branch."""
        return self.calls(inquiry, pbx=BRANCH)

    def rings_across(self, inquiry: str, name: str) -> list[Effect]:
        """The leg over the trunk reports ringing."""
        return self._told(PhoneRang, inquiry, name)

    def answers_across(self, inquiry: str, name: str) -> list[Effect]:
        """It was answered."""
        return self._told(PhoneAnswered, inquiry, name)

    def refuses_across(self, inquiry: str, name: str, refusal: Refusal) -> list[Effect]:
        """It ended without an answer."""
        return self._told(PhoneRefused, inquiry, name, refusal=refusal)

    def phone_in_branch_is(self, name: str, state: PhoneState) -> list[Effect]:
        """The branch reports a device state."""
        return self.happens(PhoneStateChanged(phone=phone_at(BRANCH, f"PJSIP/{name}"), state=state))

    def phones(self) -> list[tuple[PhoneId, ...]]:
        """What is rung by the last effects."""
        return [ring.phones for each in self.effects if isinstance(each, RingPhones) for ring in each.rings]

    def _told(
        self, kind: type[PhoneRang | PhoneAnswered | PhoneRefused], inquiry: str, name: str, **more: Any
    ) -> list[Effect]:
        attempt = self._attempt(inquiry, None)
        return self.happens(kind(inquiry=InquiryId(inquiry), attempt=attempt, phone=across(name), **more))


def test_who_is_at_the_callers_pbx_is_rung_there_and_who_is_not_across_the_trunk() -> None:
    story = Offices(house("anna", "bea"))

    story.calls("c1")
    assert story.phones() == [(phone("anna"),)]
    story.calls("c2")
    assert story.phones() == [(across("bea"),)]


def test_a_caller_of_the_branch_rings_the_branch_at_home() -> None:
    story = Offices(house("bea", "anna"))

    story.calls_branch("c1")
    assert story.phones() == [(phone_at(BRANCH, "PJSIP/bea"),)]


def test_the_rings_of_a_leg_over_the_trunk_count_from_its_ringing_and_it_is_missed_like_any_other() -> None:
    story = Offices(house("bea", "anna"))
    story.calls("c1")

    story.later(1)
    story.rings_across("c1", "bea")
    story.later(2 * RING)

    assert story.happened(FactType.MISSED) == [("c1", "bea")]
    assert story.verdicts() == {"bea": "missed_this_round", "anna": "chosen"}


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (Refusal.DECLINED, "declined_this_round"),
        (Refusal.BUSY, "busy_this_round"),
        (Refusal.UNREACHABLE, "unreachable_this_round"),
    ],
)
def test_one_leg_speaks_for_all_phones_behind_the_trunk(refusal: Refusal, reason: str) -> None:
    story = Offices(house("bea", "anna"))
    story.calls("c1")

    story.refuses_across("c1", "bea", refusal)

    assert story.verdicts() == {"bea": reason, "anna": "chosen"}


def test_whoever_answered_behind_the_trunk_has_it_and_the_colleague_missed_nothing() -> None:
    story = Offices(house("bea", "bob"))
    story.calls("c1")
    story.rings_across("c1", "bea")

    story.answers_across("c1", "bob")

    assert story.taken() == [("c1", "bob")]
    assert story.facts(FactType.PICKED_UP) == [("c1", "bob", "from bea")]
    assert story.happened(FactType.MISSED) == []


def test_a_call_across_occupies_its_operator_for_both_offices() -> None:
    story = Offices(house("bea"))
    story.calls("c1")
    story.answers_across("c1", "bea")
    story.phone_in_branch_is("bea", PhoneState.INUSE)

    story.calls_branch("c2")
    assert story.verdicts() == {"bea": "busy"}
    story.phone_in_branch_is("bea", PhoneState.NOT_INUSE)
    story.hangs_up("c1")

    assert story.rung() == [("c2", ("bea",))]


def test_while_one_office_rings_somebody_the_other_does_not() -> None:
    story = Offices(house("bea"))
    story.calls("c1")

    story.calls_branch("c2")

    assert story.verdicts() == {"bea": "ringing"}


def test_without_a_trunk_they_are_not_eligible_and_the_reason_has_a_name() -> None:
    story = Offices(house("bea", "anna", trunks=((BRANCH, PBX),)))

    story.calls("c1")
    assert story.verdicts() == {"bea": "no_trunk", "anna": "chosen"}
    story.calls_branch("c2")
    assert story.verdicts()["bea"] == "chosen"


def test_who_waits_at_the_other_pbx_without_a_trunk_keeps_nobody_behind_them_waiting() -> None:
    story = Offices(house("bea", trunks=()))
    story.calls("c1")
    story.later(1)

    story.calls_branch("c2")

    assert story.rung() == [("c2", ("bea",))]


def test_callers_of_both_offices_are_served_in_the_order_in_which_they_came() -> None:
    story = Offices(house("bea"))
    story.phone_in_branch_is("bea", PhoneState.INUSE)
    story.calls_branch("c1")
    story.later(1)
    story.calls("c2")
    story.later(1)
    story.calls_branch("c3")

    story.phone_in_branch_is("bea", PhoneState.NOT_INUSE)
    assert story.rung() == [("c1", ("bea",))]
    assert story.engine.world.lines.position(story.engine.world.inquiries[InquiryId("c3")]) == 2


def test_the_other_offices_operators_are_unreachable_while_it_is_away_and_come_back_with_it() -> None:
    story = Offices(house("bea"))
    story.loses(BRANCH)

    story.calls("c1")
    assert story.verdicts() == {"bea": "pbx_unreachable"}
    assert story.held() == ["c1"]
    story.finds(BRANCH)

    assert story.rung() == [("c1", ("bea",))]


def test_callers_do_not_wait_for_phones_of_an_office_that_is_gone() -> None:
    story = Offices(house("bea", "anna"))
    story.calls("c1")
    story.rings_across("c1", "bea")

    story.loses(BRANCH)

    assert story.facts(FactType.WITHDRAWN) == [("c1", "bea", "their PBX is away")]
    assert story.rung() == [("c1", ("anna",))]
    story.later(100)
    assert ("c1", "bea") not in story.happened(FactType.MISSED)


def test_the_clocks_of_one_offices_calls_stand_still_and_those_of_the_other_go_on() -> None:
    story = Offices(house("anna", "bea", rings=2))
    story.calls("c1")
    story.calls_branch("c2")
    story.rings("c1", "anna")
    story.happens(PhoneRang(inquiry=InquiryId("c2"), attempt=AttemptNo(1), phone=phone_at(BRANCH, "PJSIP/bea")))

    story.loses(BRANCH)
    story.later(2 * RING)
    assert story.happened(FactType.MISSED) == [("c1", "anna")]
    story.finds(BRANCH)

    assert story.happened(FactType.MISSED) == [("c1", "anna"), ("c2", "bea")]


def test_who_comes_back_is_told_nothing_of_the_other_offices_callers() -> None:
    story = Offices(house("anna"))
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1")

    story.loses(BRANCH)
    story.finds(BRANCH)

    assert [each for each in story.effects if isinstance(each, Decision | HoldCustomer | RingPhones)] == []


def test_chats_of_the_operators_of_an_office_that_is_away_go_on() -> None:
    story = Offices(house("bea"))
    story.loses(BRANCH)

    story.chats("t1")
    assert story.offered() == [("t1", "bea")]
    story.accepts("bea", "t1")

    assert story.taken() == [("t1", "bea")]
    assert story.told("bea").reasons[Channel.CALL] == "pbx_unreachable"


def test_a_call_that_is_found_is_its_own_pbxs() -> None:
    story = Offices(house("anna", "bea"))
    found = ConversationFound(
        inquiry=InquiryId("c1"), phone=across("anna"), source=SourceId("sales"), customer=Customer(), pbx=BRANCH
    )
    story.happens(found)

    assert story.engine.world.inquiries[InquiryId("c1")].pbx == BRANCH


def test_an_answer_that_beats_its_timeout_is_waited_for_where_it_happens_and_nowhere_else() -> None:
    story = Offices(house("anna", "bea", distribution=Distribution.IN_ORDER))
    story.calls("c1")
    story.calls_branch("c2")
    story.rings("c1", "anna")
    story.happens(PhoneRang(inquiry=InquiryId("c2"), attempt=AttemptNo(1), phone=phone_at(BRANCH, "PJSIP/bea")))

    story.happens(PbxLate(pbx=BRANCH))
    story.later(2 * RING)
    assert story.happened(FactType.MISSED) == [("c1", "anna")]
    answered = PhoneAnswered(inquiry=InquiryId("c2"), attempt=AttemptNo(1), phone=phone_at(BRANCH, "PJSIP/bea"))
    story.happens(answered)
    story.happens(PbxHeard(pbx=BRANCH))

    assert story.happened(FactType.ACCEPTED) == [("c2", "bea")]
    assert story.happened(FactType.MISSED) == [("c1", "anna")]


def test_who_is_late_is_rung_all_the_same() -> None:
    story = Offices(house("bea"))
    story.happens(PbxLate(pbx=BRANCH))

    story.calls_branch("c1")

    assert story.rung() == [("c1", ("bea",))]


def test_after_a_start_each_office_tells_what_became_of_its_own_calls() -> None:
    story = Offices(house("anna", "bea"))
    story.calls("c1")
    story.calls_branch("c2")
    story.happens(DaemonStarted(version="1"))

    story.finds(PBX)
    assert [detail for *_, detail in story.facts(FactType.RECOVERED)] == [
        "1 open: 1 waiting, 0 active, 0 in wrap-up, 0 closed"
    ]
    story.finds(BRANCH)
    assert [detail for *_, detail in story.facts(FactType.RECOVERED)] == [
        "1 open: 1 waiting, 0 active, 0 in wrap-up, 0 closed"
    ]


def test_the_calls_of_an_office_that_is_configured_no_longer_are_closed() -> None:
    story = Offices(house("anna", "bea"))
    story.calls("c1")
    story.calls_branch("c2")

    story.has_policy(policy(group("sales", "anna")))

    assert story.facts(FactType.CLOSED) == [("c2", None, "its PBX is configured no longer")]
    assert InquiryId("c1") in story.engine.world.inquiries


def test_in_a_house_with_one_pbx_nothing_is_asked_of_a_trunk() -> None:
    story = Story(policy(group("sales", "anna")))

    story.calls("c1")

    assert [each.rings[0].phones for each in story.ordered(RingPhones)] == [(phone("anna"),)]


def test_the_next_deadline_waits_for_the_pbx_of_its_call_and_a_chats_for_none() -> None:
    story = Offices(house("anna", "bea"))
    engine: Engine = story.engine
    assert engine.next_pbx() is None
    story.chats("t1")
    assert engine.next_pbx() is None
    story.calls_branch("c1")

    assert engine.next_pbx() == BRANCH
    story.happens(TimePassed())


def test_it_is_told_once_that_a_pbx_is_lost_and_once_that_it_is_found() -> None:
    offices = Offices(house("anna", "bea"))

    lost = offices.loses(BRANCH) + offices.loses(BRANCH)
    found = offices.finds(BRANCH) + offices.finds(BRANCH)

    assert [(each.pbx, each.is_up) for each in lost if isinstance(each, PbxChanged)] == [(BRANCH, False)]
    assert [(each.pbx, each.is_up) for each in found if isinstance(each, PbxChanged)] == [(BRANCH, True)]


def by_code(story: Offices, who: str, colleague: str | None = None) -> str | None:
    """Somebody in the branch dials the code; the inquiry that is to be picked up."""
    whose = OperatorId(colleague) if colleague else None
    story.asks(PickupRequested, who, colleague=whose, channel=Channel.CALL, pbx=BRANCH)
    picked = [each.inquiry for each in story.effects if isinstance(each, PickUpCall)]
    return picked[0] if picked else None


def test_a_code_takes_what_it_can_take_and_not_what_rings_longer_at_the_other_pbx_for_its_own_caller() -> None:
    story = Offices(house("anna", "bob", "bea", pickup=True))
    story.calls("c1")
    assert story.phones() == [(phone("anna"),)]
    assert by_code(story, "bea") is None
    assert story.refused() == "nothing_to_pick_up"
    story.later(1)
    story.calls("c2")
    assert story.phones() == [(across("bob"),)]

    assert by_code(story, "bea") == "c2"
    assert by_code(story, "bea", "anna") is None
    assert by_code(story, "bea", "bob") == "c2"


def test_it_takes_what_rings_at_the_other_pbx_for_a_caller_of_its_own() -> None:
    story = Offices(house("anna", "bea", pickup=True))
    story.phone_in_branch_is("bea", PhoneState.INUSE)
    story.calls_branch("c1")
    assert story.phones() == [(across("anna"),)]

    assert by_code(story, "bea") == "c1"
