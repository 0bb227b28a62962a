"""Write the meta.json of a trained pipeline."""

from pathlib import Path
from typing import Any

import srsly
from spacy.glossary import GLOSSARY

from scripts.source import Source, WordVectors
from spacy_bilstm_ner.system.whole import save_json

SAMPLE_VERSION = "0.0.0+sample"
# Configs for comparison. The names of their pipelines end in the name of the config.
COMPARED = ("tutorial", "spacy_ner")
GMB_SOURCE = {
    "name": "Groningen Meaning Bank 2.2.0, as extracted for Kaggle's 'Annotated Corpus for Named "
    "Entity Recognition'",
    "url": "https://www.kaggle.com/datasets/abhinavwalia95/entity-annotated-corpus",
    "author": "Johan Bos, Valerio Basile, Kilian Evang, Noortje Venhuizen, Johannes Bjerva",
    "license": "ODbL-1.0",
}
OURS = {"author": "the spacy-bilstm-ner authors", "license": "MIT"}
DESCRIPTIONS = {
    "real": "Named entities in English news, trained on the Groningen Meaning Bank.",
    "sample": "A demonstration, trained on the project's small bundled sample: "
    "NOT a useful named-entity recogniser.",
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
    source: Source, vectors: WordVectors, *, name: str, version: str, run: dict[str, Any]
) -> dict[str, Any]:
    """Return the entries for the meta.json of a new pipeline.

    "data" and "training" are entries of this project. The others are spaCy's.

    run (dict[str, Any]): Settings of the training: "config", "seed" and "overrides".
    """
    authors = {"author": "", "license": ""}
    data_source = {"name": source.name}
    if source.kind != "own":
        authors = OURS
        data_source |= OURS
    if source.kind == "real":
        data_source = GMB_SOURCE
    sources = [data_source]
    if vectors.path:
        credit = {"url": vectors.url, "author": vectors.author, "license": vectors.license}
        sources.append({"name": f"Word vectors of {vectors.name}"} | credit)
    return {
        "name": f"{name}_{run['config']}" if run["config"] in COMPARED else name,
        "version": SAMPLE_VERSION if source.kind == "sample" else version,
        "description": DESCRIPTIONS.get(source.kind, f"Named entities, trained on {source.name}."),
        **authors,
        "sources": sources,
        "data": {"kind": source.kind, "name": source.name, "sha256": source.sha256},
        "training": {**run, "vectors": vectors.name or None},
    }


def release_meta(meta: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    """Return the entries for the meta.json in a wheel: test scores and the meanings of labels.

    `spacy package` writes them into the README of the wheel.
    """
    scores = metrics["raw_text"]
    performance: dict[str, Any] = {f"ents_{key}": scores["micro"][key] for key in "prf"}
    performance["ents_per_type"] = scores["labels"]
    n_sentences = metrics["test"]["sentences"]
    notes = [
        f"Trained on: {meta['data']['name']}. The scores are those on the {n_sentences:,} "
        "sentences of its test split, as raw text."
    ]
    # Meanings of a user's labels come from spaCy's glossary, which does not have all of them.
    glossary = GLOSSARY if meta["data"]["kind"] == "own" else GMB_LABELS
    for label in meta["labels"].get("ner", []):
        if label in glossary:
            notes.append(f"- `{label}`: {glossary[label]}")
    return {"performance": performance, "notes": "\n".join(notes)}


def update_meta(pipeline: Path, entries: dict[str, Any]) -> dict[str, Any]:
    """Write entries into the meta.json of a pipeline, and return its new content."""
    meta: dict[str, Any] = srsly.read_json(pipeline / "meta.json") | entries
    save_json(pipeline / "meta.json", meta)
    return meta
