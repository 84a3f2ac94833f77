"""Every vehicle in a table that lives, or in lines where there is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.table import Table

from ops.cli.screen import out, print_json, say, table

if TYPE_CHECKING:
    from telemetry.hub import Hub
    from telemetry.state import VehicleState

JSON_EACH_S = 1.0
LINE_EACH_S = 5.0
COLUMNS = ("#No", "Kind", "Mode", "Armed", "#Lat", "#Lon", "#Height", "#Speed", "#Batt.", "#Age")


@contextmanager
def watching(hub: Hub, *, as_json: bool) -> Iterator[Callable[[], None]]:
    """Gives what to call again and again: it shows the vehicles as they are."""
    console = out()
    if as_json:
        yield _now_and_then(hub, JSON_EACH_S, lambda: _print_lines(hub))
    elif console.is_terminal:
        with Live(console=console, auto_refresh=False) as live:
            yield lambda: live.update(Group(vehicle_table(hub), link_table(hub)), refresh=True)
    else:
        yield _now_and_then(hub, LINE_EACH_S, lambda: _say_vehicles(hub))
        console.print(vehicle_table(hub))


def vehicle_table(hub: Hub) -> Table:
    """The vehicles as they are now; heights above home in metres, speed over ground in m/s."""
    now_s = hub.clock.now_s()
    return table(
        "Vehicles", COLUMNS, [_row(number, state, now_s) for number, state in sorted(hub.vehicles().items())]
    )


def link_table(hub: Hub) -> Table:
    """The links as they are now."""
    rows = [
        (each.address, each.state, f"{each.rate_hz:.0f}", each.frames, each.bad_bytes, each.problem)
        for each in hub.links().values()
    ]
    return table("Links", ("Link", "State", "#Frames/s", "#Frames", "#Bad bytes", "Problem"), rows)


def _row(number: int, state: VehicleState, now_s: float) -> tuple[object, ...]:
    return (
        number,
        state.kind,
        state.mode,
        {True: "yes", False: "no", None: ""}[state.armed],
        _figure(state.lat_deg, 6),
        _figure(state.lon_deg, 6),
        _figure(state.height_relative_m, 1, " m"),
        _figure(state.ground_speed_m_s, 1, " m/s"),
        _figure(state.battery_pct, 0, " %"),
        "" if state.last_s is None else f"{max(0.0, now_s - state.last_s):.0f} s",
    )


def _figure(value: float | None, digits: int, unit: str = "") -> str:
    return "" if value is None else f"{value:.{digits}f}{unit}"


def _now_and_then(hub: Hub, each_s: float, act: Callable[[], None]) -> Callable[[], None]:
    due_s = hub.clock.monotonic_s() + each_s

    def look() -> None:
        nonlocal due_s
        if hub.clock.monotonic_s() >= due_s:
            due_s += each_s
            act()

    return look


def _print_lines(hub: Hub) -> None:
    for state in hub.vehicles().values():
        print_json(state.as_dict())


def _say_vehicles(hub: Hub) -> None:
    frames = sum(link.frames for link in hub.links().values())
    heard = ", ".join(
        f"{state.kind} {number} {state.mode}" for number, state in sorted(hub.vehicles().items())
    )
    say(f"{frames} frames; {heard or 'no vehicle yet'}")
