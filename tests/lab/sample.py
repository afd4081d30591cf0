"""``make run``: a real Asterisk, a real broker and the daemon on loopback, and a sample of each channel on screen.

Afterwards everything stays up for a softphone to try, unless ``--once`` is given. Exit status 0 when all was served.
"""

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from rich.console import Console

from tests.lab.broker import Broker
from tests.lab.daemon import Daemon
from tests.lab.mqtt import Party
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller, Phone
from tests.lab.process import LabError

NUMBER = "+48221234567"
RING_SECONDS = 1.5
RINGS = 2
CONFIGURATION = f"""
[telephony]
ring_seconds = {RING_SECONDS}

[[operators]]
id = "anna"
name = "Anna Nowak"
extension = "101"
phones = ["PJSIP/anna"]

[[operators]]
id = "ben"
name = "Ben Zielinski"
extension = "102"
phones = ["PJSIP/ben"]
role = "supervisor"

[[groups]]
id = "sales"
name = "Sales"
operators = ["anna", "ben"]
distribution = "in_order"
rings = {RINGS}
hold = "ringing"
on_unanswered = {{ action = "keep_waiting" }}

[[groups]]
id = "care"
name = "Customer care"
operators = ["ben"]

[[numbers]]
number = "{NUMBER}"
group = "sales"

[[sources]]
id = "site-chat"
channel = "chat"
group = "care"
account = "site"

[[sources]]
id = "mail"
channel = "mail"
group = "care"
account = "mail-gateway"

[[sources]]
id = "site-form"
channel = "form"
group = "care"
account = "site"
"""

Tell = Callable[[str, float], None]


async def sample_call(
    caller: Caller, anna: Phone, ben: Phone, *, daemon: Daemon, site: Party, console: Console
) -> None:
    """Two rings at the first operator, handoff, answered by the second, hung up; else AssertionError.

    While they talk a chat comes in, which waits until they have hung up.
    """
    anna.rings_after(0.2)
    ben.rings_after(0.1).answers(after=1.0)
    call = await caller.dials(NUMBER, name="Jan Kowalski", number="+48600700800")
    tell = _teller(console, call.invite_sent)
    tell(f"Jan Kowalski (+48 600 700 800) dials {NUMBER}, a number of Sales", call.invite_sent)
    rung = await anna.ringing()
    tell("Anna is first in line: her phone is dialled", rung.invite_received)
    tell(f"it rings: from now on {RINGS} rings of {RING_SECONDS:g} s are counted", rung.ringing_sent)
    missed = await anna.cancelled()
    rang = missed.cancel_received - missed.ringing_sent
    tell(f"Anna did not answer; her phone rang {rang:.3f} s and is quiet", missed.cancel_received)
    taken = await ben.ringing()
    gap = taken.invite_received - missed.cancel_received
    tell(f"Ben's phone is dialled, {abs(gap) * 1000:.1f} ms later", taken.invite_received)
    await call.answered()
    tell("Ben answers", taken.ok_sent)
    tell(f"Jan is connected, {(call.answered_at - taken.ok_sent) * 1000:.1f} ms later", call.answered_at)
    await call.hears(ben)
    await ben.hears(call)
    tell("they hear each other", time.monotonic())
    chat = await site.submits("chat-8841", customer={"name": "Ewa Lis"}, subject="Order 1187", text="Where is it?")
    if chat.get("state") != "waiting":
        raise AssertionError(f"the chat was to wait, and was answered with {chat}")
    tell("Ewa Lis begins a chat with Customer care: it waits, as Ben is on a call", time.monotonic())
    await call.hangs_up()
    hung_up = time.monotonic()
    tell("Jan hangs up", hung_up)
    await site.sees_desk("ben", offers=["chat-8841@site"])
    offered = next(each.at for each in site.seen if each.topic.endswith("/ben/desk") and b"chat-8841" in each.payload)
    tell(f"the chat is offered to Ben, {(offered - hung_up) * 1000:.1f} ms later", offered)
    await ben.ended()
    closed = await daemon.logs("inquiry.closed")
    tell(f"the daemon closes the call: {closed['detail']} by {closed['operator']}", time.monotonic())
    why = [line["verdicts"] for line in daemon.log() if line["event"] == "inquiry.decided"]
    for number, verdicts in enumerate(why, start=1):
        reasons = ", ".join(f"{who} {reason.replace('_', ' ')}" for who, reason in verdicts.items())
        console.print(f"           [dim]decision {number}: {reasons}[/dim]")
    if (closed["operator"], closed["detail"]) != ("ben", "answered"):
        raise AssertionError(f"the call was to be answered by ben, and was {closed}")


