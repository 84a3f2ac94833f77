"""Over TLS both sides are who they say they are, or it is said plainly why not and nothing is sent."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from missions.errors import SettingsError
from telemetry.clock import ManualClock, SystemClock
from telemetry.tak import (
    CotEvent,
    TakLink,
    xml_of,
)
from tests.telemetry.tak_server import SOON, Server, event
from tests.waiting import eventually

# Certificates, made anew for each run of the tests.


def _certificate(
    folder: Path,
    name: str,
    *,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None,
    host: str = "127.0.0.1",
    server: bool = False,
    days: tuple[int, int] = (-1, 30),
    password: bytes | None = None,
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0] if days[1] > 0 else days[1] - 1))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer is None:
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        builder = builder.add_extension(usage, critical=True)
    else:
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer[1].public_key())
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        builder = builder.add_extension(identifier, critical=False)
    if server:
        place: x509.GeneralName
        try:
            place = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            place = x509.DNSName(host)
        builder = builder.add_extension(x509.SubjectAlternativeName([place]), critical=False)
    certificate = builder.sign(issuer[1] if issuer else key, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    how: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        how = serialization.BestAvailableEncryption(password)
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
    )
    return certificate, key


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki")
    ca = _certificate(folder, "ca")
    other = _certificate(folder, "other-ca")
    _certificate(folder, "server", issuer=ca, server=True)
    _certificate(folder, "named", issuer=ca, server=True, host="tak.example")
    _certificate(folder, "van", issuer=ca)
    _certificate(folder, "locked", issuer=ca, password=b"open sesame")
    _certificate(folder, "old", issuer=ca, days=(-9, -1))
    _certificate(folder, "stranger", issuer=other)
    (folder / "password").write_text("open sesame\n")
    (folder / "wrong").write_text("sesame\n")
    return folder


def tls_server(pki: Path, certificate: str = "server") -> Server:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / f"{certificate}.pem", pki / f"{certificate}.key")
    context.load_verify_locations(pki / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return Server(context)


def tls_address(server: Server, pki: Path, *, ours: str = "van", ca: str = "ca", more: str = "") -> str:
    trust = f"ca={pki}/{ca}.pem&" if ca else ""
    return f"tak+tls://127.0.0.1:{server.port}?{trust}cert={pki}/{ours}.pem&key={pki}/{ours}.key{more}"


def test_events_reach_a_server_over_tls_with_our_certificate(pki: Path) -> None:
    server = tls_server(pki)
    heard: list[CotEvent] = []
    sent = [event(number) for number in range(1, 51)]
    with TakLink(tls_address(server, pki), SystemClock(), heard.append, backoff_s=SOON) as link:
        for one in sent:
            link.offer(one)
        assert eventually(lambda: server.heard == sent)
        assert link.health.problem == ""
        server.say(*[event(number, uid=f"other-{number}") for number in range(300)])
        assert eventually(lambda: len(heard) == 300)
    server.close()


def test_a_locked_key_opens_with_its_password(pki: Path) -> None:
    server = tls_server(pki)
    address = tls_address(server, pki, ours="locked", more=f"&password_file={pki}/password")
    with TakLink(address, SystemClock(), backoff_s=SOON) as link:
        link.offer(event())
        assert eventually(lambda: len(server.heard) == 1)
    server.close()


@pytest.mark.parametrize(
    ("certificate", "address", "problem", "remedy"),
    [
        ("server", {"ca": "other-ca"}, "the server's certificate is not trusted", "ca="),
        ("server", {"ca": ""}, "the server's certificate is not trusted", "ca="),
        ("named", {}, "certificate is for another name", "name="),
        ("server", {"more": "&name=tak.example"}, "certificate is for another name", "verify=ca"),
        ("server", {"ours": "stranger"}, "the server refuses our certificate", "cert="),
    ],
)
def test_a_certificate_that_will_not_do_is_named_and_no_event_leaves(
    certificate: str, address: dict[str, str], problem: str, remedy: str, pki: Path
) -> None:
    server = tls_server(pki, certificate)
    with TakLink(tls_address(server, pki, **address), SystemClock(), backoff_s=SOON) as link:
        link.offer(event())
        assert eventually(lambda: problem in link.health.problem), link.health.problem
        assert remedy in link.health.problem
        assert server.heard == []
    server.close()


@pytest.mark.parametrize(
    ("certificate", "more", "problem"),
    [
        ("named", "&name=tak.example", ""),
        ("named", "&verify=ca", ""),
        ("named", "&verify=no", "the server's certificate is not checked"),
    ],
)
def test_a_server_of_another_name_can_be_named_or_let_in_and_that_is_said(
    certificate: str, more: str, problem: str, pki: Path
) -> None:
    server = tls_server(pki, certificate)
    with TakLink(tls_address(server, pki, more=more), SystemClock(), backoff_s=SOON) as link:
        link.offer(event())
        assert eventually(lambda: len(server.heard) == 1)
        assert link.health.problem == problem
    server.close()


def test_checking_who_signed_alone_still_refuses_a_stranger(pki: Path) -> None:
    server = tls_server(pki)
    with TakLink(
        tls_address(server, pki, ca="other-ca", more="&verify=ca"), SystemClock(), backoff_s=SOON
    ) as link:
        assert eventually(lambda: "not trusted" in link.health.problem)
    server.close()


def test_tls_where_the_other_side_speaks_none_is_said(pki: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"tak+tls://127.0.0.1:{listener.getsockname()[1]}?ca={pki}/ca.pem"
        with TakLink(address, SystemClock(), backoff_s=SOON) as link:
            connection, _ = listener.accept()
            connection.sendall(xml_of(event()))
            assert eventually(lambda: "TLS failed" in link.health.problem)
            assert "speaks TLS" in link.health.problem
            connection.close()


@pytest.mark.parametrize(
    ("ours", "more", "ca", "problem"),
    [
        ("missing", "", "ca", "cannot be read"),
        ("van", "", "missing", "cannot be read"),
        ("van", "", "van-key", "no certificate of a CA"),
        ("password", "", "ca", "cannot be read"),
        ("old", "", "ca", "expired on"),
        ("locked", "", "ca", "needs password_file="),
        ("locked", "wrong", "ca", "needs password_file="),
    ],
)
def test_files_that_will_not_do_are_refused_at_once(
    ours: str, more: str, ca: str, problem: str, pki: Path
) -> None:
    trust = pki / "van.key" if ca == "van-key" else pki / f"{ca}.pem"
    password = f"&password_file={pki}/{more}" if more else ""
    address = f"tak+tls://127.0.0.1:1?ca={trust}&cert={pki}/{ours}.pem&key={pki}/{ours}.key{password}"
    with pytest.raises(SettingsError, match=problem):
        TakLink(address, SystemClock())


def test_a_key_of_another_certificate_and_a_certificate_of_tomorrow_are_refused(pki: Path) -> None:
    address = f"tak+tls://127.0.0.1:1?cert={pki}/van.pem&key={pki}/old.key"
    with pytest.raises(SettingsError, match="not the key of"):
        TakLink(address, SystemClock())
    with pytest.raises(SettingsError, match="begins only on"):
        TakLink(address, ManualClock(1_000_000_000))
    with pytest.raises(SettingsError, match="no certificate"):
        TakLink(f"tak+tls://127.0.0.1:1?cert={pki}/van.key&key={pki}/van.key", SystemClock())
