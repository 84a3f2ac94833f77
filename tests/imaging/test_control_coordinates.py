"""A coordinate system is placed exactly or refused, and control far from the photos is noticed."""

import math
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pyproj import Transformer
from pyproj.transformer import TransformerGroup

from imaging.control.coordinates import open_system
from imaging.control.placing import place, place_on_site, with_heights_above
from imaging.control.points import ELLIPSOIDAL, NAP, UNKNOWN, Listed, SurveyedPoint
from imaging.control.whereabouts import check_against_photos
from missions.errors import InputError, SettingsError
from missions.geodesy import GeoPoint
from missions.plan import Severity
from missions.rdnap import FOLDER_VARIABLE, NAP_GRID, RD_GRID, Frame

LAT, LON, HEIGHT = 52.140280214, 6.283826609, 60.4856
RD_X, RD_Y, NAP_M = 216379.0437, 461722.4577, 16.9608
"""Point 30010055 of NSGI's Z001_ETRS89andRDNAP, ETRS89 and RDNAP."""
PHOTOS = [GeoPoint(LAT + 0.0002 * i, LON + 0.0003 * j) for i in range(-2, 3) for j in range(-2, 3)]
ESRI_RD = (
    'PROJCS["RD_New",GEOGCS["GCS_Amersfoort",DATUM["D_Amersfoort",SPHEROID["Bessel_1841",6377397.155,'
    '299.1528128]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Double_Stereographic"],'
    'PARAMETER["False_Easting",155000.0],PARAMETER["False_Northing",463000.0],'
    'PARAMETER["Central_Meridian",5.38763888888889],PARAMETER["Scale_Factor",0.9999079],'
    'PARAMETER["Latitude_Of_Origin",52.15616055555555],UNIT["Meter",1.0]]'
)
PROJ_RD = (
    "+proj=sterea +lat_0=52.15616055555555 +lon_0=5.38763888888889 +k=0.9999079 +x_0=155000 +y_0=463000"
    " +ellps=bessel +towgs84=565.417,50.3319,465.552,-0.398957,0.343988,-1.8774,4.0725 +units=m +no_defs"
)
BARE_RD = PROJ_RD[: PROJ_RD.index("+towgs84")]


@pytest.fixture(scope="module")
def grids(shared: Callable[[str], Path]) -> Path:
    for name in (RD_GRID, NAP_GRID):
        shared(f"grids/{name}")
    return shared("grids")


