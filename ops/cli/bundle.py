"""`droneteam bundle`: seal an operation as evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.desk import settings_of
from ops.cli.options import JsonOption
from ops.cli.progress import showing
from ops.cli.screen import facts, out, print_json, say


def bundle(
    context: typer.Context,
    operation: Annotated[Path, typer.Argument(metavar="OPERATION", help="The folder of the operation.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where to write the bundle.")
    ],
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The signing key; else the setting.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Seal an operation: BagIt, SHA-256, an Ed25519 signature and the log, in one folder."""
    from ops import evidence
    from ops import keys as signing
    from ops.operations import Operation

    settings = settings_of(context, key=key)
    private = signing.load(settings.key)
    opened = Operation.open(operation, actor=settings.operator)
    with showing() as progress:
        progress.stage("Sealing", len(opened.files()))
        made = evidence.bundle(opened, output, private, lambda _: progress.advance())
    result = {
        "folder": str(made.folder),
        "files": made.files,
        "bytes": made.size_bytes,
        "key_sha256": made.fingerprint,
        "seal_sha256": made.seal_sha256,
        "left_out": list(made.strangers),
    }
    if as_json:
        print_json(result)
        return
    rows = [
        ("Files", made.files),
        ("Bytes", made.size_bytes),
        ("Key", made.fingerprint),
        ("Seal", made.seal_sha256),
    ]
    out().print(facts(str(made.folder), rows))
    if made.strangers:
        say(f"Left out, for they never entered: {len(made.strangers)} files, as {made.strangers[0]}")
