"""Whether the daemon could log in to its peers: their secrets, and the files of an encrypted link."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeGuard

from huntgroup.regular import check_regular
from huntgroup.settings.crm import crm_secret
from huntgroup.settings.outline import Data, table, tables
from huntgroup.settings.secret import secret_in_environment, secret_in_file
from huntgroup.settings.values import is_environment_name
from huntgroup.settings.words import Complaint, Finding, Key, cannot_be_read

_TLS_FILES = ("ca_file", "cert_file", "key_file")


def _peers(data: Data) -> Iterator[tuple[Key, Data]]:
    """The tables that may name a secret."""
    yield from tables(data, "pbx")
    if table(data, "mqtt"):
        yield ("mqtt",), table(data, "mqtt")
    if table(data, "crm"):
        yield ("crm",), table(data, "crm")


def places_of_secrets(data: Data) -> Iterator[Finding]:
    """A secret that is needed and not named, named twice, or named for nobody."""
    for key, peer in _peers(data):
        named = [name for name in ("secret_file", "secret_env") if name in peer]
        is_needed = key[0] in ("pbx", "crm") or "username" in peer
        if len(named) > 1:
            yield Finding((*key, named[1]), "the secret has two places", "keep secret_file or secret_env")
        elif is_needed and not named:
            yield Finding((*key, "secret_file"), "is missing", "give secret_file or secret_env")
        elif named and not is_needed:
            yield Finding((*key, named[0]), "a secret without a username", "add the username it belongs to")


def broker_security(data: Data) -> Iterator[Finding]:
    """Files for TLS on a link without it, or a certificate without its key."""
    mqtt = table(data, "mqtt")
    url = mqtt.get("url")
    if isinstance(url, str) and url.startswith("mqtt://"):
        for name in _TLS_FILES:
            if name in mqtt:
                yield Finding(("mqtt", name), "has no use with mqtt://", "write the url with mqtts://")
    for name, other in (("cert_file", "key_file"), ("key_file", "cert_file")):
        if name in mqtt and other not in mqtt:
            yield Finding(("mqtt", other), f"is missing beside {name}", f"add `{other}`, or leave both out")


def reachable_secrets(data: Data, folder: Path, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Secrets and TLS files that are named, but cannot be read here and now."""
    for key, peer in _peers(data):
        file, variable = peer.get("secret_file"), peer.get("secret_env")
        try:
            name = "secret_file"
            if _is_path(file):
                _fits(data, key, secret_in_file(folder / file))
            name = "secret_env"
            if isinstance(variable, str) and is_environment_name(variable):
                _fits(data, key, secret_in_environment(variable, environment))
        except Complaint as complaint:
            yield Finding((*key, name), complaint.wrong, complaint.right)
    for table_name, name in (*(("mqtt", name) for name in _TLS_FILES), ("crm", "ca_file")):
        path = table(data, table_name).get(name)
        if _is_path(path):
            yield from _unreadable((table_name, name), folder / path)


def _fits(data: Data, key: Key, secret: str) -> None:
    """Whether it can be what is needed there. Raises Complaint."""
    if key == ("crm",):
        crm_secret(data, secret)


def _is_path(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value != "" and value.isprintable()


def _unreadable(key: Key, path: Path) -> Iterator[Finding]:
    try:
        check_regular(path)
    except OSError as error:
        yield Finding(key, *cannot_be_read(path, error))
