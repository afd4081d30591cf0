"""Where everything is published and read. Ids of operators and groups are valid topic levels by their validation."""

import re
from dataclasses import dataclass
from enum import StrEnum

from huntgroup.engine.ids import GroupId, InquiryId, OperatorId, PbxId

INQUIRY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@=~-]{0,127}")
"""What a channel may call an inquiry: it is one level of a topic, and an argument of a command."""
CALLS = "call-"
"""How the ids of calls begin."""
RESERVED = (CALLS, f"message-{CALLS}")
"""So begin the ids of calls, and of the messages that callers left: no channel may take one of them."""
LONGEST = 1024
"""Bytes of a topic that we write to; MQTT allows 65,535."""


class Kind(StrEnum):
    """What the daemon reads, by who writes it."""

    SUBMIT = "submit"
    CHANNEL = "channel"
    OPERATOR = "operator"
    CUSTOMERS = "customers"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Address:
    """What a topic that the daemon reads is for; ``name``: of whom or what, empty where there is but one."""

    kind: Kind
    name: str = ""


class Topics:
    """All topics below one prefix."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.status = f"{prefix}/status"
        self.submit = f"{prefix}/inquiries/submit"
        self.rejected = f"{prefix}/rejected"
        level = "([^/]+)"
        self._read = tuple(
            (kind, re.compile(re.escape(prefix) + path, re.DOTALL))
            for kind, path in (
                (Kind.SUBMIT, "/inquiries/submit()"),
                (Kind.CHANNEL, f"/inquiries/{level}/commands"),
                (Kind.OPERATOR, f"/operators/{level}/commands"),
                (Kind.CUSTOMERS, "/customers/commands()"),
                (Kind.ADMIN, f"/admin/{level}/commands"),
            )
        )
        self.to_read = tuple(
            f"{prefix}/{path}"
            for path in (
                "inquiries/submit",
                "inquiries/+/commands",
                "operators/+/commands",
                "customers/commands",
                "admin/+/commands",
            )
        )
        shown = ("pbxs/+/state", "operators/+/state", "groups/+/state", "inquiries/+/status")
        kept = (*shown, "operators/+/desk")
        self.retained = tuple(f"{prefix}/{path}" for path in kept)
        """Where we keep messages at the broker, and so may find some of an earlier life."""
        self.shown = tuple(f"{prefix}/{path}" for path in shown)
        """What tells of the house as a whole."""
        levels = "|".join(path.replace("+", "[^/]+") for path in kept)
        self._kept = re.compile(f"{re.escape(prefix)}/({levels})", re.DOTALL)
        self._inquiry = re.compile(re.escape(prefix) + "/inquiries/([^/]+)/status", re.DOTALL)

    def is_retained(self, topic: str) -> bool:
        """Whether it is one of the topics where we keep messages."""
        return self._kept.fullmatch(topic) is not None

    def inquiry_of(self, topic: str) -> InquiryId | None:
        """The inquiry whose state is at this topic; None: it is no inquiry's."""
        found = self._inquiry.fullmatch(topic)
        return InquiryId(found[1]) if found is not None else None

    def address(self, topic: str) -> Address | None:
        """What is read at a topic; None: nothing."""
        for kind, pattern in self._read:
            found = pattern.fullmatch(topic)
            if found is not None:
                return Address(kind, found[1])
        return None

    def inquiry_status(self, inquiry: InquiryId) -> str:
        """One inquiry's whole state, retained while it is open; also the answers to who submits it."""
        return f"{self.prefix}/inquiries/{inquiry}/status"

    def operator_state(self, operator: OperatorId) -> str:
        """One operator's whole state, retained."""
        return f"{self.prefix}/operators/{operator}/state"

    def operator_desk(self, operator: OperatorId) -> str:
        """All that lies before one operator, retained."""
        return f"{self.prefix}/operators/{operator}/desk"

    def group_state(self, group: GroupId) -> str:
        """One group's figures, retained."""
        return f"{self.prefix}/groups/{group}/state"

    def pbx_state(self, pbx: PbxId) -> str:
        """Whether one PBX is there, retained."""
        return f"{self.prefix}/pbxs/{pbx}/state"

    def event(self, kind: str) -> str:
        """Facts of one type."""
        return f"{self.prefix}/events/{kind}"

    def may_answer_at(self, wanted: str, default: str | None) -> bool:
        """Whether an answer may go where its asker wants it.

        The daemon may write everywhere, who asks may not. So below our prefix nobody is answered at a topic that means
        something to others, but at their own default topic, below it, or below a first level that we do not use.
        """
        if not wanted or len(wanted.encode()) > LONGEST or set(wanted) & set("+#\0") or wanted.startswith("$"):
            return False
        below = wanted.removeprefix(f"{self.prefix}/")
        if below == wanted:
            return True
        if default is not None and (wanted == default or wanted.startswith(f"{default}/")):
            return True
        return below.partition("/")[0] not in OURS


OURS = frozenset({"status", "inquiries", "operators", "groups", "pbxs", "events", "customers", "admin", "rejected"})
"""The first levels below the prefix that the daemon uses."""


def default_replies(topics: Topics, address: Address, inquiry: str | None) -> str | None:
    """Where an answer goes when nobody says where; None: nobody could look there.

    ``inquiry`` is the id in a submitted message, as far as it could be read.
    """
    match address.kind:
        case Kind.SUBMIT:
            if inquiry is None or INQUIRY_ID.fullmatch(inquiry) is None or inquiry.startswith(RESERVED):
                return None
            return topics.inquiry_status(InquiryId(inquiry))
        case Kind.CHANNEL:
            return f"{topics.prefix}/inquiries/{address.name}/replies"
        case Kind.OPERATOR:
            return f"{topics.prefix}/operators/{address.name}/replies"
        case Kind.CUSTOMERS:
            return f"{topics.prefix}/customers/replies"
        case Kind.ADMIN:
            return f"{topics.prefix}/admin/{address.name}/replies"
