"""RD and NAP through the grids are what NSGI publishes, and never anything else."""

import math
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from pyproj import Transformer
from pyproj.transformer import TransformerGroup

from missions.errors import InputError, SettingsError
from missions.rdnap import FOLDER_VARIABLE, NAP_GRID, RD_GRID, Frame, RdNap, open_rdnap

Array = npt.NDArray[np.float64]

# NSGI, RDNAPTRANS2018, Z001_ETRS89andRDNAP: latitude, longitude, height in ETRS89; RD x, y; NAP.
PUBLISHED = np.array(
    [
        [51.728601274, 4.712120126, 301.7981, 108360.8790, 415757.2745, 258.0057],
        [53.001308983, 3.360296728, 72.6882, 18940.4448, 559061.2153, 29.9951],
        [51.589888118, 3.160820284, -11.4426, 729.7127, 402466.5599, -55.6883],
        [53.184783369, 5.816489592, 203.4425, 183697.1899, 577653.4349, 162.1973],
        [51.825323002, 5.049883673, 3.4374, 131745.5792, 426355.6419, -40.1293],
        [51.749850783, 4.704324531, 99.3574, 107844.5008, 418126.3146, 55.5892],
        [53.079872831, 4.675954460, 160.6366, 107338.4060, 566127.5985, 118.6301],
        [52.648256434, 4.179893744, 268.1348, 73295.7805, 518545.2108, 225.3525],
        [52.140280214, 6.283826609, 60.4856, 216379.0437, 461722.4577, 16.9608],
        [50.880783361, 5.770979299, 107.3697, 182010.4298, 321291.5269, 61.7004],
        [52.395678441, 4.341813011, 44.5296, 83847.1065, 490272.6705, 1.4900],
        [53.539781693, 6.658490799, 127.0219, 239283.6487, 617823.2858, 86.8002],
    ]
)


@pytest.fixture(scope="module")
def grids(shared: Callable[[str], Path]) -> Path:
    for name in (RD_GRID, NAP_GRID):
        shared(f"grids/{name}")
    return shared("grids")


@pytest.fixture(scope="module")
def rdnap(grids: Path) -> RdNap:
    return open_rdnap(grids)


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No grids by any of the ways that are looked at without a folder."""
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr("missions.rdnap.get_data_dir", lambda: str(tmp_path / "proj"))
    monkeypatch.setattr("missions.rdnap.get_user_data_dir", lambda: str(tmp_path / "own"))


def test_published_points_come_out_to_a_millimetre(rdnap: RdNap) -> None:
    made = rdnap.rdnap_from_geo(PUBLISHED[:, :3], frame=Frame.ETRS89)
    assert np.abs(made - PUBLISHED[:, 3:]).max() < 0.0011


def test_published_points_come_back_to_a_millimetre(rdnap: RdNap) -> None:
    made = rdnap.geo_from_rdnap(PUBLISHED[:, 3:], frame=Frame.ETRS89)
    assert np.abs(made - PUBLISHED[:, :3])[:, :2].max() < 1e-8
    assert np.abs(made - PUBLISHED[:, :3])[:, 2].max() < 0.0011


def test_all_ten_thousand_published_points_come_out(rdnap: RdNap, shared: Callable[[str], Path]) -> None:
    """The whole file, as NSGI gives it to whoever asks: ETRS89, RDNAP, no NAP beyond the grid."""
    lines = shared("grids/Z001_ETRS89andRDNAP.txt").read_text().splitlines()
    rows = [line.split("\t")[1:7] for line in lines]
    table = np.array([[float(cell) for cell in row] for row in rows if row[5].strip("-+0123456789. ") == ""])
    table = table[table[:, 1] < 7.998]
    made = rdnap.rdnap_from_geo(table[:, :3], frame=Frame.ETRS89)
    assert len(table) > 7000
    assert np.abs(made - table[:, 3:]).max() < 0.0003


def _places(count: int, seed: int = 4) -> Array:
    random = np.random.default_rng(seed)
    return np.column_stack(
        [random.uniform(50.6, 53.7, count), random.uniform(3.2, 7.3, count), random.uniform(-10, 400, count)]
    )


NETHERLANDS = "GTIFF_DIR:2:"
"""The finer grid of the country inside the file's coarse one of the North Sea."""


