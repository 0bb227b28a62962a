"""Every row, word and entity of a file comes out, or is counted under a named reason.

The tests count with `str.splitlines` and `json.loads` and use nothing of `files` but `read`.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc, DocBin

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files import read

TEXT = "Mira Holt left Oslo for , 2.5 6-2 #StormAda B. Berg's “quoted” naïve 王芳 😀 ."
WORDS = TEXT.split()
LABELS = ("PER", "LOC", "QTY")
N_FILES = 12
N_MUTATED = 1000
CASES = Path(__file__).parent / "cases"

Sentence = list[tuple[str, str]]
Counts = tuple[int, int, int]  # rows, words (-1 if a tokenizer finds them), entities


def make_sentences(rng: random.Random) -> list[Sentence]:
    """Return sentences of words with tags in BIO, each with an entity."""
    sentences = []
    for number in range(rng.randint(3, 9)):
        sentence = [(f"Text{number}", "O")]
        while len(sentence) < 4 or rng.random() < 0.8:
            label = rng.choice(LABELS)
            sentence.append((rng.choice(WORDS), rng.choice(["O", "O", f"B-{label}"])))
            if sentence[-1][1] != "O" and rng.random() < 0.5:
                sentence.append((rng.choice(WORDS), f"I-{label}"))
        sentences.append([*sentence, ("ends", "B-PER")])
    return sentences


def make_spans(sentence: Sentence) -> tuple[str, list[list[Any]]]:
    """Return a text and [start, end, label] of its entities."""
    text = ""
    spans: list[list[Any]] = []
    for word, tag in sentence:
        text += " " * (text != "")
        if tag[0] == "B":
            spans.append([len(text), 0, tag[2:]])
        text += word
        if tag != "O":
            spans[-1][1] = len(text)
    return text, spans


def write_rows(sentences: list[Sentence], rng: random.Random, path: Path) -> Counts:
    """Write CoNLL, CoNLL-U or CSV, with comments and ranges."""
    separator = {".conll": " ", ".conllu": "\t", ".csv": ","}[path.suffix]
    lines = ["Sentence #,Word,Tag"] if path.suffix == ".csv" else ["# newdoc id = d1"]
    for number, sentence in enumerate(sentences, 1):
        for position, (word, tag) in enumerate(sentence, 1):
            if path.suffix == ".conllu" and rng.random() < 0.1:
                lines.append(f"{position}-{position + 1}\t{word}\t_")
            fields = {".conll": (word, "NN", tag), ".csv": (str(number), f'"{word}"', tag)}
            lines.append(separator.join(fields.get(path.suffix, (str(position), word, tag))))
        lines += [""] if path.suffix != ".csv" else []
    path.write_text("\n".join(lines), encoding="utf8")
    lines = [line for line in path.read_text("utf8").splitlines() if line]
    tags = [line.split(separator)[-1] for line in lines[1:]]
    return len(lines), sum(tag[0] in "OBI" for tag in tags), sum(tag[0] == "B" for tag in tags)


def write_json_words(sentences: list[Sentence], rng: random.Random, path: Path) -> Counts:
    records = []
    for sentence in sentences:
        words, tags = zip(*sentence, strict=True)
        n_blanks = rng.randint(0, 1)
        records.append({"tokens": [*words, *["\n"] * n_blanks], "tags": [*tags, *["O"] * n_blanks]})
    path.write_text(json.dumps(records), encoding="utf8")
    loaded = json.loads(path.read_text("utf8"))
    n_words = sum(len(record["tokens"]) for record in loaded)
    return len(loaded), n_words, sum(str(record["tags"]).count("B-") for record in loaded)


def write_json_spans(sentences: list[Sentence], rng: random.Random, path: Path) -> Counts:
    """Write an export of doccano or Label Studio, some records of which are unfinished."""
    records: list[dict[str, Any]] = []
    n_entities = 0
    for number, sentence in enumerate(sentences):
        text, spans = make_spans(sentence)
        if "doccano" in path.name:
            spans += [[900, 905, "LOC"]] * (number == 0) + spans[:1] * rng.randint(0, 1)
            records.append({"text": text, "label": spans})
        else:
            results = []
            for start, end, label in spans:
                value = {"start": start, "end": end, "labels": [label]}
                results.append({"type": "labels", "value": value})
            is_done = number < 2 or rng.random() < 0.8
            annotations = [{"was_cancelled": False, "result": results}] * is_done
            records.append({"data": {"text": text}, "annotations": annotations})
            spans = spans * is_done
        n_entities += len(spans)
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf8")
    return len(path.read_text("utf8").splitlines()), -1, n_entities


def write_brat(sentences: list[Sentence], rng: random.Random, path: Path) -> Counts:
    path.mkdir()
    n_entities = 0
    for number, sentence in enumerate(sentences, 1):
        text, spans = make_spans(sentence)
        lines = ["T99\tPER 0 1;3 4\tM a", "A1\tSure T0"]
        for i, (start, end, label) in enumerate(spans):
            lines.append(f"T{i}\t{label} {start} {end}\t{text[start:end]}")
        (path / f"{number}.txt").write_text(text, encoding="utf8")
        (path / f"{number}.ann").write_text("\n".join(lines), encoding="utf8")
        n_entities += len(spans) + 1
    return len(sentences), -1, n_entities


def write_pubtator(sentences: list[Sentence], rng: random.Random, path: Path) -> Counts:
    lines = []
    n_entities = 0
    for number, sentence in enumerate(sentences, 1):
        text, spans = make_spans(sentence)
        title, _, abstract = text.partition(" ")
        lines += [f"{number}|t|{title}", f"{number}|a|{abstract}"]
        for start, end, label in spans:
            lines.append(f"{number}\t{start}\t{end}\t{text[start:end]}\t{label}")
        n_entities += len(spans)
    path.write_text("\n".join(lines), encoding="utf8")
    return len(sentences), -1, n_entities


def write_table(sentences: list[Sentence], rng: random.Random, path: Path) -> Counts:
    pandas = pytest.importorskip("pandas")
    rows = []
    for number, sentence in enumerate(sentences):
        rows += [{"sentence_id": number, "word": word, "tag": tag} for word, tag in sentence]
    frame = pandas.DataFrame(rows)
    if path.suffix == ".xlsx":
        frame.astype(str).to_excel(path, index=False)
    else:
        frame.to_parquet(path)
    return len(frame) + 1, len(frame), int(frame["tag"].str.startswith("B").sum())


def write_spacy(sentences: list[Sentence], rng: random.Random, path: Path) -> Counts:
    vocab = spacy.blank("en").vocab
    docs = []
    for sentence in sentences:
        words, tags = zip(*sentence, strict=True)
        docs.append(Doc(vocab, words=list(words), ents=list(tags)))
    DocBin(docs=docs).to_disk(path)
    return len(docs), sum(map(len, docs)), sum(len(doc.ents) for doc in docs)


WRITERS: dict[str, Callable[[list[Sentence], random.Random, Path], Counts]] = {
    **dict.fromkeys(("x.conll", "x.conllu", "x.csv"), write_rows),
    "words.json": write_json_words,
    **dict.fromkeys(("doccano.jsonl", "studio.jsonl"), write_json_spans),
    "brat": write_brat,
    "pubtator.txt": write_pubtator,
    **dict.fromkeys(("x.xlsx", "x.parquet"), write_table),
    "x.spacy": write_spacy,
}


@pytest.mark.parametrize("name", WRITERS)
def test_everything_comes_out_or_is_counted(tmp_path: Path, name: str) -> None:
    for seed in range(N_FILES):
        rng = random.Random(f"{name} {seed}")
        path = tmp_path / f"{seed}_{name}"
        expected = WRITERS[name](make_sentences(rng), rng, path)
        docs, report = read(str(path))
        numbers = report.to_frame().set_index("reason")
        effects = numbers["effect"].map({"left out": 1, "added": -1}).fillna(0)
        words = [token.text for doc in docs for token in doc if not token.is_space]
        written = (report.written["rows"], len(words), sum(len(doc.ents) for doc in docs))
        for unit, n_written, n_read in zip(
            ("rows", "words", "entities"), written, expected, strict=True
        ):
            n_accounted = n_written + (numbers[unit] * effects).sum()
            assert n_read in (-1, n_accounted), (seed, unit, report.lines())


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Return a file with one to three random changes."""
    noises = [b"\t", b",", b'"', b"{", b"]", b"\0", b"\xff", b" ", b"B-", b"9", b"\\u", b"\n"]
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(content) + 1)
        length = rng.choice([1, 9, 99])
        before, part, after = content[:place], content[place:][:length], content[place + length :]
        noise = rng.choice(noises)
        content = rng.choice(
            [
                before,
                before + noise + part + after,
                before + after,
                before + part * 3 + after,
                content.replace(part, noise) if part else content,
            ]
        )
    return content


