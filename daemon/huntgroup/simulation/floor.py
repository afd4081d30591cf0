"""The virtual floor: everything around the engine, on a virtual clock.

A heap holds what will happen: customers come, lose patience and hang up, phones ring and are answered, people come and
go. The engine is told each as the event that an adapter would have made of it, and what it orders is put into the heap
again. The clock jumps from one instant to the next: the heap's, or the engine's own next deadline.
"""

import heapq
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from huntgroup.engine.effects import (
    DialOut,
    Effect,
    Fact,
    FactType,
    HoldCustomer,
    JoinRinging,
    Outcome,
    PromiseCallback,
    ReplyToCustomer,
    Ring,
    RingPhones,
    SendToVoicemail,
    StopRinging,
)
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import (
    Customer,
    CustomerLeft,
    CustomerReached,
    Departure,
    Event,
    InquiryReceived,
    MessageLeft,
    NumberAnswered,
    PbxFound,
    PhoneAnswered,
    PhoneRang,
    PhoneState,
    PhoneStateChanged,
    Recording,
    ReplyPlayed,
    TimePassed,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, OperatorId, PhoneId, RequestId
from huntgroup.engine.policy import Channel, Presence
from huntgroup.engine.requested import AcceptRequested, CloseRequested, PresenceRequested
from huntgroup.simulation.arrivals import Arrival
from huntgroup.simulation.chance import Chance
from huntgroup.simulation.ledger import Ledger
from huntgroup.simulation.load import arrivals
from huntgroup.simulation.people import ON_PAPER, Person
from huntgroup.simulation.reader import Plan
from huntgroup.simulation.scenario import Staff
from huntgroup.simulation.shifts import Shift, shifts

SOMEBODY = Customer(can_be_called_back=True)
REQUEST = RequestId("floor")
"""Every request is made under this: what came of it is seen in the facts."""


@dataclass(slots=True, eq=False)
class Case:
    """One inquiry as the floor knows it. ``left``: seconds of work that it still needs."""

    id: InquiryId
    arrival: Arrival
    left: float
    ringing: AttemptNo | None = None
    """The attempt for which phones ring now."""
    offers: dict[OperatorId, AttemptNo] = field(default_factory=dict)
    """Texts: to whom it is being offered, in which attempt."""
    operator: OperatorId | None = None
    since: float = 0.0
    """When the operator took it."""
    talk_ended: bool = False
    is_closed: bool = False
    is_promised: bool = False
    """The customer hung up, and is to be called back."""


class Floor:
    """One run. ``events`` counts what the engine was told."""

    def __init__(self, plan: Plan, seed: int, ledger: Ledger) -> None:
        self.events = 0
        self.now = plan.start
        self._plan = plan
        self._ledger = ledger
        self._engine = Engine(plan.policy)
        self._agenda: list[tuple[float, int, Callable[..., None], tuple[object, ...]]] = []
        self._planned = self._came = 0
        self._cases: dict[InquiryId, Case] = {}
        self._people: dict[OperatorId, Person] = {}
        for operator in plan.policy.operators.values():
            chance = Chance(seed, f"operator {operator.id}")
            self._people[operator.id] = Person(operator.id, chance, operator.start)
            ledger.meets(operator.id, plan.start, is_in=operator.start is not Presence.LOGGED_OUT)
        self._loads = arrivals(plan, seed)
        self._orders: dict[type, Callable[..., None]] = {
            Fact: self._fact,
            RingPhones: self._ring_phones,
            JoinRinging: self._join_ringing,
            StopRinging: self._stop_ringing,
            HoldCustomer: self._stop_ringing,
            PromiseCallback: self._promise_callback,
            SendToVoicemail: self._send_to_voicemail,
            DialOut: self._dial_out,
            ReplyToCustomer: self._reply,
        }
        self._facts: dict[FactType, Callable[[Fact], None]] = {
            FactType.RECEIVED: self._received,
            FactType.OFFERED: self._offered,
            FactType.ACCEPTED: self._accepted,
            FactType.ENDED: self._ended,
            FactType.PUT_BACK: self._put_back,
            FactType.CLOSED: self._closed,
            FactType.OVERFLOWED: lambda fact: self._ledger.overflowed(self._case(fact).id),
            FactType.MISSED: self._missed,
            FactType.WITHDRAWN: self._withdrawn,
            FactType.PRESENCE_CHANGED: self._presence_changed,
        }

    def run(self) -> None:
        """From the start to the end of the plan."""
        self._open()
        end = self._plan.end
        while True:
            at = self._agenda[0][0] if self._agenda else math.inf
            deadline = self._engine.next_deadline()
            # On a tie what happens goes first: an answer beats its own timeout.
            if deadline is not None and deadline < at:
                if deadline >= end:
                    break
                self.now = deadline
                self._tell(TimePassed())
            elif at < end:
                self.now, _, happen, about = heapq.heappop(self._agenda)
                happen(*about)
            else:
                break
        self.now = end
        for case in self._cases.values():
            self._note_talk(case)
        self._ledger.finish(end)

    def _open(self) -> None:
        """The link to the PBX is up, every phone free, nobody there yet; the first customers and shifts are planned."""
        self._engine.start(self.now)
        for person in self._people.values():
            self._ask(person, Presence.LOGGED_OUT)
        policy = self._plan.policy
        for pbx in policy.every_pbx:
            self._tell(PbxFound(pbx=pbx))
        for operator in self._plan.policy.operators.values():
            for phone in operator.phones:
                self._tell(PhoneStateChanged(phone=phone, state=PhoneState.NOT_INUSE))
        for shift in shifts(self._plan):
            self._at(max(shift.begin, self.now), self._shift_begins, shift)
            self._at(shift.end, self._shift_ends, shift)
        for load in self._loads:
            self._await_next(load)

    def _at(self, at: float, happen: Callable[..., None], *about: object) -> None:
        """Plan something. What is planned for one instant happens in the order in which it was planned."""
        self._planned += 1
        heapq.heappush(self._agenda, (at, self._planned, happen, about))

    def _tell(self, event: Event) -> None:
        self.events += 1
        for effect in self._engine.handle(event, self.now):
            self._do(effect)

    def _do(self, effect: Effect) -> None:
        order = self._orders.get(type(effect))
        if order is not None:
            order(effect)

    def _fact(self, fact: Fact) -> None:
        note = self._facts.get(fact.type)
        if note is not None:
            note(fact)

    # -- customers ------------------------------------------------------------------------------------------------

    def _await_next(self, load: Iterator[Arrival]) -> None:
        arrival = next(load, None)
        if arrival is not None:
            self._at(arrival.at, self._comes, arrival, load)

    def _comes(self, arrival: Arrival, load: Iterator[Arrival]) -> None:
        self._came += 1
        case = Case(InquiryId(f"{arrival.channel}-{self._came}"), arrival, arrival.talk)
        self._cases[case.id] = case
        entrance = self._plan.policy.entrance(arrival.channel, arrival.entrance)
        if entrance is None:
            raise ValueError(f"{arrival.entrance} was not checked against the configuration")
        self._ledger.came(case.id, (entrance.group, arrival.channel), self.now)
        if arrival.patience < math.inf:
            self._at(self.now + arrival.patience, self._gives_up, case)
        self._await_next(load)
        self._tell(
            InquiryReceived(
                inquiry=case.id,
                channel=arrival.channel,
                source=arrival.entrance,
                customer=SOMEBODY,
                priority=arrival.priority,
            )
        )

    def _gives_up(self, case: Case) -> None:
        if case.operator is None and not case.is_closed and not case.is_promised:
            is_call = case.arrival.channel is Channel.CALL
            departure = Departure.HUNG_UP if is_call else Departure.ABANDONED
            self._tell(CustomerLeft(inquiry=case.id, departure=departure))

    def _promise_callback(self, order: PromiseCallback) -> None:
        self._cases[order.inquiry].is_promised = True
        self._ledger.promised(order.inquiry)
        self._at(self.now, self._tell, CustomerLeft(inquiry=order.inquiry))

    # Nobody knows how long a message, a reply or somebody outside takes: they take no time.

    def _send_to_voicemail(self, order: SendToVoicemail) -> None:
        """Who will listen to the message has as much to do with it as with a talk."""
        call = self._cases[order.inquiry]
        message = InquiryId(f"message-{order.inquiry}")
        arrival = Arrival(self.now, Channel.MAIL, call.arrival.entrance, call.left)
        self._cases[message] = Case(message, arrival, call.left)
        left = MessageLeft(
            inquiry=order.inquiry,
            message=message,
            source=call.arrival.entrance,
            customer=SOMEBODY,
            recording=Recording(file="", seconds=0.0, mailbox=order.mailbox),
        )
        self._at(self.now, self._tell, left)

    def _received(self, fact: Fact) -> None:
        if fact.recording is not None and fact.inquiry is not None and fact.group is not None:
            self._ledger.came(fact.inquiry, (fact.group, Channel.MAIL), self.now)

    def _dial_out(self, order: DialOut) -> None:
        self._at(self.now, self._tell, NumberAnswered(inquiry=order.inquiry, attempt=order.attempt))

    def _reply(self, order: ReplyToCustomer) -> None:
        self._at(self.now, self._tell, ReplyPlayed(inquiry=order.inquiry, attempt=order.attempt))

    # -- phones and offers ----------------------------------------------------------------------------------------

    def _ring_phones(self, order: RingPhones) -> None:
        case = self._cases[order.inquiry]
        case.ringing = order.attempt
        for ring in order.rings:
            self._dial(case, order.attempt, ring)

    def _join_ringing(self, order: JoinRinging) -> None:
        self._dial(self._cases[order.inquiry], order.attempt, order.ring)

    def _dial(self, case: Case, attempt: AttemptNo, ring: Ring) -> None:
        """The phones of one operator ring together; which of them tells is all the same."""
        at = self.now + self._plan.scenario.rings_after
        self._at(at, self._rings, case, attempt, self._people[ring.operator], ring.phones[0])

    def _stop_ringing(self, order: HoldCustomer | StopRinging) -> None:
        self._cases[order.inquiry].ringing = None

    def _rings(self, case: Case, attempt: AttemptNo, person: Person, phone: PhoneId) -> None:
        if case.ringing != attempt:
            return
        self._tell(PhoneRang(inquiry=case.id, attempt=attempt, phone=phone))
        staff = self._would_take(person)
        if staff is not None:
            self._at(self.now + staff.answers_after, self._answers, case, attempt, person, phone)

    def _answers(self, case: Case, attempt: AttemptNo, person: Person, phone: PhoneId) -> None:
        if case.ringing == attempt and person.is_here:
            self._tell(PhoneAnswered(inquiry=case.id, attempt=attempt, phone=phone))
            if case.is_promised:
                self._tell(CustomerReached(inquiry=case.id, attempt=attempt))

    def _offered(self, fact: Fact) -> None:
        case, person = self._case(fact), self._person(fact)
        if case.arrival.channel is Channel.CALL or fact.attempt is None:
            return
        case.offers[person.id] = fact.attempt
        staff = self._would_take(person)
        if staff is not None:
            self._at(self.now + staff.accepts_after, self._accepts, case, fact.attempt, person)

    def _missed(self, fact: Fact) -> None:
        self._ledger.missed(self._person(fact).id)
        self._withdrawn(fact)

    def _withdrawn(self, fact: Fact) -> None:
        self._case(fact).offers.pop(self._person(fact).id, None)

    def _accepts(self, case: Case, attempt: AttemptNo, person: Person) -> None:
        if case.offers.get(person.id) == attempt and case.operator is None and not case.is_closed and person.is_here:
            self._tell(AcceptRequested(request=REQUEST, operator=person.id, inquiry=case.id))

    def _would_take(self, person: Person) -> Staff | None:
        """How they are, if they are going to take what is offered; drawn anew for each offer."""
        if not person.is_here or person.staff is None or person.chance.is_hit(person.staff.misses):
            return None
        return person.staff

    # -- work in hand ---------------------------------------------------------------------------------------------

    def _accepted(self, fact: Fact) -> None:
        case, person = self._case(fact), self._person(fact)
        case.ringing, case.operator, case.since = None, person.id, self.now
        self._ledger.taken(case.id, person.id, self.now)
        channel = case.arrival.channel
        if channel in ON_PAPER:
            person.pile[case.id] = case.left
            person.kinds[case.id] = channel
        else:
            person.talks[case.id] = channel
            self._at(self.now + case.left, self._talk_is_over, case, person, self.now)
        self._turn_to_work(person)

    def _turn_to_work(self, person: Person) -> None:
        seconds = person.next_sheet(self.now)
        if seconds is not None:
            self._at(self.now + seconds, self._sheet_is_done, person, person.turn)
        self._ledger.works_on(person.id, person.channels(), self.now)

    def _talk_is_over(self, case: Case, person: Person, since: float) -> None:
        if case.is_closed or case.operator != person.id or case.since != since:
            return
        if case.arrival.channel is Channel.CALL:
            self._tell(CustomerLeft(inquiry=case.id))
        else:
            self._tell(CloseRequested(request=REQUEST, operator=person.id, inquiry=case.id))

    def _sheet_is_done(self, person: Person, turn: int) -> None:
        if person.turn == turn and person.sheet is not None:
            self._tell(CloseRequested(request=REQUEST, operator=person.id, inquiry=person.sheet))

    def _ended(self, fact: Fact) -> None:
        """The conversation is over, and wrap-up begins."""
        self._note_talk(self._case(fact))

    def _note_talk(self, case: Case) -> None:
        if case.operator is not None and not case.talk_ended and case.arrival.channel is Channel.CALL:
            case.talk_ended = True
            self._ledger.talked(case.operator, self.now - case.since)

    def _put_back(self, fact: Fact) -> None:
        case, person = self._case(fact), self._person(fact)
        in_pile = person.put_down(case.id, self.now)
        case.left = in_pile if in_pile is not None else max(0.0, case.left - (self.now - case.since))
        case.operator = None
        self._ledger.put_back(case.id, self.now)
        self._turn_to_work(person)

    def _closed(self, fact: Fact) -> None:
        case = self._case(fact)
        self._note_talk(case)
        case.is_closed, case.ringing = True, None
        del self._cases[case.id]
        self._ledger.closed(case.id, Outcome(fact.detail.partition(":")[0]), self.now)
        if case.operator is not None:
            person = self._people[case.operator]
            person.put_down(case.id, self.now)
            self._turn_to_work(person)

    # -- presence -------------------------------------------------------------------------------------------------

    def _shift_begins(self, shift: Shift) -> None:
        person = self._people[shift.operator]
        person.shifts += 1
        person.staff = shift.staff
        self._ask(person, Presence.AVAILABLE)

    def _shift_ends(self, shift: Shift) -> None:
        person = self._people[shift.operator]
        person.shifts -= 1
        if person.shifts == 0:
            self._ask(person, Presence.LOGGED_OUT)

    def _presence_changed(self, fact: Fact) -> None:
        person = self._person(fact)
        person.presence = Presence(fact.detail.partition(":")[0])
        self._ledger.logged(person.id, self.now, is_in=person.presence is not Presence.LOGGED_OUT)
        if person.presence is Presence.PAUSED and person.staff is not None:
            self._at(self.now + person.staff.returns_after, self._returns, person)
        self._turn_to_work(person)

    def _returns(self, person: Person) -> None:
        if person.shifts > 0 and person.presence is Presence.PAUSED:
            self._ask(person, Presence.AVAILABLE)

    def _ask(self, person: Person, presence: Presence) -> None:
        self._tell(PresenceRequested(request=REQUEST, operator=person.id, presence=presence))

    def _case(self, fact: Fact) -> Case:
        return self._cases[fact.inquiry or InquiryId("")]

    def _person(self, fact: Fact) -> Person:
        return self._people[fact.operator or OperatorId("")]
