"""What an attacker writes into a header, a name or a number, in the hope that a dialplan carries it out.

Each text would make a file of the lab's own, the canary. Asterisk calls the function `SHELL` where a text reaches an
expression (`$["<text>" != ""]`; in it `~~` takes the quotes off a string, as seen on 16.28 and 22.10) or is expanded
twice.
"""

from collections.abc import Mapping
from pathlib import Path

LONG = 500
SEPARATORS = ",|^&?:()\\"
"""What separates arguments in one application or another."""


def texts(canary: Path) -> Mapping[str, str]:
    """Each kind of text by its name; none is longer than a dialled number may be, but the last."""
    touch = f"touch {canary}"
    return {
        "an expression that calls a function": f'"|SHELL("{touch}"~~"")|"',
        "an expression that ends before": f'"]${{SHELL({touch})}}$["',
        "a function": f"${{SHELL({touch})}}",
        "an expression": f'$[SHELL("{touch}"~~"")]',
        "another application": f"x),System({touch})",
        "a branch of ExecIf": f"?System({touch}):",
        "a subroutine of Dial": "x)U(lab-canary^s^1)b(lab-canary^s^1)",
        "a variable of the process": "${ENV(HOME)}",
        "a function that has ended": "):0:1",
        "another step": ",2",
        "another place": ",s,1",
        "other phones": "&Local/s@lab-canary",
        "all separators": SEPARATORS,
        "backslashes and quotes": '\\"\\\'\\\\"',
        "line breaks": "\r\nX: y\r\n\r\n",
        "line breaks as text": "%0d%0a%00",
        "the end of a text": "1\x002",
        "nothing": "",
        "a long one": "9" * LONG,
    }


def canary_context(canary: Path) -> str:
    """Where no call may come."""
    return f"[lab-canary]\nexten => _.,1,System(touch {canary})\n same => n,Return()\n"
