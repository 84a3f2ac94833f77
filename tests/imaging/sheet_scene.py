"""Small scenes for sheets: an orthomosaic on disk, marks and figures of known size, and a PDF read back."""

import ctypes
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pypdfium2
import pypdfium2.raw as pdfium
import rasterio
from pyproj import Transformer
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject
from shapely.geometry import Polygon

from imaging.measure.figures import Figure, MarkPosition, Measurement
from imaging.sheet.content import Case, SheetAccuracy, SheetContent
from missions.geodesy import GeoPoint, LocalFrame
from sitl.world import World

VERDICT = "not for evidence: no ground control"
CREATED = datetime(2026, 9, 15, 9, 30, tzinfo=UTC)
SIGMA = np.array([0.012, 0.009, 0.022])
Places = dict[str, tuple[float, float, float]]
Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


def mark(letter: str, east_m: float, north_m: float, up_m: float = 0.0, note: str = "") -> MarkPosition:
    return MarkPosition(
        letter, note, np.array([east_m, north_m, up_m]), SIGMA, ("DT_0001.JPG", "DT_0002.JPG")
    )


def distance(first: MarkPosition, second: MarkPosition, half_width_95: float = 0.034) -> Figure:
    length = float(np.linalg.norm(first.local_m - second.local_m))
    return Figure("distance", (first.letter, second.letter), length, half_width_95, "m")


def content(
    picture: Path, frame: LocalFrame, marks: tuple[MarkPosition, ...], figures: tuple[Figure, ...] = (),
    *, evidence: bool = False, **more: object,
) -> SheetContent:  # fmt: skip
    verdict = "fit for evidence: 4 check points within 0.021 m" if evidence else VERDICT
    values = {
        "orthomosaic": picture,
        "measurement": Measurement(marks, figures, evidence, verdict),
        "frame": frame,
        "case": Case(number="PL1500-2026-014231", place="Laan 1, Ørsted", drawn_by="H. Jansen"),
        "accuracy": SheetAccuracy(gsd_m=0.05, reprojection_px=0.61, photos_used=38, photos_left_out=2),
        "created": CREATED,
        "height_reference": "above take-off",
        "software": {"droneteam": "0.1.0"},
        "hashes": {"DT_0001.JPG": "0123456789abcdef" * 4},
        **more,
    }
    return SheetContent(**values)  # type: ignore[arg-type]


def world_picture(path: Path, world: World, gsd_m: float) -> Path:
    """The world's true orthomosaic, laid in UTM by GDAL."""
    truth = world.truth_orthomosaic(gsd_m)
    origin = world.origin
    source = f"+proj=aeqd +lat_0={origin.lat_deg} +lon_0={origin.lon_deg} +ellps=WGS84 +units=m"
    half = world.size_m / 2
    corners = [[-half, -half], [half, -half], [half, half], [-half, half]]
    east, north = utm_of(world.frame, corners).T
    width, height = int(np.ptp(east) / gsd_m), int(np.ptp(north) / gsd_m)
    transform = Affine(gsd_m, 0, east.min(), 0, -gsd_m, north.max())
    opaque = np.full((1, *truth.rgb.shape[:2]), 255, np.uint8)
    pixels = np.zeros((4, height, width), np.uint8)
    reproject(
        np.concatenate([np.moveaxis(truth.rgb, -1, 0), opaque]), pixels,
        src_transform=Affine(gsd_m, 0, truth.west_m, 0, -gsd_m, truth.north_m), src_crs=source,
        dst_transform=transform, dst_crs=f"EPSG:{epsg_of(world.origin)}", resampling=Resampling.bilinear,
    )  # fmt: skip
    write_picture(path, np.moveaxis(pixels, 0, -1), transform, epsg_of(world.origin))
    return path


