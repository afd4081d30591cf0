"""Configurations for live tests: short rings, so that a story takes seconds."""

from collections.abc import Iterable

RING_SECONDS = 0.4
UNREACHABLE_AFTER = 1.0
NUMBER = "+48221234567"
PEOPLE = {"anna": ("anna-desk",), "ben": ("ben",), "cleo": ("cleo",)}
EXTENSIONS = {"anna": "101", "ben": "102", "cleo": "103"}


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(f'"{text}"' for text in texts)


def group(name: str, *operators: str, **options: str) -> str:
    """A group; *options* are TOML values as text."""
    lines = [f"{key} = {value}" for key, value in {"rings": "2", **options}.items()]
    return "\n".join(["[[groups]]", f'id = "{name}"', f"operators = [{_listed(operators)}]", *lines, ""])


def configuration(*groups: str, numbers: dict[str, str] | None = None) -> str:
    """The operators anna, ben and cleo, these groups, and the number of the lab for the group ``sales``."""
    people = [
        f'[[operators]]\nid = "{name}"\nextension = "{EXTENSIONS[name]}"\n'
        f"phones = [{_listed(f'PJSIP/{phone}' for phone in phones)}]\n"
        for name, phones in PEOPLE.items()
    ]
    served = [
        f'[[numbers]]\nnumber = "{number}"\ngroup = "{name}"\n'
        for number, name in (numbers or {NUMBER: "sales"}).items()
    ]
    telephony = f'[telephony]\nring_seconds = {RING_SECONDS}\nunreachable_after = "{UNREACHABLE_AFTER}s"\n'
    return "".join([telephony, *people, *groups, *served])


def source(name: str, group: str = "sales", **options: str) -> str:
    """Where chats come in, or mails or forms when it is called so; *options* are TOML values as text."""
    channel = name if name in {"mail", "form"} else "chat"
    lines = [f"{key} = {value}" for key, value in options.items()]
    return "\n".join(["[[sources]]", f'id = "{name}"', f'channel = "{channel}"', f'group = "{group}"', *lines, ""])
