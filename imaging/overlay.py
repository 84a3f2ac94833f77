"""Stage `overlay`: the picture for Google Earth and whatever else reads KML, as `overlay.kmz`.

A GroundOverlay of KML 2.2 (OGC 07-147r2, 11.2) in a LatLonBox: the picture is turned to longitude and
latitude and made small enough to send.
"""

from __future__ import annotations

import io
import zipfile
from xml.sax.saxutils import escape

import cv2
import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.warp import transform, transform_bounds

from imaging.cog import shrunk
from imaging.orthomosaic import OVERLAY_PX, Orthomosaic
from imaging.photos import Pixels
from imaging.progress import Progress
from imaging.scene import Scene, key_of
from missions.files import write_whole

STAGE = "overlay"
VERSION = 2
OVERLAY = "overlay.kmz"
NODES = 65
FIRST_DATE = (1980, 1, 1, 0, 0, 0)
PACKED = (
    cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_AVG,
    cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE,
)  # fmt: skip
"""Half the time of the usual settings for photos, and no larger."""


def write_overlay(
    drawn: Orthomosaic, scene: Scene, name: str, verdict: str, progress: Progress
) -> dict[str, str]:
    """Write `overlay.kmz` or take what stands there; gives its name and SHA-256. Raises OutputError.

    `name` and `verdict` are what the viewer shows as title and description.
    """
    key = key_of(STAGE, VERSION, drawn.key, drawn.files, name, verdict)
    progress.stage(STAGE, 1)
    record = scene.kept(STAGE, key)
    if record is None:
        target = scene.folder / OVERLAY
        write_whole(target, _kmz(drawn, scene, name, verdict))
        record = scene.keep(STAGE, key, {}, [target])
    progress.advance()
    return dict(record["files"])


def _kmz(drawn: Orthomosaic, scene: Scene, name: str, verdict: str) -> bytes:
    picture, (west, south, east, north) = _picture(drawn, scene)
    document = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><GroundOverlay>'
        f"<name>{_text(name)}</name><description>{_text(verdict)}</description>"
        "<Icon><href>files/orthomosaic.png</href></Icon>"
        f"<LatLonBox><north>{north:.9f}</north><south>{south:.9f}</south>"
        f"<east>{east:.9f}</east><west>{west:.9f}</west></LatLonBox></GroundOverlay></kml>\n"
    )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for path, data, method in (
            ("doc.kml", document.encode(), zipfile.ZIP_DEFLATED),
            ("files/orthomosaic.png", picture, zipfile.ZIP_STORED),
        ):
            # A fixed date, so that the same scene gives the same file.
            entry = zipfile.ZipInfo(path, FIRST_DATE)
            entry.compress_type = method
            file.writestr(entry, data)
    return archive.getvalue()


def _text(plain: str) -> str:
    """Text that XML can hold: a folder's name may be made of anything."""
    return escape("".join(letter for letter in plain if letter.isprintable()))


def _picture(drawn: Orthomosaic, scene: Scene) -> tuple[bytes, tuple[float, float, float, float]]:
    """PNG with transparency in longitude and latitude, and its west, south, east, north in degrees."""
    small = shrunk(scene.orthomosaic, OVERLAY_PX)[0] if drawn.small is None else drawn.small
    shape = small.shape[:2]
    with rasterio.open(scene.orthomosaic) as file:
        west, south, east, north = transform_bounds(file.crs, "EPSG:4326", *file.bounds)
        place_of_pixel = file.transform @ file.transform.scale(file.width / shape[1], file.height / shape[0])
        lon_deg, lat_deg = np.meshgrid(np.linspace(west, east, NODES), np.linspace(north, south, NODES))
        places = np.stack(transform("EPSG:4326", file.crs, lon_deg.ravel(), lat_deg.ravel()))
        nodes = np.stack(~place_of_pixel * places).reshape(2, NODES, NODES)
    _, png = cv2.imencode(".png", cv2.cvtColor(_turned(small, nodes), cv2.COLOR_RGBA2BGRA), PACKED)
    return png.tobytes(), (west, south, east, north)


def _turned(picture: Pixels, nodes: npt.NDArray[np.float64]) -> Pixels:
    """The picture, as large as before, with what it shows at `nodes` (2, n, n) columns and rows of it, even
    from border to border; nothing where they lie outside.
    """
    height, width = picture.shape[:2]
    across, along = (nodes.shape[2] - 1) / width, (nodes.shape[1] - 1) / height
    of_node = np.array([[across, 0, 0.5 * across], [0, along, 0.5 * along]])
    columns, rows = (
        cv2.warpAffine(
            each.astype(np.float32) - np.float32(0.5), of_node, (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
        )
        for each in nodes
    )  # fmt: skip
    return np.asarray(cv2.remap(picture, columns, rows, cv2.INTER_LINEAR), np.uint8)
