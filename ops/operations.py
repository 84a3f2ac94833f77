"""One operation: a folder that holds everything, each file with its hash, each act in the log.

operation.json      what it is: id, name, kind, created
audit.jsonl         the hash-chained log; with operation.json it is the record
droneteam.sqlite    an index of the log, rebuilt where it is missing
plans/ telemetry/ photos/ scenes/ control/ priors/ measurements/ sheets/ frames/ finds/ volumes/ pictures/
searches/
"""

from __future__ import annotations

import getpass
import json
import os
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from missions.errors import EvidenceError, FormatError, InputError, OutputError
from missions.files import read_bounded
from ops.audit import AuditLog, Line
from ops.beside import follows
from ops.intake import copy_new, numbered, safe_name
from ops.layout import DOCUMENT, INDEX, LOG
from ops.store import Store
from ops.times import utc_text
from ops.verify_alone import ENTERED, hash_of_file
from telemetry.clock import Clock, SystemClock

FORMAT = "droneteam-operation"
VERSION = 1
DOCUMENT_LIMIT_BYTES = 100_000


class OperationKind(StrEnum):
    """What the team was called for."""

    MISSING_PERSON = "missing-person"
    CRASH_SCENE = "crash-scene"
    DISTURBANCE = "disturbance"
    PATROL = "patrol"
    EXERCISE = "exercise"


FOLDERS = MappingProxyType(
    {
        "plan": "plans",
        "telemetry": "telemetry",
        "photo": "photos",
        "scene": "scenes",
        "control": "control",
        "prior": "priors",
        "measurement": "measurements",
        "sheet": "sheets",
        "frame": "frames",
        "find": "finds",
        "volume": "volumes",
        "picture": "pictures",
        "search": "searches",
    }
)
"""Kind of file to the folder that keeps it."""


@dataclass(frozen=True, slots=True)
class EnteredFile:
    """A file of the operation: its path within the folder, and what it was when it entered."""

    path: str
    kind: str
    bytes: int
    sha256: str
    entered: str


