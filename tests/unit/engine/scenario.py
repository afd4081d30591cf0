"""A group, its phones and a clock to tell stories with: events in, effects out, nothing mocked."""

from collections.abc import Iterable
from typing import Any, TypeVar

from huntgroup.engine.effects import (
    Answered,
    Decision,
    Effect,
    EndInquiry,
    Fact,
    FactType,
    HoldCustomer,
    OperatorChanged,
    ReleaseLeg,
    RingPhones,
)
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import (
    CallMoved,
    Customer,
    CustomerLeft,
    Event,
    InquiryReceived,
    PbxFound,
    PhoneAnswered,
    PhoneRang,
    PhoneRefused,
    PhoneState,
    PhoneStateChanged,
    PolicyChanged,
    Refusal,
    TimePassed,
)
from huntgroup.engine.house import mobile_of
from huntgroup.engine.ids import (
    NO_ATTEMPT,
    AttemptNo,
    GroupId,
    InquiryId,
    OperatorId,
    PbxId,
    PhoneId,
    RequestId,
    SourceId,
)
from huntgroup.engine.invariants import check
from huntgroup.engine.policy import Channel, Entrance, GroupPolicy, Mode, OperatorPolicy, Policy, Presence
from huntgroup.engine.requested import (
    AcceptRequested,
    CloseRequested,
    DeclineRequested,
    HoldRequested,
    PickupRequested,
    PresenceRequested,
    Request,
    ResumeRequested,
    TransferRequested,
)
from tests.simulation.mirror import Mirror

OrderT = TypeVar("OrderT", bound=Effect)
PBX = PbxId("main")
RING = 5.0
UNREACHABLE_AFTER = 4.0
START = 1_000.0
CAPACITY = {Channel.CALL: 1, Channel.CHAT: 3, Channel.MAIL: 20, Channel.FORM: 20}
MODES = {Channel.CHAT: Mode.OFFER, Channel.MAIL: Mode.ASSIGN, Channel.FORM: Mode.ASSIGN}


def operator(name: str, *phones: str, capacity: dict[Channel, int] | None = None, **options: Any) -> OperatorPolicy:
    """An operator with one phone of their own name, or these, and room for one call, three chats and many mails."""
    return OperatorPolicy(
        id=OperatorId(name),
        name=name.title(),
        phones=tuple(phone(each) for each in phones or (name,)),
        capacity={**CAPACITY, **(capacity or {})},
        **options,
    )


def phone(name: str) -> PhoneId:
    """The phone of this name."""
    return PhoneId(f"PJSIP/{name}")


def entrance(source: str, group: str, channel: Channel = Channel.CALL, **options: Any) -> Entrance:
    """Where inquiries of a channel come in for a group."""
    return Entrance(source=SourceId(source), channel=channel, group=GroupId(group), **options)


def policy(
    *groups: GroupPolicy,
    operators: Iterable[OperatorPolicy] = (),
    entrances: Iterable[Entrance] = (),
    **options: Any,
) -> Policy:
    """These groups, with a number and a source for each channel named after them; unknown operators have one phone.

    Chats are offered, mails and forms assigned; entrances that are given come in place of those.
    """
    known = {each.id: each for each in operators}
    for group in groups:
        for name in group.operators:
            known.setdefault(name, operator(name))
    numbers = {SourceId(each.id): entrance(each.id, each.id) for each in groups}
    sources = {
        SourceId(f"{each.id}-{channel}"): entrance(f"{each.id}-{channel}", each.id, channel, mode=mode)
        for each in groups
        for channel, mode in MODES.items()
    }
    for each in entrances:
        (numbers if each.channel is Channel.CALL else sources)[each.source] = each
    return Policy(
        operators=known,
        groups={group.id: group for group in groups},
        numbers=numbers,
        sources=sources,
        pbx=PBX,
        ring_seconds=RING,
        unreachable_after=UNREACHABLE_AFTER,
        **options,
    )


def group(name: str, *operators: str, **options: Any) -> GroupPolicy:
    """A group of these operators; two rings at each unless told otherwise."""
    return GroupPolicy(
        id=GroupId(name),
        name=name.title(),
        operators=tuple(OperatorId(each) for each in operators),
        **{"rings": 2, **options},
    )


