"""Who works in the house of the hour: all four distributions with shared operators, and every way out of a line."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

RING_SECONDS = 0.4
UNREACHABLE_AFTER = 1.0
PEOPLE = ("anna", "ben", "cleo", "dora", "emil", "fred", "gina", "hugo", "iris", "kate")
"""Operators; everyone's phone has their name. Kate is hired and let go by reloads."""
NEIGHBOURS = ("lena", "milo", "nora")
"""Phones in the house that are no operator's, and take and make calls of their own."""
PHONES = {
    **{name: str(101 + number) for number, name in enumerate(PEOPLE)},
    "anna-soft": "101",
    **{name: str(121 + number) for number, name in enumerate(NEIGHBOURS)},
}
NUMBERS = {
    "sales": "+48221000001",
    "support": "+48221000002",
    "desk": "+48221000003",
    "care": "+48221000004",
    "office": "+48221000005",
    "night": "+48221000006",
    "fair": "+48221000007",
}
"""One for each group."""
OUTSIDE = "+48600999111"
"""Whom the group office sends its callers to, and operators transfer theirs to."""
SOURCES = {
    "site-chat": ("chat", "sales"),
    "care-chat": ("chat", "support"),
    "mail": ("mail", "care"),
    "form": ("form", "desk"),
}
"""Channel and group of each."""
SOON = '{ action = "callback", sound = "beep" }'
GROUPS: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "sales": (
        "in_order",
        ("anna", "ben", "cleo", "dora", "emil", "kate"),
        (
            'hold = "music"\nmiss_limit = 3\nannounce = { position = true, every = "2s", leave_key = "1" }\n'
            f'on_leave = {SOON}\non_unanswered = {{ action = "keep_waiting" }}'
        ),
    ),
    "support": (
        "evenly",
        ("cleo", "dora", "emil", "fred", "gina"),
        (
            'wrapup = "500ms"\nmax_wait = "8s"\nmax_waiting = 6\noffer_timeout = "3s"\n'
            'on_full = { action = "hang_up" }\non_unanswered = { action = "group", group = "desk" }'
        ),
    ),
    "desk": (
        "all_at_once",
        ("anna", "ben", "fred", "gina", "hugo", "kate"),
        'on_unanswered = { action = "keep_waiting" }',
    ),
    "care": (
        "in_turn",
        ("dora", "fred", "hugo", "anna", "iris"),
        'wrapup = "1s"\nmax_wait = "6s"\non_unanswered = { action = "voicemail", mailbox = "sales" }',
    ),
    "office": (
        "in_order",
        ("iris", "gina"),
        f'max_wait = "4s"\non_unanswered = {{ action = "number", number = "{OUTSIDE}" }}',
    ),
    "night": ("evenly", ("emil", "gina", "hugo"), f'hold = "music"\nmax_wait = "2s"\non_unanswered = {SOON}'),
    "fair": ("in_turn", ("ben", "emil", "iris"), 'priority = 2\nwrapup = "300ms"'),
}
"""Distribution, operators and all else."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Who is employed and which groups there are: what a reload changes."""

    people: tuple[str, ...] = tuple(name for name in PEOPLE if name != "kate")
    groups: tuple[str, ...] = field(default=tuple(name for name in GROUPS if name != "fair"))


EVERYDAY = Staff()
CHANGES = (
    replace(EVERYDAY, people=PEOPLE),
    replace(EVERYDAY, people=tuple(name for name in EVERYDAY.people if name != "hugo")),
    replace(EVERYDAY, groups=tuple(GROUPS)),
    replace(EVERYDAY, groups=tuple(name for name in EVERYDAY.groups if name != "desk")),
    EVERYDAY,
)
"""What it may be after the next reload: somebody or a group more or less."""


def configuration(staff: Staff = EVERYDAY) -> str:
    """The file, without the peers."""
    parts = [
        (
            f'[telephony]\ncountry = "pl"\nring_seconds = {RING_SECONDS}\nunreachable_after = "{UNREACHABLE_AFTER}s"\n'
            'outbound = "PJSIP/{number}@trunk"\ncallback_tries = 2\ncallback_pause = "2s"\n'
        )
    ]
    for name in staff.people:
        phones = '["PJSIP/anna", "PJSIP/anna-soft"]' if name == "anna" else f'["PJSIP/{name}"]'
        parts.append(f'[[operators]]\nid = "{name}"\nextension = "{PHONES[name]}"\nphones = {phones}\n')
    for name in staff.groups:
        distribution, operators, rest = GROUPS[name]
        present = [each for each in operators if each in staff.people]
        if "desk" not in staff.groups:
            rest = rest.replace('{ action = "group", group = "desk" }', '{ action = "keep_waiting" }')
        parts.append(
            f'[[groups]]\nid = "{name}"\noperators = {present}\ndistribution = "{distribution}"\nrings = 2\n{rest}\n'
        )
        parts.append(f'[[numbers]]\nnumber = "{NUMBERS[name]}"\ngroup = "{name}"\n')
    for source, (channel, group) in SOURCES.items():
        served = group if group in staff.groups else "sales"
        parts.append(f'[[sources]]\nid = "{source}"\nchannel = "{channel}"\ngroup = "{served}"\n')
    return "".join(parts)
