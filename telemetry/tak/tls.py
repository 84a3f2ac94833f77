"""TLS to a TAK server: our certificate, its certificate, and plain words when either will not do."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from missions.errors import FormatError, InputError, SettingsError
from missions.files import read_bounded
from telemetry.tak.addresses import TakAddress

_MAX_BYTES = 1_000_000
_PEM = "TLS files are PEM; a .p12 becomes one with: openssl pkcs12 -in FILE.p12 -out FILE.pem"


def tls_context(address: TakAddress, now_s: float) -> ssl.SSLContext:
    """The context for one address, at least TLS 1.2. Raises SettingsError naming the file and what is wrong.

    With `ca` nobody else is believed; without it those whom the system trusts.
    """
    context = _trusting(address)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if address.verify != "yes":
        context.check_hostname = False
    if address.verify == "no":
        context.verify_mode = ssl.CERT_NONE
    if address.cert is not None and address.key is not None:
        _check_certificate(address.cert, now_s)
        _load_ours(context, address.cert, address.key, address.password_file)
    return context


def why(error: OSError, address: TakAddress) -> tuple[str, str]:
    """What went wrong with a connection, and the remedy."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message or str(error)
        if error.verify_code in {62, 64}:  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
            return (
                f"the server's certificate is for another name ({reason})",
                "Give the name that is in it with name=, or check only who signed it with verify=ca",
            )
        return (
            f"the server's certificate is not trusted ({reason})",
            "Give the certificate of who signed it with ca=",
        )
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or str(error)).replace("_", " ").lower()
        if "alert" in reason and any(word in reason for word in ("certificate", "unknown ca", "denied")):
            return (
                f"the server refuses our certificate ({reason})",
                "Give one that it knows with cert= and key=",
            )
        return f"TLS failed ({reason})", f"Check that port {address.port} speaks TLS"
    return f"the server cannot be reached ({error.strerror or error})", "Check the host and the port"


def _trusting(address: TakAddress) -> ssl.SSLContext:
    if address.ca is None:
        return ssl.create_default_context()
    data = _read(address.ca)
    try:
        return ssl.create_default_context(cadata=data.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise _unusable(address.ca, "it holds no certificate of a CA") from error


def _check_certificate(path: Path, now_s: float) -> None:
    """Refuse what is no certificate, and what is not valid now, before a server does so in riddles."""
    try:
        certificate = x509.load_pem_x509_certificate(_read(path))
    except ValueError as error:
        raise _unusable(path, "it holds no certificate") from error
    now = datetime.fromtimestamp(now_s, UTC)
    if now > certificate.not_valid_after_utc:
        raise _unusable(path, f"the certificate expired on {certificate.not_valid_after_utc:%Y-%m-%d}")
    if now < certificate.not_valid_before_utc:
        raise _unusable(path, f"the certificate begins only on {certificate.not_valid_before_utc:%Y-%m-%d}")


def _load_ours(context: ssl.SSLContext, cert: Path, key: Path, password_file: Path | None) -> None:
    password = _read(password_file).strip() if password_file is not None else b""
    _read(key)
    try:
        # a password is always given, as OpenSSL would ask for one at the terminal and wait
        context.load_cert_chain(cert, key, password=lambda: password or b"\0")
    except ssl.SSLError as error:
        reason = (error.reason or str(error)).replace("_", " ").lower()
        if "mismatch" in reason:
            raise _unusable(key, f"it is not the key of {cert}") from error
        raise _unusable(
            key, f"the key cannot be read ({reason}); one with a password needs password_file="
        ) from error


def _read(path: Path) -> bytes:
    try:
        return read_bounded(path, _MAX_BYTES, "the file")
    except FormatError:
        raise
    except InputError as error:
        raise SettingsError(error.what, where=error.where, remedy=error.remedy) from error


def _unusable(path: Path, what: str) -> SettingsError:
    return SettingsError(what, where=str(path), remedy=_PEM)
