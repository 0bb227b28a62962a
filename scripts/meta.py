"""What a trained pipeline says of itself in its meta.json."""

import json
from html import escape
from pathlib import Path
from typing import Any

from scripts.source import Source, WordVectors
from spacy_bilstm_ner.errors import UserError

SAMPLE_VERSION = "0.0.0+sample"
AUTHOR = "the spacy-bilstm-ner authors"
# These configs are trained to compare with, so their pipelines get names of their own
COMPARED = ("tutorial", "spacy_ner")
GMB_SOURCE = {
    "name": "Groningen Meaning Bank 2.2.0, as extracted for Kaggle's 'Annotated Corpus for Named Entity Recognition'",
    "url": "https://www.kaggle.com/datasets/abhinavwalia95/entity-annotated-corpus",
    "author": "Johan Bos, Valerio Basile, Kilian Evang, Noortje Venhuizen, Johannes Bjerva",
    "license": "ODbL-1.0",
}
DESCRIPTIONS = {
    "real": "Named entities in English news, trained on the Groningen Meaning Bank.",
    "sample": "A demonstration, trained on the project's small bundled sample: NOT a useful named-entity recogniser.",
    "own": "Named entities, trained on {name}.",
}


def pipeline_name(name: str, config: str) -> str:
    """RETURNS (str): What a pipeline is called, without the language: NAME, or NAME_CONFIG if it is only compared."""
    return f"{name}_{config}" if config in COMPARED else name


def training_meta(
    source: Source, *, lang: str, name: str, version: str, training: dict[str, Any], vectors: WordVectors | None = None
) -> dict[str, Any]:
    """Describe a pipeline that has just been trained.

    source (Source): What it was trained on.
    lang (str): The language's code.
    name (str): The pipeline's name, without the language.
    version (str): The version. A pipeline that was trained on the sample gets another.
    training (dict[str, Any]): How it was trained: "config", "seed" and "overrides".
    vectors (WordVectors | None): The word vectors that are part of it.
    RETURNS (dict[str, Any]): Entries for its meta.json. "data" and "training" are our own, the others are spaCy's.
    """
    # A file may be called <b>; what we write here ends in a README
    shown = escape(source.name)
    sources = {
        "real": GMB_SOURCE,
        "sample": {"name": shown, "license": "MIT"},
        "own": {"name": shown},
    }
    meta: dict[str, Any] = {
        "lang": lang,
        "name": name,
        "version": SAMPLE_VERSION if source.kind == "sample" else version,
        "description": DESCRIPTIONS[source.kind].format(name=shown),
        "author": "" if source.kind == "own" else AUTHOR,
        "license": "" if source.kind == "own" else "MIT",
        "sources": [sources[source.kind]],
        "data": {"kind": source.kind, "name": source.name, "sha256": source.sha256},
        "training": {**training, "vectors": vectors.name if vectors else None},
    }
    if vectors:
        credit = {key: getattr(vectors, key) for key in ("url", "author", "license")}
        meta["sources"].append({"name": f"Word vectors of {vectors.name}", **credit})
    return meta


def read_meta(pipeline: Path) -> dict[str, Any]:
    """Read what a trained pipeline says of itself.

    pipeline (Path): The pipeline's folder.
    RETURNS (dict[str, Any]): Its meta.json.
    RAISES UserError: if it is no pipeline that this project trained.
    """
    path = pipeline / "meta.json"
    if not path.is_file():
        raise UserError(f"{pipeline} has no trained pipeline: run `spacy project run train` first")
    meta: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if "data" not in meta:
        raise UserError(
            f"{path} does not say what the pipeline was trained on: train it with "
            "`spacy project run train` or `python -m scripts.train`"
        )
    return meta


def update_meta(pipeline: Path, entries: dict[str, Any]) -> None:
    """Write entries into a pipeline's meta.json, over those of the same name.

    pipeline (Path): The pipeline's folder.
    entries (dict[str, Any]): What to write.
    """
    path = pipeline / "meta.json"
    merged = {**json.loads(path.read_text(encoding="utf-8")), **entries}
    path.write_text(json.dumps(merged, indent=2, ensure_ascii=False), encoding="utf-8")
