"""A head office and a branch, each with its own exchange, joined by a trunk; and one daemon for both."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Self

from tests.lab.addresses import inside_address
from tests.lab.daemon import SECRET_VARIABLE, Daemon, pbx_table
from tests.lab.link import Link
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller, Phone
from tests.live.configuration import EXTENSIONS, NUMBER, RING_SECONDS, UNREACHABLE_AFTER

MAIN_PHONES = {"anna-desk": "101", "ben": "102", "shared": "109"}
BRANCH_PHONES = {"bea-desk": "201", "bea-soft": "201", "bob": "202", "shared": "209"}
"""Both have a phone called ``shared``."""
AT_BRANCH = {"bea": ("201", ("bea-desk", "bea-soft")), "bob": ("202", ("bob",)), "bert": ("209", ("shared",))}
AT_MAIN = {
    "anna": (EXTENSIONS["anna"], ("anna-desk",)),
    "ben": (EXTENSIONS["ben"], ("ben",)),
    "abel": ("109", ("shared",)),
}
BRANCH_SECRET = "HUNTGROUP_LAB_BRANCH_SECRET"
BOTH_WAYS = ("branch", "main")


@dataclass
class House:
    """Both exchanges, with what a test opened at them."""

    main: Pbx
    branch: Pbx
    opened: list[Phone | Caller] = field(default_factory=list)
    daemons: list[Daemon] = field(default_factory=list)

    async def phone(self, name: str) -> Phone:
        """A phone, open and registered; ``main/shared`` where both have one of that name."""
        where, _, plain = name.rpartition("/")
        pbx = {"main": self.main, "branch": self.branch}.get(where)
        pbx = pbx or (self.main if plain in MAIN_PHONES else self.branch)
        phone = pbx.phone(plain)
        self.opened.append(phone)
        return await phone.registers()

    def caller(self, at: Pbx) -> Caller:
        """Someone outside, behind an exchange's public trunk."""
        caller = at.caller()
        self.opened.append(caller)
        return caller

    async def daemon(self, *groups: str, trunks: tuple[str, ...] = BOTH_WAYS, **options: Any) -> Daemon:
        """One daemon for both; *trunks*: to where they lead."""
        running = Daemon(
            self.main,
            configuration(*groups, telephony=options.pop("telephony", "")),
            peers=self._peers(trunks, options.pop("main_link", None), options.pop("branch_link", None)),
            environment={BRANCH_SECRET: self.branch.ami_secret, SECRET_VARIABLE: self.main.ami_secret},
            **options,
        )
        self.daemons.append(running)
        for pbx in (self.main, self.branch):
            await pbx.cli("database deltree huntgroup served")
        await running.start()
        await running.logs("pbx.found", pbx="main")
        await running.logs("pbx.found", pbx="branch")
        return running

    def _peers(self, trunks: tuple[str, ...], main_link: Link | None, branch_link: Link | None) -> str:
        to = {name: f'trunks = {{ {name} = "PJSIP/{{extension}}@to-{name}" }}\n' for name in trunks}
        main = pbx_table(self.main, "main", main_link.port if main_link else None, more=to.get("branch", ""))
        port = branch_link.port if branch_link else None
        return main + pbx_table(self.branch, "branch", port, secret_env=BRANCH_SECRET, more=to.get("main", ""))

    async def is_joined(self) -> Self:
        """Both know that the other one is there."""
        await self.main.reaches("to-branch")
        await self.branch.reaches("to-main")
        return self

    async def clear(self) -> None:
        """After a test."""
        for pbx in (self.main, self.branch):
            if not pbx.is_running:
                await pbx.start()
            await pbx.hangs_up_all()
        for phone in self.opened:
            if isinstance(phone, Phone) and phone.user != "outside":
                await phone.is_offline()
            await phone.close()
        for each in self.daemons:
            await each.close()
        self.opened.clear()
        self.daemons.clear()


@contextlib.asynccontextmanager
async def house(main: str = "22", branch: str = "22") -> AsyncIterator[House]:
    """The two of them, of these versions."""
    here, there = inside_address(), inside_address()
    async with (
        Pbx(MAIN_PHONES, version=main, address=here, offices={"to-branch": (there, 5060)}) as first,
        Pbx(BRANCH_PHONES, version=branch, address=there, offices={"to-main": (here, 5060)}) as second,
    ):
        yield House(first, second)


def configuration(*groups: str, telephony: str = "") -> str:
    """Everybody of both offices, these groups, and the number of the lab for the group ``sales``."""
    table = f'[telephony]\nring_seconds = {RING_SECONDS}\nunreachable_after = "{UNREACHABLE_AFTER}s"\n{telephony}\n'
    people = [_operator(name, *each, "") for name, each in AT_MAIN.items()]
    people += [_operator(name, *each, 'pbx = "branch"\n') for name, each in AT_BRANCH.items()]
    return "".join([table, *people, *groups, f'[[numbers]]\nnumber = "{NUMBER}"\ngroup = "sales"\n'])


def _operator(name: str, extension: str, phones: tuple[str, ...], more: str) -> str:
    listed = ", ".join(f'"PJSIP/{phone}"' for phone in phones)
    return f'[[operators]]\nid = "{name}"\nextension = "{extension}"\nphones = [{listed}]\n{more}'
