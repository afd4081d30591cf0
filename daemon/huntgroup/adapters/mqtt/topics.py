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
    ACCOUNT_SUBMIT = "account_submit"
    ACCOUNT_CHANNEL = "account_channel"


@dataclass(frozen=True, slots=True)
class Address:
    """The purpose of a topic that the daemon reads. ``name``: its owner or object; empty if there is only one.

    ``account`` is set where the broker lets only this account write; ``name`` is then its own name for an inquiry.
    """

    kind: Kind
    name: str = ""
    account: str = ""


class Topics:
    """All topics below one prefix."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.status = f"{prefix}/status"
        self.submit = f"{prefix}/inquiries/submit"
        self.rejected = f"{prefix}/rejected"
        self.backlog_end = f"{prefix}/backlog_end"
        """Where the daemon writes to itself; see `backlog.Backlog`."""
        name, account = "(?P<name>[^/]+)", "(?P<account>[^/]+)"
        self._read = tuple(
            (kind, re.compile(f"{re.escape(prefix)}/{path}", re.DOTALL))
            for kind, path in (
                (Kind.SUBMIT, "inquiries/submit"),
                (Kind.CHANNEL, f"inquiries/{name}/commands"),
                (Kind.ACCOUNT_SUBMIT, f"sources/{account}/submit"),
                (Kind.ACCOUNT_CHANNEL, f"sources/{account}/inquiries/{name}/commands"),
                (Kind.OPERATOR, f"operators/{name}/commands"),
                (Kind.CUSTOMERS, "customers/commands"),
                (Kind.ADMIN, f"admin/{name}/commands"),
            )
        )
        self.to_read = tuple(
            f"{prefix}/{path}"
            for path in (
                "inquiries/submit",
                "inquiries/+/commands",
                "sources/+/submit",
                "sources/+/inquiries/+/commands",
                "operators/+/commands",
                "customers/commands",
                "admin/+/commands",
            )
        )
        shown = ("pbxs/+/state", "operators/+/state", "groups/+/state", "inquiries/+/status")
        kept = (*shown, "operators/+/desk", "sources/+/inquiries/+/status")
        self.retained = tuple(f"{prefix}/{path}" for path in kept)
        """Where we keep messages at the broker, and so may find some of an earlier life."""
        self.shown = tuple(f"{prefix}/{path}" for path in shown)
        """What tells of the house as a whole."""
        levels = "|".join(path.replace("+", "[^/]+") for path in kept)
        self._kept = re.compile(f"{re.escape(prefix)}/({levels})", re.DOTALL)
        self._inquiry = re.compile(f"{re.escape(prefix)}/(?:sources/{account}/)?inquiries/{name}/status", re.DOTALL)

    def is_retained(self, topic: str) -> bool:
        """Whether it is one of the topics where we keep messages."""
        return self._kept.fullmatch(topic) is not None

    def inquiry_of(self, topic: str) -> InquiryId | None:
        """The inquiry whose state is at this topic; None: it is no inquiry's."""
        found = self._inquiry.fullmatch(topic)
        return inquiry_id(found["account"] or "", found["name"]) if found is not None else None

    def account_of(self, topic: str) -> str:
        """The account whose inquiry's state is at this topic; empty: the topic is not below an account."""
        found = self._inquiry.fullmatch(topic)
        return (found["account"] or "") if found is not None else ""

    def address(self, topic: str) -> Address | None:
        """What is read at a topic; None: nothing."""
        for kind, pattern in self._read:
            found = pattern.fullmatch(topic)
            if found is not None:
                return Address(kind, **found.groupdict())
        return None

    def inquiry_status(self, inquiry: InquiryId) -> str:
        """One inquiry's whole state, retained while it is open; also the answers to who submits it."""
        return f"{self.prefix}/inquiries/{inquiry}/status"

    def account_submit(self, account: str) -> str:
        """Where an account submits inquiries of its sources."""
        return f"{self.prefix}/sources/{account}/submit"

    def account_status(self, account: str, inquiry: InquiryId) -> str:
        """What an account is shown of its inquiry, retained while it is open; also the answers to its submission."""
        return f"{self.prefix}/sources/{account}/inquiries/{own_name(account, inquiry)}/status"

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

    def may_answer_at(self, wanted: str, default: str | None, address: Address) -> bool:
        """Whether an answer may go where its asker wants it.

        The daemon may write everywhere, who asks may not. So a writer whom the topic names is answered below their own
        topics only. A writer of the topics that any channel writes to is nobody in particular: they are answered
        outside our prefix, at their default topic, below it, or below a first level that we do not use.
        """
        if not wanted or len(wanted.encode()) > LONGEST or set(wanted) & set("+#\0") or wanted.startswith("$"):
            return False
        own = self._own_replies(address)
        if own:
            return any(wanted == each or wanted.startswith(f"{each}/") for each in own)
        below = wanted.removeprefix(f"{self.prefix}/")
        if below == wanted:
            return True
        if default is not None and (wanted == default or wanted.startswith(f"{default}/")):
            return True
        return below.partition("/")[0] not in OURS

    def _own_replies(self, address: Address) -> tuple[str, ...]:
        """The topics below which a writer may be answered; empty: it is not known who writes."""
        match address.kind:
            case Kind.SUBMIT | Kind.CHANNEL:
                return ()
            case Kind.ACCOUNT_SUBMIT | Kind.ACCOUNT_CHANNEL:
                return (f"{self.prefix}/sources/{address.account}/replies",)
            case Kind.OPERATOR:
                own = f"operators/{address.name}/replies", f"replies/{address.name}"
            case Kind.ADMIN:
                own = f"admin/{address.name}/replies", f"replies/{address.name}"
            case Kind.CUSTOMERS:
                own = "customers/replies", "replies"
        return tuple(f"{self.prefix}/{each}" for each in own)


