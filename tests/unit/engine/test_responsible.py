"""A customer who is known is offered to the operator responsible for them before anybody else."""

from zoneinfo import ZoneInfo

from huntgroup.engine.effects import Decision, FactType, RingPhones, SendToVoicemail
from huntgroup.engine.events import (
    Customer,
    FallbackRings,
    InquiryReceived,
    KeyPressed,
    PbxFound,
    PbxLost,
    PhoneState,
    PhoneStateChanged,
    Refusal,
)
from huntgroup.engine.hours import Hours
from huntgroup.engine.house import mobile_of
from huntgroup.engine.ids import AttemptNo, InquiryId, OperatorId, SourceId
from huntgroup.engine.policy import Announce, CallBack, Channel, End, Mode, OperatorPolicy, Presence, ResponsibleMissed
from tests.unit.engine.scenario import PBX, RING, UNREACHABLE_AFTER, Story, entrance, group, operator, policy

CLEO = OperatorId("cleo")
QUEUE, MOBILE, VOICEMAIL = ResponsibleMissed.QUEUE, ResponsibleMissed.MOBILE, ResponsibleMissed.VOICEMAIL


def known(
    missed: ResponsibleMissed = QUEUE, *, cleo: OperatorPolicy | None = None, rings: int = 3, **options: object
) -> Story:
    """Cleo's customer calls a number that rings Cleo first; her group has Anna and Ben before her."""
    number = entrance("sales", "sales", responsible_first=True, responsible_rings=rings, on_responsible_missed=missed)
    chat = entrance("sales-chat", "sales", Channel.CHAT, responsible_first=True)
    cleo = cleo or operator("cleo", mobile="+48600", mailbox="cleo")
    return Story(policy(group("sales", "anna", "ben", "cleo", **options), operators=[cleo], entrances=[number, chat]))


def nobody_answers(story: Story, rings: int = 3) -> None:
    story.rings("c1", "cleo")
    story.later(rings * RING)


def test_the_responsible_operator_rings_first_for_as_many_rings_as_the_number_says() -> None:
    story = known(rings=4)
    story.calls("c1", responsible=CLEO)
    assert story.rung() == [("c1", ("cleo",))]
    story.rings("c1", "cleo")
    story.later(4 * RING - 0.001)
    assert story.rung() == []
    story.later(0.001)
    assert story.rung() == [("c1", ("anna",))]


def test_without_the_option_or_without_knowing_the_customer_the_group_comes_first() -> None:
    story = Story(policy(group("sales", "anna", "cleo")))
    story.calls("c1", responsible=CLEO)
    assert story.rung() == [("c1", ("anna",))]
    story = known()
    story.calls("c1")
    assert story.rung() == [("c1", ("anna",))]


def test_who_is_not_eligible_is_not_waited_for() -> None:
    def paused(story: Story) -> None:
        story.is_now("cleo", Presence.PAUSED)

    def engaged(story: Story) -> None:
        story.phone_is("cleo", PhoneState.INUSE)

    def unplugged(story: Story) -> None:
        story.phone_is("cleo", PhoneState.UNAVAILABLE)

    for happens in (paused, engaged, unplugged):
        story = known(MOBILE)
        happens(story)
        story.calls("c1", responsible=CLEO)
        assert story.rung() == [("c1", ("anna",))]


def test_somebody_nobody_knows_is_responsible_for_nothing() -> None:
    story = known()
    story.calls("c1", responsible=OperatorId("gone"))
    assert story.rung() == [("c1", ("anna",))]


def test_they_need_not_be_of_the_group() -> None:
    number = entrance("sales", "sales", responsible_first=True)
    story = Story(policy(group("sales", "anna"), group("support", "cleo"), entrances=[number]))
    story.calls("c1", responsible=CLEO)
    assert story.rung() == [("c1", ("cleo",))]


def test_a_chat_is_offered_to_them_first_as_well_within_their_capacity() -> None:
    story = known(cleo=operator("cleo", capacity={Channel.CHAT: 1}))
    story.chats("h1", responsible=CLEO)
    story.chats("h2", responsible=CLEO)
    assert story.offered() == [("h2", "anna")]
    assert story.has("cleo") == ("h1",)


def test_who_missed_it_is_left_out_of_the_groups_first_round_and_in_its_second() -> None:
    story = known(on_unanswered=CallBack())
    story.calls("c1", responsible=CLEO)
    nobody_answers(story)
    story.refuses("c1", "anna", Refusal.DECLINED)
    story.refuses("c1", "ben", Refusal.DECLINED)
    assert story.facts(FactType.UNANSWERED) == [("c1", None, "everyone eligible was offered it")]
    story.hangs_up("c1")
    story.later(RING)
    asked = []
    for _ in range(3):
        ((_, (who,)),) = story.rung()
        asked.append(who)
        story.refuses("c1", who, Refusal.DECLINED)
    assert asked == ["anna", "ben", "cleo"]