class Story:
    """The engine with everything idle, and words for what happens to it."""

    def __init__(self, plan: Policy, *, at: float = START) -> None:
        self.engine = Engine(plan)
        self.now = at
        self.effects: list[Effect] = []
        self.mirror = Mirror(self.engine.world)
        self.history: list[Effect] = list(self.engine.start(at))
        for each in plan.operators.values():
            for phone_id in each.phones:
                self.happens(PhoneStateChanged(phone=phone_id, state=PhoneState.NOT_INUSE))
        self.happens(PbxFound(pbx=PBX))

    # -- what happens ---------------------------------------------------------------------------------------------

    def happens(self, event: Event) -> list[Effect]:
        """This event, now."""
        self.effects = self.engine.handle(event, self.now)
        self.history += self.effects
        assert check(self.engine.world) == []
        self.mirror.follow(self.engine.world)
        assert self.mirror.differences(self.engine.world) == []
        return self.effects

    def later(self, seconds: float) -> list[Effect]:
        """Time passes, with a look at the clock at every deadline as the shell does; all the effects of it."""
        until = self.now + seconds
        seen: list[Effect] = []
        while (due := self.engine.next_deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            seen += self.happens(TimePassed())
        self.now = until
        self.effects = seen
        return seen

    def calls(self, inquiry: str, number: str = "sales", **options: Any) -> list[Effect]:
        """A caller dials the number."""
        return self._comes(inquiry, Channel.CALL, number, options)

    def chats(self, inquiry: str, group: str = "sales", **options: Any) -> list[Effect]:
        """A chat begins."""
        return self._comes(inquiry, Channel.CHAT, f"{group}-chat", options)

    def mails(self, inquiry: str, group: str = "sales", **options: Any) -> list[Effect]:
        """A mail comes in."""
        return self._comes(inquiry, Channel.MAIL, f"{group}-mail", options)

    def forms(self, inquiry: str, group: str = "sales", **options: Any) -> list[Effect]:
        """A form is filled in."""
        return self._comes(inquiry, Channel.FORM, f"{group}-form", options)

    def _comes(self, inquiry: str, channel: Channel, source: str, options: dict[str, Any]) -> list[Effect]:
        customer = Customer(name="Jan", phone="+48600700800", can_be_called_back=True)
        return self.happens(
            InquiryReceived(
                inquiry=InquiryId(inquiry), channel=channel, source=SourceId(source), customer=customer, **options
            )
        )

    def asks(self, kind: type[Request], who: str, inquiry: str | None = None, **options: Any) -> list[Effect]:
        """An operator asks for something; see ``refused`` for the answer."""
        if inquiry is not None:
            options["inquiry"] = InquiryId(inquiry)
        return self.happens(kind(request=RequestId("r1"), operator=OperatorId(who), **options))  # type: ignore[arg-type]

    def accepts(self, who: str, inquiry: str) -> list[Effect]:
        """An operator takes what is offered to them."""
        return self.asks(AcceptRequested, who, inquiry)

    def declines(self, who: str, inquiry: str) -> list[Effect]:
        """An operator does not want what is offered to them."""
        return self.asks(DeclineRequested, who, inquiry)

    def closes(self, who: str, inquiry: str) -> list[Effect]:
        """An operator is done with their inquiry."""
        return self.asks(CloseRequested, who, inquiry)

    def picks_up(self, who: str, inquiry: str | None = None) -> list[Effect]:
        """An operator takes a colleague's offer: this one, or the one that has been pending longest."""
        return self.asks(PickupRequested, who, inquiry)

    def call_is_picked_up(self, inquiry: str, who: str) -> list[Effect]:
        """A ringing call is answered at this phone, which was not rung for it."""
        return self.answers(inquiry, who)

    def call_is_moved(self, inquiry: str, who: str | None) -> list[Effect]:
        """The PBX joined a conversation to this operator's phone, or to somebody outside."""
        return self.happens(CallMoved(inquiry=InquiryId(inquiry), operator=OperatorId(who) if who else None))

    def hands(self, who: str, inquiry: str, to: str) -> list[Effect]:
        """An operator hands their inquiry to a colleague."""
        return self.asks(TransferRequested, who, inquiry, to_operator=OperatorId(to))

    def hands_to_group(self, who: str, inquiry: str, to: str) -> list[Effect]:
        """An operator hands their inquiry to a group."""
        return self.asks(TransferRequested, who, inquiry, to_group=GroupId(to))

    def sets_aside(self, who: str, inquiry: str) -> list[Effect]:
        """An operator puts their chat on hold."""
        return self.asks(HoldRequested, who, inquiry)

    def goes_on_with(self, who: str, inquiry: str) -> list[Effect]:
        """An operator takes a chat up again that they had set aside."""
        return self.asks(ResumeRequested, who, inquiry)

    def talks(self, who: str, inquiry: str, number: str = "sales") -> list[Effect]:
        """A call comes in and this operator, whose turn it must be, answers it on their phone of the same name."""
        self.calls(inquiry, number)
        self.answers(inquiry, who)
        return self.phone_is(who, PhoneState.INUSE)

    def is_over(self, inquiry: str, who: str) -> list[Effect]:
        """Customer and operator hang up."""
        self.phone_is(who, PhoneState.NOT_INUSE)
        return self.hangs_up(inquiry)

    def misses(self, who: str, inquiry: str) -> list[Effect]:
        """The operator's phone rings two rings long, and nobody comes."""
        self.rings(inquiry, who)
        return self.later(2 * RING)

    def has_policy(self, plan: Policy) -> list[Effect]:
        """The configuration is another one from now on."""
        return self.happens(PolicyChanged(policy=plan))

    def is_now(self, who: str, presence: Presence, reason: str = "") -> list[Effect]:
        """An operator logs in or out, or pauses."""
        return self.asks(PresenceRequested, who, presence=presence, reason=reason)

    def hangs_up(self, inquiry: str) -> list[Effect]:
        """The caller's side ends."""
        return self.happens(CustomerLeft(inquiry=InquiryId(inquiry)))

    def rings(self, inquiry: str, name: str, attempt: int | None = None, *, on_mobile: bool = False) -> list[Effect]:
        """The phone reports that it rings."""
        which = mobile_of(OperatorId(name)) if on_mobile else phone(name)
        return self.happens(PhoneRang(inquiry=InquiryId(inquiry), attempt=self._attempt(inquiry, attempt), phone=which))

    def sends_early_media(self, inquiry: str, name: str) -> list[Effect]:
        """The phone sends sound before it says that it rings, if ever it does."""
        attempt = self._attempt(inquiry, None)
        rang = PhoneRang(inquiry=InquiryId(inquiry), attempt=attempt, phone=phone(name), is_early_media=True)
        return self.happens(rang)

    def answers(self, inquiry: str, name: str, attempt: int | None = None, *, on_mobile: bool = False) -> list[Effect]:
        """The phone is picked up."""
        which = mobile_of(OperatorId(name)) if on_mobile else phone(name)
        return self.happens(
            PhoneAnswered(inquiry=InquiryId(inquiry), attempt=self._attempt(inquiry, attempt), phone=which)
        )

    def refuses(self, inquiry: str, name: str, refusal: Refusal, attempt: int | None = None) -> list[Effect]:
        """The phone's leg ends unanswered."""
        return self.happens(
            PhoneRefused(
                inquiry=InquiryId(inquiry),
                attempt=self._attempt(inquiry, attempt),
                phone=phone(name),
                refusal=refusal,
            )
        )

    def phone_is(self, name: str, state: PhoneState) -> list[Effect]:
        """The PBX reports the phone's device state."""
        return self.happens(PhoneStateChanged(phone=phone(name), state=state))

    # -- what came of it ------------------------------------------------------------------------------------------

    def rung(self) -> list[tuple[str, tuple[str, ...]]]:
        """Who is rung for what by the last effects: (inquiry, operators)."""
        return [
            (each.inquiry, tuple(ring.operator for ring in each.rings))
            for each in self.effects
            if isinstance(each, RingPhones)
        ]

    def held(self) -> list[str]:
        """Which inquiries were sent back to wait by the last effects."""
        return [each.inquiry for each in self.effects if isinstance(each, HoldCustomer)]

    def ended(self) -> list[tuple[str, int]]:
        """Which inquiries were ended by the last effects, with their causes."""
        return [(each.inquiry, each.cause) for each in self.effects if isinstance(each, EndInquiry)]

    def released(self) -> list[str]:
        """Which phones were let go by the last effects."""
        return [each.phone for each in self.effects if isinstance(each, ReleaseLeg)]

    def offered(self) -> list[tuple[str, str | None]]:
        """Which inquiries were offered to whom by the last effects."""
        return [(inquiry, who) for inquiry, who, _ in self.facts(FactType.OFFERED)]

    def taken(self) -> list[tuple[str, str | None]]:
        """Which inquiries became whose by the last effects."""
        return [(inquiry, who) for inquiry, who, _ in self.facts(FactType.ACCEPTED)]

    def refused(self) -> str | None:
        """The error of the last request, None when it was done."""
        (answer,) = [each for each in self.effects if isinstance(each, Answered)]
        return answer.error

    def facts(self, kind: FactType) -> list[tuple[str, str | None, str]]:
        """The last effects' facts of a kind: (inquiry, operator, detail)."""
        return [(f.inquiry or "", f.operator, f.detail) for f in self.effects if isinstance(f, Fact) and f.type is kind]

    def happened(self, kind: FactType) -> list[tuple[str, str | None]]:
        """The facts of a kind so far: (inquiry, operator)."""
        return [(f.inquiry or "", f.operator) for f in self.history if isinstance(f, Fact) and f.type is kind]

    def ordered(self, kind: type[OrderT]) -> list[OrderT]:
        """The last effects' orders of a kind."""
        return [each for each in self.effects if isinstance(each, kind)]

    def has(self, name: str) -> tuple[str, ...]:
        """What an operator has in hand or is being offered."""
        return self.told(name).inquiries

    def verdicts(self) -> dict[str, str]:
        """The last decision: operator -> chosen, or why not."""
        decisions = [each for each in self.history if isinstance(each, Decision)]
        return {name: str(reason) for name, reason in decisions[-1].verdicts}

    def told(self, name: str) -> OperatorChanged:
        """What was last told of an operator."""
        return [each for each in self.history if isinstance(each, OperatorChanged) and each.operator == name][-1]

    def _attempt(self, inquiry: str, attempt: int | None) -> AttemptNo:
        """The last attempt of the inquiry unless another is meant."""
        rung = [each.attempt for each in self.history if isinstance(each, RingPhones) and each.inquiry == inquiry]
        return AttemptNo(attempt) if attempt is not None else [NO_ATTEMPT, *rung][-1]
