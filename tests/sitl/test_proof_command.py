"""`python -m sitl.proof`: what it says, what it keeps, and how it leaves."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path

import pytest

from missions.errors import InputError
from missions.wind import Wind
from sitl.proof.__main__ import main
from sitl.proof.campaign import Campaign
from sitl.proof.cases import copter_cases
from sitl.proof.flight import Flown
from sitl.proof.ledger import Ledger
from sitl.proof.parameters import parameters_of
from sitl.proof.proofs import Proof, all_proofs, chosen
from sitl.proof.table import Row, as_json, as_markdown, as_text
from sitl.proof.verdict import Flight, Team, Verdict, Waited
from telemetry.flight import FlightResult

FLIGHT = Flight(
    vehicle=1,
    promised_s=400.0,
    flown_s=404.0,
    promised_wh=40.0,
    flown_wh=39.0,
    outside_m=0.0,
    off_m=0.7,
    completed=True,
    ended="landed",
    differences=0,
    astray=0,
    battery_left_pct=80.0,
)
GOOD = Verdict("square", "ardupilot-copter", "copter 4.5.4", 90, 99.9, 99.6, (FLIGHT,))
PROOF = Proof("spiral", "copter", copter_cases()["spiral"])


def with_flight(**changes: object) -> Verdict:
    return dataclasses.replace(GOOD, flights=(FLIGHT, dataclasses.replace(FLIGHT, **changes)))  # type: ignore[arg-type]


class TestBounds:
    def test_what_is_as_promised_holds(self) -> None:
        assert GOOD.holds

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"completed": False}, "not flown to its end"),
            ({"differences": 2}, "2 items"),
            ({"astray": 1}, "1 pictures"),
            ({"outside_m": 0.2}, "0.2 m outside"),
            ({"outside_m": float("nan")}, "outside"),
            ({"flown_s": 441.0}, "441 s flown"),
            ({"flown_s": 359.0}, "359 s flown"),
            ({"flown_wh": 44.1}, "44.1 Wh used"),
            ({"flown_wh": float("nan")}, "Wh used"),
        ],
    )
    def test_one_flight_of_two_that_is_not_is_named(self, changes: dict[str, object], said: str) -> None:
        (only,) = with_flight(**changes).shortfalls
        assert said in only
        assert "flight 2" in only

    def test_cover_is_held_against_what_the_plan_says(self) -> None:
        assert dataclasses.replace(GOOD, covered_pct=97.7).holds
        assert not dataclasses.replace(GOOD, covered_pct=97.5).holds
        assert dataclasses.replace(GOOD, covered_pct=70.0, promised_pct=70.4).holds
        assert not dataclasses.replace(GOOD, covered_pct=68.9, promised_pct=70.4).holds
        assert dataclasses.replace(GOOD, covered_pct=None).holds

    def test_aircraft_too_near_and_a_last_landing_too_late_are_told(self) -> None:
        assert dataclasses.replace(GOOD, team=Team(300.0, 329.0, 12.0)).holds
        near = dataclasses.replace(GOOD, team=Team(300.0, 329.0, 11.9)).shortfalls
        late = dataclasses.replace(GOOD, team=Team(300.0, 331.0, 12.0)).shortfalls
        assert "11.9 m between" in near[0]
        assert "331 s" in late[0]

    def test_a_place_that_waits_too_long_is_named(self) -> None:
        waits = (Waited(70.0, 50.0, 76.9), Waited(70.0, 50.0, 77.1), Waited(None, 50.0, 54.0))
        (only,) = dataclasses.replace(GOOD, waits=waits).shortfalls
        assert "place 2" in only


class TestTable:
    ROWS = (
        Row("square", GOOD, "2026-01-02", 10.0),
        Row("team", dataclasses.replace(GOOD, team=Team(300.0, 400.0, 20.0)), "2026-01-03", 15.0),
        Row("lost", problem="nothing answered"),
    )

    def test_each_row_names_vehicle_and_version_and_whether_it_holds(self) -> None:
        lines = as_text(self.ROWS).splitlines()
        assert "copter 4.5.4" in lines[1]
        assert lines[1].endswith("yes")
        assert lines[2].endswith("no")
        assert lines[3].endswith("not flown")
        assert "the last landing after 400 s" in as_text(self.ROWS)
        assert "lost: not flown: nothing answered" in as_text(self.ROWS)
        assert lines[-1] == "1 of 3 as promised"

    def test_markdown_has_as_many_cells_in_every_row_and_says_when(self) -> None:
        lines = as_markdown(self.ROWS).splitlines()
        assert len({line.count("|") for line in lines[:5]}) == 1
        assert "2026-01-02 to 2026-01-03" in lines[-1]
        assert "10 and 15 times" in lines[-1]

    def test_json_tells_every_figure_and_what_does_not_hold(self) -> None:
        good, late, lost = json.loads(as_json(self.ROWS))
        assert good["holds"]
        assert good["flights"][0]["flown_s"] == 404.0
        assert late["shortfalls"]
        assert lost == {"name": "lost", "holds": False, "problem": "nothing answered"}


class TestChoosing:
    def test_every_name_is_there_once(self) -> None:
        names = [proof.name for proof in all_proofs()]
        assert len(set(names)) == len(names)

    def test_a_word_chooses_all_that_hold_it(self) -> None:
        held = {proof.name for proof in chosen(["orbit"])}
        assert {"point orbit", "point orbit, native"} <= held
        assert held == {proof.name for proof in all_proofs() if "orbit" in proof.name}

    def test_a_word_that_nothing_holds_is_refused(self) -> None:
        with pytest.raises(InputError, match="--list"):
            chosen(["spiral", "submarine"])

    def test_every_copters_plan_may_be_flown(self) -> None:
        for name, make in copter_cases().items():
            plan = make()
            assert not plan.blocking, name
            assert plan.totals.photos > 0, name


def test_a_battery_is_counted_with_a_tenth_to_spare() -> None:
    plan = PROOF.make()
    chosen_for = parameters_of(plan)
    usable = 1 - plan.aircraft.reserve_pct / 100
    low_share = chosen_for["BATT_LOW_MAH"] / chosen_for["BATT_CAPACITY"]
    assert 1 - low_share == pytest.approx(1.1 * usable, abs=1e-3)


class TestLedger:
    def test_what_was_flown_is_found_again_for_the_same_plan_and_version_only(self, tmp_path: Path) -> None:
        ledger, plan = Ledger(tmp_path / "kept"), PROOF.make()
        recording = ledger.clear(PROOF) / "flight1-1" / "a.tlog"
        recording.parent.mkdir(parents=True)
        recording.write_bytes(b"x")
        flown = Flown(
            plan, FlightResult(True, True, "landed", 3, 3, 1.0, 2.0), recording, ("a",), "copter 4.5.4"
        )
        kept = ledger.keep(PROOF, plan, [flown], "4.5.4", 15.0)
        assert ledger.find(PROOF, plan, "4.5.4") == kept
        assert ledger.find(PROOF, plan, "4.6.0") is None
        promised = dataclasses.replace(plan.totals, energy_wh=1.0)
        assert ledger.find(PROOF, dataclasses.replace(plan, totals=promised), "4.5.4") is not None
        assert ledger.find(PROOF, dataclasses.replace(plan, route=plan.route[:-2]), "4.5.4") is None
        windy = dataclasses.replace(plan, wind=Wind(4.0, 90.0))
        assert ledger.find(PROOF, windy, "4.5.4") is None
        recording.unlink()
        assert ledger.find(PROOF, plan, "4.5.4") is None

    @pytest.mark.parametrize("text", ["", "{}", "[1]", '{"key": 1}'])
    def test_a_damaged_note_counts_for_nothing(self, tmp_path: Path, text: str) -> None:
        ledger = Ledger(tmp_path)
        ledger.place(PROOF).mkdir()
        (ledger.place(PROOF) / "flown.json").write_text(text)
        assert ledger.find(PROOF, PROOF.make(), "4.5.4") is None


class TestWithoutArduPilot:
    @pytest.fixture(autouse=True)
    def nowhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DRONETEAM_SITL", str(tmp_path / "nothing"))

    def test_it_says_where_it_looked_and_leaves_with_2(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["--only", "spiral", "-o", str(tmp_path / "out")]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert "droneteam sitl install copter" in said.err
        assert not (tmp_path / "out").exists()

    def test_the_names_are_told_all_the_same(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--list"]) == 0
        assert "copter  spiral\n" in capsys.readouterr().out


def test_a_name_that_is_none_leaves_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "submarine"]) == 2
    assert "submarine" in capsys.readouterr().err


@pytest.mark.parametrize("speedup", ["0", "1000", "fast"])
def test_a_speed_that_is_none_is_refused(speedup: str) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--speedup", speedup])
    assert left.value.code == 2


def test_a_plan_that_cannot_be_made_is_a_row_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impossible() -> object:
        raise InputError("no such place")

    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "arducopter").write_bytes(b"ArduCopter V4.5.4")
    (folder / "arducopter").chmod(0o755)
    monkeypatch.setenv("DRONETEAM_SITL", str(folder))
    told = io.StringIO()
    proof = Proof("lost", "copter", impossible)  # type: ignore[arg-type]
    (row,) = Campaign([proof], tmp_path / "out", told=told).fly()
    assert not row.holds
    assert "no such place" in row.problem
    assert "[1/1] lost" in told.getvalue()
