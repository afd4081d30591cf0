"""The broker: reached, logged in to, and every topic that the daemon needs is allowed.

A broker says in MQTT 5 alone that it refused a publish, so that is what is spoken here, over paho's plain client: it
hands out the reason codes that others hide. What is written for trial changes nothing: it is not retained, or cleared
again, or says what is there already.
"""

import contextlib
import json
import queue
import secrets
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from huntgroup.adapters.mqtt.payloads import Status
from huntgroup.doctor.findings import Finding, failed, fine, listed, note
from huntgroup.errors import ConfigError
from huntgroup.settings import Mqtt, Settings

WITHIN = 5.0
QUIET = 0.5
"""Seconds to wait for something that may well not come."""
SCRATCH_SECONDS = 10
"""So long the broker keeps what is written for trial, should we die before it is cleared."""
STATUS = "status"
WRITES = (
    "status",
    "operators/{nobody}/state",
    "sources/{nobody}/inquiries/{nobody}/status",
    "sources/{nobody}/replies",
    "backlog_end",
)
"""What the daemon writes, below the prefix; {nobody}: an id that nobody has. A new one is one line."""
READS: tuple[str, ...] = (
    "status",
    "operators/+/commands",
    "sources/+/submit",
    "sources/+/inquiries/+/commands",
    "backlog_end",
)
"""What is subscribed to, below the prefix: a new one is one line."""
RETURNS = ("doctor/{nobody}", "sources/{nobody}/replies", "backlog_end/{nobody}")
"""Where something is written, kept and read for trial."""


class Lost(Exception):  # noqa: N818 - reads as what happened
    """The broker does not answer."""


class Answer(NamedTuple):
    """What the broker said, of which kind: connect, subscribe, publish or message."""

    kind: str
    what: Any


class Desk:
    """A connection whose answers are awaited one after the other."""

    def __init__(self, settings: Mqtt) -> None:
        self.prefix = settings.prefix
        self._answers: queue.Queue[Answer] = queue.Queue()
        self.name = f"doctor-{secrets.token_hex(4)}"
        self._client = Client(
            CallbackAPIVersion.VERSION2, f"huntgroup-{self.name}", protocol=MQTTProtocolVersion.MQTTv5
        )
        if settings.username:
            self._client.username_pw_set(settings.username, settings.read_secret())
        if settings.is_tls:
            context = ssl.create_default_context(cafile=settings.ca_file)
            if settings.cert_file:
                context.load_cert_chain(settings.cert_file, settings.key_file)
            self._client.tls_set_context(context)
        self._client.connect_timeout = WITHIN
        self._client.on_connect = lambda _c, _u, _f, reason, _p: self._said("connect", reason)
        self._client.on_subscribe = lambda _c, _u, _m, reasons, _p: self._said("subscribe", reasons[0])
        self._client.on_publish = lambda _c, _u, _m, reason, _p: self._said("publish", reason)
        self._client.on_message = lambda _c, _u, message: self._said("message", message)

    def _said(self, kind: str, what: Any) -> None:
        self._answers.put(Answer(kind, what))

    def connect(self, host: str, port: int) -> ReasonCode:
        """Raises OSError, or Lost."""
        self._client.connect(host, port, keepalive=60)
        self._client.loop_start()
        return self._code("connect")

    def close(self) -> None:
        """Say goodbye, and end the client's thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def subscribe(self, topic: str) -> ReasonCode:
        """What the broker says to that."""
        self._client.subscribe(f"{self.prefix}/{topic}", qos=1)
        return self._code("subscribe")

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> ReasonCode:
        """What the broker says to that."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = SCRATCH_SECONDS
        self._client.publish(f"{self.prefix}/{topic}", payload, 1, retain, properties)
        return self._code("publish")

    def held(self, topic: str) -> bytes | None:
        """What the broker holds there, which it tells whoever subscribes; None: nothing, or nothing for us."""
        try:
            while True:
                found: MQTTMessage = self._answer("message", QUIET)
                if found.retain and found.topic == f"{self.prefix}/{topic}":
                    return bytes(found.payload)
        except Lost:
            return None

    def _code(self, kind: str) -> ReasonCode:
        code: ReasonCode = self._answer(kind)
        return code

    def _answer(self, kind: str, within: float = WITHIN) -> Any:
        kept = []
        try:
            while True:
                answer = self._answers.get(timeout=within)
                if answer.kind == kind:
                    return answer.what
                kept.append(answer)
        except queue.Empty:
            raise Lost(f"no answer to {kind} within {within:g} s") from None
        finally:
            for each in kept:
                self._answers.put(each)


