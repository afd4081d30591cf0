"""Links that others send and operators click on: by an allow-list of schemes, since a browser obeys many more."""

import re
from urllib.parse import urlsplit

SCHEMES = ("http", "https", "mailto", "tel", "sip", "sips", "xmpp")
"""What leads to a page, an address or a number. `javascript:`, `data:`, `vbscript:`, `file:` and the like act in the
screen itself."""
_LINK = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*):(?P<rest>[^\s\\]+)", re.IGNORECASE)
_PATH = re.compile(r"/(?![/\\])[^\s\\]*")
"""A page of the screen's own site."""


def read_link(text: str) -> str:
    """A link as it is, or an empty text.

    Raises:
        ValueError: when an operator should not be offered it.
    """
    if not text or _PATH.fullmatch(text):
        return text
    found = _LINK.fullmatch(text)
    if found is None or not text.isprintable() or found["scheme"].lower() not in SCHEMES:
        raise ValueError(f"a link begins with {', '.join(SCHEMES)} and a colon, or with one slash, and has no spaces")
    if found["scheme"].lower() in ("http", "https"):
        parts = urlsplit(text)
        if not parts.hostname or "@" in parts.netloc:
            raise ValueError("a link to a page names its host, and no user")
    return text


def is_link(text: str) -> bool:
    """Whether operators may be offered it."""
    try:
        read_link(text)
    except ValueError:
        return False
    return True
