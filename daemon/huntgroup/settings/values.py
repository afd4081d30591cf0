"""The kinds of single values: each reads one value of the file, and says what would be right when it cannot.

What is accepted here may later stand in a dialplan, in a dial string, on an AMI line or in an MQTT topic.
Therefore each kind names the characters it allows instead of those it refuses: no separator (`&`, `,`, `|`,
`^`), no expression (`$`, braces), no line break can get through.
"""

import re
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from huntgroup.indications import CADENCES
from huntgroup.numbering import country_code
from huntgroup.settings.words import Complaint, kind, listed, nearest, shown

T = TypeVar("T")

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h|d)", re.ASCII)
_LONGEST_DURATION = 366 * 86400.0
_LONGEST_TEXT = 200
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_EXTENSION = re.compile(r"[0-9*#]{1,40}")
_NUMBER = re.compile(r"\+?[0-9]{1,32}")
_NUMBER_DECORATION = re.compile(r"[ \t()\[\]-]")
_DIALLED = re.compile(r"\+?[0-9*#]{1,32}")
_FORWARD = re.compile(r"\+[0-9]{1,15}\*?|\+\*")
_TECHNOLOGIES = ("PJSIP", "SIP", "IAX2", "DAHDI", "Local", "SCCP")
_RESOURCE = re.compile(r"[A-Za-z0-9_.+-]{1,80}")
_LOCAL_RESOURCE = re.compile(r"[A-Za-z0-9_.+-]{1,80}@[A-Za-z0-9_.+-]{1,80}(?:/[A-Za-z0-9]{1,8})?")
_OUTBOUND = re.compile(r"[A-Za-z0-9_.+@/-]*")
_TRUNK = re.compile(r"PJSIP/[0-9]*\{extension\}@[A-Za-z0-9_.+-]{1,80}")
_TOPIC = re.compile(r"[^\x00-\x20\x7f+#$]{1,200}")
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_MAILBOX = re.compile(r"[A-Za-z0-9_-]{1,80}(?:@[A-Za-z0-9_-]{1,80})?")
_SOUND = re.compile(r"[A-Za-z0-9_./-]{1,200}")
_ENVIRONMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_STORE_PREFIX = "sqlite:"
_LEAVE_KEY = re.compile(r"[0-9]")
_LONGEST_COUNTRY_CODE = 3
_CAUSES = {"unallocated": 1, "normal": 16, "busy": 17, "no_answer": 19, "congestion": 34}


def read_duration(value: object) -> float:
    """The seconds that a text such as "20s" means.

    Raises:
        Complaint: for a bare number (its unit would be a guess), another wording, or more than 366 days.
    """
    right = 'write a number with a unit (ms, s, m, h, d), such as "20s"'
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise Complaint(f"{shown(value)} has no unit", f'write it as text with a unit, such as "{shown(value)}s"')
    if not isinstance(value, str):
        raise Complaint(f"is {kind(value)}, not a duration", right)
    found = _DURATION.fullmatch(value)
    if found is None:
        raise Complaint(f"{shown(value)} is not a duration", right)
    seconds = float(found[1]) * _UNITS[found[2]]
    if seconds > _LONGEST_DURATION:
        raise Complaint(f"{shown(value)} is too long", "a duration is at most 366d")
    return seconds


def _above_zero(seconds: float) -> float:
    if seconds <= 0:
        raise Complaint("is no time at all", 'write a duration above zero, such as "20s"')
    return seconds


def _text(value: str) -> str:
    if not value.strip():
        raise Complaint("is empty", "write some text")
    if len(value) > _LONGEST_TEXT:
        raise Complaint(f"is {len(value)} characters long", f"keep it to {_LONGEST_TEXT}")
    if not value.isprintable():
        raise Complaint(f"{shown(value)} holds a control character", "write it on one line of plain text")
    return value


def _matching(pattern: re.Pattern[str], what: str, right: str) -> AfterValidator:
    """A reader that lets through just what the whole pattern matches."""

    def read(value: str) -> str:
        if pattern.fullmatch(value) is None:
            raise Complaint(f"{shown(value)} is not {what}", right)
        return value

    return AfterValidator(read)


def read_number(value: str) -> str:
    """A telephone number without its spaces, dashes and brackets; `+` and digits remain.

    Raises:
        Complaint: when anything else is left.
    """
    plain = _NUMBER_DECORATION.sub("", value)
    if _NUMBER.fullmatch(plain) is None:
        raise Complaint(f"{shown(value)} is not a telephone number", 'write it as in "+48221234567"')
    return plain


def _dialled(value: str) -> str:
    plain = _NUMBER_DECORATION.sub("", value)
    if _DIALLED.fullmatch(plain) is None:
        raise Complaint(f"{shown(value)} cannot be dialled", 'write digits, as in "+48221234567"')
    return plain


