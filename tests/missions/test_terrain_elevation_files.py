"""Elevation files that are large, odd, broken or hostile."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio

from missions.errors import FormatError, InputError
from missions.terrain import elevation, open_terrain, raster
from tests.missions.elevation_files import NORTH, RD, WEST, from_origin, lonlat, plane, write_tile

SITE = 'LOCAL_CS["site",UNIT["metre",1],AXIS["E",EAST],AXIS["N",NORTH]]'


def test_a_large_file_is_read_in_blocks_and_few_stay_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=20_000,
        height=25_000,
        count=1,
        dtype="float32",
        crs=RD,
        transform=from_origin(WEST, NORTH, 0.5, 0.5),
        tiled=True,
        sparse_ok=True,
        nodata=-9999,
    ) as file:
        square = np.full((256, 256), 4.0, np.float32)
        for corner in range(0, 8000, 256):
            file.write(square, 1, window=((corner, corner + 256), (corner, corner + 256)))
    monkeypatch.setattr(elevation, "CACHED_BLOCKS", 8)
    monkeypatch.setattr(elevation, "_BLOCKS_A_TIME", 2)
    read: list[int] = []
    real = raster.read_block
    monkeypatch.setattr(
        elevation,
        "read_block",
        lambda *args: (read.append(1), real(*args))[1],  # type: ignore[func-returns-value]
    )
    terrain = open_terrain([path])
    along = np.arange(100, 7900, 7) * 0.5 + 0.25
    places = lonlat(WEST + along, NORTH - along)
    assert terrain.heights_amsl_m(places) == pytest.approx(np.full(len(along), 4.0))
    assert len(terrain._blocks) <= 8
    assert len(read) < 40
    read.clear()
    assert terrain.heights_amsl_m(places[-50:]) == pytest.approx(np.full(50, 4.0))
    assert read == []


def test_no_file_stays_open(tmp_path: Path) -> None:
    path = write_tile(tmp_path / "t.tif", plane(20, 20))
    terrain = open_terrain([path])
    terrain.heights_amsl_m(lonlat(WEST + 5, NORTH - 5))
    descriptors = Path("/proc/self/fd")
    opened = [link.resolve() for link in descriptors.iterdir()] if descriptors.exists() else []
    assert path.resolve() not in opened


def test_files_beside_a_raster_change_nothing(tmp_path: Path) -> None:
    """What is hashed is all that was read: no world file, no .aux.xml."""
    path = write_tile(tmp_path / "t.tif", np.full((4, 4), 8.0))
    (tmp_path / "t.tif.aux.xml").write_text(
        "<PAMDataset><PAMRasterBand band='1'><Offset>50</Offset><NoDataValue>8</NoDataValue>"
        "</PAMRasterBand></PAMDataset>"
    )
    (tmp_path / "t.tfw").write_text("1\n0\n0\n-1\n0\n0\n")
    assert open_terrain([path]).heights_amsl_m(lonlat(WEST + 1, NORTH - 1)) == pytest.approx([8.0])


def broken(tmp_path: Path) -> dict[str, Path]:
    """Files that must be refused, each for its own reason."""
    flat = np.full((8, 8), 2.0)
    files = {
        "text": tmp_path / "text.tif",
        "hgt": tmp_path / "hills.hgt",
        "short": tmp_path / "N52E004.hgt",
        "none": tmp_path / "absent.tif",
        "picture": write_tile(tmp_path / "picture.tif", flat, count=3, dtype="uint8", photometric="RGB"),
        "nowhere": tmp_path / "nowhere.tif",
        "no-crs": tmp_path / "nocrs.tif",
        "complex": write_tile(tmp_path / "complex.tif", flat, dtype="complex64"),
        "unit": write_tile(tmp_path / "unit.tif", flat, unit="fathom"),
        "off": write_tile(tmp_path / "off.tif", flat, crs="EPSG:4326", transform=from_origin(4, 5000, 1, 1)),
        "engine": write_tile(
            tmp_path / "engine.tif",
            flat,
            crs=SITE,
        ),
    }
    files["text"].write_text("not a raster")
    files["hgt"].write_bytes(bytes(1201 * 1201 * 2))
    files["short"].write_bytes(bytes(1000))
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        write_tile(files["nowhere"], flat, crs=None)
    write_tile(tmp_path / "nocrs.tif", flat)
    with rasterio.open(
        files["no-crs"],
        "w",
        driver="GTiff",
        width=8,
        height=8,
        count=1,
        dtype="float32",
        transform=from_origin(WEST, NORTH, 1, 1),
    ) as file:
        file.write(flat.astype("float32"), 1)
    return files


def test_what_is_no_elevation_file_is_refused_by_name(tmp_path: Path) -> None:
    for kind, path in broken(tmp_path).items():
        with pytest.raises(FormatError) as refused:
            open_terrain([path])
        assert path.name in refused.value.where, kind
        assert refused.value.remedy, kind


def test_a_file_of_one_giant_block_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=60_000,
        height=60_000,
        count=1,
        dtype="float32",
        crs=RD,
        transform=from_origin(WEST, NORTH, 0.5, 0.5),
        blockysize=60_000,
        compress="deflate",
        sparse_ok=True,
    ):
        pass
    with pytest.raises(FormatError, match="blocks of 60000 x 60000"):
        open_terrain([path])


@pytest.mark.parametrize("side", [1_900_000, 2_000_000_000])
def test_a_head_that_promises_more_cells_than_there_are_is_refused(tmp_path: Path, side: int) -> None:
    path = write_tile(tmp_path / "t.tif", plane(64, 64))
    data = bytearray(path.read_bytes())
    (first,) = struct.unpack_from("<I", data, 4)
    for entry in range(struct.unpack_from("<H", data, first)[0]):
        at = first + 2 + 12 * entry
        if struct.unpack_from("<H", data, at)[0] in {256, 257}:
            struct.pack_into("<HII", data, at + 2, 4, 1, side)
    path.write_bytes(data)
    with pytest.raises(FormatError, match=str(side)):
        open_terrain([path])


def test_one_cell_alone_gives_no_height_but_in_its_middle(tmp_path: Path) -> None:
    path = write_tile(tmp_path / "t.tif", np.full((1, 1), 7.0))
    places = np.vstack([lonlat(WEST + 0.25, NORTH - 0.25), lonlat(WEST + 0.4, NORTH - 0.25)])
    found = open_terrain([path]).heights_amsl_m(places)
    assert found[0] == pytest.approx(7.0)
    assert np.isnan(found[1])


def test_a_damaged_file_says_so_when_it_is_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    path = write_tile(tmp_path / "t.tif", rng.uniform(0, 9, (600, 600)), compress="deflate")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 3])
    with pytest.raises(FormatError, match=r"t\.tif"):
        open_terrain([path]).heights_amsl_m(lonlat(WEST + 150, NORTH - 290))


def test_seeded_damage_never_gives_anything_but_heights_or_one_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    whole = write_tile(tmp_path / "t.tif", plane(40, 40), compress="deflate").read_bytes()
    places = lonlat(WEST + rng.uniform(-5, 25, 50), NORTH - rng.uniform(-5, 25, 50))
    refused = 0
    for _ in range(80):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), 6):
            data[at] = rng.integers(0, 256)
        (tmp_path / "d.tif").write_bytes(data)
        try:
            heights = open_terrain([tmp_path / "d.tif"]).heights_amsl_m(places)
        except FormatError:
            refused += 1
            continue
        known = heights[~np.isnan(heights)]
        assert ((known > raster.LOWEST_M) & (known < raster.HIGHEST_M)).all()
    assert refused > 10


def test_no_files_and_too_many_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no elevation file"):
        open_terrain([tmp_path])
    monkeypatch.setattr(elevation, "MAX_FILES", 1)
    (tmp_path / "a.tif").touch()
    (tmp_path / "b.tif").touch()
    with pytest.raises(InputError, match="2 elevation files"):
        open_terrain([tmp_path])


def test_srtm_gives_what_rasterio_samples_at_its_nodes(shared: Callable[[str], Path]) -> None:
    path = shared("terrain/N00E010.hgt")
    rng = np.random.default_rng(5)
    rows, columns = rng.integers(0, 1201, 300), rng.integers(0, 1201, 300)
    nodes = np.column_stack([10 + columns / 1200, 1 - rows / 1200])
    with rasterio.open(path) as file:
        sampled = np.array([value[0] for value in file.sample(nodes)], float)
        assert sampled == pytest.approx(file.read(1)[rows, columns])
    assert open_terrain([path]).heights_amsl_m(nodes) == pytest.approx(sampled, abs=1e-3)


def test_eu_dem_agrees_with_gdals_own_bilinear_warp(shared: Callable[[str], Path]) -> None:
    from rasterio.enums import Resampling
    from rasterio.vrt import WarpedVRT

    path = shared("terrain/EUDEM_N2000000E4000000.tif")
    with (
        rasterio.open(path) as file,
        WarpedVRT(
            file,
            resampling=Resampling.bilinear,
            transform=from_origin(4_000_000, 2_900_000, 5_000, 5_000),
            width=150,
            height=150,
            crs=file.crs,
        ) as warped,
    ):
        theirs = warped.read(1, masked=True).filled(np.nan)
        known_cells = file.read(1, masked=True)
    rows, columns = np.indices(theirs.shape)
    x, y = 4_002_500 + 5_000 * columns.ravel(), 2_897_500 - 5_000 * rows.ravel()
    ours = open_terrain([path]).heights_amsl_m(lonlat(x, y, "EPSG:3035")).reshape(theirs.shape)
    both = ~np.isnan(ours)
    assert both.mean() > 0.3
    assert known_cells.mask.any()
    assert ours[both] == pytest.approx(theirs[both], abs=0.5)
    assert open_terrain([path]).resolution_m == pytest.approx(25_000, rel=0.01)