OURS = frozenset(
    {
        "status",
        "inquiries",
        "sources",
        "operators",
        "groups",
        "pbxs",
        "events",
        "customers",
        "admin",
        "rejected",
        "backlog_end",
    }
)
"""The first levels below the prefix that the daemon uses."""


def inquiry_id(account: str, name: str) -> InquiryId:
    """What the daemon calls an inquiry that an account calls so.

    Each account has names of its own: so none learns of another's inquiry by its id, or takes an id away from it.
    """
    return InquiryId(f"{name}@{account}" if account else name)


def own_name(account: str, inquiry: InquiryId) -> str:
    """What an account calls its inquiry. One that was submitted before its source had the account keeps its id."""
    return inquiry.removesuffix(f"@{account}")


def default_replies(topics: Topics, address: Address, inquiry: str | None) -> str | None:
    """Where an answer goes when nobody says where; None: nobody could look there.

    ``inquiry`` is the id in a submitted message, as far as it could be read.
    """
    is_named = inquiry is not None and INQUIRY_ID.fullmatch(inquiry) is not None and not inquiry.startswith(RESERVED)
    own = inquiry_id(address.account, inquiry or "")
    below = f"{topics.prefix}/sources/{address.account}"
    match address.kind:
        case Kind.SUBMIT:
            return topics.inquiry_status(own) if is_named else None
        case Kind.ACCOUNT_SUBMIT:
            return topics.account_status(address.account, own) if is_named else f"{below}/replies"
        case Kind.ACCOUNT_CHANNEL:
            return f"{below}/inquiries/{address.name}/replies"
        case Kind.CUSTOMERS:
            return f"{topics.prefix}/customers/replies"
    who = {Kind.CHANNEL: "inquiries", Kind.OPERATOR: "operators", Kind.ADMIN: "admin"}[address.kind]
    return f"{topics.prefix}/{who}/{address.name}/replies"
