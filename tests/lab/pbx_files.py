"""The configuration of a lab exchange, file by file: functions from a plan to text, no processes."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.pbx_modules import load_lines, stock_lines
from tests.lab.roots import AsteriskRoot

REPOSITORY = Path(__file__).resolve().parents[2]
TRUNK_PORT = 5060


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that the files are made from."""

    root: AsteriskRoot
    home: Path
    address: str
    sip_port: int
    ami_port: int
    secret: str
    lab_secret: str
    password: str
    provider: str
    """Address of the trunk's other end: where outgoing calls go."""
    outside: str
    """Network from which a call comes in through the trunk."""
    phones: Mapping[str, str] = field(default_factory=dict)
    """Endpoint name to extension; several phones may share one."""
    mailboxes: Sequence[str] = ()
    trunk_context: str = "huntgroup-inbound"
    with_huntgroup: bool = True
    dialplan: str = ""
    queues: str = ""
    endpoint_options: str = ""
    trunk_options: str = ""
    ami_options: str = ""
    manager_options: str = ""
    asterisk_options: str = ""
    without_modules: Sequence[str] = ()
    stock_modules: bool = False
    """Load what the distribution's own modules.conf loads, in place of the lab's list."""
    qualify: float = 0.0
    verbose: int = 3
    offices: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Other exchanges, by the name of the trunk to each, with their SIP addresses."""
    office_context: str = "huntgroup-across"

    def included(self, pattern: str) -> list[Path]:
        """Files of the repository that the exchange includes, if it is to have Huntgroup's."""
        return sorted(REPOSITORY.glob(pattern)) if self.with_huntgroup else []


def write_files(plan: Plan) -> None:
    """(Re)write the whole configuration; what Asterisk keeps (astdb, recordings, logs) is left alone."""
    for folder in ("etc", "lib/keys", "db", "spool", "run", "log", "moh"):
        (plan.home / folder).mkdir(parents=True, exist_ok=True)
    (plan.home / "moh" / "tone.ulaw").write_bytes(tone(seconds=2.0))
    for name, text in files(plan).items():
        path = plan.home / "etc" / f"{name}.conf"
        path.touch(mode=0o600)
        path.write_text(text)


def _modules(plan: Plan) -> str:
    if plan.stock_modules:
        return stock_lines(plan.root.stock_modules, plan.without_modules)
    return load_lines(plan.root.modules, plan.without_modules)


def files(plan: Plan) -> dict[str, str]:
    """Configuration file (without ``.conf``) to content. The short ones only keep the log free of errors."""
    return {
        "asterisk": _asterisk(plan),
        "modules": _modules(plan),
        "logger": _logger(plan),
        "manager": _manager(plan),
        "pjsip": _pjsip(plan),
        "extensions": _extensions(plan),
        "queues": "[general]\n" + plan.queues,
        "voicemail": _voicemail(plan),
        "musiconhold": f"[default]\nmode=files\ndirectory={plan.home}/moh\n",
        "indications": _INDICATIONS,
        "rtp": "[general]\nrtpstart=10000\nrtpend=29999\nstrictrtp=no\n",
        "features": "[general]\npickupexten=*8\n[featuremap]\nblindxfer=##\natxfer=*2\n",
        "cdr": "[general]\nenable=yes\n",
        "cel": "[general]\nenable=no\n",
        "stasis": "[threadpool]\ninitial_size=5\n",
        "http": "[general]\nenabled=no\n",
        "res_parking": "[general]\n[default]\nparkext=700\nparkpos=701-720\ncontext=parkedcalls\n",
        "acl": "",
        **dict.fromkeys(_EMPTY, "[general]\n"),
    }


_EMPTY: tuple[str, ...] = (
    *("ccss", "udptl", "pjproject", "confbridge", "sorcery", "queuerules", "geolocation", "smdi", "adsi"),
    *("statsd", "stir_shaken", "cli_aliases", "dsp", "websocket_client", "dnsmgr", "codecs"),
)


def _logger(plan: Plan) -> str:
    levels = "notice,warning,error" + (f",dtmf,verbose({plan.verbose})" if plan.verbose else "")
    return f"[general]\ndateformat=%F %T.%3q\n[logfiles]\nfull => {levels}\n"


def _asterisk(plan: Plan) -> str:
    home = plan.home
    return f"""\
[directories]
astetcdir => {home}/etc
astmoddir => {plan.root.modules}
astdatadir => {plan.root.data}
astvarlibdir => {home}/lib
astdbdir => {home}/db
astkeydir => {home}/lib
astagidir => {home}/lib
astspooldir => {home}/spool
astrundir => {home}/run
astlogdir => {home}/log
[options]
verbose = {plan.verbose}
documentation_language = en_US
live_dangerously = no
{plan.asterisk_options}
"""


def _manager(plan: Plan) -> str:
    """The AMI: ``[lab]`` may do all; ``[huntgroup]`` what the repository's own file grants it, and to call back."""
    lines = [
        "[general]\nenabled=yes",
        f"bindaddr={plan.address}\nport={plan.ami_port}",
        plan.manager_options,
        f"[lab]\nsecret={plan.lab_secret}\nread=all\nwrite=all\nwritetimeout=1000",
    ]
    ours = plan.included("config/manager.conf")
    lines += [
        f'#include "{path}"\n[huntgroup](+)\nsecret={plan.secret}\nwrite=call,originate\n{plan.ami_options}'
        for path in ours
    ]
    return "\n".join(lines) + "\n"


