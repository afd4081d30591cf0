"""What must hold between the tables of the file: names that exist, and nothing that belongs to two."""

from collections.abc import Callable, Collection, Iterable, Iterator

from huntgroup.settings.calls import announcements, hooks_that_never_apply, told_apart, ways_out
from huntgroup.settings.circles import circles
from huntgroup.settings.crm import crm_tables
from huntgroup.settings.exchanges import exchanges, home_of
from huntgroup.settings.models import Telephony
from huntgroup.settings.outline import Data, actions, ids, items, table, tables, texts
from huntgroup.settings.peers import broker_security, places_of_secrets
from huntgroup.settings.words import Finding, Key, shown, spelled, suggestion

_CODES = ("pickup_code", "login_code", "pause_code")


def across(data: Data) -> Iterator[Finding]:
    """Everything wrong between the tables; looks at nothing outside the file."""
    for check in _CHECKS:
        yield from check(data)


def _repeated(entries: Iterable[tuple[Key, str]]) -> Iterator[tuple[Key, str, Key]]:
    """Each entry whose value an earlier one has: its key, the value, the earlier one's key."""
    seen: dict[str, Key] = {}
    for key, value in entries:
        if value in seen:
            yield key, value, seen[value]
        else:
            seen[value] = key


def _unique_ids(data: Data) -> Iterator[Finding]:
    for section in ("pbx", "operators", "groups", "sources"):
        for key, value, first in _repeated(texts(data, section, "id")):
            yield Finding(key, f"{shown(value)} is the id of {spelled(first[:-1])} already", "give each its own")


def _unique_extensions(data: Data) -> Iterator[Finding]:
    for key, value, first in _repeated(texts(data, "operators", "extension")):
        wrong = f"{shown(value)} is the extension of {_owner(data, first)} already"
        yield Finding(key, wrong, "give each operator their own")


def _unique_phones(data: Data) -> Iterator[Finding]:
    """At one PBX; another one may well have its own phone of that name."""
    for pbx in dict.fromkeys(home_of(data, operator) for _, operator in tables(data, "operators")):
        yield from _unique_phones_at(data, pbx)


def _unique_phones_at(data: Data, pbx: str) -> Iterator[Finding]:
    here = {key for key, operator in tables(data, "operators") if home_of(data, operator) == pbx}
    phones = ((key, value) for key, value in items(data, "operators", "phones") if key[:2] in here)
    for key, value, first in _repeated(phones):
        if key[:2] == first[:2]:
            yield Finding(key, f"{shown(value)} is listed twice", "list each phone once")
        else:
            wrong = f"{shown(value)} is a phone of {_owner(data, first)} already"
            yield Finding(key, wrong, "a phone belongs to one operator")


def _owner(data: Data, key: Key) -> str:
    """The operator that a key is inside of, by id where there is one."""
    owner = next(entry for place, entry in tables(data, "operators") if place == key[:2])
    return shown(owner["id"]) if isinstance(owner.get("id"), str) else spelled(key[:2])


def _some_pbx(data: Data) -> Iterator[Finding]:
    if data.get("pbx") == []:
        yield Finding(("pbx",), "is empty", "add a `[[pbx]]` table")


def _reachable(data: Data) -> Iterator[Finding]:
    """Of those whom calls come to. Who only reads, writes or supervises needs no phone."""
    groups, people = ids(data, "groups"), ids(data, "operators")
    called = {groups.get(group) for _, group in texts(data, "numbers", "group")}
    answering = {people.get(operator) for key, operator in items(data, "groups", "operators") if key[:2] in called}
    for key, operator in tables(data, "operators"):
        has_none = operator.get("phones", []) == [] and table(operator, "capacity").get("call") != 0
        if has_none and key in answering:
            yield Finding(
                (*key, "phones"),
                "no call can reach this operator",
                'name a phone, as in `phones = ["PJSIP/anna-desk"]`, or set `capacity = { call = 0 }`',
            )


def _members(data: Data) -> Iterator[Finding]:
    operators = ids(data, "operators")
    for key, group in tables(data, "groups"):
        if group.get("operators") == []:
            yield Finding((*key, "operators"), "is empty", "name the operators who serve this group")
        alone = {"groups": [group]}
        for (_, _, *place), value, _ in _repeated(items(alone, "groups", "operators")):
            yield Finding((*key, *place), f"{shown(value)} is listed twice", "list each operator once")
    for key, value in items(data, "groups", "operators"):
        yield from _unknown(key, value, "operator", operators)


