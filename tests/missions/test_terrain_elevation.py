"""Heights come out of elevation files as those files mean them, and never out of thin air."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from missions.terrain import open_terrain
from tests.missions.elevation_files import NORTH, RD, WEST, from_origin, height_of, lonlat, plane, write_tile

FEET = 0.3048


AHN_NODATA = 3.4028234663852886e38


def test_heights_between_cells_are_bilinear_in_any_reference(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    west, north = 600_000.0, 5_800_000.0
    columns, rows = np.meshgrid(np.arange(80) + 0.5, np.arange(60) + 0.5)
    utm = write_tile(
        tmp_path / "utm.tif",
        10 + 0.2 * columns - 0.4 * rows,
        crs="EPSG:32631",
        transform=from_origin(west, north, 2.0, 2.0),
    )
    x, y = west + rng.uniform(2, 150, 200), north - rng.uniform(2, 110, 200)
    found = open_terrain([utm]).heights_amsl_m(lonlat(x, y, "EPSG:32631"))
    assert found == pytest.approx(10 + 0.1 * (x - west) + 0.2 * (y - north), abs=1e-4)


def test_a_rotated_raster_is_read_where_it_lies(tmp_path: Path) -> None:
    turned = Affine(0.43, 0.25, WEST, 0.25, -0.43, NORTH)
    columns, rows = np.meshgrid(np.arange(60) + 0.5, np.arange(60) + 0.5)
    heights = height_of(WEST + 0.43 * columns + 0.25 * rows, NORTH + 0.25 * columns - 0.43 * rows)
    terrain = open_terrain([write_tile(tmp_path / "turned.tif", heights, transform=turned)])
    column, row = np.array([10.3, 40.7]), np.array([20.2, 33.1])
    x, y = WEST + 0.43 * column + 0.25 * row, NORTH + 0.25 * column - 0.43 * row
    assert terrain.heights_amsl_m(lonlat(x, y)) == pytest.approx(height_of(x, y), abs=1e-3)


def test_a_point_registered_file_gives_its_value_at_its_point(tmp_path: Path) -> None:
    heights = np.arange(16, dtype=float).reshape(4, 4)
    area = open_terrain([write_tile(tmp_path / "area.tif", heights)])
    point = open_terrain([write_tile(tmp_path / "point.tif", heights, point=True)])
    with rasterio.open(tmp_path / "point.tif") as file:
        node = file.xy(2, 1)
    assert point.heights_amsl_m(lonlat(*node)) == pytest.approx([9.0], abs=0.02)
    assert area.heights_amsl_m(lonlat(WEST + 0.75, NORTH - 1.25)) == pytest.approx([9.0], abs=0.02)


def test_an_hgt_tile_has_its_corners_on_whole_degrees(tmp_path: Path) -> None:
    heights = np.arange(1201 * 1201).reshape(1201, 1201) % 3000
    path = tmp_path / "N52E004.hgt"
    path.write_bytes(heights.astype(">i2").tobytes())
    terrain = open_terrain([path])
    corners = [[4, 53], [5, 53], [4, 52], [5, 52]]
    assert terrain.heights_amsl_m(corners) == pytest.approx(heights[[0, 0, -1, -1], [0, -1, 0, -1]])
    assert terrain.sources[0].vertical_datum == "EGM96"
    assert terrain.resolution_m == pytest.approx(57, abs=1)


@pytest.mark.parametrize(
    ("dtype", "nodata", "hole"),
    [
        ("float32", AHN_NODATA, AHN_NODATA),
        ("float32", None, AHN_NODATA),
        ("float32", -9999, -9999),
        ("float32", None, -9999),
        ("float32", None, np.nan),
        ("int16", None, -32768),
        ("int16", 0, 0),
    ],
)
def test_no_data_is_no_height_declared_or_not(
    tmp_path: Path, dtype: str, nodata: float | None, hole: float
) -> None:
    heights = np.full((6, 6), 7.0)
    heights[2, 3] = hole
    terrain = open_terrain([write_tile(tmp_path / "t.tif", heights, dtype=dtype, nodata=nodata)])
    x = WEST + 0.5 * (np.array([3, 2.6, 2.0, 3.4, 1.99, 0.5]) + 0.5)
    found = terrain.heights_amsl_m(lonlat(x, np.full(6, NORTH - 1.25)))
    assert np.isnan(found).tolist() == [True, True, False, True, False, False]
    assert found[[2, 4, 5]] == pytest.approx([7.0] * 3)


def test_a_mask_inside_the_file_counts_as_no_data(tmp_path: Path) -> None:
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK="YES"),
        rasterio.open(
            tmp_path / "m.tif",
            "w",
            driver="GTiff",
            width=4,
            height=4,
            count=1,
            dtype="float32",
            crs=RD,
            transform=from_origin(WEST, NORTH, 0.5, 0.5),
        ) as file,
    ):
        file.write(np.full((4, 4), 3.0, np.float32), 1)
        mask = np.full((4, 4), 255, np.uint8)
        mask[1, 1] = 0
        file.write_mask(mask)
    terrain = open_terrain([tmp_path / "m.tif"])
    found = terrain.heights_amsl_m(lonlat([WEST + 0.75, WEST + 1.25], [NORTH - 0.75, NORTH - 1.25]))
    assert np.isnan(found).tolist() == [True, False]


@pytest.mark.parametrize(
    ("unit", "metres"),
    [("ft", FEET), ("US survey foot", 1200 / 3937), ("metre", 1.0), ("cm", 0.01), ("", 1.0)],
)
def test_heights_in_feet_become_metres(tmp_path: Path, unit: str, metres: float) -> None:
    terrain = open_terrain([write_tile(tmp_path / "t.tif", np.full((4, 4), 1000.0), unit=unit)])
    assert terrain.heights_amsl_m(lonlat(WEST + 1, NORTH - 1)) == pytest.approx([1000 * metres], rel=1e-6)


def test_a_compound_reference_names_the_vertical_datum_and_its_unit(tmp_path: Path) -> None:
    nap = open_terrain([write_tile(tmp_path / "nap.tif", np.full((4, 4), 3.0), crs="EPSG:7415")])
    assert nap.heights_amsl_m(lonlat(WEST + 1, NORTH - 1)) == pytest.approx([3.0])
    assert (nap.sources[0].crs, nap.sources[0].vertical_datum) == (RD, "NAP height")
    where = from_origin(500_000, 4_500_000, 1, 1)
    feet = open_terrain(
        [write_tile(tmp_path / "ft.tif", np.full((4, 4), 100.0), crs="EPSG:26918+6360", transform=where)]
    )
    found = feet.heights_amsl_m(lonlat(500_002, 4_499_998, "EPSG:26918"))
    assert found == pytest.approx([100 * 1200 / 3937], rel=1e-6)
    assert feet.sources[0].vertical_datum == "NAVD88 height"


def test_scale_and_offset_are_applied(tmp_path: Path) -> None:
    path = write_tile(tmp_path / "t.tif", np.full((4, 4), 250.0), dtype="int16")
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (0.1,), (-5.0,)
    assert open_terrain([path]).heights_amsl_m(lonlat(WEST + 1, NORTH - 1)) == pytest.approx([20.0])


def test_side_by_side_tiles_have_no_gap_between_them(tmp_path: Path) -> None:
    """AHN tiles abut: between the last cell's middle and the next tile's first lies half a cell of each."""
    for column in range(2):
        for row in range(2):
            west, north = WEST + 10 * column, NORTH - 10 * row
            write_tile(
                tmp_path / f"tile{column}{row}.tif",
                plane(20, 20, west=west, north=north),
                transform=from_origin(west, north, 0.5, 0.5),
            )
    terrain = open_terrain([tmp_path])
    rng = np.random.default_rng(2)
    x, y = WEST + rng.uniform(0.3, 19.7, 4000), NORTH - rng.uniform(0.3, 19.7, 4000)
    x[:1000], y[1000:2000] = WEST + rng.uniform(9.7, 10.3, 1000), NORTH - rng.uniform(9.7, 10.3, 1000)
    assert terrain.heights_amsl_m(lonlat(x, y)) == pytest.approx(height_of(x, y), abs=2e-3)
    assert len(terrain.sources) == 4


def test_cells_of_another_datum_never_fill_a_seam(tmp_path: Path) -> None:
    write_tile(tmp_path / "a.tif", plane(20, 20), crs="EPSG:7415")
    write_tile(
        tmp_path / "b.tif", plane(20, 20, west=WEST + 10), transform=from_origin(WEST + 10, NORTH, 0.5, 0.5)
    )
    seam = lonlat(WEST + 10, NORTH - 5)
    mixed = open_terrain([tmp_path])
    assert np.isnan(mixed.heights_amsl_m(seam)).all()
    write_tile(tmp_path / "a.tif", plane(20, 20))
    assert np.isfinite(open_terrain([tmp_path]).heights_amsl_m(seam)).all()


def test_the_first_file_given_wins_and_its_holes_are_filled_by_the_next(tmp_path: Path) -> None:
    holed = np.full((20, 20), 1.0)
    holed[8:12, 8:12] = -9999
    fine = write_tile(tmp_path / "fine.tif", holed)
    coarse = write_tile(
        tmp_path / "coarse.tif",
        np.full((10, 10), 5.0),
        transform=from_origin(WEST - 10, NORTH + 10, 5, 5),
    )
    x, y = WEST + np.array([2.25, 5.0, -3.0]), NORTH - np.array([2.25, 5.0, 1.0])
    assert open_terrain([fine, coarse]).heights_amsl_m(lonlat(x, y)) == pytest.approx([1, 5, 5])
    assert open_terrain([coarse, fine]).heights_amsl_m(lonlat(x, y)) == pytest.approx([5, 5, 5])


def test_outside_every_file_there_is_no_height(tmp_path: Path) -> None:
    terrain = open_terrain([write_tile(tmp_path / "t.tif", plane(20, 20))])
    far = np.array([[0, 0], [179.9, 89.9], [5.4, -89], [np.nan, 52]])
    assert np.isnan(terrain.heights_amsl_m(far)).all()
    assert terrain.sources == ()
