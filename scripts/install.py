"""Run an installed pipeline on a sentence, to check that it works."""

import argparse
import sys

from scripts.step import step
from spacy_bilstm_ner.pipe.loading import load_pipeline

TRIAL = "Anna Schmidt of the United Nations met President Bush in London on Monday."


def main() -> None:
    """Load the pipeline and print the entities that it finds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="the name of the pipeline, such as en_gmb_bilstm")
    parser.add_argument("--target", default="", help="the folder to which it was installed")
    args = parser.parse_args()
    sys.path.insert(0, args.target)
    doc = load_pipeline(args.name)(TRIAL)
    print(f"{args.name} is installed. In this sentence, it finds the entities below:\n{TRIAL}")
    for entity in doc.ents:
        print(f"{entity.label_:>6}  {entity.text}")


if __name__ == "__main__":
    step(main)
