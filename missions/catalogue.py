"""The catalogue: aircraft and cameras by name, and a team's own beside them.

The figures stand in `data/aircraft.toml` and `data/cameras.toml`, each with its source (see
`catalogue_sources`). A team's file holds the same tables under `[aircraft.NAME]` and `[camera.NAME]`; there
its entries win over ours.
"""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from missions.aircraft import Aircraft
from missions.camera import Camera
from missions.catalogue_lines import line_of
from missions.errors import CatalogueError, InputError
from missions.files import read_bounded

_DATA = Path(__file__).parent / "data"
LIMIT_BYTES = 1_000_000
_MAY_BE_ZERO = frozenset(
    {
        *("turn_radius_m", "reserve_pct", "min_interval_s", "mass_kg", "payload_kg", "max_payload_kg"),
        *("climb_power_w", "descent_power_w", "max_airspeed_m_s", "profile_share", "corner_m"),
        *("take_off_s", "take_off_wh", "landing_s", "landing_speed_m_s", "landing_height_m"),
    }
)
_NUMBERS: dict[str, type[int] | type[float]] = {"int": int, "float": float}
_ENOUGH = 1e12
_SECTIONS = frozenset({"aircraft", "camera"})
_Entry = TypeVar("_Entry", Aircraft, Camera)
_Tables = dict[str, dict[str, Any]]


def aircraft(name: str, extra: Path | None = None) -> Aircraft:
    """The aircraft of that name; `extra` is a team's TOML. Raises CatalogueError."""
    found = _entry(Aircraft, "aircraft", name, extra)
    section = ["aircraft", name]
    if found.kind not in {"copter", "plane"}:
        raise CatalogueError(
            f"kind {found.kind!r} of aircraft {name!r} is unknown",
            where=_place(extra, section, "kind"),
            remedy='Write kind = "copter" or "plane"',
        )
    for field, told in (
        ("reserve_pct", f"keeps {found.reserve_pct:g} % in reserve" if found.reserve_pct >= 100 else ""),
        ("battery_health_pct", "has a battery of more than 100 %" if found.battery_health_pct > 100 else ""),
        ("profile_share", "turns its blades with all its power" if found.profile_share > 1 else ""),
    ):
        if told:
            raise CatalogueError(
                f"aircraft {name!r} {told}",
                where=_place(extra, section, field),
                remedy=f"Write a smaller {field}",
            )
    return found


def camera(name: str, extra: Path | None = None) -> Camera:
    """The camera of that name; `extra` is a team's TOML. Raises CatalogueError."""
    return _entry(Camera, "camera", name, extra)


def either(name: str, extra: Path | None = None) -> Aircraft | Camera:
    """The aircraft or else the camera of that name. Raises CatalogueError."""
    if name in _tables("aircraft", extra):
        return aircraft(name, extra)
    if name in _tables("camera", extra):
        return camera(name, extra)
    raise _nothing("aircraft or camera", name, [*_tables("aircraft", extra), *_tables("camera", extra)])


def aircraft_names(extra: Path | None = None) -> list[str]:
    """Every aircraft that can be named."""
    return sorted(_tables("aircraft", extra))


def camera_names(extra: Path | None = None) -> list[str]:
    """Every camera that can be named."""
    return sorted(_tables("camera", extra))


def _entry(kind: type[_Entry], section: str, name: str, extra: Path | None) -> _Entry:
    tables = _tables(section, extra)
    if name not in tables:
        raise _nothing(section, name, tables)
    return _checked(kind, [section, name], tables[name], extra)


def _nothing(what: str, name: str, known: Iterable[str]) -> CatalogueError:
    near = difflib.get_close_matches(name.lower(), known := sorted(known), n=3, cutoff=0.4) or known
    return CatalogueError(
        f"no {what} is called {name!r}",
        remedy=f"Did you mean {', '.join(near)}? A team's own can be described in a TOML file",
    )


def _tables(section: str, extra: Path | None) -> _Tables:
    ours = _shipped("aircraft.toml" if section == "aircraft" else "cameras.toml")
    return ours if extra is None else {**ours, **_team(extra, section)}


@cache
def _shipped(file_name: str) -> _Tables:
    return tomllib.loads((_DATA / file_name).read_text(encoding="utf-8"))


def _team(path: Path, section: str) -> _Tables:
    try:
        content = tomllib.loads(read_bounded(path, LIMIT_BYTES, "catalogue").decode())
    except (ValueError, RecursionError) as error:
        raise CatalogueError(f"is no TOML: {error}", where=str(path)) from error
    if unknown := sorted(set(content) - _SECTIONS):
        near = difflib.get_close_matches(unknown[0].lower(), _SECTIONS, n=1)
        raise CatalogueError(
            f"holds {unknown[0]!r}, which is neither aircraft nor camera",
            where=str(path),
            remedy=f"Write [{near[0] if near else 'aircraft'}.NAME]",
        )
    tables = content.get(section, {})
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise CatalogueError(
            f"[{section}] holds no tables", where=str(path), remedy=f"Write [{section}.NAME]"
        )
    return tables


def _checked(kind: type[_Entry], section: list[str], table: dict[str, Any], extra: Path | None) -> _Entry:
    """The table as a dataclass, each value of the right type and positive."""
    fields = {field.name: field for field in dataclasses.fields(kind) if field.name != "name"}
    if unknown := sorted(set(table) - set(fields)):
        near = difflib.get_close_matches(unknown[0], fields, n=1, cutoff=0.6)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise CatalogueError(
            f"unknown key {unknown[0]!r}",
            where=_place(extra, section, unknown[0]),
            remedy=f"{meant}Known: {', '.join(fields)}",
        )
    needed = {key for key, field in fields.items() if field.default is dataclasses.MISSING}
    if missing := sorted(needed - set(table)):
        raise CatalogueError(
            f"{', '.join(missing)} missing", where=_place(extra, section), remedy="Add it there"
        )
    values: dict[str, Any] = {}
    for key, raw in table.items():
        fault = _fault(str(fields[key].type), key, raw)
        if fault is not None:
            raise CatalogueError(fault[0], where=_place(extra, section, key), remedy=fault[1])
        values[key] = raw.strip() if isinstance(raw, str) else _NUMBERS[str(fields[key].type)](raw)
    return kind(name=section[-1], **values)


def _fault(wanted: str, key: str, raw: object) -> tuple[str, str] | None:
    """What is wrong with a value, and the remedy."""
    if wanted == "str":
        return None if isinstance(raw, str) else (f"{key} is no text", "Put it in quotes")
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not abs(raw) < _ENOUGH:
        return f"{key} is no number", "Write a number"
    if raw < 0 or (raw == 0 and key not in _MAY_BE_ZERO):
        return f"{key} is {raw}", "Write a number above zero"
    if wanted == "int" and raw != int(raw):
        return f"{key} is {raw}", "Write a whole number"
    return None


def _place(extra: Path | None, section: list[str], key: str | None = None) -> str:
    """File, line and table, as far as they are known: `team.toml, line 3, [aircraft.ours]`."""
    table = f"[{'.'.join(section)}]"
    if extra is None:
        return table
    try:
        line = line_of(read_bounded(extra, LIMIT_BYTES, "catalogue").decode(), section, key)
    except (InputError, UnicodeDecodeError):
        line = None
    return f"{extra}, {table}" if line is None else f"{extra}, line {line}, {table}"
