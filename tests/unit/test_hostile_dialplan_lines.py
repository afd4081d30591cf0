"""No text of a stranger's reaches an expression, an argument or a file name, in any line that we ship or document.

A line that uses what a caller, a phone or another PBX writes has it behind a function that leaves nothing harmful, or
is in the table below with the reason why that text is harmless. Live tests call such lines:
`test_documented_dialplan.py` and `test_hostile_dialplan.py`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "dialplan").glob("*.conf"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
DOCUMENTED = re.compile(r"(?:^|`)[ \t]*((?:exten|same)\s*=>[^`\n]+)", re.MULTILINE)
WRITTEN_BY_OTHERS = re.compile(
    r"\b(?:EXTEN|DNID|RDNIS|SIPDOMAIN|SIPCALLID|DIALEDPEERNAME|DIALEDPEERNUMBER|CHANNEL(?:\(pjsip,\w+\))?|"
    r"(?:CALLERID|CONNECTEDLINE|REDIRECTING|PJSIP_HEADER|PJSIP_HEADERS|SIP_HEADER|IAXVAR|SHARED|DB|AST_CONFIG)\([^)$]*)"
)
GUARDS = ("FILTER", "URIENCODE", "EXISTS", "ISNULL", "LEN", "REGEX")
"""What they give is of few characters, or 0 or 1, whatever they are given."""

BY_THE_DAEMON = "only the daemon sends a channel here, with the number of an attempt"
ONE_KEY = "the pattern _X is one digit"
NAMED_BY_THE_HOUSE = "a channel is named after its endpoint, or after a Local extension that the configuration names"
FROM_THE_DAEMON = "the daemon wrote it, or our own dialplan did: phones and numbers of the configuration"
LITERAL = "the extension is written out whole, so it is no other text"
THREE_DIGITS = "the pattern _2XX is three digits"

CLEANED = "Set takes all behind the first = as the value, and runs nothing"
HARMLESS = {
    "huntgroup-clean.conf": {
        f"Set({field}=": CLEANED
        for field in (
            *(f"CALLERID({each})" for each in ("num", "name", "dnid", "rdnis", "ani-num", "ani-name")),
            *(f"CALLERID({each})" for each in ("subaddr", "dnid-subaddr", "tag")),
            *(f"CONNECTEDLINE({each})" for each in ("num", "name")),
            *(f"REDIRECTING({each})" for each in ("from-num", "from-name", "to-num", "to-name")),
        )
    },
    "huntgroup-across.conf": {
        "${DB(huntgroup/phones/${HUNTGROUP_EXTENSION})}": FROM_THE_DAEMON,
        "Set(DB(huntgroup/phones/${HUNTGROUP_EXTENSION})": FROM_THE_DAEMON,
        "${CHANNEL(channeltype)}": "a word of the channel driver's",
        "Set(HUNTGROUP_TARGET=${CHANNEL(pjsip,target_uri)})": "what our own Dial dialled; stored, then cut by FILTER",
        "PJSIP_HEADER(add,X-Huntgroup)=${ARG1}": "is written, not read",
        "SHARED(HUNTGROUP_ACROSS_${CHANNEL},${ARG2})": NAMED_BY_THE_HOUSE,
    },
    "huntgroup-announce.conf": {"${EXTEN}": ONE_KEY},
    "huntgroup-callback.conf": {
        "CALLERID(all)=<${HUNTGROUP_SHOWN}>": FROM_THE_DAEMON,
        "${EXTEN}": BY_THE_DAEMON,
        "^${CHANNEL}": "our own Local channel, by the number of an attempt",
    },
    "huntgroup-fallback.conf": {
        "^${CHANNEL}": NAMED_BY_THE_HOUSE,
        "${DB(huntgroup/number/${HUNTGROUP_NUMBER})}": FROM_THE_DAEMON,
        "Set(DB(huntgroup/number/${HUNTGROUP_NUMBER})": FROM_THE_DAEMON,
        "Set(CHANNEL(hangup_handler_push)": "is written, not read",
    },
    "huntgroup-features.conf": {"${EXTEN:4}": "the switch above hands on digits, * and # alone"},
    "huntgroup-hold.conf": {
        '"${EXTEN}" = ': "our own Goto and the daemon's Redirect lead here: a word of ours",
        "huntgroup-leave,${EXTEN},1": ONE_KEY,
    },
    "huntgroup-join.conf": {
        "Attempt: ${EXTEN}": "our own Dial names the Local channel",
        "^${CHANNEL:0:-1}1": "our own Local channel, by the number of an attempt",
        "${SHARED(HUNTGROUP_BEHIND_${CHANNEL},${ARG1})}": NAMED_BY_THE_HOUSE,
        "Set(HUNTGROUP_BEHIND=${CHANNEL}~": NAMED_BY_THE_HOUSE,
        "Set(SHARED(HUNTGROUP_BEHIND_${ARG2},${ARG1})": NAMED_BY_THE_HOUSE,
    },
    "huntgroup-offer.conf": {"${EXTEN}": BY_THE_DAEMON},
    "huntgroup-outside.conf": {"${EXTEN}": BY_THE_DAEMON},
    "huntgroup-reply.conf": {"${EXTEN}": BY_THE_DAEMON},
    "huntgroup-served.conf": {
        "SHARED(HUNTGROUP_BEHIND_${DIALEDPEERNAME})": NAMED_BY_THE_HOUSE,
        "${DIALEDPEERNAME}~": NAMED_BY_THE_HOUSE,
        "SHARED(HUNTGROUP_ACROSS_${DIALEDPEERNAME})": "digits, * and # alone are written there",
        "${DIALEDPEERNUMBER:0:60}": "what our own Dial dialled: a phone of the configuration",
        "${SHARED(HUNTGROUP_ANSWERED)}": NAMED_BY_THE_HOUSE,
        "SHARED(HUNTGROUP_ANSWERED,${ARG1})": NAMED_BY_THE_HOUSE,
        "|${CHANNEL}~": NAMED_BY_THE_HOUSE,
        "DB(huntgroup/number/${HUNTGROUP_NUMBER})": FROM_THE_DAEMON,
        "DB(huntgroup/served/last)": "our own count",
        "DB(${HUNTGROUP_ENTRY}/": "is written, not read, and its key is encoded",
        "DB(huntgroup/served/count/": "is written, not read",
    },
    "huntgroup-voicemail.conf": {"${EXTEN}": BY_THE_DAEMON},
    "README.md": {"huntgroup-inbound,${EXTEN},1": LITERAL},
    "several-pbxs.md": {"huntgroup-across,${EXTEN},1": THREE_DIGITS, "from-office,${EXTEN},1": THREE_DIGITS},
}
"""By file and piece of a line: why what others write does no harm there."""


def lines(path: Path) -> Iterator[str]:
    """The dialplan lines of a file."""
    text = path.read_text()
    if path.suffix == ".conf":
        yield from (line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith(";"))
    else:
        yield from (line.strip() for line in DOCUMENTED.findall(text))


def unguarded(line: str) -> Iterator[int]:
    """Where a line uses a text of others that no guard stands around."""
    for found in WRITTEN_BY_OTHERS.finditer(line):
        before = line[: found.start()]
        if not before.endswith(("{", "(", "CUT(")) and not re.search(r"(?:\$\{|\(|,|\?|=)$", before):
            continue
        depth, around = 0, before
        names = []
        for place in range(len(around) - 1, -1, -1):
            if around[place] in ")}":
                depth += 1
            elif around[place] in "({":
                if depth:
                    depth -= 1
                else:
                    names.append(re.findall(r"[A-Z_]*$", around[:place])[0])
        if not set(names) & set(GUARDS):
            yield found.start()


def is_harmless(path: Path, line: str, place: int) -> bool:
    """Whether the table says so of this place."""
    for piece in HARMLESS.get(path.name, {}):
        start = line.find(piece)
        while start >= 0:
            if start <= place < start + len(piece):
                return True
            start = line.find(piece, start + 1)
    return False


@pytest.mark.parametrize("path", [*SHIPPED, *PAGES], ids=lambda path: path.name)
def test_what_others_write_is_filtered_or_is_known_to_be_harmless(path: Path) -> None:
    found = [
        f"{line}\n{'':{place}}^ put FILTER around it"
        for line in lines(path)
        for place in unguarded(line)
        if not is_harmless(path, line, place)
    ]

    assert found == [], "\n".join(found)


@pytest.mark.parametrize("path", [*SHIPPED, *PAGES], ids=lambda path: path.name)
def test_no_execif_has_a_text_that_may_end_its_application(path: Path) -> None:
    """``ExecIf(0?Set(x=<1):System(y>))`` runs System: its arguments are parsed with the text in them (app_exec.c)."""
    wide = [line for line in lines(path) if re.search(r"\b(?:ExecIf|IF|IFTIME)\(.*FILTER\([^,]*\\x20", line)]

    assert wide == []


@pytest.mark.parametrize("name", HARMLESS)
def test_every_piece_in_the_table_stands_in_its_file(name: str) -> None:
    path = next(path for path in (*SHIPPED, *PAGES) if path.name == name)

    assert [piece for piece in HARMLESS[name] if not any(piece in line for line in lines(path))] == []


@pytest.mark.parametrize(
    "line",
    [
        'exten => _2XX,1,GotoIf($["${PJSIP_HEADER(read,X-Huntgroup)}" != ""]?huntgroup-across,${EXTEN},1)',
        "exten => _X!,1,Goto(huntgroup-inbound,${EXTEN},1)",
        "same => n,Set(CDR(userfield)=${CALLERID(name)})",
        'same => n,GotoIf($["${CALLERID(num)}" = "1"]?a)',
        "exten => _*45X!,hint,Custom:huntgroup-login-${EXTEN:3}",
        "same => n,Set(X=${AST_CONFIG(${VM_MESSAGEFILE}.txt,message,duration)})",
    ],
)
def test_a_line_that_uses_a_strangers_text_as_it_came_is_found(line: str) -> None:
    assert list(unguarded(line))


@pytest.mark.parametrize(
    "line",
    [
        "exten => _2XX,1,GotoIf(${EXISTS(${PJSIP_HEADER(read,X-Huntgroup)})}?huntgroup-across,201,1)",
        "exten => _+X.,1,Set(DIALLED=${FILTER(0-9+,${CUT(EXTEN,\\;,1)})})",
        "same => n,Set(HUNTGROUP_B=b${URIENCODE(x${CALLERID(num):0:70})})",
    ],
)
def test_a_line_that_filters_it_is_not(line: str) -> None:
    assert not list(unguarded(line))
