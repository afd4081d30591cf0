"""What must hold between several PBXs: names, and trunks between those that share a group."""

from collections.abc import Iterator
from itertools import combinations

from huntgroup.settings.outline import Data, ids, table, tables
from huntgroup.settings.words import Finding, Key, shown, suggestion

_RESERVED = ("mobile", "across")
"""What begins the name of a phone otherwise than a PBX does."""


def exchanges(data: Data) -> Iterator[Finding]:
    """Everything that is wrong between the PBXs, the operators and the groups."""
    yield from _names(data)
    yield from _trunks_lead_somewhere(data)
    yield from _operators_are_somewhere(data)
    yield from _groups_hang_together(data)


def _names(data: Data) -> Iterator[Finding]:
    known = ids(data, "pbx")
    for name, key in known.items():
        if name in _RESERVED:
            yield Finding((*key, "id"), f"{shown(name)} means something else already", "choose another id")
        other = next((each for each in known if name.startswith(f"{each}-")), None)
        if other is not None:
            wrong = f"{shown(name)} begins as a call of {shown(other)} does"
            yield Finding((*key, "id"), wrong, f'choose an id that does not begin with "{other}-"')


def _trunks_lead_somewhere(data: Data) -> Iterator[Finding]:
    known = ids(data, "pbx")
    for key, pbx in tables(data, "pbx"):
        for name in table(pbx, "trunks"):
            place = (*key, "trunks", name)
            if name == pbx.get("id"):
                yield Finding(place, "leads to the PBX itself", "leave it out: its own phones need no trunk")
            elif name not in known:
                right = suggestion(name, [each for each in known if each != pbx.get("id")], "describe it in `[[pbx]]`")
                yield Finding(place, f"there is no PBX {shown(name)}", right)


def _operators_are_somewhere(data: Data) -> Iterator[Finding]:
    known = ids(data, "pbx")
    reached = {name for _, pbx in tables(data, "pbx") for name in table(pbx, "trunks")}
    for key, operator in tables(data, "operators"):
        home = operator.get("pbx")
        if isinstance(home, str) and home not in known:
            right = suggestion(home, known, "describe it in a `[[pbx]]` table")
            yield Finding((*key, "pbx"), f"there is no PBX {shown(home)}", right)
        elif home_of(data, operator) in reached and operator.get("phones") and "extension" not in operator:
            wrong = f"is missing, and the trunk to {shown(home_of(data, operator))} dials by it"
            yield Finding((*key, "extension"), wrong, 'give them one, as in `extension = "201"`')


def _groups_hang_together(data: Data) -> Iterator[Finding]:
    """Where a number's callers come in the file does not say; so a trunk one way may be all that is meant."""
    known = ids(data, "pbx")
    homes = {
        each["id"]: home_of(data, each) for _, each in tables(data, "operators") if isinstance(each.get("id"), str)
    }
    trunks = {(str(pbx.get("id")), name) for _, pbx in tables(data, "pbx") for name in table(pbx, "trunks")}
    for key, group in tables(data, "groups"):
        listed = group.get("operators")
        names = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
        here = list(dict.fromkeys(home for name in names if (home := homes.get(name)) in known))
        for one, other in combinations(here, 2):
            if not {(one, other), (other, one)} & trunks:
                yield _no_trunk((*key, "operators"), one, other)


def _no_trunk(key: Key, one: str, other: str) -> Finding:
    wrong = f"are at {shown(one)} and {shown(other)}, and no trunk leads from either to the other"
    right = f'give [[pbx]] {one} `trunks = {{ {other} = "PJSIP/{{extension}}@to-{other}" }}`, or {other} one to {one}'
    return Finding(key, wrong, right)


def home_of(data: Data, operator: Data) -> str:
    """Where an operator's phones are; "" when that is no text at all."""
    home = operator.get("pbx", next(iter(ids(data, "pbx")), ""))
    return home if isinstance(home, str) else ""
