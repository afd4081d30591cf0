"""What Asterisk writes about channels and callers, read."""

import re
from urllib.parse import unquote

from huntgroup.engine.ids import PhoneId

_INSTANCE = re.compile(r"-[0-9a-f]{8,}(?:;[12])?$")
_NUMBER = re.compile(r"\+?[0-9]+")
_ESCAPE = re.compile(r"\\([abfnrtv\\'\"?])")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def device_of(channel: str) -> PhoneId:
    """The device whose channel this is, ours or not."""
    return PhoneId(_INSTANCE.sub("", channel))


def device_at(phone: PhoneId) -> PhoneId:
    """What the channels of a phone are called by: one of the dialplan goes without its options there (``/n``)."""
    return PhoneId("/".join(phone.split("/")[:2]))


def dialled_number(text: str) -> str:
    """What was dialled, without what a trunk may hang on to it (``;npdi=yes``); "" when it is no number."""
    found = _NUMBER.match(text)
    return found.group() if found else ""


def known(text: str) -> str:
    """A caller id field, where Asterisk says ``<unknown>`` for an empty one."""
    return "" if text == "<unknown>" else text


def name_prefix(text: str) -> str:
    """The label that a PBX has put in front of a caller's name, as our dialplan reports it: a dot, so that it is never
    empty, and the label, both by URIENCODE."""
    return unquote(text).removeprefix(".")


def unescape(text: str) -> str:
    """Undo the C escapes that Asterisk writes names with, so that the text is again what the caller sent."""
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), known(text))