@pytest.fixture
def no_grids(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr("missions.rdnap.get_data_dir", lambda: str(tmp_path))
    monkeypatch.setattr("missions.rdnap.get_user_data_dir", lambda: str(tmp_path))


def utm(epsg: int) -> tuple[float, float]:
    x, y = Transformer.from_crs("EPSG:4326", f"EPSG:{epsg}", always_xy=True).transform(LON, LAT)
    return float(x), float(y)


def listed(x: float, y: float, z: float | None = None, name: str = "P1") -> Listed:
    return Listed(name, x, y, z, line=4)


@pytest.mark.parametrize(
    ("text", "xy", "frame", "reference"),
    [
        ("EPSG:4326", (LON, LAT), Frame.WGS84, UNKNOWN),
        ("epsg:4979", (LON, LAT), Frame.WGS84, ELLIPSOIDAL),
        ("EPSG:4937", (LON, LAT), Frame.ETRS89, ELLIPSOIDAL),
        ("EPSG:4258+5709", (LON, LAT), Frame.ETRS89, NAP),
        ("EPSG:4326+5773", (LON, LAT), Frame.WGS84, "egm96"),
        ("EPSG:4326+3855", (LON, LAT), Frame.WGS84, "egm2008"),
        ("EPSG:32632", utm(32632), Frame.WGS84, UNKNOWN),
        ("32632", utm(32632), Frame.WGS84, UNKNOWN),
        ("WGS84 UTM 32N", utm(32632), Frame.WGS84, UNKNOWN),
        ("wgs 84 utm 31n", utm(32631), Frame.WGS84, UNKNOWN),
        ("+proj=utm +zone=32 +ellps=WGS84 +datum=WGS84 +units=m +no_defs", utm(32632), Frame.WGS84, UNKNOWN),
        ("+proj=utm +zone=32 +ellps=WGS84", utm(32632), Frame.WGS84, UNKNOWN),
        ("+init=epsg:32632", utm(32632), Frame.WGS84, UNKNOWN),
        ("EPSG:25832", utm(25832), Frame.ETRS89, UNKNOWN),
        ("EPSG:25832+7837", utm(25832), Frame.ETRS89, "dhhn2016"),
        ("EPSG:3857", utm(3857), Frame.WGS84, UNKNOWN),
    ],
)
def test_a_system_leads_to_the_place_and_says_what_heights_are_above(
    text: str, xy: tuple[float, float], frame: Frame, reference: str
) -> None:
    system = open_system(text)
    (point,) = place(system, [listed(*xy, 12.5)])
    assert (point.lat_deg, point.lon_deg) == pytest.approx((LAT, LON), abs=2e-9)
    assert (system.frame, point.height_reference, point.height_m) == (frame, reference, 12.5)
    assert any(note.check == "heights" for note in system.notes) == (reference == UNKNOWN)


@pytest.mark.parametrize("text", ["EPSG:28992", "EPSG:7415", ESRI_RD, BARE_RD])
def test_rd_comes_through_the_grids(grids: Path, text: str) -> None:
    system = open_system(text, grids=grids)
    (point,) = place(system, [listed(RD_X, RD_Y, NAP_M)])
    assert (point.lat_deg, point.lon_deg) == pytest.approx((LAT, LON), abs=1e-8)
    assert system.frame is Frame.ETRS89
    assert point.height_m == NAP_M
    assert point.height_reference == (NAP if text == "EPSG:7415" else UNKNOWN)


@pytest.mark.parametrize("text", ["EPSG:28992", "EPSG:7415", ESRI_RD, BARE_RD])
def test_without_grids_rd_is_refused(no_grids: None, text: str) -> None:
    with pytest.raises(SettingsError, match=RD_GRID):
        open_system(text)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        (PROJ_RD, "EPSG:28992"),
        ("EPSG:28991", "EPSG:28992"),
        ("EPSG:4289", "EPSG:28992"),
        ("+proj=tmerc +lat_0=0 +lon_0=9 +ellps=bessel +towgs84=598,73,418,0.2,0.04,-2.4,6.7", "EPSG code"),
        ("EPSG:4978", "EPSG code"),
        ("EPSG:5709", "EPSG code"),
        ("EPSG:5715", "EPSG code"),
        ("EPSG:4326+5715", "heights"),
        ("EPSG:999999", "EPSG code"),
        ("", "EPSG code"),
        ("my garden", "EPSG code"),
        ("WGS84 UTM 61N", "EPSG code"),
        ("+proj=", "EPSG code"),
        ("+proj=pipeline +step +proj=utm +zone=31", "EPSG code"),
        ('LOCAL_CS["x"]', "EPSG code"),
        ("PROJCS[" * 5000, "EPSG code"),
        ("EPSG:4326\0", "EPSG code"),
    ],
)
def test_what_cannot_be_placed_exactly_is_refused_with_a_remedy(
    no_grids: None, text: str, remedy: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        open_system(text)
    assert remedy in str(refused.value)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize(
    ("text", "grid"),
    [
        ("EPSG:31370", "be_ign_bd72lb72_etrs89lb08.tif"),
        ("EPSG:27700", "uk_os_OSTN15_NTv2_OSGBtoETRS.tif"),
    ],
)
def test_without_its_grid_another_datum_is_refused_by_the_grids_name(text: str, grid: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if TransformerGroup(text, "EPSG:4258").best_available:
            pytest.skip(f"PROJ has {grid} among its own data here")
    with pytest.raises(SettingsError, match=grid):
        open_system(text)


def test_a_known_but_less_exact_way_is_said() -> None:
    system = open_system("EPSG:2154")
    assert system.frame is Frame.ETRS89
    assert any("0.1 m" in note.text for note in system.notes)


def test_a_missing_datum_is_said() -> None:
    assert "datum" in {note.check for note in open_system("+proj=utm +zone=32 +ellps=WGS84").notes}


def test_heights_may_be_told_and_must_not_contradict() -> None:
    assert open_system("EPSG:32632", heights=NAP).height_reference == NAP
    assert not open_system("EPSG:32632", heights=NAP).notes
    assert open_system("EPSG:4258+5709", heights=NAP).height_reference == NAP
    with pytest.raises(SettingsError, match="nap by this coordinate system, and ellipsoidal"):
        open_system("EPSG:4258+5709", heights=ELLIPSOIDAL)


def test_heights_in_feet_become_metres() -> None:
    system = open_system("EPSG:4326+8228")  # NAVD88 height (ft)
    assert system.height_m(100.0) == pytest.approx(30.48)
    assert system.height_m(None) is None


def test_a_frame_of_the_sites_own_has_no_place() -> None:
    system = open_system("local")
    assert system.site
    assert system.height_reference == "local"
    (point,) = place_on_site([listed(1.0, 2.0)])
    assert (point.x_m, point.y_m, point.z_m) == (1.0, 2.0, None)
    with pytest.raises(InputError, match="no place on the earth"):
        place(system, [listed(1.0, 2.0)])


@pytest.mark.parametrize(
    ("text", "x", "y", "swapped"),
    [
        ("EPSG:4326", 4.0, 152.0, True),
        ("EPSG:4326", 216379.0, 461722.0, False),
        ("EPSG:32632", 1e300, 5.0, False),
    ],
)
def test_a_point_outside_its_system_is_named_with_its_line(
    text: str, x: float, y: float, swapped: bool
) -> None:
    with pytest.raises(InputError, match=r"line 4: P1 .* lies outside") as refused:
        place(open_system(text), [listed(x, y)])
    assert ("exchange the columns" in str(refused.value)) == swapped


def test_rd_with_its_axes_exchanged_is_named(grids: Path) -> None:
    with pytest.raises(InputError, match=r"with x and y swapped inside.*exchange the columns"):
        place(open_system("EPSG:7415", grids=grids), [listed(RD_Y, RD_X, NAP_M)])


def test_nap_and_the_ellipsoid_become_each_other(grids: Path) -> None:
    (point,) = place(open_system("EPSG:7415", grids=grids), [listed(RD_X, RD_Y, NAP_M)])
    (above,) = with_heights_above([point], ELLIPSOIDAL, frame=Frame.ETRS89, grids=grids)
    assert above.height_m == pytest.approx(HEIGHT, abs=0.001)
    (back,) = with_heights_above([above], NAP, frame=Frame.ETRS89, grids=grids)
    assert back.height_m == pytest.approx(NAP_M, abs=1e-6)
    assert with_heights_above([point], NAP, frame=Frame.ETRS89) == (point,)


def test_a_height_above_something_else_does_not_become_nap(no_grids: None) -> None:
    (point,) = place(open_system("EPSG:4326+5773"), [listed(LON, LAT, 3.0)])
    with pytest.raises(InputError, match="egm96 do not become heights above nap"):
        with_heights_above([point], NAP, frame=Frame.WGS84, epoch_year=2026.9)


# Where the points are, seen from the photos.


def told(text: str, x: float, y: float) -> list[str]:
    system = open_system(text)
    rows = [
        listed(x + 3 * number * (1e-5 if abs(x) < 400 else 1), y, None, f"P{number}") for number in range(4)
    ]
    found = check_against_photos(place(system, rows), PHOTOS, listed=rows, system=system)
    assert all(finding.severity is Severity.BLOCKING for finding in found)
    return [f"{finding.text} {finding.remedy}" for finding in found]


def test_points_among_the_photos_are_no_finding() -> None:
    assert told("EPSG:4326", LON, LAT) == []
    assert told("EPSG:32632", *utm(32632)) == []


def test_swapped_degrees_are_named_and_left_alone() -> None:
    (text,) = told("EPSG:4326", LAT, LON)
    assert "lie 6582 km from the photos; with x and y swapped they lie among them" in text
    assert "Nothing is exchanged by itself" in text


def test_swapped_metres_are_named() -> None:
    (text,) = told("EPSG:32632", *reversed(utm(32632)))
    assert "with x and y swapped they lie among them" in text


def test_a_neighbouring_zone_is_named() -> None:
    (text,) = told("EPSG:32631", *utm(32632))
    assert "read as WGS84 UTM 32N instead of 'EPSG:32631' they lie among them" in text


def test_dutch_rd_taken_for_utm_is_named() -> None:
    (text,) = told("EPSG:32631", RD_X, RD_Y)
    assert "read as EPSG:28992" in text
    (text,) = told("EPSG:32631", RD_Y, RD_X)
    assert "read as EPSG:28992 instead of 'EPSG:32631' and with x and y swapped" in text


def test_another_place_altogether_is_said() -> None:
    (text,) = told("EPSG:4326", LON + 4.5, LAT)
    assert "lie 308 km from the photos." in text
    assert "coordinate system" in text


def test_one_stray_point_is_named() -> None:
    places = [SurveyedPoint(f"P{i}", LAT, LON + i * 1e-4, None, UNKNOWN, 0.02, 0.03) for i in range(4)]
    stray = SurveyedPoint("P9", LAT + 0.09, LON, None, UNKNOWN, 0.02, 0.03)
    (finding,) = check_against_photos([*places, stray], PHOTOS)
    assert finding.text.startswith("P9 lies 10.0 km from the nearest photo")


def test_nothing_is_said_without_points_or_photos() -> None:
    assert check_against_photos([], PHOTOS) == ()
    assert check_against_photos([SurveyedPoint("P", LAT, LON, None, UNKNOWN, 1, 1)], []) == ()


def test_the_other_side_of_the_earth_is_no_trouble() -> None:
    point = SurveyedPoint("P", -LAT, LON - 180, None, UNKNOWN, 0.02, 0.03)
    (finding,) = check_against_photos([point], PHOTOS)
    assert "20004 km" in finding.text


def test_random_places_come_back_from_their_zone() -> None:
    random = np.random.default_rng(8)
    for _ in range(20):
        lon, lat = random.uniform(-179, 179), random.uniform(-78, 78)
        zone = int((lon + 180) // 6) + 1
        code = (32600 if lat >= 0 else 32700) + zone
        x, y = Transformer.from_crs("EPSG:4326", f"EPSG:{code}", always_xy=True).transform(lon, lat)
        (point,) = place(open_system(f"WGS84 UTM {zone}{'N' if lat >= 0 else 'S'}"), [listed(x, y)])
        assert math.hypot(point.lat_deg - lat, point.lon_deg - lon) < 1e-8


def test_proj_tells_nothing_on_the_side() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_system("+init=epsg:32632 +no_defs")
        with pytest.raises(SettingsError):
            open_system("EPSG:31467")