def _bilinear(path: str, bands: list[int], lat: Array, lon: Array) -> Array:
    """(bands, n) values of a grid at places, by hand."""
    with rasterio.open(path) as grid:
        values = grid.read(bands).astype(float)
        to_cells = ~grid.transform
    column, row = to_cells.a * lon + to_cells.c - 0.5, to_cells.e * lat + to_cells.f - 0.5
    assert column.min() >= 0
    assert row.min() >= 0
    left, top = np.floor(column).astype(int), np.floor(row).astype(int)
    right, down = column - left, row - top
    return np.asarray(
        values[:, top, left] * (1 - right) * (1 - down)
        + values[:, top, left + 1] * right * (1 - down)
        + values[:, top + 1, left] * (1 - right) * down
        + values[:, top + 1, left + 1] * right * down
    )


def _double_stereographic(lat_deg: Array, lon_deg: Array) -> tuple[Array, Array]:
    """RD from the Bessel ellipsoid: Gauss's conformal sphere, then its stereographic plane (EPSG 9809)."""
    a, e = 6377397.155, math.sqrt(0.006674372230614)
    lat0, lon0, k0 = (
        math.radians(52 + 9 / 60 + 22.178 / 3600),
        math.radians(5 + 23 / 60 + 15.5 / 3600),
        0.9999079,
    )
    root = 1 - e**2 * math.sin(lat0) ** 2
    radius = math.sqrt(a * (1 - e**2) / root**1.5 * a / math.sqrt(root))
    n = math.sqrt(1 + e**2 * math.cos(lat0) ** 4 / (1 - e**2))

    def sphere(lat: Array) -> Array:
        s = np.sin(lat)
        return np.asarray(((1 + s) / (1 - s) * ((1 - e * s) / (1 + e * s)) ** e) ** n)

    w1 = float(sphere(np.array(lat0)))
    sin_b0 = (w1 - 1) / (w1 + 1)
    c = (n + math.sin(lat0)) * (1 - sin_b0) / ((n - math.sin(lat0)) * (1 + sin_b0))
    w2 = c * w1
    b0 = math.asin((w2 - 1) / (w2 + 1))
    w = c * sphere(np.radians(lat_deg))
    b = np.arcsin((w - 1) / (w + 1))
    turn = n * (np.radians(lon_deg) - lon0)
    under = 1 + np.sin(b) * math.sin(b0) + np.cos(b) * math.cos(b0) * np.cos(turn)
    x = 2 * radius * k0 * np.cos(b) * np.sin(turn) / under
    y = 2 * radius * k0 * (np.sin(b) * math.cos(b0) - np.cos(b) * math.sin(b0) * np.cos(turn)) / under
    return 155000 + x, 463000 + y


def test_what_the_grids_say_by_hand_is_what_comes_out(rdnap: RdNap, grids: Path) -> None:
    """An oracle without PROJ: bilinear interpolation, shifts by iteration, the projection's formulas."""
    places = _places(300)
    lat, lon, height = places.T
    bessel_lat, bessel_lon = lat.copy(), lon.copy()
    for _ in range(8):
        shift = _bilinear(f"{NETHERLANDS}{grids / RD_GRID}", [1, 2], bessel_lat, bessel_lon) / 3600
        bessel_lat, bessel_lon = lat - shift[0], lon - shift[1]
    x, y = _double_stereographic(bessel_lat, bessel_lon)
    nap = height - _bilinear(str(grids / NAP_GRID), [1], lat, lon)[0]
    made = rdnap.rdnap_from_geo(places, frame=Frame.ETRS89)
    assert np.abs(made - np.column_stack([x, y, nap])).max() < 2e-4


@pytest.mark.parametrize("frame", Frame)
def test_there_and_back_is_the_same_place(rdnap: RdNap, frame: Frame) -> None:
    places = _places(500, seed=5)
    there = rdnap.rdnap_from_geo(places, frame=frame, epoch_year=2026.9)
    back = rdnap.geo_from_rdnap(there, frame=frame, epoch_year=2026.9)
    assert np.abs(back - places)[:, :2].max() < 1e-9
    assert np.abs(back - places)[:, 2].max() < 1e-4


