"""The repository keeps its own promises."""

import itertools
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def tracked() -> list[Path]:
    """The files that git tracks, else (from an archive without git) every file outside hidden folders."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, text=True)
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    return [p for p in ROOT.rglob("*") if p.is_file() and not p.relative_to(ROOT).parts[0].startswith(".")]


def test_every_locked_package_has_a_hash_and_no_registry_is_named() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    packages = re.findall(r"^[a-z0-9][^\s=]*==\S+ \\\n +--hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE)
    assert len(packages) == len(re.findall(r"^[a-z0-9].*==", lock, re.MULTILINE)) > 50
    assert not re.search(r"^--|https?://", lock, re.MULTILINE)


def test_every_direct_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    # A network is trained where a GPU is, with the PyTorch of that machine.
    extras = [wants for extra, wants in project["optional-dependencies"].items() if extra != "training"]
    wanted = [*project["dependencies"], *itertools.chain.from_iterable(extras)]
    locked = set(re.findall(r"^([a-z0-9][^\s=]*)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    names = {re.split(r"[<>=!~ \[]", want)[0].lower().replace("_", "-") for want in wanted}
    assert names <= {name.lower().replace("_", "-") for name in locked}


@pytest.mark.parametrize("room", ["missions", "telemetry", "imaging", "sitl", "ops"])
def test_each_room_has_its_page_and_its_types(room: str) -> None:
    assert len((ROOT / "docs" / f"{room}.md").read_text()) > 500
    assert (ROOT / room / "py.typed").exists()


def test_links_between_pages_lead_somewhere() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    leads = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in leads.findall(page.read_text())
        if not (page.parent / target).exists()
    ]
    assert not broken


def test_no_file_is_large() -> None:
    most = {".onnx": 4_000_000}
    large = [str(p.relative_to(ROOT)) for p in tracked() if p.stat().st_size > most.get(p.suffix, 1_000_000)]
    assert not large


def test_source_files_stay_readable() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {len(path.read_text().splitlines())} lines"
        for path in tracked()
        if path.suffix == ".py" and len(path.read_text().splitlines()) > 400
    ]
    assert not long
