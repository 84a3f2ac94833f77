"""`droneteam search calibrate`: figures of detection that fit a team's own searches."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.desk import settings_of
from ops.cli.options import JsonOption
from ops.cli.outputs import check_suffix
from ops.cli.screen import out, print_json, say, table
from ops.cli.search.typed import FiguresOption


def calibrate(
    context: typer.Context,
    outcomes: Annotated[
        Path, typer.Argument(metavar="OUTCOMES", help="Searches whose end is known; see docs/search.md.")
    ],
    kind: Annotated[str, typer.Option(metavar="NAME", help="The kind of looking, as thermal-night.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="TOML", help="Where to write the fitted figures.")
    ],
    figures: FiguresOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit the figures to who was found and who was not, and say how well the predictions keep."""
    import dataclasses

    from missions.files import write_whole
    from missions.search.calibration import fit, likelihood, reliability
    from missions.search.detection import detection, toml_of
    from missions.search.missed import missed_places
    from ops.outcomes import cases_in

    check_suffix(output, ".toml", "--output")
    start = detection(kind, figures)
    cases = cases_in(outcomes, kind, settings_of(context).catalogue)
    say(f"Fitting {kind} to {len(cases.found)} searches ...")
    fitted = fit(cases, start)
    source = f"fitted to {len(cases.found)} searches of {outcomes.name}, from: {start.source}"
    fitted = dataclasses.replace(fitted, source=source[:1000])
    write_whole(output, toml_of([fitted]).encode())
    places, missed = missed_places(cases.looks, {kind: fitted}, cases.cover)
    rows = reliability(1 - missed, cases.found[places], parts=min(10, max(1, len(places) // 10)))
    told = {
        "searches": len(cases.found),
        "looked_at": len(places),
        "before": dataclasses.asdict(start),
        "after": dataclasses.asdict(fitted),
        "mean_log_likelihood": {"before": likelihood(cases, start), "after": likelihood(cases, fitted)},
        "reliability": [{**dataclasses.asdict(each), "sigma": each.sigma} for each in rows],
    }
    if as_json:
        print_json(told)
        return
    listed = [
        (
            each.count,
            f"{100 * each.predicted:.0f} %",
            f"{100 * each.found:.0f} %",
            f"{100 * each.sigma:.0f} %",
        )
        for each in rows
    ]
    columns = ("#Searches", "#Predicted", "#Found", "#Chance alone may differ by")
    out().print(table("The searches that were fitted to, the least likely found first", columns, listed))
    say(f"Wrote {output}. These searches were fitted to: try the figures on others before you rely on them.")
