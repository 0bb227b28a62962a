"""The command: every input, whole results only, and what happens when a process dies."""

import contextlib
import gc
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import spacy

from spacy_bilstm_ner.bulk import annotate, shards
from spacy_bilstm_ner.cli import main
from spacy_bilstm_ner.system.folder_lock import exclusive
from tests import util

TEXTS = [
    "Ada Lovelace saw Lisbon.",
    "Nothing here.",
    "😀 in Lisbon",
    "boom",
    "",
    "Lisbon Lisbon",
    "fine",
    "Lisbon!",
]
# Texts are cut into small shards in a process of its own.
SMALL_SHARDS = """
import sys
from spacy_bilstm_ner.bulk import shards
from spacy_bilstm_ner.cli import main
if __name__ == "__main__":
    shards.SHARD_LENGTH = int(sys.argv[1])
    main(sys.argv[2:])
"""


class Finished(NamedTuple):
    """How a command has ended."""

    code: int
    output: str
    errors: str


Run = Callable[..., Finished]


@pytest.fixture
def start(model: Path, code: Path, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start the command in a process of its own, with shards of so many bytes."""

    def start_command(shard_bytes: int, *arguments: object) -> subprocess.Popen[str]:
        (tmp_path / "small_shards.py").write_text(SMALL_SHARDS)
        words = [shard_bytes, "annotate", *arguments, "--model", model]
        return subprocess.Popen(
            [sys.executable, "small_shards.py", *map(str, words)],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(code)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # Tests in the background ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    return start_command


@pytest.fixture
def run(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Run the command without other processes, which take seconds to start."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(annotate, "Workers", util.WorkersHere)

    def run_command(*arguments: object) -> Finished:
        words = list(map(str, arguments))
        if "--model" not in words:
            words += ["--model", str(model)]
        code: Any = 0
        try:
            main(["annotate", *words])
        except SystemExit as end:
            code = end.code
        printed = capsys.readouterr()
        if isinstance(code, str):
            return Finished(1, printed.out, printed.err + code)
        return Finished(code, printed.out, printed.err)

    yield run_command
    # A worker freezes for good what it has loaded.
    gc.unfreeze()


def write_parquet(path: Path, texts: list[str]) -> Path:
    keys = pa.array(range(100, 100 + len(texts)), pa.int64())
    pq.write_table(pa.table({"key": keys, "text": texts}), path)
    return path


def rows_of(out: Path) -> list[dict]:
    records: list[dict] = ds.dataset(out, format="parquet").to_table().to_pylist()
    return sorted(records, key=lambda row: row.get("key", (row.get("file"), row.get("row"))))


def entities_of(records: list[dict]) -> list[list[tuple[int, int, str]] | None]:
    return [
        row["entities"] and [(e["start"], e["end"], e["label"]) for e in row["entities"]]
        for row in records
    ]


def results(out: Path) -> dict[str, int]:
    """The files of results, with the time of their last change."""
    return {path.name: path.stat().st_mtime_ns for path in out.glob("[!._]*")}


def expected(texts: list[str]) -> list[list[tuple[int, int, str]] | None]:
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns(
        [{"label": "GPE", "pattern": "Lisbon"}, {"label": "PERSON", "pattern": "Ada Lovelace"}]
    )
    docs = nlp.pipe(texts)
    return [
        None if doc.text == "boom" else [(e.start_char, e.end_char, e.label_) for e in doc.ents]
        for doc in docs
    ]


def wait_for(condition: Callable[[], object], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def write_input(path: Path, texts: list[str]) -> None:
    """Write texts in the format of the path's ending."""
    kind = path.name.removesuffix(".gz").rpartition(".")[2]
    records = [{"n": 1, "text": text} for text in texts]
    if kind == "parquet":
        write_parquet(path, texts)
    elif kind == "xlsx":
        pd.DataFrame(records).to_excel(path, index=False)
    else:
        content = {
            "jsonl": "\n".join(map(json.dumps, records)),
            "json": json.dumps(records, indent=1),
            "csv": pd.DataFrame(records).to_csv(index=False),
            "tsv": pd.DataFrame(records).to_csv(index=False, sep="\t"),
            "txt": "\n".join(texts),
        }[kind]
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "wb") as file:
            file.write(f"\ufeff{content}\n".encode())


