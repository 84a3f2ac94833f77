"""What a command answered: done, or refused in one line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

Droneteam = Callable[..., subprocess.CompletedProcess[str]]


def done(result: subprocess.CompletedProcess[str]) -> str:
    """What it printed."""
    assert result.returncode == 0, result.stderr
    return result.stdout


def told(result: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What it printed as JSON."""
    return dict(json.loads(done(result)))


def refused(result: subprocess.CompletedProcess[str], *words: str) -> None:
    """One line, exit code 2, nothing on standard output."""
    assert (result.returncode, result.stdout) == (2, ""), result.stderr
    assert result.stderr.startswith("droneteam: error: ")
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr
