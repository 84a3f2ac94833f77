"""Ed25519 keys that sign evidence, as PEM files that openssl reads too."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from missions.errors import InputError, OutputError
from missions.files import read_bounded, write_whole

KEY_LIMIT_BYTES = 10_000
_PEM = serialization.Encoding.PEM
_SPKI = serialization.PublicFormat.SubjectPublicKeyInfo


def create(path: Path) -> Ed25519PrivateKey:
    """A new private key in `path` (mode 0600), its public half beside it as `<name>.pub.pem`.

    Raises OutputError where a key already stands there: losing a key is losing what it proves.
    """
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise OutputError(
            "a key is there already", where=str(path), remedy="Keep it, or choose another path"
        ) from error
    except OSError as error:
        raise OutputError(
            f"the key cannot be written ({error.strerror})", where=str(path), remedy="Choose another path"
        ) from error
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(handle)
    write_whole(public_path(path), public_pem(key.public_key()))
    return key


def load(path: Path) -> Ed25519PrivateKey:
    """The private key in `path`. Raises InputError where it is none, or where others may read it."""
    pem = read_bounded(path, KEY_LIMIT_BYTES, "the signing key")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise InputError(
            "others may read this private key",
            where=str(path),
            remedy=f"Run chmod 600 {path}, or make a new one",
        )
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _no_key(path, "private") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path, "private")
    return key


def load_public(path: Path) -> Ed25519PublicKey:
    """The public key in `path`. Raises InputError where it is none."""
    try:
        key = serialization.load_pem_public_key(read_bounded(path, KEY_LIMIT_BYTES, "the public key"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key(path, "public") from error
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key(path, "public")
    return key


def public_path(path: Path) -> Path:
    """Where the public half of the private key in `path` is kept."""
    return path.with_suffix(".pub.pem")


def public_pem(key: Ed25519PublicKey) -> bytes:
    """The key as PEM (SubjectPublicKeyInfo, RFC 8410)."""
    return key.public_bytes(_PEM, _SPKI)


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of the key's DER: `openssl pkey -pubin -in KEY -outform DER | sha256sum` gives the same."""
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, _SPKI)).hexdigest()


def _no_key(path: Path, half: str) -> InputError:
    return InputError(
        f"not an Ed25519 {half} key in PEM, without a password",
        where=str(path),
        remedy="Make one with `droneteam keys new`",
    )
