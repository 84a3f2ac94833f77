"""SQL over an archive answers what is asked, reads nothing else and writes nothing."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from missions.errors import InputError
from telemetry.archive import Archive, archive
from telemetry.messages import Encoder

BEGAN_US = 1_771_848_000_000_000


@pytest.fixture
def opened(tmp_path: Path) -> Archive:
    """Two aircraft, ten seconds each, on two recordings."""
    for number in (1, 2):
        encoder, stream = Encoder(number, 1), bytearray()
        for step in range(50):
            time_us = BEGAN_US + step * 200_000 + number
            place = {"lat": 520_000_000 + step, "lon": 50_000_000, "alt": 1000 * step, "hdg": 65_535}
            for raw in (
                encoder.encode("GLOBAL_POSITION_INT", **place),
                encoder.encode("STATUSTEXT", text="Hé"),
            ):
                stream += time_us.to_bytes(8, "big") + raw
        (tmp_path / f"{number}.tlog").write_bytes(stream)
    archive([tmp_path / "1.tlog", tmp_path / "2.tlog"], tmp_path / "archive")
    return Archive(tmp_path / "archive")


def test_positions_messages_and_recordings_are_tables(opened: Archive) -> None:
    told = opened.sql(
        "select system, count(*) n, max(height_amsl_m) top from positions group by 1 order by 1"
    )
    assert told.to_pylist() == [{"system": 1, "n": 50, "top": 49.0}, {"system": 2, "n": 50, "top": 49.0}]
    assert opened.sql("select distinct text from statustext")["text"].to_pylist() == ["Hé"]
    assert opened.sql("select sum(frames) n from segments")["n"].to_pylist() == [200]
    named = opened.sql("select table_name from information_schema.tables order by 1")[
        "table_name"
    ].to_pylist()
    assert set(named) >= {"positions", "segments", "STATUSTEXT", "GLOBAL_POSITION_INT"}


def test_times_are_utc_and_parameters_are_values(opened: Archive) -> None:
    told = opened.sql(
        "select count(*) n from positions where time >= '2026-02-23 12:00:05' and system = ?", [2]
    )
    assert told["n"].to_pylist() == [25]
    assert str(opened.sql("select min(time) t from positions")["t"][0]) == "2026-02-23 12:00:00.000001+00:00"
    injected = opened.sql("select count(*) n from positions where cast(system as text) = ?", ["2' or '1'='1"])
    assert injected["n"].to_pylist() == [0]


FORBIDDEN = [
    "select * from read_text('{secret}')",
    "select * from read_csv('{secret}')",
    "select * from read_blob('{secret}')",
    "select * from '{secret}'",
    "select * from glob('{folder}/*')",
    "select * from read_parquet('{parquet}')",
    "select * from parquet_metadata('{parquet}')",
    "copy positions to '{folder}/out.csv'",
    "copy (select 1) to '{archive}/positions/out.parquet'",
    "export database '{folder}/out'",
    "attach '{folder}/out.db'",
    "install httpfs",
    "load '{secret}'",
    "set enable_external_access = true",
    "reset lock_configuration",
    "pragma enable_external_access = true",
    "create table t as select 1",
    "drop view positions",
    "insert into segments values (1)",
    "delete from positions",
    "select * from secret_table",
    "explain analyze copy (select 1) to '{folder}/out.csv'",
    "select 1; copy (select 1) to '{folder}/out.csv'",
    "select query('copy (select 1) to ''{folder}/out.csv''')",
    "select * from query('copy (select 1) to ''{folder}/out.csv''')",
    "with x as (copy (select 1) to '{folder}/out.csv') select 1",
    "call pragma_database_size()",
    "select getenv('HOME')",
    "",
    ";",
    "nonsense",
]


@pytest.mark.parametrize("question", FORBIDDEN)
def test_a_question_can_neither_read_nor_write_anything_else(
    question: str, opened: Archive, tmp_path: Path
) -> None:
    secret_table = pa.table({"secret": [1]})
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    before = sorted(tmp_path.rglob("*"))
    asked = question.format(
        secret=secret,
        folder=tmp_path,
        archive=opened.folder,
        parquet=next((opened.folder / "positions").rglob("*.parquet")),
    )
    with pytest.raises(InputError):
        opened.sql(asked)
    assert sorted(tmp_path.rglob("*")) == before
    assert opened.sql("select count(*) n from positions")["n"].to_pylist() == [100]
    assert len(secret_table) == 1


def test_a_question_that_takes_too_long_is_ended(opened: Archive) -> None:
    with pytest.raises(InputError, match="longer than"):
        opened.sql(
            "select count(*) from range(1000000) a, range(10000000) b where a.range + b.range = 3",
            limit_s=0.05,
        )
    assert opened.sql("select 1 n", limit_s=30)["n"].to_pylist() == [1]


def test_only_the_rows_asked_for_are_handed_on(opened: Archive) -> None:
    plan = opened.sql("select system from positions where system = 2")
    assert plan.schema.names == ["system"]
    assert set(plan["system"].to_pylist()) == {2}


def test_questions_of_several_threads_have_their_own_answers(opened: Archive) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def ask(number: int) -> list[int]:
        return opened.sql("select ? + count(*) n from positions", [number])["n"].to_pylist()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(40))) == [[number + 100] for number in range(40)]