@pytest.mark.parametrize(
    "kind",
    ["jsonl", "json", "csv", "txt", "csv.gz", "tsv", "parquet", "xlsx"],
)
def test_every_kind_of_input(tmp_path, run, kind, monkeypatch):
    texts = [text for text in TEXTS if text]
    if kind.startswith("csv"):
        texts += ['a "quoted" Lisbon,\nin two lines']
    path = tmp_path / "folder" / f"in.{kind}"
    path.parent.mkdir()
    write_input(path, texts)
    assert run("folder", "out").code == 0
    records = rows_of(tmp_path / "out")
    assert [(row["file"], row["row"]) for row in records] == [
        (str(path), number) for number in range(len(texts))
    ]
    assert entities_of(records) == expected(texts)
    # The rows are the same in shards of any size.
    monkeypatch.setattr(shards, "SHARD_LENGTH", 20)
    assert run("folder", "small").code == 0
    assert len(results(tmp_path / "small")) > 3
    assert rows_of(tmp_path / "small") == records


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('id,text\n1,"a\n2,b\n3,c\n', 2),
        ('id,text\n1,a\n2,"b\n3,"c"\n', 3),
        ('id,text\n1,"a" b\n', 2),
        ('id,text\n1,"a\nb"\n2,"c', 4),
    ],
)
def test_a_quote_that_is_not_closed_is_refused_with_its_line(tmp_path, run, content, line):
    (tmp_path / "in.csv").write_text(content)
    done = run("in.csv", "out")
    assert done.code == 1
    assert f"in.csv, line {line}: " in done.errors
    assert not (tmp_path / "out").exists()


def errors_of(out: Path) -> list[str | None]:
    return [row["entities_error"] for row in rows_of(out)]


def test_rows_that_cannot_be_read_have_an_error(tmp_path, run):
    lines = [b'{"text": "Lisbon"}', b'{"text": "Lis', b'{"text": 3}', b"[1]", b"{}", b"\xff"]
    (tmp_path / "in.jsonl").write_bytes(b"\n".join(lines))
    (tmp_path / "in.csv").write_bytes(b"text,n\nLisbon,1\nLisbon, too,2\nfine\ncaf\x98,1\n")
    done = run("in.jsonl", "in.csv", "out")
    assert done.code == 0
    no_json = "The line is not a JSON object"
    assert errors_of(tmp_path / "out") == [
        None,
        "The row has more fields than the header",
        None,
        "The text has invalid characters",
        None,
        no_json,
        "The text is not a string: int",
        no_json,
        "The text is null",
        no_json,
    ]
    assert "7 texts with errors" in done.output
    assert f"3 {no_json}. First: {tmp_path / 'in.jsonl'}, row 1 (the first is 0): " in done.output


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("in.jsonl", b'{"body": "Lisbon"}\n' * 3),
        ("in.jsonl", b'{"text": 3}\n{"text": ["Lisbon"]}\n'),
        ("in.csv", b"text\n" + "Москва\n".encode("cp1251") * 3),
        ("in.txt", "Москва".encode("cp1251")),
        ("in.json", b'[{"text": "Lisbon"}'),
    ],
)
def test_a_file_without_texts_is_refused(tmp_path, run, monkeypatch, name, content):
    # This package comes with the extra [train], which `annotate` does not need.
    monkeypatch.setitem(sys.modules, "charset_normalizer", None)
    (tmp_path / name).write_bytes(content)
    done = run(name, "out")
    assert done.code == 1
    assert f"{name} has no text in its first" in done.errors
    assert "--text-column" in done.errors
    assert "--encoding" in done.errors


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("text\nLisbon Málaga\n".encode("cp1252"), []),
        ("text\nLisbon Москва\n".encode("cp1251"), ["--encoding", "cp1251"]),
        ("text\nLisbon é\n".encode("utf-16"), []),
        ("n;text\n1,5;Lisbon é\n".encode(), []),
        ("a,b|text\n1|Lisbon é\n".encode(), ["--sep", "|"]),
        ("a,b,c\ttext\n1\tLisbon é\n".encode(), ["--sep", "tab"]),
    ],
)
def test_encodings_and_separators(tmp_path, run, content, options):
    (tmp_path / "in.csv").write_bytes(content)
    assert run("in.csv", "out", *options).code == 0
    assert entities_of(rows_of(tmp_path / "out")) == [[(0, 6, "GPE")]]
    done = run("in.csv", "other", "--encoding", "no_such_encoding")
    assert (done.code, "unknown encoding" in done.errors) == (1, True)


