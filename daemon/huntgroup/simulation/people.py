"""The operators of the virtual floor: when they are there, and what they do with what is in their hands."""

from dataclasses import dataclass, field

from huntgroup.engine.ids import InquiryId, OperatorId
from huntgroup.engine.policy import Channel, Presence
from huntgroup.simulation.chance import Chance
from huntgroup.simulation.scenario import Staff

ON_PAPER = frozenset({Channel.MAIL, Channel.FORM})
"""What is worked on one after the other. A call and every chat goes on by itself, beside the others."""


@dataclass(slots=True, eq=False)
class Person:
    """One operator. Their mails and forms lie in a pile: the oldest is worked on while they neither talk nor chat."""

    id: OperatorId
    chance: Chance
    presence: Presence
    staff: Staff | None = None
    """How they are in the shift that began last."""
    shifts: int = 0
    """How many shifts of theirs are on; nobody is there without one."""
    talks: dict[InquiryId, Channel] = field(default_factory=dict)
    """Calls, wrap-up included, and chats."""
    pile: dict[InquiryId, float] = field(default_factory=dict)
    """Mails and forms with the seconds of work that each still needs, the oldest first."""
    kinds: dict[InquiryId, Channel] = field(default_factory=dict)
    """The channels of what lies in the pile."""
    sheet: InquiryId | None = None
    """What of the pile they work on now."""
    sheet_since: float = 0.0
    turn: int = 0
    """Counts how often another sheet, or none, came up: tells an end that was planned for an earlier one."""

    @property
    def is_here(self) -> bool:
        """Whether they sit at their desk, and would answer."""
        return self.shifts > 0 and self.presence is Presence.AVAILABLE

    def next_sheet(self, now: float) -> float | None:
        """Turn to what is to be worked on now; the seconds it needs when that is another sheet than before."""
        wanted = next(iter(self.pile)) if self.pile and not self.talks and self.is_here else None
        if wanted == self.sheet:
            return None
        self._lay_down(now)
        self.sheet, self.sheet_since = wanted, now
        self.turn += 1
        return None if wanted is None else self.pile[wanted]

    def put_down(self, inquiry: InquiryId, now: float) -> float | None:
        """It is in their hands no longer; the seconds of work that it still needed, if it lay in the pile."""
        self.talks.pop(inquiry, None)
        if inquiry not in self.pile:
            return None
        if inquiry == self.sheet:
            self._lay_down(now)
            self.sheet = None
            self.turn += 1
        del self.kinds[inquiry]
        return self.pile.pop(inquiry)

    def channels(self) -> frozenset[Channel]:
        """What they are at work on."""
        busy = set(self.talks.values())
        if self.sheet is not None:
            busy.add(self.kinds[self.sheet])
        return frozenset(busy)

    def _lay_down(self, now: float) -> None:
        if self.sheet is not None:
            self.pile[self.sheet] = max(0.0, self.pile[self.sheet] - (now - self.sheet_since))
