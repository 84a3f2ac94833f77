"""Check a sealed operation: every file's hash, the chain of its log, and the signature over it all.

This file needs Python 3.9 or newer and nothing else; the signature is checked by calling openssl. A copy of
it lies in every bag as verify.py. A copy inside a bag can be altered like anything else there: compare it
with one that you trust, or use `sha256sum -c` and `openssl` as README.txt explains.

    python3 verify.py [--key trusted-public-key.pem] [FOLDER]

It leaves with 0 where all is as it was sealed, 1 where anything differs and 2 where it cannot be run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
SIGNATURE = "tagmanifest-sha256.txt.sig"
PUBLIC_KEY = "public-key.pem"
LOG = "data/audit.jsonl"
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
FIRST_PREVIOUS = "0" * 64
ENTERED = "file.entered"

LINE_LIMIT_BYTES = 1_000_000
MANIFEST_LIMIT_BYTES = 256_000_000
TAG_LIMIT_BYTES = 1_000_000
FILE_LIMIT_BYTES = 2**40
FILES_LIMIT = 2_000_000
PROBLEMS_LIMIT = 1000

_MANIFEST_LINE = re.compile(r"([0-9a-f]{64})  ([^\x00-\x1f\x7f\\]+)")


@dataclass(frozen=True)
class Problem:
    """What is not as it was sealed. `kind`: missing, extra, altered, unsafe, format, chain or signature."""

    path: str
    kind: str
    text: str


@dataclass
class Chain:
    """What a log's lines prove: how many follow on from each other, and the files that they entered."""

    lines: int = 0
    head: str = FIRST_PREVIOUS
    torn: bool = False
    problems: list[Problem] = field(default_factory=list)
    entered: dict[str, str] = field(default_factory=dict)


