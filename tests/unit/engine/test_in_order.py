"""A call goes down the list, operator by operator."""

from huntgroup.engine.effects import FactType, Ring, RingPhones
from huntgroup.engine.events import PhoneState, Refusal
from huntgroup.engine.ids import OperatorId
from huntgroup.engine.policy import Hold
from tests.unit.engine.scenario import RING, UNREACHABLE_AFTER, Story, group, operator, phone, policy


def three() -> Story:
    return Story(policy(group("sales", "anna", "ben", "cleo")))


def test_the_first_listed_operator_rings() -> None:
    story = three()
    story.calls("c1")
    assert story.rung() == [("c1", ("anna",))]
    assert story.verdicts() == {"anna": "chosen", "ben": "behind_in_line", "cleo": "behind_in_line"}


def test_the_order_to_ring_names_the_phones_and_a_limit_beyond_our_own_deadlines() -> None:
    story = Story(policy(group("sales", "anna", hold=Hold.MUSIC), operators=[operator("anna", "desk", "soft")]))
    effects = story.calls("c1")
    order = next(each for each in effects if isinstance(each, RingPhones))
    assert order.rings == (Ring(operator=OperatorId("anna"), phones=(phone("desk"), phone("soft"))),)
    assert order.hold is Hold.MUSIC
    assert order.attempt == 1
    assert order.limit > UNREACHABLE_AFTER + 2 * RING


def test_rings_count_from_when_the_phone_rang_and_not_from_when_it_was_dialled() -> None:
    story = three()
    story.calls("c1")
    story.later(0.6)
    story.rings("c1", "anna")
    story.later(2 * RING - 0.001)
    assert story.rung() == []
    story.later(0.001)
    assert story.rung() == [("c1", ("ben",))]
    assert story.facts(FactType.MISSED) == [("c1", "anna", "")]
    assert story.facts(FactType.HANDED_OFF) == [("c1", "ben", "")]


def test_a_second_report_of_ringing_does_not_lengthen_the_offer() -> None:
    story = three()
    story.calls("c1")
    story.rings("c1", "anna")
    story.later(RING)
    story.rings("c1", "anna")
    story.later(RING)
    assert story.rung() == [("c1", ("ben",))]


def test_rings_count_from_early_media_when_the_phone_never_says_that_it_rings() -> None:
    story = three()
    story.calls("c1")
    story.sends_early_media("c1", "anna")
    story.later(RING)
    story.sends_early_media("c1", "anna")
    story.later(RING)
    assert story.rung() == [("c1", ("ben",))]
    assert story.facts(FactType.MISSED) == [("c1", "anna", "")]


def test_rings_count_anew_from_ringing_that_follows_early_media() -> None:
    story = three()
    story.calls("c1")
    story.sends_early_media("c1", "anna")
    story.later(0.8)
    story.rings("c1", "anna")
    story.sends_early_media("c1", "anna")
    story.later(2 * RING - 0.001)
    story.rings("c1", "anna")
    assert story.rung() == []
    story.later(0.001)
    assert story.rung() == [("c1", ("ben",))]


def test_ringing_so_late_after_early_media_that_the_phone_would_be_unreachable_lengthens_nothing() -> None:
    story = three()
    story.calls("c1")
    story.sends_early_media("c1", "anna")
    story.later(UNREACHABLE_AFTER + 0.001)
    story.rings("c1", "anna")
    story.later(2 * RING - UNREACHABLE_AFTER - 0.001)
    assert story.rung() == [("c1", ("ben",))]


def test_a_phone_that_never_begins_to_ring_is_unreachable_and_not_missed() -> None:
    story = three()
    story.calls("c1")
    story.later(UNREACHABLE_AFTER)
    assert story.rung() == [("c1", ("ben",))]
    assert story.facts(FactType.MISSED) == []
    assert story.facts(FactType.FAILED) == [("c1", "anna", "unreachable")]
    assert story.verdicts()["anna"] == "unreachable_this_round"


def test_unreachable_first_missed_second_the_third_answers() -> None:
    story = three()
    story.calls("c1")
    story.later(UNREACHABLE_AFTER)
    story.rings("c1", "ben")
    story.later(2 * RING)
    assert story.rung() == [("c1", ("cleo",))]
    story.rings("c1", "cleo")
    story.answers("c1", "cleo")
    assert story.facts(FactType.ACCEPTED) == [("c1", "cleo", "")]
    assert story.verdicts() == {"anna": "unreachable_this_round", "ben": "missed_this_round", "cleo": "chosen"}


def test_a_decline_goes_to_the_next_at_once() -> None:
    story = three()
    story.calls("c1")
    story.rings("c1", "anna")
    story.refuses("c1", "anna", Refusal.DECLINED)
    assert story.rung() == [("c1", ("ben",))]
    assert story.facts(FactType.DECLINED) == [("c1", "anna", "")]
    assert story.verdicts()["anna"] == "declined_this_round"


def test_a_phone_that_says_busy_to_the_call_is_passed_over_in_this_round() -> None:
    story = three()
    story.calls("c1")
    story.refuses("c1", "anna", Refusal.BUSY)
    assert story.rung() == [("c1", ("ben",))]
    assert story.verdicts()["anna"] == "busy_this_round"


