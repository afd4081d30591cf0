"""What operators and channels asked for: facts of the engine like any other, each answered under its ``request``."""

from dataclasses import dataclass

from huntgroup.engine.ids import GroupId, InquiryId, OperatorId, PbxId, RequestId
from huntgroup.engine.policy import Channel, Presence

# -- of operators -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Somebody asked for something, and is answered under ``request``. ``operator`` is who asked."""

    request: RequestId
    operator: OperatorId


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptRequested(Request):
    """The operator takes an inquiry that is offered to them."""

    inquiry: InquiryId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineRequested(Request):
    """The operator does not want an inquiry that is offered to them."""

    inquiry: InquiryId


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupRequested(Request):
    """The operator takes a colleague's pending offer; None: that which has been pending longest in their groups.

    ``colleague`` asks for the longest pending of theirs, ``channel`` for nothing but this channel's: who dials a code
    wants a call. Neither a pause nor a full hand forbids it, and being logged out only on channels other than calls.
    ``is_by_command``: they are at no phone that could take a call over, so it rings at theirs instead. ``pbx``: where
    there are several, that of the phone at which they are. It can take over what rings there, or for a caller of it.
    """

    inquiry: InquiryId | None = None
    colleague: OperatorId | None = None
    channel: Channel | None = None
    pbx: PbxId | None = None
    is_by_command: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequested(Request):
    """The operator hands their inquiry to a colleague or to a group; exactly one of the two is given.

    A call rings the colleague, even during a pause, or waits for them as long as it would have rung; then it comes back
    to its group. On the other channels it is theirs at once. A group offers it to who gave it away only after a rest.
    """

    inquiry: InquiryId
    to_operator: OperatorId | None = None
    to_group: GroupId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRequested(Request):
    """The operator sets their chat, mail or form aside: it does not count until it is resumed."""

    inquiry: InquiryId


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRequested(Request):
    """The operator goes on with what they had set aside."""

    inquiry: InquiryId


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRequested(Request):
    """The operator is done with their inquiry."""

    inquiry: InquiryId


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapupDoneRequested(Request):
    """The operator is ready for the next one before their wrap-up, of this inquiry or of all, is over."""

    inquiry: InquiryId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceRequested(Request):
    """The operator logs in or out, pauses or goes on; ``reason`` is theirs, of a pause.

    ``is_on_duty``: it makes sense only to who is logged in, and logs nobody in.
    """

    presence: Presence
    reason: str = ""
    is_on_duty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceToggled(Request):
    """The operator pressed a key that has two positions: ``away`` (logged out or paused), or back from it."""

    away: Presence


# -- of channels ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRequest:
    """The channel of a chat, mail or form asks something for its customer, and is answered under ``request``."""

    request: RequestId
    inquiry: InquiryId


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(ChannelRequest):
    """The customer wrote again. Under an ``id`` that was told before, nothing is new."""

    text: str
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AbandonRequested(ChannelRequest):
    """The customer left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCloseRequested(ChannelRequest):
    """The channel has no more use for an answer: the matter is settled, or was none."""


OperatorRequest = (
    AcceptRequested
    | DeclineRequested
    | PickupRequested
    | TransferRequested
    | HoldRequested
    | ResumeRequested
    | CloseRequested
    | WrapupDoneRequested
    | PresenceRequested
    | PresenceToggled
)
ChannelsRequest = MessageReceived | AbandonRequested | ChannelCloseRequested