@dataclass
class Contents:
    """What a bag holds: files and bytes of payload, each file's sealed hash, and what is wrong."""

    files: int = 0
    size_bytes: int = 0
    hashes: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def canonical(value: object) -> bytes:
    """The one way to write a value as JSON: keys sorted, no spaces, UTF-8, no NaN."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def hash_of_line(line: dict[str, Any]) -> str:
    """The hash that a log line carries: SHA-256 of its canonical JSON without `hash`."""
    return hashlib.sha256(canonical({name: line[name] for name in line if name != "hash"})).hexdigest()


def read_lines(log: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """The lines of a log without their ends, and whether each was whole; never more than a bound at once."""
    while raw := log.readline(LINE_LIMIT_BYTES + 1):
        yield raw.rstrip(b"\n"), raw.endswith(b"\n")


def check_chain(path: Path, name: str = LOG) -> Chain:
    """Follow a log from its first line: sequence, previous hash and own hash of each."""
    chain = Chain()
    with path.open("rb") as log:
        previous = FIRST_PREVIOUS
        for raw, whole in read_lines(log):
            if not whole:
                chain.torn = True
                chain.problems.append(
                    Problem(name, "chain", "the last line is torn off, or longer than a line may be")
                )
                break
            fault = _fault_of_line(raw, chain.lines + 1, previous)
            if isinstance(fault, str):
                chain.problems.append(Problem(name, "chain", f"line {chain.lines + 1} {fault}"))
                break
            previous = hashlib.sha256(raw).hexdigest()
            chain.lines += 1
            _note_entered(chain, fault)
        chain.head = previous
    if not chain.lines and not chain.problems:
        chain.problems.append(Problem(name, "chain", "the log is empty"))
    return chain


def _fault_of_line(raw: bytes, sequence: int, previous: str) -> str | dict[str, Any]:
    """What is wrong with a line, or the line itself."""
    try:
        line = json.loads(raw)
        same = isinstance(line, dict) and canonical(line) == raw
    except (ValueError, RecursionError):
        return "is no JSON"
    if not same:
        return "is not written as it was sealed"
    if line.get("sequence") != sequence:
        return f"has sequence {line.get('sequence')!r}: lines were removed, added or moved"
    if line.get("previous") != previous:
        return "does not follow on from the line before it, which was altered"
    if line.get("hash") != hash_of_line(line):
        return "was altered: its hash does not fit"
    return dict(line)


def _note_entered(chain: Chain, line: dict[str, Any]) -> None:
    details = line.get("details")
    if line.get("action") == ENTERED and isinstance(details, dict):
        chain.entered[f"data/{details.get('path')}"] = str(details.get("sha256"))


def check_files(folder: Path, on_file: Callable[[str], None] = lambda _: None) -> Contents:
    """Compare every file of a bag with its manifests. Reads nothing outside the bag and follows no link."""
    contents = Contents()
    present = _present(folder, contents.problems)
    declaration = _read_small(folder, "bagit.txt", present, contents.problems)
    if declaration is not None and declaration != DECLARATION:
        contents.problems.append(Problem("bagit.txt", "format", "is not the declaration of a BagIt 1.0 bag"))
    tags = _read_manifest(folder, TAG_MANIFEST, present, contents.problems)
    payload = _read_manifest(folder, MANIFEST, present, contents.problems)
    for path in [path for path in tags if path.startswith("data/")]:
        contents.problems.append(Problem(path, "format", f"is payload, which {TAG_MANIFEST} may not list"))
        del tags[path]
    for path in [path for path in payload if not path.startswith("data/")]:
        contents.problems.append(Problem(path, "unsafe", f"lies outside data, which {MANIFEST} may not list"))
        del payload[path]
    for required in ("bagit.txt", "bag-info.txt", MANIFEST, PUBLIC_KEY):
        if tags and required not in tags:
            contents.problems.append(Problem(required, "format", f"is not sealed by {TAG_MANIFEST}"))
    _check_size(folder, present, contents)
    for path, sealed in sorted({**tags, **payload}.items()):
        on_file(path)
        _check_file(folder, path, sealed, present, contents.problems)
    listed = {*tags, *payload, TAG_MANIFEST, SIGNATURE}
    contents.problems.extend(
        Problem(path, "extra", "was not there when the bag was sealed")
        for path in sorted(set(present) - listed)
    )
    contents.hashes = payload
    return contents


def _present(folder: Path, problems: list[Problem]) -> dict[str, int]:
    """Every regular file of the bag with its size; whatever is no file or folder is a problem."""
    present: dict[str, int] = {}
    waiting = [folder]
    while waiting:
        for entry in sorted(os.scandir(waiting.pop()), key=lambda entry: entry.name):
            path = Path(entry.path)
            name = path.relative_to(folder).as_posix()
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                waiting.append(path)
            elif stat.S_ISREG(mode):
                present[name] = entry.stat(follow_symlinks=False).st_size
            else:
                kind = "a symbolic link" if stat.S_ISLNK(mode) else "neither file nor folder"
                problems.append(Problem(name, "unsafe", f"is {kind}, which a bag may not hold"))
            if len(present) > FILES_LIMIT:
                problems.append(Problem(".", "unsafe", f"holds more than {FILES_LIMIT} files"))
                return present
    return present


def _read_small(
    folder: Path, name: str, present: dict[str, int], problems: list[Problem], limit: int = TAG_LIMIT_BYTES
) -> bytes | None:
    if name not in present:
        problems.append(Problem(name, "missing", "is missing"))
        return None
    if present[name] > limit:
        problems.append(Problem(name, "unsafe", f"is larger than {limit} bytes and was not read"))
        return None
    return (folder / name).read_bytes()


def _read_manifest(
    folder: Path, name: str, present: dict[str, int], problems: list[Problem]
) -> dict[str, str]:
    """Path to hash, of the lines that are sound; the others become problems."""
    data = _read_small(folder, name, present, problems, MANIFEST_LIMIT_BYTES)
    sealed: dict[str, str] = {}
    if data is None:
        return sealed
    try:
        lines = data.decode().split("\n")
    except UnicodeDecodeError:
        problems.append(Problem(name, "format", "is not UTF-8"))
        return sealed
    if lines.pop():
        problems.append(Problem(name, "format", "is cut off in its last line"))
    for number, line in enumerate(lines, 1):
        found = _MANIFEST_LINE.fullmatch(line)
        fault = _fault_of_path(found[2], sealed) if found else "is not a hash and a path"
        if found and not fault:
            sealed[found[2]] = found[1]
        elif len(problems) < PROBLEMS_LIMIT:
            problems.append(Problem(name, "unsafe" if found else "format", f"line {number} {fault}"))
    return sealed


def _fault_of_path(path: str, seen: dict[str, str]) -> str:
    parts = path.split("/")
    if path.startswith(("/", "~")) or any(part in ("", ".", "..") for part in parts):
        return f"names {path!r}, which leaves the bag"
    if path in seen:
        return f"names {path!r} a second time"
    return ""


def _check_size(folder: Path, present: dict[str, int], contents: Contents) -> None:
    """Compare the payload with bag-info.txt before anything is hashed, so that absurd sizes cost nothing."""
    payload = {path: size for path, size in present.items() if path.startswith("data/")}
    contents.files, contents.size_bytes = len(payload), sum(payload.values())
    info = _read_small(folder, "bag-info.txt", present, contents.problems)
    if info is None:
        return
    oxum = re.search(rb"^Payload-Oxum: (\d{1,18})\.(\d{1,9})$", info, re.MULTILINE)
    if not oxum or (int(oxum[1]), int(oxum[2])) != (contents.size_bytes, contents.files):
        text = f"does not agree with the payload: {contents.size_bytes} bytes in {contents.files} files"
        contents.problems.append(Problem("bag-info.txt", "altered", text))


def _check_file(
    folder: Path, path: str, sealed: str, present: dict[str, int], problems: list[Problem]
) -> None:
    if path not in present:
        problems.append(Problem(path, "missing", "is missing"))
    elif present[path] > FILE_LIMIT_BYTES:
        problems.append(Problem(path, "unsafe", "is absurdly large and was not read"))
    elif hash_of_file(folder / path) != sealed:
        problems.append(Problem(path, "altered", "is not what was sealed: its SHA-256 differs"))


def hash_of_file(path: Path) -> str:
    """SHA-256 of a file, a part at a time, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def check_custody(contents: Contents, chain: Chain) -> list[Problem]:
    """What is sealed must have entered the operation with that hash, and what entered must be sealed."""
    problems = []
    for path, sealed in contents.hashes.items():
        if path in (LOG, "data/operation.json"):
            continue
        entered = chain.entered.get(path)
        if entered is None:
            problems.append(Problem(path, "chain", "is sealed, but the log has no line of its entering"))
        elif entered != sealed:
            problems.append(Problem(path, "chain", "was altered between entering the operation and sealing"))
    absent = sorted(set(chain.entered) - set(contents.hashes))
    return problems + [
        Problem(path, "missing", "entered the operation, but was not sealed") for path in absent
    ]


