"""Seal an operation: a BagIt 1.0 folder (RFC 8493) with an Ed25519 signature over its tag manifest.

    bagit.txt bag-info.txt README.txt verify.py public-key.pem
    data/                         operation.json, audit.jsonl and every file that entered
    manifest-sha256.txt           the hash of each file in data
    tagmanifest-sha256.txt        the hash of each file above, the manifest too
    tagmanifest-sha256.txt.sig    the signature of that, 64 bytes

The signature covers the tag manifest, that covers the manifest, and that covers every file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from missions.errors import EvidenceError, OutputError
from missions.version import version_of
from ops import keys, verify_alone
from ops.evidence.readme import readme
from ops.layout import DOCUMENT, LOG
from ops.operations import Operation

SEALING = "evidence.sealing"
SEALED = "evidence.sealed"


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was sealed: where, how much, by which key, and what stayed behind."""

    folder: Path
    files: int
    size_bytes: int
    fingerprint: str
    seal_sha256: str
    """SHA-256 of the tag manifest: the one number that stands for the whole bundle."""
    strangers: tuple[str, ...]
    """Files that lie in the operation's folder but never entered it, and so are not sealed."""


def bundle(
    operation: Operation,
    folder: Path,
    key: Ed25519PrivateKey,
    on_file: Callable[[str], None] = lambda _: None,
) -> Bundle:
    """Seal every file that entered `operation` into `folder`, which must not exist: whole or not at all.

    Raises EvidenceError where a file is gone or changed since it entered, or the log is not sound;
    OutputError where the folder exists or cannot be written.
    """
    if folder.exists() or folder.is_symlink():
        raise OutputError("something is there already", where=str(folder), remedy="Choose a new folder")
    chain = operation.log.verify()
    if chain.problems:
        raise EvidenceError(
            f"the log is not sound: {chain.problems[0].text}",
            where=str(operation.log.path),
            remedy="Restore it from a bundle or a copy",
        )
    temporary = folder.with_name(f".{folder.name}.{uuid4().hex[:8]}")
    print_of_key = keys.fingerprint(key.public_key())
    try:
        manifest = _write_payload(operation, temporary / "data", folder, print_of_key, on_file)
        seal_sha256 = _write_tags(operation, temporary, manifest, key)
        temporary.rename(folder)
        _sync(folder.parent)
    except OSError as error:
        raise OutputError(
            f"the bundle cannot be written ({error.strerror or error})",
            where=str(folder),
            remedy="Choose a folder that you may write to, with room left on the disk",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    operation.record(SEALED, folder=folder.name, seal_sha256=seal_sha256, key_sha256=print_of_key)
    size_bytes = sum(size for _, size in manifest.values())
    return Bundle(folder, len(manifest), size_bytes, print_of_key, seal_sha256, operation.strangers())


def _write_payload(
    operation: Operation, data: Path, folder: Path, print_of_key: str, on_file: Callable[[str], None]
) -> dict[str, tuple[str, int]]:
    """Copy what entered before this sealing, and the log up to it; gives path to hash and size."""
    data.mkdir(parents=True)
    sealing = operation.record(SEALING, folder=folder.name, key_sha256=print_of_key)
    log = b"".join(operation.log.snapshot().splitlines(keepends=True)[: sealing.sequence])
    manifest = {f"data/{LOG}": _written(data / LOG, log)}
    manifest[f"data/{DOCUMENT}"] = _copied(operation.folder / DOCUMENT, data / DOCUMENT)
    entered = verify_alone.check_chain(data / LOG).entered
    for name in sorted(entered):
        path = name.removeprefix("data/")
        on_file(path)
        manifest[name] = _copied(operation.folder / path, data / path)
        if manifest[name][0] != entered[name]:
            raise EvidenceError(
                "the file changed after it entered the operation",
                where=str(operation.folder / path),
                remedy="Restore it: its hash is in the log",
            )
    return manifest


def _write_tags(
    operation: Operation, bag: Path, manifest: dict[str, tuple[str, int]], key: Ed25519PrivateKey
) -> str:
    """Write what surrounds the payload and sign it; gives the tag manifest's hash."""
    size_bytes = sum(size for _, size in manifest.values())
    sealed_at = operation.store.newest(SEALING)["time"]
    info = {
        "Bag-Software-Agent": f"droneteam {version_of()}",
        "Bagging-Date": sealed_at[:10],
        "External-Description": _one_line(f"{operation.kind}: {operation.name}"),
        "External-Identifier": operation.id,
        "Payload-Oxum": f"{size_bytes}.{len(manifest)}",
    }
    public = key.public_key()
    script = Path(verify_alone.__file__).read_bytes()
    tags = {
        "README.txt": readme(operation.name, sealed_at, keys.fingerprint(public)).encode(),
        "bag-info.txt": "".join(f"{name}: {value}\n" for name, value in info.items()).encode(),
        "bagit.txt": verify_alone.DECLARATION,
        verify_alone.MANIFEST: _manifest({path: digest for path, (digest, _) in manifest.items()}),
        verify_alone.PUBLIC_KEY: keys.public_pem(public),
        "verify.py": script,
    }
    tag_manifest = _manifest({name: _written(bag / name, data)[0] for name, data in tags.items()})
    _written(bag / verify_alone.SIGNATURE, key.sign(tag_manifest))
    return _written(bag / verify_alone.TAG_MANIFEST, tag_manifest)[0]


def _manifest(hashes: dict[str, str]) -> bytes:
    return "".join(f"{hashes[path]}  {path}\n" for path in sorted(hashes)).encode()


def _one_line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:200]


def _copied(source: Path, target: Path) -> tuple[str, int]:
    """Copy a file, hashing what is written: its SHA-256 and size."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    try:
        reading = source.open("rb")
    except OSError as error:
        raise EvidenceError(
            f"the file that entered cannot be read ({error.strerror})", where=str(source), remedy="Restore it"
        ) from error
    with reading, target.open("xb") as writing:
        while part := reading.read(1 << 20):
            digest.update(part)
            size += writing.write(part)
        writing.flush()
        os.fsync(writing.fileno())
    return digest.hexdigest(), size


def _written(target: Path, data: bytes) -> tuple[str, int]:
    with target.open("xb") as writing:
        writing.write(data)
        writing.flush()
        os.fsync(writing.fileno())
    return hashlib.sha256(data).hexdigest(), len(data)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