def test_an_operator_of_two_phones_is_refused_only_when_both_are() -> None:
    story = Story(policy(group("sales", "anna", "ben"), operators=[operator("anna", "desk", "soft")]))
    story.calls("c1")
    story.refuses("c1", "desk", Refusal.UNREACHABLE)
    assert story.rung() == []
    story.rings("c1", "soft")
    story.refuses("c1", "soft", Refusal.DECLINED)
    assert story.rung() == [("c1", ("ben",))]
    assert story.facts(FactType.DECLINED) == [("c1", "anna", "")]


def test_who_declines_on_one_phone_and_lets_the_other_ring_has_declined_and_missed_nothing() -> None:
    story = Story(policy(group("sales", "anna", "ben", miss_limit=1), operators=[operator("anna", "desk", "soft")]))
    story.calls("c1")
    story.rings("c1", "desk")
    story.rings("c1", "soft")
    story.refuses("c1", "soft", Refusal.DECLINED)
    assert story.rung() == []

    story.later(2 * RING)

    assert story.rung() == [("c1", ("ben",))]
    assert story.facts(FactType.DECLINED) == [("c1", "anna", "")]
    assert story.happened(FactType.MISSED) + story.happened(FactType.PRESENCE_CHANGED) == []


def test_an_answer_beats_its_own_timeout_on_a_tie() -> None:
    story = three()
    story.calls("c1")
    story.rings("c1", "anna")
    story.now += 2 * RING
    story.answers("c1", "anna")
    assert story.facts(FactType.ACCEPTED) == [("c1", "anna", "")]
    assert story.rung() == []


def test_an_answer_after_its_time_is_released_and_changes_nothing() -> None:
    story = three()
    story.calls("c1")
    story.rings("c1", "anna")
    story.later(2 * RING)
    story.answers("c1", "anna", attempt=1)
    assert story.released() == [phone("anna")]
    assert story.facts(FactType.LATE_ANSWER) == [("c1", "anna", "")]
    story.rings("c1", "ben")
    story.answers("c1", "ben")
    assert story.facts(FactType.ACCEPTED) == [("c1", "ben", "")]


def test_words_about_an_earlier_attempt_change_nothing() -> None:
    story = three()
    story.calls("c1")
    story.later(UNREACHABLE_AFTER)
    assert story.rings("c1", "anna", attempt=1) == []
    assert story.refuses("c1", "anna", Refusal.NO_ANSWER, attempt=1) == []


def test_who_is_on_a_call_is_passed_over_with_the_reason() -> None:
    story = three()
    story.phone_is("anna", PhoneState.INUSE)
    story.phone_is("ben", PhoneState.UNAVAILABLE)
    story.calls("c1")
    assert story.rung() == [("c1", ("cleo",))]
    assert story.verdicts() == {"anna": "busy", "ben": "phone_unreachable", "cleo": "chosen"}


def test_a_phone_that_rings_for_somebody_else_is_busy() -> None:
    story = three()
    story.phone_is("anna", PhoneState.RINGING)
    story.calls("c1")
    assert story.verdicts()["anna"] == "busy"


def test_only_the_reachable_phones_of_an_operator_are_rung() -> None:
    story = Story(policy(group("sales", "anna"), operators=[operator("anna", "desk", "soft")]))
    story.phone_is("desk", PhoneState.UNAVAILABLE)
    effects = story.calls("c1")
    order = next(each for each in effects if isinstance(each, RingPhones))
    assert order.rings[0].phones == (phone("soft"),)


def test_one_operator_is_never_offered_two_calls_at_once() -> None:
    story = Story(policy(group("sales", "anna"), group("support", "anna")))
    story.calls("c1", "sales")
    story.calls("c2", "support")
    assert story.rung() == []
    assert story.held() == ["c2"]
    assert story.told("anna").inquiries == ("c1",)


def test_who_hangs_up_takes_the_oldest_waiting_call_over_all_their_groups() -> None:
    story = Story(policy(group("sales", "anna"), group("support", "anna")))
    story.calls("c1", "sales")
    story.rings("c1", "anna")
    story.answers("c1", "anna")
    story.now += 1
    story.calls("c2", "support")
    story.now += 1
    story.calls("c3", "sales")
    story.hangs_up("c1")
    assert story.rung() == [("c2", ("anna",))]


def test_a_phone_still_in_use_after_the_call_is_waited_for() -> None:
    story = Story(policy(group("sales", "anna")))
    story.calls("c1")
    story.answers("c1", "anna")
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c2")
    story.hangs_up("c1")
    assert story.rung() == []
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert story.rung() == [("c2", ("anna",))]


def test_the_caller_gives_up_while_a_phone_rings() -> None:
    story = three()
    story.calls("c1")
    story.rings("c1", "anna")
    story.hangs_up("c1")
    assert story.facts(FactType.ABANDONED) == [("c1", None, "hung_up")]
    assert story.facts(FactType.CLOSED) == [("c1", None, "abandoned")]
    assert story.engine.next_deadline() is None
    assert story.told("anna").inquiries == ()


def test_a_finished_conversation_closes_as_answered_by_its_operator() -> None:
    story = three()
    story.calls("c1")
    story.answers("c1", "anna")
    story.hangs_up("c1")
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "answered")]


def test_the_same_call_announced_again_is_not_a_second_one() -> None:
    story = three()
    story.calls("c1")
    assert story.calls("c1") == []


def test_a_number_that_nobody_serves_is_refused_with_cause_1() -> None:
    story = three()
    story.calls("c1", "+4899")
    assert story.ended() == [("c1", 1)]
    assert story.facts(FactType.CLOSED) == [("c1", None, "refused: '+4899' is not configured")]