class Operation:
    """One operation on disk. Make one with `create`, open one with `open`."""

    def __init__(self, folder: Path, document: dict[str, str], log: AuditLog, store: Store) -> None:
        self.folder = folder
        self.id = document["id"]
        self.name = document["name"]
        self.kind = OperationKind(document["kind"])
        self.created = document["created"]
        self.log = log
        self.store = store

    @classmethod
    def create(
        cls,
        folder: Path,
        name: str,
        kind: OperationKind | str,
        clock: Clock | None = None,
        *,
        actor: str = "",
    ) -> Operation:
        """A new operation in `folder`, which must not exist or be empty; whole or not at all."""
        clock = clock or SystemClock()
        document = {
            "format": FORMAT,
            "version": VERSION,
            "id": str(uuid4()),
            "name": name,
            "kind": _kind(kind).value,
            "created": utc_text(clock),
        }
        target = _free(folder)
        temporary = target.with_name(f".{target.name}.{uuid4().hex[:8]}")
        try:
            for each in FOLDERS.values():
                (temporary / each).mkdir(parents=True)
            (temporary / DOCUMENT).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
            AuditLog(temporary / LOG, clock, actor or login_name()).append(
                "operation.created", {name: document[name] for name in ("id", "name", "kind")}
            )
            _sync_folder(temporary)
            temporary.replace(target)
            _sync_folder(target.parent)
        except OSError as error:
            raise _not_made(folder, error) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return cls.open(folder, clock, actor=actor)

    @classmethod
    def open(
        cls, folder: Path, clock: Clock | None = None, *, actor: str = "", rebuild: bool = False
    ) -> Operation:
        """The operation in `folder`, its log recovered after a crash and its index brought up to date.

        `rebuild` makes the index anew from the log. Raises InputError where there is no operation,
        EvidenceError where the log is not sound or is shorter than its index remembers.
        """
        document = _document(folder)
        log = AuditLog(folder / LOG, clock or SystemClock(), actor or login_name())
        if not log.path.is_file():
            raise EvidenceError(
                "the log of the operation is missing", where=str(log.path), remedy="Restore it from a bundle"
            )
        recovered = log.recover()
        if rebuild:
            _drop_index(folder / INDEX)
        operation = cls(folder, document, log, Store(folder / INDEX))
        operation.store.describe(document)
        operation._catch_up()
        if rebuild and recovered is None:
            operation.record("index.rebuilt")
        return operation

    def record(self, action: str, **details: Any) -> Line:
        """Log an act: it is on the disk when this returns."""
        line = self.log.append(action, details)
        self.store.add([line])
        return line

    def add_file(self, path: Path, kind: str, **details: Any) -> EnteredFile:
        """Let a file enter: copied into the folder of its kind unless it lies in the operation already.

        It is hashed as it is read, and logged. A file that entered before is returned as it is. Raises
        InputError for a file that cannot be read or a kind that is none, EvidenceError for one that changed
        after it entered.
        """
        _check_file(path, kind)
        inside = self._inside(path)
        return self._enter_copy(path, kind, details) if inside is None else self._enter(inside, kind, details)

    def add_copy(self, path: Path, kind: str, **details: Any) -> EnteredFile:
        """Let a copy of a file enter, also where it lies in the operation: for one that may still change.

        Raises what `add_file` raises.
        """
        _check_file(path, kind)
        return self._enter_copy(path, kind, details)

    def add_folder(self, folder: Path, kind: str, **details: Any) -> tuple[EnteredFile, ...]:
        """Let every file of a folder that lies in the operation enter, its subfolders too."""
        paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        return tuple(self.add_file(path, kind, **details) for path in paths)

    def files(self, kind: str | None = None) -> tuple[EnteredFile, ...]:
        """The files that entered, oldest first."""
        rows = self.store.files(kind)
        return tuple(EnteredFile(*(row[name] for name in EnteredFile.__slots__)) for row in rows)

    def free_path(self, kind: str, name: str) -> Path:
        """A path in the folder of `kind` that nothing has yet: `name`, or with a number before its suffix."""
        folder = self.folder / FOLDERS[kind]
        return next(path for path in numbered(folder / safe_name(name)) if not path.exists())

    def strangers(self) -> tuple[str, ...]:
        """Paths of files that lie in the operation's folder without having entered.

        The seals and the index of recordings follow from them and count as none.
        """
        entered = {file.path for file in self.files()} | {DOCUMENT, LOG}
        found = []
        for each in FOLDERS.values():
            paths = (path for path in (self.folder / each).rglob("*") if path.is_file())
            paths = (path for path in paths if not follows(path))
            found += [path.relative_to(self.folder).as_posix() for path in paths]
        return tuple(sorted(set(found) - entered))

    def _enter_copy(self, path: Path, kind: str, details: dict[str, Any]) -> EnteredFile:
        copy = self._copied(path, FOLDERS[kind])
        try:
            return self._enter(copy, kind, {"source": path.name, **details})
        except BaseException:
            if self.store.file(copy) is None:
                (self.folder / copy).unlink(missing_ok=True)
            raise

    def _inside(self, path: Path) -> str | None:
        try:
            relative = path.resolve().relative_to(self.folder.resolve())
        except ValueError:
            return None
        if relative.parts[0] not in FOLDERS.values():
            raise InputError(
                "this part of an operation's folder keeps no files",
                where=str(path),
                remedy=f"Files lie in {', '.join(FOLDERS.values())}",
            )
        if any(part != safe_name(part) for part in relative.parts):
            raise InputError(
                "the name cannot be sealed", where=str(path), remedy="Use letters, digits, - and _"
            )
        return relative.as_posix()

    def _copied(self, source: Path, into: str) -> str:
        """Copy a file in under a name that is free; gives its path in the operation."""
        for target in numbered(self.folder / into / safe_name(source.name)):
            try:
                copy_new(source, target)
            except FileExistsError:
                if hash_of_file(target) == hash_of_file(source):
                    break
                continue
            except OSError as error:
                raise OutputError(
                    f"cannot be copied in ({error.strerror or error})", where=str(target), remedy="Make room"
                ) from error
            break
        return target.relative_to(self.folder).as_posix()

    def _enter(self, path: str, kind: str, details: dict[str, Any]) -> EnteredFile:
        sha256 = hash_of_file(self.folder / path)
        known = self.store.file(path)
        if known is None:
            size = (self.folder / path).stat().st_size
            self.record(ENTERED, **{**details, "path": path, "kind": kind, "bytes": size, "sha256": sha256})
            known = self.store.file(path)
        if known is None or known["sha256"] != sha256:
            raise EvidenceError(
                "the file changed after it entered the operation",
                where=str(self.folder / path),
                remedy="Restore it, and keep the new one under another name",
            )
        return EnteredFile(*(known[name] for name in EnteredFile.__slots__))

    def _catch_up(self) -> None:
        """Index the lines that the index lacks: other programs may have added some and crashed."""
        indexed = self.store.seals()
        missing = []
        for line in self.log.lines():
            if line.sequence not in indexed:
                missing.append(line)
            if indexed.pop(line.sequence, line.hash) != line.hash:
                raise _cut(self.folder, f"line {line.sequence} of the log is not the one that was indexed")
        if indexed:
            raise _cut(self.folder, f"the log lacks line {min(indexed)}, which it once had")
        if missing:
            self.store.add(missing)


