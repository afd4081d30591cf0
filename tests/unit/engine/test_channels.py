"""What a channel asks for its customer, and what a desk shows of it."""

from huntgroup.engine.channels import MESSAGE_CHARACTERS_MOST, MESSAGES_MOST
from huntgroup.engine.effects import DeskChanged, FactType, InquiryChanged, OnDesk, OperatorRemoved
from huntgroup.engine.events import Content
from huntgroup.engine.ids import InquiryId, RequestId
from huntgroup.engine.policy import Channel, Presence
from huntgroup.engine.requested import AbandonRequested, ChannelCloseRequested, MessageReceived, PresenceRequested
from tests.unit.engine.scenario import Story, group, operator, policy

REQUEST = RequestId("r1")


def two() -> Story:
    return Story(policy(group("sales", "anna", "ben", offer_timeout=60.0)))


def writes(story: Story, inquiry: str, text: str, name: str = "") -> None:
    story.happens(MessageReceived(request=REQUEST, inquiry=InquiryId(inquiry), text=text, id=name))


def desk(story: Story, who: str) -> DeskChanged:
    return [each for each in story.history if isinstance(each, DeskChanged) and each.operator == who][-1]


def on_desk(story: Story, who: str, inquiry: str) -> OnDesk:
    last = desk(story, who)
    return next(each for each in (*last.offers, *last.inquiries) if each.inquiry == inquiry)


def state(story: Story, inquiry: str) -> InquiryChanged:
    return [each for each in story.history if isinstance(each, InquiryChanged) and each.inquiry == inquiry][-1]


def test_a_desk_shows_an_offer_with_its_time_and_then_what_is_in_hand() -> None:
    story = two()
    story.chats("h1", content=Content(subject="Order 1187", text="Where is it?"))
    offered = on_desk(story, "anna", "h1")
    assert (offered.state, offered.expires_at, offered.content.subject) == ("offered", story.now + 60.0, "Order 1187")
    story.accepts("anna", "h1")
    assert (desk(story, "anna").offers, on_desk(story, "anna", "h1").state) == ((), "active")
    story.sets_aside("anna", "h1")
    assert on_desk(story, "anna", "h1").state == "held"


def test_an_offered_call_shows_when_its_last_ring_ends_once_it_rings() -> None:
    story = two()
    story.calls("c1")
    story.rings("c1", "anna")
    assert on_desk(story, "anna", "c1").expires_at == story.now + 10.0


def test_later_messages_come_along_through_handoff_and_transfer() -> None:
    story = two()
    story.chats("h1")
    writes(story, "h1", "Hello?")
    story.later(60.0)
    writes(story, "h1", "Anybody?")
    assert [each.text for each in on_desk(story, "ben", "h1").messages] == ["Hello?", "Anybody?"]
    story.accepts("ben", "h1")
    story.hands("ben", "h1", "anna")
    writes(story, "h1", "Thanks")
    assert [each.text for each in on_desk(story, "anna", "h1").messages] == ["Hello?", "Anybody?", "Thanks"]
    assert desk(story, "ben").inquiries == ()


def test_a_message_that_is_sent_twice_is_told_once() -> None:
    story = two()
    story.chats("h1")
    writes(story, "h1", "Hello?", "m1")
    writes(story, "h1", "Hello?", "m1")
    assert story.refused() is None
    assert story.facts(FactType.MESSAGE) == []
    assert len(on_desk(story, "anna", "h1").messages) == 1


def test_of_many_messages_the_newest_are_kept_and_the_others_counted() -> None:
    story = two()
    story.chats("h1")
    for number in range(MESSAGES_MOST + 3):
        writes(story, "h1", str(number))
    item = on_desk(story, "anna", "h1")
    assert (len(item.messages), item.messages[0].text, item.messages_dropped) == (MESSAGES_MOST, "3", 3)
    writes(story, "h1", "x" * (MESSAGE_CHARACTERS_MOST + 1))
    assert len(on_desk(story, "anna", "h1").messages) == 1


def test_a_channel_that_closes_ends_it_answered_only_when_somebody_has_it() -> None:
    story = two()
    story.chats("h1")
    story.chats("h2")
    story.accepts("anna", "h1")
    for inquiry, outcome in (("h1", "answered"), ("h2", "unanswered")):
        story.happens(ChannelCloseRequested(request=REQUEST, inquiry=InquiryId(inquiry)))
        assert story.refused() is None
        assert (state(story, inquiry).state, state(story, inquiry).outcome) == ("closed", outcome)


def test_a_customer_who_leaves_is_told_of_by_the_channel() -> None:
    story = two()
    story.chats("h1")
    story.happens(AbandonRequested(request=REQUEST, inquiry=InquiryId("h1")))
    assert story.refused() is None
    assert story.facts(FactType.CLOSED) == [("h1", None, "abandoned")]
    story.happens(AbandonRequested(request=REQUEST, inquiry=InquiryId("h1")))
    assert story.refused() == "unknown_inquiry"


def test_no_channel_ends_a_call_or_speaks_in_it() -> None:
    story = two()
    story.talks("anna", "c1")
    for event in (
        AbandonRequested(request=REQUEST, inquiry=InquiryId("c1")),
        ChannelCloseRequested(request=REQUEST, inquiry=InquiryId("c1")),
        MessageReceived(request=REQUEST, inquiry=InquiryId("c1"), text="x"),
    ):
        story.happens(event)
        assert story.refused() == "not_with_a_call"
    assert story.told("anna").load[Channel.CALL] == 1


def test_of_two_who_wait_the_place_tells_who_is_first() -> None:
    story = Story(policy(group("sales", "anna"), operators=[operator("anna", capacity={Channel.CHAT: 0})]))
    story.chats("h1")
    story.chats("h2", priority=1)
    first, second = state(story, "h2").place, state(story, "h1").place
    assert first is not None
    assert second is not None
    assert first < second


def test_a_pause_is_for_who_is_logged_in() -> None:
    story = two()
    story.is_now("anna", Presence.LOGGED_OUT)
    story.asks(PresenceRequested, "anna", presence=Presence.PAUSED, is_on_duty=True)
    assert story.refused() == "not_logged_in"
    assert story.told("anna").presence == "logged_out"


def test_an_operator_who_is_no_more_is_told_of_once_nothing_is_left_of_them() -> None:
    story = two()
    story.talks("anna", "c1")
    story.has_policy(policy(group("sales", "ben")))
    assert story.ordered(OperatorRemoved) == []
    story.is_over("c1", "anna")
    assert [each.operator for each in story.ordered(OperatorRemoved)] == ["anna"]


def test_everything_is_told_anew_at_the_start() -> None:
    story = two()
    story.chats("h1")
    told = story.engine.start(story.now)
    assert [each.inquiry for each in told if isinstance(each, InquiryChanged)] == ["h1"]
    assert [each.operator for each in told if isinstance(each, DeskChanged)] == ["anna", "ben"]
