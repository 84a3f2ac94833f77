"""An operation: every file enters with its hash, every act is logged, and the index can be rebuilt."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from missions.errors import EvidenceError, FormatError, InputError, OutputError
from ops.intake import safe_name
from ops.operations import FOLDERS, Operation, OperationKind
from telemetry.clock import ManualClock


@pytest.fixture
def operation(tmp_path: Path) -> Operation:
    return Operation.create(
        tmp_path / "op", "Vermiste wandelaar", "missing-person", ManualClock(), actor="anna"
    )


def a_file(folder: Path, name: str = "plan.json", data: bytes = b"{}") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name


def test_an_operation_opens_as_it_was_made(operation: Operation) -> None:
    again = Operation.open(operation.folder, ManualClock(), actor="bert")
    assert (again.id, again.name, again.kind, again.created) == (
        operation.id,
        "Vermiste wandelaar",
        OperationKind.MISSING_PERSON,
        "2023-11-14T22:13:20.000000Z",
    )
    assert all((operation.folder / folder).is_dir() for folder in FOLDERS.values())


def test_a_file_enters_with_its_hash_and_a_line_in_the_log(operation: Operation, tmp_path: Path) -> None:
    entered = operation.add_file(a_file(tmp_path / "in"), "plan", from_area="area.kml")
    assert entered.path == "plans/plan.json"
    assert entered.sha256 == hashlib.sha256(b"{}").hexdigest()
    line = list(operation.log.lines())[-1]
    assert (line.actor, line.action) == ("anna", "file.entered")
    assert line.details == {
        "path": "plans/plan.json",
        "kind": "plan",
        "bytes": 2,
        "sha256": entered.sha256,
        "source": "plan.json",
        "from_area": "area.kml",
    }


def test_two_files_of_one_name_both_stay(operation: Operation, tmp_path: Path) -> None:
    first = operation.add_file(a_file(tmp_path / "a", data=b"1"), "plan")
    second = operation.add_file(a_file(tmp_path / "b", data=b"2"), "plan")
    assert (first.path, second.path) == ("plans/plan.json", "plans/plan-2.json")
    assert (operation.folder / first.path).read_bytes() == b"1"


def test_the_same_file_enters_once(operation: Operation, tmp_path: Path) -> None:
    path = a_file(tmp_path / "a")
    assert operation.add_file(path, "plan") == operation.add_file(path, "plan")
    assert len(operation.files()) == 1


def test_a_file_that_lies_in_the_operation_stays_where_it_is(operation: Operation) -> None:
    path = a_file(operation.folder / "scenes" / "one", "orthomosaic.tif", b"II")
    assert operation.add_file(path, "scene").path == "scenes/one/orthomosaic.tif"
    assert operation.strangers() == ()


def test_a_file_that_changed_after_it_entered_is_refused(operation: Operation) -> None:
    path = a_file(operation.folder / "plans")
    operation.add_file(path, "plan")
    path.write_bytes(b"[]")
    with pytest.raises(EvidenceError, match="changed"):
        operation.add_file(path, "plan")


def test_strangers_are_named(operation: Operation) -> None:
    a_file(operation.folder / "photos", "one.jpg")
    assert operation.strangers() == ("photos/one.jpg",)


@pytest.mark.parametrize("place", ["operation.json", "audit.jsonl", "droneteam.sqlite"])
def test_the_record_itself_is_no_file_that_can_enter(operation: Operation, place: str) -> None:
    with pytest.raises(InputError):
        operation.add_file(operation.folder / place, "plan")


def test_links_folders_and_files_that_are_not_there_do_not_enter(
    operation: Operation, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(a_file(tmp_path / "in"))
    for path in (tmp_path / "link", tmp_path / "in", tmp_path / "nothing"):
        with pytest.raises(InputError):
            operation.add_file(path, "plan")
    assert operation.files() == ()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a\nb.jpg", "a_b.jpg"),
        ("50%.jpg", "50_.jpg"),
        ("..", "unnamed"),
        ("../x", "_x"),
        ("~root", "root"),
        ("e\u0301.txt", "é.txt"),
        ("\udcff.txt", "_.txt"),
        ("x" * 300 + ".jpg", "x" * 196 + ".jpg"),
        ("𝄞" * 100, "𝄞" * 50),
        ("plan.json", "plan.json"),
    ],
)
def test_names_become_such_as_can_be_sealed(name: str, safe: str) -> None:
    assert safe_name(name) == safe
    assert safe_name(safe) == safe


def test_the_index_is_rebuilt_from_the_log_alone(operation: Operation, tmp_path: Path) -> None:
    operation.add_file(a_file(tmp_path / "in"), "plan")
    operation.record("vehicle.heard", system=3, kind="copter", link="udp:127.0.0.1:14550")
    operation.record("flight.ended", system=3, plan="plans/plan.json", outcome="landed", duration_s=61.5)
    before = [operation.store.files(), operation.store.vehicles(), operation.store.flights()]
    assert all(before)
    (operation.folder / "droneteam.sqlite").unlink()
    again = Operation.open(operation.folder, ManualClock())
    assert [again.store.files(), again.store.vehicles(), again.store.flights()] == before
    assert [act["action"] for act in again.store.acts()] == [line.action for line in again.log.lines()]
    rebuilt = Operation.open(operation.folder, ManualClock(), rebuild=True)
    assert [rebuilt.store.files(), rebuilt.store.vehicles(), rebuilt.store.flights()] == before
    assert rebuilt.store.acts()[-1]["action"] == "index.rebuilt"


def test_lines_that_a_crash_kept_from_the_index_are_indexed_at_the_next_opening(operation: Operation) -> None:
    operation.log.append("act", {"number": 1})
    operation.record("act", number=2)
    again = Operation.open(operation.folder, ManualClock())
    assert [act["details"].get("number") for act in again.store.acts("act")] == [1, 2]


def test_a_log_whose_end_was_cut_off_does_not_open_until_that_is_accepted(operation: Operation) -> None:
    operation.record("act")
    lines = operation.log.path.read_bytes().splitlines(keepends=True)
    operation.log.path.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(EvidenceError, match="lacks line 2"):
        Operation.open(operation.folder, ManualClock())
    assert Operation.open(operation.folder, ManualClock(), rebuild=True).log.verify().problems == []


def test_a_log_that_a_crash_tore_is_recovered_when_the_operation_opens(operation: Operation) -> None:
    with operation.log.path.open("ab") as log:
        log.write(b'{"action":"ac')
    again = Operation.open(operation.folder, ManualClock())
    assert again.store.acts()[-1]["action"] == "log.recovered"
    assert again.log.verify().problems == []


def test_a_missing_log_is_told(operation: Operation) -> None:
    operation.log.path.unlink()
    with pytest.raises(EvidenceError, match="missing"):
        Operation.open(operation.folder)


def test_the_index_is_kept_with_wal_and_full(operation: Operation) -> None:
    with closing(sqlite3.connect(operation.store.path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with operation.store._engine.connect() as ours:
        assert ours.exec_driver_sql("PRAGMA synchronous").scalar() == 2


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"version": 2}, FormatError),
        ({"format": "something"}, FormatError),
        ({"kind": "party"}, FormatError),
        ({"id": 5}, FormatError),
    ],
)
def test_a_document_of_another_make_or_version_is_refused(
    operation: Operation, change: dict[str, object], error: type[Exception]
) -> None:
    path = operation.folder / "operation.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(error):
        Operation.open(operation.folder)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 50_000])
def test_a_document_that_is_no_operation_is_refused(operation: Operation, text: str) -> None:
    (operation.folder / "operation.json").write_text(text)
    with pytest.raises(FormatError):
        Operation.open(operation.folder)


def test_an_operation_is_not_made_over_something_else(tmp_path: Path) -> None:
    a_file(tmp_path / "full")
    with pytest.raises(OutputError):
        Operation.create(tmp_path / "full", "x", "patrol")
    with pytest.raises(OutputError):
        Operation.create(tmp_path / "full" / "plan.json" / "below", "x", "patrol")
    with pytest.raises(InputError):
        Operation.create(tmp_path / "new", "x", "party")
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "plan.json"]


def test_the_folder_that_one_stands_in_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for here in (Path(), tmp_path, Path("..") / tmp_path.name):
        with pytest.raises(OutputError, match=r"cannot become the operation's.*go one folder up"):
            Operation.create(here, "x", "patrol")
    with pytest.raises(OutputError, match="something is there already"):
        Operation.create(Path("/"), "x", "patrol")
    (tmp_path / "ring").symlink_to("ring")
    with pytest.raises(OutputError, match="cannot be made"):
        Operation.create(Path("ring"), "x", "patrol")
    assert [path.name for path in tmp_path.iterdir()] == ["ring"]
    made = Operation.create(Path("./new/."), "x", "patrol")
    assert Operation.open(tmp_path / "new").id == made.id


def test_what_follows_from_recordings_is_no_stranger(operation: Operation) -> None:
    telemetry = operation.folder / "telemetry"
    telemetry.mkdir(exist_ok=True)
    for name in ("SHA256SUMS", "index.sqlite", "index.sqlite-wal", "index.lock"):
        (telemetry / name).write_bytes(b"")
    assert operation.strangers() == ()
    (telemetry / "alerts.jsonl").write_bytes(b"")
    assert operation.strangers() == ("telemetry/alerts.jsonl",)
