"""The page's own files, and MapLibre from the installed `maplibre` package: nothing comes from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from fastapi import APIRouter, HTTPException, Response

TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".svg": "image/svg+xml",
    }
)
VENDOR = ("maplibre-gl.js", "maplibre-gl.css")
VENDOR_CACHE_S = 86_400

router = APIRouter(include_in_schema=False)


def _web() -> dict[str, Traversable]:
    """The page's files by name; a request can name one of these and nothing else."""
    return {each.name: each for each in files("ops").joinpath("web").iterdir() if _suffix(each.name) in TYPES}


@cache
def _vendor() -> Path:
    """Where the package keeps MapLibre; found without importing it, which would pull in much more."""
    package = find_spec("maplibre")
    if package is None or not package.submodule_search_locations:
        raise HTTPException(500, "the maplibre package is not installed")
    return Path(package.submodule_search_locations[0]) / "srcjs"


def _suffix(name: str) -> str:
    return name[name.rfind(".") :]


@router.get("/")
def index() -> Response:
    """The page."""
    return page_file("index.html")


@router.get("/scenes/{scene:path}")
def marking_page(scene: str) -> Response:  # noqa: ARG001 - the page reads its own address
    """The page on which people mark and measure in a scene."""
    return page_file("marking.html")


@router.get("/vendor/{name}")
def vendor_file(name: str) -> Response:
    """MapLibre's script or style sheet."""
    if name not in VENDOR:
        raise HTTPException(404, "there is no such file")
    return _answer(_vendor() / name, {"Cache-Control": f"max-age={VENDOR_CACHE_S}"})


@router.get("/{name}")
def page_file(name: str) -> Response:
    """One of the page's files."""
    found = _web().get(name)
    if found is None:
        raise HTTPException(404, "there is no such page")
    return _answer(found, {"Cache-Control": "no-cache"})


def _answer(found: Traversable | Path, headers: dict[str, str]) -> Response:
    return Response(found.read_bytes(), media_type=TYPES[_suffix(found.name)], headers=headers)
