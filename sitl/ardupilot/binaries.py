"""Where ArduPilot lies on this machine, and which version it is.

    FOLDER/arducopter     FOLDER/copter.parm (optional)     FOLDER/arducopter.json (written by install)
    FOLDER/arduplane      FOLDER/plane.parm (optional)      FOLDER/arduplane.json

FOLDER is $DRONETEAM_SITL where that is set, else ~/.cache/droneteam/ardupilot.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

from missions.errors import InputError, SettingsError
from missions.files import read_bounded

Kind = Literal["copter", "plane"]
FOLDER_VARIABLE = "DRONETEAM_SITL"
BINARY_LIMIT_BYTES = 128_000_000
_OWN_DATA = Path(__file__).parent.parent / "data"


@dataclass(frozen=True, slots=True)
class InstallRecord:
    """How a program came here. `verified_by`: what its SHA-256 was compared with, "" for nothing."""

    url: str
    sha256: str
    verified_by: str
    version: str
    commit: str

    def to_json(self) -> str:
        """The text that `read` takes."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def read(cls, path: Path) -> InstallRecord | None:
        """The record at `path`, None where there is none that can be read."""
        try:
            held = json.loads(read_bounded(path, 64_000, "an install record"))
            return cls(**{name.name: str(held[name.name]) for name in fields(cls)})
        except (InputError, ValueError, TypeError, KeyError):
            return None


@dataclass(frozen=True)
class Binary:
    """One ArduPilot program for SITL. `defaults` are the parameter files that it starts from."""

    kind: Kind
    path: Path
    defaults: tuple[Path, ...]

    @cached_property
    def version(self) -> str:
        """What the program calls itself, such as "4.5.4"; "unknown" where it does not say."""
        return version_of(self.path, self.kind) or "unknown"

    @property
    def record(self) -> InstallRecord | None:
        """How it came here, None where `install` did not bring it."""
        return InstallRecord.read(self.path.with_suffix(".json"))

    @property
    def model(self) -> str:
        """The airframe that ArduPilot simulates: its `--model`."""
        return {"copter": "quad", "plane": "plane"}[self.kind]


def checked_kind(kind: str) -> Kind:
    """`kind` itself where it is one. Raises SettingsError."""
    for known in get_args(Kind):
        if kind == known:
            return known  # type: ignore[no-any-return]
    raise SettingsError(f'there is no simulated "{kind}"', remedy="Choose copter or plane")


def folder() -> Path:
    """Where programs are looked for and installed."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named).expanduser() if named else Path.home() / ".cache" / "droneteam" / "ardupilot"


def program_path(kind: Kind) -> Path:
    """Where the program of this kind would lie."""
    return folder() / f"ardu{kind}"


def record_path(kind: Kind) -> Path:
    """Where `install` notes where the program came from."""
    return program_path(kind).with_suffix(".json")


def version_of(path: Path, kind: Kind) -> str | None:
    """The version that an ArduPilot program of this kind carries in itself; None: it is no such program."""
    name = {"copter": rb"ArduCopter", "plane": rb"ArduPlane"}[kind]
    found = re.search(
        name + rb" V(\d+\.\d+\.\d+[A-Za-z0-9-]*)",
        read_bounded(path, BINARY_LIMIT_BYTES, "the ArduPilot program"),
    )
    return found[1].decode() if found else None


def find(kind: str) -> Binary | None:
    """The installed ArduPilot of this kind ("copter" or "plane"), or None."""
    known = checked_kind(kind)
    program = program_path(known)
    if not (program.is_file() and os.access(program, os.X_OK)):
        return None
    beside = program.with_name(f"{known}.parm")
    return Binary(known, program, (beside if beside.is_file() else _OWN_DATA / f"{known}.parm",))


def list_installed() -> list[Binary]:
    """Every ArduPilot program that `find` finds."""
    return [binary for kind in get_args(Kind) if (binary := find(kind)) is not None]


def where_looked(kind: str) -> str:
    """A sentence for whoever misses ArduPilot: where it was looked for and how to get it."""
    known = checked_kind(kind)
    return (
        f"there is no ArduPilot {known} at {program_path(known)}; "
        f"`droneteam sitl install {known}` downloads it, "
        f"or set {FOLDER_VARIABLE} to a folder that holds ardu{known}"
    )
