"""The engine against a world that does everything in every order: late, twice, or never.

Customers come and go on all channels, phones ring, answer and refuse, operators come, go, miss, decline, transfer and
pick up, the PBX is lost and found, and the configuration changes under it all. While the PBX or the daemon is away,
phones answer, callers leave, and the PBX serves by itself; what is found then is told. After every event the invariants
must hold, and no order may name what cannot be done or end what is found to go on.
"""

from collections import Counter, deque
from collections.abc import Callable

from huntgroup.engine.changes import PBX_GONE
from huntgroup.engine.effects import (
    DialOut,
    Effect,
    EndInquiry,
    Fact,
    FactType,
    JoinRinging,
    OperatorChanged,
    PickUpCall,
    PromiseCallback,
    ReleaseLeg,
    ReplyToCustomer,
    Ring,
    RingPhones,
    SendToVoicemail,
)
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import (
    AttemptFailed,
    CallMoved,
    ClockStepped,
    ConversationFound,
    Customer,
    CustomerAlone,
    CustomerLeft,
    CustomerNotReached,
    CustomerReached,
    DaemonStarted,
    Departure,
    Event,
    FallbackRings,
    FallbackServed,
    InquiryReceived,
    KeyPressed,
    MessageLeft,
    NumberAnswered,
    PbxFound,
    PbxHeard,
    PbxLate,
    PbxLost,
    PhoneAnswered,
    PhoneRang,
    PhoneRefused,
    PhoneState,
    PhoneStateChanged,
    PolicyChanged,
    Recording,
    Refusal,
    ReplyPlayed,
    TimePassed,
)
from huntgroup.engine.ids import NO_ATTEMPT, AttemptNo, InquiryId, OperatorId, PbxId, PhoneId, RequestId, SourceId
from huntgroup.engine.invariants import check, check_touched
from huntgroup.engine.lifecycle import InquiryState
from huntgroup.engine.policy import Channel, Hold, Policy, Presence
from huntgroup.engine.requested import (
    AbandonRequested,
    AcceptRequested,
    ChannelCloseRequested,
    CloseRequested,
    DeclineRequested,
    HoldRequested,
    MessageReceived,
    PickupRequested,
    PresenceRequested,
    PresenceToggled,
    ResumeRequested,
    TransferRequested,
    WrapupDoneRequested,
)
from tests.simulation.dice import Dice
from tests.simulation.mirror import Mirror
from tests.simulation.plans import GROUPS, OPERATORS, PBXS, TEXTS, random_policy

KEPT = 60
"""How many orders and inquiries of the past are kept, to be answered too late."""
LIKELY_STATES = (PhoneState.NOT_INUSE, PhoneState.NOT_INUSE, PhoneState.NOT_INUSE, *PhoneState)
START = 1_790_000_000.0
RECOVERY = (ConversationFound, FallbackRings, FallbackServed, DaemonStarted, PbxLost)


class BrokenError(AssertionError):
    """An invariant does not hold; the text says which and what led there."""


