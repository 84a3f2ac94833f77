"""One aircraft or camera of the catalogue: every figure, how sure it is, and where it comes from."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from ops.cli.screen import facts, out, table

if TYPE_CHECKING:
    from missions.aircraft import Aircraft
    from missions.camera import Camera


def entry_json(entry: Aircraft | Camera) -> dict[str, Any]:
    """The entry's figures, its source as written, and the same line by line as `sources`."""
    from missions.catalogue_sources import sources_of

    sources = [dataclasses.asdict(each) for each in sources_of(entry.source)]
    return {**dataclasses.asdict(entry), "sources": sources}


def show_entry(entry: Aircraft | Camera) -> None:
    """Print the figures with how sure each is, then the sources."""
    from missions.catalogue_sources import KINDS, sources_of

    shown = [field for field in dataclasses.fields(entry) if field.name not in {"name", "source"}]
    rows = [(field.name, plain(getattr(entry, field.name)), _sure(entry, field)) for field in shown]
    out().print(table(entry.name, ("Figure", "Value", "How sure"), rows))
    sources = sources_of(entry.source)
    lines = [
        (each.kind, f"{', '.join(each.figures)}: {each.told}" if each.figures else each.told)
        for each in sources
    ]
    if lines:
        out().print(facts("Sources", lines))
    for kind in dict.fromkeys(each.kind for each in sources if each.kind):
        out().print(f"{kind}: {KINDS[kind]}.")


def _sure(entry: Aircraft | Camera, field: dataclasses.Field[Any]) -> str:
    from missions.catalogue_sources import surest

    kind = surest(entry.source, field.name)
    return kind or ("default" if getattr(entry, field.name) == field.default else "")


def plain(value: object) -> str:
    """A figure without needless digits."""
    return f"{value:g}" if isinstance(value, float) else str(value)
