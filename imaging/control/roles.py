"""Which points and distances are independent checks, as people decided later: `roles.json` beside the marks.

    {"format": "droneteam-roles", "version": 1, "roles": {"P3": "check", "P5": "control"},
     "distances": [{"first": "A", "second": "B", "role": "check"}]}

A list of points such as OpenDroneMap's has no roles; and what was measured as control may serve better as a
check. The files of points and distances stay as they are. `distances` may be left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imaging.control.lines import name_from, shown
from imaging.control.marks import load_body
from imaging.control.points import Role
from missions.errors import FormatError
from missions.files import write_whole

FILE, FORMAT, VERSION = "roles.json", "droneteam-roles", 1
LIMIT_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles that were changed: of points by name, of distances by the names of both ends."""

    points: Mapping[str, Role] = field(default_factory=dict)
    distances: Mapping[tuple[str, str], Role] = field(default_factory=dict)

    def of_distance(self, first: str, second: str) -> Role | None:
        """The role of a distance, whichever end is named first, None where it was not changed."""
        return self.distances.get((first, second)) or self.distances.get((second, first))


def write_roles(path: Path, roles: Roles) -> None:
    """The roles, whole or not at all. Raises OutputError."""
    body = {
        "format": FORMAT,
        "version": VERSION,
        "roles": {name: role.value for name, role in sorted(roles.points.items())},
        "distances": [
            {"first": first, "second": second, "role": role.value}
            for (first, second), role in sorted(roles.distances.items())
        ],
    }
    write_whole(path, (json.dumps(body, indent=1, ensure_ascii=False) + "\n").encode())


def read_roles(path: Path) -> Roles:
    """The roles as written. Raises InputError, naming the point or distance."""
    body = load_body(path, FORMAT, VERSION, "roles")
    found, distances = body.get("roles"), body.get("distances", [])
    if not isinstance(found, dict) or not isinstance(distances, list):
        raise _none(path)
    if len(found) + len(distances) > LIMIT_POINTS:
        raise _none(path)
    points = {_name(str(name), path): _role(role, str(name), path) for name, role in found.items()}
    ends: dict[tuple[str, str], Role] = {}
    for each in distances:
        if not isinstance(each, dict):
            raise _none(path)
        first, second = (_name(str(each.get(end, "")), path) for end in ("first", "second"))
        ends[first, second] = _role(each.get("role"), f"{first}-{second}", path)
    return Roles(points, ends)


def _none(path: Path) -> FormatError:
    return FormatError(
        f"has no roles of at most {LIMIT_POINTS} points and distances",
        where=str(path),
        remedy='Write "roles": {"P3": "check"}',
    )


def _name(name: str, path: Path) -> str:
    try:
        return name_from(name)
    except ValueError as error:
        raise FormatError(str(error), where=str(path), remedy="Name a point") from error


def _role(role: Any, name: str, path: Path) -> Role:
    try:
        return Role(role)
    except ValueError as error:
        raise FormatError(
            f"the role of {shown(name)} is none", where=str(path), remedy="It is control or check"
        ) from error
