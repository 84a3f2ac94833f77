"""Keys: made once, readable by their owner alone, and openssl agrees about them."""

from __future__ import annotations

import hashlib
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from missions.errors import InputError, OutputError
from ops import keys


def test_a_key_is_kept_for_its_owner_alone_and_loads_again(tmp_path: Path) -> None:
    made = keys.create(tmp_path / "deep" / "key.pem")
    path = tmp_path / "deep" / "key.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.fingerprint(keys.load(path).public_key()) == keys.fingerprint(made.public_key())
    assert keys.fingerprint(keys.load_public(tmp_path / "deep" / "key.pub.pem")) == keys.fingerprint(
        made.public_key()
    )


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    keys.create(path)
    before = path.read_bytes()
    with pytest.raises(OutputError):
        keys.create(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key.pem"
    keys.create(path)
    path.chmod(mode)
    with pytest.raises(InputError, match="chmod 600"):
        keys.load(path)


def test_what_is_no_ed25519_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    for data in (
        b"",
        b"hello",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        bytes(20_000),
    ):
        path.write_bytes(data)
        path.chmod(0o600)
        with pytest.raises(InputError):
            keys.load(path)
        with pytest.raises(InputError):
            keys.load_public(path)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl on this machine")
def test_openssl_makes_the_same_fingerprint_and_its_other_keys_are_refused(tmp_path: Path) -> None:
    key = keys.create(tmp_path / "key.pem").public_key()
    command = ["openssl", "pkey", "-pubin", "-in", str(tmp_path / "key.pub.pem"), "-outform", "DER"]
    der = subprocess.run(command, capture_output=True, check=True).stdout
    assert hashlib.sha256(der).hexdigest() == keys.fingerprint(key)
    other = tmp_path / "rsa.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "X25519", "-out", str(other)], check=True)
    other.chmod(0o600)
    with pytest.raises(InputError, match="Ed25519"):
        keys.load(other)