def painted_picture(
    path: Path, frame: LocalFrame, size_m: float, gsd_m: float, discs: Places, radius_m: float = 1.0
) -> Path:
    """Grey ground about the frame's origin with a green disc at each place."""
    middle = utm_of(frame, [[0, 0]])[0]
    count = int(size_m / gsd_m)
    west, north = middle[0] - size_m / 2 - 0.013, middle[1] + size_m / 2 + 0.007
    transform = Affine(gsd_m, 0, west, 0, -gsd_m, north)
    pixels = np.full((count, count, 4), (120, 120, 120, 255), np.uint8)
    columns, rows = np.meshgrid(np.arange(count) + 0.5, np.arange(count) + 0.5)
    for east_m, north_m, _ in discs.values():
        at = utm_of(frame, [[east_m, north_m]])[0]
        column, row = (at[0] - transform.c) / gsd_m, (transform.f - at[1]) / gsd_m
        pixels[np.hypot(columns - column, rows - row) < radius_m / gsd_m] = (0, 255, 0, 255)
    write_picture(path, pixels, transform, epsg_of(frame.origin))
    return path


def write_picture(path: Path, pixels: Pixels, transform: Affine, epsg: int) -> None:
    height, width, bands = pixels.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=bands, dtype="uint8",
        crs=f"EPSG:{epsg}", transform=transform, tiled=True, compress="deflate",
    ) as file:  # fmt: skip
        file.write(np.moveaxis(pixels, -1, 0))


def epsg_of(place: GeoPoint) -> int:
    return (32600 if place.lat_deg >= 0 else 32700) + int((place.lon_deg + 180) // 6) + 1


def utm_of(frame: LocalFrame, en_m: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Local metres to UTM by PROJ's own pipeline from the frame's definition."""
    origin = frame.origin
    plane = f"+proj=aeqd +lat_0={origin.lat_deg} +lon_0={origin.lon_deg} +ellps=WGS84 +units=m"
    local = np.asarray(en_m, float)
    way = Transformer.from_crs(plane, f"EPSG:{epsg_of(origin)}", always_xy=True)
    return np.column_stack(way.transform(local[:, 0], local[:, 1]))


@dataclass(frozen=True)
class Written:
    """A text as it stands in the PDF: its page, its outline in millimetres, and how it is painted."""

    page: int
    words: str
    outline: Polygon
    across: bool


def texts(path: Path) -> list[Written]:
    """Every text object of a PDF."""
    found = []
    with pypdfium2.PdfDocument(path) as document:
        for number, page in enumerate(document):
            textpage = page.get_textpage()
            for item in page.get_objects([pdfium.FPDF_PAGEOBJ_TEXT], max_depth=3):
                quad = pdfium.FS_QUADPOINTSF()
                assert pdfium.FPDFPageObj_GetRotatedBounds(item.raw, quad)
                corners = [(quad.x1, quad.y1), (quad.x2, quad.y2), (quad.x3, quad.y3), (quad.x4, quad.y4)]
                outline = Polygon([(x * 25.4 / 72, y * 25.4 / 72) for x, y in corners])
                across = (
                    pdfium.FPDFTextObj_GetTextRenderMode(item.raw) == pdfium.FPDF_TEXTRENDERMODE_FILL_STROKE
                )
                found.append(Written(number, _words(item.raw, textpage.raw), outline, across))
            textpage.close()
    return found


def _words(item: object, textpage: object) -> str:
    size = pdfium.FPDFTextObj_GetText(item, textpage, None, 0)
    held = (ctypes.c_ushort * (size // 2 + 1))()
    pdfium.FPDFTextObj_GetText(item, textpage, held, size)
    return bytes(held)[: max(0, size - 2)].decode("utf-16-le").strip()


def rendered(path: Path, dpi: int, page: int = 0) -> Pixels:
    """A page as pixels."""
    with pypdfium2.PdfDocument(path) as document:
        return np.asarray(document[page].render(scale=dpi / 72).to_pil().convert("RGB"))