def test_it_comes_to_the_group_with_its_time_of_arrival() -> None:
    story = known()
    story.calls("c1", responsible=CLEO)
    for name in ("anna", "ben"):
        story.phone_is(name, PhoneState.INUSE)
    story.now += 1
    story.calls("young")
    nobody_answers(story)
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert story.rung() == [("c1", ("anna",))]


def test_whose_group_opened_while_the_pbx_was_away_is_theirs_first_when_it_is_found() -> None:
    mornings = Hours(zone=ZoneInfo("UTC"), week=(((480, 720),),) * 7)
    story = known(on_closed=CallBack(), hours=mornings)
    story.calls("c1", responsible=CLEO)
    story.hangs_up("c1")
    story.happens(PbxLost(pbx=PBX))
    story.later(8 * 3600)

    story.happens(PbxFound(pbx=PBX))

    assert story.rung() == [("c1", ("cleo",))]


def test_while_they_ring_it_has_its_place_in_the_group_and_finds_it_kept() -> None:
    story = known(max_waiting=1, on_full=End(cause=42))
    story.calls("c1", responsible=CLEO)
    story.calls("c2")
    assert story.ended() == [("c2", 42)]
    nobody_answers(story)
    assert story.rung() == [("c1", ("anna",))]


# -- their mobile ---------------------------------------------------------------------------------------------------


def on_the_mobile() -> Story:
    story = known(MOBILE)
    story.calls("c1", responsible=CLEO)
    nobody_answers(story)
    return story


def test_the_mobile_rings_after_the_phone() -> None:
    story = on_the_mobile()
    (ring,) = story.ordered(RingPhones)
    assert [(each.operator, each.phones) for each in ring.rings] == [(CLEO, (mobile_of(CLEO),))]


def test_answered_there_it_is_theirs_and_they_are_busy() -> None:
    story = on_the_mobile()
    story.answers("c1", "cleo", on_mobile=True)
    assert story.taken() == [("c1", "cleo")]
    assert story.told("cleo").reasons[Channel.CALL] == "busy"


def test_missed_there_too_it_comes_to_the_group() -> None:
    story = on_the_mobile()
    story.later(UNREACHABLE_AFTER)
    assert story.rung() == [("c1", ("anna",))]


def test_one_call_missed_at_both_counts_once() -> None:
    story = known(MOBILE, miss_limit=2)
    story.calls("c1", responsible=CLEO)
    nobody_answers(story)
    story.rings("c1", "cleo", on_mobile=True)
    story.later(3 * RING)
    assert story.happened(FactType.MISSED) == [("c1", "cleo"), ("c1", "cleo")]
    assert story.told("cleo").presence == "available"


def test_a_caller_whom_the_pbx_had_while_the_mobile_rang_is_offered_to_the_others_at_their_phones() -> None:
    story = known(MOBILE)
    story.calls("c1", responsible=CLEO)
    nobody_answers(story)
    assert story.ordered(RingPhones)[0].phones == (mobile_of(CLEO),)
    story.happens(FallbackRings(inquiry=InquiryId("c1")))

    story.calls("c1", responsible=CLEO, attempts=AttemptNo(2))

    assert story.ordered(RingPhones)[0].phones == ("PJSIP/anna",)


def test_and_so_is_one_who_wanted_to_leave_the_line_and_could_not() -> None:
    story = known(MOBILE, announce=Announce(leave_key="1"), on_leave=CallBack())
    nobody = Customer(name="Jan", phone="", can_be_called_back=False)
    story.happens(
        InquiryReceived(
            inquiry=InquiryId("c1"),
            channel=Channel.CALL,
            source=SourceId("sales"),
            customer=nobody,
            responsible=CLEO,
        )
    )
    nobody_answers(story)
    assert story.ordered(RingPhones)[0].phones == (mobile_of(CLEO),)

    story.happens(KeyPressed(inquiry=InquiryId("c1"), key="1"))

    assert story.ordered(RingPhones)[0].phones == ("PJSIP/anna",)


def test_who_has_no_mobile_has_no_second_phone() -> None:
    story = known(MOBILE, cleo=operator("cleo"))
    story.calls("c1", responsible=CLEO)
    nobody_answers(story)
    assert story.rung() == [("c1", ("anna",))]


def test_who_is_on_another_call_by_now_is_left_alone_on_the_mobile() -> None:
    story = known(MOBILE)
    story.calls("c1", responsible=CLEO)
    story.phone_is("cleo", PhoneState.RINGINUSE)
    story.refuses("c1", "cleo", Refusal.DECLINED)
    assert story.rung() == [("c1", ("anna",))]


