"""A live stream that lasts for long: what is held is bounded, no name comes twice, all sightings count."""

from __future__ import annotations

from pathlib import Path

import pytest

from imaging.thermal.find import Find
from imaging.thermal.live import LiveHeat
from imaging.thermal.options import HeatOptions
from imaging.thermal.reviewing import read_finds
from imaging.thermal.sightings import sightings_of, sightings_path
from ops.live_heat_keeping import thumbnails_of
from ops.live_heat_kept import Kept
from tests.bench.bench_live_hours import Strewn, frames, held
from tests.imaging.heat_flights import CAMERA

SECONDS = 50


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that minutes reach instead of hours."""
    monkeypatch.setattr("imaging.thermal.live.THINGS_KEPT", 30)
    monkeypatch.setattr("imaging.thermal.live.RECENT_S", 10.0)
    monkeypatch.setattr("imaging.thermal.live.TIDY_EVERY", 5)
    monkeypatch.setattr("ops.live_heat_kept.MOST_FINDS", 50)


def test_what_is_held_of_a_long_stream_is_bounded_and_everything_that_was_found_is_on_the_disk(
    small: None, tmp_path: Path
) -> None:
    live = LiveHeat(lambda: None, CAMERA, HeatOptions(detector=Strewn()))
    document = tmp_path / "live-1-20260601T100000Z.geojson"
    thumbnails_of(document).mkdir()
    kept = Kept(document, {"vehicle": 1, "address": "none", "camera": ""})
    seen: dict[str, int] = {}
    first: dict[str, Find] = {}
    for frame in frames(SECONDS):
        for find in live.add(frame):
            seen[find.id] = seen.get(find.id, 0) + 1
            assert first.setdefault(find.id, find).first_s == find.first_s, "a name came twice"
            assert find.sighting_count == seen[find.id]
            kept.take(find)
        kept.forget_all_but(live.names)
    search = live._search
    assert search.tracker is not None
    assert len(seen) > 250
    assert len(search.tracker.things) <= 30 + 10 * 5  # and what came since the last time that it was tidied
    assert len(search.units) <= 30 + 11 * 5
    assert len(live.names) <= 30 + 10 * 5
    assert len(search._pictures._pieces) <= 10
    assert len(kept.finds) == 50
    page = kept.page()
    page.write(())
    kept.close()
    lines = sightings_path(document).read_bytes().count(b"\n")
    assert lines == sum(seen.values())
    assert kept.left_out == len(seen) - 50
    told = sightings_of(read_finds(document), document)
    assert {name: len(rows) for name, rows in told.items()} == {name: seen[name] for name in told}


@pytest.mark.campaign
def test_the_second_half_hour_of_a_stream_takes_no_more_memory_than_the_first(tmp_path: Path) -> None:
    """`python -m tests.bench.bench_live_hours 2` prints it; here an hour, with what it takes at each half."""
    resident = held(1.0, tmp_path)
    assert len(resident) == 2
    assert resident[1] < 1.1 * resident[0]
