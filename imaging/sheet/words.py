"""The words on the sheet, in each language."""

from __future__ import annotations

import re
from dataclasses import dataclass

from imaging.sheet.remarks import in_dutch
from imaging.sheet.shortcomings import reason_in_dutch

ENGLISH = {
    "comma": ".",
    "title": "Scene sheet",
    "case": "Case",
    "number": "Case number",
    "place": "Place",
    "when": "Date and time",
    "drawn_by": "Drawn by",
    "created": "Sheet made",
    "scale": "Scale",
    "scale_line": "1:{scale} on {paper}, true to the ground",
    "check": "Print at 100 %. This bar is then {length} mm long; check it with a ruler.",
    "grid_north": "grid N",
    "true_north": "true N",
    "true_north_line": "True north lies {angle}° {side} of grid north.",
    "west": "west",
    "east": "east",
    "grid_line": "Grid: UTM zone {zone}, WGS 84 (EPSG:{epsg}), crosses every {step} m.",
    "rd_line": "Grid: RD, Amersfoort / RD New (EPSG:28992), by RDNAPTRANS2018, crosses every {step} m.",
    "factor_line": "A metre on the ground is {factor} m on the UTM grid here. The drawing is corrected for "
    "it; lengths taken from UTM coordinates are not.",
    "accuracy": "Accuracy",
    "verdict": "Verdict",
    "control": "Ground control points",
    "bars": "Scale bars",
    "check_points": "Independent checks",
    "check_name": "Check",
    "checks": "Independent checks",
    "off": "Scene less survey (m)",
    "expected": "To be expected (95 %)",
    "east_of": "E",
    "north_of": "N",
    "up_of": "up",
    "length_of": "length",
    "disagrees": "disagrees: too far to be chance",
    "set_aside": "Set aside",
    "left_out": "Photos left out",
    "and_more": "and {count} more, in scene.json",
    "parts": "The photos make {count} parts that share no ground: distances from one to another rest on the "
    "photos' own positions and on ground control, not on what the photos show.",
    "check_horizontal": "Their RMSE, horizontal",
    "check_vertical": "Their RMSE, vertical",
    "none_measured": "none measured",
    "scale_95": "Uncertainty of scale (95 %)",
    "gsd": "Ground sample distance",
    "reprojection": "Reprojection error, mean",
    "photos": "Photos used / left out",
    "figures": "Measured figures",
    "figure": "Figure",
    "of": "Marks",
    "value": "Value",
    "interval": "95 % interval",
    "distance": "distance",
    "horizontal distance": "horizontal distance",
    "path": "path",
    "area": "area",
    "angle": "angle",
    "height difference": "height difference",
    "rounding": "Half widths are rounded up: the printed interval holds the computed one.",
    "marks": "Marks",
    "mark": "Mark",
    "east_m": "East (m)",
    "north_m": "North (m)",
    "rd_x": "RD x (m)",
    "rd_y": "RD y (m)",
    "up_m": "Height (m)",
    "radius": "95 % (m)",
    "radius_line": "95 %: radius about the mark, horizontal, 1.96 √(σE² + σN²), which holds for any "
    "correlation. Heights: {heights}.",
    "unlabelled": "Not labelled on the drawing for want of room: {what}.",
    "outside": "Outside the drawing: {what}.",
    "remarks": "Remarks",
    "settings": "Settings",
    "software": "Software",
    "hashes": "SHA-256 of inputs and outputs",
    "continued": "continued",
    "page": "page {page} of {pages}",
    "picture": "Picture: {dpi} dots an inch on paper, {size} mm on the ground each.",
}
DUTCH = {
    "comma": ",",
    "title": "Situatietekening",
    "case": "Zaak",
    "number": "Zaaknummer",
    "place": "Plaats",
    "when": "Datum en tijd",
    "drawn_by": "Getekend door",
    "created": "Tekening gemaakt",
    "scale": "Schaal",
    "scale_line": "1:{scale} op {paper}, maatvast op de grond",
    "check": "Druk af op 100 %. Deze balk is dan {length} mm lang; meet hem na met een liniaal.",
    "grid_north": "kaart-N",
    "true_north": "ware N",
    "true_north_line": "Het ware noorden ligt {angle}° {side} van het kaartnoorden.",
    "west": "ten westen",
    "east": "ten oosten",
    "grid_line": "Raster: UTM-zone {zone}, WGS 84 (EPSG:{epsg}), kruisjes om de {step} m.",
    "rd_line": "Raster: RD, Amersfoort / RD New (EPSG:28992), via RDNAPTRANS2018, kruisjes om de {step} m.",
    "factor_line": "Een meter op de grond is hier {factor} m in het UTM-raster. De tekening is daarvoor "
    "gecorrigeerd; lengten uit UTM-coördinaten zijn dat niet.",
    "accuracy": "Nauwkeurigheid",
    "verdict": "Oordeel",
    "control": "Paspunten",
    "bars": "Schaallatten",
    "check_points": "Onafhankelijke controles",
    "check_name": "Controle",
    "checks": "Onafhankelijke controles",
    "off": "Opname min inmeting (m)",
    "expected": "Te verwachten (95 %)",
    "east_of": "O",
    "north_of": "N",
    "up_of": "hoogte",
    "length_of": "lengte",
    "disagrees": "wijkt af: te ver voor toeval",
    "set_aside": "Terzijde gelegd",
    "left_out": "Weggelaten foto's",
    "and_more": "en nog {count}, in scene.json",
    "parts": "De foto's vormen {count} delen die geen grond delen: afstanden van het ene naar het andere "
    "berusten op de posities van de foto's en op paspunten, niet op wat de foto's tonen.",
    "check_horizontal": "RMSE daarvan, horizontaal",
    "check_vertical": "RMSE daarvan, verticaal",
    "none_measured": "niet gemeten",
    "scale_95": "Onzekerheid van de schaal (95 %)",
    "gsd": "Grondpixel (GSD)",
    "reprojection": "Reprojectiefout, gemiddeld",
    "photos": "Foto's gebruikt / weggelaten",
    "figures": "Gemeten maten",
    "figure": "Maat",
    "of": "Punten",
    "value": "Waarde",
    "interval": "95 %-interval",
    "distance": "afstand",
    "horizontal distance": "horizontale afstand",
    "path": "lengte langs punten",
    "area": "oppervlakte",
    "angle": "hoek",
    "height difference": "hoogteverschil",
    "rounding": "Halve breedten zijn naar boven afgerond: het gedrukte interval omvat het berekende.",
    "marks": "Punten",
    "mark": "Punt",
    "east_m": "Oost (m)",
    "north_m": "Noord (m)",
    "rd_x": "RD x (m)",
    "rd_y": "RD y (m)",
    "up_m": "Hoogte (m)",
    "radius": "95 % (m)",
    "radius_line": "95 %: straal om het punt, horizontaal, 1,96 √(σE² + σN²), geldig bij elke correlatie. "
    "Hoogten: {heights}.",
    "unlabelled": "Op de tekening niet benoemd wegens plaatsgebrek: {what}.",
    "outside": "Buiten de tekening: {what}.",
    "remarks": "Opmerkingen",
    "settings": "Instellingen",
    "software": "Software",
    "hashes": "SHA-256 van invoer en uitvoer",
    "continued": "vervolg",
    "page": "blad {page} van {pages}",
    "picture": "Beeld: {dpi} punten per inch op papier, elk {size} mm op de grond.",
}
HEIGHTS = {
    "en": {
        "relative": "above take-off",
        "amsl": "above sea level as the camera tells",
        "ellipsoidal": "above the ellipsoid",
        "nap": "above NAP",
        "unknown": "above a zero that nobody told",
    },
    "nl": {
        "relative": "boven het opstijgpunt",
        "amsl": "boven zeeniveau volgens de camera",
        "ellipsoidal": "boven de ellipsoïde",
        "nap": "boven NAP",
        "unknown": "boven een nulpunt dat niemand noemde",
    },
}
LANGUAGES = {"en": ENGLISH, "nl": DUTCH}
VERDICTS_NL = (
    (r"not for evidence: no ground control", "niet als bewijs te gebruiken: geen paspunten"),
    (
        r"not for evidence: no independent check on the ground",
        "niet als bewijs te gebruiken: geen onafhankelijke controle op de grond",
    ),
    (
        r"not for evidence: the scene disagrees with the check of (.*)",
        r"niet als bewijs te gebruiken: de opname wijkt af van de controle van \1",
    ),
    (
        r"checked: one independent check on the ground, all within what their uncertainty allows",
        "gecontroleerd: één onafhankelijke controle op de grond, binnen de onzekerheid ervan",
    ),
    (
        r"checked: (\d+) independent checks on the ground, all within what their uncertainty allows",
        r"gecontroleerd: \1 onafhankelijke controles op de grond, alle binnen hun onzekerheid",
    ),
)
"""The verdicts of `imaging.accuracy`, and their words in Dutch."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language: `words("scale")`, with `{names}` filled in by keyword."""

    language: str

    def __call__(self, name: str, **values: object) -> str:
        return LANGUAGES[self.language][name].format(**values)

    @property
    def comma(self) -> str:
        """The decimal sign."""
        return self("comma")

    def verdict(self, text: str) -> str:
        """The verdict in this language where it is one of ours, else as it was given."""
        if self.language == "nl":
            for pattern, dutch in VERDICTS_NL:
                if match := re.fullmatch(pattern, text):
                    return match.expand(dutch)
        return text

    def reason(self, text: str) -> str:
        """Why something was left out or set aside, where it is a reason of ours."""
        return reason_in_dutch(text) if self.language == "nl" else text

    def heights(self, reference: str) -> str:
        """What heights are above, in words where it is known by a name of ours."""
        return HEIGHTS[self.language].get(reference, reference)

    def remark(self, text: str) -> str:
        """A remark in this language where it is one of ours, else as it was given."""
        if self.language != "nl":
            return text
        if found := re.fullmatch(r"Lengths from (.+) \((.+)\)", text):
            return f"Lengten uit {found[1]} ({self.verdict(found[2])})"
        return in_dutch(text)

    def signed(self, value: float, decimals: int) -> str:
        """A number with its sign, and this language's decimal sign."""
        return f"{round(value, decimals) + 0.0:+.{decimals}f}".replace(".", self.comma)

    def number(self, value: float, decimals: int) -> str:
        """A plain number with this language's decimal sign."""
        return f"{value:.{decimals}f}".replace(".", self.comma)