def login_name() -> str:
    """Who is logged in, as far as the machine knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _check_file(path: Path, kind: str) -> None:
    if kind not in FOLDERS:
        raise InputError(f"there is no kind of file {kind!r}", remedy=f"Kinds are {', '.join(FOLDERS)}")
    if path.is_symlink() or not path.is_file():
        raise InputError("not a file", where=str(path), remedy="Check the path")


def _kind(kind: OperationKind | str) -> OperationKind:
    try:
        return OperationKind(kind)
    except ValueError as error:
        raise InputError(
            f"there is no kind of operation {str(kind)!r}", remedy=f"Kinds are {', '.join(OperationKind)}"
        ) from error


def _document(folder: Path) -> dict[str, str]:
    path = folder / DOCUMENT
    if not path.is_file():
        raise InputError(
            "no operation is here", where=str(folder), remedy="Make one with `droneteam operation new`"
        )
    try:
        document = json.loads(read_bounded(path, DOCUMENT_LIMIT_BYTES, "the operation"))
        sound = document["format"] == FORMAT and all(
            isinstance(document[n], str) for n in ("id", "name", "created")
        )
        version, kind = document["version"], OperationKind(document["kind"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise FormatError("not an operation", where=str(path), remedy="Restore it from a bundle") from error
    if not sound or version != VERSION:
        raise FormatError(
            f"an operation of version {version!r}, where this reads {VERSION}",
            where=str(path),
            remedy="Use the version of Droneteam that made it",
        )
    return {**document, "kind": kind.value}


def _free(folder: Path) -> Path:
    """The whole path of a folder that is new or empty, and may be replaced by the operation's."""
    try:
        target = folder.resolve()
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise OutputError(
                "something is there already", where=str(folder), remedy="Choose a folder that is new or empty"
            )
        here = Path.cwd().resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead round in a circle
        raise _not_made(folder, error) from error
    if target == here:
        # Whoever stands in it would stand nowhere once it is replaced.
        raise OutputError(
            "the folder that you are in cannot become the operation's",
            where=str(folder),
            remedy="Name a new folder in it, or go one folder up and name this one",
        )
    return target


def _not_made(folder: Path, error: Exception) -> OutputError:
    return OutputError(
        f"the operation cannot be made ({getattr(error, 'strerror', None) or error})",
        where=str(folder),
        remedy="Choose a folder that you may write to",
    )


def _drop_index(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _cut(folder: Path, what: str) -> EvidenceError:
    return EvidenceError(
        what,
        where=str(folder / LOG),
        remedy="Restore the log; `droneteam operation rebuild` accepts it as it stands, and logs that",
    )