def test_nothing_annotated_is_an_error(tmp_path, run):
    (tmp_path / "in.txt").write_text("Lisbon\nPorto\n")
    done = run("in.txt", "out", "--max-length", 3)
    assert done.code == 1
    assert "2 The text is too long. First: " in done.output


def test_ids_of_text_files_are_strings(tmp_path, run):
    records = b'{"key": 7, "text": "Lisbon"}\n{"key": null, "text": "no"}\n'
    (tmp_path / "a.jsonl").write_bytes(records)
    (tmp_path / "b.csv").write_bytes(b"key,text\nn\xff,Lisbon\n")
    options = ("--id-column", "key", "--encoding", "utf-8")
    assert run("a.jsonl", "b.csv", "out", *options).code == 0
    table = ds.dataset(tmp_path / "out", format="parquet").to_table()
    assert table["key"].to_pylist() == ["7", None, r"n\udcff"]


def test_ids_of_two_types_are_refused(tmp_path, run):
    write_parquet(tmp_path / "a.parquet", TEXTS)
    (tmp_path / "b.csv").write_text("key,text\n1,Lisbon\n")
    done = run("a.parquet", "b.csv", "out", "--id-column", "key")
    assert done.code == 1
    assert "int64 in" in done.errors
    assert "string in" in done.errors
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["in.txt.gz", "in.parquet", "in.xlsx"])
def test_a_damaged_input_is_named(tmp_path, run, name):
    content = gzip.compress(b"Lisbon\n" * 1000) if name == "in.txt.gz" else b"PAR1 and no more"
    (tmp_path / name).write_bytes(content[:-10])
    done = run(name, "out")
    assert done.code == 1
    assert f"{name} cannot be read" in done.errors


def test_a_second_run_has_nothing_to_do_and_shows_no_bar(tmp_path, run):
    write_parquet(tmp_path / "a.parquet", TEXTS)
    first = run("a.parquet", "out")
    assert first.errors == ""
    before = results(tmp_path / "out")
    again = run("a.parquet", "out")
    assert again.code == 0
    assert again.output.startswith("Nothing to do: there are no texts without results.\n")
    assert results(tmp_path / "out") == before


def test_new_and_changed_inputs(tmp_path, run):
    folder = tmp_path / "in"
    folder.mkdir()
    write_parquet(folder / "a.parquet", ["Lisbon"])
    run("in", "out")
    first = results(tmp_path / "out")
    write_parquet(folder / "b.parquet", ["Porto", "Lisbon"])
    assert run("in", "out").code == 0
    assert first.items() < results(tmp_path / "out").items()
    # A file that has been delivered again
    write_parquet(folder / "a.parquet", ["in Lisbon", "no"])
    assert run("in", "out").code == 0
    assert not first.keys() & results(tmp_path / "out").keys()
    assert entities_of(rows_of(tmp_path / "out")) == [[(3, 9, "GPE")], [], [], [(0, 6, "GPE")]]


def test_results_of_an_input_that_is_gone_stay(tmp_path, run):
    for name in ("a", "b"):
        write_parquet(tmp_path / f"{name}.parquet", ["Lisbon"])
    run("a.parquet", "b.parquet", "out")
    before = results(tmp_path / "out")
    (tmp_path / "a.parquet").unlink()
    assert run("b.parquet", "out").code == 0
    assert results(tmp_path / "out") == before


