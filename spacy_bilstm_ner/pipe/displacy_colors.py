"""Colours for the labels of the GMB corpus, except for gpe and org, which displaCy has."""

# A label of spaCy's must not be here: its colour would change for all pipelines. The colours are
# those of spaCy's labels with the same meaning.
COLORS = {
    "art": "#f0d0ff",  # WORK_OF_ART
    "eve": "#ffeb80",  # EVENT
    "geo": "#ff9561",  # LOC
    "nat": "#bfeeb7",
    "per": "#aa9cfc",  # PERSON
    "tim": "#bfe1d9",  # DATE
}
