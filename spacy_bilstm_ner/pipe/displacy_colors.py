"""Colours for the labels of the GMB corpus. displaCy already has colours for gpe and org."""

# Labels that spaCy has a colour for are left out, since their colour would change for all
# pipelines. Each colour is that of spaCy's label with the most similar meaning.
COLORS = {
    "art": "#f0d0ff",  # WORK_OF_ART
    "eve": "#ffeb80",  # EVENT
    "geo": "#ff9561",  # LOC
    "nat": "#bfeeb7",  # PRODUCT, since no label of spaCy has this meaning
    "per": "#aa9cfc",  # PERSON
    "tim": "#bfe1d9",  # DATE
}
