"""Work in a process of its own, which tells on standard output how far it is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import IO

import imaging
from missions.errors import DroneteamError

NOTHING: Mapping[str, str] = MappingProxyType({})


@contextmanager
def working(
    module: str, *arguments: str, messages: int | IO[bytes], defaults: Mapping[str, str] = NOTHING
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """`python -m MODULE` in a session of its own, and its standard output; when the block ends it is gone.

    Its standard input stays open as long as this process lives, so that it can end with it. `messages` takes
    its standard error. `defaults` are for its environment where that does not say otherwise.
    """
    with subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=messages,
        env={**defaults, **os.environ, "PYTHONPATH": os.pathsep.join(_search_path())},
        start_new_session=True,
    ) as worker:
        try:
            assert worker.stdout is not None  # noqa: S101 - it is a pipe
            yield worker, worker.stdout
        finally:
            worker.kill()
            worker.wait()


def end_with_parent() -> None:
    """Wait for this process's parent to be gone, then end at once; for a thread of a worker.

    Standard input is a pipe that only ends with who started the worker; the main thread may be deep in native
    code.
    """
    while os.read(0, 1024):  # not sys.stdin, whose lock would be held when this process ends
        pass
    os._exit(1)


def tell(**event: object) -> None:
    """A line of JSON on standard output, for who started this worker."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def obeyed(work: Callable[[], None], *, reads_input: bool = False) -> int:
    """Do a worker's job and give its exit code: 1 where an error of ours ended it, which is told as `error`.

    Ctrl-C is for who started it; it ends when that is gone. One that `reads_input`, its standard input,
    sees the end of that itself.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if not reads_input:
        threading.Thread(target=end_with_parent, daemon=True).start()
    try:
        work()
    except DroneteamError as error:
        tell(error=str(error))
        return 1
    return 0


def _search_path() -> list[str]:
    """Where the worker finds this very package, in front of what the environment names."""
    here = str(Path(imaging.__file__).resolve().parent.parent)
    given = os.environ.get("PYTHONPATH", "")
    return [here, *([given] if given else [])]
