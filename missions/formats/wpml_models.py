"""Which DJI aircraft and cameras WPML names by which numbers.

Sources, read in November 2026: DJI Cloud API, "WPML common elements" (droneInfo, payloadInfo; docs/en/
60.api-reference/00.dji-wpml/40.common-element.md in dji-sdk/Cloud-API-Doc, v1.11.3). For what came later
(Matrice 4 and 4D series, Matrice 400) its page "Product support" (developer.dji.com/doc/cloud-api-tutorial),
as of 2026-08-07, in copies that public documents hold; cameras 98-0-0 and 99-0-0 of the 4D and the 4TD
likewise. The payloads agree with WaylinePayloadType in DJI's Mobile SDK 5 (dji.sdk.wpmz). The version in the
namespace is 1.0.2 as on those pages; DJI's own programs write 1.0.6 for the Matrice 4 series.
"""

from __future__ import annotations

from dataclasses import dataclass

from missions.aircraft import Aircraft
from missions.camera import Camera
from missions.errors import FormatError

_DOCUMENTED = "1.0.2"
_LATER = "1.0.6"


@dataclass(frozen=True, slots=True)
class Model:
    """An aircraft as WPML names it: type and sub type, and its camera where that is built in.

    `visible` is what its visible camera is called (the spelling is DJI's); `follows_surface` says whether it
    can hold a height above the ground by itself.
    """

    drone: int
    sub: int
    payload: int | None
    version: str = _DOCUMENTED
    visible: str = "wide"
    follows_surface: bool = False


MODELS = {
    "dji-matrice-300": Model(60, 0, None),
    "dji-matrice-350": Model(89, 0, None),
    "dji-matrice-400": Model(103, 0, None, _LATER),
    "dji-matrice-30": Model(67, 0, 52),
    "dji-matrice-30t": Model(67, 1, 53),
    "dji-mavic-3e": Model(77, 0, 66, visible="visable", follows_surface=True),
    "dji-mavic-3t": Model(77, 1, 67, follows_surface=True),
    "dji-matrice-3d": Model(91, 0, 80, visible="visable"),
    "dji-matrice-3td": Model(91, 1, 81),
    "dji-matrice-4e": Model(99, 0, 88, _LATER, visible="visable"),
    "dji-matrice-4t": Model(99, 1, 89, _LATER),
    "dji-matrice-4d": Model(100, 0, 98, _LATER, visible="visable"),
    "dji-matrice-4td": Model(100, 1, 99, _LATER),
}
PAYLOADS = {"dji-h20": 42, "dji-h20t": 43, "dji-h20n": 61, "dji-h30": 82, "dji-h30t": 83}


def model_of(aircraft: Aircraft) -> Model:
    """How WPML names the aircraft. Raises FormatError for one that does not fly WPML."""
    name = _longest(aircraft.name, MODELS)
    if name is None or aircraft.kind != "copter":
        raise FormatError(
            f"{aircraft.name} does not fly DJI waylines",
            where="export to wpml",
            remedy=f"Plan for {', '.join(sorted(MODELS))}, or export as plan or waypoints",
        )
    return MODELS[name]


def payload_of(aircraft: Aircraft, camera: Camera) -> int:
    """The number of the camera that takes the pictures. Raises FormatError where it cannot be carried."""
    model = model_of(aircraft)
    if model.payload is not None:
        return model.payload
    name = _longest(camera.name, PAYLOADS)
    if name is None:
        raise FormatError(
            f"{camera.name} is no camera that DJI waylines know on {aircraft.name}",
            where="export to wpml",
            remedy=f"Plan with a camera of {', '.join(sorted(PAYLOADS))}",
        )
    return PAYLOADS[name]


def lens_of(aircraft: Aircraft, camera: Camera) -> str:
    """Which of the payload's pictures are kept (payloadLensIndex): what the plan's camera sees."""
    if camera.spectrum == "thermal":
        return "ir"
    return "zoom" if {"zoom", "tele"} & set(camera.name.split("-")) else model_of(aircraft).visible


def _longest(name: str, known: dict[str, Model] | dict[str, int]) -> str | None:
    """The known name that this is, or that it starts with: a team may call its own `dji-matrice-30t-2`."""
    fitting = [one for one in known if name == one or name.startswith(f"{one}-")]
    return max(fitting, key=len, default=None)
