"""Ray and Spark, if installed, find what processes find."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

TEXTS = [
    f"Ada Lovelace {n} saw Lisbon." if n % 3 else "boom" if n == 9 else "Nothing."
    for n in range(40)
]


def needs(package: str) -> pytest.MarkDecorator:
    """Before any fixture is made"""
    parts = package.split(".")
    is_there = all(find_spec(".".join(parts[: i + 1])) for i in range(len(parts)))
    return pytest.mark.skipif(
        not is_there, reason=f"{package} is not installed: pip install 'ray[data]' pyspark"
    )


def rows_of(folder: Path, key: str = "key") -> list[dict]:
    rows: list[dict] = ds.dataset(folder, format="parquet").to_table().to_pylist()
    return sorted(rows, key=lambda row: row[key])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    table = pa.table({"key": pa.array(range(len(TEXTS)), pa.int64()), "text": TEXTS})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=10)
    return tmp_path / "in.parquet"


@pytest.fixture
def usual(source: Path, model: Path, code: Path, tmp_path: Path) -> list[dict]:
    """What processes find."""
    call(
        code,
        "-m",
        "spacy_bilstm_ner",
        "annotate",
        source,
        tmp_path / "usual",
        "--model",
        model,
        "--id-column",
        "key",
    )
    return rows_of(tmp_path / "usual")


def call(code: Path, *command: object) -> None:
    # In a process of its own: engines leave threads and daemons behind.
    env = os.environ | {"PYTHONPATH": str(code), "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(
        [sys.executable, *map(str, command)], env=env, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr


@needs("ray")
@pytest.mark.slow
def test_ray_core(source, usual, model, code, tmp_path):
    out = tmp_path / "out"
    options = ["--model", model, "--id-column", "key", "--workers", 2, "--ray", "local"]
    call(code, "-m", "spacy_bilstm_ner", "annotate", source, out, *options)
    assert len(list(out.glob("*.parquet"))) == 1
    assert rows_of(out) == usual
    assert [row["key"] for row in usual] == list(range(40))
    assert sum(row["entities_error"] is not None for row in usual) == 1


@needs("ray")
@pytest.mark.slow
def test_a_killed_ray_worker_loses_no_text(model, code, tmp_path):
    marker = tmp_path / "marker"
    (tmp_path / "in.txt").write_text(f"Lisbon\nonce:{marker} Lisbon\nno\n")
    out = tmp_path / "out"
    options = ["--model", model, "--workers", 2, "--ray", "local"]
    call(code, "-m", "spacy_bilstm_ner", "annotate", tmp_path / "in.txt", out, *options)
    assert marker.exists(), "no worker was killed"
    assert [len(row["entities"]) for row in rows_of(out, "row")] == [1, 1, 0]


SPARK = """
import sys
from pyspark.sql import SparkSession
from spacy_bilstm_ner.bulk import Annotator

spark = SparkSession.builder.master("local[2,4]").getOrCreate()
table = spark.read.parquet(sys.argv[1])
entities = "array<struct<start: int, end: int, label: string, confidence: float, text: string>>"
schema = f"key long, text string, entities {entities}, entities_error string"
table.mapInArrow(Annotator(sys.argv[3]).batches, schema).write.parquet(sys.argv[2])
"""


@needs("pyspark")
@pytest.mark.slow
def test_spark_recipe(source, usual, model, code, tmp_path):
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java: apt-get install default-jre-headless")
    (tmp_path / "job.py").write_text(SPARK, encoding="utf8")
    call(code, tmp_path / "job.py", source, tmp_path / "out", model)
    rows = rows_of(tmp_path / "out")
    assert [row.pop("text") for row in rows] == TEXTS
    assert rows == [{name: row[name] for name in rows[0]} for row in usual]
