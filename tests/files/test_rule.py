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

WORDS = (
    *("Mira", "Holt", "left", "Oslo", "for", ",", "2.5", "6-2", "#StormAda", "B.", "Berg's"),
    *("“quoted”", "naïve", "王芳", "😀", "."),
)
LABELS = ("PER", "LOC", "QTY")
N_FILES = 12
N_MUTATED = 1000
CASES = Path(__file__).parent / "cases"

Sentence = list[tuple[str, str]]
Counts = tuple[int, int, int]  # rows, words, entities


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
        start = len(text) + (text != "")
        text = f"{text} {word}" if text else word
        if tag[0] == "B":
            spans.append([start, len(text), tag[2:]])
        elif tag[0] == "I":
            spans[-1][1] = len(text)
    return text, spans


def write_conll(sentences: list[Sentence], rng: random.Random, path: Path) -> Counts:
    lines = []
    for sentence in sentences:
        if rng.random() < 0.4:
            lines.append("# a comment of the tool")
        lines += [f"{word} NN {tag}" for word, tag in sentence]
        lines.append("")
    path.write_text("\n".join(lines), encoding="utf8")
    return count_lines(path, " ")


def write_conllu(sentences: list[Sentence], rng: random.Random, path: Path) -> Counts:
    lines = ["# newdoc id = d1"]
    for sentence in sentences:
        for number, (word, tag) in enumerate(sentence, 1):
            if rng.random() < 0.1 and number < len(sentence):
                lines.append(f"{number}-{number + 1}\t{word}\t_")
            lines.append(f"{number}\t{word}\t{tag}")
        lines.append("")
    path.write_text("\n".join(lines), encoding="utf8")
    return count_lines(path, "\t", 1)


def write_csv(sentences: list[Sentence], rng: random.Random, path: Path) -> Counts:
    separator = rng.choice(",;\t")
    lines = [separator.join(("Sentence #", "Word", "Tag"))]
    for number, sentence in enumerate(sentences, 1):
        for word, tag in sentence:
            lines.append(separator.join((str(number), f'"{word}"', tag)))
    path.write_text("\n".join(lines) + "\n", encoding="utf8")
    return count_lines(path, separator, 1)


def count_lines(path: Path, separator: str, column: int = 0) -> Counts:
    """Count the lines that are not empty, and the words and entities of those with a tag."""
    lines = [line for line in path.read_text("utf8").splitlines() if line]
    tags = [line.split(separator)[-1] for line in lines]
    n_words = sum(tag[0] in "OBI" for tag in tags)
    return len(lines), n_words, sum(tag[0] == "B" for tag in tags)


def write_json_words(sentences: list[Sentence], rng: random.Random, path: Path) -> Counts:
    records = []
    for sentence in sentences:
        words, tags = zip(*sentence, strict=True)
        blanks = ["\n"] * rng.randint(0, 1)
        tags_of = [*tags, *("O" for _ in blanks)]
        records.append({"tokens": [*words, *blanks], "ner_tags": tags_of})
    path.write_text(json.dumps(records), encoding="utf8")
    loaded = json.loads(path.read_text("utf8"))
    n_words = sum(len(record["tokens"]) for record in loaded)
    n_entities = sum(tag[0] == "B" for record in loaded for tag in record["ner_tags"])
    return len(loaded), n_words, n_entities


def write_doccano(sentences: list[Sentence], rng: random.Random, path: Path) -> Counts:
    lines: list[str] = []
    for sentence in sentences:
        text, spans = make_spans(sentence)
        spans += [[900, 905, "LOC"]] * (not lines) + spans[:1] * rng.randint(0, 1)
        lines.append(json.dumps({"text": text, "label": spans}))
    lines += [json.dumps({"text": "", "label": []})] * rng.randint(0, 1)
    path.write_text("\n".join(lines), encoding="utf8")
    records = [json.loads(line) for line in path.read_text("utf8").splitlines()]
    return len(records), -1, sum(len(record["label"]) for record in records)


def write_prodigy(sentences: list[Sentence], rng: random.Random, path: Path) -> Counts:
    lines = []
    for number, sentence in enumerate(sentences):
        text, spans = make_spans(sentence)
        objects = [{"start": start, "end": end, "label": label} for start, end, label in spans]
        record = {"text": text, "_input_hash": number, "spans": objects, "answer": "accept"}
        if number > 1:
            record["answer"] = rng.choice(["accept", "accept", "reject", "ignore"])
        lines.append(json.dumps(record))
    path.write_text("\n".join(lines), encoding="utf8")
    records = [json.loads(line) for line in path.read_text("utf8").splitlines()]
    accepted = [record for record in records if record["answer"] == "accept"]
    return len(records), -1, sum(len(record["spans"]) for record in accepted)


def write_studio(sentences: list[Sentence], rng: random.Random, path: Path) -> Counts:
    tasks: list[dict[str, Any]] = []
    for sentence in sentences:
        text, spans = make_spans(sentence)
        results = []
        for start, end, label in spans:
            value = {"start": start, "end": end, "labels": [label], "text": text[start:end]}
            results.append({"type": "labels", "value": value})
        is_done = not tasks or rng.random() < 0.8
        annotations = [{"was_cancelled": False, "result": results}] if is_done else []
        tasks.append({"data": {"text": text}, "annotations": annotations})
    path.write_text(json.dumps(tasks, indent=1), encoding="utf8")
    loaded = json.loads(path.read_text("utf8"))
    n_entities = 0
    for task in loaded:
        for annotation in task["annotations"]:
            n_entities += len(annotation["result"])
    return len(loaded), -1, n_entities


