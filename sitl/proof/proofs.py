"""Everything that is proved by flying it, a name each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from missions.errors import InputError
from missions.patterns.surveillance import surveillance
from missions.plan import Plan
from missions.planner import plan_pattern
from missions.surveillance import WatchPoint
from missions.terrain import Terrain
from missions.view import View
from sitl.proof.cases import COPTER, WIDE, copter_cases, divided_case, hill, plane_cases, setup
from sitl.proof.team_cases import WATCHED, fleet_case, relief_case

_OVER_HILL = ("parallel track over terrain", "contour")


@dataclass(frozen=True, slots=True)
class Proof:
    """A plan to be flown, by the name of its row; `kind` is what flies it.

    `terrain` is the ground it is made for, None for flat; `watched` the places of a surveillance.
    """

    name: str
    kind: str
    make: Callable[[], Plan]
    terrain: Terrain | None = None
    watched: tuple[WatchPoint, ...] = ()


def all_proofs() -> tuple[Proof, ...]:
    """Every one, in the table's order."""
    over = dict.fromkeys(_OVER_HILL, hill())
    return (
        *(Proof(name, "copter", make, over.get(name)) for name, make in copter_cases().items()),
        Proof("surveillance, one lap", "copter", _lap),
        Proof("divided: two flights", "copter", divided_case),
        Proof("shared: three copters at once", "copter", fleet_case),
        Proof("surveillance, two copters in relief", "copter", relief_case, watched=WATCHED),
        *(Proof(name, "plane", make) for name, make in plane_cases().items()),
    )


def chosen(names: Sequence[str]) -> tuple[Proof, ...]:
    """Those whose names hold one of these words, all where none is given. Raises InputError."""
    proofs = all_proofs()
    for name in names:
        if not any(name.lower() in proof.name for proof in proofs):
            raise InputError(
                f'nothing that is proved is called "{name}"',
                remedy="See the names with `python -m sitl.proof --list`",
            )
    wanted = [name.lower() for name in names]
    return tuple(proof for proof in proofs if not wanted or any(name in proof.name for name in wanted))


def _lap() -> Plan:
    view = View(WIDE, 50.0)
    return plan_pattern(surveillance(WATCHED, COPTER, view), view, setup(name="Lap"))
