"""Writing an aircraft into a team's own catalogue without touching what else stands there."""

from __future__ import annotations

import dataclasses
import math
import re
import tomllib
from pathlib import Path
from typing import Any

from missions.aircraft import Aircraft
from missions.catalogue import LIMIT_BYTES
from missions.catalogue_lines import HEAD, names_of
from missions.errors import CatalogueError
from missions.files import read_bounded, write_whole

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def write_aircraft(path: Path, aircraft: Aircraft) -> bool:
    """Put `[aircraft.NAME]` into the file, anew or in the place of the one there; whether one was there.

    Every other table, its comments too, stays as it is. Raises CatalogueError where the file is no TOML, or
    holds the entry in a form that cannot be replaced by itself.
    """
    text = _read(path)
    before = _parsed(text, path)
    there = aircraft.name in before.get("aircraft", {})
    entry = entry_text(aircraft)
    made = _replaced(text, aircraft.name, entry) if there else _appended(text, entry)
    if made is None or not _as_meant(before, made, aircraft):
        raise CatalogueError(
            f"[aircraft.{aircraft.name}] stands there in a form that is not replaced by itself",
            where=str(path),
            remedy="Write it as a table of its own, or choose another file or name",
        )
    write_whole(path, made.encode())
    return there


def entry_text(aircraft: Aircraft) -> str:
    """The aircraft as a TOML table: every figure that is not its default."""
    name = aircraft.name if _BARE.fullmatch(aircraft.name) else _quoted(aircraft.name)
    lines = [f"[aircraft.{name}]"]
    for field in dataclasses.fields(aircraft):
        value = getattr(aircraft, field.name)
        if field.name == "name" or (field.default is not dataclasses.MISSING and value == field.default):
            continue
        lines.append(f"{field.name} = {_text(value) if isinstance(value, str) else _number(value)}")
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    """Six digits: more than any of these figures deserves. TOML wants a point in a float."""
    text = f"{value:.6g}"
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def _quoted(text: str) -> str:
    """A basic TOML string (toml.io/en/v1.0.0, "String")."""
    return f'"{_escaped(text)}"'


def _text(text: str) -> str:
    """A TOML string that keeps its lines for people to read, unless one could pass for a table's head."""
    if "\n" not in text or HEAD.search(text):
        return _quoted(text)
    lines = [_escaped(line) for line in text.split("\n")]
    return '"""\n' + "\n".join(lines) + ("" if text.endswith("\n") else "\\\n") + '"""'


def _escaped(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in escaped)


def _read(path: Path) -> str:
    if not path.exists():
        return ""
    try:
        return read_bounded(path, LIMIT_BYTES, "catalogue").decode()
    except UnicodeDecodeError as error:
        raise CatalogueError("is no TOML: it is not UTF-8", where=str(path)) from error


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise CatalogueError(f"is no TOML: {error}", where=str(path)) from error
    if not isinstance(content.get("aircraft", {}), dict):
        raise CatalogueError("[aircraft] holds no tables", where=str(path), remedy="Write [aircraft.NAME]")
    return content


def _appended(text: str, entry: str) -> str:
    return f"{text.rstrip()}\n\n{entry}" if text.strip() else entry


def _replaced(text: str, name: str, entry: str) -> str | None:
    """The text with the lines of that one table exchanged; comments before the next table stay with it."""
    heads = list(HEAD.finditer(text))
    for index, head in enumerate(heads):
        if names_of(head.group()) != ["aircraft", name]:
            continue
        end = heads[index + 1].start() if index + 1 < len(heads) else len(text)
        block = text[head.start() : end].splitlines(keepends=True)
        kept: list[str] = []
        while block and (not block[-1].strip() or block[-1].lstrip().startswith("#")):
            kept.insert(0, block.pop())
        return text[: head.start()] + entry + "".join(kept) + text[end:]
    return None


def _as_meant(before: dict[str, Any], made: str, aircraft: Aircraft) -> bool:
    """Whether the new text holds this entry, and otherwise just what was there."""
    try:
        after = tomllib.loads(made)
    except tomllib.TOMLDecodeError:
        return False
    wanted = tomllib.loads(entry_text(aircraft))["aircraft"][aircraft.name]
    kept = {**before.get("aircraft", {}), aircraft.name: wanted}
    return after == {**before, "aircraft": kept} and all(
        not isinstance(value, float) or math.isfinite(value) for value in wanted.values()
    )
