"""`droneteam log check`: recordings against the seals that they were given when they ended."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from missions.errors import InputError
from ops.cli.options import JsonOption
from ops.cli.screen import out, print_json, say, table


def check(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of recordings.")],
    as_json: JsonOption = False,
) -> None:
    """Say of each recording whether it is as it was sealed (`SHA256SUMS`); exit code 1 where one is not."""
    from telemetry.segments import check_folder

    if not folder.is_dir():
        raise InputError("there is no such folder", where=str(folder), remedy="Give the folder of recordings")
    checks = check_folder(folder)
    if as_json:
        print_json([{"name": one.name, "verdict": one.verdict, "sha256": one.sha256} for one in checks])
    else:
        rows = [(one.name, one.verdict, one.sha256[:16]) for one in checks]
        out().print(table(f"Recordings in {folder}", ("Name", "It is", "SHA-256"), rows))
    bad = Counter(one.verdict for one in checks if not one.sound)
    if bad:
        told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(bad.items()))
        say(f"Of {len(checks)} recordings: {told}")
        raise typer.Exit(1)
