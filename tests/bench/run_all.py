"""Every bench, one after the other, and at the end what became of each.

    python tests/bench/run_all.py [NAME ...]

A bench whose peer or data is not here is skipped and says why (exit code 77); one that fails does not stop
the others. Ends with 1 where one failed, else with 0. NAME chooses benches: `peers` is `bench_peers.py`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.skipping import SKIPPED

HERE = Path(__file__).parent
ARGUMENTS = {"bench_peers.py": ("--all",)}
ENDED = {0: "done", SKIPPED: "skipped"}


def main() -> int:
    """Run them; the exit code."""
    found = {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}
    unknown = [name for name in sys.argv[1:] if name not in found]
    if unknown:
        print(f"no bench {', '.join(unknown)}; there are {', '.join(found)}", file=sys.stderr)
        return 2
    ended: dict[str, tuple[int, float]] = {}
    for name in sys.argv[1:] or found:
        print(f"== {found[name].name}", flush=True)
        start_s = time.monotonic()
        code = subprocess.run(
            [sys.executable, str(found[name]), *ARGUMENTS.get(found[name].name, ())], check=False
        ).returncode
        ended[name] = code, time.monotonic() - start_s
    print("==")
    for name, (code, seconds) in ended.items():
        print(f"{name:20} {ENDED.get(code, f'failed ({code})'):12} {seconds:6.0f} s")
    return int(any(code not in ENDED for code, _ in ended.values()))


if __name__ == "__main__":
    sys.exit(main())