def look(settings: Mqtt, *, is_running: bool) -> list[Finding]:
    """Everything about the broker; blocks for some seconds at most. ``is_running``: a daemon is there."""
    try:
        desk = Desk(settings)
    except ConfigError as error:
        problem = error.problems[0]
        return [failed("broker.login", f"there is no secret: {problem.wrong}", "[mqtt]", problem.right)]
    except OSError as error:
        mend = "see that the files are a certificate and its key, in PEM, and belong together"
        return [failed("broker.reached", f"TLS: {error}", "[mqtt]: ca_file, cert_file, key_file", mend)]
    try:
        return list(_look(desk, settings, is_running=is_running))
    finally:
        desk.close()


def accounts(settings: Settings) -> Iterator[Finding]:
    """Whether each source is kept apart from the others by the broker."""
    check = "broker.accounts"
    open_to_all = [each.id for each in settings.sources if each.account is None]
    for name in open_to_all:
        said = f"{name} has no account: who may submit inquiries at all may submit as this source, and sees all callers"
        mend = (
            '`account = "NAME"`, the MQTT user name of its gateway, which from then on uses '
            f"{settings.mqtt.prefix if settings.mqtt else ''}/sources/NAME/…: docs/mqtt.md"
        )
        yield note(check, said, f"[[sources]] {name}", mend)
    if settings.sources and not open_to_all:
        yield fine(check, f"every source has its account ({len(settings.sources)})")


def _look(desk: Desk, settings: Mqtt, *, is_running: bool) -> Iterator[Finding]:
    try:
        said = desk.connect(settings.host, settings.port)
    except (OSError, Lost) as error:
        yield _unreached(settings, error)
        return
    yield fine("broker.reached", f"the broker is reached at {settings.host}:{settings.port}")
    if said.is_failure:
        yield _refused(settings, said)
        return
    yield fine("broker.login", f"logged in as {settings.username or 'nobody, which it allows'}")
    try:
        yield from _rights(desk, settings)
        yield from _daemon(desk, is_running=is_running)
    except Lost as error:
        mend = "see the broker's log, and whether it ends connections of this user"
        yield failed("broker.rights", f"the broker fell silent: {error}", "[mqtt]", mend)


def _unreached(settings: Mqtt, error: Exception) -> Finding:
    at = f"{settings.host}:{settings.port}"
    for kind, mend in (
        (
            ssl.SSLCertVerificationError,
            "`ca_file` must hold who signed its certificate, and `url` the name that it has",
        ),
        (ssl.SSLError, f"`url`: is {settings.port} a port that speaks TLS? `mqtt://` if not"),
        (socket.gaierror, "correct the host in `url`"),
        (ConnectionRefusedError, f"in mosquitto.conf: `listener {settings.port}`, then `systemctl restart mosquitto`"),
        (Lost, f"is {settings.port} the broker's port, and one for MQTT 5? `mqtts://` if it speaks TLS"),
    ):
        if isinstance(error, kind):
            return failed("broker.reached", f"{at}: {error}", "[mqtt]: url", mend)
    mend = f"see that the broker runs and that no firewall stands between: `nc -vz {settings.host} {settings.port}`"
    return failed("broker.reached", f"{at}: {error}", "[mqtt]: url", mend)


def _refused(settings: Mqtt, said: ReasonCode) -> Finding:
    place = "secret_file" if settings.secret_file else "secret_env"
    if settings.username is None:
        mend = "the broker lets nobody in without a name: `username` and `secret_file` in [mqtt]"
        return failed("broker.login", f"nobody's login was refused: {said}", "[mqtt]: username", mend)
    mend = (
        f"`mosquitto_passwd /etc/mosquitto/passwords {settings.username}` with what {place} holds, "
        "then `systemctl reload mosquitto`"
    )
    where = f"[mqtt]: username, {place}"
    return failed("broker.login", f"the login of {settings.username!r} was refused: {said}", where, mend)


