"""A rule: which condition, how grave, and how patient. Data, from a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from telemetry.alerts.states import Priority


class When(StrEnum):
    """When a rule means something; else its alarm is suppressed by design."""

    ALWAYS = "always"
    ARMED = "armed"
    FLYING = "flying"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule for one kind of vehicle.

    The alarm comes when the margin has been below 0 for `on_delay_s`, and goes when it has been `deadband`
    or more for `off_delay_s`. `latched`: once it was active it stays in the list until a person acknowledges
    it. It may be shelved for `shelve_max_s` at most, 0: not at all. `suppressed_by` names the graver rule
    that says the same. `figures` are the condition's own settings by name, the unit in each.
    """

    name: str
    unit: str = ""
    enabled: bool = True
    priority: Priority = Priority.MEDIUM
    when: When = When.ALWAYS
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0
    deadband: float = 0.0
    latched: bool = True
    shelve_max_s: float = 0.0
    suppressed_by: str = ""
    figures: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def __getitem__(self, name: str) -> float:
        return self.figures[name]
