"""Measure a trained pipeline in more ways than `evaluate` does, also on the texts as other people would write them."""

import argparse
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_bilstm_ner.pipe.entities import entities
from spacy_bilstm_ner.pipe.loading import load_pipeline
from spacy_bilstm_ner.quality import evaluate, reliability
from spacy_bilstm_ner.quality.pages import percent
from spacy_bilstm_ner.quality.reading import labelled_docs, predict_docs
from spacy_bilstm_ner.quality.scores import score
from spacy_bilstm_ner.system.processes import run

SENTENCES_PER_DOC = 40
# A straight quote opens at the start of a text, and after white space or a bracket.
OPENING = re.compile(r"(?<![^\s(\[])([\"'])(?=\S)")
CURLY = str.maketrans({'"': "”", "'": "’", "-": "–"})


def recase(change: Callable[[str], str]) -> Callable[[str], str]:
    """Make a function that changes each character's case, but for those that would become several."""
    return lambda text: "".join(new if len(new := change(char)) == 1 else char for char in text)


def curly(text: str) -> str:
    """The text with curly quotes for straight ones, and en dashes for hyphens."""
    return OPENING.sub(lambda match: "“" if match[1] == '"' else "‘", text).translate(CURLY)


VARIANTS = {"lower": recase(str.lower), "upper": recase(str.upper), "curly": curly}


def rewrite(gold: Doc, change: Callable[[str], str]) -> Doc:
    """A copy of a document with another text, whose tokens and entities stay: `change` must keep the length."""
    text = change(gold.text)
    words = [text[token.idx : token.idx + len(token)] for token in gold]
    tags = [
        f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type else token.ent_iob_
        for token in gold
    ]
    return Doc(
        gold.vocab, words=words, spaces=[bool(token.whitespace_) for token in gold], ents=tags
    )


def join(golds: list[Doc]) -> list[Doc]:
    """Make documents of forty consecutive texts each; the last may have fewer."""
    parts = [
        golds[first : first + SENTENCES_PER_DOC]
        for first in range(0, len(golds), SENTENCES_PER_DOC)
    ]
    return [Doc.from_docs(part, ensure_whitespace=True, exclude=["user_data"]) for part in parts]


def recall(examples: list[Example], known: set[str]) -> dict[str, dict[str, Any]]:
    """Count the gold mentions whose texts are known ("seen") and the others ("unseen"): "gold", and recall "r"."""
    found: dict[str, list[bool]] = {"seen": [], "unseen": []}
    for example in examples:
        predicted = {entity.key for entity in entities(example.predicted)}
        for ent, entity in zip(example.reference.ents, entities(example.reference), strict=True):
            found["seen" if ent.text in known else "unseen"].append(entity.key in predicted)
    return {
        name: {"gold": len(hits), "r": sum(hits) / len(hits) if hits else None}
        for name, hits in found.items()
    }


def measure(nlp: Language, corpus: Path, *, part: str) -> dict[str, Any]:
    """Measure a pipeline on "dev" or "test", of the folder with train.spacy, dev.spacy and test.spacy.

    RETURNS (dict[str, Any]): What `evaluate` finds, and "part", "variants", "mentions" and "calibration".
    """
    # Tuning has looked at dev. So what dev has is not new to the figures of test.
    met = ["train"] if part == "dev" else ["train", "dev"]
    known = {
        ent.text
        for name in met
        for doc in labelled_docs(nlp, corpus / f"{name}.spacy")
        for ent in doc.ents
    }
    scores, raw = evaluate.measure(nlp, corpus / f"{part}.spacy")
    golds = [example.reference for example in raw]
    written = {"forty": join(golds)}
    written |= {
        name: [rewrite(gold, change) for gold in golds] for name, change in VARIANTS.items()
    }
    variants = {name: score(predict_docs(nlp, docs))["micro"] for name, docs in written.items()}
    found = reliability.measure(raw)
    calibration = {key: found[key] for key in ("ece", "auc")} if found else None
    return {
        "part": part,
        **scores,
        "variants": variants,
        "mentions": recall(raw, known),
        "calibration": calibration,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pipeline", type=Path, help="a trained pipeline's folder")
    parser.add_argument(
        "corpus", type=Path, help="the folder of train.spacy, dev.spacy and test.spacy"
    )
    parser.add_argument(
        "--final", action="store_true", help="measure on TEST: once, when all tuning is done"
    )
    parser.add_argument("--seconds", type=float, help="how long the training took, to be noted")
    args = parser.parse_args()
    part = "test" if args.final else "dev"
    # Beside the pipeline, where `tables --publish` finds it. Figures of dev and of test never share a name.
    out = args.pipeline.parent / f"{part}.json"
    if args.final:
        print(
            f"*** FINAL: measured on TEST. Do not tune after you have seen {out} ***",
            file=sys.stderr,
        )
    with tempfile.TemporaryDirectory() as work:
        size = Path(shutil.make_archive(f"{work}/pipeline", "zip", args.pipeline)).stat().st_size
    figures = {
        "command": shlex.join(["python", "-m", "scripts.research.experiment", *sys.argv[1:]]),
        **measure(load_pipeline(args.pipeline), args.corpus, part=part),
        "size": {"zip_mb": size / 1e6},
        "training_seconds": args.seconds,
    }
    lines = [
        f"F, {name}: {percent(scores['f'], 2)}" for name, scores in figures["variants"].items()
    ]
    evaluate.tell(figures, lines=lines, out=out)


if __name__ == "__main__":
    run(main)
