"""The numbers of DJI's aircraft and cameras are those of DJI's tables."""

import dataclasses

import pytest

from missions.catalogue import aircraft, camera, camera_names
from missions.formats.wpml_models import MODELS, PAYLOADS, lens_of, model_of, payload_of

AIRCRAFT = {
    "dji-matrice-300": (60, 0),
    "dji-matrice-350": (89, 0),
    "dji-matrice-400": (103, 0),
    "dji-matrice-30": (67, 0),
    "dji-matrice-30t": (67, 1),
    "dji-mavic-3e": (77, 0),
    "dji-mavic-3t": (77, 1),
    "dji-matrice-3d": (91, 0),
    "dji-matrice-3td": (91, 1),
    "dji-matrice-4d": (100, 0),
    "dji-matrice-4td": (100, 1),
    "dji-matrice-4e": (99, 0),
    "dji-matrice-4t": (99, 1),
}
"""Type and sub type, in the order of DJI Cloud API's page "Product support"."""

CAMERAS = {
    "dji-h20": 42,
    "dji-h20t": 43,
    "dji-matrice-30": 52,
    "dji-matrice-30t": 53,
    "dji-h20n": 61,
    "dji-mavic-3e": 66,
    "dji-mavic-3t": 67,
    "dji-matrice-3d": 80,
    "dji-matrice-3td": 81,
    "dji-h30": 82,
    "dji-h30t": 83,
    "dji-matrice-4e": 88,
    "dji-matrice-4t": 89,
    "dji-matrice-4d": 98,
    "dji-matrice-4td": 99,
}
"""WaylinePayloadType of DJI's Mobile SDK 5."""

BUILT_IN = {"m30t": "dji-matrice-30t", "m3t": "dji-mavic-3t", "m4t": "dji-matrice-4t"}
CARRIED = {"h20t": "dji-matrice-300-rtk", "h30t": "dji-matrice-350-rtk"}


def test_every_number_is_djis() -> None:
    assert {name: (one.drone, one.sub) for name, one in MODELS.items()} == AIRCRAFT
    built_in = {name: one.payload for name, one in MODELS.items() if one.payload is not None}
    assert {**built_in, **PAYLOADS} == CAMERAS


@pytest.mark.parametrize(
    "name", [name for name in camera_names() if name.split("-")[1] in BUILT_IN | CARRIED]
)
def test_every_dji_camera_of_the_catalogue_has_a_number_and_a_lens(name: str) -> None:
    product, lens = name.split("-", 2)[1:]
    craft = aircraft((BUILT_IN | CARRIED)[product])
    wanted = CAMERAS[BUILT_IN.get(product, f"dji-{product}")]
    assert payload_of(craft, camera(name)) == wanted
    assert lens_of(craft, camera(name)) == {"thermal": "ir", "wide": "wide"}.get(lens, "zoom")


def test_a_td_is_no_d() -> None:
    craft = dataclasses.replace(aircraft("dji-matrice-4t"), name="dji-matrice-4td-2")
    assert model_of(craft) == MODELS["dji-matrice-4td"]
