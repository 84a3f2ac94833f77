"""Figures name their marks with dashes between; marks may have dashes of their own."""

from __future__ import annotations

import pytest

from imaging.measure.asked import letters_from
from missions.errors import InputError

SKIDS = ("A", "B", "skid-1", "skid-2", "1")


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("A-B", ("A", "B")),
        ("skid-1-skid-2", ("skid-1", "skid-2")),
        ("A - skid-1 - B", ("A", "skid-1", "B")),
        ("skid-1-1-A", ("skid-1", "1", "A")),
        ("A-C", ("A", "C")),
        ("skid-9-A", ("skid", "9", "A")),
    ],
)
def test_marks_with_dashes_are_named_as_they_are_called(text: str, letters: tuple[str, ...]) -> None:
    assert letters_from(text, SKIDS, "distance") == letters


def test_what_can_be_read_in_two_ways_is_refused() -> None:
    known = ("kerb", "kerb-left", "left", "B")
    with pytest.raises(InputError, match=r"'kerb' and 'left' and 'B' or as 'kerb-left' and 'B'"):
        letters_from("kerb-left-B", known, "path 'kerb-left-B'")
    assert letters_from("kerb-left", known, "distance") == ("kerb", "left")


def test_a_very_long_list_is_read_at_once_or_refused() -> None:
    dashes = tuple("-".join(["a"] * count) for count in range(1, 30))
    with pytest.raises(InputError, match=r"can be read"):
        letters_from("-".join(["a"] * 900), dashes, "path")
    with pytest.raises(InputError, match="at most 1000"):
        letters_from("-".join(["a"] * 2000), dashes, "path")