def read_phone(value: str) -> str:
    """A phone as Dial() names it: `TECHNOLOGY/resource`.

    Raises:
        Complaint: for another technology, or a character that could mean something to the dialplan.
    """
    technology, slash, resource = value.partition("/")
    if not slash or technology not in _TECHNOLOGIES:
        near = nearest(technology, _TECHNOLOGIES) if slash else []
        right = f"did you mean {listed(near)}?" if near else 'write it as in "PJSIP/anna-desk"'
        raise Complaint(f"{shown(value)} does not begin with a technology Asterisk can dial", right)
    if technology == "Local":
        if _LOCAL_RESOURCE.fullmatch(resource) is None:
            raise Complaint(f"{shown(value)} is not a phone", 'write it as in "Local/101@from-internal/n"')
    elif _RESOURCE.fullmatch(resource) is None:
        raise Complaint(
            f"{shown(value)} is not a phone",
            "after the slash only letters, digits and . _ + - may stand; one phone an entry",
        )
    return value


def _outbound(value: str) -> str:
    if value.count("{number}") != 1:
        raise Complaint(f"{shown(value)} must hold {{number}} once", 'write it as in "PJSIP/{number}@trunk"')
    technology, slash, rest = value.replace("{number}", "", 1).partition("/")
    if not slash or technology not in _TECHNOLOGIES or _OUTBOUND.fullmatch(rest) is None:
        raise Complaint(
            f"{shown(value)} is not a dial string",
            'write it as in "PJSIP/{number}@trunk", with letters, digits and . _ + - @ / only',
        )
    return value


def _trunk(value: str) -> str:
    """PJSIP alone, as what ties the two ends of a call together is a header of SIP."""
    right = 'write it as in "PJSIP/{extension}@to-branch"'
    if value.count("{extension}") != 1:
        raise Complaint(f"{shown(value)} must hold {{extension}} once", right)
    if _TRUNK.fullmatch(value) is None:
        raise Complaint(f"{shown(value)} is not a trunk that chan_pjsip can dial", right)
    return value


def _prefix(value: str) -> str:
    if _TOPIC.fullmatch(value) is None or value.startswith("/") or value.endswith("/"):
        raise Complaint(
            f"{shown(value)} cannot begin a topic",
            'write it as in "huntgroup" or "acme/huntgroup": no + # $, no space, no slash at either end',
        )
    return value


def _broker_url(value: str) -> str:
    right = 'write it as in "mqtt://127.0.0.1:1883" or "mqtts://broker.example"'
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise Complaint("is not a broker's address", right) from None
    if "@" in value:
        # The value is not shown: it may hold a password.
        raise Complaint("names a user", "put the name in `username`, the secret in `secret_file`")
    if parts.scheme not in ("mqtt", "mqtts"):
        raise Complaint(f"{shown(value)} is neither mqtt:// nor mqtts://", right)
    if not parts.hostname or _HOST.fullmatch(parts.hostname) is None or port == 0:
        raise Complaint(f"{shown(value)} names no host that can be reached", right)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise Complaint(f"{shown(value)} says more than host and port", right)
    return value


def beside_the_file(path: str, info: ValidationInfo) -> Path:
    """A path as the file means it: relative to the folder that the configuration file is in."""
    base = info.context["folder"] if info.context else Path()
    return Path(base, path)


def _path(value: object, info: ValidationInfo) -> Path:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str) or not value or not value.isprintable():
        raise Complaint(f"{shown(value)} is not the name of a file", 'write it as in "mqtt.secret"')
    return beside_the_file(value, info)


def _store_url(value: str, info: ValidationInfo) -> str:
    right = 'write it as in "sqlite:huntgroup.db" or "sqlite:/var/lib/huntgroup/huntgroup.db"'
    name = value.removeprefix(_STORE_PREFIX)
    if name == value:
        raise Complaint(f"{shown(value)} does not begin with sqlite:", right)
    if not name or name.startswith(("//", ":")) or not name.isprintable() or set(name) & set("?#"):
        raise Complaint(f"{shown(value)} does not name a file", right)
    return f"{_STORE_PREFIX}{beside_the_file(name, info)}"


def _country(value: str) -> str:
    code = country_code(value)
    if code is None:
        raise Complaint(
            f"{shown(value)} is no country with telephone numbers",
            _named_country(value) or 'write its ISO code, as in "pl" or "gb"',
        )
    return code


def _named_country(value: str) -> str:
    """`did you mean` the codes of the countries whose name or code is near; empty: there is none."""
    if len(value) <= _LONGEST_COUNTRY_CODE:
        return ""
    # Imported here: the names come with half a second of data, and only who writes a name needs them.
    from phonenumbers import geocoder  # noqa: PLC0415

    names = {}
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        number = phonenumbers.example_number(region)
        if number is not None:
            names[geocoder.country_name_for_number(number, "en")] = region.lower()
    near = list(dict.fromkeys(names[name] for name in nearest(value, names)))
    return f"did you mean {listed(near)}?" if near else ""


