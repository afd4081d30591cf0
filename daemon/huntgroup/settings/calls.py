"""What must hold for calls across the tables: numbers told apart, a way out where one is needed, music to speak in."""

from collections.abc import Iterator

from huntgroup.numbering import country_code, forms
from huntgroup.settings.models import Telephony
from huntgroup.settings.outline import Data, actions, table, tables, texts
from huntgroup.settings.values import read_number
from huntgroup.settings.words import Complaint, Finding, Key, shown, spelled

_GOES_OUT = ("number", "callback")
_SAYS = ("position", "wait", "sound")
_AFTER_THE_CALL = ("callback", "reply")


def told_apart(data: Data) -> Iterator[Finding]:
    """Numbers that a trunk may write alike."""
    country = table(data, "telephony").get("country")
    known = (country_code(country) if isinstance(country, str) else None) or str(
        Telephony.model_fields["country"].default
    )
    owner: dict[str, Key] = {}
    for key, value in texts(data, "numbers", "number"):
        try:
            number = read_number(value)
        except Complaint:
            continue
        every = forms(number, known)
        other = next((owner[form] for form in every if form in owner), None)
        if other is not None:
            yield Finding(key, f"{shown(value)} is {spelled(other[:-1])} already", _right(number, every))
        for form in every:
            owner.setdefault(form, key)


def _right(number: str, every: tuple[str, ...]) -> str:
    if number == every[0]:
        return "give each number once"
    return f"give each number once; this one means {every[0]}"


def ways_out(data: Data) -> Iterator[Finding]:
    """Whatever dials out needs to know how."""
    if table(data, "telephony").get("outbound") is not None:
        return
    right = 'say how to dial out, as in `[telephony]` `outbound = "PJSIP/{number}@trunk"`'
    for key, group in tables(data, "groups"):
        for place, action in actions(key, group):
            if action.get("action") in _GOES_OUT:
                yield Finding((*place, "action"), f"{shown(action['action'])} needs `telephony.outbound`", right)
    for key, number in tables(data, "numbers"):
        missed = number.get("on_responsible_missed")
        if isinstance(missed, dict) and missed.get("action") == "mobile":
            yield Finding((*key, "on_responsible_missed", "action"), '"mobile" needs `telephony.outbound`', right)


def announcements(data: Data) -> Iterator[Finding]:
    """Nothing can be said to a caller who has not been answered, and a key needs what it does."""
    for key, group in tables(data, "groups"):
        said = group.get("announce")
        if not isinstance(said, dict):
            continue
        place: Key = (*key, "announce")
        if any(value is not False for value in said.values()) and group.get("hold", "ringing") == "ringing":
            yield Finding(place, "is for callers who hold with music", 'add `hold = "music"`, or leave it out')
        if "every" in said and not any(said.get(name) not in (None, False) for name in _SAYS):
            yield Finding((*place, "every"), "repeats nothing", "add `position = true`, `wait = true` or a `sound`")
        if "leave_key" in said and "on_leave" not in group:
            yield Finding((*place, "leave_key"), "does nothing without `on_leave`", "say what it does in `on_leave`")


def hooks_that_never_apply(data: Data) -> Iterator[Finding]:
    """Actions that nobody can come to, or that mean nothing there."""
    for key, group in tables(data, "groups"):
        said = group.get("announce")
        if "on_leave" in group and not (isinstance(said, dict) and "leave_key" in said):
            yield Finding((*key, "on_leave"), "has no key", 'name one, as in `announce = { leave_key = "1" }`')
        abandoned = group.get("on_abandoned")
        what = abandoned.get("action") if isinstance(abandoned, dict) else None
        if isinstance(what, str) and what not in _AFTER_THE_CALL:
            right = "use `callback`, or a `reply` with a text"
            yield Finding((*key, "on_abandoned", "action"), f"{shown(what)} means nothing to who is gone", right)
