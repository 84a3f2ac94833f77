"""The keys that vehicles sign with, from a file that only its owner can read.

[keys]
1 = "8f2c…"                      # vehicle 1: 64 hexadecimal digits
7 = { passphrase = "…" }         # vehicle 7: the key is its SHA-256, as Mission Planner makes it
"""

from __future__ import annotations

import hashlib
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from missions.errors import FormatError, InputError
from missions.files import read_bounded

KEY_BYTES = 32
_LIMIT_BYTES = 100_000
_LEAST_PASSPHRASE = 12


def key_of_passphrase(passphrase: str) -> bytes:
    """The key that ground stations make of a passphrase: its SHA-256."""
    return hashlib.sha256(passphrase.encode()).digest()


def read_keys(path: Path) -> dict[int, bytes]:
    """Each vehicle's key by its system number.

    Raises InputError where the file cannot be read or others may read it, FormatError for what is no key.
    """
    text = read_bounded(path, _LIMIT_BYTES, "the file of keys")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise InputError(
            "others may read these keys", where=str(path), remedy=f"Run chmod 600 {path}, and use new keys"
        )
    try:
        held = tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        # Not the error's own words: they may quote what stands there, and that may be a key.
        raise FormatError(
            "this is no TOML", where=str(path), remedy='Write lines like 1 = "64 digits"'
        ) from None
    table = held.get("keys")
    if not isinstance(table, Mapping) or not table:
        raise FormatError(
            "there is no table [keys] with a key in it",
            where=str(path),
            remedy='Write [keys], and below it lines like 1 = "64 digits"',
        )
    return {_system(name, path): _key(value, f"{path}, key of {name}") for name, value in table.items()}


def _system(name: str, path: Path) -> int:
    number = int(name) if name.isascii() and name.isdigit() and len(name) <= 3 else 0
    if not 1 <= number <= 255:
        raise FormatError(f"{name!r} is no vehicle", where=str(path), remedy="Give its number, 1 to 255")
    return number


def _key(value: Any, where: str) -> bytes:
    if isinstance(value, Mapping):
        passphrase = value.get("passphrase")
        if not isinstance(passphrase, str) or len(passphrase) < _LEAST_PASSPHRASE:
            raise FormatError(
                "there is no passphrase of 12 letters or more", where=where, remedy="Give a longer one"
            )
        return key_of_passphrase(passphrase)
    try:
        key = bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES or not any(key):
        raise FormatError(
            "this is no key", where=where, remedy="Give 64 hexadecimal digits, as of: openssl rand -hex 32"
        )
    return key
