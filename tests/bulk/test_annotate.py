"""The command: every input, whole parts only, and what happens when a process dies."""

import gc
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import spacy

from spacy_bilstm_ner.bulk import annotate, parts
from spacy_bilstm_ner.cli import main
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.system.cores import cores
from spacy_bilstm_ner.system.exclusive import exclusive
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
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def start(model: Path, code: Path, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    def started(*arguments: object) -> subprocess.Popen[str]:
        command = [
            sys.executable,
            "-m",
            "spacy_bilstm_ner",
            "annotate",
            *map(str, arguments),
            "--model",
            str(model),
        ]
        pipe = subprocess.PIPE
        env = os.environ | {"PYTHONPATH": str(code)}
        return subprocess.Popen(
            command, cwd=tmp_path, env=env, stdout=pipe, stderr=pipe, text=True, start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests in the background ignore it
        )  # fmt: skip

    return started


@pytest.fixture
def run(start: Callable[..., subprocess.Popen[str]]) -> Run:
    def done(*arguments: object) -> subprocess.CompletedProcess[str]:
        process = start(*arguments)
        output, errors = process.communicate(timeout=900)
        return subprocess.CompletedProcess([], process.returncode, output, errors)

    return done


@pytest.fixture
def here(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """The command without processes of its own, which take seconds to start."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(annotate, "Workers", util.WorkersHere)

    def done(*arguments: object) -> subprocess.CompletedProcess[str]:
        code: Any = 0
        try:
            main(["annotate", *map(str, arguments), "--model", str(model)])
        except SystemExit as end:
            code = end.code
        said = capsys.readouterr()
        errors = said.err + code if isinstance(code, str) else said.err
        return subprocess.CompletedProcess(
            [], 1 if isinstance(code, str) else code, said.out, errors
        )

    yield done
    gc.unfreeze()  # what a worker keeps for good


def write_parquet(path: Path, texts: list[str], *, group: int = 2) -> Path:
    table = pa.table({"key": pa.array(range(100, 100 + len(texts)), pa.int64()), "text": texts})
    pq.write_table(table, path, row_group_size=group)
    return path


def result(out: Path) -> list[dict]:
    rows: list[dict] = ds.dataset(out, format="parquet").to_table().to_pylist()
    return sorted(rows, key=lambda row: row.get("key", (row.get("file"), row.get("row"))))


def found(rows: list[dict]) -> list[list[tuple[int, int, str]] | None]:
    return [
        row["entities"] and [(e["start"], e["end"], e["label"]) for e in row["entities"]]
        for row in rows
    ]


def files(out: Path) -> dict[str, int]:
    return {
        path.name: path.stat().st_mtime_ns for path in out.iterdir() if path.name[0] not in "_."
    }


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


def wait_for(condition: Callable[[], object], seconds: float = 900) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize(
    "kind", ["jsonl", "csv", "txt", "jsonl.gz", "csv.gz", "txt.gz", "tsv", "parquet"]
)
def test_every_kind_of_input(tmp_path, here, kind, monkeypatch):
    texts = [text for text in TEXTS if text]
    if kind.startswith("csv"):
        texts += ['a "quoted" Lisbon,\nin two lines']
    quoted = [json.dumps(text) for text in texts]
    lines = {
        "jsonl": [f'{{"n": 1, "text": {text}}}' for text in quoted],
        "csv": ["n,text", *('1,"' + text.replace('"', '""') + '"' for text in texts)],
        "tsv": ["n\ttext", *(f"1\t{text}" for text in texts)],
        "txt": texts,
    }.get(kind.removesuffix(".gz"), [])
    path = tmp_path / "folder" / f"in.{kind}"
    path.parent.mkdir()
    content = "\ufeff" + "\n".join(lines) + "\n"
    if kind == "parquet":
        write_parquet(path, texts)
    else:
        (gzip.open if kind.endswith("gz") else open)(path, "wb").write(content.encode())
    done = here("folder", "out", "--workers", 1)
    assert done.returncode == 0, done.stderr
    rows = result(tmp_path / "out")
    assert [(row["file"], row["row"]) for row in rows] == [
        (str(path), n) for n in range(len(texts))
    ]
    assert found(rows) == expected(texts)
    # the same rows, whatever the size of a part
    monkeypatch.setattr(parts, "PART_BYTES", 20)
    many = list(parts.parts_of(str(path), "text", None))
    assert len(many) > 3
    assert [text for part in many for text in parts._read(part, "text", None)[0]] == texts
    assert [part.row for part in many][1:] == [
        sum(len(parts._read(part, "text", None)[0]) for part in many[:n])
        for n in range(1, len(many))
    ]


def test_lines_that_cannot_be_read_spoil_their_row_alone(tmp_path, here):
    lines = [
        b'{"text": "Lisbon", "key": 1}',
        b'{"text": "Lis',
        b'{"text": 3, "key": 2}',
        b"[1]",
        b'{"key": 4}',
        b"\xff",
    ]
    (tmp_path / "in.jsonl").write_bytes(b"\n".join(lines))
    done = here("in.jsonl", "out", "--workers", 1, "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    (part,) = files(tmp_path / "out")
    rows = [
        json.loads(line)
        for line in (tmp_path / "out" / part).read_text(encoding="utf8").splitlines()
    ]
    assert [row["row"] for row in rows] == [0, 1, 2, 3, 4, 5]
    errors = [row["entities_error"] for row in rows]
    assert errors[0] is None
    assert [error.split(":")[0] for error in errors[1:]] == [
        "The line is no JSON object",
        "The text is no string, but of type int",
        "The line is no JSON object",
        "The text is null",
        "The line is no JSON object",
    ]


def test_bytes_that_are_no_utf8_spoil_their_row_alone(tmp_path):
    (tmp_path / "in.csv").write_bytes(b"nr,text\n1,caf\xe9\n\xe9,fine\n")
    (part,) = parts.parts_of(str(tmp_path / "in.csv"), "text", "nr")
    texts, ids = parts._read(part, "text", "nr")
    assert texts == ["caf\udce9", "fine"]  # which is an error row, see test_annotator.py
    assert ids.to_pylist() == ["1", "\\udce9"]


def test_a_file_may_have_any_name(tmp_path):
    path = write_parquet(tmp_path / "{a}%s.parquet", ["Lisbon"])
    (tmp_path / "b{}.txt").write_text("Lisbon")
    (one,), (two,) = (
        parts.parts_of(str(each), "text", None) for each in (path, tmp_path / "b{}.txt")
    )
    assert one.name.startswith("{a}%s-")
    assert two.name.startswith("b{}-")


def test_a_long_line_does_not_overtake_the_lines_before_it(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "PART_BYTES", 20)
    lines = ["one", "two", "x" * 50, "three", "four"]
    (tmp_path / "in.txt").write_text("\n".join(lines))
    cut = list(parts.parts_of(str(tmp_path / "in.txt"), "text", None))
    assert [text for part in cut for text in parts._read(part, "text", None)[0]] == lines
    assert [(part.row, len(part.rows)) for part in cut] == [(0, 2), (2, 1), (3, 2)]


@pytest.mark.parametrize("name", ["in.txt.gz", "in.parquet"])
def test_a_damaged_file_is_named(tmp_path, name):
    whole = gzip.compress(b"Lisbon\n" * 1000) if name.endswith("gz") else b"PAR1 and no more"
    (tmp_path / name).write_bytes(whole[:-10])
    with pytest.raises(UserError, match=f"{name} is damaged"):
        list(parts.parts_of(str(tmp_path / name), "text", None))


def test_standard_input_is_read_and_not_resumed(tmp_path, here):
    (tmp_path / "lines").write_text("Lisbon\nno\n")
    before = os.dup(0)
    with (tmp_path / "lines").open("rb") as lines:
        os.dup2(lines.fileno(), 0)
    try:
        done = here("-", "out")
    finally:
        os.dup2(before, 0)
        os.close(before)
    assert done.returncode == 0, done.stderr
    assert "cannot be resumed" in done.stderr
    assert found(result(tmp_path / "out")) == [[(0, 6, "GPE")], []]
    again = here("-", "out")
    assert again.returncode == 1
    assert "standard input cannot be resumed. Name a new folder" in again.stderr


def test_two_workers_on_four_parts_of_whom_one_is_killed_lose_nothing(tmp_path, run):
    told = tmp_path / "told"
    texts = [*TEXTS[:5], f"once:{told} Lisbon", "fine", "Lisbon"]
    write_parquet(tmp_path / "in.parquet", texts)
    done = run("in.parquet", "out", "--workers", 2, "--id-column", "key")
    assert told.exists(), "no worker was killed"
    assert done.returncode == 0, done.stderr
    assert len(files(tmp_path / "out")) == 4
    rows = result(tmp_path / "out")
    assert [row["key"] for row in rows] == list(range(100, 108))
    assert found(rows) == expected(texts)
    assert [row["entities_error"] is None for row in rows] == [text != "boom" for text in texts]
    assert "8 texts" in done.stdout
    assert "1 errors" in done.stdout
    assert "4 GPE" in done.stdout
    note = json.loads((tmp_path / "out" / "_run.json").read_text())
    assert {"model", "version", "weights", "columns", "threshold", "inputs"} <= set(note)


def test_a_part_that_kills_every_worker_is_given_up_alone(tmp_path, run, here, monkeypatch):
    write_parquet(tmp_path / "in.parquet", ["Lisbon", "kill", *TEXTS[2:]])
    done = run("in.parquet", "out", "--workers", 2, "--id-column", "key")
    assert done.returncode == 1
    assert "in.parquet, from row 0" in done.stderr
    assert "exit code -9" in done.stderr
    assert [row["key"] for row in result(tmp_path / "out")] == list(range(102, 108))
    dead: Future = Future()
    dead.set_exception(RuntimeError("its worker died"))
    monkeypatch.setattr(util.WorkersHere, "submit", lambda self, part: dead)
    again = here("in.parquet", "out", "--id-column", "key")
    assert again.returncode == 1
    assert "3 parts were there" in again.stdout


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_or_stopped_run_leaves_whole_parts_and_is_resumed(tmp_path, start, here, end):
    texts = [f"slow Lisbon {n}" for n in range(24)]
    write_parquet(tmp_path / "in.parquet", texts, group=4)
    out = tmp_path / "out"
    process = start("in.parquet", "out", "--workers", 2, "--id-column", "key")
    wait_for(lambda: out.is_dir() and files(out))
    workers = children(process.pid)
    os.killpg(process.pid, end) if end == signal.SIGINT else process.kill()
    _, errors = process.communicate(timeout=900)
    assert process.returncode == (130 if end == signal.SIGINT else -signal.SIGKILL), errors
    wait_for(lambda: not any(map(is_running, workers)))
    before = files(out)
    assert 1 <= len(before) < 6, "it was stopped too late to show anything"
    if end == signal.SIGINT:
        assert {path.name for path in out.iterdir()} == {*before, "_run.json", ".lock"}
        assert "does the rest" in errors
    done = here("in.parquet", "out", "--id-column", "key")
    assert done.returncode == 0, done.stderr
    after = files(out)
    assert len(after) == 6
    assert before.items() <= after.items(), "a whole part was done again"
    assert not list(out.glob("*.unfinished"))
    assert [row["key"] for row in result(out)] == list(range(100, 124))
    assert found(result(out)) == expected(texts)


def test_new_input_is_added_and_changed_input_refused(tmp_path, here):
    first = write_parquet(tmp_path / "a.parquet", TEXTS[:2])
    assert here("a.parquet", "out", "--workers", 1).returncode == 0
    before = files(tmp_path / "out")
    write_parquet(tmp_path / "b.parquet", TEXTS[2:])
    assert here("a.parquet", "b.parquet", "out", "--workers", 1).returncode == 0
    assert before.items() < files(tmp_path / "out").items()
    write_parquet(first, TEXTS[:3])
    done = here("a.parquet", "out", "--workers", 1)
    assert done.returncode == 1
    assert "a.parquet has changed" in done.stderr


def test_parts_that_were_cut_are_done_again(tmp_path, here):
    write_parquet(tmp_path / "in.parquet", TEXTS, group=3)
    for kind in ("parquet", "jsonl"):
        out = tmp_path / kind
        assert here("in.parquet", kind, "--workers", 1, "--format", kind).returncode == 0
        whole = {path: path.read_bytes() for path in out.glob(f"*.{kind}")}
        (first, content), (second, _), _ = whole.items()
        first.write_bytes(content[: len(content) // 2])
        second.write_bytes(b"")
        assert (
            "1 parts were there"
            in here("in.parquet", kind, "--workers", 1, "--format", kind).stdout
        )
        assert {path: path.read_bytes() for path in out.glob(f"*.{kind}")} == whole


def test_a_note_that_was_cut_and_a_folder_where_another_is_at_work(tmp_path, model):
    write_parquet(tmp_path / "in.parquet", [])
    out = tmp_path / "out"
    command = ["annotate", str(tmp_path / "in.parquet"), str(out), "--model", str(model)]
    with (
        exclusive(out),
        pytest.raises(SystemExit, match=r"another process is at work in .*out: wait"),
    ):
        main(command)
    main(command)
    for content in ("", "[]", '{"inputs": 1}', (out / "_run.json").read_text()[:50]):
        (out / "_run.json").write_text(content)
        with pytest.raises(
            SystemExit, match=r"_run\.json is damaged: .*a new folder, or delete .*out and begin"
        ):
            main(command)
    assert {path.name for path in out.iterdir()} == {"_run.json", ".lock"}


def test_a_line_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "MAX_LINE", 100)
    with gzip.open(tmp_path / "in.txt.gz", "wt") as file:
        file.write("Lisbon\n" + "a " * 200)
    with pytest.raises(
        UserError, match=r"in\.txt\.gz has a line of more than 100 characters: divide it"
    ):
        list(parts.parts_of(str(tmp_path / "in.txt.gz"), "text", None))


def test_another_model_or_setting_is_refused(tmp_path, model, monkeypatch):
    write_parquet(tmp_path / "in.parquet", [])
    for path in model.rglob("*"):
        target = tmp_path / "model" / path.relative_to(model)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            target.write_bytes(path.read_bytes())
    command = [
        "annotate",
        str(tmp_path / "in.parquet"),
        str(tmp_path / "out"),
        "--model",
        str(tmp_path / "model"),
    ]
    main(command)
    main(command)
    with pytest.raises(SystemExit, match="max_length was None, is 5"):
        main([*command, "--max-length", "5"])
    weights = next((tmp_path / "model").rglob("patterns*"))
    weights.write_bytes(weights.read_bytes().replace(b"GPE", b"LOC"))
    with pytest.raises(SystemExit, match="weights was"):
        main(command)


def test_what_is_wrong_is_said_before_any_work(tmp_path, model):
    write_parquet(tmp_path / "in.parquet", TEXTS)
    command = [
        "annotate",
        str(tmp_path / "in.parquet"),
        str(tmp_path / "out"),
        "--model",
        str(model),
    ]
    for wrong, message in [
        ([*command, "--text-column", "body"], "no column 'body', but key, text"),
        ([*command, "--id-column", "nr"], "no column 'nr'"),
        ([*command, "--workers", "0"], "expected 1 or more"),
        ([*command[:-1], "no_model"], "there is no pipeline no_model: give a folder"),
        (["annotate", str(tmp_path / "none"), *command[2:]], "expected a file or folder"),
        ([*command[:2], str(model), *command[3:]], "expected an empty or new folder"),
        (["annotate", str(tmp_path), *command[2:]], "lies in a folder that is read"),
    ]:
        with pytest.raises(SystemExit, match=message):
            main(wrong)
    assert not (tmp_path / "out").exists()


def test_cores_count_quotas(tmp_path):
    here = len(os.sched_getaffinity(0))
    assert 1 <= cores() <= here
    group = tmp_path / "sys/fs/cgroup"
    (group / "a/b").mkdir(parents=True)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/a/b\n")
    (group / "a/b/cpu.max").write_text("max 100000\n")
    assert cores(tmp_path) == here
    (group / "a/cpu.max").write_text("150000 100000\n")
    assert cores(tmp_path) == 1
