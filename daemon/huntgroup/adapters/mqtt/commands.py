"""What others may send, as models: their bounds are the daemon's, and what does not fit is refused with its place."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from huntgroup.adapters.mqtt.topics import INQUIRY_ID, RESERVED
from huntgroup.links import read_link

PAYLOAD_MOST = 65_536
"""Bytes of one message to the daemon."""
PRIORITY_MOST = 100
HANDLES_MOST = 10
TEXT_MOST = 8_000
MESSAGE_MOST = 4_000

Name = Annotated[str, StringConstraints(max_length=200)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]
NewId = Annotated[
    str,
    StringConstraints(pattern=f"^{INQUIRY_ID.pattern}$"),
    Field(
        description="The channel's own key; letters, digits and . _ : @ = ~ - ; "
        f"it may not begin with {' or '.join(RESERVED)}"
    ),
]


class Incoming(BaseModel):
    """One JSON object: nothing is guessed from one type to another, and no key is passed over."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class CustomerIn(Incoming):
    """Who asks, as far as the channel knows."""

    name: Name = ""
    phone: Annotated[str, StringConstraints(max_length=40)] = ""
    email: Annotated[str, StringConstraints(max_length=254)] = ""
    handles: Annotated[
        dict[Annotated[str, StringConstraints(min_length=1, max_length=40)], Name], Field(max_length=HANDLES_MOST)
    ] = Field(default_factory=dict)
    """Names in other networks, by network."""


class Submission(Incoming):
    """A new inquiry. Its id is the key against duplicates."""

    id: NewId
    source: Id
    """Which of the configured sources it came in by."""
    priority: Annotated[int, Field(ge=-PRIORITY_MOST, le=PRIORITY_MOST)] = 0
    """Added to the group's; the highest is served first."""
    customer: CustomerIn = CustomerIn()
    subject: Annotated[str, StringConstraints(max_length=500)] = ""
    text: Annotated[str, StringConstraints(max_length=TEXT_MOST)] = ""
    link: Annotated[str, StringConstraints(max_length=2_000), AfterValidator(read_link)] = ""
    """Where an operator finds more: http, https, mailto, tel, sip, sips or xmpp, or a path that begins with a slash."""


class Abandon(Incoming):
    """The customer left."""

    type: Literal["abandon"]


class ChannelClose(Incoming):
    """The channel needs no answer any more."""

    type: Literal["close"]


class CustomerMessage(Incoming):
    """The customer wrote again; with an `id`, a message that is sent twice is told once."""

    type: Literal["message"]
    text: Annotated[str, StringConstraints(min_length=1, max_length=MESSAGE_MOST)]
    id: Annotated[str, StringConstraints(max_length=128)] = ""


class Asked(Incoming):
    """What an operator asks; with `operator`, a supervisor asks it for a colleague."""

    operator: Id = ""


class Accept(Asked):
    """Take what is offered."""

    type: Literal["accept"]
    inquiry: Id


class Decline(Asked):
    """Do not take what is offered: it goes to the next."""

    type: Literal["decline"]
    inquiry: Id


class Pickup(Asked):
    """Take a colleague's offer: this one, or that which has been pending longest."""

    type: Literal["pickup"]
    inquiry: Id = ""


class Target(Incoming):
    """A colleague or a group, and not both; empty: not given."""

    operator: Id = ""
    group: Id = ""


class Transfer(Asked):
    """Hand one's inquiry to a colleague or a group."""

    type: Literal["transfer"]
    inquiry: Id
    to: Target


class Hold(Asked):
    """Set a chat, mail or form aside: it does not count until it is resumed."""

    type: Literal["hold"]
    inquiry: Id


class Resume(Asked):
    """Go on with what was set aside."""

    type: Literal["resume"]
    inquiry: Id


class Close(Asked):
    """Be done with one's inquiry."""

    type: Literal["close"]
    inquiry: Id


class WrapupDone(Asked):
    """Be ready before the wrap-up is over: of one inquiry, or of all."""

    type: Literal["wrapup_done"]
    inquiry: Id | None = None


class Login(Asked):
    """Be available."""

    type: Literal["login"]


class Logout(Asked):
    """Be gone: what is not a call goes back to its line."""

    type: Literal["logout"]


class Pause(Asked):
    """Get nothing new for a while."""

    type: Literal["pause"]
    reason: Annotated[str, StringConstraints(max_length=100)] = ""


class ResumeWork(Asked):
    """End a pause."""

    type: Literal["resume_work"]


ChannelCommand = Annotated[Abandon | ChannelClose | CustomerMessage, Field(discriminator="type")]
OperatorCommand = Annotated[
    Accept | Decline | Pickup | Transfer | Hold | Resume | Close | WrapupDone | Login | Logout | Pause | ResumeWork,
    Field(discriminator="type"),
]

SUBMISSION: TypeAdapter[Submission] = TypeAdapter(Submission)
CHANNEL: TypeAdapter[Abandon | ChannelClose | CustomerMessage] = TypeAdapter(ChannelCommand)
OPERATOR: TypeAdapter[
    Accept | Decline | Pickup | Transfer | Hold | Resume | Close | WrapupDone | Login | Logout | Pause | ResumeWork
] = TypeAdapter(OperatorCommand)

CODES = {
    "json_invalid": "not_json",
    "union_tag_not_found": "missing",
    "union_tag_invalid": "unknown_type",
    "missing": "missing",
    "extra_forbidden": "unknown_key",
    "string_too_long": "too_long",
    "too_long": "too_long",
}
"""What a reader says is wrong -> our stable code; all else is ``invalid``."""


def first_fault(error: ValidationError, tags: bool) -> tuple[str, str, str]:
    """Code, words and place of the first thing wrong. ``tags``: the reader chose among models by ``type``."""
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = list(fault["loc"])
    kind = fault["type"]
    if kind.startswith("union_tag"):
        place = ["type"]
    elif tags and place:
        del place[0]
    return CODES.get(kind, "invalid"), fault["msg"], ".".join(str(each) for each in place)
