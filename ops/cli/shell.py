"""The shell around every command: what an error looks like, and which exit code it becomes."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from missions.errors import DroneteamError

if TYPE_CHECKING:
    from typer import TyperException

EXIT_USAGE = 2
EXIT_FAULT = 70
"""A fault of ours (EX_SOFTWARE of sysexits.h)."""
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
EXIT_TERMINATED = 143
_SHOW_CURSOR = "\x1b[?25h"


class Terminated(BaseException):
    """SIGTERM arrived."""


def told(run: Callable[[list[str]], int], arguments: list[str]) -> int:
    """Run a command; whatever it raises becomes one line on standard error and an exit code."""
    try:
        code = run(arguments)
        sys.stdout.flush()
        return code
    except DroneteamError as error:
        return _complain(str(error), error.exit_code)
    except BrokenPipeError:
        return _reader_left()
    except (KeyboardInterrupt, Terminated) as signalled:
        return _stopped(signalled)
    except Exception as error:  # noqa: BLE001  # here everything ends that nobody expected
        if importing := _while_importing(error):
            return _stopped(importing)
        from typer import TyperException

        if isinstance(error, TyperException):
            return _usage(error)
        return _fault(error, debug="--debug" in arguments)


@contextmanager
def starting() -> Iterator[None]:
    """Look for no garbage while the block imports: modules stay, and it would be done again and again.

    In a process of our own, where `main` has frozen what there was, they are passed over later, too.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count():
            gc.freeze()
        if before:
            gc.enable()


def one_line(text: str) -> str:
    """Text on one line that no terminal takes for commands."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _complain(text: str, code: int) -> int:
    sys.stderr.write(f"droneteam: error: {one_line(text)}\n")
    return code


def _while_importing(error: BaseException) -> KeyboardInterrupt | Terminated | None:
    """The signal that an import was stopped by; pybind11 makes an ImportError of it."""
    cause: BaseException | None = error
    while isinstance(cause, ImportError):
        cause = cause.__cause__
    return cause if isinstance(cause, KeyboardInterrupt | Terminated) else None


def _stopped(signalled: KeyboardInterrupt | Terminated) -> int:
    if isinstance(signalled, Terminated):
        return _interrupted("terminated", EXIT_TERMINATED)
    return _interrupted("stopped", EXIT_INTERRUPTED)


def _interrupted(what: str, code: int) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # CPython ends by SIGINT itself, whatever the exit code, where Ctrl-C came while a string was executed (as
    # dataclasses do while they are imported), though it was caught; executing another forgets that
    exec("")  # noqa: S102
    ending = _SHOW_CURSOR if sys.stderr.isatty() else ""
    sys.stderr.write(f"{ending}droneteam: {what}\n")
    return code


def _reader_left() -> int:
    """Whoever read our output left: nothing more can be said there, not at the interpreter's end either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_BROKEN_PIPE


def _usage(error: TyperException) -> int:
    """What is wrong with the command line; nothing to add where the help was shown for want of any."""
    message = error.format_message().strip().rstrip(".")
    context = getattr(error, "ctx", None)
    hint = f" See {context.command_path} --help." if context else ""
    return _complain(f"{message}.{hint}", EXIT_USAGE) if message else EXIT_USAGE


def _fault(error: Exception, *, debug: bool) -> int:
    if debug:
        import traceback

        traceback.print_exception(error)
    else:
        sys.stderr.write("droneteam: this is a fault of ours; run it again with --debug to see where\n")
    return _complain(f"{type(error).__name__}: {error}", EXIT_FAULT)