def check_contents(folder: Path, on_file: Callable[[str], None] = lambda _: None) -> tuple[Contents, Chain]:
    """All but the signature: the files, the log's chain, and the one against the other."""
    contents = check_files(folder, on_file)
    chain = Chain()
    if LOG in contents.hashes and (folder / LOG).is_file() and not (folder / LOG).is_symlink():
        chain = check_chain(folder / LOG)
        contents.problems += chain.problems + check_custody(contents, chain)
    else:
        contents.problems.append(Problem(LOG, "missing", "the log is not in the bag"))
    return contents, chain


def check_signature(folder: Path, key: Path) -> list[Problem]:
    """Ask openssl whether `key` signed the tag manifest."""
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(key), "-rawin"]
    command += ["-in", str(folder / TAG_MANIFEST), "-sigfile", str(folder / SIGNATURE)]
    try:
        result = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        return [Problem(SIGNATURE, "signature", f"was not checked: openssl cannot be run ({error})")]
    if result.returncode != 0:
        return [Problem(SIGNATURE, "signature", f"does not fit {TAG_MANIFEST} and {key.name}")]
    return []


def fingerprint(pem: str) -> str:
    """SHA-256 of a public key's DER, in hexadecimal; empty where the text is no PEM."""
    body = re.search(r"-----BEGIN PUBLIC KEY-----(.*?)-----END PUBLIC KEY-----", pem, re.DOTALL)
    try:
        return hashlib.sha256(base64.b64decode(body[1])).hexdigest() if body else ""
    except ValueError:
        return ""


def main(arguments: list[str]) -> int:
    """The command: what it found goes to standard output."""
    key_given = len(arguments) >= 2 and arguments[0] == "--key"
    key = Path(arguments[1]) if key_given else None
    rest = arguments[2:] if key_given else arguments
    folder = Path(rest[0]) if rest else Path(__file__).resolve().parent
    if len(rest) > 1 or not folder.is_dir() or (key and not key.is_file()):
        sys.stderr.write(__doc__ or "")
        return 2
    contents, chain = check_contents(folder)
    pem = key or folder / PUBLIC_KEY
    problems = contents.problems + check_signature(folder, pem)
    for problem in problems[:PROBLEMS_LIMIT]:
        _say(f"{problem.kind.upper()}: {problem.path}: {problem.text}")
    _say(f"{contents.files} files, {contents.size_bytes} bytes, {chain.lines} lines of log")
    print_of_key = fingerprint(pem.read_text("ascii", "replace")) if pem.is_file() else ""
    _say(f"public key {'given' if key else 'in the bag'}: SHA-256 {print_of_key or 'none'}")
    if not key:
        _say("Compare that with the fingerprint that the team published, or give their key with --key.")
    _say("NOT as it was sealed." if problems else "Everything is as it was sealed.")
    return 1 if problems else 0


def _say(text: str) -> None:
    sys.stdout.write(text.encode("ascii", "backslashreplace").decode() + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
