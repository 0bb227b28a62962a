"""Turn a labelled file into train.spacy, dev.spacy and test.spacy: the same as `python -m spacy_bilstm_ner convert`."""

import sys

from spacy_bilstm_ner.cli import main

if __name__ == "__main__":
    main(["convert", *sys.argv[1:]])
