"""Marking a scene over REST: what is marked is kept, logged and worked out, and nonsense changes nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from imaging.control.marks import read_marks
from ops.api.server import serving
from telemetry.replay import Replay, open_recordings
from tests.ops.marked import API, ID, clicks, log_of, operation_with, order, point_of, put, served
from tests.ops.replayed import write_recording
from tests.ops.surveyed import CHECKS, Surveyed

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def folder(surveyed: Surveyed, tmp_path: Path) -> Path:
    return operation_with(surveyed, tmp_path / "operation")


@pytest.fixture
def client(folder: Path) -> Iterator[httpx.Client]:
    with served(folder) as client:
        yield client


def report(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{API}/marking").json()
    return found


def test_each_point_is_expected_within_its_ellipse_and_best_seen_first(
    client: httpx.Client, surveyed: Surveyed
) -> None:
    inside = total = 0
    for name, marks in clicks(surveyed).items():
        found = client.get(f"{API}/predictions", params={"kind": "control", "name": name}).json()
        assert {each["photo"] for each in found} >= set(marks)
        for each in found:
            if each["photo"] not in marks:
                continue
            mark = marks[each["photo"]]
            off = complex(mark.x_px - each["x_px"], mark.y_px - each["y_px"])
            turned = off * np.exp(-1j * np.radians(each["ellipse_deg"]))
            major, minor = each["ellipse_px"]
            inside += (turned.real / major) ** 2 + (turned.imag / minor) ** 2 <= 1
            total += 1
    assert total > 40
    assert inside > 0.85 * total


def test_a_mark_is_kept_in_the_scene_and_in_the_log(
    client: httpx.Client, folder: Path, surveyed: Surveyed
) -> None:
    mark = next(iter(clicks(surveyed)["C4"].values()))
    before = report(client)
    after = put(client, "C4", mark).json()
    assert after["revision"] != before["revision"]
    assert len(point_of(after, "C4")["marks"]) == 1
    assert not after["adjustment"]["with_marks"]
    (kept,) = next(each.marks for each in read_marks(folder / ID / "marks.json") if each.name == "C4")
    assert (kept.photo, kept.x_px, kept.y_px, kept.marked_by) == (mark.photo, mark.x_px, mark.y_px, "Ann")
    line = log_of(folder)[-1]
    assert line["action"] == "mark.set"
    assert line["details"]["point"] == "C4"
    assert line["details"]["marks"][0]["x_px"] == mark.x_px
    gone = client.delete(
        f"{API}/marks",
        params={
            "kind": "control",
            "point": "C4",
            "photo": mark.photo,
            "x_px": mark.x_px,
            "y_px": mark.y_px,
            "who": "Bob",
        },
    )
    assert point_of(gone.json(), "C4")["marks"] == []
    assert log_of(folder)[-1]["action"] == "mark.removed"
    unchanged = client.get(
        f"{API}/marking", headers={"If-None-Match": client.get(f"{API}/marking").headers["etag"]}
    )
    assert unchanged.status_code == 304


def test_who_has_not_seen_a_mark_cannot_replace_it(client: httpx.Client, surveyed: Surveyed) -> None:
    mark = next(iter(clicks(surveyed)["C4"].values()))
    assert put(client, "C4", mark).status_code == 200
    refused = put(client, "C4", mark, x_px=mark.x_px + 1, who="Bob")
    assert refused.status_code == 409
    assert "Ann marked C4" in refused.json()["detail"]
    assert point_of(report(client), "C4")["marks"][0]["x_px"] == mark.x_px
    seen = {"x_px": mark.x_px, "y_px": mark.y_px}
    assert put(client, "C4", mark, x_px=mark.x_px + 1, who="Bob", replaces=seen).status_code == 200


def test_of_many_who_mark_at_once_nothing_is_lost(
    client: httpx.Client, folder: Path, surveyed: Surveyed
) -> None:
    orders = [order(name, mark) for name, marks in clicks(surveyed).items() for mark in marks.values()][:24]
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(lambda each: client.put(f"{API}/marks", json=each).status_code, [*orders, *orders])
        )
    assert sorted(answers) == [200] * 24 + [409] * 24
    kept = {
        (point.name, mark.photo) for point in read_marks(folder / ID / "marks.json") for mark in point.marks
    }
    assert kept == {(each["point"], each["photo"]) for each in orders}


NO_MARKS: tuple[tuple[dict[str, Any], int], ...] = (
    ({"x_px": float("nan")}, 422),
    ({"x_px": float("inf")}, 422),
    ({"x_px": -3.0}, 422),
    ({"y_px": 1e5}, 422),
    ({"y_px": "twelve"}, 422),
    ({"sigma_px": 0}, 422),
    ({"photo": "../../audit.jsonl"}, 404),
    ({"photo": ""}, 404),
    ({"point": "C4\n"}, 404),
    ({"point": "nobody"}, 404),
    ({"kind": "other"}, 422),
    ({"who": "  "}, 422),
    ({"who": "x" * 9000}, 413),
    ({"extra": 1}, 422),
)


def test_what_is_no_mark_is_refused_with_a_sentence_and_changes_nothing(
    client: httpx.Client, folder: Path, surveyed: Surveyed
) -> None:
    mark = next(iter(clicks(surveyed)["C4"].values()))
    before = (folder / ID / "marks.json").read_bytes(), len(log_of(folder))
    for change, status in NO_MARKS:
        body = json.dumps(order("C4", mark) | change)
        answer = client.put(f"{API}/marks", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == status, change
        assert len(answer.json()["detail"]) > 10
    assert ((folder / ID / "marks.json").read_bytes(), len(log_of(folder))) == before


def test_a_scene_that_did_not_enter_is_not_there(client: httpx.Client) -> None:
    window = {"x": 0, "y": 0, "w": 9, "h": 9, "side": 9}
    for scene in ("scenes/nobody", "../operation", "scenes/crash/../../..", "%2e%2e", "photos/crash"):
        assert client.get(f"/api/scenes/{scene}/marking").status_code == 404
        assert client.get(f"/api/scenes/{scene}/orthomosaic", params=window).status_code == 404


def test_a_page_from_elsewhere_may_mark_nothing(client: httpx.Client, surveyed: Surveyed) -> None:
    mark = next(iter(clicks(surveyed)["C4"].values()))
    foreign = {"Origin": "https://example.org"}
    assert client.put(f"{API}/marks", json=order("C4", mark), headers=foreign).status_code == 421
    plain = client.put(f"{API}/marks", content="{}", headers={"Content-Type": "text/plain"})
    assert plain.status_code == 415


def test_in_a_replay_marks_are_seen_and_not_made(folder: Path, surveyed: Surveyed, tmp_path: Path) -> None:
    replay = Replay(open_recordings([write_recording(tmp_path / "flight.tlog")]))
    with (
        serving(replay=replay, operation_folder=folder) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        mark = next(iter(clicks(surveyed)["C4"].values()))
        assert client.get(f"{API}/marking").status_code == 200
        refused = put(client, "C4", mark)
        assert refused.status_code == 409
        assert "replay" in refused.json()["detail"]


def test_windows_are_the_pixels_themselves_and_bounded(client: httpx.Client, surveyed: Surveyed) -> None:
    photo = report(client)["photos"][0]
    wide, tall = photo["width_px"], photo["height_px"]

    def window(**change: object) -> httpx.Response:
        given = {"photo": photo["name"], "x": 40, "y": 60, "w": 64, "h": 48, "side": 64, **change}
        return client.get(f"{API}/photo", params=given)

    cut = np.asarray(Image.open(io.BytesIO(window().content)), float)
    whole = np.asarray(Image.open(surveyed.folder / "photos" / photo["name"]), float)
    assert cut.shape == (48, 64, 3)
    assert np.abs(cut - whole[60:108, 40:104]).mean() < 3
    small = Image.open(io.BytesIO(window(x=0, y=0, w=wide, h=tall, side=100).content))
    assert max(small.size) == 100
    bounds = {"w": (wide, 0, 10**9), "x": (wide, -1, "nan"), "side": (5000, 0)}
    for name, values in bounds.items():
        for value in values:
            assert window(**{name: value}).status_code == 422
    assert window(photo="../audit.jsonl").status_code == 404
    picture = report(client)["picture"]
    cut_out = {"x": 0, "y": 0, "w": picture[0], "h": picture[1], "side": 300}
    shown = Image.open(io.BytesIO(client.get(f"{API}/orthomosaic", params=cut_out).content))
    assert (max(shown.size), shown.mode) == (300, "RGBA")
    too_far = client.get(f"{API}/orthomosaic", params={**cut_out, "x": 5})
    assert too_far.status_code == 422


def test_a_photo_that_was_changed_is_not_shown(
    client: httpx.Client, folder: Path, surveyed: Surveyed
) -> None:
    name = report(client)["photos"][0]["name"]
    (folder / "photos" / "crash" / name).write_bytes(b"another")
    original = surveyed.folder / "photos" / name
    kept = original.read_bytes()
    try:
        original.write_bytes(b"another")
        window = {"photo": name, "x": 0, "y": 0, "w": 9, "h": 9, "side": 9}
        answer = client.get(f"{API}/photo", params=window)
        assert answer.status_code == 409
        assert "gone or changed" in answer.json()["detail"]
    finally:
        original.write_bytes(kept)


def test_an_adjustment_tells_residuals_checks_and_a_swapped_mark(
    client: httpx.Client, folder: Path, surveyed: Surveyed
) -> None:
    assert client.post(f"{API}/adjust", json={"who": "Ann"}).status_code == 409
    found = clicks(surveyed)
    shared = next(
        photo
        for photo in found["C4"]
        for other in found
        if other not in CHECKS | {"C4"}
        and photo in found[other]
        and min(len(found[other]), len(found["C4"])) > 3
    )
    other = next(
        name
        for name in found
        if name not in CHECKS | {"C4"} and shared in found[name] and len(found[name]) > 3
    )
    for name, marks in found.items():
        for mark in marks.values():
            swapped = {"C4": other, other: "C4"}.get(name, name) if mark.photo == shared else name
            assert put(client, swapped, mark).status_code == 200
    report = client.post(f"{API}/adjust", json={"who": "Ann"}).json()
    fit = report["adjustment"]
    assert fit["with_marks"]
    assert fit["control_points"] >= 4
    assert fit["evidence"], fit["verdict"]
    assert {(each["name"], each["photo"]) for each in fit["blunders"]} == {("C4", shared), (other, shared)}
    assert all("swapped" in each["reason"] for each in fit["blunders"])
    off = [abs(value) for each in report["points"] if each["role"] == "check" for value in each["off_m"][:2]]
    assert max(off) < 0.05
    line = log_of(folder)[-1]
    assert line["action"] == "scene.adjusted"
    assert line["details"]["verdict"] == fit["verdict"]
    assert not list((folder / ID).glob(".marking-*"))


def test_what_is_measured_on_the_picture_lies_within_its_interval_and_tells_where_it_was_not_found_again(
    client: httpx.Client, surveyed: Surveyed, folder: Path
) -> None:
    letters, reasons = {}, set()
    marks = clicks(surveyed, "measure.json")
    for name in ("A", "B", "H"):
        mark = next(iter(marks[name].values()))
        sent = {**order(name, mark), "kind": "measure", "point": None}
        del sent["replaces"]
        answer = client.post(f"{API}/points", json=sent).json()
        letters[name] = answer["named"]
        missed = answer["not_found_again"]
        marked = {each["photo"] for each in point_of(answer, letters[name], "measure")["marks"]}
        assert marked.isdisjoint(each["photo"] for each in missed)
        assert log_of(folder)[-1]["details"].get("not_found_again", []) == missed
        reasons |= {each["reason"] for each in missed}
    assert list(letters.values()) == ["A", "B", "C"]
    assert reasons
    assert report(client)["not_found_again"] == []
    for first, second in (("A", "B"), ("A", "H")):
        asked = {
            "kind": "distance",
            "letters": [letters[first], letters[second]],
            "who": "Ann",
            "note": "left",
        }
        figure = client.put(f"{API}/figures", json=asked).json()["figures"][-1]
        assert abs(figure["value"] - surveyed.distance_m(first, second)) < figure["half_width_95"] * 1.3
        assert figure["half_width_95"] < 0.5
        assert "±" in figure["text"]
        assert (figure["note"], figure["caution"]) == ("left", "")
    needed = client.delete(f"{API}/points", params={"name": "A", "who": "Ann"})
    assert needed.status_code == 422
    assert "needs A" in needed.json()["detail"]
    for bad in (["A"], ["A", "A"], ["A", "Z"], ["A", "B", "C"]):
        refused = client.put(f"{API}/figures", json={"kind": "distance", "letters": bad, "who": "Ann"})
        assert refused.status_code in {404, 422}
    left = client.delete(f"{API}/figures", params={"kind": "distance", "letter": ["A", "B"], "who": "Ann"})
    assert [each["letters"] for each in left.json()["figures"]] == [["A", "C"]]


def test_a_click_on_the_orthomosaic_becomes_marks_in_the_photos(
    client: httpx.Client, surveyed: Surveyed
) -> None:
    before = report(client)
    expected = point_of(before, "C4")["picture_px"]
    on_picture = {"kind": "control", "point": "C4", "x_px": expected[0], "y_px": expected[1], "who": "Ann"}
    after = point_of(client.post(f"{API}/points", json=on_picture).json(), "C4")
    assert len(after["marks"]) >= 3
    assert sum(each["matched"] for each in after["marks"]) == len(after["marks"]) - 1
    for each in after["marks"]:
        mark = clicks(surveyed)["C4"][each["photo"]]
        assert np.hypot(each["x_px"] - mark.x_px, each["y_px"] - mark.y_px) < 3
    beside = client.post(f"{API}/points", json={**on_picture, "x_px": 1e5})
    assert beside.status_code == 422
