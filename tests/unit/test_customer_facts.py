"""What of the engine's facts is followed for customers, and what is said of each."""

import json
from typing import Any

import pytest

from huntgroup.customer_facts import customer_facts
from huntgroup.customers.rules import RuleBook
from huntgroup.engine.events import (
    Customer,
    CustomerLeft,
    Event,
    FallbackServed,
    InquiryReceived,
    MessageLeft,
    Recording,
)
from huntgroup.engine.ids import InquiryId, OperatorId, PbxId, RequestId, SourceId
from huntgroup.engine.policy import Channel, Presence
from huntgroup.engine.requested import CloseRequested, PresenceRequested, TransferRequested
from huntgroup.settings import Settings
from huntgroup.shell import Handled
from tests.unit.engine.scenario import Story, group, policy

JAN = Customer(name="Jan", phone="+48600700800", email="Jan@X.org", handles=(("telegram", "@jan"),))


@pytest.fixture
def rules() -> RuleBook:
    """A number and a mail whose customers are looked up, and a chat whose are not."""
    return RuleBook(
        Settings.model_validate_json(
            json.dumps(
                {
                    "telephony": {"country": "pl"},
                    "pbx": [],
                    "numbers": [{"number": "+48221234567", "group": "sales", "create": "lead"}],
                    "sources": [
                        {"id": "sales-mail", "channel": "mail", "group": "sales", "track_customer": True},
                        {"id": "sales-chat", "channel": "chat", "group": "sales"},
                    ],
                }
            )
        )
    )


class Told:
    """A story of which what is followed is read."""

    def __init__(self, rules: RuleBook) -> None:
        self.story = Story(policy(group("sales", "anna", "ben")))
        self.rules = rules

    def of(self, event: Event) -> list[tuple[str, dict[str, Any]]]:
        """Kind and body of what this event means for customers."""
        handled = Handled(1, self.story.now, event, self.story.happens(event), None)
        return [(kind, json.loads(body)) for kind, body in customer_facts(handled, self.rules)]


def comes(inquiry: str, channel: Channel, source: str) -> InquiryReceived:
    return InquiryReceived(inquiry=InquiryId(inquiry), channel=channel, source=SourceId(source), customer=JAN)


def test_a_mail_is_told_with_all_that_its_customer_is_known_by_and_with_who_got_it(rules: RuleBook) -> None:
    (received, accepted) = Told(rules).of(comes("m1", Channel.MAIL, "sales-mail"))
    assert received[0] == "received"
    assert {name: received[1][name] for name in ("inquiry", "channel", "source", "name", "track", "create")} == {
        "inquiry": "m1",
        "channel": "mail",
        "source": "sales-mail",
        "name": "Jan",
        "track": True,
        "create": "",
    }
    assert received[1]["identities"] == [["phone", "+48600700800"], ["email", "jan@x.org"], ["handle", "telegram:jan"]]
    assert (accepted[0], accepted[1]["operator"]) == ("accepted", "anna")


def test_where_nobody_is_looked_up_nothing_is_told_that_says_who_it_is(rules: RuleBook) -> None:
    received, *_ = Told(rules).of(comes("t1", Channel.CHAT, "sales-chat"))
    assert received[1]["identities"] == []


def test_a_call_is_told_from_its_beginning_to_its_end(rules: RuleBook) -> None:
    told = Told(rules)
    kinds = [kind for kind, _ in told.of(comes("c1", Channel.CALL, "sales"))]
    told.story.answers("c1", "anna")
    (closed,) = told.of(CustomerLeft(inquiry=InquiryId("c1")))
    assert (kinds, closed[0]) == (["received"], "closed")
    assert (closed[1]["outcome"], closed[1]["operator"]) == ("answered", "anna")


def test_a_mail_that_is_put_back_or_handed_over_is_told(rules: RuleBook) -> None:
    told = Told(rules)
    told.of(comes("m1", Channel.MAIL, "sales-mail"))
    out = PresenceRequested(request=RequestId("r"), operator=OperatorId("anna"), presence=Presence.LOGGED_OUT)
    assert [kind for kind, _ in told.of(out)] == ["put_back", "accepted"]
    hand = TransferRequested(
        request=RequestId("r"), operator=OperatorId("ben"), inquiry=InquiryId("m1"), to_operator=OperatorId("anna")
    )
    assert told.of(hand) == []
    closing = CloseRequested(request=RequestId("r"), operator=OperatorId("ben"), inquiry=InquiryId("m1"))
    assert [kind for kind, _ in told.of(closing)] == ["closed"]


def test_a_call_that_the_pbx_served_by_itself_is_told_whole_afterwards(rules: RuleBook) -> None:
    served = FallbackServed(
        pbx=PbxId("main"),
        entry=1,
        inquiry=InquiryId("c1"),
        source=SourceId("sales"),
        customer=JAN,
        came_at=900.0,
        answered_at=910.0,
        phone=None,
        ended_at=950.0,
    )
    received, closed = Told(rules).of(served)
    assert (received[1]["channel"], received[1]["at"], closed[1]["at"]) == ("call", 900.0, 950.0)


def test_a_message_is_a_mail_of_who_called(rules: RuleBook) -> None:
    message = MessageLeft(
        inquiry=InquiryId("c1"),
        message=InquiryId("message-c1"),
        source=SourceId("sales"),
        customer=JAN,
        recording=Recording(file="/spool/msg0001", seconds=3.0, mailbox="sales"),
    )
    (received, *_) = Told(rules).of(message)
    assert (received[1]["channel"], received[1]["source"]) == ("mail", "voicemail")
    assert received[1]["identities"][0] == ["phone", "+48600700800"]
