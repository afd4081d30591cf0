"""Who there is at the moment, and what is told of it: operators, groups, PBXs, inquiries, each by its name.

What may become of an inquiry is `huntgroup.engine.world`'s.
"""

from huntgroup.engine.effects import Effect, Fact, FactType, Reason, TransferredTo
from huntgroup.engine.eligibility import why_away, why_no_work
from huntgroup.engine.events import PhoneState
from huntgroup.engine.ids import AttemptNo, GroupId, InquiryId, OperatorId, PbxId, PhoneId
from huntgroup.engine.memory import Changed
from huntgroup.engine.notices import Notices
from huntgroup.engine.pbxs import Pbxs
from huntgroup.engine.policy import Channel, GroupPolicy, OperatorPolicy, Policy, Presence
from huntgroup.engine.state import Attempt, Inquiry, Offer, Operator

MOBILE = "mobile:"
ACROSS = "across:"


def mobile_of(operator: OperatorId) -> PhoneId:
    """The name under which an operator's mobile is rung; the adapter knows how to dial it."""
    return PhoneId(MOBILE + operator)


def across_of(operator: OperatorId) -> PhoneId:
    """The name under which an operator is rung from another PBX: all their phones together, by one leg of its trunk."""
    return PhoneId(ACROSS + operator)


