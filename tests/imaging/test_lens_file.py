"""A camera's lens is kept from one scene, and holds the lens of the next; another camera's is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from imaging.lens import Lens
from imaging.lens_file import PARAMETERS, KeptLens, read_lenses, with_lenses, write_lenses
from imaging.lens_store import keep_in_store, read_store, with_own_lenses
from imaging.mosaic import MosaicOptions, mosaic
from imaging.photos import Photo
from imaging.priors import Priors
from imaging.scene import Scene
from imaging.scene_lenses import lenses_of
from imaging.survey import kept_survey
from missions.errors import FormatError, InputError, SettingsError

QUICK = MosaicOptions(quick=True, threads=1)
LENS = Lens(4000, 2250, 2311.4, 2003.2, 1121.9, -0.012, True, 0.004, 0.0001, -0.0002)
SIGMA = dict(zip(PARAMETERS, (1.2, 0.8, 0.9, 0.0005, 0.0004, 0.00002, 0.00003), strict=True))
KEPT = KeptLens(
    "DJI", "FC300S", LENS, SIGMA, 'A12 "km 34" \x7f\\ é', "2026-11-27T10:00:00+00:00", 18, "checked"
)


def photo(**changed: object) -> Photo:
    plain = Photo(Path("a.jpg"), 4000, 2250, "0" * 64, focal_length_px=2330.0, make="DJI", model="FC300S")
    return replace(plain, **changed)


@pytest.fixture(scope="module")
def made(few_rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quick scene of rendered photos."""
    scene = tmp_path_factory.mktemp("lens") / "scene"
    mosaic(few_rendered, scene, options=QUICK)
    return scene


def test_a_lens_comes_back_as_it_was_written(tmp_path) -> None:
    other = replace(KEPT, model="FC6310", lens=replace(LENS, width_px=5472, height_px=3648, focal_px=3666.7))
    write_lenses(tmp_path / "camera.toml", (KEPT, other))
    assert read_lenses(tmp_path / "camera.toml") == (KEPT, other)


def test_a_lens_is_of_the_very_camera_whose_number_the_photos_tell() -> None:
    own = replace(KEPT, camera_serial="1W9DH8R0003K", aircraft_serial="1581F5")
    mine, its = photo(camera_serial="1W9DH8R0003K"), photo(aircraft_serial="1581F5")
    with_lenses({"a.jpg": mine, "b.jpg": its, "c.jpg": photo()}, (own,))
    assert own.is_of(mine)
    assert own.is_of(its)
    assert not own.is_of(photo())
    with pytest.raises(SettingsError, match=r"camera no\. 9, the lens of no\. 1W9DH8R0003K"):
        with_lenses({"a.jpg": photo(camera_serial="9")}, (own,))
    with pytest.raises(SettingsError, match=r"aircraft no\. 7"):
        with_lenses({"a.jpg": photo(aircraft_serial="7")}, (own,))


def test_a_folder_of_lenses_gives_each_camera_its_own_newest(tmp_path: Path) -> None:
    old = replace(KEPT, camera_serial="11A", created="2025-01-01T00:00:00+00:00")
    new = replace(old, created="2026-01-01T00:00:00+00:00", lens=replace(LENS, focal_px=2300.0))
    other = replace(old, camera_serial="22B", lens=replace(LENS, focal_px=2350.0))
    files = keep_in_store(tmp_path, (old, new, other))
    assert [file.name for file in files] == [
        "FC300S_11A_2311px_2025-01-01.toml",
        "FC300S_11A_2300px_2026-01-01.toml",
        "FC300S_22B_2350px_2025-01-01.toml",
    ]
    store = read_store(tmp_path)
    photos = {
        "a.jpg": photo(camera_serial="11A"),
        "b.jpg": photo(camera_serial="33C"),
        "c.jpg": photo(),
    }
    given, lenses = with_own_lenses(photos, store)
    assert lenses == (new,)
    assert [each.focal_length_px for each in given.values()] == [2300.0, 2330.0, 2330.0]
    with pytest.raises(InputError, match="no serial number"):
        keep_in_store(tmp_path, (KEPT,))


def test_what_the_prior_says_is_what_was_found_and_how_far_lenses_wander() -> None:
    prior = KEPT.prior
    assert prior.focal * LENS.focal_px == pytest.approx((1.2**2 + 2.3114**2) ** 0.5)
    assert prior.centre * LENS.focal_px == pytest.approx((0.9**2 + 2.3114**2) ** 0.5)
    assert prior.radial == pytest.approx((0.0005**2 + 0.002**2) ** 0.5)
    assert prior.tangential == pytest.approx((0.00003**2 + 0.0002**2) ** 0.5)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model": "FC6310"}, "FC6310, 4000 x 2250 pixels; the lens is of DJI FC300S"),
        ({"width_px": 4000, "height_px": 3000}, "4000 x 3000 pixels; the lens is of"),
        ({"make": ""}, "the lens is of DJI FC300S"),
        ({"focal_length_px": 4622.0}, "a focal length of 4622 pixels, the lens has 2311"),
    ],
)
def test_photos_of_another_camera_size_or_zoom_are_refused(changed, said) -> None:
    with pytest.raises(SettingsError, match=said):
        with_lenses({"a.jpg": photo(), "b.jpg": photo(**changed)}, (KEPT,))


