"""What a trained pipeline says of itself in its meta.json."""

from pathlib import Path
from typing import Any

import srsly
from spacy.glossary import GLOSSARY

from spacy_bilstm_ner.errors import UserError
from scripts.source import Source, WordVectors

SAMPLE_VERSION = "0.0.0+sample"
GMB_SOURCE = {
    "name": "Groningen Meaning Bank 2.2.0, as extracted for Kaggle's 'Annotated Corpus for Named Entity Recognition'",
    "url": "https://www.kaggle.com/datasets/abhinavwalia95/entity-annotated-corpus",
    "author": "Johan Bos, Valerio Basile, Kilian Evang, Noortje Venhuizen, Johannes Bjerva",
    "license": "ODbL-1.0",
}
GMB_LABELS = {
    "art": "artefact: a named work or product",
    "eve": "event: a named war, storm, match or festival",
    "geo": "geographical entity: a country, city, river or region as a place",
    "gpe": "geopolitical entity: a nationality, or a country that acts",
    "nat": "natural phenomenon: a named disease, hurricane or the like",
    "org": "organisation: a company, authority, party or team",
    "per": "person, often with the title",
    "tim": "time: a date, a weekday, a month, a year or an hour",
}


def training_meta(
    source: Source,
    *,
    lang: str,
    name: str,
    version: str,
    config: str,
    seed: int,
    vectors: WordVectors | None = None,
) -> dict[str, Any]:
    """Describe a pipeline when it has been trained.

    source (Source): What it was trained on.
    lang (str): The language's code.
    name (str): The pipeline's name, without the language.
    version (str): The version, unless it was trained on the sample.
    config (str): The name of its config.
    seed (int): The seed of its training.
    vectors (WordVectors | None): The word vectors that are part of it.
    RETURNS (dict[str, Any]): Entries for its meta.json. "data" and "training" are our own, the
        others are spaCy's.
    """
    meta: dict[str, Any] = {
        "lang": lang,
        "name": name,
        "version": SAMPLE_VERSION if source.kind == "sample" else version,
        "data": {"kind": source.kind, "name": source.name, "sha256": source.sha256},
        "training": {"config": config, "seed": seed, "vectors": vectors.name if vectors else None},
    }
    if source.kind != "own":
        meta["author"] = "the spacy-bilstm-ner authors"
        meta["license"] = "MIT"
    if source.kind == "real":
        meta["description"] = (
            "Named entities in English news: a bidirectional LSTM trained on the Groningen Meaning "
            "Bank. `span._.confidence` is the probability that an entity is right."
        )
        meta["sources"] = [GMB_SOURCE]
    elif source.kind == "sample":
        meta["description"] = (
            "A demonstration, trained on the project's small bundled sample: NOT a useful named-entity recogniser."
        )
        meta["sources"] = [{"name": source.name, "license": "MIT"}]
    else:
        meta["description"] = f"Named entities, trained on {source.name}."
        meta["license"] = ""
        meta["sources"] = [{"name": source.name}]
    if vectors:
        meta["sources"].append(
            {
                "name": f"Word vectors of {vectors.name}",
                "url": vectors.url,
                "author": vectors.author,
                "license": vectors.license,
            }
        )
    return meta


def label_meanings(labels: list[str], *, kind: str) -> dict[str, str]:
    """Explain labels.

    labels (list[str]): The labels of a pipeline.
    kind (str): The kind of data that it was trained on.
    RETURNS (dict[str, str]): What each label means: for a user's own, what spaCy's glossary says,
        if anything.
    """
    meanings = GLOSSARY if kind == "own" else GMB_LABELS
    return {label: meanings.get(label, "") for label in sorted(labels)}


def read_meta(pipeline: Path) -> dict[str, Any]:
    """Read what a trained pipeline says of itself.

    pipeline (Path): The pipeline's folder.
    RETURNS (dict[str, Any]): Its meta.json.
    RAISES UserError: if it is no pipeline that this project trained.
    """
    path = pipeline / "meta.json"
    if not path.is_file():
        raise UserError(f"{pipeline} has no trained pipeline: run `spacy project run train` first")
    meta: dict[str, Any] = srsly.read_json(path)
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
    srsly.write_json(path, {**srsly.read_json(path), **entries})