class House:
    """The people and the policy. ``now`` is the instant of the event in hand, in seconds."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.now = 0.0
        self.pbxs = Pbxs()
        self.inquiries: dict[InquiryId, Inquiry] = {}
        self.operators: dict[OperatorId, Operator] = {}
        self.phone_owner: dict[PhoneId, OperatorId] = {}
        self.retired_groups: dict[GroupId, GroupPolicy] = {}
        self.present: dict[GroupId, int] = {}
        self.freed: dict[OperatorId, None] = {}
        self.effects: list[Effect] = []
        self.changed = Changed()
        """By the event in hand."""
        self._notices = Notices()
        for operator in policy.operators.values():
            self.add_operator(operator)
        self.index_groups()

    # -- who there is ---------------------------------------------------------------------------------------------

    def add_operator(self, policy: OperatorPolicy) -> Operator:
        """Somebody new, with phones of which nothing is known yet."""
        operator = Operator(
            policy=policy, presence=policy.start, phones=dict.fromkeys(policy.phones, PhoneState.UNKNOWN)
        )
        self.operators[policy.id] = operator
        return operator

    def order_operators(self) -> None:
        """As they are configured, and behind them who is no longer: by what there is, not by how it came about."""
        removed = sorted(name for name in self.operators if name not in self.policy.operators)
        self.operators = {name: self.operators[name] for name in (*self.policy.operators, *removed)}

    def index_groups(self) -> None:
        """Make anew what follows from the policy alone: who owns which phone, and who is in which group."""
        self.phone_owner = {phone: each.id for each in self.policy.operators.values() for phone in each.phones}
        self.phone_owner |= {mobile_of(each.id): each.id for each in self.policy.operators.values() if each.mobile}
        if len(self.policy.pbxs) > 1:
            self.phone_owner |= {across_of(each): each for each in self.policy.operators}
        groups: dict[OperatorId, list[GroupId]] = {operator: [] for operator in self.operators}
        for group in self.policy.groups.values():
            for operator in group.operators:
                groups[operator].append(group.id)
        for operator, names in groups.items():
            self.operators[operator].groups = tuple(names)
        self.present = {
            group.id: sum(self.operators[each].presence is Presence.AVAILABLE for each in group.operators)
            for group in self.policy.groups.values()
        }

    def phone_states(self) -> dict[PhoneId, PhoneState]:
        """What was last told of every phone that is somebody's; of a mobile nothing ever is."""
        known = {phone: self.operators[owner].phones.get(phone) for phone, owner in self.phone_owner.items()}
        return {phone: state for phone, state in known.items() if state is not None}

    def group_of(self, inquiry: Inquiry) -> GroupPolicy:
        """The policy of the inquiry's group, also when the group is configured no longer."""
        return self.policy.groups.get(inquiry.group) or self.retired_groups[inquiry.group]

    def pbx_of(self, inquiry: Inquiry) -> PbxId:
        """The PBX that has the caller of a call."""
        return inquiry.pbx or self.policy.pbx

    def can_order(self, inquiry: Inquiry) -> bool:
        """Whether the PBX of a call is there to be told something."""
        return self.pbxs.is_up(self.pbx_of(inquiry))

    def is_at_home(self, operator: Operator, inquiry: Inquiry) -> bool:
        """Whether the operator's phones are at the PBX that has the caller."""
        return self.policy.home(operator.policy) == self.pbx_of(inquiry)

    def no_way(self, operator: Operator, inquiry: Inquiry) -> Reason | None:
        """Why a call cannot ring at an operator of another PBX, whatever they do; None: it can, or it is their own."""
        if self.is_at_home(operator, inquiry):
            return None
        if not self.can_order(inquiry):
            return Reason.PBX_UNREACHABLE
        leads = (self.pbx_of(inquiry), self.policy.home(operator.policy)) in self.policy.trunks
        return None if leads else Reason.NO_TRUNK

    def current_attempt(self, inquiry: InquiryId, attempt: AttemptNo) -> tuple[Inquiry, Attempt] | None:
        """The inquiry and its attempt when that attempt is still the pending one, else None."""
        known = self.inquiries.get(inquiry)
        if known is None or known.attempt is None or known.attempt.number != attempt:
            return None
        return known, known.attempt

    def offer_at(self, attempt: Attempt, phone: PhoneId) -> Offer | None:
        """The offer of this attempt that rings ``phone``, whosever the phone is by now."""
        owner = self.phone_owner.get(phone)
        offer = attempt.offers.get(owner) if owner is not None else None
        if offer is not None and phone in offer.open_phones:
            return offer
        return next((each for each in attempt.offers.values() if phone in each.open_phones), offer)

    # -- telling --------------------------------------------------------------------------------------------------

    def note(self, inquiry: Inquiry) -> None:
        """Something about an inquiry is other than it was told."""
        self.changed.inquiries[inquiry.id] = None
        self._notices.note_inquiry(inquiry)

    def fact(
        self,
        kind: FactType,
        inquiry: Inquiry,
        operator: OperatorId | None = None,
        detail: str = "",
        at: float | None = None,
    ) -> None:
        """Tell the world that something happened to an inquiry, now unless it was some time ago."""
        self.note(inquiry)
        self.effects.append(
            Fact(
                type=kind,
                at=self.now if at is None else at,
                inquiry=inquiry.id,
                group=inquiry.group,
                operator=operator,
                attempt=inquiry.attempt.number if inquiry.attempt else None,
                detail=detail,
                customer=inquiry.customer if kind is FactType.RECEIVED else None,
                recording=inquiry.recording if kind is FactType.RECEIVED else None,
            )
        )

    def tell_transfer(self, inquiry: Inquiry, to: TransferredTo) -> None:
        """Somebody who has it gives it by hand to somebody else."""
        self.note(inquiry)
        inquiry.passed_on_by = inquiry.operator
        self.effects.append(
            Fact(
                type=FactType.TRANSFERRED,
                at=self.now,
                inquiry=inquiry.id,
                group=inquiry.group,
                operator=inquiry.operator,
                detail=f"to group {to.group}" if to.group else f"to {to.operator or 'outside'}",
                to=to,
            )
        )

    def touch(self, operator: Operator, *, is_freed: bool = False) -> None:
        """Note that an operator changed; ``is_freed`` when they may now be eligible for something that waits."""
        operator.no_work.clear()
        operator.unfit.clear()
        operator.share = None
        self._notices.note(operator.policy.id)
        self.changed.operators[operator.policy.id] = None
        if is_freed:
            self.freed[operator.policy.id] = None

    def no_work(self, operator: Operator, channel: Channel) -> Reason | None:
        """Why the operator can have nothing more of a channel, presence apart; known until they are touched again."""
        try:
            return operator.no_work[channel]
        except KeyError:
            is_up = self.pbxs.is_up(self.policy.home(operator.policy))
            reason = why_no_work(operator, channel, self.policy, pbx_is_up=is_up)
            operator.no_work[channel] = reason
            return reason

    def unfit(self, operator: Operator, channel: Channel) -> Reason | None:
        """The same with what they say of themselves."""
        reason = why_away(operator) or self.no_work(operator, channel)
        operator.unfit[channel] = reason
        return reason

    def tell_changes(self) -> None:
        """Every operator and desk whose public state is not what was last told, and every inquiry told of."""
        self.effects += self._notices.news(self.operators, self.inquiries, self.unfit)

    def note_everything(self) -> None:
        """See that the next news tell of everyone and everything."""
        self._notices.begin_anew(self.operators, self.inquiries)