def _itrf2014_to_etrf2000(xyz: Array, year: float) -> Array:
    """Altamimi 2018, EUREF Technical Note 1: millimetres, parts per billion, mas; rates a year."""
    at_2010 = np.array([54.7, 52.2, -74.1, 2.12, 1.701, 10.290, -16.632])
    rates = np.array([0.1, 0.1, -1.9, 0.11, 0.081, 0.490, -0.792])
    tx, ty, tz, d, rx, ry, rz = at_2010 + rates * (year - 2010)
    turn = np.radians(np.array([rx, ry, rz]) / 3.6e6)
    matrix = np.array([[0, -turn[2], turn[1]], [turn[2], 0, -turn[0]], [-turn[1], turn[0], 0]])
    return np.asarray(xyz + np.array([tx, ty, tz]) / 1000 + d * 1e-9 * xyz + xyz @ matrix.T)


@pytest.mark.parametrize("year", [1998.0, 2010.0, 2019.0, 2026.9])
def test_wgs_84_is_brought_to_europe_of_its_year(rdnap: RdNap, year: float) -> None:
    places = _places(50, seed=6)
    geocentric = Transformer.from_crs("EPSG:4979", "EPSG:4978")
    moved = _itrf2014_to_etrf2000(np.column_stack(geocentric.transform(*places.T)), year)
    etrs89 = np.column_stack(geocentric.transform(*moved.T, direction="INVERSE"))
    expected = rdnap.rdnap_from_geo(etrs89, frame=Frame.ETRS89)
    made = rdnap.rdnap_from_geo(places, frame=Frame.WGS84, epoch_year=year)
    assert np.abs(made - expected).max() < 5e-4


def test_wgs_84_lies_as_far_beside_etrs89_as_nsgi_says(rdnap: RdNap) -> None:
    """NSGI (RDNAPTRANS2018, 1.1): about 0.75 m in 2019, growing by 0.024 m a year."""

    def apart_m(year: float) -> float:
        both = [rdnap.rdnap_from_geo([[52, 5, 43]], frame=frame, epoch_year=year)[0, :2] for frame in Frame]
        return math.dist(*both)

    assert apart_m(2019.5) == pytest.approx(0.75, abs=0.02)
    assert apart_m(2020) - apart_m(2019) == pytest.approx(0.024, abs=0.001)


def test_proj_alone_would_have_been_wrong_in_silence(rdnap: RdNap) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if TransformerGroup("EPSG:4937", "EPSG:7415").best_available:
            pytest.skip("PROJ has the grids among its own data here")
    fallen_back = np.column_stack(
        Transformer.from_crs("EPSG:4937", "EPSG:7415").transform(*PUBLISHED[:, :3].T)
    )
    off = np.abs(fallen_back - PUBLISHED[:, 3:])
    assert np.hypot(off[:, 0], off[:, 1]).max() > 0.02
    assert off[:, 2].min() > 39
    assert np.abs(rdnap.rdnap_from_geo(PUBLISHED[:, :3], frame=Frame.ETRS89) - fallen_back)[:, 2].min() > 39


def test_without_grids_there_is_no_rd(nowhere: None, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=rf"{RD_GRID}, which is not in .*{FOLDER_VARIABLE}"):
        open_rdnap()
    with pytest.raises(SettingsError, match=RD_GRID):
        open_rdnap(tmp_path)


def test_one_grid_is_not_enough(nowhere: None, grids: Path, tmp_path: Path) -> None:
    shutil.copy(grids / RD_GRID, tmp_path)
    with pytest.raises(SettingsError, match=NAP_GRID):
        open_rdnap(tmp_path)


@pytest.mark.parametrize("folder", ["variable", "proj", "own"])
def test_grids_are_found_where_one_puts_them(
    nowhere: None, grids: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    shutil.copytree(grids, tmp_path / folder)
    if folder == "variable":
        monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / folder))
    made = open_rdnap()
    assert set(made.sha256) == {RD_GRID, NAP_GRID}
    assert made.rdnap_from_geo(PUBLISHED[:1, :3], frame=Frame.ETRS89)[0, 2] == pytest.approx(
        258.0057, abs=0.001
    )


