"""`droneteam verify`: is a bundle as it was sealed?"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.cli.options import JsonOption
from ops.cli.progress import showing
from ops.cli.screen import facts, out, print_json, say, table

if TYPE_CHECKING:
    from ops import evidence

NOT_SOUND = 1


def verify(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The bundle.")],
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The public key that must have signed it, as PEM.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a bundle: every file, the log's chain and the signature. Leaves with 1 if anything differs."""
    from ops import evidence
    from ops import keys as signing

    given = signing.load_public(key) if key else None
    with showing() as progress:
        progress.stage("Checking", None)
        report = evidence.verify(folder, given, lambda _: progress.advance())
    if as_json:
        found = {**dataclasses.asdict(report), "folder": str(folder), "sound": report.sound}
        print_json(found)
    else:
        _show(report)
    if not report.sound:
        raise typer.Exit(NOT_SOUND)


def _show(report: evidence.VerifyReport) -> None:
    if report.problems:
        rows = [(problem.path, problem.kind, problem.text) for problem in report.problems]
        out().print(table("Not as it was sealed", ("File", "Kind", "What"), rows))
    origin = "given" if report.key_given else "in the bundle"
    rows_ = [
        ("Files", report.files),
        ("Bytes", report.size_bytes),
        ("Lines of log", report.log_lines),
        (f"Key, {origin}", report.fingerprint or "none"),
        ("Result", "as it was sealed" if report.sound else f"{len(report.problems)} problems"),
    ]
    out().print(facts(str(report.folder), rows_))
    if not report.key_given:
        say("Compare the key with the fingerprint that the team published, or give their key with --key.")