def _cadence(value: str) -> str:
    if value in CADENCES:
        return value
    names = {code: code for code in CADENCES} | {row.country: code for code, row in CADENCES.items()}
    is_code = len(value) <= _LONGEST_COUNTRY_CODE
    near = [] if is_code else list(dict.fromkeys(names[name] for name in nearest(value, names)))
    right = f"did you mean {listed(near)}?" if near else f"use {listed(CADENCES)}"
    raise Complaint(f"{shown(value)} is no ring cadence of Asterisk's indications", right)


def _cause(value: object) -> int:
    number = _CAUSES.get(value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= 127:
        raise Complaint(f"{shown(value)} is no cause", f"use a Q.850 number from 1 to 127, or {listed(_CAUSES)}")
    return number


def is_environment_name(value: str) -> bool:
    """Whether an environment variable can be called that."""
    return _ENVIRONMENT.fullmatch(value) is not None


def _environment_name(value: str) -> str:
    if not is_environment_name(value):
        # The value is not shown: it may be the secret itself, put in the wrong place.
        raise Complaint("is not the name of an environment variable", 'write a name, as in "HUNTGROUP_AMI_SECRET"')
    return value


def _frozen(value: object) -> Any:
    return tuple(value) if isinstance(value, list) else value


Items = Annotated[tuple[T, ...], BeforeValidator(_frozen)]
"""A list of the file, frozen."""

Duration = Annotated[float, BeforeValidator(read_duration)]
"""Seconds, zero or more, written as text with a unit."""

PositiveDuration = Annotated[float, BeforeValidator(read_duration), AfterValidator(_above_zero)]
"""Seconds, more than zero, written as text with a unit."""

Text = Annotated[str, AfterValidator(_text)]
"""One line of printable text, not empty."""

Id = Annotated[
    str,
    _matching(_ID, "an id", "an id is a-z, 0-9, _ and -, begins with a letter or digit, and has up to 63"),
]
"""A name that also is one level of an MQTT topic."""

Account = Annotated[
    str,
    _matching(
        _ACCOUNT,
        "an account",
        "an account is letters, digits, `.`, `_` and `-`, begins with a letter or digit, and has up to 63",
    ),
]
"""A user name at the broker that also is one level of an MQTT topic. Without `@`, which joins it to an inquiry's id."""

Extension = Annotated[str, _matching(_EXTENSION, "an extension", 'write digits, * and #, as in "101"')]
"""What is dialled inside the house: an extension or a feature code."""

PhoneNumber = Annotated[str, AfterValidator(read_number)]
"""A telephone number, `+` and digits only."""

DialledNumber = Annotated[str, AfterValidator(_dialled)]
"""A number that Huntgroup dials: like `PhoneNumber`, but * and # may be part of it."""

ForwardPattern = Annotated[
    str,
    _matching(
        _FORWARD,
        "a pattern of international numbers",
        'write `+`, the country code and more digits, with `*` at the end for any that follow, as in "+48*"',
    ),
]
"""A number in E.164, or with `*` at its end all that begin so."""

Phone = Annotated[str, AfterValidator(read_phone)]
"""A phone as Dial() names it, such as `PJSIP/anna-desk`."""

Outbound = Annotated[str, AfterValidator(_outbound)]
"""A dial string with `{number}` in it once."""

Trunk = Annotated[str, AfterValidator(_trunk)]
"""How one PBX dials an extension of another, with `{extension}` in it once."""

TopicPrefix = Annotated[str, AfterValidator(_prefix)]
"""The first levels of every MQTT topic."""

BrokerUrl = Annotated[str, AfterValidator(_broker_url)]
"""`mqtt://` or `mqtts://`, a host, and a port or none."""

Host = Annotated[str, _matching(_HOST, "a host", 'write a name or an address, as in "127.0.0.1"')]
"""A host name or an address."""

Mailbox = Annotated[str, _matching(_MAILBOX, "a mailbox", 'write it as in "sales" or "sales@default"')]
"""A mailbox as VoiceMail() names it."""

Sound = Annotated[str, _matching(_SOUND, "a sound", 'write its name without ending, as in "custom/closed"')]
"""A sound as Playback() names it."""

EnvironmentName = Annotated[str, AfterValidator(_environment_name)]
"""The name of an environment variable."""

FilePath = Annotated[Path, BeforeValidator(_path)]
"""A file, relative to the configuration file's folder."""

StoreUrl = Annotated[str, AfterValidator(_store_url)]
"""`sqlite:` and a file, made absolute to the configuration file's folder."""

Country = Annotated[str, AfterValidator(_country)]
"""A country with telephone numbers, by its ISO code in either case, or by Asterisk's `uk` or `us-old`."""

RingCadence = Annotated[str, AfterValidator(_cadence)]
"""A country code of Asterisk's indications."""

LeaveKey = Annotated[str, _matching(_LEAVE_KEY, "a key that can be offered", 'write one digit, as in "1"')]
"""A key of a telephone that a waiting caller may press."""

Cause = Annotated[int, BeforeValidator(_cause)]
"""A Q.850 cause, 1 to 127."""
