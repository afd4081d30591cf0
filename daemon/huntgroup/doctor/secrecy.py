"""Who else may log in as the daemon: where AMI listens, who may read the secret, and what Asterisk keeps from them.

Whoever has the AMI secret reads other users' secrets, and runs commands by any expression of a dialplan that reads a
variable (tried on 16.28 and 22.10): so it is to be kept like the PBX's own account. The PBX's settings are read by
AST_CONFIG; files, only where the PBX is on this machine.
"""

import contextlib
import ipaddress
import re
import stat
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from pathlib import Path

from huntgroup.doctor.findings import Finding, failed, fine, listed, note
from huntgroup.doctor.session import Session
from huntgroup.errors import ConfigError
from huntgroup.settings import Settings
from huntgroup.settings.secret import HoldsSecret

YES = frozenset({"yes", "true", "y", "t", "1", "on"})
"""What Asterisk takes for true (ast_true)."""
RULES_MOST = 20
FILES_MOST = 100
"""Files that manager.conf may include, at most, before the rest is passed over."""
LARGEST = 1_000_000
EVERYWHERE = ("0.0.0.0/0.0.0.0", "0.0.0.0/0", "::/0")
IPV6_TOO = ("::", "[::]")
ANY_ADDRESS = "0.0.0.0"
"""What Asterisk listens at when nothing is said."""
DANGEROUS = "AST_CONFIG(asterisk.conf,options,live_dangerously)"
FOLDER = "ASTETCDIR"
_INCLUDE = re.compile(r'#(?:try)?include\s+[<"]?([^>"\s]+)')
_SECTION = re.compile(r"\[([^\]]+)\]")
_SECRET = re.compile(r"secret\s*=>?\s*(.*)")


async def look(session: Session) -> AsyncIterator[Finding]:
    """What the PBX says of itself, and the files where it is on this machine."""
    user = session.pbx.username
    general = {key: f"AST_CONFIG(manager.conf,general,{key},-1)" for key in ("enabled", "bindaddr")}
    rules = {
        kind: [f"AST_CONFIG(manager.conf,{user},{kind},{index})" for index in range(RULES_MOST)]
        for kind in ("deny", "permit", "acl")
    }
    found = await session.values(
        [DANGEROUS, FOLDER, *general.values(), *(each for kind in rules.values() for each in kind)]
    )
    yield _dangerous(found[DANGEROUS])
    if found[general["enabled"]]:
        access = {kind: [found[each] for each in asked if found[each]] for kind, asked in rules.items()}
        yield exposure(found[general["bindaddr"]], access, user, session.pbx.host, session.our_address)
    if is_loopback(session.pbx.host) and found[FOLDER]:
        for finding in files(Path(found[FOLDER]), user):
            yield finding


def _dangerous(value: str) -> Finding:
    if value.lower() in YES:
        said = "`live_dangerously` is on: whoever has the AMI secret runs commands and reads files on the PBX"
        mend = "`live_dangerously = no`, then restart Asterisk: it reads this only when it starts"
        return failed("pbx.dangerous", said, "asterisk.conf: [options]: live_dangerously", mend)
    return fine("pbx.dangerous", "`live_dangerously` is off: dangerous functions are kept from AMI")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine and nothing else is meant."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def exposure(bind: str, access: Mapping[str, list[str]], user: str, host: str, our_address: str) -> Finding:
    """Who may try the secret, and who may listen while it is used."""
    where = "manager.conf: [general]: bindaddr"
    at = bind or ANY_ADDRESS
    if is_loopback(at):
        return fine("pbx.exposed", "AMI listens on the PBX's own machine alone")
    if not _is_closed(at, access):
        said = f"AMI listens at {at}, and whoever reaches it may try the secret of {user}"
        every = "".join(f"`deny = {each}`, " for each in (EVERYWHERE[0], EVERYWHERE[2]))
        mend = f'{every}`permit = {our_address}/255.255.255.255`, in this order, then `asterisk -rx "manager reload"`'
        return failed("pbx.exposed", said, f"manager.conf: [{user}]: deny, permit", mend)
    if is_loopback(host):
        said = f"AMI listens at {at}, and the daemon needs it at {host} alone"
        return note("pbx.exposed", said, where, f"`bindaddr = {host}`, if nobody else needs it; then restart Asterisk")
    said = f"AMI is not encrypted: who is on the way to {host} reads and changes what the daemon says"
    return note("pbx.exposed", said, where, "a VPN, or a tunnel: `ssh -L 5039:127.0.0.1:5038`, and `port = 5039`")


