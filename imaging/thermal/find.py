"""One find: a thing that was seen, where it is, what it may be, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imaging.geolocate import Array
from imaging.thermal.frame import Unit, Values
from imaging.thermal.placing.kinds import Kind
from imaging.thermal.tracks import Sighting
from missions.geodesy import GeoPoint

State = Literal["proposed", "confirmed", "dismissed"]
STATES: tuple[State, ...] = ("proposed", "confirmed", "dismissed")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided of a find: when (ISO 8601, UTC), who, and why."""

    state: State
    by: str
    why: str
    time: str


@dataclass(frozen=True, slots=True)
class PathPoint:
    """Where something that moves was at a time; covariances in square metres, east then north.

    `covariance` is the whole error; `relative` what is left of it against the other points of the path.
    """

    time_s: float
    place: GeoPoint
    covariance: Array
    relative: Array
    speed_m_s: float
    course_deg: float


def shown_score(score: float) -> str:
    """A score as people read it: those of the network and of both are at most 1, of contrast mostly more."""
    if 0 < score < 0.01:
        return "< 0.01"
    return f"{score:.{2 if score < 1 else 1}f}"


def listing(what: object, score: object) -> tuple[bool, float]:
    """The order of finds: who may be missing before vehicles, which are no search's aim, then the surest."""
    return what == "vehicle?", -float(score) if isinstance(score, int | float) else 0.0


@dataclass(frozen=True, slots=True)
class Find:
    """Something seen, perhaps often. `covariance` is square metres, east then north; `size_m` longer and
    shorter side.

    `kind` is what it may be and `reasons` why, `score` that of its sightings (`Thing.score`). `path` is empty
    for what stood still; of what moves `place` is where it was last. `temperature_degc` is that of the
    clearest sighting's heart, None where frames hold no temperatures. `history` are decisions, oldest first.
    `unlisted` sightings are not among `sightings`.
    """

    id: str
    place: GeoPoint
    ground_amsl_m: float
    covariance: Array
    polarity: str
    score: float
    size_m: tuple[float, float]
    sightings: tuple[Sighting, ...]
    clearest: Sighting
    picture: Values
    unit: Unit
    kind: Kind = "warm object"
    reasons: tuple[str, ...] = ()
    path: tuple[PathPoint, ...] = ()
    temperature_degc: float | None = None
    temperature_error_degc: float | None = None
    notes: tuple[str, ...] = ()
    history: tuple[Decision, ...] = ()
    unlisted: int = 0

    @property
    def sighting_count(self) -> int:
        """In how many frames it was seen."""
        return len(self.sightings) + self.unlisted

    @property
    def state(self) -> State:
        """What was decided last; a find is a proposal until a person decides."""
        return self.history[-1].state if self.history else "proposed"

    @property
    def first_s(self) -> float | None:
        """Time of the first sighting, seconds since 1970 UTC."""
        return min((s.time_s for s in self.sightings if s.time_s is not None), default=None)

    @property
    def last_s(self) -> float | None:
        """Time of the last sighting."""
        return max((s.time_s for s in self.sightings if s.time_s is not None), default=None)
