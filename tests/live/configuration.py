"""Configurations for live tests: short rings, so that a story takes seconds."""

from collections.abc import Iterable, Mapping

RING_SECONDS = 0.4
UNREACHABLE_AFTER = 1.0
NUMBER = "+48221234567"
OUTWARD = 'country = "pl"\noutbound = "PJSIP/{number}@trunk"'
"""Telephony with a way out, of which the lab's outside is the other end (see `Pbx.mobile`)."""
PEOPLE = {"anna": ("anna-desk",), "ben": ("ben",), "cleo": ("cleo",)}
EXTENSIONS = {"anna": "101", "ben": "102", "cleo": "103"}


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(f'"{text}"' for text in texts)


def group(name: str, *operators: str, **options: str) -> str:
    """A group; *options* are TOML values as text. It rings for longer than any test takes, so that nobody is missed
    by a machine that has much to do: a test of what is missed says ``rings="2"``."""
    lines = [f"{key} = {value}" for key, value in {"rings": "25", **options}.items()]
    return "\n".join(["[[groups]]", f'id = "{name}"', f"operators = [{_listed(operators)}]", *lines, ""])


def configuration(
    *groups: str,
    numbers: dict[str, str] | None = None,
    people: Mapping[str, tuple[str, ...]] = PEOPLE,
    telephony: str = "",
    **options: str,
) -> str:
    """The operators anna, ben and cleo, these groups, and the number of the lab for the group ``sales``.

    *people* are others than those, with their phones; *telephony* more of that table; *options* more of an operator's
    by name.
    """
    served_by = [
        f'[[operators]]\nid = "{name}"\nextension = "{EXTENSIONS[name]}"\n'
        f"phones = [{_listed(f'PJSIP/{phone}' for phone in phones)}]\n{options.get(name, '')}\n"
        for name, phones in people.items()
    ]
    served = [
        f'[[numbers]]\nnumber = "{number}"\ngroup = "{name}"\n'
        for number, name in (numbers or {NUMBER: "sales"}).items()
    ]
    table = f'[telephony]\nring_seconds = {RING_SECONDS}\nunreachable_after = "{UNREACHABLE_AFTER}s"\n{telephony}\n'
    return "".join([table, *served_by, *groups, *served])


def source(name: str, group: str = "sales", **options: str) -> str:
    """Where chats come in, or mails or forms when it is called so; *options* are TOML values as text."""
    channel = name if name in {"mail", "form"} else "chat"
    lines = [f"{key} = {value}" for key, value in options.items()]
    return "\n".join(["[[sources]]", f'id = "{name}"', f'channel = "{channel}"', f'group = "{group}"', *lines, ""])
