"""Run an installed pipeline on a sentence, to check that it works."""

import sys

from scripts.step import step
from spacy_bilstm_ner.pipe.loading import load_pipeline

TRIAL = "Anna Schmidt of the United Nations met President Bush in London on Monday."


def main(name: str, target: str = "") -> None:
    """Print the entities that the pipeline NAME finds. TARGET: where it was installed."""
    sys.path.insert(0, target)
    doc = load_pipeline(name)(TRIAL)
    print(f"{name} is installed. In this sentence, it finds the entities below:\n{TRIAL}")
    for entity in doc.ents:
        print(f"{entity.label_:>6}  {entity.text}")


if __name__ == "__main__":
    step(main)
