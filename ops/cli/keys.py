"""`droneteam keys`: the keys that sign evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.desk import settings_of
from ops.cli.screen import say

app = typer.Typer(help="Make the key that signs evidence: new.", no_args_is_help=True)


@app.callback()
def keys() -> None:
    """Make the key that signs evidence: new."""


@app.command()
def new(
    context: typer.Context,
    path: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Where to keep it; else the setting.")
    ] = None,
) -> None:
    """Make a private key that only you can read, and print the fingerprint to publish."""
    from ops import keys as signing

    target = settings_of(context, key=path).key
    key = signing.create(target)
    typer.echo(signing.fingerprint(key.public_key()))
    say(
        f"Wrote {target} (keep it to yourself) and {signing.public_path(target)} (give it to those who check)"
    )