def _rights(desk: Desk, settings: Mqtt) -> Iterator[Finding]:
    user, prefix = settings.username or "nobody", settings.prefix
    mend = f"in the acl_file, below `user {user}`: `topic readwrite {prefix}/#`, then `systemctl reload mosquitto`"
    unread = [topic for topic in READS if desk.subscribe(topic).is_failure]
    now = desk.held(STATUS) or Status(state="offline").encode()
    payloads = {STATUS: now}
    unwritten = []
    for topic in WRITES:
        exact = topic.format(nobody=desk.name)
        if desk.publish(exact, payloads.get(topic, b"")).is_failure:
            unwritten.append(topic)
    for check, verb, topics, count in (
        ("broker.write", "write", unwritten, len(WRITES)),
        ("broker.read", "read", unread, len(READS)),
    ):
        if topics:
            names = listed(f"{prefix}/{each.format(nobody='+')}" for each in topics)
            yield failed(check, f"{user} may not {verb} {names}", "the broker's acl_file", mend)
        else:
            yield fine(check, f"{user} may {verb} every topic that the daemon {verb}s ({count})")
    trips = (_round_trip(desk, topic.format(nobody=desk.name), mend) for topic in RETURNS)
    kept = fine("broker.round_trip", f"what is retained below {prefix}/ is kept, read and cleared")
    yield next((each for each in trips if each is not None), kept)


def _round_trip(desk: Desk, topic: str, mend: str) -> Finding | None:
    """Retained, read and cleared: with Mosquitto's ACL a subscription is granted and what it brings kept back.
    None: all is well."""
    said = b"huntgroup doctor"
    steps: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("may not be written", lambda: not desk.publish(topic, said, retain=True).is_failure),
        ("may not be subscribed to", lambda: not desk.subscribe(topic).is_failure),
        ("is written, but not retained, or not read", lambda: desk.held(topic) == said),
    )
    try:
        for what, is_so in steps:
            if not is_so():
                text = f"a topic of our own, {desk.prefix}/{topic.partition('/')[0]}/…, {what}"
                return failed("broker.round_trip", text, "the broker's acl_file", mend)
    finally:
        with contextlib.suppress(Lost):
            desk.publish(topic, b"", retain=True)
    return None


def _daemon(desk: Desk, *, is_running: bool) -> Iterator[Finding]:
    """What the daemon's retained status says; our own, from before, was not retained."""
    desk.subscribe(STATUS)
    status = desk.held(STATUS)
    yield _online(desk, status, is_running=is_running)
    taken_at = _session_taken_at(status)
    if taken_at:
        yield failed(
            "broker.session",
            f"another client took the daemon's session at {taken_at}: messages may be lost",
            "[mqtt]: prefix, username",
            "if another daemon has the same `prefix` and `username`, give each its own; if none has, somebody knows the"
            " secret: change it here and at the broker",
        )


def _session_taken_at(status: bytes | None) -> str:
    """As the daemon wrote it; empty: nobody took it since the daemon started."""
    try:
        data = json.loads(status or b"{}")
    except ValueError:
        return ""
    return str(data.get("session_taken_at", "")) if isinstance(data, dict) else ""


def _online(desk: Desk, status: bytes | None, *, is_running: bool) -> Finding:
    is_online = status is not None and b'"online"' in status
    topic = f"{desk.prefix}/{STATUS}"
    if is_online == is_running:
        return fine("broker.daemon", f"{topic} says {'online' if is_online else 'offline or nothing'}, and so it is")
    if is_running:
        mend = "see its log for `broker.lost`: `journalctl -u huntgroup`"
        return failed("broker.daemon", f"the daemon runs, but {topic} does not say so", topic, mend)
    said = f"{topic} says online, but no daemon has this configuration's store"
    return note("broker.daemon", said, topic, "another daemon has the same prefix: give each its own `prefix`")