def _writable(grids: Path, folder: Path) -> Path:
    folder.mkdir()
    for name in (RD_GRID, NAP_GRID):
        (folder / name).write_bytes((grids / name).read_bytes())
    return folder


def test_a_folder_with_blanks_and_accents_is_read(grids: Path, tmp_path: Path) -> None:
    assert open_rdnap(_writable(grids, tmp_path / "mijn grids (één)")).sha256


def test_a_folder_that_proj_cannot_name_is_refused(grids: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="another name"):
        open_rdnap(_writable(grids, tmp_path / "a,b"))


@pytest.mark.parametrize("name", [RD_GRID, NAP_GRID])
def test_grids_of_another_year_are_refused(grids: Path, tmp_path: Path, name: str) -> None:
    folder = _writable(grids, tmp_path / "grids")
    with rasterio.open(grids / name) as grid:
        values, profile, tags = grid.read(), grid.profile, grid.tags()
        of_bands = [grid.tags(band) for band in grid.indexes]
        names, units = grid.descriptions, grid.units
    values[0] += 0.002
    with rasterio.open(folder / name, "w", **profile) as other:
        other.write(values)
        other.update_tags(**tags)
        other.descriptions, other.units = names, units
        for band, of_band in enumerate(of_bands, 1):
            other.update_tags(band, **of_band)
    with pytest.raises(SettingsError, match="off the published points"):
        open_rdnap(folder)


@pytest.mark.parametrize("name", [RD_GRID, NAP_GRID])
@pytest.mark.parametrize("data", [b"", b"no grid at all", None])
def test_damaged_grids_are_refused(grids: Path, tmp_path: Path, name: str, data: bytes | None) -> None:
    folder = _writable(grids, tmp_path / "grids")
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 3] if data is None else data)
    with pytest.raises(SettingsError):
        open_rdnap(folder)


def test_grids_exchanged_after_they_were_opened_are_noticed(grids: Path, tmp_path: Path) -> None:
    folder = _writable(grids, tmp_path / "grids")
    open_rdnap(folder)
    (folder / NAP_GRID).write_bytes(b"no grid")
    os.utime(folder / NAP_GRID, ns=(1, 1))
    with pytest.raises(SettingsError):
        open_rdnap(folder)


def test_an_unknown_height_stays_unknown(rdnap: RdNap) -> None:
    place = PUBLISHED[:2, :3].copy()
    place[0, 2] = math.nan
    made = rdnap.rdnap_from_geo(place, frame=Frame.ETRS89)
    assert made[:, :2] == pytest.approx(PUBLISHED[:2, 3:5], abs=0.001)
    assert np.isnan(made[0, 2])
    assert np.isfinite(made[1, 2])


@pytest.mark.parametrize(
    "place", [(48.0, 5.0, 0.0), (52.0, 12.0, 0.0), (52.0, 7.999, 0.0), (-52.0, 5.0, 0.0), (5.0, 52.0, 0.0)]
)
def test_a_place_outside_the_grids_is_refused(rdnap: RdNap, place: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match="outside the area of RD and NAP"):
        rdnap.rdnap_from_geo([place], frame=Frame.ETRS89)


@pytest.mark.parametrize("xyz", [(463000.0, 155000.0, 0.0), (1e300, 4e5, 0.0), (5.3, 52.1, 0.0)])
def test_figures_that_are_no_rd_are_refused(rdnap: RdNap, xyz: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match="outside the area of RD and NAP"):
        rdnap.geo_from_rdnap([xyz], frame=Frame.ETRS89)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_no_number_is_no_place(rdnap: RdNap, bad: float) -> None:
    with pytest.raises(InputError, match="no number"):
        rdnap.rdnap_from_geo([[bad, 5, 0]], frame=Frame.ETRS89)


@pytest.mark.parametrize("year", [None, math.nan, 26.9, 20269.0])
def test_wgs_84_without_its_year_is_refused(rdnap: RdNap, year: float | None) -> None:
    with pytest.raises(InputError, match="year"):
        rdnap.rdnap_from_geo([[52, 5, 43]], frame=Frame.WGS84, epoch_year=year)
