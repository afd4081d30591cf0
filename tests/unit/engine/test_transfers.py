"""An inquiry in hand changes hands: by command, or at the phone."""

import pytest

from huntgroup.engine.effects import FactType
from huntgroup.engine.events import (
    ConversationFound,
    Customer,
    PbxLost,
    PhoneState,
    Refusal,
)
from huntgroup.engine.ids import AttemptNo, GroupId, InquiryId, OperatorId, SourceId
from huntgroup.engine.policy import CallBack, Channel, End, Presence
from huntgroup.engine.requested import TransferRequested
from tests.unit.engine.scenario import PBX, RING, UNREACHABLE_AFTER, Story, entrance, group, operator, phone, policy

IDLE = 30.0


def house(**options: object) -> Story:
    """Two groups; whom a customer of Sales is handed to is responsible for them from then on."""
    moves = [
        entrance("sales", "sales", transfer_changes_responsible=True),
        entrance("sales-chat", "sales", Channel.CHAT, transfer_changes_responsible=True),
    ]
    return Story(
        policy(
            group("sales", "anna", "ben", pickup=True, offer_timeout=IDLE, **options),
            group("support", "cleo", "dan", offer_timeout=IDLE),
            entrances=moves,
        )
    )


def with_a_chat(**options: object) -> Story:
    story = house(**options)
    story.chats("h1")
    story.accepts("anna", "h1")
    return story


def with_a_call(**options: object) -> Story:
    story = house(**options)
    story.talks("anna", "c1")
    return story


# -- chats, mails, forms --------------------------------------------------------------------------------------------


def test_a_chat_handed_to_a_colleague_is_theirs_at_once_with_its_load() -> None:
    story = with_a_chat()
    story.hands("anna", "h1", "cleo")
    assert story.facts(FactType.TRANSFERRED) == [("h1", "anna", "to cleo")]
    assert (story.has("anna"), story.has("cleo")) == ((), ("h1",))
    assert story.told("cleo").load[Channel.CHAT] == 1
    story.closes("anna", "h1")
    assert story.refused() == "not_yours"


def test_it_may_be_handed_to_who_is_full_or_paused_and_takes_back_what_they_are_offered() -> None:
    story = Story(policy(group("sales", "anna", "ben"), operators=[operator("ben", capacity={Channel.CHAT: 1})]))
    story.chats("h1")
    story.accepts("anna", "h1")
    story.is_now("anna", Presence.PAUSED)
    story.chats("h2")
    assert story.offered() == [("h2", "ben")]
    story.hands("anna", "h1", "ben")
    assert story.has("ben") == ("h1",)
    assert story.facts(FactType.WITHDRAWN) == [("h2", "ben", "no room any more")]


def test_a_chat_set_aside_counts_again_where_it_is_handed_to() -> None:
    from_anna = with_a_chat()
    from_anna.sets_aside("anna", "h1")
    from_anna.hands("anna", "h1", "ben")
    assert from_anna.told("ben").load[Channel.CHAT] == 1
    assert from_anna.told("anna").load[Channel.CHAT] == 0


def test_a_chat_handed_to_a_group_is_offered_there_in_its_order() -> None:
    story = with_a_chat()
    story.hands_to_group("anna", "h1", "support")
    assert story.offered() == [("h1", "cleo")]
    assert story.has("anna") == ()


def test_handed_to_their_own_group_it_does_not_come_straight_back() -> None:
    story = with_a_chat()
    story.hands_to_group("anna", "h1", "sales")
    assert story.offered() == [("h1", "ben")]
    story.declines("ben", "h1")
    assert story.offered() == []
    story.later(IDLE)
    assert story.offered() == [("h1", "anna")]


def test_who_is_alone_and_gives_it_to_the_group_has_it_back_after_a_rest() -> None:
    story = Story(policy(group("sales", "anna", offer_timeout=IDLE, on_unanswered=End())))
    story.chats("h1")
    story.accepts("anna", "h1")
    story.hands_to_group("anna", "h1", "sales")
    assert (story.offered(), story.ended()) == ([], [])
    assert story.verdicts() == {"anna": "gave_it_away"}
    story.later(IDLE)
    assert story.offered() == [("h1", "anna")]


def test_it_can_be_handed_to_nobody_who_is_not_there() -> None:
    story = with_a_chat()
    story.is_now("ben", Presence.LOGGED_OUT)
    for to, error in (("ben", "not_logged_in"), ("nobody", "unknown_operator"), ("anna", "bad_target")):
        story.hands("anna", "h1", to)
        assert story.refused() == error
    story.hands_to_group("anna", "h1", "nowhere")
    assert story.refused() == "unknown_group"
    assert story.has("anna") == ("h1",)


def test_exactly_one_target_is_given() -> None:
    story = with_a_chat()
    story.asks(TransferRequested, "anna", "h1")
    assert story.refused() == "bad_target"
    story.asks(TransferRequested, "anna", "h1", to_operator=OperatorId("ben"), to_group=GroupId("support"))
    assert story.refused() == "bad_target"