def mutate_values(content: bytes, rng: random.Random) -> bytes:
    """Return JSON Lines or an array with a random value in the place of another."""
    try:
        records = [json.loads(line) for line in content.splitlines() if line.strip()]
    except ValueError:
        return mutate(content, rng)
    parent: Any = records
    key: Any = rng.randrange(len(records))
    while isinstance(parent[key], list | dict) and parent[key] and rng.random() < 0.8:
        parent = parent[key]
        key = rng.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
    parent[key] = rng.choice([None, True, -1, 1e99, "", "Mira", "9", [], {}, [[0, 4]]])
    return "\n".join(map(json.dumps, records)).encode()


def test_mutated_files_end_in_a_message_or_a_corpus(tmp_path: Path) -> None:
    files = [file for file in sorted(CASES.rglob("input*")) if file.is_file()]
    n_read = 0
    for seed in range(N_MUTATED):
        rng = random.Random(seed)
        file = rng.choice(files)
        path = tmp_path / f"{seed}{file.suffix}"
        changed = mutate_values if file.suffix.startswith(".json") else mutate
        path.write_bytes(changed(file.read_bytes(), rng))
        message = ""
        try:
            docs, report = read(str(path))
        except UserError as error:
            message = str(error)
        if message:
            assert path.name in message, (file, seed, message)
            assert "were lost" not in message, (file, seed, message)
            continue
        n_read += 1
        n_words = sum(not token.is_space for doc in docs for token in doc)
        n_entities = sum(len(doc.ents) for doc in docs)
        written = (report.written["words"], report.written["entities"])
        assert written == (n_words, n_entities), (file, seed)
    assert n_read > N_MUTATED / 10
