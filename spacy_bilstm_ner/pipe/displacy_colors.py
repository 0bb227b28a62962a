"""Colours for the labels of the GMB corpus, except for gpe and org, which displaCy has."""

# Labels that spaCy has a colour for are left out, since their colour would change for all
# pipelines. Each colour is that of the label of spaCy with the same meaning.
COLORS = {
    "art": "#f0d0ff",  # WORK_OF_ART
    "eve": "#ffeb80",  # EVENT
    "geo": "#ff9561",  # LOC
    "nat": "#bfeeb7",
    "per": "#aa9cfc",  # PERSON
    "tim": "#bfe1d9",  # DATE
}