def test_only_who_has_it_can_hand_it_on_and_only_once() -> None:
    story = with_a_chat()
    story.hands("ben", "h1", "cleo")
    assert story.refused() == "not_yours"
    story.hands("anna", "h1", "cleo")
    story.hands("anna", "h1", "dan")
    assert story.refused() == "not_yours"
    assert story.has("cleo") == ("h1",)


# -- calls ----------------------------------------------------------------------------------------------------------


def test_a_call_handed_to_a_colleague_rings_them_alone() -> None:
    story = with_a_call()
    story.hands("anna", "c1", "cleo")
    assert story.rung() == [("c1", ("cleo",))]
    assert story.has("anna") == ()
    story.answers("c1", "cleo")
    assert story.taken() == [("c1", "cleo")]


def test_a_pause_does_not_keep_a_colleague_from_ringing_who_was_chosen_by_hand() -> None:
    story = with_a_call()
    story.is_now("cleo", Presence.PAUSED)
    story.hands("anna", "c1", "cleo")
    assert story.rung() == [("c1", ("cleo",))]
    story.is_now("cleo", Presence.PAUSED, "really")
    assert story.has("cleo") == ("c1",)
    story.is_now("cleo", Presence.LOGGED_OUT)
    assert story.has("cleo") == ()


def test_missed_by_the_colleague_it_comes_back_to_the_group_and_who_gave_it_may_get_it() -> None:
    story = with_a_call()
    story.hands("anna", "c1", "cleo")
    story.phone_is("anna", PhoneState.NOT_INUSE)
    story.misses("cleo", "c1")
    assert story.facts(FactType.UNANSWERED) == [("c1", "cleo", "back to the group")]
    assert story.rung() == [("c1", ("anna",))]


def test_a_colleague_of_the_same_group_who_missed_it_comes_last_there() -> None:
    story = with_a_call(on_unanswered=End(cause=19))
    story.hands("anna", "c1", "ben")
    story.refuses("c1", "ben", Refusal.DECLINED)
    assert (story.rung(), story.ended()) == ([], [])
    assert story.verdicts() == {"anna": "busy", "ben": "declined_this_round"}
    story.later(RING)
    assert story.rung() == [("c1", ("ben",))]


def test_a_busy_colleague_is_waited_for_as_long_as_they_would_have_rung() -> None:
    story = with_a_call(on_unanswered=End(cause=19))
    story.phone_is("cleo", PhoneState.INUSE)
    story.hands("anna", "c1", "cleo")
    assert story.held() == ["c1"]
    story.later(UNREACHABLE_AFTER + 2 * RING)
    assert story.rung() == [("c1", ("ben",))]


def test_and_rung_when_they_are_free_in_time() -> None:
    story = with_a_call()
    story.phone_is("cleo", PhoneState.INUSE)
    story.hands("anna", "c1", "cleo")
    story.later(RING)
    story.phone_is("cleo", PhoneState.NOT_INUSE)
    assert story.rung() == [("c1", ("cleo",))]
    story.rings("c1", "cleo")
    story.later(2 * RING - 1)
    assert story.has("cleo") == ("c1",)


def test_a_full_group_takes_back_what_was_its_own() -> None:
    story = house(max_waiting=1, on_full=End(cause=42))
    story.talks("anna", "c1")
    story.phone_is("ben", PhoneState.INUSE)
    story.calls("c2")
    story.hands("anna", "c1", "cleo")
    story.misses("cleo", "c1")
    assert story.ended() == []
    assert story.has("cleo") == ()


def test_a_call_handed_to_a_group_rings_there() -> None:
    story = with_a_call()
    story.hands_to_group("anna", "c1", "support")
    assert story.rung() == [("c1", ("cleo",))]


def test_who_gave_a_call_to_the_group_is_offered_it_after_everybody_else_however_long_that_takes() -> None:
    story = Story(policy(group("sales", "anna", "ben", "cleo", on_unanswered=End(cause=19))))
    story.talks("anna", "c1")
    story.hands_to_group("anna", "c1", "sales")
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert story.engine.world.inquiries[InquiryId("c1")].attempt is not None

    story.misses("ben", "c1")
    assert story.rung() == [("c1", ("cleo",))]
    story.misses("cleo", "c1")
    assert story.rung() == [("c1", ("anna",))]
    assert story.verdicts() == {"anna": "chosen", "ben": "missed_this_round", "cleo": "missed_this_round"}
    story.misses("anna", "c1")
    assert story.ended() == [("c1", 19)]


def test_who_hangs_up_while_the_colleague_rings_was_answered_by_whom_they_talked_to_and_abandoned_nothing() -> None:
    story = with_a_call(on_abandoned=CallBack())
    story.hands("anna", "c1", "cleo")
    story.hangs_up("c1")
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "answered")]
    assert story.happened(FactType.ABANDONED) == []
    assert story.has("cleo") == story.has("anna") == ()


