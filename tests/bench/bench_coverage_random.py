"""The campaign's random areas in figures: what is seen, flown outside, the length over the bound, seconds.

    python tests/bench/bench_coverage_random.py [COUNT]

The areas and the score are those of tests/missions/test_coverage_random.py. One line an area; the summary at
the end, or where it is interrupted. Seconds are those of the processor, so that other work counts less.
"""

from __future__ import annotations

import runpy
import statistics
import sys
import time
from pathlib import Path

from missions.coverage import Settings, Swath, cover

CAMPAIGN = Path(__file__).parents[1] / "missions/test_coverage_random.py"


def main() -> None:
    campaign = runpy.run_path(str(CAMPAIGN))
    count = int(sys.argv[1]) if len(sys.argv) > 1 else campaign["CAMPAIGN"]
    found: list[tuple[float, float, float, float]] = []
    try:
        for seed in range(count):
            area, width_m = campaign["random_area"](seed)
            began_s = time.process_time()
            coverage = cover(area, Settings(Swath(width_m, width_m / 2), turn_m=5.0))
            seconds = time.process_time() - began_s
            seen, outside_m = campaign["scored"](area, coverage, width_m)
            ratio = coverage.route.length_m / (area.area / width_m)
            found.append((100 * seen, outside_m, ratio, seconds))
            sys.stdout.write(
                f"{seed}: {100 * seen:.2f} % seen, {outside_m:.1f} m outside, "
                f"ratio {ratio:.3f}, {seconds:.2f} s\n"
            )
            sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stdout.write("interrupted\n")
    seen_pct, outside, ratios, times_s = zip(*found, strict=True)
    sys.stdout.write(
        f"ratio: {statistics.median(ratios):.3f} (median) over {len(found)} areas; "
        f"at least {min(seen_pct):.2f} % seen, at most {max(outside):.1f} m outside; "
        f"{statistics.median(times_s):.2f} s (median), {max(times_s):.2f} s at most\n"
    )


if __name__ == "__main__":
    main()