def test_photos_get_the_kept_focal_length() -> None:
    given = with_lenses({"a.jpg": photo(), "b.jpg": photo(focal_length_px=None)}, (KEPT,))
    assert [each.focal_length_px for each in given.values()] == [2311.4, 2311.4]


def test_of_lenses_at_several_zooms_each_photo_gets_its_own() -> None:
    long = replace(KEPT, lens=replace(LENS, focal_px=4600.0))
    given = with_lenses({"a.jpg": photo(), "b.jpg": photo(focal_length_px=4622.0)}, (KEPT, long))
    assert [each.focal_length_px for each in given.values()] == [2311.4, 4600.0]


def broken(change: str, to: str) -> str:
    write = 'format = "droneteam-lens"\nversion = 1\n[[lens]]\nmake = "DJI"\nmodel = "X"\nwidth_px = 4000\n'
    write += "height_px = 2250\n" + "".join(f"{name} = {getattr(LENS, name)!r}\n" for name in PARAMETERS)
    write += "[lens.sigma]\n" + "".join(f"{name} = {SIGMA[name]!r}\n" for name in PARAMETERS)
    write += '[lens.from]\nscene = "s"\ncreated = "t"\nphotos = 3\nverdict = "v"\n'
    assert change in write
    return write.replace(change, to, 1)


@pytest.mark.parametrize(
    ("change", "to", "said"),
    [
        ("droneteam-lens", "other", "format"),
        ("version = 1", "version = 9", "version 9"),
        ("[[lens]]", "[[glass]]", "it holds no lens"),
        ("focal_px = 2311.4", "focal_px = nan", "focal_px is no number"),
        ("focal_px = 2311.4", "focal_px = 1.0", "makes no sense"),
        ("focal_px = 2311.4", 'focal_px = "wide"', "no number"),
        ("focal_px = 1.2", "focal_px = -1.2", "below 0"),
        ("width_px = 4000", "width_px = 0", "makes no sense"),
        ("width_px = 4000", "width_px = inf", "infinity"),
        ("focal_px = 1.2", "focal_px = 1" + 400 * "0", "too large"),
        ("[lens.sigma]", "[lens.other]", "sigma is missing"),
        ("version = 1", "version = ", ""),
    ],
)
def test_a_broken_file_is_one_error_that_names_it(tmp_path, change, to, said) -> None:
    path = tmp_path / "camera.toml"
    path.write_text(broken(change, to))
    with pytest.raises(FormatError, match=r"camera.toml: is no file of lenses") as error:
        read_lenses(path)
    assert said in str(error.value)


def test_a_missing_or_boundless_file_is_an_input_error(tmp_path) -> None:
    with pytest.raises(InputError):
        read_lenses(tmp_path / "none.toml")
    (tmp_path / "long.toml").write_bytes(b"#" * 200_000)
    with pytest.raises(InputError, match="larger than"):
        read_lenses(tmp_path / "long.toml")


def test_the_lens_of_a_scene_holds_the_next_one(made, few_rendered, tmp_path) -> None:
    (kept,) = lenses_of(made)
    free = json.loads((made / "scene.json").read_text())
    (told,) = free["lenses"].values()
    assert kept.lens.focal_px == told["focal_px"]
    assert kept.sigma["focal_px"] == pytest.approx(told["sigma"]["focal_px"])
    assert (kept.photos, kept.scene, kept.verdict) == (9, "scene", free["verdict"])
    # As if that scene had had control, so that its lens was well known; and clearly another lens than EXIF's.
    sure = replace(
        kept,
        lens=replace(kept.lens, focal_px=1.01 * kept.lens.focal_px),
        sigma={**kept.sigma, "focal_px": 0.05},
    )
    write_lenses(tmp_path / "camera.toml", (sure,))
    priors = Priors(lenses=read_lenses(tmp_path / "camera.toml"))
    report = mosaic(few_rendered, tmp_path / "scene", options=QUICK, priors=priors)
    (lens,) = report.body["lenses"].values()
    assert told["sigma"]["focal_px"] > 2.0
    assert lens["sigma"]["focal_px"] < 0.5
    assert lens["focal_px"] == pytest.approx(sure.lens.focal_px, abs=1.0)
    (given,) = report.body["priors"]["lenses"]
    assert given["scene"] == "scene"
    assert kept_survey(Scene(tmp_path / "scene")).lenses == priors.lenses