def test_small_files_share_their_results(tmp_path, run):
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(50):
        (folder / f"{number:02}.txt").write_text("Lisbon\nno\n" * (number % 3))
    assert run("in", "out").code == 0
    assert len(results(tmp_path / "out")) == 1
    records = rows_of(tmp_path / "out")
    assert len({row["file"] for row in records}) == 33
    assert entities_of(records)[:4] == [[(0, 6, "GPE")], [], [(0, 6, "GPE")], []]
    # Only the file that has changed is annotated again.
    (folder / "01.txt").write_text("in Lisbon\n")
    (folder / "02.txt").unlink()
    assert " 1 texts processed\n" in run("in", "out").output
    changed = rows_of(tmp_path / "out")
    assert entities_of(changed)[0] == [(3, 9, "GPE")]
    assert changed[1:] == records[2:]


def damage_silently(content: bytes) -> bytes:
    """Change one bit of a value in a Parquet file, which only the checksum of its page shows."""
    table = pq.read_table(pa.BufferReader(content))
    for i in range(4, len(content)):
        damaged = content[:i] + bytes([content[i] ^ 1]) + content[i + 1 :]
        with contextlib.suppress(Exception):
            damaged_table = pq.read_table(pa.BufferReader(damaged))
            if damaged_table != table and damaged_table.num_rows == table.num_rows:
                return damaged
    raise AssertionError("each bit shows")


def test_damaged_results_are_made_again(tmp_path, run, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_LENGTH", 80)
    write_parquet(tmp_path / "in.parquet", TEXTS * 4)
    assert run("in.parquet", "out").code == 0
    records = rows_of(tmp_path / "out")
    paths = sorted((tmp_path / "out").glob("*.parquet"))
    assert len(paths) > 3
    before = results(tmp_path / "out")
    content = paths[0].read_bytes()
    paths[0].write_bytes(content[: len(content) // 2])
    paths[1].write_bytes(b"")
    paths[2].write_bytes(damage_silently(paths[2].read_bytes()))
    (tmp_path / "out" / "mine.csv").touch()
    assert run("in.parquet", "out").code == 0
    after = results(tmp_path / "out")
    assert after.pop("mine.csv")
    assert {path.name: before[path.name] for path in paths[3:]}.items() < after.items()
    (tmp_path / "out" / "mine.csv").unlink()
    assert rows_of(tmp_path / "out") == records


def test_a_folder_in_use(tmp_path, run):
    write_parquet(tmp_path / "in.parquet", [])
    with exclusive(tmp_path / "out"):
        assert "another process is using" in run("in.parquet", "out").errors


def test_another_run_is_refused(tmp_path, run, model, monkeypatch):
    write_parquet(tmp_path / "in.parquet", [])
    shutil.copytree(model, tmp_path / "model")
    command = ["in.parquet", "out", "--model", tmp_path / "model"]
    assert run(*command).code == 0
    assert "max_length: None before, 5 now" in run(*command, "--max-length", 5).errors
    with monkeypatch.context() as patch:
        patch.setattr(annotate, "version", lambda name: "9.9")
        assert "package:" in run(*command).errors
    weights = next((tmp_path / "model").rglob("patterns*"))
    weights.write_bytes(weights.read_bytes().replace(b"GPE", b"LOC"))
    errors = run(*command).errors
    assert "checksum of the model:" in errors
    assert "Name a new folder" in errors


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["in.parquet", "out", "--text-column", "body"], 1, "no column 'body'. Columns: key, text"),
        (["in.parquet", "out", "--id-column", "nr"], 1, "no column 'nr'"),
        (["in.parquet", "out", "--workers", "0"], 2, "--workers"),
        (["in.parquet", "out", "--max-length", "-1"], 2, "--max-length"),
        (["in.parquet", "out", "--model", "no_model"], 1, "there is no pipeline no_model"),
        (["row.csv", "out", "--id-column", "row"], 1, "a column of this name"),
        (["none", "out"], 1, "is missing, or not a file or folder of"),
        (["/dev/zero", "out"], 1, "is missing, or not a file or folder of"),
        (["in.parquet", "full"], 1, "expected a new or empty folder"),
        ([".", "out"], 1, "is inside the input"),
    ],
)
def test_wrong_arguments_are_refused_before_any_work(tmp_path, run, arguments, exit_code, message):
    write_parquet(tmp_path / "in.parquet", TEXTS)
    (tmp_path / "row.csv").write_text("row,text\n1,Lisbon\n")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    done = run(*arguments)
    assert (done.code, message in done.errors) == (exit_code, True), done.errors
    assert not (tmp_path / "out").exists()