def test_so_was_who_hangs_up_in_the_line_of_the_group_that_they_were_handed_to() -> None:
    story = with_a_call()
    story.phone_is("cleo", PhoneState.INUSE)
    story.phone_is("dan", PhoneState.INUSE)
    story.hands_to_group("anna", "c1", "support")
    story.hangs_up("c1")
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "answered")]
    assert story.happened(FactType.ABANDONED) == []


def test_who_was_taken_out_of_the_configuration_meanwhile_is_on_record_all_the_same() -> None:
    story = with_a_call()
    story.hands_to_group("anna", "c1", "support")
    story.has_policy(policy(group("support", "cleo", "dan")))
    story.hangs_up("c1")
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "answered")]


@pytest.mark.parametrize("state", [PhoneState.UNAVAILABLE, PhoneState.UNKNOWN])
def test_no_caller_is_taken_from_their_operator_for_a_phone_that_cannot_ring(state: PhoneState) -> None:
    story = with_a_call()
    story.phone_is("cleo", state)
    story.hands("anna", "c1", "cleo")
    assert story.refused() == "phone_not_free"
    assert (story.has("anna"), story.held()) == (("c1",), [])
    assert story.happened(FactType.TRANSFERRED) == []


def test_nor_while_the_pbx_cannot_be_told() -> None:
    story = with_a_call()
    story.happens(PbxLost(pbx=PBX))
    story.hands("anna", "c1", "cleo")
    assert story.refused() == "phone_not_free"
    assert story.has("anna") == ("c1",)


# -- at the phone ---------------------------------------------------------------------------------------------------


def test_a_call_transferred_at_the_phone_moves_the_load() -> None:
    story = with_a_call()
    story.call_is_moved("c1", "cleo")
    assert story.facts(FactType.TRANSFERRED) == [("c1", "anna", "to cleo")]
    assert (story.has("anna"), story.has("cleo")) == ((), ("c1",))
    story.hangs_up("c1")
    assert story.facts(FactType.CLOSED) == [("c1", "cleo", "answered")]


def test_told_twice_it_moved_once() -> None:
    story = with_a_call()
    story.call_is_moved("c1", "cleo")
    assert story.call_is_moved("c1", "cleo") == []


def test_a_late_word_of_the_first_phone_does_not_hang_up_on_the_second() -> None:
    story = with_a_call()
    story.call_is_moved("c1", "cleo")
    assert story.answers("c1", "anna") == []


def test_transferred_to_somebody_outside_it_is_over_for_us() -> None:
    story = with_a_call()
    story.call_is_moved("c1", None)
    assert story.facts(FactType.TRANSFERRED) == [("c1", "anna", "to outside")]
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "forwarded")]
    assert story.hangs_up("c1") == []


def test_a_move_of_something_that_is_no_conversation_changes_nothing() -> None:
    story = house()
    story.calls("c1")
    assert story.call_is_moved("c1", "cleo") == []
    assert story.call_is_moved("gone", "cleo") == []


# -- responsibility -------------------------------------------------------------------------------------------------


def test_the_responsibility_moves_with_a_chat_or_a_call_however_it_was_handed_over() -> None:
    story = with_a_chat()
    story.hands("anna", "h1", "cleo")
    assert story.facts(FactType.RESPONSIBLE_CHANGED) == [("h1", "cleo", "")]
    story = with_a_call()
    story.call_is_moved("c1", "cleo")
    assert story.facts(FactType.RESPONSIBLE_CHANGED) == [("c1", "cleo", "")]


def test_with_a_call_that_rings_first_it_moves_when_the_colleague_answers_and_not_before() -> None:
    story = with_a_call()
    story.hands("anna", "c1", "cleo")
    assert story.facts(FactType.RESPONSIBLE_CHANGED) == []
    story.answers("c1", "cleo")
    assert story.facts(FactType.RESPONSIBLE_CHANGED) == [("c1", "cleo", "")]


def test_it_moves_also_when_the_colleague_answered_behind_a_cut_link() -> None:
    story = with_a_call()
    story.hands("anna", "c1", "cleo")
    story.happens(PbxLost(pbx=PBX))
    found = {"inquiry": InquiryId("c1"), "source": SourceId("sales"), "customer": Customer(), "attempt": AttemptNo(2)}
    story.happens(ConversationFound(phone=phone("cleo"), **found))  # type: ignore[arg-type]
    assert story.facts(FactType.RESPONSIBLE_CHANGED) == [("c1", "cleo", "")]


def test_it_does_not_move_when_the_group_took_it_instead_nor_to_a_group_nor_outside() -> None:
    story = with_a_call()
    story.hands("anna", "c1", "cleo")
    story.misses("cleo", "c1")
    story.answers("c1", "ben")
    story.hands_to_group("ben", "c1", "support")
    story.answers("c1", "cleo")
    story.call_is_moved("c1", None)
    assert story.happened(FactType.RESPONSIBLE_CHANGED) == []


def test_it_stays_where_the_entrance_does_not_say_so() -> None:
    story = Story(policy(group("sales", "anna", "ben")))
    story.talks("anna", "c1")
    story.call_is_moved("c1", "ben")
    assert story.facts(FactType.RESPONSIBLE_CHANGED) == []
