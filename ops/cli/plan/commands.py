"""One decorator that gives a command the options that every pattern shares."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any

import typer

from ops.cli.plan.flight import Flight

Run = Callable[..., None]


def pattern(app: typer.Typer, name: str, shared: type[Any] = Flight) -> Callable[[Run], Run]:
    """Register `run(context, flight, own options...)` as a command with the options of `shared` too.

    Typer reads options from a signature; this writes the one that it reads.
    """

    def register(run: Run) -> Run:
        @functools.wraps(run)
        def command(**typed: Any) -> None:
            flight = shared(**{field.name: typed.pop(field.name) for field in fields(shared)})
            run(flight=flight, **typed)

        shown = _parameters(run, shared)
        command.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in shown}
        app.command(name)(command)
        return run

    return register


def _parameters(run: Run, options: type[Any]) -> list[inspect.Parameter]:
    """The command's own parameters, then the shared ones, all by keyword."""
    hints = typing.get_type_hints(run, include_extras=True)
    shared = typing.get_type_hints(options, include_extras=True)
    own = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[parameter.name])
        for parameter in inspect.signature(run).parameters.values()
        if parameter.name != "flight"
    ]
    common = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=shared[field.name],
        )
        for field in fields(options)
    ]
    return own + common
