"""The finds of a long flight: how large they are, how long they take to open, and how quick the page stays.

    python -m tests.bench.bench_long_finds FINDS SIGHTINGS

Writes so many finds of so many sightings each, lets them enter an operation, and opens the page on them in a
browser. Seconds are of this machine as it was; the first line says what else it did.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import CDPSession, expect, sync_playwright

from imaging.finds import Finds
from imaging.thermal.reviewing import read_finds
from imaging.thermal.sightings import sightings_of, sightings_path
from missions.geodesy import GeoPoint
from ops.api.server import serving
from ops.config import Settings
from ops.operations import Operation
from tests.imaging.test_sightings import seen_often
from tests.ops.conftest import ARGUMENTS, CHROMIUM

SETTLED_MS, WATCHED_MS = 8000, 10_000


def flight(count: int, sightings: int) -> Finds:
    """So many finds over a square kilometre, the last of the highest score."""
    few = seen_often(1, sightings)
    (one,) = few.finds
    return replace(
        few,
        finds=tuple(
            replace(
                one,
                id=f"find-{n:05d}",
                score=n / 10,
                place=GeoPoint(52.1 + 8e-5 * (n % 110), 5.8 + 8e-5 * (n // 110)),
            )
            for n in range(1, count + 1)
        ),
    )


def timed(what: str, begun_s: float, begun_cpu_s: float) -> None:
    """Say how long it took."""
    print(
        f"{what}: {time.time() - begun_s:.2f} s, {time.process_time() - begun_cpu_s:.2f} s of processor",
        flush=True,
    )


def busy_s(session: CDPSession) -> float:
    """For how long a page's main thread has worked since the session's metrics were switched on."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))


def main(count: int, sightings: int, folder: Path) -> None:
    """Write, read, serve, look."""
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {count} finds of {sightings} sightings")
    operation = Operation.create(folder, "Long flight", "missing-person")
    path = operation.free_path("find", "finds.geojson")
    path.parent.mkdir(exist_ok=True)
    finds = flight(count, sightings)
    inline = sum(len(json.dumps(each)) for each in finds.geojson()["features"][:3000:2]) / 1500 * count
    now = time.time(), time.process_time()
    finds.write(path)
    timed("written", *now)
    sizes = [each.stat().st_size / 1e6 for each in (path, sightings_path(path))]
    print(f"document {sizes[0]:.1f} MB, sightings {sizes[1]:.1f} MB; all in one some {inline / 1e6:.0f} MB")
    now = time.time(), time.process_time()
    document = read_finds(path)
    timed("document read", *now)
    now = time.time(), time.process_time()
    assert len(sightings_of(document, path, {"find-00007"})["find-00007"]) == sightings
    timed("the sightings of one find, all of the file checked", *now)
    operation.add_file(path, "find")
    operation.add_file(sightings_path(path), "find")
    with serving(Settings(port=0), operation_folder=folder) as address, sync_playwright() as playwright:
        for what in ("list for the first time", "list again"):
            now = time.time(), time.process_time()
            request = urllib.request.Request(f"{address}api/finds", headers={"Accept-Encoding": "gzip"})
            with urllib.request.urlopen(request, timeout=120) as answer:
                size = len(answer.read())
            timed(f"{what}, {size / 1e6:.2f} MB sent", *now)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        now = time.time(), time.process_time()
        page.goto(address)
        expect(page.locator("#find-count")).to_have_text(f"{count - 2}", timeout=60_000)  # two are faint
        timed("page opened until the list stands", *now)
        page.wait_for_timeout(SETTLED_MS)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        before_s = busy_s(session)
        page.wait_for_timeout(WATCHED_MS)
        busy = busy_s(session) - before_s
        print(f"afterwards the page is busy for {busy:.2f} s of {WATCHED_MS / 1000:g}", flush=True)
        page.locator("#finds .decide").first.click()
        for field, text in zip(page.locator("#ask-find input").all(), ("a stone", "Ann"), strict=True):
            field.fill(text)
        now = time.time(), time.process_time()
        page.locator("#ask-find button[value=dismissed]").click()
        expect(page.locator("#finds .name").first).to_contain_text(f"find-{count - 1:05d}", timeout=60_000)
        timed("decided until the list shows it", *now)
        browser.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        main(int(sys.argv[1]), int(sys.argv[2]), Path(made) / "op")
