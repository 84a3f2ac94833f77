"""What the alignment asks of its worker, and what the worker answers.

The job is a JSON file; progress comes back as one JSON object a line on standard output, the result as an
`.npz` of points and a JSON file of views in the job's folder.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from imaging.lens import Lens

JOB, RESULT, POINTS, DATABASE = "job.json", "result.json", "points.npz", "tie_points.db"


@dataclass(frozen=True, slots=True)
class Job:
    """Photos by name under `folder`, grouped by lens; pairs to compare; settings.

    `hold_lens` keeps the distortion as given; else it is found where that pays.
    """

    folder: str
    lenses: dict[str, Lens]
    groups: dict[str, list[str]]
    pairs: list[list[str]]
    search_px: int
    threads: int
    hold_lens: bool


def write_job(job: Job, scratch: Path) -> None:
    """Write the job into its folder."""
    (scratch / JOB).write_text(json.dumps(asdict(job)))


def read_job(scratch: Path) -> Job:
    """The job as it was written."""
    body = json.loads((scratch / JOB).read_text())
    return Job(**{**body, "lenses": {name: Lens(**lens) for name, lens in body["lenses"].items()}})
