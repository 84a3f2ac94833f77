"""The examples in the docstrings hold."""

import doctest
import importlib
import pkgutil

import pytest

import missions

MODULES = [
    found.name
    for found in pkgutil.walk_packages(missions.__path__, "missions.")
    if not found.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
