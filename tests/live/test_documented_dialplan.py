"""Every dialplan line that the documentation tells people to write, run on a real Asterisk and called by attackers.

The lines are taken out of the pages as they stand there. A call carries the same hostile text in every field that a
caller or another PBX writes; it must come where the page says, and nothing that the text names may happen.
"""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from tests.lab.hostile import canary_context, texts
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.lab.process import until
from tests.live.exchanges import PHONES

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "config").glob("*.*")))
PAGES_AND_DOCTOR = (*PAGES, *sorted((ROOT / "daemon" / "huntgroup" / "doctor").glob("*.py")))
LINE = re.compile(r"(?:^|`)[ \t]*((?:exten|same)\s*=>[^`\n]+)", re.MULTILINE)
CONTEXT = re.compile(r"^\[[\w-]+\]\n(?:[ \t]*(?:exten|same|include)\s*=>[^\n]*\n)+", re.MULTILINE)
INBOUND, ACROSS, OFFICE = "huntgroup-inbound", "huntgroup-across", "from-office"


class Route(NamedTuple):
    """What is dialled to try one of the lines, and where the page says that the call comes."""

    dialled: str
    to: str
    is_open_ended: bool = False
    """The pattern takes what a caller writes behind the number."""


ROUTES = {
    "+48221234567": Route("+48221234567", INBOUND),
    "_2XX": Route("201", ACROSS),
    "600": Route("600", INBOUND),
    "_+X.": Route("+12", INBOUND, is_open_ended=True),
}
"""By the extension of a line: a new line is one row more."""
ELSEWHERE = {("_2XX", "a function that has ended"): OFFICE}
"""A text that takes `EXISTS` for ended makes it say nothing (seen on 16.28 and 22.10): then the call is one without the
header, as whoever calls may make it anyway."""
HINTS = {"101": "PJSIP/anna-desk&PJSIP/anna-soft"}


def steps(text: str) -> Iterator[list[str]]:
    """The extensions of a page, each with its steps."""
    found: list[str] = []
    for line in LINE.findall(text):
        if line.startswith("exten") and found:
            yield found
            found = []
        found.append(line.strip())
    if found:
        yield found


def documented() -> tuple[list[list[str]], list[str]]:
    """What stands in no context of its own, and the contexts that are shown whole."""
    loose, whole = [], []
    for page in PAGES_AND_DOCTOR:
        text = page.read_text()
        whole += CONTEXT.findall(text)
        loose += list(steps(CONTEXT.sub("", text)))
    return loose, whole


LOOSE, WHOLE = documented()


def extension(lines: list[str]) -> str:
    """The pattern of the first of these lines."""
    return lines[0].partition("=>")[2].partition(",")[0].strip()


def dialplan(home: Path | str) -> str:
    """The lines of the pages in contexts of the lab, as an administrator would have them."""
    parts = [f"[docs-{number}]\n" + "\n".join(lines) + "\n" for number, lines in enumerate(LOOSE)]
    names = [f"docs-{number}" for number in range(len(LOOSE))]
    names += [re.findall(r"^\[([\w-]+)\]", context)[0] for context in WHOLE]
    trunk = "[docs-trunk]\n" + "".join(f"include => {name}\n" for name in names)
    office = f"[{OFFICE}]\nexten => _2XX,1,NoOp()\n same => n,Wait(1)\n same => n,Hangup(21)\n"
    return "".join([trunk, *parts, *WHOLE, office, canary_context(Path(home) / "canary")])


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["22", "16"])
async def pbx(request: pytest.FixtureRequest) -> AsyncIterator[Pbx]:
    """An exchange whose dialplan is the pages'."""
    exchange = Pbx(PHONES, version=request.param, dialplan="", trunk_context="docs-trunk")
    exchange.adds_dialplan(dialplan(exchange.home))
    async with exchange as pbx:
        yield pbx


def test_every_line_of_the_pages_is_tried() -> None:
    found = {extension(lines) for lines in LOOSE} | {extension(lines) for each in WHOLE for lines in steps(each)}

    assert found == {*ROUTES, *HINTS}


def headers(text: str) -> dict[str, str]:
    """Everything that a caller, or the PBX at the other end of a trunk, may say of itself."""
    plain = "".join(sign if sign.isprintable() else f"%{ord(sign):02x}" for sign in text)
    quoted = plain.replace("\\", "\\\\").replace('"', '\\"')
    return {
        "X-Huntgroup": plain or "call-main-1.1/1/20",
        "P-Asserted-Identity": f'"{quoted}" <sip:1@127.0.0.1>',
        "Diversion": f'"{quoted}" <sip:1@127.0.0.1>;reason=unconditional',
    }


STEP = re.compile(r"@(?!docs-|office-)([\w-]+):([0-9]+)\] \w+\(\"PJSIP/trunk-")
"""A step of a caller's in Asterisk's log, behind the page's own lines. Not in AMI's events: what a caller writes ends
them before they tell the place."""


async def comes(pbx: Pbx, route: Route, text: str) -> tuple[str, int]:
    """The first place that a call comes to behind the page's own lines: context and priority."""
    dialled = f"{route.dialled}{text}"[:79] if route.is_open_ended else route.dialled
    before = len(pbx.log_text())
    async with pbx.caller() as caller:
        call = await caller.dials(dialled, number=f"1{text}", name=text, headers=headers(text))
        await until(lambda: STEP.search(pbx.log_text()[before:]) is not None, "the call came somewhere")
        await call.hangs_up()
    step = STEP.search(pbx.log_text()[before:])
    assert step is not None
    return step[1], int(step[2])


@pytest.mark.parametrize("pattern", ROUTES)
@pytest.mark.parametrize("kind", texts(Path()))
async def test_a_hostile_call_runs_nothing_and_comes_where_the_page_says(pbx: Pbx, kind: str, pattern: str) -> None:
    canary = pbx.home / "canary"
    canary.unlink(missing_ok=True)
    route = ROUTES[pattern]

    came = await comes(pbx, route, texts(canary)[kind])

    assert not canary.exists()
    assert came == (ELSEWHERE.get((pattern, kind), route.to), 1)
    await pbx.idle()


async def test_an_office_call_without_the_header_goes_where_it_went_before(pbx: Pbx, caller: Caller) -> None:
    async with pbx.ami("dialplan") as ami:
        call = await caller.dials("201")
        await ami.event("Newexten", Context=OFFICE, Priority="1")
        await call.hangs_up()
        assert not [each for each in ami.events if each.get("Context") == ACROSS]


@pytest.mark.parametrize("extension", HINTS)
async def test_a_documented_hint_watches_the_phones_that_it_names(pbx: Pbx, extension: str) -> None:
    place = next(number for number, lines in enumerate(LOOSE) if lines[0].startswith(f"exten => {extension},hint,"))

    assert f"hint: {HINTS[extension]} " in await pbx.cli(f"dialplan show {extension}@docs-{place}")