def _supervisors(data: Data) -> Iterator[Finding]:
    """Supervisors of groups who do not exist, or who could do nothing."""
    operators = ids(data, "operators")
    plain = {key[:-1]: value for key, value in texts(data, "operators", "id")}
    roles = {plain[key]: entry.get("role", "operator") for key, entry in tables(data, "operators") if key in plain}
    for key, group in tables(data, "groups"):
        alone = {"groups": [group]}
        for (_, _, *place), value, _ in _repeated(items(alone, "groups", "supervisors")):
            yield Finding((*key, *place), f"{shown(value)} is listed twice", "list each supervisor once")
    for key, value in items(data, "groups", "supervisors"):
        yield from _unknown(key, value, "operator", operators)
        if roles.get(value) == "operator":
            right = 'set `role = "supervisor"` in their `[[operators]]` table'
            yield Finding(key, f"{shown(value)} has the role `operator`", right)


def _groups_named(data: Data) -> Iterator[Finding]:
    groups = ids(data, "groups")
    for section in ("numbers", "sources"):
        for key, value in texts(data, section, "group"):
            yield from _unknown(key, value, "group", groups)


def _action_targets(data: Data) -> Iterator[Finding]:
    known = {"operator": ids(data, "operators"), "group": ids(data, "groups")}
    for key, group in tables(data, "groups"):
        for place, action in actions(key, group):
            what = action.get("action")
            target = action.get(what) if isinstance(what, str) else None
            if isinstance(target, str) and what in known:
                yield from _unknown((*place, what), target, what, known[what])


def _unknown(key: Key, name: str, what: str, real: Collection[str]) -> Iterator[Finding]:
    if name not in real:
        right = suggestion(name, real, f"describe it in a `[[{what}s]]` table")
        yield Finding(key, f"there is no {what} {shown(name)}", right)


def _replies(data: Data) -> Iterator[Finding]:
    for key, group in tables(data, "groups"):
        for place, action in actions(key, group):
            if action.get("action") == "reply" and not {"sound", "text"} & set(action):
                yield Finding(place, "a reply that says nothing", "give it a `sound` or a `text`")


def _codes(data: Data) -> Iterator[Finding]:
    """Codes that are told apart by nothing, or that an operator's extension would shadow."""
    given = table(data, "telephony")
    owner: dict[str, str] = {}
    for name in _CODES:
        code = given.get(name, Telephony.model_fields[name].default)
        if not isinstance(code, str):
            continue
        if code in owner:
            clash = name if name in given else owner[code]
            other = owner[code] if clash == name else name
            yield Finding(("telephony", clash), f"{shown(code)} is `{other}`, too", "give each code its own")
        owner.setdefault(code, name)
    yield from _codes_with_extensions(data, owner)
    for key, value in texts(data, "operators", "extension"):
        if value in owner:
            right = "choose another extension, or another code"
            yield Finding(key, f"{shown(value)} is `telephony.{owner[value]}`", right)


def _codes_with_extensions(data: Data, codes: Collection[str]) -> Iterator[Finding]:
    """What is dialled as a code with an extension behind it must not mean anything else."""
    dialled = dict.fromkeys(codes, "")
    for key, extension in texts(data, "operators", "extension"):
        for code in codes:
            both = code + extension
            if dialled.setdefault(both, extension) != extension:
                wrong = f"{shown(extension)} behind one code is {shown(both)}, which means something already"
                yield Finding(key, wrong, "choose another extension, or other codes")


def _identified(data: Data) -> Iterator[Finding]:
    """Nobody can be recognised whose identities are not looked at."""
    for key, source in tables(data, "sources"):
        for name in ("track_customer", "responsible_first"):
            if source.get(name) is True and source.get("identify_customer") is False:
                right = "set `identify_customer = true`, or leave it out"
                yield Finding((*key, name), "needs customers to be looked up", right)


_CHECKS: tuple[Callable[[Data], Iterator[Finding]], ...] = (
    places_of_secrets,
    broker_security,
    _codes,
    _some_pbx,
    _unique_ids,
    _unique_extensions,
    _unique_phones,
    exchanges,
    _reachable,
    _members,
    _supervisors,
    _action_targets,
    _replies,
    circles,
    told_apart,
    ways_out,
    announcements,
    hooks_that_never_apply,
    _identified,
    _groups_named,
    crm_tables,
)
