"""A child process that cannot outlive us, whatever ends us."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

from missions.errors import SimulatorError

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
_start_once = threading.Lock()
_starter: threading.Thread | None = None


def start_process(command: Sequence[str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start `command` in `folder`, leader of its own process group, output into `log`.

    The kernel kills it when this process dies (prctl(2), PR_SET_PDEATHSIG). Raises SimulatorError.
    """
    parent = os.getpid()

    def die_with_parent() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    def start() -> subprocess.Popen[bytes]:
        with log.open("wb") as output:
            return subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    try:
        return _in_lasting_thread(start)
    except OSError as error:
        raise SimulatorError(
            f"cannot be started ({error.strerror or error})", where=command[0], remedy="Install it again"
        ) from error


def stop_process(process: subprocess.Popen[bytes], patience_s: float = 2.0) -> None:
    """End the process and its whole group: SIGTERM, and SIGKILL after `patience_s`."""
    try:
        _signal_group(process, signal.SIGTERM)
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _in_lasting_thread(start: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """Run `start` in a thread that lives as long as the process.

    The death signal comes when the *thread* that started the child ends, so a short-lived one must not.
    """
    global _starter
    with _start_once:
        if _starter is None or not _starter.is_alive():
            _starter = threading.Thread(target=_serve, name="sitl-starter", daemon=True)
            _starter.start()
    results: SimpleQueue[subprocess.Popen[bytes] | BaseException] = SimpleQueue()

    def job() -> None:
        try:
            results.put(start())
        except BaseException as error:  # noqa: BLE001 - handed to the caller
            results.put(error)

    _jobs.put(job)
    result = results.get()
    if isinstance(result, BaseException):
        raise result
    return result


def _serve() -> None:
    while True:
        _jobs.get()()