def _is_closed(at: str, access: Mapping[str, list[str]]) -> bool:
    """By Asterisk's rule the last line that matches holds, and without any everybody may."""
    if access["acl"]:
        return True
    needed = [EVERYWHERE[:2]] + ([EVERYWHERE[2:]] if at in IPV6_TOO else [])
    denied = all(any(each in access["deny"] for each in kind) for kind in needed)
    return denied and not any(each in EVERYWHERE for each in access["permit"])


# -- files ----------------------------------------------------------------------------------------------------


def files(folder: Path, user: str) -> Iterator[Finding]:
    """The files of AMI users in this folder: who may read or write them, and whose secret is the same."""
    texts = dict(_read(folder / "manager.conf", folder))
    holding = [path for path, text in texts.items() if any(True for _ in _secrets(text))]
    if not holding:
        return
    opened = [path for path in holding if _is_open(path)]
    if opened:
        said = f"any user of this machine may read or change {listed(map(str, opened))}, where AMI secrets are"
        yield failed("pbx.files", said, "manager.conf", f"`chmod o-rwx {' '.join(map(str, opened))}`")
    else:
        yield fine("pbx.files", "no other user of this machine may read the AMI secrets")
    yield from _same(texts.values(), user)


def _same(texts: Iterable[str], user: str) -> Iterator[Finding]:
    secrets: dict[str, str] = {}
    for text in texts:
        secrets |= dict(_secrets(text))
    others = [name for name, secret in secrets.items() if name != user and secret == secrets.get(user)]
    if others:
        said = f"{user} has the same secret as {listed(others)}, who may do other things"
        mend = "a secret of its own: `openssl rand -hex 24`, in manager.conf and where the daemon reads it"
        yield failed("pbx.same_secret", said, f"manager.conf: [{user}]: secret", mend)


def _read(path: Path, folder: Path) -> Iterator[tuple[Path, str]]:
    """A file and all that it includes, as far as they can be read."""
    waiting, seen = [path], set[Path]()
    while waiting and len(seen) < FILES_MOST:
        one = waiting.pop(0)
        if one in seen:
            continue
        seen.add(one)
        try:
            if not one.is_file() or one.stat().st_size > LARGEST:
                continue
            text = one.read_text(errors="replace")
        except OSError:
            continue
        yield one, text
        for pattern in _INCLUDE.findall(text):
            waiting += _included(pattern, folder)


def _included(pattern: str, folder: Path) -> list[Path]:
    relative = pattern.removeprefix("/")
    root = Path("/") if relative != pattern else folder
    try:
        return sorted(root.glob(relative))
    except (ValueError, OSError, NotImplementedError):
        return []


def _secrets(text: str) -> Iterator[tuple[str, str]]:
    """Each user with their secret."""
    section = ""
    for raw in text.splitlines():
        line = raw.partition(";")[0].strip()
        found = _SECTION.match(line)
        if found:
            section = found[1].strip()
        elif (secret := _SECRET.match(line)) and secret[1].strip():
            yield section, secret[1].strip()


def _is_open(path: Path) -> bool:
    """Whether others may read or change a file: it lets them, and so does every folder above it."""
    try:
        real = path.resolve()
        mode = real.stat().st_mode
        is_reached = all(each.stat().st_mode & stat.S_IXOTH for each in real.parents)
    except OSError:
        return False
    return bool(mode & (stat.S_IROTH | stat.S_IWOTH)) and is_reached


# -- the configuration ------------------------------------------------------------------------------------------


def twice(settings: Settings) -> Iterator[Finding]:
    """Whether two of our peers let us in with one secret; nothing, where fewer than two can be read."""
    tables: list[tuple[str, HoldsSecret]] = [(f"[[pbx]] {each.id}", each) for each in settings.pbx]
    tables += [(f"[{name}]", each) for name in ("mqtt", "crm") if (each := getattr(settings, name)) is not None]
    having = defaultdict(list)
    for name, each in tables:
        with contextlib.suppress(ConfigError):
            having[each.read_secret()].append(name)
    same = [names for names in having.values() if len(names) > 1]
    if same:
        said = "; ".join(f"{listed(names)} have the same secret: who learns one has both" for names in same)
        yield note("secrets.same", said, listed(same[0]), "a secret of its own for each: `openssl rand -hex 24`")
    elif len(having) > 1:
        yield fine("secrets.same", "every peer has a secret of its own")