def test_no_text_is_lost_when_a_worker_is_killed(tmp_path, start, run):
    marker = tmp_path / "marker"
    texts = [*TEXTS[:5], f"once:{marker} Lisbon", "fine", "Lisbon"]
    write_parquet(tmp_path / "in.parquet", texts)
    process = start(40, "in.parquet", "out", "--workers", 2, "--id-column", "key")
    _, errors = process.communicate(timeout=300)
    assert marker.exists(), "no worker was killed"
    assert process.returncode == 1
    assert "Failed: " in errors
    assert results(tmp_path / "out")
    assert run("in.parquet", "out", "--id-column", "key").code == 0
    records = rows_of(tmp_path / "out")
    assert [row["key"] for row in records] == list(range(100, 108))
    assert entities_of(records) == expected(texts)


def fail_first_shard(self: util.WorkersHere, shard: shards.Shard) -> Future:
    """Submit a shard. Parts with the first row fail."""
    if shard.rows[0].number:
        return util.WorkersHere.submit(self, shard)
    failed: Future = Future()
    failed.set_exception(RuntimeError("its worker died"))
    return failed


def test_a_part_that_fails_is_named_and_made_by_the_next_run(tmp_path, run, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_LENGTH", 30)
    write_parquet(tmp_path / "in.parquet", TEXTS)
    engine = type("Engine", (util.WorkersHere,), {"submit": fail_first_shard})
    with monkeypatch.context() as patch:
        patch.setattr(annotate, "Workers", engine)
        done = run("in.parquet", "out", "--id-column", "key")
        assert done.code == 1
        assert "in.parquet, from row 0: its worker died" in done.errors
        assert 100 not in {row["key"] for row in rows_of(tmp_path / "out")}
    assert run("in.parquet", "out", "--id-column", "key").code == 0
    assert [row["key"] for row in rows_of(tmp_path / "out")] == list(range(100, 108))


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_leaves_whole_parts_and_is_resumed(tmp_path, start, run, end, monkeypatch):
    texts = [f"slow Lisbon {n}" for n in range(24)]
    write_parquet(tmp_path / "in.parquet", texts)
    out = tmp_path / "out"
    process = start(60, "in.parquet", "out", "--workers", 2, "--id-column", "key")
    wait_for(lambda: out.is_dir() and results(out))
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.killpg(process.pid, end) if end == signal.SIGINT else process.send_signal(end)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == (-signal.SIGKILL if end == signal.SIGKILL else 130), errors
    wait_for(lambda: not any(map(is_running, map(int, children))))
    before = results(out)
    if end != signal.SIGKILL:
        assert {path.name for path in out.iterdir()} == {*before, "_run.json", ".lock"}
        assert "Interrupted." in errors
        assert "Traceback" not in errors
    monkeypatch.setattr(shards, "SHARD_LENGTH", 60)
    assert run("in.parquet", "out", "--id-column", "key").code == 0
    after = results(out)
    assert 1 <= len(before) < len(after), "it was stopped too late to show anything"
    assert before.items() <= after.items(), "a whole shard was made again"
    assert not list(out.glob("*.unfinished"))
    assert [row["key"] for row in rows_of(out)] == list(range(100, 124))
    assert entities_of(rows_of(out)) == expected(texts)
