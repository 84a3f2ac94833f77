"""The plan as a file: JSON, and reading what was written gives an equal plan."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from missions.bounded_json import check_values
from missions.errors import FormatError, InputError
from missions.files import read_bounded, write_whole
from missions.plan import FORMAT, READS, VERSION, Plan

LIMIT_BYTES = 50_000_000
_LARGEST_INT = 2**63


def write_plan(plan: Plan, path: Path) -> None:
    """Write the plan whole or not at all. Raises OutputError."""
    write_whole(path, json_from_plan(plan).encode())


def read_plan(path: Path) -> Plan:
    """Read a plan. Raises FormatError where it is none, or of another version."""
    data = read_bounded(path, LIMIT_BYTES, "plan")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _no_plan(str(path)) from error
    return plan_from_json(text, str(path))


def json_from_plan(plan: Plan) -> str:
    """The plan as JSON text, keys in the document's own order."""
    document = {"format": FORMAT, "version": VERSION, "plan": dataclasses.asdict(plan)}
    return json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def plan_from_json(text: str, where: str = "plan") -> Plan:
    """The plan that the text holds. Raises FormatError, naming the place in it."""
    check_values(text, where)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_plan(where) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _no_plan(where)
    if document.get("version") not in READS:
        raise FormatError(
            f"is a plan of version {document.get('version')!r}; this program reads up to version {VERSION}",
            where=where,
            remedy="Plan again with this program, or open it with the program that wrote it",
        )
    plan: Plan = _read(Plan, document.get("plan"), where, "plan")
    return plan


def value_as(kind: Any, value: Any, where: str, place: str) -> Any:
    """A value of JSON as a part of a plan, such as `tuple[Waypoint, ...]`. Raises FormatError."""
    return _read(kind, value, where, place)


def _no_plan(where: str) -> FormatError:
    return FormatError("is no Droneteam plan", where=where, remedy="Give a file that `droneteam plan` wrote")


@cache
def _types(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


@cache
def _required(kind: Any) -> frozenset[str]:
    """The fields without a default, which every version of the document has."""
    missing = dataclasses.MISSING
    fields = dataclasses.fields(kind)
    return frozenset(f.name for f in fields if f.default is missing and f.default_factory is missing)


def _read(kind: Any, value: Any, where: str, place: str) -> Any:
    """`value` as `kind`: a dataclass, an enumeration, a tuple, a dict of text, a number, text or None."""
    origin = typing.get_origin(kind)
    if origin is types.UnionType:
        inner = next(one for one in typing.get_args(kind) if one is not type(None))
        return None if value is None else _read(inner, value, where, place)
    if origin is tuple:
        inner = typing.get_args(kind)[0]
        items = _expect(value, list, where, place)
        return tuple(_read(inner, item, where, f"{place}[{index}]") for index, item in enumerate(items))
    if origin is dict:
        pairs = _expect(value, dict, where, place)
        inner = typing.get_args(kind)[1]
        return {key: _read(inner, item, where, f"{place}.{key}") for key, item in pairs.items()}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _read_dataclass(kind, _expect(value, dict, where, place), where, place)
    if issubclass(kind, Enum):
        return _read_enum(kind, value, where, place)
    return _read_plain(kind, value, where, place)


def _read_dataclass(kind: type, value: dict[str, Any], where: str, place: str) -> Any:
    hints = _types(kind)
    odd = sorted((set(value) - set(hints)) | (_required(kind) - set(value)))
    if odd:
        raise FormatError(
            f"{place} has missing or unknown keys: {', '.join(odd)}", where=where, remedy=_REMEDY
        )
    read = {key: _read(hints[key], item, where, f"{place}.{key}") for key, item in value.items()}
    try:
        return kind(**read)
    except InputError as error:
        raise FormatError(f"{place}: {error.what}", where=where, remedy=_REMEDY) from error


def _read_enum(kind: type[Enum], value: Any, where: str, place: str) -> Enum:
    try:
        return kind(value)
    except ValueError as error:
        raise FormatError(f"{place} is {value!r}", where=where, remedy=_REMEDY) from error


def _read_plain(kind: type, value: Any, where: str, place: str) -> Any:
    if isinstance(value, int) and abs(value) > _LARGEST_INT:
        return _wrong(kind, value, where, place)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is float and isinstance(value, float) and abs(value) < float("inf"):
        return value
    return _expect(value, kind, where, place) if kind is not float else _wrong(kind, value, where, place)


def _expect(value: Any, kind: type, where: str, place: str) -> Any:
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    return _wrong(kind, value, where, place)


def _wrong(kind: type, value: Any, where: str, place: str) -> Any:
    shown = "a number too large" if isinstance(value, int) and abs(value) > _LARGEST_INT else str(value)[:40]
    raise FormatError(f"{place} is {shown!r}, which is no {kind.__name__}", where=where, remedy=_REMEDY)


_REMEDY = "The file was changed or cut short; plan again"
