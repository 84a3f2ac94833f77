"""A speed on a Dutch sheet is in Dutch, and what people wrote stays as they wrote it."""

import pytest

from imaging.measure.ranges import NOT_TOLD, Range
from imaging.measure.speed_file import BY_HAND, Measured, Speed
from imaging.measure.tyre_marks import Surface, radius_m, skid_speed, yaw_speed
from imaging.sheet.remarks import SENTENCES
from imaging.sheet.words import Words

ENGLISH = {"the", "and", "from", "to", "length", "surface", "taken", "speed", "mark", "no"}
SKID = skid_speed(
    [
        Surface(Range(14.9, 15.1, "distance A-B, 95 %"), Range(0.68, 0.76, NOT_TOLD)),
        Surface(Range(7.9, 8.1, "tape"), Range(0.3, 0.5), slope=Range(-0.05, -0.02), name="berm"),
    ]
)
YAW = yaw_speed(radius_m(Range(29.9, 30.1), Range(1.4, 1.6)), Range(0.6, 0.8), inward_m=Range(0.7, 0.8))
VERDICT = "checked: 2 independent checks on the ground, all within what their uncertainty allows"
MEASURED = Measured("measurement.json", "0" * 64, True, VERDICT)


@pytest.mark.parametrize(
    "speed",
    [Speed(SKID, "skid", "", MEASURED), Speed(YAW, "yaw", ""), Speed(SKID, "skid", "")],
    ids=["skid", "yaw", "by hand"],
)
def test_no_english_word_is_left(speed: Speed) -> None:
    for line in speed.lines():
        dutch = Words("nl").remark(line)
        assert dutch != line
        assert not ENGLISH & set(dutch.lower().replace(":", " ").replace(",", " ").split()), dutch
        assert Words("en").remark(line) == line


def test_numbers_keep_their_value() -> None:
    words = Words("nl").remark
    low, high = (
        f"{bound}"
        for bound in (str(SKID).split(": ")[1].split(" ")[0], str(SKID).split(" to ")[1].split()[0])
    )
    assert words(str(SKID)).startswith(f"Snelheid aan het begin van de remsporen: {low} tot {high} km/u (")
    lines = [words(f"From: {line}") for line in SKID.inputs]
    assert lines[0] == "Uit: ondergrond 1: lengte 14,9 tot 15,1 m (afstand A-B, 95 %)"
    assert lines[1] == "Uit: ondergrond 1: wrijving 0,68 tot 0,76 (geen bron genoemd)"
    assert lines[6] == "Uit: berm: helling -0,05 tot -0,02"


def test_what_people_wrote_stays() -> None:
    for text in ("from the statement of the driver", "Assumed nothing", "length 5 m", "a: b (c)"):
        assert Words("nl").remark(text) == text
    assert (
        Words("nl")
        .remark("From: verge: length 7.9 to 8.1 m (the tape of A. de Vries)")
        .endswith("(the tape of A. de Vries)")
    )


def test_every_fixed_sentence_is_known() -> None:
    for sentence in (*SKID.assumptions, *YAW.assumptions, SKID.what, YAW.what, BY_HAND):
        assert sentence in SENTENCES


def test_heights_are_told_in_words() -> None:
    assert Words("nl").heights("nap") == "boven NAP"
    assert Words("en").heights("egm96") == "egm96"