def test_what_is_told_of_a_mobiles_state_is_no_state_of_theirs() -> None:
    story = known(MOBILE)
    story.happens(PhoneStateChanged(phone=mobile_of(CLEO), state=PhoneState.INUSE))
    assert story.effects == []


# -- their voicemail ------------------------------------------------------------------------------------------------


def test_their_own_mailbox_takes_the_caller() -> None:
    story = known(VOICEMAIL)
    story.calls("c1", responsible=CLEO)
    nobody_answers(story)
    assert [each.mailbox for each in story.ordered(SendToVoicemail)] == ["cleo"]
    assert story.facts(FactType.OVERFLOWED) == [("c1", None, "to mailbox cleo")]


def test_who_has_no_mailbox_leaves_the_caller_to_the_group() -> None:
    story = known(VOICEMAIL, cleo=operator("cleo"))
    story.calls("c1", responsible=CLEO)
    nobody_answers(story)
    assert story.rung() == [("c1", ("anna",))]


# -- not missed, but taken away -------------------------------------------------------------------------------------


def test_who_pauses_while_it_rings_did_not_miss_it_and_it_goes_to_the_group() -> None:
    for missed in (MOBILE, VOICEMAIL):
        story = known(missed)
        story.calls("c1", responsible=CLEO)
        story.rings("c1", "cleo")
        story.is_now("cleo", Presence.PAUSED)
        assert story.rung() == [("c1", ("anna",))]


def test_a_caller_who_is_to_be_called_back_is_sent_to_no_mailbox() -> None:
    story = known(VOICEMAIL, on_abandoned=CallBack())
    story.calls("c1", responsible=CLEO)
    story.hangs_up("c1")
    assert story.ordered(SendToVoicemail) == []
    assert story.rung() == [("c1", ("anna",))]


def test_a_responsible_operator_who_is_removed_while_they_ring_leaves_it_to_the_group() -> None:
    for missed in (QUEUE, MOBILE, VOICEMAIL):
        story = known(missed)
        story.calls("c1", responsible=CLEO)
        story.rings("c1", "cleo")
        story.has_policy(policy(group("sales", "anna")))
        assert story.facts(FactType.WITHDRAWN) == [("c1", "cleo", "no longer an operator")]
        assert story.rung() == [("c1", ("anna",))]


def test_and_one_who_is_removed_while_their_mobile_rings_as_well() -> None:
    story = on_the_mobile()
    story.has_policy(policy(group("sales", "anna")))
    assert story.rung() == [("c1", ("anna",))]


# -- why ------------------------------------------------------------------------------------------------------------


def decided(story: Story) -> list[tuple[bool, dict[str, str]]]:
    """Every decision so far: whether it was about the responsible, and who got it or why not."""
    decisions = [each for each in story.history if isinstance(each, Decision)]
    return [(each.is_for_responsible, {name: str(why) for name, why in each.verdicts}) for each in decisions]


def test_it_is_told_that_the_responsible_was_tried_first() -> None:
    story = known()
    story.calls("c1", responsible=CLEO)
    assert decided(story) == [(True, {"cleo": "chosen"})]
    nobody_answers(story)
    is_for_responsible, verdicts = decided(story)[-1]
    assert (is_for_responsible, verdicts["anna"]) == (False, "chosen")


def test_and_why_they_were_not() -> None:
    story = known()
    story.is_now("cleo", Presence.PAUSED)
    story.calls("c1", responsible=CLEO)
    assert decided(story)[0] == (True, {"cleo": "paused"})
    assert decided(story)[1][0] is False


def test_also_of_who_is_no_operator_any_more() -> None:
    story = known()
    story.calls("c1", responsible=OperatorId("gone"))
    assert decided(story)[0] == (True, {"gone": "no_longer_operator"})


def test_a_mail_that_is_assigned_to_them_at_once_is_told_of_the_same_way() -> None:
    mail = entrance("sales-mail", "sales", Channel.MAIL, mode=Mode.ASSIGN, responsible_first=True)
    story = Story(policy(group("sales", "anna", "cleo"), entrances=[mail]))
    story.mails("m1", responsible=CLEO)
    assert story.taken() == [("m1", "cleo")]
    assert decided(story) == [(True, {"cleo": "chosen"})]


def test_where_nobody_asks_for_them_first_nothing_is_told_of_them() -> None:
    story = Story(policy(group("sales", "anna", "cleo")))
    story.calls("c1", responsible=CLEO)
    assert [is_for_responsible for is_for_responsible, _ in decided(story)] == [False]
