"""Names and numbers in SIP headers: written so that anything can be tried, read so that nothing is lost."""

import re
from urllib.parse import quote, unquote

_USER_SAFE = "-_.!~*'()&=+$,;?/"
_QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*<([^>]*)>(.*)', re.DOTALL)
_BARE = re.compile(r"\s*([^<]*?)\s*<([^>]*)>(.*)", re.DOTALL)
_TAG = re.compile(r";\s*tag=([^;\s]+)", re.IGNORECASE)


def user_part(number: str) -> str:
    """A number as a URI's user part; what may not stand there is percent-encoded, also CR and LF."""
    return quote(number, safe=_USER_SAFE)


def name_addr(name: str | None, uri: str) -> str:
    """``"name" <uri>`` with quotes and backslashes escaped.

    A quoted string can carry no CR or LF in any form (RFC 3261 section 25.1): they become the text %0d, %0a.
    """
    if name is None:
        return f"<{uri}>"
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "%0d").replace("\n", "%0a")
    return f'"{escaped}" <{uri}>'


def read_name_addr(header: str) -> tuple[str, str, str]:
    """Display name, URI and tag of a From or To header; names may hold ``<``, ``;`` and escapes."""
    match = _QUOTED.match(header)
    if match:
        name = re.sub(r"\\(.)", r"\1", match[1])
    else:
        match = _BARE.match(header)
        name = match[1] if match else ""
    uri, rest = (match[2], match[3]) if match else (header.partition(";")[0], header)
    tag = _TAG.search(rest)
    return name, uri, tag[1] if tag else ""


def number_of(uri: str) -> str:
    """The user part of a URI, decoded."""
    return unquote(uri.partition(":")[2].rpartition("@")[0].partition(";")[0])
