"""A group, its phones and a clock to tell stories with: events in, effects out, nothing mocked."""

from collections.abc import Iterable

from huntgroup.engine.effects import (
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
    Refusal,
    TimePassed,
)
from huntgroup.engine.ids import AttemptNo, GroupId, InquiryId, OperatorId, PbxId, PhoneId
from huntgroup.engine.policy import Channel, GroupPolicy, OperatorPolicy, Policy

PBX = PbxId("main")
RING = 5.0
UNREACHABLE_AFTER = 4.0
START = 1_000.0


def operator(name: str, *phones: str) -> OperatorPolicy:
    """An operator with one phone of their own name, or these."""
    return OperatorPolicy(
        id=OperatorId(name),
        name=name.title(),
        phones=tuple(phone(each) for each in phones or (name,)),
        capacity={Channel.CALL: 1},
    )


def phone(name: str) -> PhoneId:
    """The phone of this name."""
    return PhoneId(f"PJSIP/{name}")


def policy(*groups: GroupPolicy, operators: Iterable[OperatorPolicy] = ()) -> Policy:
    """These groups, each with a number of its own name; who is not given is an operator with one phone."""
    known = {each.id: each for each in operators}
    for group in groups:
        for name in group.operators:
            known.setdefault(name, operator(name))
    return Policy(
        operators=known,
        groups={group.id: group for group in groups},
        numbers={group.id: group.id for group in groups},
        pbx=PBX,
        ring_seconds=RING,
        unreachable_after=UNREACHABLE_AFTER,
    )


def group(name: str, *operators: str, **options: object) -> GroupPolicy:
    """A group of these operators; two rings at each unless told otherwise."""
    return GroupPolicy(
        id=GroupId(name),
        name=name.title(),
        operators=tuple(OperatorId(each) for each in operators),
        **{"rings": 2, **options},  # type: ignore[arg-type]
    )


class Story:
    """The engine with everything idle, and words for what happens to it."""

    def __init__(self, plan: Policy, *, at: float = START) -> None:
        self.engine = Engine(plan)
        self.now = at
        self.effects: list[Effect] = []
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

    def calls(self, inquiry: str, number: str = "sales") -> list[Effect]:
        """A caller dials the number."""
        return self.happens(
            InquiryReceived(
                inquiry=InquiryId(inquiry),
                channel=Channel.CALL,
                number=number,
                customer=Customer(name="Jan", phone="+48600700800"),
            )
        )

    def hangs_up(self, inquiry: str) -> list[Effect]:
        """The caller's side ends."""
        return self.happens(CustomerLeft(inquiry=InquiryId(inquiry)))

    def rings(self, inquiry: str, name: str, attempt: int | None = None) -> list[Effect]:
        """The phone reports that it rings."""
        return self.happens(
            PhoneRang(inquiry=InquiryId(inquiry), attempt=self._attempt(inquiry, attempt), phone=phone(name))
        )

    def answers(self, inquiry: str, name: str, attempt: int | None = None) -> list[Effect]:
        """The phone is picked up."""
        return self.happens(
            PhoneAnswered(inquiry=InquiryId(inquiry), attempt=self._attempt(inquiry, attempt), phone=phone(name))
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

    def facts(self, kind: FactType) -> list[tuple[str, str | None, str]]:
        """The last effects' facts of a kind: (inquiry, operator, detail)."""
        return [(f.inquiry, f.operator, f.detail) for f in self.effects if isinstance(f, Fact) and f.type is kind]

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
        return AttemptNo(attempt) if attempt is not None else rung[-1]
