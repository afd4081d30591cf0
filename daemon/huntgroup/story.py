"""The story of one inquiry, as a person would tell it, from what was recorded of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from huntgroup.adapters.store.records import DECISION, Record
from huntgroup.engine.effects import FactType, Outcome, Reason
from huntgroup.instants import utc
from huntgroup.plain import plain

WHY_NOT = {
    Reason.BEHIND_IN_LINE: "could have had it, but was not first",
    Reason.LOGGED_OUT: "was logged out",
    Reason.PAUSED: "was on a pause",
    Reason.WRAPUP: "was still wrapping up another call",
    Reason.NO_TRUNK: "could not be rung: no trunk leads from the caller's PBX to theirs",
    Reason.PBX_UNREACHABLE: "could not be rung: the PBX was not reachable",
    Reason.PHONE_UNREACHABLE: "had no phone that could be reached",
    Reason.BUSY: "was on a call",
    Reason.RINGING: "was being rung for another call",
    Reason.BLOCKED_BY_CALL: "was on a call",
    Reason.BLOCKED_BY_CHAT: "was in a chat",
    Reason.BLOCKED_BY_MAIL: "was at a mail",
    Reason.BLOCKED_BY_FORM: "was at a form",
    Reason.AT_CAPACITY: "had as many as they may have",
    Reason.OFFERED_OTHERS: "was being offered as many as they may have",
    Reason.AT_SOURCE_LIMIT: "had as many from there as they may have",
    Reason.MISSED_THIS_ROUND: "had missed it in this round",
    Reason.DECLINED_THIS_ROUND: "had declined it in this round",
    Reason.UNREACHABLE_THIS_ROUND: "could not be reached in this round",
    Reason.BUSY_THIS_ROUND: "had said busy in this round",
    Reason.GAVE_IT_AWAY: "had just given it away",
    Reason.HAD_THEIR_TURN: "had their turn in the round before, and comes last",
    Reason.NO_LONGER_OPERATOR: "is no operator any more",
}
WORDS = {
    FactType.MESSAGE: "the customer writes again",
    FactType.OFFERED: "{who} is offered it",
    FactType.RINGING: "{who}'s phone rings",
    FactType.ACCEPTED: "{who} takes it",
    FactType.DECLINED: "{who} declines it",
    FactType.MISSED: "{who} misses it",
    FactType.FAILED: "{who} could not be reached: {detail}",
    FactType.WITHDRAWN: "the offer to {who} is taken back: {detail}",
    FactType.PICKED_UP: "{who} picks it up {detail}",
    FactType.UNANSWERED: "nobody took it: {detail}",
    FactType.OUT_OF_HOURS: "the group is closed: {detail}",
    FactType.LINE_FULL: "the line is full: {detail}",
    FactType.OVERFLOWED: "it goes on {detail}",
    FactType.LEFT_LINE: "the customer leaves the line {detail}",
    FactType.ACTION_FAILED: "that could not be done: {detail}",
    FactType.MESSAGE_LEFT: "the customer leaves a message, {detail}",
    FactType.CALLBACK_PROMISED: "the customer will be called back",
    FactType.CUSTOMER_REACHED: "the customer answers, and talks to {who}",
    FactType.CUSTOMER_NOT_REACHED: "{who} cannot reach the customer: {detail}",
    FactType.TRANSFERRED: "{who} transfers it {detail}",
    FactType.PUT_BACK: "it goes back into the line: {detail}",
    FactType.HELD: "{who} sets it aside",
    FactType.RESUMED: "{who} goes on with it",
    FactType.LATE_ANSWER: "{who} answers too late",
    FactType.ABANDONED: "the customer gives up ({detail})",
    FactType.ENDED: "the conversation ends, {who} wraps up",
    FactType.RESPONSIBLE_CHANGED: "{who} is now responsible for the customer",
}
OUTCOMES = {
    Outcome.ANSWERED: "it ends, answered by {who}",
    Outcome.ABANDONED: "it ends, abandoned",
    Outcome.UNANSWERED: "it ends, unanswered",
    Outcome.VOICEMAIL: "it ends in voicemail",
    Outcome.FORWARDED: "it ends here, forwarded",
}


@dataclass(frozen=True, slots=True)
class Names:
    """What people call operators and groups; an id without a name stands for itself."""

    operators: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)

    def operator(self, name: str | None) -> str:
        """An operator in words."""
        return self.operators.get(name, name) if name else "nobody"

    def group(self, name: str | None) -> str:
        """A group in words."""
        return self.groups.get(name, name) if name else "no group"


def told(records: Sequence[Record], names: Names) -> Iterator[str]:
    """One line for each thing that happened, with the time of day (UTC) and the seconds since the first."""
    begin = records[0].at
    for record in records:
        clock = utc(record.at).strftime("%H:%M:%S.%f")[:-3]
        for sentence in _sentences(record, names):
            yield f"{clock}  +{record.at - begin:7.3f} s  {plain(sentence)}"


def as_data(record: Record) -> dict[str, Any]:
    """A record for programs, without what it does not say; ``at`` in seconds since the epoch."""
    fields = {
        "at": record.at,
        "inquiry": record.inquiry,
        "type": record.type,
        "group": record.group,
        "operator": record.operator,
        "attempt": record.attempt,
        "detail": record.detail or None,
        **record.more,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _sentences(record: Record, names: Names) -> Iterable[str]:
    if record.type == DECISION:
        return _decision(record, names)
    if record.type == FactType.RECEIVED:
        return [_arrival(record, names)]
    if record.type == FactType.HANDED_OFF:
        return []  # said by the offer that follows
    if record.type == FactType.PICKED_UP and record.operator is None:
        return [f"somebody who is no operator picks it up {record.detail}"]
    who = names.operator(record.operator)
    if record.type == FactType.CLOSED:
        words = OUTCOMES.get(Outcome(record.detail)) if record.detail in set(Outcome) else None
        return [words.format(who=who) if words else f"it ends: {record.detail}"]
    words = WORDS.get(FactType(record.type)) if record.type in set(FactType) else None
    if record.type == FactType.HELD and record.detail:
        words = "{detail}, and it is not {who}'s load"
    if record.type == FactType.ACCEPTED and record.detail:
        words = "{who} takes it ({detail})"
    return [words.format(who=who, detail=record.detail) if words else f"{record.type} {record.detail}".rstrip()]


def _arrival(record: Record, names: Names) -> str:
    customer = record.more.get("customer", {})
    name, phone = customer.get("name", ""), customer.get("phone", "")
    who = f"{name} ({phone})" if name and phone else name or phone or "somebody unknown"
    if customer.get("id"):
        who = f"{who}, known as {customer['id']},"
    told = f"{who} comes in by {record.detail}, for {names.group(record.group)}"
    recording = record.more.get("recording")
    return f"{told}, and said {recording['seconds']:.0f} s: {recording['file']}" if recording else told


def _decision(record: Record, names: Names) -> list[str]:
    verdicts: Mapping[str, str] = record.more.get("verdicts", {})
    chosen = [names.operator(each) for each, reason in verdicts.items() if reason == Reason.CHOSEN]
    if record.more.get("responsible"):
        return [_of_responsible(verdicts, chosen, names)]
    line = [f"chosen: {', '.join(chosen)}" if chosen else "nobody could have it, so it waits"]
    for each, reason in verdicts.items():
        if reason != Reason.CHOSEN:
            words = WHY_NOT.get(Reason(reason), reason) if reason in set(Reason) else reason
            line.append(f"  not {names.operator(each)}, who {words} [{reason}]")
    return line


def _of_responsible(verdicts: Mapping[str, str], chosen: Sequence[str], names: Names) -> str:
    if chosen:
        return f"first comes {chosen[0]}, who is responsible for this customer"
    who, reason = next(iter(verdicts.items()))
    words = WHY_NOT.get(Reason(reason), reason) if reason in set(Reason) else reason
    return f"not {names.operator(who)}, who is responsible for this customer, but {words} [{reason}]"