def _pjsip(plan: Plan) -> str:
    """Phones register by password; whatever comes from outside's network is the trunk, unasked."""
    parts = [
        f"""\
[global]
type=global
user_agent=Lab
endpoint_identifier_order=ip,username
[udp]
type=transport
protocol=udp
bind={plan.address}:{plan.sip_port}
[media](!)
type=endpoint
disallow=all
allow=ulaw,alaw,gsm
direct_media=no
transport=udp
media_address={plan.address}
bind_rtp_to_media_address=yes
[trunk](media)
context={plan.trunk_context}
aors=trunk
{plan.trunk_options}
[trunk]
type=aor
contact=sip:{plan.provider}:{TRUNK_PORT}
[trunk]
type=identify
endpoint=trunk
match={plan.outside}
"""
    ]
    parts += [_office(plan, name, *address) for name, address in plan.offices.items()]
    parts += [_phone(plan, name, extension) for name, extension in plan.phones.items()]
    return "".join(parts)


def _office(plan: Plan, name: str, address: str, port: int) -> str:
    """A trunk to another exchange, as docs/several-pbxs.md describes it."""
    return f"""\
[{name}](media)
context={plan.office_context}
aors={name}
rtp_timeout=3
[{name}]
type=aor
contact=sip:{address}:{port}
qualify_frequency=2
qualify_timeout=1
[{name}]
type=identify
endpoint={name}
match={address}
"""


def _phone(plan: Plan, name: str, extension: str) -> str:
    return f"""\
[{name}](media)
context=lab-phones
auth={name}
aors={name}
callerid="{name}" <{extension}>
mailboxes={extension}@default
{plan.endpoint_options}
[{name}]
type=auth
auth_type=userpass
username={name}
password={plan.password}
[{name}]
type=aor
max_contacts=1
remove_existing=yes
qualify_frequency={plan.qualify:g}
"""


def _extensions(plan: Plan) -> str:
    """Huntgroup's own files, then the phones' world, then the caller of the lab's own dialplan."""
    ours = plan.included("dialplan/*.conf")
    parts = ["[general]\nstatic=yes\nwriteprotect=yes\n"]
    parts += [f'#include "{path}"\n' for path in ours]
    parts.append("[lab-phones]\n")
    if any("[huntgroup-features]" in path.read_text() for path in ours):
        parts.append("include => huntgroup-features\n")
    parts.append("include => lab-direct\ninclude => lab-outward\n")
    parts.append(f"include => lab-numbers\n[lab-numbers]\nexten => _+X.,1,Goto({plan.trunk_context},${{EXTEN}},1)\n")
    parts.append("[lab-outward]\nexten => _9[+0-9].,1,Dial(PJSIP/${EXTEN:1}@trunk,60)\n same => n,Hangup()\n")
    parts.append("[lab-direct]\n")
    sharing = defaultdict(list)
    for name, extension in plan.phones.items():
        sharing[extension].append(f"PJSIP/{name}")
    for extension, devices in sharing.items():
        together = "&".join(devices)
        parts.append(f"exten => {extension},hint,{together}\n")
        parts.append(f"exten => {extension},1,Dial({together},60,tT)\n same => n,Hangup()\n")
    return "".join(parts) + plan.dialplan


def _voicemail(plan: Plan) -> str:
    boxes = "".join(f"{box} => 1234,{box}\n" for box in plan.mailboxes)
    return f"[general]\nformat=wav\nmaxsecs=60\nminsecs=1\n[default]\n{boxes}"


_ULAW_BIAS, _ULAW_CLIP = 0x84, 32635


def tone(*, seconds: float, hertz: float = 440.0, level: int = 8000) -> bytes:
    """A sine as raw 8 kHz u-law: music on hold that needs no binary file."""
    count = int(seconds * 8000)
    return bytes(ulaw(int(level * math.sin(2 * math.pi * hertz * n / 8000))) for n in range(count))


def ulaw(sample: int) -> int:
    """One 16-bit linear sample as G.711 u-law."""
    sign, magnitude = (0x80, -sample) if sample < 0 else (0, sample)
    magnitude = min(magnitude, _ULAW_CLIP) + _ULAW_BIAS
    exponent = magnitude.bit_length() - 8
    return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0F)) & 0xFF


_INDICATIONS = """\
[general]
country=us
[us]
description = United States / North America
ringcadence = 2000,4000
dial = 350+440
busy = 480+620/500,0/500
ring = 440+480/2000,0/4000
congestion = 480+620/250,0/250
callwaiting = 440/300,0/10000
record = 1400/500,0/15000
info = !950/330,!1400/330,!1800/330,0
[uk]
description = United Kingdom
ringcadence = 400,200,400,2000
dial = 350+440
busy = 400/375,0/375
ring = 400+450/400,0/200,400+450/400,0/2000
congestion = 400/400,0/350,400/225,0/525
callwaiting = 400/100,0/4000
record = 1400/500,0/60000
info = 950/330,0/15,1400/330,0/15,1800/330,0/1000
[pl]
description = Poland
ringcadence = 1000,4000
dial = 425
busy = 425/500,0/500
ring = 425/1000,0/4000
congestion = 425/500,0/500
callwaiting = 425/150,0/150,425/150,0/4000
record = 1400/500,0/15000
info = !950/330,!1400/330,!1800/330,0/1000
[de]
description = Germany
ringcadence = 1000,4000
dial = 425
busy = 425/480,0/480
ring = 425/1000,0/4000
congestion = 425/240,0/240
callwaiting = !425/200,!0/200,!425/200,!0/5000
record = 1400/80,0/15000
info = 950/330,0/30,1400/330,0/30,1800/330,0/1000
"""
