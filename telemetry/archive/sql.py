"""Questions in SQL that can read an archive, nothing else, and write nothing.

DuckDB itself opens no file at all (`enable_external_access` is off, and locked): Arrow reads the archive's
files for it and hands on only the columns and rows that a question needs.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from missions.errors import InputError

_CLOSED = (
    "SET TimeZone = 'UTC'",
    "SET temp_directory = ''",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
"""Variables of the program that asks are no tables either (`python_enable_replacements`)."""


class Questions:
    """A closed DuckDB in memory over named datasets; of several threads one is answered at a time."""

    def __init__(self, datasets: Mapping[str, ds.Dataset], segments: pa.Table) -> None:
        self._datasets = dict(datasets)
        self._segments = segments
        self._asking = threading.Lock()
        self._connection = duckdb.connect(":memory:")
        for name, dataset in self._datasets.items():
            self._connection.register(name, dataset)
        self._connection.register("segments", segments)
        for statement in _CLOSED:
            self._connection.execute(statement)

    def ask(self, query: str, parameters: Sequence[Any] | None, limit_s: float | None) -> pa.Table:
        """The answer. Raises InputError."""
        with self._asking:
            return self._answer(query, parameters, limit_s)

    def _answer(self, query: str, parameters: Sequence[Any] | None, limit_s: float | None) -> pa.Table:
        timer = None if limit_s is None else threading.Timer(limit_s, self._connection.interrupt)
        try:
            statements = self._connection.extract_statements(query)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise InputError("the question is not one SELECT", where="SQL", remedy="Ask one at a time")
            if timer is not None:
                timer.start()
            relation = self._connection.sql(query, params=list(parameters) if parameters else None)
            return relation.to_arrow_table()
        except duckdb.InterruptException as error:
            raise InputError(
                f"the question took longer than {limit_s:g} s" if limit_s else "the question was interrupted",
                where="SQL",
                remedy="Ask for less, such as one day or one aircraft",
            ) from error
        except duckdb.Error as error:
            raise InputError(f"the question cannot be answered: {error}", where="SQL") from error
        finally:
            if timer is not None:
                timer.cancel()
