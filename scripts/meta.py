"""Write the meta.json of a trained pipeline."""

from pathlib import Path
from typing import Any

import srsly
from spacy.glossary import GLOSSARY

from scripts.source import Source, WordVectors

SAMPLE_VERSION = "0.0.0+sample"
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
        sources.append({"name": f"Word vectors of {vectors.name}"} | vectors.source)
    return {
        "name": name,
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
    *labels, total, _ = metrics["table"]
    performance = {"ents_p": total["P"], "ents_r": total["R"], "ents_f": total["F"]}
    by_label = {}
    for row in labels:
        by_label[row["label"]] = {"p": row["P"], "r": row["R"], "f": row["F"]}
    notes = [
        f"Trained on: {meta['data']['name']}. The scores are those on the "
        f"{metrics['sentences']:,} sentences of its test split, as raw text."
    ]
    # Meanings of a user's labels come from spaCy's glossary, which does not have all of them.
    glossary = GLOSSARY if meta["data"]["kind"] == "own" else GMB_LABELS
    for label in meta["labels"].get("ner", []):
        if label in glossary:
            notes.append(f"- `{label}`: {glossary[label]}")
    return {"performance": performance | {"ents_per_type": by_label}, "notes": "\n".join(notes)}


def update_meta(pipeline: Path, entries: dict[str, Any]) -> None:
    """Write entries into the meta.json of a pipeline."""
    path = pipeline / "meta.json"
    srsly.write_json(path, srsly.read_json(path) | entries)
