"""Who works in the house that the faults happen to: eight phones, three groups, one number each."""

RING_SECONDS = 0.4
UNREACHABLE_AFTER = 1.0
PEOPLE = ("anna", "ben", "cleo", "dora", "emil", "fred", "gina", "hugo")
PHONES = {name: str(101 + number) for number, name in enumerate(PEOPLE)}
"""Everyone's phone has their name."""
GROUPS = {
    "sales": ("in_order", ("anna", "ben", "cleo", "dora", "emil"), "0s"),
    "support": ("evenly", ("cleo", "dora", "emil", "fred", "gina", "hugo"), "0.5s"),
    "desk": ("all_at_once", ("anna", "ben", "fred", "gina", "hugo"), "0s"),
}
"""Distribution, operators and wrap-up."""
NUMBERS = {"+4822000001": "sales", "+4822000002": "support", "+4822000003": "desk"}


def configuration() -> str:
    """The file, without the peers. Nobody is ever sent away, so whoever has the patience must be served."""
    people = [
        f'[[operators]]\nid = "{name}"\nextension = "{extension}"\nphones = ["PJSIP/{name}"]\n'
        for name, extension in PHONES.items()
    ]
    groups = [
        f'[[groups]]\nid = "{name}"\noperators = {list(operators)}\ndistribution = "{distribution}"\nrings = 2\n'
        f'wrapup = "{wrapup}"\non_unanswered = {{ action = "keep_waiting" }}\n'
        for name, (distribution, operators, wrapup) in GROUPS.items()
    ]
    numbers = [f'[[numbers]]\nnumber = "{number}"\ngroup = "{group}"\n' for number, group in NUMBERS.items()]
    telephony = f'[telephony]\nring_seconds = {RING_SECONDS}\nunreachable_after = "{UNREACHABLE_AFTER}s"\n'
    return "".join([telephony, *people, *groups, *numbers])
