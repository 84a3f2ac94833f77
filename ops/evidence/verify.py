"""Say what in a bundle is not as it was sealed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from missions.errors import InputError
from ops import keys, verify_alone
from ops.verify_alone import PUBLIC_KEY, SIGNATURE, TAG_MANIFEST, Problem


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was found. `problems` is empty where everything is as it was sealed."""

    folder: Path
    problems: tuple[Problem, ...]
    files: int
    size_bytes: int
    log_lines: int
    fingerprint: str
    """SHA-256 of the key that the signature was checked with; empty where there was none."""
    key_given: bool
    """Whether that key came from outside the bundle; the one inside proves only that all is of one make."""

    @property
    def sound(self) -> bool:
        """Whether everything is as it was sealed."""
        return not self.problems


def verify(
    folder: Path, public_key: Ed25519PublicKey | None = None, on_file: Callable[[str], None] = lambda _: None
) -> VerifyReport:
    """Check a bundle: every file, missing and added ones, the log's chain, and the signature.

    `public_key` is the key that must have signed; without one, the key in the bundle is used and its
    fingerprint is for the reader to compare. Nothing outside the folder is read and no link is followed.
    Raises InputError where there is no folder to check.
    """
    if not folder.is_dir():
        raise InputError(
            "no bundle is here", where=str(folder), remedy="Give the folder that holds bagit.txt"
        )
    try:
        contents, chain = verify_alone.check_contents(folder, on_file)
        signature, key = _check_signature(folder, public_key)
    except OSError as error:
        raise InputError(
            f"cannot be read ({error.strerror or error})", where=str(error.filename or folder)
        ) from error
    return VerifyReport(
        folder=folder,
        problems=tuple(contents.problems + signature),
        files=contents.files,
        size_bytes=contents.size_bytes,
        log_lines=chain.lines,
        fingerprint=keys.fingerprint(key) if key else "",
        key_given=public_key is not None,
    )


def _check_signature(
    folder: Path, given: Ed25519PublicKey | None
) -> tuple[list[Problem], Ed25519PublicKey | None]:
    problems: list[Problem] = []
    inside = _key_inside(folder, problems)
    key = given or inside
    if given and inside and keys.fingerprint(given) != keys.fingerprint(inside):
        problems.append(Problem(PUBLIC_KEY, "signature", "is not the key that you gave"))
    signature = _small(folder / SIGNATURE, 64)
    signed = _small(folder / TAG_MANIFEST, verify_alone.MANIFEST_LIMIT_BYTES)
    if key is None or signature is None or signed is None:
        missing = SIGNATURE if signature is None else TAG_MANIFEST if signed is None else PUBLIC_KEY
        return [*problems, Problem(missing, "signature", "is not there to check the signature with")], key
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        problems.append(Problem(SIGNATURE, "signature", f"does not fit {TAG_MANIFEST} and the key"))
    return problems, key


def _key_inside(folder: Path, problems: list[Problem]) -> Ed25519PublicKey | None:
    path = folder / PUBLIC_KEY
    if path.is_symlink() or not path.is_file():
        return None
    try:
        return keys.load_public(path)
    except InputError as error:
        problems.append(Problem(PUBLIC_KEY, "signature", f"is {error.what}"))
        return None


def _small(path: Path, limit_bytes: int) -> bytes | None:
    """The bytes of a file in the bundle, never more than a bound and one; None where it is no plain file."""
    if path.is_symlink() or not path.is_file():
        return None
    with path.open("rb") as file:
        return file.read(limit_bytes + 1)
