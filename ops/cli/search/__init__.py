"""`droneteam search`: where a missing person may be."""

from __future__ import annotations

import typer

from ops.cli.search.calibrate import calibrate
from ops.cli.search.covered import covered
from ops.cli.search.make_map import make_map
from ops.cli.search.next_ import next_
from ops.cli.search.why import why

app = typer.Typer(help="Where a missing person may be.", no_args_is_help=True)


@app.callback()
def search() -> None:
    """Where a missing person may be: the map of it, what was searched, and what chance is left."""


app.command("map", short_help="Make the map of where he may be.")(make_map)
app.command("covered", short_help="Enter a search that found nobody, and say what is left.")(covered)
app.command("next", short_help="Propose areas for the next flights.")(next_)
app.command("why", short_help="Say which frames saw a place.")(why)
app.command("calibrate", short_help="Fit the figures of detection to searches whose end is known.")(calibrate)
