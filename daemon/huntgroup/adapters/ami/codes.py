"""What operators dial on their phones: codes -> requests, and what came of a request -> what the phone hears.

Who asks is the operator whose phone's channel it is: Asterisk names a channel by the endpoint that placed the call,
while a caller id is whatever the phone says. So a phone can act as its own operator and as nobody else.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog

from huntgroup.adapters.ami.fallback import setvar
from huntgroup.adapters.ami.genuine import reported
from huntgroup.adapters.ami.wire import Message, SafeAction
from huntgroup.engine.effects import Answered, PickUpCall
from huntgroup.engine.events import Event
from huntgroup.engine.ids import InquiryId, OperatorId, PbxId, PhoneId, RequestId
from huntgroup.engine.policy import Channel, Policy, Presence
from huntgroup.engine.requested import PickupRequested, PresenceToggled
from huntgroup.settings import Telephony

log = structlog.get_logger(__name__)

RINGING = "HUNTGROUP_RINGING"
SAID_CONTEXT = "huntgroup-said"
REFUSED = "refused"
RINGING_MOST = 800
"""Bytes that the channels to pick up may take in one line of AMI; one that is picked up is enough."""


class Code(StrEnum):
    """What a code is for."""

    PICKUP = "pickup"
    LOGIN = "login"
    PAUSE = "pause"


AWAY = {Code.LOGIN: Presence.LOGGED_OUT, Code.PAUSE: Presence.PAUSED}
SAID = {
    (Code.LOGIN, Presence.AVAILABLE): "loggedin",
    (Code.LOGIN, Presence.LOGGED_OUT): "loggedout",
    (Code.PAUSE, Presence.AVAILABLE): "resumed",
    (Code.PAUSE, Presence.PAUSED): "paused",
}
"""What the operator is after it -> the extension of huntgroup-said that tells them."""

Send = Callable[[Sequence[SafeAction]], None]
PhoneOf = Callable[[str], PhoneId | None]
LegsOf = Callable[[InquiryId], Sequence[tuple[PhoneId, str]]]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What was dialled: a code, alone or with somebody's extension behind it."""

    code: Code
    whose: OperatorId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who waits at their phone for an answer."""

    channel: str
    operator: OperatorId
    dialled: str
    meaning: Meaning


class Codes:
    """The codes of one PBX. ``send`` takes actions that nobody awaits."""

    def __init__(  # noqa: PLR0913 - what joins them to the rest of the link
        self,
        telephony: Telephony,
        policy: Policy,
        send: Send,
        phone_of: PhoneOf,
        legs_of: LegsOf,
        *,
        prefix: str = "",
        pbx: str = "main",
    ) -> None:
        """``phone_of`` knows which phone a channel is of, ``legs_of`` which channels ring for an inquiry; ``prefix``
        tells the requests of this PBX from another's, and ``pbx`` is its name in the log."""
        self._pbx = pbx
        self._prefix = prefix
        self._send = send
        self._phone_of = phone_of
        self._legs_of = legs_of
        self._asked: dict[RequestId, Asked] = {}
        self.reconfigure(telephony, policy)

    def reconfigure(self, telephony: Telephony, policy: Policy) -> None:
        """Other codes, extensions or phones from now on."""
        self.meanings: Mapping[str, Meaning] = dict(_meanings(telephony, policy))
        """Everything that may be dialled."""
        self._owner = {phone: each.id for each in policy.operators.values() for phone in each.phones}
        self._within_reach_of = PbxId(self._pbx) if len(policy.pbxs) > 1 else None

    def dialled(self, message: Message) -> list[Event]:
        """Somebody dialled one of our codes, and waits. Raises KeyError when the message lacks what it must have."""
        channel, dialled = message["channel"], reported(message, "dialled")
        phone = self._phone_of(channel)
        operator = self._owner.get(phone) if phone else None
        meaning = self.meanings.get(dialled)
        if operator is None:
            self._refuse(channel, dialled, "the phone is no operator's")
            return []
        if meaning is None:
            self._refuse(channel, dialled, "it is a code no longer")
            return []
        if meaning.code is not Code.PICKUP and meaning.whose not in {None, operator}:
            self._refuse(channel, dialled, f"{operator} is not {meaning.whose}")
            return []
        request = RequestId(f"code-{self._prefix}{message['uniqueid']}")
        self._asked[request] = Asked(channel=channel, operator=operator, dialled=dialled, meaning=meaning)
        if meaning.code is Code.PICKUP:
            return [
                PickupRequested(
                    request=request,
                    operator=operator,
                    colleague=meaning.whose,
                    channel=Channel.CALL,
                    pbx=self._within_reach_of,
                )
            ]
        return [PresenceToggled(request=request, operator=operator, away=AWAY[meaning.code])]

    def has_asked(self, request: RequestId) -> bool:
        """Whether somebody waits at a phone of this PBX for what comes of it."""
        return request in self._asked

    def pick_up(self, order: PickUpCall) -> None:
        """Have the phone that asked take over one of the channels that ring."""
        asked = self._asked.get(order.request)
        if asked is None:
            log.warning("pbx.pickup_without_a_phone", pbx=self._pbx, inquiry=order.inquiry, operator=order.operator)
            return
        del self._asked[order.request]
        legs = self._legs_of(order.inquiry)
        # Those of the colleague who was named come first.
        first = [channel for phone, channel in legs if self._owner.get(phone) == asked.meaning.whose]
        channels = "&".join(dict.fromkeys((*first, *(channel for _, channel in legs))))
        if not channels:
            self._refuse(asked.channel, asked.dialled, "nothing rings at this PBX yet, or any more")
            return
        if len(channels) > RINGING_MOST:
            channels = channels[: RINGING_MOST + 1].rpartition("&")[0]
        log.info(
            "code.done",
            pbx=self._pbx,
            operator=asked.operator,
            code=Code.PICKUP,
            dialled=asked.dialled,
            inquiry=order.inquiry,
        )
        ringing = {"Action": "Setvar", "Channel": asked.channel, "Variable": RINGING, "Value": channels}
        self._send([SafeAction(ringing), _say(asked.channel, "pickup")])

    def answered(self, answer: Answered) -> None:
        """What came of a request; who asked at a phone hears it."""
        asked = self._asked.pop(answer.request, None)
        if asked is None:
            return
        if answer.error is not None:
            self._refuse(asked.channel, asked.dialled, answer.message)
            return
        code = asked.meaning.code
        said = SAID.get((code, answer.presence)) if answer.presence is not None else None
        if said is None:  # a pickup that was not ordered: see `pick_up`
            self._refuse(asked.channel, asked.dialled, "the link to the PBX was down")
            return
        log.info(
            "code.done",
            pbx=self._pbx,
            operator=asked.operator,
            code=code,
            dialled=asked.dialled,
            presence=answer.presence,
        )
        self._send([_say(asked.channel, said)])

    def forget(self) -> None:
        """The link is gone: nobody can be answered any more."""
        self._asked.clear()

    def _refuse(self, channel: str, dialled: str, why: str) -> None:
        log.info("code.refused", pbx=self._pbx, channel=channel, dialled=dialled, reason=why)
        self._send([_say(channel, REFUSED)])


def publish(meanings: Mapping[str, Meaning]) -> list[SafeAction]:
    """Tell the dialplan what is ours among all that may be dialled."""
    return [setvar(_variable(dialled), "code") for dialled in meanings]


def withdraw(dialled: Sequence[str]) -> list[SafeAction]:
    """What is a code no longer falls through again."""
    return [setvar(_variable(each), "") for each in dialled]


def _variable(dialled: str) -> str:
    return f"GLOBAL(HUNTGROUP_CODE_{dialled})"


def _meanings(telephony: Telephony, policy: Policy) -> Iterator[tuple[str, Meaning]]:
    codes = {
        Code.PICKUP: telephony.pickup_code,
        Code.LOGIN: telephony.login_code,
        Code.PAUSE: telephony.pause_code,
    }
    for code, dialled in codes.items():
        yield dialled, Meaning(code)
        for operator in policy.operators.values():
            if operator.extension is not None:
                yield dialled + operator.extension, Meaning(code, operator.id)


def _say(channel: str, what: str) -> SafeAction:
    return SafeAction({"Action": "Redirect", "Channel": channel, "Context": SAID_CONTEXT, "Exten": what, "Priority": 1})