class Chaos:
    """One run. ``step`` makes one thing happen; ``full_check_every`` so many events everything is looked at."""

    def __init__(self, dice: Dice, *, full_check_every: int = 1) -> None:
        self.dice = dice
        self.policy = random_policy(dice)
        self.engine = Engine(self.policy)
        self._before = self.policy
        self.now = START
        self.events = 0
        self.inquiries = 0
        self.outcomes: Counter[str] = Counter()
        self._every = full_check_every
        self._names: deque[InquiryId] = deque(maxlen=KEPT)
        self._rings: deque[RingPhones] = deque(maxlen=KEPT)
        self._pickups: deque[PickUpCall] = deque(maxlen=KEPT)
        self._sent_away: deque[SendToVoicemail | DialOut | PromiseCallback | ReplyToCustomer] = deque(maxlen=KEPT)
        self._recent: deque[Event] = deque(maxlen=25)
        self._served: list[FallbackServed] = []
        self._gone: set[InquiryId] = set()
        """Calls that are over, and what never was one: what is told of them after that no PBX would tell."""
        self._recorded: Counter[InquiryId] = Counter()
        self._begun: Counter[InquiryId] = Counter()
        self._ended: Counter[InquiryId] = Counter()
        self._happenings = self._weighted()
        self.mirror = Mirror(self.engine.world)
        self.engine.start(self.now)
        self._every_pbx_is_found()
        for operator in self.policy.operators.values():
            for phone in operator.phones:
                self.happens(PhoneStateChanged(phone=phone, state=PhoneState.NOT_INUSE))

    def step(self) -> None:
        """One thing happens, after no time, a little, or just until the next deadline."""
        throw = self.dice.between(0, 1)
        if throw > 0.5:
            self.now += self.dice.between(0, 3)
        elif throw > 0.35:
            deadline = self.engine.next_deadline()
            if deadline is not None:
                self.now = max(self.now, deadline)
        self.dice.choose(self._happenings)()

    def finish(self) -> None:
        """Everyone goes home: nothing may be left over."""
        self._every_pbx_is_found()
        for _ in range(2):  # who was promised a callback when they gave up goes the second time
            for name in list(self.engine.world.inquiries):
                self.happens(CustomerLeft(inquiry=name, departure=Departure.ABANDONED))
        self.now += 100
        self.happens(TimePassed())
        world = self.engine.world
        left = [*world.inquiries, *(each for each, o in world.operators.items() if o.active or o.offers or o.wrapups)]
        if left or len(world.lines) or self.engine.next_deadline() is not None:
            raise BrokenError(f"left over when everyone has gone: {left}, {len(world.lines)} in line")

    def happens(self, event: Event) -> None:
        """This event, now; then everything that must hold is looked at."""
        self._recent.append(event)
        self.events += 1
        world = self.engine.world
        talking = {each.id for each in world.inquiries.values() if each.state is InquiryState.ACTIVE}
        calls = {each.id: world.pbx_of(each) for each in world.inquiries.values() if each.channel is Channel.CALL}
        was_up = set(world.pbxs.up)
        still = {each for each, pbx in calls.items() if world.pbxs.stands_still(pbx)}
        self._before = world.policy
        outlived = {call: world.comings.latest(call) for call, _ in world.comings.items()}
        effects = self.engine.handle(event, self.now)
        calls |= {each.id: world.pbx_of(each) for each in world.inquiries.values() if each.channel is Channel.CALL}
        for effect in effects:
            self._take(effect)
        self._must_begin_and_end_once(effects)
        if isinstance(event, CustomerLeft | FallbackServed | MessageLeft):
            self._gone |= {event.inquiry, outlived.get(event.inquiry, event.inquiry)}
        elif isinstance(event, PolicyChanged):  # of a PBX that is there no longer nothing is told
            self._gone |= outlived.keys() - {call for call, _ in world.comings.items()}
        self.mirror.follow(world)
        if isinstance(event, RECOVERY):
            self._must_leave_alone(effects, talking)
        away = set(PBXS).difference(was_up, world.pbxs.up)
        self._must_ring_nobody(effects, {each for each, pbx in calls.items() if pbx in away})
        if isinstance(event, TimePassed):
            self._must_stand_still(effects, still)
        if isinstance(event, PbxLost | PbxFound | PbxLate | PbxHeard):
            self._must_cost_nobody_else(effects, {each for each, pbx in calls.items() if pbx != event.pbx}, talking)
        if self.events % self._every == 0:
            broken = check(world) + self.mirror.differences(world)
            if self.dice.chance(0.1):
                self.restarts()
        else:
            broken = check_touched(world, effects)
        if broken:
            led_here = "\n  ".join(map(repr, self._recent))
            raise BrokenError(f"after {self.events} events: {'; '.join(broken)}\nled there by\n  {led_here}")

    def restarts(self) -> None:
        """The process ends here, and another goes on from what was kept."""
        self.engine = Engine(self.policy, self.mirror.memory())
        self.engine.start(self.now)

    def _take(self, effect: Effect) -> None:
        match effect:
            case RingPhones():
                self._must_be_possible(effect)
                self._rings.append(effect)
            case JoinRinging(inquiry=inquiry, attempt=attempt, ring=ring):
                joined = RingPhones(inquiry=inquiry, attempt=attempt, rings=(ring,), hold=Hold.RINGING, limit=0.0)
                self._must_be_possible(joined)
                self._rings.append(joined)
            case PickUpCall():
                self._pickups.append(effect)
            case SendToVoicemail() | DialOut() | PromiseCallback() | ReplyToCustomer():
                self._sent_away.append(effect)
            case Fact(type=FactType.CLOSED, detail=detail, inquiry=name):
                self.outcomes[detail.partition(":")[0]] += 1
                if detail == PBX_GONE and name is not None:
                    self._gone.add(name)
                if name is not None and name.startswith("served"):
                    self._recorded[name] += 1
                    if self._recorded[name] > 1:
                        raise BrokenError(f"{name} was recorded twice")
            case OperatorChanged(load=load, operator=operator) if min(load.values()) < 0:
                raise BrokenError(f"{operator} has a negative load: {dict(load)}")

    def _must_begin_and_end_once(self, effects: list[Effect]) -> None:
        """Whatever comes of a call that goes on: an inquiry has one beginning and one end."""
        for effect in effects:
            if not isinstance(effect, Fact) or effect.inquiry is None or effect.inquiry.startswith("message"):
                continue
            if self._gone.isdisjoint({effect.inquiry, self.engine.world.comings.call_of(effect.inquiry)}):
                for kind, counted in ((FactType.RECEIVED, self._begun), (FactType.CLOSED, self._ended)):
                    counted[effect.inquiry] += effect.type is kind
                    if counted[effect.inquiry] > 1:
                        raise BrokenError(f"{effect.inquiry} was told of twice: {effect}")

    def _must_leave_alone(self, effects: list[Effect], talking: set[InquiryId]) -> None:
        """What is found at the PBX ends no conversation; what was due before it was found may have ended one before."""
        now = {each.id for each in self.engine.world.inquiries.values() if each.state is InquiryState.ACTIVE}
        now -= {each.inquiry for each in effects if isinstance(each, Fact) and each.type is FactType.RECEIVED}
        for effect in effects:
            if isinstance(effect, EndInquiry | ReleaseLeg) and effect.inquiry in talking | now:
                raise BrokenError(f"a conversation is ended by what was found: {effect}")

    def _every_pbx_is_found(self) -> None:
        for pbx in PBXS:
            self.happens(PbxFound(pbx=pbx))

    def _must_cost_nobody_else(self, effects: list[Effect], calls: set[InquiryId], talking: set[InquiryId]) -> None:
        """One that goes or comes neither ends nor lets go of a caller of another one."""
        for effect in effects:
            is_end = isinstance(effect, EndInquiry) and effect.inquiry in calls & talking
            if is_end or (isinstance(effect, ReleaseLeg) and effect.inquiry in calls):
                raise BrokenError(f"it costs a call of another PBX: {effect}")

    def _must_ring_nobody(self, effects: list[Effect], away: set[InquiryId]) -> None:
        for effect in effects:
            if isinstance(effect, RingPhones | JoinRinging) and effect.inquiry in away:
                raise BrokenError(f"an order to ring while the PBX is away: {effect}")

    def _must_stand_still(self, effects: list[Effect], calls: set[InquiryId]) -> None:
        """Time alone does nothing to a call whose PBX is away, but that a wrap-up ends.

        What it does to a call of another PBX frees operators, who are offered the calls of one that is only late, or
        has them pause; of one that is away `_must_ring_nobody` says more.
        """
        may_be = {FactType.CLOSED, FactType.OFFERED, FactType.HANDED_OFF, FactType.WITHDRAWN}
        for effect in effects:
            if isinstance(effect, Fact) and effect.type not in may_be and effect.inquiry in calls:
                raise BrokenError(f"it happened while the PBX was away: {effect}")

    def _must_be_possible(self, order: RingPhones) -> None:
        if not all(ring.phones for ring in order.rings):
            raise BrokenError(f"an order to ring nothing: {order}")
        world = self.engine.world
        inquiry = world.inquiries.get(world.comings.latest(order.inquiry))
        if inquiry is None:
            return
        # What was due before another configuration came was done by the one before it.
        pbx, policies = world.pbx_of(inquiry), (self._before, world.policy)
        if not all(any(_is_a_way(ring, pbx, each) for each in policies) for ring in order.rings):
            raise BrokenError(f"an order to ring by no way that there is from {pbx}: {order}")

    # -- what can happen ------------------------------------------------------------------------------------------

    def _weighted(self) -> list[Callable[[], None]]:
        weights: dict[Callable[[], None], int] = {
            self._call_comes: 14,
            self._text_comes: 10,
            self._comes_again: 1,
            self._comes_in_again: 3,
            self._customer_leaves: 8,
            self._customer_writes: 4,
            self._channel_asks: 2,
            self._phone_rings: 14,
            self._phone_answers: 10,
            self._phone_refuses: 5,
            self._attempt_fails: 1,
            self._phone_state: 8,
            self._accepts: 8,
            self._declines: 2,
            self._picks_up: 3,
            self._pbx_picked_up: 2,
            self._transfers: 3,
            self._call_moves: 1,
            self._customer_is_alone: 2,
            self._customer_is_sent_to_a_line: 2,
            self._pbx_tells_of_a_caller: 6,
            self._pbx_tells_of_a_callback: 2,
            self._key_pressed: 2,
            self._holds: 2,
            self._resumes: 2,
            self._closes: 8,
            self._wrapup_done: 2,
            self._presence: 6,
            self._pbx_goes_or_comes: 2,
            self._is_found_talking: 2,
            self._pbx_rings_by_itself: 2,
            self._pbx_gives_back: 2,
            self._was_served: 1,
            self._daemon_restarts: 1,
            self._nothing: 4,
            self._clock_steps: 1,
            self._configured_anew: 1,
        }
        return [happening for happening, weight in weights.items() for _ in range(weight)]

    def _operator(self) -> OperatorId:
        return self.dice.choose(OPERATORS)

    def _name(self) -> InquiryId:
        return self.dice.choose(self._names) if self._names else InquiryId("none")

    def _request(self) -> RequestId:
        return RequestId(str(self.events))

    def _comes(self, channel: Channel, source: str) -> None:
        self.inquiries += 1
        name = InquiryId(f"i{self.inquiries}")
        self._names.append(name)
        self.happens(
            InquiryReceived(
                inquiry=name,
                channel=channel,
                source=SourceId(source),
                customer=Customer(can_be_called_back=self.dice.chance(0.8)),
                priority=self.dice.choose((0, 0, 0, 1)),
                responsible=self._operator() if self.dice.chance(0.3) else None,
                pbx=self._some_pbx() if channel is Channel.CALL else None,
            )
        )
        if channel is not Channel.CALL:
            self._gone.add(name)

    def _some_pbx(self) -> PbxId | None:
        return self.dice.choose((None, *self.policy.pbxs))

    def _call_comes(self) -> None:
        self._comes(Channel.CALL, self.dice.choose(GROUPS))

    def _text_comes(self) -> None:
        self._comes(channel := self.dice.choose(TEXTS), f"{self.dice.choose(GROUPS)}-{channel}")

    def _comes_again(self) -> None:
        source = SourceId(self.dice.choose(GROUPS))
        known = self.engine.world.inquiries.get(self._name())
        if known is not None:
            self.happens(InquiryReceived(inquiry=known.id, channel=Channel.CALL, source=source, customer=Customer()))

    def _comes_in_again(self) -> None:
        """Somebody sends a caller to a number whose inquiry is over; sometimes to nobody's."""
        over = [call for call, _ in self.engine.world.comings.items()]
        if over:
            call, source = self.dice.choose(over[-KEPT:]), SourceId(self.dice.choose((*GROUPS, *GROUPS, "nobody's")))
            self._names.append(call)
            self.happens(InquiryReceived(inquiry=call, channel=Channel.CALL, source=source, customer=Customer()))

    def _customer_leaves(self) -> None:
        self.happens(CustomerLeft(inquiry=self._name(), departure=self.dice.choose(tuple(Departure))))

    def _customer_writes(self) -> None:
        text = "x" * self.dice.choose((1, 50, 4_000))
        name = self.dice.choose(("", "m1", f"m{self.events}"))
        self.happens(MessageReceived(request=self._request(), inquiry=self._name(), text=text, id=name))

    def _channel_asks(self) -> None:
        kinds: tuple[type[AbandonRequested | ChannelCloseRequested], ...] = (AbandonRequested, ChannelCloseRequested)
        self.happens(self.dice.choose(kinds)(request=self._request(), inquiry=self._name()))

    def _phone_rings(self) -> None:
        if self._rings:
            order = self._order()
            phone = self.dice.choose(self.dice.choose(order.rings).phones)
            self.happens(PhoneRang(inquiry=order.inquiry, attempt=order.attempt, phone=phone))

    def _phone_answers(self) -> None:
        if self._rings:
            order = self._order()
            phone = self.dice.choose(self.dice.choose(order.rings).phones)
            self.happens(PhoneAnswered(inquiry=order.inquiry, attempt=order.attempt, phone=phone))

    def _phone_refuses(self) -> None:
        if self._rings:
            order = self._order()
            phone = self.dice.choose(self.dice.choose(order.rings).phones)
            refusal = self.dice.choose(tuple(Refusal))
            self.happens(PhoneRefused(inquiry=order.inquiry, attempt=order.attempt, phone=phone, refusal=refusal))

    def _order(self) -> RingPhones:
        """Mostly the latest orders: those are the ones that phones are still at."""
        if self.dice.chance(0.7):
            return self._rings[-1 - self.dice.choose(range(min(3, len(self._rings))))]
        return self.dice.choose(self._rings)

    def _attempt_fails(self) -> None:
        if self._rings:
            order = self._order()
            self.happens(AttemptFailed(inquiry=order.inquiry, attempt=order.attempt, detail="CHANUNAVAIL"))

    def _phone_state(self) -> None:
        operator = self.policy.operators.get(self._operator())
        if operator is not None and operator.phones:
            state = self.dice.choose(LIKELY_STATES)
            self.happens(PhoneStateChanged(phone=self.dice.choose(operator.phones), state=state))

    def _accepts(self) -> None:
        who, what = self._somebody_with(lambda o: list(o.offers))
        self.happens(AcceptRequested(request=self._request(), operator=who, inquiry=what))

    def _declines(self) -> None:
        who, what = self._somebody_with(lambda o: list(o.offers))
        self.happens(DeclineRequested(request=self._request(), operator=who, inquiry=what))

    def _somebody_with(self, of: Callable[..., list[InquiryId]]) -> tuple[OperatorId, InquiryId]:
        """Mostly somebody and something of theirs; sometimes anybody and anything."""
        who = self._operator()
        operator = self.engine.world.operators.get(who)
        theirs = of(operator) if operator is not None else []
        if theirs and self.dice.chance(0.9):
            return who, self.dice.choose(theirs)
        return who, self._name()

    def _picks_up(self) -> None:
        what = None if self.dice.chance(0.3) else self._name()
        who = self._operator() if self.dice.chance(0.3) else None
        channel = Channel.CALL if self.dice.chance(0.3) else None
        asked = PickupRequested(
            request=self._request(),
            operator=self._operator(),
            inquiry=what,
            colleague=who,
            channel=channel,
            is_by_command=self.dice.chance(0.5),
        )
        self.happens(asked)

    def _pbx_picked_up(self) -> None:
        """By who asked for it, and mostly in time; or at the phone of anybody, or of nobody."""
        if not self._rings:
            return
        order, who = self._order(), self._operator()
        if self._pickups and self.dice.chance(0.7):
            asked = self.dice.choose(self._pickups)
            who = asked.operator
            order = next((each for each in self._rings if each.inquiry == asked.inquiry), order)
        operator = self.policy.operators.get(who)
        phone = operator.phones[0] if operator and operator.phones else PhoneId("PJSIP/reception")
        self.happens(PhoneAnswered(inquiry=order.inquiry, attempt=order.attempt, phone=phone))

    def _transfers(self) -> None:
        who, what = self._somebody_with(lambda o: list(o.active))
        to_group = self.dice.choose(GROUPS) if self.dice.chance(0.5) else None
        to_operator = self._operator() if to_group is None else None
        self.happens(
            TransferRequested(
                request=self._request(), operator=who, inquiry=what, to_operator=to_operator, to_group=to_group
            )
        )

    def _call_moves(self) -> None:
        _, what = self._somebody_with(lambda o: list(o.active))
        to = self._operator() if self.dice.chance(0.8) else None
        inquiry = self.engine.world.inquiries.get(what)
        if inquiry is not None and inquiry.channel is Channel.CALL:
            self.happens(CallMoved(inquiry=what, operator=to))

    def _customer_is_alone(self) -> None:
        _, what = self._somebody_with(lambda o: list(o.active))
        self.happens(CustomerAlone(inquiry=what, is_among_strangers=self.dice.chance(0.3)))

    def _customer_is_sent_to_a_line(self) -> None:
        _, what = self._somebody_with(lambda o: list(o.active))
        inquiry = self.engine.world.inquiries.get(what)
        if inquiry is not None and inquiry.channel is Channel.CALL:
            source = SourceId(self.dice.choose((*GROUPS, *GROUPS, "nobody's")))
            arrived = InquiryReceived(inquiry=what, channel=Channel.CALL, source=source, customer=inquiry.customer)
            self.happens(arrived)

    def _pbx_tells_of_a_caller(self) -> None:
        """Of one of the last whom it was told to take: whatever may come of any of them, be it theirs or not."""
        if not self._sent_away:
            return
        order = self._sent_away[-1 - self.dice.choose(range(min(4, len(self._sent_away))))]
        inquiry, attempt = order.inquiry, order.attempt
        message = MessageLeft(
            inquiry=inquiry,
            message=InquiryId(f"message-{inquiry}"),
            source=SourceId(self.dice.choose(GROUPS)),
            customer=Customer(),
            recording=Recording(file="msg0000", seconds=3.0, mailbox="sales"),
        )
        failed = AttemptFailed(inquiry=inquiry, attempt=attempt, detail="BUSY", cause=17)
        answered = NumberAnswered(inquiry=inquiry, attempt=attempt)
        played = ReplyPlayed(inquiry=inquiry, attempt=attempt)
        self._names.append(message.message)
        news: tuple[Event, ...] = (message, failed, answered, played, CustomerLeft(inquiry=inquiry))
        self.happens(self.dice.choose(news))

    def _pbx_tells_of_a_callback(self) -> None:
        if self._rings:
            order = self._order()
            reached = CustomerReached(inquiry=order.inquiry, attempt=order.attempt)
            missed = CustomerNotReached(inquiry=order.inquiry, attempt=order.attempt, detail="BUSY")
            news: tuple[Event, ...] = (reached, missed)
            self.happens(self.dice.choose(news))

    def _key_pressed(self) -> None:
        self.happens(KeyPressed(inquiry=self._name(), key=self.dice.choose(("1", "1", "2"))))

    def _holds(self) -> None:
        who, what = self._somebody_with(lambda o: list(o.active))
        self.happens(HoldRequested(request=self._request(), operator=who, inquiry=what))

    def _resumes(self) -> None:
        who, what = self._somebody_with(lambda o: list(o.active))
        self.happens(ResumeRequested(request=self._request(), operator=who, inquiry=what))

    def _closes(self) -> None:
        who, what = self._somebody_with(lambda o: list(o.active))
        inquiry = self.engine.world.inquiries.get(what)
        if inquiry is not None and inquiry.channel is Channel.CALL and self.dice.chance(0.9):
            self.happens(CustomerLeft(inquiry=what))
        else:
            self.happens(CloseRequested(request=self._request(), operator=who, inquiry=what))

    def _wrapup_done(self) -> None:
        self.happens(WrapupDoneRequested(request=self._request(), operator=self._operator()))

    def _presence(self) -> None:
        presence = self.dice.choose((Presence.AVAILABLE, Presence.AVAILABLE, Presence.AVAILABLE, *Presence))
        who = self._operator()
        if self.dice.chance(0.2):
            away = self.dice.choose((Presence.LOGGED_OUT, Presence.PAUSED))
            self.happens(PresenceToggled(request=self._request(), operator=who, away=away))
            return
        self.happens(PresenceRequested(request=self._request(), operator=who, presence=presence, reason="lunch"))

    def _pbx_goes_or_comes(self) -> None:
        pbx = self.dice.choose(PBXS)
        if self.dice.chance(0.3):
            news: tuple[Event, ...] = (PbxLate(pbx=pbx), PbxHeard(pbx=pbx))
            self.happens(self.dice.choose(news))
        else:
            self.happens(PbxLost(pbx=pbx) if self.dice.chance(0.2) else PbxFound(pbx=pbx))

    # -- what goes on behind its back -----------------------------------------------------------------------------

    def _phone(self) -> PhoneId:
        operator = self.policy.operators.get(self._operator())
        return self.dice.choose(operator.phones) if operator is not None and operator.phones else PhoneId("PJSIP/x")

    def _is_found_talking(self) -> None:
        """Mostly somebody who is rung for; sometimes anybody, and sometimes a caller of whom nothing was known."""
        throw = self.dice.between(0, 1)
        name, attempt, phone = self._name(), NO_ATTEMPT, self._phone()
        if throw < 0.5 and self._rings:
            order = self._order()
            name, attempt, phone = order.inquiry, order.attempt, self.dice.choose(order.rings).phones[0]
        elif throw < 0.7:
            self.inquiries += 1
            name, attempt = InquiryId(f"i{self.inquiries}"), AttemptNo(self.dice.choose((0, 3)))
            self._names.append(name)
        source = SourceId(self.dice.choose((*GROUPS, "nobody's")))
        self.happens(
            ConversationFound(
                inquiry=name,
                phone=phone,
                source=source,
                customer=Customer(),
                attempt=attempt,
                came_at=self.now - self.dice.between(0, 60) if self.dice.chance(0.5) else None,
                pbx=self._some_pbx(),
            )
        )

    def _pbx_rings_by_itself(self) -> None:
        self.happens(FallbackRings(inquiry=self._name()))

    def _pbx_gives_back(self) -> None:
        for known in list(self.engine.world.inquiries.values()):
            if known.is_at_fallback:
                source = known.entrance.source
                self.happens(
                    InquiryReceived(inquiry=known.id, channel=Channel.CALL, source=source, customer=Customer())
                )
                return

    def _was_served(self) -> None:
        if self._served and self.dice.chance(0.3):
            self.happens(self.dice.choose(self._served[-KEPT:]))
            return
        is_known = self.dice.chance(0.5)
        ended = self.now - self.dice.between(0, 30)
        event = FallbackServed(
            pbx=self.dice.choose(PBXS),
            entry=len(self._served) + 1,
            inquiry=self._name() if is_known else InquiryId(f"served{len(self._served)}"),
            source=SourceId(self.dice.choose((*GROUPS, "nobody's"))),
            customer=Customer(),
            came_at=ended - 20,
            answered_at=ended - 10 if self.dice.chance(0.7) else None,
            phone=self._phone() if self.dice.chance(0.9) else None,
            ended_at=ended,
        )
        self._served.append(event)
        self.happens(event)

    def _daemon_restarts(self) -> None:
        if self.dice.chance(0.2):
            self.now += self.dice.between(0, 60)
            self.happens(DaemonStarted(version="1"))

    def _nothing(self) -> None:
        self.happens(TimePassed())

    def _clock_steps(self) -> None:
        if self.dice.chance(0.3):
            by = self.dice.between(-5_000, 5_000)
            self.now += by
            self.happens(ClockStepped(by=by))

    def _configured_anew(self) -> None:
        if self.dice.chance(0.3):
            self.policy = random_policy(self.dice)
            self.happens(PolicyChanged(policy=self.policy))


def _is_a_way(ring: Ring, pbx: PbxId, policy: Policy) -> bool:
    """Whether an operator's phones can be rung so from this PBX."""
    operator = policy.operators.get(ring.operator)
    if operator is None or ring.phones[0].startswith("mobile:"):
        return True
    is_across = ring.phones[0].startswith("across:")
    way = (pbx, policy.home(operator))
    return is_across == (way[0] != way[1]) and (not is_across or way in policy.trunks)
