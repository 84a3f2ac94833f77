"""`droneteam catalogue`: which aircraft and cameras can be planned for."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.cli.desk import settings_of
from ops.cli.entry import entry_json, show_entry
from ops.cli.options import JsonOption
from ops.cli.screen import out, print_json, table


def catalogue(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Only this aircraft or camera, with every figure's source."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the aircraft and cameras that a plan can name, or tell every figure of one and its source."""
    from missions import catalogue as known

    extra = settings_of(context).catalogue
    if name is not None:
        entry = known.either(name, extra)
        print_json(entry_json(entry)) if as_json else show_entry(entry)
        return
    aircraft = [known.aircraft(name, extra) for name in known.aircraft_names(extra)]
    cameras = [known.camera(name, extra) for name in known.camera_names(extra)]
    if as_json:
        print_json(
            {
                "aircraft": [entry_json(each) for each in aircraft],
                "cameras": [entry_json(each) for each in cameras],
            }
        )
        return
    craft = [
        (each.name, each.kind, f"{each.cruise_speed_m_s:g}", f"{each.battery_wh:g}", f"{each.max_wind_m_s:g}")
        for each in aircraft
    ]
    out().print(table("Aircraft", ("Name", "Kind", "#Cruise m/s", "#Battery Wh", "#Wind m/s"), craft))
    lenses = [
        (
            each.name,
            each.spectrum,
            f"{each.image_width_px} x {each.image_height_px}",
            f"{each.focal_length_mm:g}",
            f"{each.fov_deg[0]:.0f} x {each.fov_deg[1]:.0f}",
        )
        for each in cameras
    ]
    out().print(table("Cameras", ("Name", "Spectrum", "#Pixels", "#Lens mm", "#View °"), lenses))
