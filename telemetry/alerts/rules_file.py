"""Rules from TOML: the shipped file, and a team's own that says what is different.

What no setting is called, or makes no sense, is refused: a typing error must not quietly become a default.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from missions.errors import SettingsError
from missions.files import read_bounded
from telemetry.alerts.rule import Rule, When
from telemetry.alerts.specs import COMMON, DEADBAND, SPECS, Figure, Spec
from telemetry.alerts.states import Priority

DEFAULT = Path(__file__).with_name("rules.toml")
LIMIT_BYTES = 1_000_000
KINDS = ("copter", "plane", "rover", "sub")
DESK = "desk"
STALE = Figure("stale_s", "how old what is known may be", 0.5, 600)
_WORDS = {
    "priority": tuple(Priority),
    "when": tuple(When),
    "suppressed_by": ("", *SPECS),
}
_SWITCHES = ("enabled", "latched")
Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rules:
    """Every rule for each kind of vehicle, those that suppress others first."""

    by_kind: Mapping[str, tuple[Rule, ...]]
    stale_s: float = 3.0

    def of(self, kind: str | None) -> tuple[Rule, ...]:
        """The enabled rules for a kind of vehicle; a copter's for one that is not known."""
        return self.by_kind.get(kind or "", self.by_kind["copter"])


def load_rules(team: Path | None = None) -> Rules:
    """The shipped rules, with what a team's file says in their place.

    Raises InputError where the file cannot be read, SettingsError naming file, rule and setting.
    """
    tables = {name: _settings(name) for name in (DESK, *SPECS)}
    merged = _read(DEFAULT, tables)
    for name, table in (_read(team, tables) if team else {}).items():
        _overlay(merged[name], table)
    where = str(team or DEFAULT)
    by_kind = {kind: _ordered(_of_kind(merged, kind, where)) for kind in KINDS}
    return Rules(MappingProxyType(by_kind), float(merged[DESK][STALE.name]))


def settings_of(spec: Spec) -> tuple[str, ...]:
    """The names of all settings that a rule takes."""
    return tuple(_settings(spec.name))


def _settings(name: str) -> dict[str, Figure | tuple[str, ...] | type[bool]]:
    """What a table takes, by name: a number in its range, one of some words, or true and false."""
    if name == DESK:
        return {STALE.name: STALE}
    spec = SPECS[name]
    found: dict[str, Figure | tuple[str, ...] | type[bool]] = dict.fromkeys(_SWITCHES, bool)
    found.update(_WORDS)
    found.update({figure.name: figure for figure in (*spec.figures, *COMMON)})
    found[spec.deadband] = DEADBAND
    return found


def _read(path: Path, tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Table]:
    data = read_bounded(path, LIMIT_BYTES, "the file of alert rules")
    try:
        content = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(
            f"not TOML: {error}", where=str(path), remedy="Correct the line that is named"
        ) from error
    for name, table in content.items():
        _check_name(name, tables, str(path), "rule")
        _check_table(name, table, tables[name], str(path))
    return content


def _check_table(name: str, table: object, settings: Mapping[str, Any], where: str, kind: str = "") -> None:
    place = f"{where}, [{name}{kind and '.'}{kind}]"
    if not isinstance(table, dict):
        raise SettingsError(
            f"{table!r} is no table", where=place, remedy=f"Write [{name}] and settings in it"
        )
    for key, value in table.items():
        if not kind and key in KINDS and name != DESK:
            _check_table(name, value, settings, where, key)
            continue
        _check_name(key, settings, place, "setting")
        _check_value(key, value, settings[key], place)


def _check_name(name: str, known: Iterable[str], where: str, what: str) -> None:
    names = list(known)
    if name in names:
        return
    near = difflib.get_close_matches(name, names, n=1)
    remedy = f"Did you mean {near[0]}?" if near else f"There are {', '.join(names)}"
    raise SettingsError(f"there is no {what} {name!r}", where=where, remedy=remedy)


def _check_value(name: str, value: object, allowed: Any, where: str) -> None:
    if allowed is bool:
        good, wanted = isinstance(value, bool), "true or false"
    elif isinstance(allowed, Figure):
        good = _within(value, allowed)
        wanted = f"a number from {allowed.low:g} to {allowed.high:g}: {allowed.about}"
    else:
        good = isinstance(value, str) and value in allowed
        wanted = "one of " + ", ".join(f'"{word}"' for word in allowed)
    if not good:
        raise SettingsError(
            f"{value!r} makes no sense for {name}", where=f"{where}, {name}", remedy=f"Give {wanted}"
        )


def _within(value: object, figure: Figure) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and figure.low <= value <= figure.high  # type: ignore[arg-type,operator]


def _overlay(below: Table, over: Table) -> None:
    for name, value in over.items():
        if isinstance(value, dict):
            _overlay(below.setdefault(name, {}), value)
        else:
            below[name] = value


def _of_kind(merged: Mapping[str, Table], kind: str, where: str) -> list[Rule]:
    rules = [_rule(spec, {**merged[name], **merged[name].get(kind, {})}) for name, spec in SPECS.items()]
    enabled = {rule.name: rule for rule in rules if rule.enabled}
    for rule in rules:
        graver = enabled.get(rule.suppressed_by)
        if rule.suppressed_by == rule.name or (graver is not None and graver.suppressed_by):
            raise SettingsError(
                f"{rule.suppressed_by} cannot suppress it",
                where=f"{where}, [{rule.name}], suppressed_by",
                remedy="Name a rule that none suppresses, or none",
            )
    return list(enabled.values())


def _rule(spec: Spec, table: Table) -> Rule:
    return Rule(
        name=spec.name,
        unit=spec.unit,
        enabled=table["enabled"],
        priority=Priority(table["priority"]),
        when=When(table["when"]),
        on_delay_s=float(table["on_delay_s"]),
        off_delay_s=float(table["off_delay_s"]),
        deadband=float(table[spec.deadband]),
        latched=table["latched"],
        shelve_max_s=float(table["shelve_max_s"]),
        suppressed_by=table["suppressed_by"],
        figures=MappingProxyType({figure.name: float(table[figure.name]) for figure in spec.figures}),
    )


def _ordered(rules: list[Rule]) -> tuple[Rule, ...]:
    return tuple(sorted(rules, key=lambda rule: bool(rule.suppressed_by)))
