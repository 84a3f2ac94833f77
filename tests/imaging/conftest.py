"""Rendered photos with known truth, and the mosaic that was made of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from imaging.mosaic import mosaic
from imaging.scene_report import SceneReport
from missions.camera import Camera
from sitl.world import PhotoTruth, World, grid_poses, render_photos

GPS_SIGMA_M = 0.3
CAMERA = Camera("test-wide", 6.4, 4.8, 4.5, 720, 540)


@dataclass(frozen=True)
class Rendered:
    """A world, photos of it, and where they lie."""

    world: World
    photos: PhotoTruth

    @property
    def folder(self) -> Path:
        return self.photos.folder


@dataclass(frozen=True)
class Made:
    """A mosaic of rendered photos."""

    rendered: Rendered
    scene: Path
    report: SceneReport


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Nine photos of an accident, 30 m up, GPS within 0.3 m."""
    world = World(seed=3, size_m=90, texel_m=0.06)
    poses = grid_poses(
        world, CAMERA, height_agl_m=30, width_m=24, length_m=16, overlap_front_pct=72, overlap_side_pct=68
    )
    folder = tmp_path_factory.mktemp("photos")
    return Rendered(world, render_photos(world, folder, CAMERA, poses, gps_sigma_m=GPS_SIGMA_M))


@pytest.fixture(scope="session")
def made(rendered: Rendered, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The mosaic of the rendered photos; copy the scene before changing it."""
    scene = tmp_path_factory.mktemp("scenes") / "accident"
    return Made(rendered, scene, mosaic(rendered.folder, scene))


class Heard:
    """Progress that remembers what it heard, and may do something at an advance of a stage."""

    def __init__(self, on_advance: Callable[[str], None] | None = None) -> None:
        self.stages: list[str] = []
        self.notes: list[str] = []
        self._on_advance = on_advance

    def stage(self, name: str, total: int | None) -> None:
        self.stages.append(name)

    def advance(self, n: int = 1) -> None:
        if self._on_advance:
            self._on_advance(self.stages[-1])

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def heard() -> Heard:
    """Progress that remembers."""
    return Heard()


@pytest.fixture
def hearing() -> type[Heard]:
    """Makes progress that remembers and reacts."""
    return Heard


@pytest.fixture(scope="session")
def few_rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine small photos of an accident, 22 m up, for what is run many times."""
    world = World(seed=3, size_m=90, texel_m=0.06)
    camera = Camera("test-small", 6.4, 4.8, 4.5, 480, 360)
    poses = grid_poses(
        world, camera, height_agl_m=22, width_m=16, length_m=12, overlap_front_pct=72, overlap_side_pct=68
    )
    folder = tmp_path_factory.mktemp("few")
    render_photos(world, folder, camera, poses, gps_sigma_m=GPS_SIGMA_M)
    return folder
