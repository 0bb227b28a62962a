"""Write the meta.json and the README of a trained pipeline."""

from html import escape
from pathlib import Path
from typing import Any

import srsly
from spacy.cli.package import generate_readme
from spacy.glossary import GLOSSARY

from scripts.source import Source, WordVectors
from spacy_bilstm_ner.system.whole import save_json

SAMPLE_VERSION = "0.0.0+sample"
# Pipelines of these configs are trained for comparison, so they have names of their own.
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
# Characters that mean something in Markdown or to a terminal, in addition to those of HTML
MARKDOWN = dict.fromkeys((*range(32), 127), "\ufffd")
MARKDOWN |= {ord(char): f"&#{ord(char)};" for char in "`|[]\n\r"}


def training_meta(
    source: Source, vectors: WordVectors, *, name: str, version: str, run: dict[str, Any]
) -> dict[str, Any]:
    """Return the entries for the meta.json of a pipeline that has just been trained.

    "data" and "training" are entries of ours. The others are spaCy's.

    run (dict[str, Any]): How it was trained: "config", "seed" and "overrides".
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
    """Return the entries for the meta.json in a wheel: scores on test, and what labels mean."""
    scores = metrics["raw_text"]
    # The labels of a user mean what spaCy's glossary says, if it has them.
    glossary = GLOSSARY if meta["data"]["kind"] == "own" else GMB_LABELS
    meanings = {label: glossary.get(label, "") for label in sorted(meta["labels"].get("ner", []))}
    performance: dict[str, Any] = {f"ents_{key}": scores["micro"][key] for key in "prf"}
    performance["ents_per_type"] = {}
    for label, label_scores in scores["labels"].items():
        performance["ents_per_type"][label] = {key: label_scores[key] for key in "prf"}
    n_sentences = metrics["test"]["sentences"]
    return {
        "label_meanings": meanings,
        "performance": performance,
        "notes": f"Trained on: {meta['data']['name']}. The scores are those on the "
        f"{n_sentences:,} sentences of its test split, as raw text.",
    }


def readme(meta: dict[str, Any]) -> str:
    """Return spaCy's README of a pipeline with a table of the labels. Names become no markup."""
    safe_meta = {**escaped(meta), "spacy_version": meta["spacy_version"]}
    lines = [generate_readme(safe_meta), "", "| Label | Meaning |", "| --- | --- |"]
    for label, meaning in safe_meta["label_meanings"].items():
        lines.append(f"| `{label}` | {meaning} |")
    return "\n".join([*lines, ""])


def escaped(value: Any) -> Any:
    """Return strings, lists and dictionaries without characters of HTML and Markdown."""
    if isinstance(value, dict):
        return {escaped(key): escaped(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return list(map(escaped, value))
    return escape(value, quote=False).translate(MARKDOWN) if isinstance(value, str) else value


def update_meta(pipeline: Path, entries: dict[str, Any]) -> dict[str, Any]:
    """Write entries into the meta.json of a pipeline, and return its new content."""
    meta: dict[str, Any] = srsly.read_json(pipeline / "meta.json") | entries
    save_json(pipeline / "meta.json", meta)
    return meta
