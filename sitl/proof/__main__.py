"""`python -m sitl.proof`: fly every plan in ArduPilot, judge the recordings, print a table.

Progress goes to standard error, the table to standard output. What was flown stays in the folder and is not
flown again while plan and autopilot are the same: broken off with Ctrl-C, the same command goes on. The exit
code is 0 only where every plan was flown and all is as promised, 1 where not, 2 for an error.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from missions.errors import DroneteamError
from sitl.proof.campaign import Campaign
from sitl.proof.proofs import all_proofs, chosen
from sitl.proof.table import as_json, as_markdown, as_text

_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Fly what is asked for; the exit code."""
    asked = _parser().parse_args(arguments)
    if asked.list:
        sys.stdout.write("".join(f"{proof.kind:7} {proof.name}\n" for proof in all_proofs()))
        return 0
    try:
        campaign = Campaign(chosen(asked.only or []), asked.out, asked.speedup)
        rows = campaign.fly()
    except DroneteamError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write(f"\nstopped; the same command goes on (what was flown is in {asked.out})\n")
        return _INTERRUPTED
    shown = as_json if asked.json else as_markdown if asked.markdown else as_text
    sys.stdout.write(shown(rows))
    return 0 if all(row.holds for row in rows) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sitl.proof",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="plans whose name holds one of these words")
    parser.add_argument("--list", action="store_true", help="name the plans and leave")
    parser.add_argument("--speedup", type=_speedup, default=10.0, help="times real time (10)")
    parser.add_argument("-o", "--out", type=Path, default=Path("operations/proof"), metavar="FOLDER")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="every figure, for programs")
    form.add_argument("--markdown", action="store_true", help="the table for a page")
    return parser


def _speedup(text: str) -> float:
    value = float(text)
    if not 1 <= value <= 50:
        raise argparse.ArgumentTypeError(f"{text} is not 1 to 50 times real time")
    return value


if __name__ == "__main__":
    sys.exit(main())