def write_pubtator(sentences: list[Sentence], rng: random.Random, path: Path) -> Counts:
    blocks = []
    n_entities = 0
    for number, sentence in enumerate(sentences, 1):
        text, spans = make_spans(sentence)
        cut = text.index(" ")
        lines = [f"{number}|t|{text[:cut]}", f"{number}|a|{text[cut + 1 :]}"]
        for start, end, label in spans:
            lines.append(f"{number}\t{start}\t{end}\t{text[start:end]}\t{label}")
        n_entities += len(spans)
        blocks.append("\n".join(lines))
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf8")
    return len(blocks), -1, n_entities


def write_brat(sentences: list[Sentence], rng: random.Random, path: Path) -> Counts:
    path.mkdir()
    for number, sentence in enumerate(sentences):
        text, spans = make_spans(sentence)
        lines = []
        for i, (start, end, label) in enumerate(spans):
            lines.append(f"T{i}\t{label} {start} {end}\t{text[start:end]}")
        lines += ["T99\tPER 0 1;3 4\tM a", "A1\tSure T0"] * rng.randint(0, 1)
        (path / f"{number}.txt").write_text(text, encoding="utf8")
        (path / f"{number}.ann").write_text("\n".join(lines), encoding="utf8")
    annotations = [file.read_text("utf8").splitlines() for file in path.glob("*.ann")]
    n_entities = sum(line[0] == "T" for lines in annotations for line in lines)
    return len(annotations), -1, n_entities


def write_table(sentences: list[Sentence], rng: random.Random, path: Path) -> Counts:
    pandas = pytest.importorskip("pandas")
    rows = []
    for number, sentence in enumerate(sentences):
        rows += [{"sentence_id": number, "word": word, "tag": tag} for word, tag in sentence]
    frame = pandas.DataFrame(rows)
    if path.suffix == ".parquet":
        frame.to_parquet(path)
        return len(frame), len(frame), int(frame["tag"].str.startswith("B").sum())
    frame.astype(str).to_excel(path, index=False)
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
    "x.conll": write_conll,
    "x.conllu": write_conllu,
    "x.csv": write_csv,
    "words.json": write_json_words,
    "doccano.jsonl": write_doccano,
    "prodigy.jsonl": write_prodigy,
    "studio.json": write_studio,
    "pubtator.txt": write_pubtator,
    "brat": write_brat,
    "x.xlsx": write_table,
    "x.parquet": write_table,
    "x.spacy": write_spacy,
}


@pytest.mark.parametrize("name", WRITERS)
def test_everything_comes_out_or_is_counted(tmp_path: Path, name: str) -> None:
    for seed in range(N_FILES):
        rng = random.Random(f"{name} {seed}")
        path = tmp_path / f"{seed}_{name}"
        n_rows, n_words, n_entities = WRITERS[name](make_sentences(rng), rng, path)
        docs, report = read(str(path))
        numbers = report.to_frame().set_index("reason")
        left_out = numbers[numbers["effect"] == "left out"]
        added = numbers[numbers["effect"] == "added"]
        words = [token.text for doc in docs for token in doc if not token.is_space]
        written = {"words": len(words), "entities": sum(len(doc.ents) for doc in docs)}
        rows = report.rows_written + left_out["rows"].sum() - added["rows"].sum()
        assert rows == n_rows, report.lines()
        for unit, expected in (("words", n_words), ("entities", n_entities)):
            number = written[unit] + left_out[unit].sum() - added[unit].sum()
            assert expected in (-1, number), (unit, report.lines())


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Return a file with one to three random changes."""
    for _ in range(rng.randint(1, 3)):
        lines = content.split(b"\n")
        line = rng.randrange(len(lines))
        place = rng.randrange(len(content) + 1)
        part = content[place : place + rng.randint(1, 9)]
        noise = rng.choice(
            [b"\t", b",", b'"', b"{", b"]", b"\0", b"\xff", b" ", b"B-", b"9", b"\\u"]
        )
        match rng.randrange(7):
            case 0:
                content = content[:place]
            case 1:
                content = content[:place] + noise + content[place:]
            case 2:
                content = content[:place] + content[place + len(part) :]
            case 3:
                content = b"\n".join([*lines[:line], *lines[line + 1 :]])
            case 4:
                content = b"\n".join([*lines[: line + 1], *lines[line:]])
            case 5:
                content = content[:place] + part * 3 + content[place:]
            case _:
                content = content.replace(part, noise) if part else content
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
    values: list[Any] = [None, True, -1, 5, 1e99, "", "Mira", "9", [], {}, [[0, 4]], {"start": 0}]
    parent[key] = rng.choice(values)
    return "\n".join(map(json.dumps, records)).encode()


def read_or_message(path: Path) -> tuple[str, list[Doc], Any]:
    try:
        return ("", *read(str(path)))
    except UserError as error:
        return str(error), [], None


def test_mutated_files_end_in_a_message_or_a_corpus(tmp_path: Path) -> None:
    files = sorted(
        file for file in CASES.rglob("*") if file.is_file() and file.name != "expected.txt"
    )
    n_read = 0
    for seed in range(N_MUTATED):
        rng = random.Random(seed)
        file = rng.choice(files)
        path = tmp_path / f"{seed}{file.suffix}"
        changed = mutate_values if file.suffix.startswith(".json") else mutate
        path.write_bytes(changed(file.read_bytes(), rng))
        message, docs, report = read_or_message(path)
        if message:
            assert path.name in message, (file, seed, message)
            assert "are lost" not in message, (file, seed, message)
            continue
        n_read += 1
        n_words = sum(not token.is_space for doc in docs for token in doc)
        n_entities = sum(len(doc.ents) for doc in docs)
        assert (report.words_written, report.entities_written) == (n_words, n_entities), (
            file,
            seed,
        )
    assert n_read > N_MUTATED / 10
