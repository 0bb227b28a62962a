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
# Pipelines of these configs are only for comparison, and have the config in their name.
COMPARED = ("tutorial", "spacy_ner")
GMB_SOURCE = {
    "name": "Groningen Meaning Bank 2.2.0, as extracted for Kaggle's 'Annotated Corpus for Named Entity Recognition'",
    "url": "https://www.kaggle.com/datasets/abhinavwalia95/entity-annotated-corpus",
    "author": "Johan Bos, Valerio Basile, Kilian Evang, Noortje Venhuizen, Johannes Bjerva",
    "license": "ODbL-1.0",
}
OURS = {"author": "the spacy-bilstm-ner authors", "license": "MIT"}
DESCRIPTIONS = {
    "real": "Named entities in English news, trained on the Groningen Meaning Bank.",
    "sample": "A demonstration, trained on the project's small bundled sample: NOT a useful named-entity recogniser.",
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
# Characters with a meaning in Markdown or for a terminal, in addition to those of HTML
MARKDOWN = dict.fromkeys((*range(32), 127), "\ufffd") | {
    ord(char): f"&#{ord(char)};" for char in "`|[]\n\r"
}


def training_meta(
    source: Source, vectors: WordVectors, *, name: str, version: str, run: dict[str, Any]
) -> dict[str, Any]:
    """Return the entries of a trained pipeline's meta.json.

    "data" and "training" are our own entries, the others are spaCy's.

    run (dict[str, Any]): How the pipeline was trained: "config", "seed" and "overrides".
    """
    own = {} if source.kind == "own" else OURS
    sources = [GMB_SOURCE if source.kind == "real" else {"name": source.name, **own}]
    if vectors.path:
        credit = {key: getattr(vectors, key) for key in ("url", "author", "license")}
        sources.append({"name": f"Word vectors of {vectors.name}", **credit})
    return {
        "name": f"{name}_{run['config']}" if run["config"] in COMPARED else name,
        "version": SAMPLE_VERSION if source.kind == "sample" else version,
        "description": DESCRIPTIONS.get(source.kind, f"Named entities, trained on {source.name}."),
        **(own or {"author": "", "license": ""}),
        "sources": sources,
        "data": {"kind": source.kind, "name": source.name, "sha256": source.sha256},
        "training": {**run, "vectors": vectors.name or None},
    }


def release_meta(meta: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    """Return entries with the scores on the test part and with the meanings of the labels."""
    raw, test = metrics["raw_text"], metrics["test"]
    # Labels of users have the meanings of spaCy's glossary, if they are in it.
    meanings = GLOSSARY if meta["data"]["kind"] == "own" else GMB_LABELS
    per_type = {
        label: {key: scores[key] for key in "prf"} for label, scores in raw["labels"].items()
    }
    return {
        "label_meanings": {
            label: meanings.get(label, "") for label in sorted(meta["labels"].get("ner", []))
        },
        "performance": {
            **{f"ents_{key}": raw["micro"][key] for key in "prf"},
            "ents_per_type": per_type,
        },
        "notes": f"Trained on: {meta['data']['name']}. The scores are those on the {test['sentences']:,} sentences of "
        "its test split, as raw text.",
    }


def readme(meta: dict[str, Any]) -> str:
    """Return spaCy's README for a pipeline, with a table of the labels. Names and labels are escaped."""
    safe = {**escaped(meta), "spacy_version": meta["spacy_version"]}
    rows = [f"| `{label}` | {meaning} |" for label, meaning in safe["label_meanings"].items()]
    return "\n".join([generate_readme(safe), "", "| Label | Meaning |", "| --- | --- |", *rows, ""])


def escaped(value: Any) -> Any:
    """Escape the strings in lists and dictionaries for HTML and Markdown."""
    if isinstance(value, dict):
        return {escaped(key): escaped(each) for key, each in value.items()}
    if isinstance(value, list):
        return [escaped(each) for each in value]
    return escape(value, quote=False).translate(MARKDOWN) if isinstance(value, str) else value


def update_meta(pipeline: Path, entries: dict[str, Any]) -> dict[str, Any]:
    """Write entries to a pipeline's meta.json. Return all its entries."""
    merged: dict[str, Any] = srsly.read_json(pipeline / "meta.json") | entries
    save_json(pipeline / "meta.json", merged)
    return merged
