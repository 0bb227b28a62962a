"""Describe a trained pipeline in its meta.json."""

from typing import Any

SCORES_NOTE = "The scores are those on the development set, as `spacy train` printed them."
LABELS_NOTE = """
- `art`: artefact: a named work or product
- `eve`: event: a named war, storm, match or festival
- `geo`: geographical entity: a country, city, river or region as a place
- `gpe`: geopolitical entity: a nationality, or a country that acts
- `nat`: natural phenomenon: a named disease, hurricane or the like
- `org`: organisation: a company, authority, party or team
- `per`: person, often with the title
- `tim`: time: a date, a weekday, a month, a year or an hour"""
OURS = {"author": "the spacy-bilstm-ner authors", "license": "MIT"}
# The entries for our own pipelines, by the kind of the data
OUR_ENTRIES: dict[str, dict[str, Any]] = {
    "real": {
        **OURS,
        "description": "Named entities in English news, trained on the Groningen Meaning Bank.",
        "notes": SCORES_NOTE + LABELS_NOTE,
        "sources": [
            {
                "name": "Groningen Meaning Bank 2.2.0, as extracted for Kaggle's 'Annotated Corpus "
                "for Named Entity Recognition'",
                "url": "https://www.kaggle.com/datasets/abhinavwalia95/entity-annotated-corpus",
                "author": "Johan Bos, Valerio Basile, Kilian Evang, Noortje Venhuizen, Johannes "
                "Bjerva",
                "license": "ODbL-1.0",
            }
        ],
    },
    "sample": {
        **OURS,
        "description": "A demonstration, trained on the project's small bundled sample: "
        "NOT a useful named-entity recogniser.",
        "notes": SCORES_NOTE + LABELS_NOTE,
        "sources": [{"name": "the project's small bundled sample", **OURS}],
        "version": "0.0.0+sample",
    },
}


def make_meta(
    source: dict[str, Any], *, name: str, version: str, config: str, seed: int
) -> dict[str, Any]:
    """Return the entries for the meta.json of a new pipeline.

    "data" and "training" are entries of this project. `spacy package` writes the others, which are
    spaCy's, into the README of the wheel.

    source (dict[str, Any]): The content of source.json, see `data`.
    """
    meta: dict[str, Any] = {
        "name": name,
        "version": version,
        "description": f"Named entities, trained on {source['name']}.",
        "notes": SCORES_NOTE,
        "sources": [{"name": source["name"]}],
        "data": {key: source[key] for key in ("kind", "name", "sha256")},
        "training": {"config": config, "seed": seed, "vectors": source["vectors"].get("name")},
    }
    meta |= OUR_ENTRIES.get(source["kind"], {})
    if source["vectors"]:
        vectors = source["vectors"] | {"name": f"Word vectors of {source['vectors']['name']}"}
        del vectors["path"]
        meta["sources"] = [*meta["sources"], vectors]
    return meta
