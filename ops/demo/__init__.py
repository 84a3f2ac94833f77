"""One whole operation through every room: search, fly, look for heat, photograph a crash, seal it all."""

from __future__ import annotations

import itertools
from pathlib import Path

from rich.console import Console

from missions.errors import EvidenceError
from ops import keys
from ops.config import Settings
from ops.demo.heat import look_for_people
from ops.demo.scene import make_the_overview
from ops.demo.search import fly_the_search, plan_the_search
from ops.demo.steps import Steps
from ops.evidence import bundle, verify
from ops.operations import Operation, OperationKind
from telemetry.clock import SystemClock


def run(folder: Path, *, headless: bool, settings: Settings, console: Console) -> None:
    """Run the main job into a new operation in `folder`, numbered where something is there already.

    Leaves the operation and, beside it, its bundle; then serves the command room page until it is
    interrupted, unless `headless`. Raises DroneteamError where a step does not do what it must.
    """
    folder = _free(folder)
    operation = Operation.create(
        folder, "Demonstration on the heath", OperationKind.EXERCISE, SystemClock(), actor=settings.operator
    )
    steps = Steps(console)
    with steps.step("Plan a search of the heath"):
        plan = plan_the_search(operation, steps)
    with steps.step("Upload it, read it back, fly it and record it"):
        track = fly_the_search(operation, plan, steps)
    with steps.step("Look for people in the thermal frames"):
        look_for_people(operation, plan, track, steps)
    with steps.step("Make an overview of a crash scene"):
        make_the_overview(operation, steps)
    with steps.step("Seal it as evidence and check the bundle"):
        _seal(operation, steps)
    steps.say(f"The operation is in {folder}, its bundle in {_bundle_of(folder)}")
    if not headless:
        _serve(operation, settings, steps)


def _free(folder: Path) -> Path:
    """The folder, or the first of folder-2, folder-3 … that is not there; so is the bundle beside it."""
    names = itertools.chain([folder], (folder.with_name(f"{folder.name}-{n}") for n in itertools.count(2)))
    return next(path for path in names if not path.exists() and not _bundle_of(path).exists())


def _bundle_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}-bundle")


def _seal(operation: Operation, steps: Steps) -> None:
    key_path = operation.folder.parent / "demo-signing-key.pem"
    key = keys.load(key_path) if key_path.exists() else keys.create(key_path)
    target = _bundle_of(operation.folder)
    bundle(operation, target, key)
    report = verify(target, key.public_key())
    if not report.sound:
        raise EvidenceError("the bundle that was just sealed does not verify", where=str(target))
    steps.say(f"{report.files} files verified, signed with key {keys.fingerprint(key.public_key())}")


def _serve(operation: Operation, settings: Settings, steps: Steps) -> None:
    from ops.api.server import serve  # the web service is slow to import

    def announce(address: str) -> None:
        steps.say(f"The command room page is at {address} (Ctrl-C ends it)")

    serve(settings, operation_folder=operation.folder, announce=announce)
