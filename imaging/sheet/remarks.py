"""What a speed from tyre marks says, in Dutch: fixed sentences and lines of figures; other words stay."""

from __future__ import annotations

import re

from imaging.measure.ranges import NOT_TOLD, TAKEN_AS_EXACT

SENTENCES = {
    "Speed at the beginning of the skid marks": "Snelheid aan het begin van de remsporen",
    "Speed in the yaw mark": "Snelheid in het driftspoor",
    "The vehicle slides in a straight line, wheels locked or under ABS, from the first to the last mark": (
        "Het voertuig glijdt rechtuit, met geblokkeerde wielen of met ABS, van het eerste tot "
        "het laatste spoor"
    ),
    "The speed is that where the visible marks begin; braking before them is not counted": (
        "De snelheid is die waar de zichtbare sporen beginnen; remmen daarvóór telt niet mee"
    ),
    (
        "The friction is that between these tyres and this surface, in the state it was in, over the whole "
        "mark"
    ): ("De wrijving is die tussen deze banden en dit wegdek, in de toestand van toen, over het hele spoor"),
    "All inputs are taken at their worst together; the speed is not more likely in the middle of the range": (
        "Alle gegevens zijn tegelijk op hun ongunstigst genomen; in het midden van het bereik "
        "is de snelheid niet waarschijnlijker"
    ),
    "The mark is a yaw mark: striated, with the rear tyre's outside the front tyre's": (
        "Het spoor is een driftspoor: gestreept, met dat van de achterband buiten dat van de voorband"
    ),
    "The vehicle slides sideways and neither brakes nor accelerates": (
        "Het voertuig glijdt zijwaarts en remt noch versnelt"
    ),
    "The part measured is an arc of a circle at the beginning of the mark, and the speed that along it": (
        "Het gemeten deel is een cirkelboog aan het begin van het spoor, en de snelheid die erlangs"
    ),
    "The friction is that across the direction of travel": "De wrijving is die dwars op de rijrichting",
    "No length was taken from a measurement: all were given by hand": (
        "Geen lengte komt uit een meting: alle zijn met de hand opgegeven"
    ),
}
QUANTITIES = {
    "length": "lengte",
    "friction": "wrijving",
    "slope": "helling",
    "share of the weight braked": "deel van het gewicht dat geremd is",
    "speed at their end": "snelheid aan het eind ervan",
    "gravity": "zwaartekracht",
    "radius of the mark": "straal van het spoor",
    "centre of mass inside it by": "zwaartepunt zoveel erbinnen:",
    "superelevation": "verkanting",
}
SOURCES = {
    "taken as level": "vlak aangenomen",
    "comes to rest at the end of the marks": "komt aan het eind van de sporen tot stilstand",
    "all wheels brake": "alle wielen remmen",
    "the path of the centre of mass is taken as that of the mark": (
        "de baan van het zwaartepunt is als die van het spoor genomen"
    ),
    "from the equator to the poles at sea level": "van de evenaar tot de polen op zeeniveau",
    "from chord and middle ordinate": "uit koorde en pijl",
    NOT_TOLD: "geen bron genoemd",
    TAKEN_AS_EXACT: "als exact genomen, geen bron genoemd",
}
_NUMBER = r"-?\d[\d.]*(?:e[+-]?\d+)?"
_SPEED = re.compile(rf"(.+): ({_NUMBER}) to ({_NUMBER}) km/h \(({_NUMBER}) to ({_NUMBER}) m/s\)")
_INPUT = re.compile(
    rf"From: (?:(.+): )?({'|'.join(QUANTITIES)}) ({_NUMBER})(?: to ({_NUMBER}))?"
    r"( m/s²| m/s| m)?(?: \((.*)\))?"
)
_LETTERS = re.compile(r"(distance|path|circle through) (\S+), 95 %")
_MEASURED = {"distance": "afstand", "path": "lengte langs", "circle through": "cirkel door"}


def in_dutch(remark: str) -> str:
    """A line of a speed in Dutch, with decimal commas; any other remark as it is."""
    if remark in SENTENCES:
        return SENTENCES[remark]
    if (assumed := remark.removeprefix("Assumed: ")) != remark:
        return f"Aangenomen: {SENTENCES.get(assumed, assumed)}"
    if (doubted := remark.removeprefix("Doubt: ")) != remark:
        return f"Twijfel: {doubted}"
    if found := _SPEED.fullmatch(remark):
        what, *numbers = found.groups()
        low, high, low_m_s, high_m_s = map(_comma, numbers)
        return f"{SENTENCES.get(what, what)}: {low} tot {high} km/u ({low_m_s} tot {high_m_s} m/s)"
    if found := _INPUT.fullmatch(remark):
        return _input(*found.groups())
    return remark


def _input(
    name: str | None, what: str, low: str, high: str | None, unit: str | None, source: str | None
) -> str:
    named = "" if name is None else re.sub(r"^surface (\d+)$", r"ondergrond \1", name) + ": "
    bounds = _comma(low) if high is None else f"{_comma(low)} tot {_comma(high)}"
    told = "" if source is None else f" ({_source(source)})"
    return f"Uit: {named}{QUANTITIES[what]} {bounds}{unit or ''}{told}"


def _source(text: str) -> str:
    if found := _LETTERS.fullmatch(text):
        return f"{_MEASURED[found[1]]} {found[2]}, 95 %"
    return SOURCES.get(text, text)


def _comma(number: str) -> str:
    return number.replace(".", ",")
