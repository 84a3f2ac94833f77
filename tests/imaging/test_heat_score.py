"""The scorer of thermal boxes against COCO's own, and against curves drawn by hand."""

import contextlib
import io
from typing import Any

import numpy as np
import pytest

from tests.bench import heat_score

KINDS = [*heat_score.CATEGORIES, heat_score.IGNORED]


def _result(image: dict[str, Any], kind: int, box: list[float], rng: np.random.Generator) -> dict[str, Any]:
    return {"image_id": image["id"], "category_id": kind, "bbox": box, "score": rng.random()}


def a_set(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Random truth with all five kinds, and boxes near it and elsewhere."""
    rng = np.random.default_rng(seed)
    images = [
        {"id": n, "filename": f"{n % 2}_60_30_0_{n:05d}.jpg", "date_captured": "20210121"} for n in range(40)
    ]
    notes: list[dict[str, Any]] = []
    results = []
    for image in images:
        for _ in range(rng.integers(0, 12)):
            box = np.array([*rng.uniform(0, 200, 2), *rng.uniform(6, 40, 2)])
            kind = int(rng.integers(5))
            told = {"image_id": image["id"], "category_id": kind, "bbox": box.tolist()}
            notes.append(told | {"id": len(notes) + 1})
            for _ in range(rng.integers(0, 3)):
                moved = [*(box[:2] + rng.normal(0, 3, 2)), *(box[2:] * rng.uniform(0.8, 1.3, 2))]
                same = kind < 4 and rng.random() < 0.8
                results.append(_result(image, kind if same else int(rng.integers(4)), moved, rng))
        for _ in range(4):
            box = np.array([*rng.uniform(0, 200, 2), *rng.uniform(6, 40, 2)])
            results.append(_result(image, int(rng.integers(4)), box.tolist(), rng))
    kinds = [{"id": n, "name": name} for n, name in enumerate(KINDS)]
    return {"images": images, "annotations": notes, "categories": kinds}, results


@pytest.mark.parametrize(("seed", "overlap"), [(0, 0.5), (1, 0.5), (2, 0.5), (3, 0.5), (0, 0.3), (1, 0.75)])
def test_average_precision_is_that_of_the_coco_tools(seed: int, overlap: float) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    evaluation = pytest.importorskip("pycocotools.cocoeval")
    truth, results = a_set(seed)
    scores = heat_score.scored(
        heat_score.read_truth(truth, frozenset()), heat_score.read_found(results, truth), overlap
    )
    # to the tools a thing of no clear kind is a crowd of every kind
    boxes = []
    for note in truth["annotations"]:
        unclear = note["category_id"] == 4
        for kind in range(4) if unclear else [note["category_id"]]:
            area = note["bbox"][2] * note["bbox"][3]
            boxes.append(
                note | {"id": len(boxes) + 1, "category_id": kind, "area": area, "iscrowd": int(unclear)}
            )
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = coco.COCO()
        theirs.dataset = truth | {"annotations": boxes, "categories": truth["categories"][:4]}
        theirs.createIndex()
        run = evaluation.COCOeval(theirs, theirs.loadRes(results), "bbox")
        run.params.iouThrs = np.array([overlap])
        run.evaluate()
        run.accumulate()
    for kind, name in enumerate(heat_score.CATEGORIES):
        expected = run.eval["precision"][0, :, kind, 0, 2].mean()
        assert scores.curve(name).average_101() == pytest.approx(expected, abs=1e-9)


def test_recall_is_read_at_so_many_false_alarms_a_picture() -> None:
    hits = [
        heat_score.Hit(1 - n / 10, right, 12.0)
        for n, right in enumerate([True, False, True, False, False, True])
    ]
    drawn = heat_score.curve(hits, things=4, pictures=2)
    assert drawn.recall_at(0) == pytest.approx(0.25)
    assert drawn.recall_at(0.5) == pytest.approx(0.5)
    assert drawn.recall_at(5) == pytest.approx(0.75)
    assert drawn.least_score(0.5) == pytest.approx(0.8)
    # precision 1, 2/3 and 1/2 over a quarter of the recall each, nothing over the last
    assert drawn.average_all() == pytest.approx((1 + 2 / 3 + 1 / 2) / 4)


def test_a_box_that_nobody_gave_scores_nothing_and_a_perfect_set_scores_one() -> None:
    truth, _ = a_set(1)
    pictures = heat_score.read_truth(truth, frozenset())
    assert heat_score.scored(pictures, {}).mean_average() == 0
    perfect = {
        p.name: [heat_score.Found(kind, box, 1.0) for kind, boxes in p.truth.items() for box in boxes]
        for p in pictures
    }
    assert heat_score.scored(pictures, perfect).mean_average() == pytest.approx(1.0)


def test_boxes_on_what_nobody_could_tell_count_neither_way() -> None:
    picture = heat_score.Picture("0_60_30_0_1.jpg", "20210121", {"DontCare": [(100.0, 100.0, 80.0, 80.0)]})
    on_it = heat_score.Found("Person", (120.0, 120.0, 10.0, 20.0), 0.9)
    mostly_off = heat_score.Found("Person", (94.0, 120.0, 10.0, 20.0), 0.9)
    assert heat_score.judged(picture, [on_it], "Person") == []
    assert [hit.right for hit in heat_score.judged(picture, [mostly_off], "Person")] == [False]


def test_names_of_files_ids_and_categories_are_understood() -> None:
    truth, _ = a_set(2)
    listed = [
        {
            "file_name": "some/where/0_60_30_0_00000.jpg",
            "bbox": [1, 2, 3, 4],
            "category": "person",
            "score": 0.5,
        },
        {"image_id": 1, "bbox": [1, 2, 3, 4], "category_id": 1, "score": 0.5},
        {"image_id": 1, "bbox": [1, 2, 3, 4], "category": "warm spot", "score": 0.5},
    ]
    found = heat_score.read_found(listed, truth, fallback="Bicycle")
    assert found["0_60_30_0_00000.jpg"][0].category == "Person"
    assert [one.category for one in found["1_60_30_0_00001.jpg"]] == ["Car", "Bicycle"]
    document = {"images": [{"id": 7, "file_name": "x.jpg"}], "annotations": [listed[1] | {"image_id": 7}]}
    assert list(heat_score.read_found(document, truth)) == ["x.jpg"]


def test_no_date_is_for_choosing_and_for_testing() -> None:
    assert not heat_score.TRAINING & heat_score.TEST
