"""Plans flown by a real ArduPilot are what they promise: a share here, all of them in the campaign."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sitl.ardupilot import find, where_looked
from sitl.ardupilot.instances import lock_folder
from sitl.proof.campaign import Campaign
from sitl.proof.proofs import Proof, all_proofs
from sitl.proof.verdict import Verdict

pytestmark = [pytest.mark.sitl, pytest.mark.timeout(600)]
PROOFS = {proof.name: proof for proof in all_proofs()}
SHARE = ("expanding square", "divided: two flights", "shared: three copters at once")
SPEEDUP = 15.0


def flown(proof: Proof, folder: Path) -> Verdict:
    if find(proof.kind) is None:
        pytest.skip(where_looked(proof.kind))
    (row,) = Campaign([proof], folder, SPEEDUP).fly()
    assert row.problem == ""
    assert row.verdict is not None
    return row.verdict


@pytest.mark.parametrize("name", SHARE)
def test_a_plan_is_flown_as_promised_and_not_flown_again(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verdict = flown(PROOFS[name], tmp_path)
    assert verdict.shortfalls == ()
    assert verdict.pictures > 0
    capsys.readouterr()
    assert flown(PROOFS[name], tmp_path) == verdict
    assert "flying" not in capsys.readouterr().err


@pytest.mark.campaign
@pytest.mark.parametrize("name", [name for name in PROOFS if name not in SHARE])
def test_every_other_plan_is_flown_as_promised(name: str, tmp_path: Path) -> None:
    assert flown(PROOFS[name], tmp_path).shortfalls == ()


def test_broken_off_it_stops_what_it_started_and_goes_on_later(tmp_path: Path) -> None:
    if find("copter") is None:
        pytest.skip(where_looked("copter"))
    command = [sys.executable, "-m", "sitl.proof", "--only", "two copters in relief", "-o", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = next(line for line in process.stderr if "mission" in line)
        process.send_signal(signal.SIGINT)
        out, rest = process.communicate(timeout=60)
    assert "flight 1" in said
    assert process.returncode == 130
    assert out == ""
    assert "the same command goes on" in rest
    # Whoever runs in a folder holds its lock until it has ended.
    for vehicle in ("vehicle1", "vehicle2"):
        lock_folder(next(tmp_path.glob(f"*/{vehicle}"))).close()
