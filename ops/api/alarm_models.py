"""What the service says of alarms, and what it takes from people."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ops.api.report import Report

LONGEST_NAME = 100
LONGEST_REASON = 500
LONGEST_SUBJECT = 200
AlarmPriority = Literal["high", "medium", "low"]
AlarmState = Literal["unacknowledged", "acknowledged", "returned unacknowledged", "shelved"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_REASON)]


class AlarmReport(Report):
    """One alarm as it stands. `text` may hold what an aircraft said: show it as text, never as markup."""

    vehicle: int = Field(description="The system number")
    rule: str = Field(description="Which of docs/telemetry_alerts.md")
    subject: str = Field(description="What else it is about: another aircraft, a message; else empty")
    priority: AlarmPriority
    state: AlarmState
    text: str
    value: float | None = Field(description="In `unit`; what was read when it was last known")
    limit: float | None
    raised_s: float | None = Field(description="When it was last raised")
    since_s: float = Field(description="When its state began")
    who: str = Field(description="Who acknowledged or shelved it; else empty")
    why: str = Field(description="Why it was shelved; else empty")
    until_s: float | None = Field(description="When it comes back from the shelf")
    shelve_max_s: float = Field(description="For how long it may be shelved; 0: not at all")
    calls: bool = Field(description="To flash and sound: unacknowledged, and not raised in a flood")


class DoubleReport(Report):
    """Two aircraft that use one number, of which neither picture nor alarms can be believed."""

    vehicle: int
    text: str


class ReplayedNote(Report):
    """Where the alarms of a replay come from. Nothing can be done to them."""

    source: Literal["recorded", "recomputed"] = Field(
        description="recorded: what was called then, and who took it; recomputed: found again, nobody acting"
    )
    upto_s: float | None = Field(
        description="What is later has not been looked at yet, and the time shown is; null: it has"
    )
    rules: str = Field(description="By which rules they were looked for again; else empty")


class AlarmsReport(Report):
    """All alarms that are to be shown."""

    active: tuple[AlarmReport, ...] = Field(description="The gravest first, and of those the oldest first")
    shelved: tuple[AlarmReport, ...] = Field(description="The one that comes back first first")
    doubles: tuple[DoubleReport, ...]
    flood: bool = Field(description="More than ten in ten minutes: only those of high priority call")
    recorded: bool = Field(description="Whether it is kept who acknowledged what")
    problem: str = Field(description="What keeps alarms from being raised or recorded; empty: nothing")
    replayed: ReplayedNote | None = Field(
        default=None, description="Of a replay; null: these are alarms of now"
    )


class MeasuresReport(Report):
    """How well the alarms serve those who hear them, as EEMUA 191 counts it."""

    per_10_min: int
    mean_per_10_min: float
    peak_per_10_min: int
    flood: bool
    standing: int
    longest_standing_s: float
    unacknowledged: int
    shelved: int
    chattering: tuple[str, ...] = Field(description="Raised three times within a minute, lately")
    share_pct: dict[AlarmPriority, float]
    raised: int


class AlarmList(AlarmsReport):
    """All alarms that are to be shown, and what they add up to."""

    measures: MeasuresReport


class AlarmHealth(Report):
    """Whether somebody looks."""

    looked_s: float | None = Field(
        description="When alarms were last looked for; null: not yet, or they are a replay's recorded ones"
    )
    active: int
    unacknowledged: int
    recorded: bool
    problem: str


class AlarmOrder(Report):
    """Which alarm, and who does something to it: `POST /api/alarms/acknowledge` and `unshelve`."""

    vehicle: int = Field(ge=0, le=255)
    rule: Annotated[str, StringConstraints(max_length=60)]
    subject: Annotated[str, StringConstraints(max_length=LONGEST_SUBJECT)] = ""
    who: Name


class ShelveOrder(AlarmOrder):
    """The same for `POST /api/alarms/shelve`: why it is hidden, and for how long."""

    why: Reason
    for_s: float = Field(gt=0, allow_inf_nan=False)


class AlarmDone(Report):
    """What became of the alarm."""

    state: str
    who: str
    until_s: float | None
    recorded: bool = Field(description="It is on the disk who did it")
