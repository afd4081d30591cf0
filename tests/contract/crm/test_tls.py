"""Nothing is told to whoever cannot show that they are the CRM."""

import ssl
import subprocess
from pathlib import Path

import pytest
from tests.contract.crm.conftest import LabClock, call, settings
from tests.lab.crm import SECRET, HttpServer, serving

from huntgroup.adapters.crm.making import connector
from huntgroup.crm.words import CrmAway, Errand
from huntgroup.errors import ConfigError

ERRAND = Errand(key="hg_1", user="12")


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM", SECRET)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of 127.0.0.1, signed by itself; its key lies beside it."""
    path = tmp_path / "crm.crt"
    argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    argv += ["-days", "1", "-subj", "/CN=lab", "-addext", "subjectAltName=IP:127.0.0.1"]
    argv += ["-keyout", str(tmp_path / "crm.key"), "-out", str(path)]
    subprocess.run(argv, check=True, capture_output=True)
    return path


def context(certificate: Path) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, certificate.with_suffix(".key"))
    return tls


async def test_a_certificate_that_nobody_vouches_for_ends_the_matter(certificate: Path) -> None:
    clock = LabClock()
    server = HttpServer(clock.now)
    async with serving(server, context(certificate)):
        crm = connector(settings("http", url=server.url.replace("http:", "https:")), clock)
        with pytest.raises(CrmAway, match="certificate does not hold"):
            await crm.register_call(call(), ERRAND)
        await crm.close()

    assert server.requests == 0


async def test_authorities_of_ones_own_are_trusted_for_what_they_sign(certificate: Path) -> None:
    clock = LabClock()
    server = HttpServer(clock.now)
    async with serving(server, context(certificate)):
        wanted = settings("http", url=server.url.replace("http:", "https:"), ca_file=certificate)
        crm = connector(wanted, clock)
        await crm.register_call(call(), ERRAND)
        await crm.close()

    assert server.requests == 1


def test_a_file_without_certificates_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(ConfigError, match=r"ca\.pem.*holds no certificates"):
        connector(settings("http", url="https://crm.example/x", ca_file=tmp_path / "ca.pem"), LabClock())
