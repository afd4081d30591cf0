"""The house as one PBX sees it: its own phones by their names there, everybody else's behind a trunk.

Everything within this folder speaks of phones as the PBX does; the engine knows those of another PBX than the first by
a name that says which. What goes in and out is renamed here, and nowhere else.
"""

from dataclasses import dataclass, replace

from huntgroup.adapters.ami.calls import OpenCall
from huntgroup.adapters.ami.directory import is_elsewhere
from huntgroup.engine.effects import JoinRinging, Order, ReleaseLeg, Ring, RingPhones
from huntgroup.engine.events import (
    ConversationFound,
    Event,
    FallbackServed,
    InquiryReceived,
    PhoneAnswered,
    PhoneRang,
    PhoneRefused,
    PhoneStateChanged,
)
from huntgroup.engine.ids import PbxId, PhoneId
from huntgroup.engine.policy import OperatorPolicy, Policy

_OF_A_PHONE = PhoneRang | PhoneAnswered | PhoneRefused | PhoneStateChanged | ConversationFound | FallbackServed
_OF_A_CALLER = InquiryReceived | ConversationFound


@dataclass(frozen=True, slots=True)
class Standpoint:
    """One PBX. Nothing is renamed for the first one."""

    pbx: PbxId
    is_first: bool = True

    @property
    def prefix(self) -> str:
        """Stands before the name of each phone of its own."""
        return "" if self.is_first else f"{self.pbx}:"

    def policy(self, policy: Policy) -> Policy:
        """The same house: who is at another PBX has one phone, behind the trunk that leads there, or none."""
        if len(policy.pbxs) <= 1:
            return policy
        return replace(policy, operators={name: self._seen(policy, each) for name, each in policy.operators.items()})

    def _seen(self, policy: Policy, operator: OperatorPolicy) -> OperatorPolicy:
        home = policy.home(operator)
        if home == self.pbx:
            return replace(operator, phones=tuple(map(self.device, operator.phones)))
        leads = (self.pbx, home) in policy.trunks and operator.phones
        return replace(operator, phones=(PhoneId(f"across:{operator.id}"),) if leads else ())

    def device(self, phone: PhoneId) -> PhoneId:
        """What the PBX calls one of its own phones."""
        return PhoneId(phone.removeprefix(self.prefix))

    def told(self, event: Event) -> Event:
        """A fact as the engine is to hear it."""
        if self.is_first:
            return event
        if isinstance(event, _OF_A_PHONE) and event.phone is not None and not is_elsewhere(event.phone):
            event = replace(event, phone=PhoneId(self.prefix + event.phone))
        return replace(event, pbx=self.pbx) if isinstance(event, _OF_A_CALLER) else event

    def ordered(self, order: Order) -> Order:
        """An order as the PBX is to carry it out."""
        if self.is_first:
            return order
        match order:
            case RingPhones():
                return replace(order, rings=tuple(map(self._ring, order.rings)))
            case JoinRinging():
                return replace(order, ring=self._ring(order.ring))
            case ReleaseLeg():
                return replace(order, phone=self.device(order.phone))
        return order

    def open_call(self, call: OpenCall) -> OpenCall:
        """What the engine has open."""
        return replace(call, phone=self.device(call.phone)) if call.phone is not None else call

    def _ring(self, ring: Ring) -> Ring:
        return replace(ring, phones=tuple(map(self.device, ring.phones)))
