"""What the shell handled, as the store keeps it: the seam between the engine's vocabulary and the store's rows."""

from huntgroup.adapters.store.journal import Journal as StoreJournal
from huntgroup.adapters.store.records import record_of
from huntgroup.adapters.store.rows import Batch, Entry
from huntgroup.adapters.store.untold import apart
from huntgroup.codec import changed_rows, event_text
from huntgroup.customer_facts import customer_facts
from huntgroup.customers.rules import RuleBook
from huntgroup.engine.effects import Decision, Fact
from huntgroup.engine.events import (
    AttemptFailed,
    CallMoved,
    ConversationFound,
    CustomerAlone,
    CustomerLeft,
    CustomerReached,
    FallbackRings,
    FallbackServed,
    InquiryReceived,
    NumberAnswered,
    PbxFound,
    PbxHeard,
    PbxLate,
    PbxLost,
    PhoneAnswered,
    PhoneRang,
    PhoneRefused,
    PhoneStateChanged,
    ReplyPlayed,
    TimePassed,
)
from huntgroup.engine.policy import Channel
from huntgroup.engine.world import World
from huntgroup.shell import Done, Group, Handled

KNOWN_TO_THE_PBX = (
    TimePassed,
    CustomerLeft,
    PhoneRang,
    PhoneAnswered,
    PhoneRefused,
    AttemptFailed,
    CallMoved,
    CustomerAlone,
    PhoneStateChanged,
    PbxLost,
    PbxFound,
    PbxLate,
    PbxHeard,
    ConversationFound,
    FallbackRings,
    FallbackServed,
    NumberAnswered,
    ReplyPlayed,
    CustomerReached,
)


class Recorder:
    """The shell's journal, kept in the store."""

    def __init__(self, journal: StoreJournal, rules: RuleBook | None = None, *, has_broker: bool = False) -> None:
        """``rules``: what is done with customers; None: nothing is. ``has_broker``: what it has not is kept for it."""
        self._journal = journal
        self._rules = rules
        self._has_broker = has_broker

    @property
    def is_degraded(self) -> bool:
        """The store does not take what is written."""
        return self._journal.is_degraded

    def write(self, group: Group, world: World, release: Done, durable: Done) -> None:
        """Have a group written, with what it changed as it is now."""
        self._journal.write(batch_of(group, world, self._rules, has_broker=self._has_broker), release, durable)


def is_known_to_the_pbx(handled: Handled) -> bool:
    """Whether an event would be found out again after a loss of power: from the calls and phones that there are."""
    event = handled.event
    if isinstance(event, InquiryReceived):
        return event.channel is Channel.CALL
    return handled.then is None and isinstance(event, KNOWN_TO_THE_PBX)


def batch_of(group: Group, world: World, rules: RuleBook | None = None, *, has_broker: bool = False) -> Batch:
    """The rows of a group; ``world`` is as it was left by the group's last event."""
    state = {(row.kind, row.id): row.body for row in changed_rows(world, group.changed)}
    batch = Batch(state=state, waits_for_disk=not all(map(is_known_to_the_pbx, group.handled)))
    for handled in group.handled:
        batch.entries.append(Entry(handled.sequence, handled.at, *(handled.text or event_text(handled.event))))
        for effect in handled.effects:
            record = record_of(effect) if isinstance(effect, Fact | Decision) else None
            if record is not None:
                batch.records.append((handled.sequence, record))
        if has_broker:
            batch.apart += apart(handled.sequence, handled.effects)
        if rules is not None:
            batch.follow += [(handled.sequence, *each) for each in customer_facts(handled, rules)]
    return batch
