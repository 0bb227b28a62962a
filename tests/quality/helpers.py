"""A tiny pipeline of rules and a labelled file, which need no training."""

import json
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example

from spacy_bilstm_ner.cli import main
from spacy_bilstm_ner.pipe.confidence import set_confidences

PATTERNS = {"geo": ["Vienna"], "per": ["Lima"], "org": ["Bank"], "tim": ["Monday"]}
# With the rules above: correct, wrong label, wrong boundary, missed, spurious. "can't" is one token
# here, and two of spaCy's.
SENTENCES = [
    (["Vienna", "can't", "see", "Lima", "."], ["B-geo", "O", "O", "B-geo", "O"]),
    (["World", "Bank", "lent", "Peru", "money", "."], ["B-org", "I-org", "O", "B-geo", "O", "O"]),
    (["Monday", "blues", "&", "Vienna", "."], ["O", "O", "O", "B-geo", "O"]),
]
VOCAB = spacy.blank("en").vocab
DATA = {"kind": "own", "name": "tiny.csv", "sha256": "0" * 64}


def make_pipeline(
    path: Path, patterns: dict[str, list[str]] = PATTERNS, **meta: object
) -> Language:
    """Write a pipeline of rules, with data and training in its meta."""
    nlp = spacy.blank("en", meta={"name": "tiny", "version": "0.1.0"})
    rules = nlp.add_pipe("entity_ruler", name="ner")
    for label, texts in patterns.items():
        rules.add_patterns([{"label": label, "pattern": text} for text in texts])
    nlp.to_disk(path)
    content = json.loads((path / "meta.json").read_text(encoding="utf-8"))
    content |= {"data": DATA, "training": {"config": "rules", "seed": 3}} | meta
    (path / "meta.json").write_text(json.dumps(content), encoding="utf-8")
    return nlp


def make_test_set(path: Path) -> None:
    """Write the labelled file that goes with it."""
    docs = DocBin()
    for words, tags in SENTENCES:
        spaces = [True] * (len(words) - 2) + [False, False]
        docs.add(Doc(VOCAB, words=words, spaces=spaces, ents=tags))
    docs.to_disk(path)


def make_csv(path: Path, sentences: list[tuple[list[str], list[str]]] = SENTENCES) -> None:
    """Write sentences as a CSV."""
    lines = ["Sentence #,Word,Tag"]
    for number, (words, tags) in enumerate(sentences):
        for word, tag in zip(words, tags, strict=True):
            lines.append(f"{number},{word},{tag}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def make_example(
    words: str, tags: str, predictions: list[tuple[int, int, str, float]], *, line: int = 1
) -> Example:
    """Make an example of gold tags, and of predicted spans with labels and confidences."""
    predicted = Doc(VOCAB, words=words.split())
    predicted.ents = [Span(predicted, *prediction[:3]) for prediction in predictions]
    set_confidences(predicted.ents, [prediction[3] for prediction in predictions])
    reference = Doc(VOCAB, words=words.split(), ents=tags.split())
    reference.user_data["origin"] = {"file": "mine.csv", "line": line, "document": "", "step": 1}
    return Example(predicted, reference)


def command(*arguments: str | Path) -> None:
    """Run a command as from the command line."""
    main([str(argument) for argument in arguments])


def usage_error(*arguments: str | Path) -> int:
    """Run a command that is used wrongly, and return its exit code."""
    with pytest.raises(SystemExit) as exit_info:
        command(*arguments)
    assert isinstance(exit_info.value.code, int)
    return exit_info.value.code


def read_json(path: Path) -> dict:
    """Read a JSON file without NaN."""
    return json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
