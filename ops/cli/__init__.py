"""The command `droneteam`: one thin file a command, and the shell around them that tells errors.

What a program may read goes to standard output, everything else to standard error. Exit codes are in
docs/ops.md; each error on purpose is one line and leaves nothing half done.
"""

from __future__ import annotations

import gc
import io
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from ops.cli.shell import Terminated, starting, told


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and leave with its exit code."""
    gc.freeze()  # so `starting` knows that the process is ours
    given = list(sys.argv[1:] if arguments is None else arguments)
    signal.signal(signal.SIGTERM, _stop)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    code = told(run_command, given)
    gc.freeze()  # what is left goes with the process: no cycles are looked for in it
    sys.exit(code)


def run_command(arguments: list[str]) -> int:
    """Run the command and give its exit code; whatever goes wrong is raised."""
    with starting():
        import typer
        from typer.main import get_command

        from ops.cli.app import app_for

        command = get_command(app_for(arguments))
    try:
        # A copy: what parses a list empties it, and `told` looks for --debug in it afterwards.
        with command.make_context("droneteam", list(arguments)) as context:
            command.invoke(context)
    except typer.Exit as leaving:
        return int(leaving.exit_code)
    return 0


def _stop(_number: int, _frame: object) -> NoReturn:
    """Leave as for Ctrl-C, through every `finally`: a service manager leaves nothing behind either."""
    raise Terminated
