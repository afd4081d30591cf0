"""What may be done with an inquiry that nobody took, or that came at the wrong time."""

from typing import Annotated, Literal

from pydantic import Field

from huntgroup.settings.base import Section
from huntgroup.settings.values import Cause, DialledNumber, Id, Mailbox, Sound, Text

BUSY = 17
NORMAL = 16


class Voicemail(Section):
    """A call goes to the mailbox."""

    action: Literal["voicemail"]
    mailbox: Annotated[Mailbox, Field(examples=['"sales"'])]
    """The mailbox as VoiceMail() names it: `box` or `box@context`."""


class ToOperator(Section):
    """The inquiry is offered to one operator, whatever their group."""

    action: Literal["operator"]
    operator: Annotated[Id, Field(examples=['"anna"'])]
    rings: Annotated[int, Field(ge=1, le=100)] | None = None
    """Calls: rings until it ends; none (the default): until the customer gives up."""


class ToNumber(Section):
    """A call dials out, through `telephony.outbound`."""

    action: Literal["number"]
    number: Annotated[DialledNumber, Field(examples=['"+48221234567"'])]


class ToGroup(Section):
    """The inquiry enters another group, keeping its time of arrival."""

    action: Literal["group"]
    group: Annotated[Id, Field(examples=['"support"'])]


class KeepWaiting(Section):
    """The inquiry stays, and is offered again the moment anyone becomes eligible."""

    action: Literal["keep_waiting"] = "keep_waiting"


class Callback(Section):
    """A call ends and keeps its place: when its turn comes an operator is called, then the customer."""

    action: Literal["callback"]
    sound: Sound | None = None
    """What tells the caller of it; by default Asterisk's own "thank you, goodbye"."""


class Reply(Section):
    """The customer is told something."""

    action: Literal["reply"]
    sound: Sound | None = None
    """Calls: what is played, as Playback() names it."""

    text: Text | None = None
    """Chat, mail and form: what is written to the customer."""

    then: "Action" = KeepWaiting()
    """What comes after it; by default the inquiry keeps waiting."""


class HangUp(Section):
    """A call ends with a cause; any other inquiry is closed as unanswered."""

    action: Literal["hang_up"] = "hang_up"
    cause: Cause = NORMAL
    """A Q.850 number, or normal (16, the default), busy, no_answer, congestion, unallocated."""


Action = Annotated[
    Voicemail | ToOperator | ToNumber | ToGroup | KeepWaiting | Callback | Reply | HangUp,
    Field(discriminator="action"),
]

Reply.model_rebuild()


class ResponsibleMissed(Section):
    """What follows when a customer's responsible operator did not take the call."""

    action: Literal["queue", "mobile", "voicemail"] = "queue"
