"""Which surveyed points are independent checks, as people decided later: `roles.json` beside the marks.

    {"format": "droneteam-roles", "version": 1, "roles": {"P3": "check", "P5": "control"}}

A list of points such as OpenDroneMap's has no roles; and what was surveyed as control may serve better as a
check. The file of the points stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from imaging.control.lines import name_from, shown
from imaging.control.marks import load_body
from imaging.control.points import Role
from missions.errors import FormatError
from missions.files import write_whole

FILE, FORMAT, VERSION = "roles.json", "droneteam-roles", 1
LIMIT_POINTS = 10_000


def write_roles(path: Path, roles: Mapping[str, Role]) -> None:
    """The roles by point, whole or not at all. Raises OutputError."""
    rows = {name: role.value for name, role in sorted(roles.items())}
    body = {"format": FORMAT, "version": VERSION, "roles": rows}
    write_whole(path, (json.dumps(body, indent=1, ensure_ascii=False) + "\n").encode())


def read_roles(path: Path) -> dict[str, Role]:
    """The roles as written. Raises InputError, naming the point."""
    found = load_body(path, FORMAT, VERSION, "roles").get("roles")
    if not isinstance(found, dict) or len(found) > LIMIT_POINTS:
        raise FormatError(
            f"has no roles of at most {LIMIT_POINTS} points",
            where=str(path),
            remedy='Write "roles": {"P3": "check"}',
        )
    roles: dict[str, Role] = {}
    for name, role in found.items():
        try:
            roles[name_from(str(name))] = Role(role)
        except ValueError as error:
            raise FormatError(
                f"the role of {shown(str(name))} is none", where=str(path), remedy="It is control or check"
            ) from error
    return roles
