"""Many viewers, some of whom take nothing: the others see what flies, and the service does not grow."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from telemetry.columns import frames_of
from tests.ports import free_udp_port

ROOT = Path(__file__).parents[2]
LOOK_EACH_S = 5.0


def resident_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1000


def watch(
    start: Callable[..., object], folder: Path, vehicles: int, viewers: int, stalled: int, for_s: float
) -> tuple[dict[str, float], list[float]]:
    """What the viewers saw, and the megabytes that the service held, every few seconds."""
    port = free_udp_port()
    service = start("serve", "--port", "0", "--link", f"udp:127.0.0.1:{port}", "--record", str(folder))
    service.wait_until(lambda: "http" in service.printed())  # type: ignore[attr-defined]
    address = service.printed().strip()  # type: ignore[attr-defined]
    counts = [f"--vehicles={vehicles}", f"--viewers={viewers}", f"--stalled={stalled}", f"--for={for_s}"]
    held_mb: list[float] = []
    with subprocess.Popen(
        [sys.executable, "-m", "tests.ops.viewers", address, str(port), *counts],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as looking:
        while looking.poll() is None:
            held_mb.append(resident_mb(service.process.pid))  # type: ignore[attr-defined]
            time.sleep(min(LOOK_EACH_S, for_s / 10))
        assert looking.stdout is not None
        told = json.loads(looking.stdout.read())
    service.interrupt(60)  # type: ignore[attr-defined]
    print(json.dumps({**told, "held_mb": [round(mb, 1) for mb in held_mb[:: max(1, len(held_mb) // 60)]]}))  # noqa: T201
    recorded = sum(len(frames_of(path)[1].found) for path in folder.glob("*.tlog"))
    assert recorded == told["sent"], f"{told['sent'] - recorded} of {told['sent']} frames were lost"
    return told, held_mb


def test_a_stalled_viewer_holds_up_nobody(start: Callable[..., object], tmp_path: Path) -> None:
    told, _ = watch(start, tmp_path / "heard", vehicles=10, viewers=6, stalled=2, for_s=6)
    assert told["seen"] > 10 * 6 * 6
    assert told["fewest_messages"] > 6
    assert told["reconnected"] == 0


@pytest.mark.campaign
def test_fifty_viewers_of_fifty_vehicles_for_half_an_hour(
    start: Callable[..., object], tmp_path: Path
) -> None:
    told, held_mb = watch(start, tmp_path / "heard", vehicles=50, viewers=45, stalled=5, for_s=1800)
    # what is kept of each vehicle and for each viewer is bounded, and filled after some ten minutes
    first, last = (float(np.mean(part)) for part in (held_mb[120:180], held_mb[-60:]))
    print(json.dumps({**told, "first_mb": round(first, 1), "last_mb": round(last, 1)}))  # noqa: T201
    assert told["p99_ms"] < 250
    assert told["reconnected"] == 0
    assert last < 1.05 * first