async def sample_texts(site: Party, mail: Party, console: Console) -> None:
    """The chat is accepted and closed; a mail and a form come in, are Ben's at once, and are closed."""
    tell = _teller(console, time.monotonic())
    await _served(site, "chat-8841", "accept", "close")
    tell("Ben accepts the chat, and closes it when all is said", time.monotonic())
    for gateway, channel, name, source, subject in (
        (mail, "mail", "mail-117", "mail", "Complaint"),
        (site, "form", "form-23", "site-form", "Call me back"),
    ):
        answer = await gateway.submits(name, source, customer={"email": "jan@shop.example"}, subject=subject)
        if (answer.get("state"), answer.get("operator")) != ("active", "ben"):
            raise AssertionError(f"the {channel} was to be Ben's at once, and was answered with {answer}")
        tell(f"a {channel} comes in, {subject!r}: it becomes Ben's at once", time.monotonic())
        await _served(gateway, name, "close")
        tell(f"Ben closes the {channel}", time.monotonic())


async def _served(gateway: Party, inquiry: str, *commands: str) -> None:
    for command in commands:
        answer = await gateway.commands("ben", command, inquiry=f"{inquiry}@{gateway.account}")
        if not answer["ok"]:
            raise AssertionError(f"{command} of {inquiry} was refused: {answer}")
    await gateway.sees_status(inquiry, state="closed", outcome="answered")


def _teller(console: Console, start: float) -> Tell:
    def tell(what: str, at: float) -> None:
        console.print(f"  [cyan]{at - start:7.3f} s[/cyan]  {what}", highlight=False)

    return tell


@contextlib.asynccontextmanager
async def _lab(console: Console) -> AsyncIterator[tuple[Pbx, Broker, Daemon]]:
    async with Broker() as broker, Pbx({"anna": "101", "ben": "102"}) as pbx:
        version = (await pbx.cli("core show version")).split(" built", maxsplit=1)[0]
        console.print(f"{version} at {pbx.address}:{pbx.sip_port}, AMI {pbx.address}:{pbx.ami_port}", highlight=False)
        console.print(f"Mosquitto at {broker.url}", highlight=False)
        async with Daemon(pbx, CONFIGURATION, broker_url=broker.url) as daemon:
            console.print(f"huntgroup run --config {daemon.config}\n", highlight=False)
            yield pbx, broker, daemon


def _invitation(console: Console, pbx: Pbx, broker: Broker, config: Path) -> None:
    host, port = pbx.sip_address
    console.print(
        f"""
[bold]Everything stays up. Try it with two softphones on this machine[/bold] (SIP over UDP, codec G.711):
  server {host}:{port}   user [bold]anna[/bold]   password {pbx.password}
  server {host}:{port}   user [bold]ben[/bold]    password {pbx.password}
Dial [bold]{NUMBER}[/bold] from one of them: it goes to Sales, and so rings the other.
Watch the house:      .venv/bin/huntgroup status --watch --config {config}
Watch every message:  mosquitto_sub -V 5 -h {broker.address} -p {broker.port} -v -t 'huntgroup/#'
Begin a chat:         mosquitto_pub -V 5 -h {broker.address} -p {broker.port} -q 1 -t huntgroup/sources/site/submit \\
                        -m '{{"id":"chat-1","source":"site-chat","text":"Hello"}}'
More of this is in docs/mqtt.md.
Ctrl-C ends it all.""",
        highlight=False,
    )


async def run(*, once: bool) -> int:
    """Set it all up, run the samples, and stay up unless *once*; the exit status."""
    console = Console(soft_wrap=True)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _lab(console) as (pbx, broker, daemon):
        try:
            async with (
                pbx.phone("anna") as anna,
                pbx.phone("ben") as ben,
                pbx.caller() as caller,
                Party(broker, account="site") as site,
                Party(broker, account="mail-gateway") as mail,
            ):
                await site.sees("status", state="online")
                await anna.registers()
                await ben.registers()
                console.print("[bold]A call, and a chat beside it[/bold]")
                await sample_call(caller, anna, ben, daemon=daemon, site=site, console=console)
                console.print("[bold]The chat, a mail and a form[/bold]")
                await sample_texts(site, mail, console)
                await anna.is_offline()
                await ben.is_offline()
        except AssertionError as error:
            console.print(f"[red]not served[/red]: {error}", highlight=False)
            return 1
        console.print("\n[green]Served: the call, the chat, the mail and the form.[/green]", highlight=False)
        if not once:
            _invitation(console, pbx, broker, daemon.config)
            await stop.wait()
    return 0


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--once", action="store_true", help="stop after the samples")
    try:
        return asyncio.run(run(once=parser.parse_args().once))
    except LabError as error:
        print(f"the lab could not be set up: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
