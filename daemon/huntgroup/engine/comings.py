"""Calls that come in more than once: each time as an inquiry of its own, with an id of its own.

The PBX names a call by its caller's channel as long as that lives. An inquiry has one beginning and one end, and may be
over before its call is: somebody who is none of ours has the caller, and sends them to a number of ours again. So a
call's first inquiry is called as the call is, the second one ``<call>-2``, and so on.

Remembered is no call but one that outlived an inquiry, until it is told that it is over.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from huntgroup.engine.ids import InquiryId
from huntgroup.engine.state import Coming

REMEMBERED = 1000
"""So many calls are remembered: of a callback that a stranger took it is not always told that it is over."""


class Comings:
    """By call, which of its inquiries was the last one. ``changed`` takes the calls of which that is another one."""

    def __init__(self, changed: dict[InquiryId, None], known: Mapping[InquiryId, Coming] | None = None) -> None:
        self._changed = changed
        self._known: dict[InquiryId, Coming] = dict(known or {})
        self._calls = {_name(call, each.count): call for call, each in self._known.items()}
        """By inquiry: the last one of each call, and the one that was about to be the next."""

    def __len__(self) -> int:
        """How many calls are remembered."""
        return len(self._known)

    def items(self) -> Iterator[tuple[InquiryId, Coming]]:
        """Every call that is remembered."""
        yield from self._known.items()

    def of(self, call: InquiryId) -> Coming | None:
        """What is remembered of a call, None when no inquiry of it is over."""
        return self._known.get(call)

    def call_of(self, inquiry: InquiryId) -> InquiryId:
        """What the PBX calls the call of an inquiry."""
        return self._calls.get(inquiry, inquiry)

    def latest(self, call: InquiryId) -> InquiryId:
        """The last inquiry of a call."""
        known = self._known.get(call)
        return call if known is None else _name(call, known.count)

    def another(self, call: InquiryId) -> InquiryId:
        """What the next inquiry of a call is called of which one is over."""
        name = _name(call, self._known[call].count + 1)
        self._calls[name] = call
        return name

    def begins(self, inquiry: InquiryId) -> int:
        """From now on this is its call's last inquiry. How many orders about that call had numbers before."""
        call = self.call_of(inquiry)
        known = self._known.get(call)
        if known is None:
            return 0
        if inquiry == _name(call, known.count + 1):
            self._calls.pop(self.latest(call), None)
            self._keep(call, replace(known, count=known.count + 1))
        return known.attempts

    def outlives(self, inquiry: InquiryId, coming: Coming, still_open: Collection[InquiryId]) -> None:
        """An inquiry is over, or was for nobody; its call may go on."""
        self.begins(inquiry)
        call = self.call_of(inquiry)
        known = self._known.get(call, coming)
        self._calls[inquiry] = call
        self._keep(call, replace(coming, count=known.count))
        if len(self._known) > REMEMBERED:
            over = ((each.ended_at, name) for name, each in self._known.items() if self.latest(name) not in still_open)
            self.gone(min(over, default=(0.0, call))[1])

    def gone(self, call: InquiryId) -> None:
        """A call is over: nothing more will be told of it."""
        known = self._known.pop(call, None)
        if known is not None:
            self._changed[call] = None
            for count in (known.count, known.count + 1):
                self._calls.pop(_name(call, count), None)

    def move(self, by: float) -> None:
        """The clock was set, by so many seconds."""
        for call, each in self._known.items():
            self._keep(call, replace(each, ended_at=each.ended_at + by))

    def _keep(self, call: InquiryId, coming: Coming) -> None:
        self._known[call] = coming
        self._changed[call] = None


def _name(call: InquiryId, count: int) -> InquiryId:
    return call if count == 1 else InquiryId(f"{call}-{count}")
