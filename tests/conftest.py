"""What every test may ask for."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a job in a shell's background ignores Ctrl-C, and so would every process that the tests interrupt
    signal.signal(signal.SIGINT, signal.default_int_handler)


def shared_folder() -> Path:
    """Real data: $DRONETEAM_SHARED, else `shared` beside the repository; the folder itself or its `data`."""
    folder = Path(os.environ.get("DRONETEAM_SHARED") or ROOT.parent / "shared")
    return folder / "data" if (folder / "data").is_dir() else folder


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Gives the path of a file or folder of real data; skips, saying so, where it is absent."""

    def path_of(name: str) -> Path:
        path = shared_folder() / name
        if not path.exists():
            pytest.skip(f"real data {name} is not in {shared_folder()}: set DRONETEAM_SHARED to where it is")
        return path

    return path_of
