"""Colours for the labels of the GMB corpus that displaCy has none for (it knows gpe and org)."""

# Only these: an entry of ours for a label that spaCy knows would recolour it for every pipeline.
# Where spaCy has a label of the same meaning, its colour is taken.
COLORS = {
    "art": "#f0d0ff",  # WORK_OF_ART
    "eve": "#ffeb80",  # EVENT
    "geo": "#ff9561",  # LOC
    "nat": "#bfeeb7",
    "per": "#aa9cfc",  # PERSON
    "tim": "#bfe1d9",  # DATE
}
