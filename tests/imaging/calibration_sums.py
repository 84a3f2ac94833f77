"""The sums of what `tests.imaging.calibration` prints, a line a scene."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

COARSE_M = 0.03
"""From here on scenes are seen from far: 3.5 to 9 cm a pixel, the others 1.7 to 2.5."""
GROSS = 5.0
"""Standard deviations beyond which a figure is called a gross error."""
STEPS = 60

Line = dict[str, Any]
Group = Callable[[Line, str, str], str]


def summed(lines: Iterable[Line]) -> str:
    """A table: intervals that hold the truth by kind, by way of marking, by scale, and so on."""
    chosen = {line["seed"]: line for line in lines}
    done = [line for _, line in sorted(chosen.items()) if "error" not in line]
    rows = [f"scenes {len(done)}, failed {len(chosen) - len(done)}"]
    rows += [f"  seed {seed}: {line['error']}" for seed, line in sorted(chosen.items()) if "error" in line]
    groups: tuple[tuple[str, Group], ...] = (
        ("all", lambda line, way, kind: "all"),
        ("by kind", lambda line, way, kind: kind),
        ("by marking", lambda line, way, kind: way),
        ("by scale", lambda line, way, kind: str(line["source"])),
        ("by distance", lambda line, way, kind: _distance(line)),
        ("by shutter", lambda line, way, kind: "rolling" if line["true_readout_s"] else "at once"),
        ("by marking and kind", lambda line, way, kind: f"{way}, {kind}"),
        ("by marking and scale", lambda line, way, kind: f"{way}, {line['source']}"),
    )
    for title, group in groups:
        rows += [f"{title}:", *_counted(done, group)]
    rows += [*_checks(done), *_bars(done), *_oddities(done)]
    found, once = (sum(line["found_again"][part] for line in done) for part in (0, 1))
    rows.append(f"clicked once and found again: {found} of {once} points")
    pairs, far_off = (sum(line.get("pairs", (0, 0))[part] for line in done) for part in (0, 1))
    rows.append(f"between all of these: {far_off} of {pairs} distances and heights off by more than 4 sigma")
    cpu_s = [line["cpu_s"] for line in done] or [0.0]
    rows.append(f"processor seconds a scene: mean {sum(cpu_s) / len(cpu_s):.1f}, most {max(cpu_s):.1f}")
    return "\n".join(rows) + "\n"


def held(lines: Iterable[Line], group: Group) -> dict[str, tuple[int, int, int]]:
    """By what `group` names (from line, way and kind): intervals, those that hold, gross errors."""
    sums: dict[str, tuple[int, int, int]] = {}
    for line in lines:
        for way, kinds in line["held"].items():
            for kind, (count, holding) in kinds.items():
                name = group(line, way, kind)
                before = sums.get(name, (0, 0, 0))
                gross = sum(abs(off) > GROSS for off in line["off"][way][kind])
                sums[name] = before[0] + count, before[1] + holding, before[2] + gross
    return sums


def _counted(lines: Sequence[Line], group: Group) -> list[str]:
    return [
        f"  {name:32} {holding:6} of {count:6}  {100 * holding / count:5.1f} %"
        + f"  gross {gross}" * (gross > 0)
        for name, (count, holding, gross) in sorted(held(lines, group).items())
    ]


def _distance(line: Line) -> str:
    return "far" if line["gsd_m"] > COARSE_M else "near"


def _checks(lines: Sequence[Line]) -> list[str]:
    rows = []
    for distance in ("near", "far"):
        for beside, name, key, limit in (
            ("the truth", "plan", "true_plan_m", 1.0),
            ("the truth", "height", "true_up_m", 2.0),
            ("their survey", "plan", "check_plan_m", 1.0),
            ("their survey", "height", "check_up_m", 2.0),
        ):
            of = [
                line[key] / line["gsd_m"]
                for line in lines
                if line[key] is not None and _distance(line) == distance
            ]
            if of:
                rms = math.sqrt(sum(each**2 for each in of) / len(of))
                within = sum(each <= limit for each in of)
                rows.append(
                    f"check points beside {beside} in {name}, {distance}: rms {rms:.2f} GSD, worst scene "
                    f"{max(of):.2f}, {within} of {len(of)} scenes within {limit:g}"
                )
    return rows


def _bars(lines: Sequence[Line]) -> list[str]:
    rows = []
    for distance in ("near", "far"):
        bars = [line for line in lines if line["bar_m"] is not None and _distance(line) == distance]
        off = sorted(100 * abs(line["scale"] - 1) for line in bars)
        if off:
            within = sum(each <= 0.2 for each in off)
            rows.append(
                f"scale of one bar, {distance}: off by {off[len(off) // 2]:.3f} % (median), "
                f"{off[-1]:.3f} % in the worst scene, {within} of {len(off)} within 0.2 %; bars of "
                f"{min(line['bar_m'] for line in bars):.1f} to {max(line['bar_m'] for line in bars):.1f} m"
            )
    return rows


def _oddities(lines: Sequence[Line]) -> list[str]:
    rows = []
    for line in lines:
        odd = []
        if line["steps"] >= STEPS:
            odd.append("the adjustment did not end")
        if line["used"] < line["photos"]:
            odd.append(f"{line['used']} of {line['photos']} photos used")
        if line["blunders"]:
            odd.append(f"{line['blunders']} blunders")
        worst = {
            way: max(abs(off) for each in kinds.values() for off in each)
            for way, kinds in line["off"].items()
        }
        odd += [f"{way} off by {off:.1f} sigma" for way, off in worst.items() if off > GROSS]
        if odd:
            rows.append(f"seed {line['seed']} ({line['source']}, {_distance(line)}): {', '.join(odd)}")
    return rows
