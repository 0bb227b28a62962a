"""Does it pay to label what `suggest` chooses? A pipeline is trained on a hundred random sentences of train, then on
two hundred more, chosen by it from ten thousand or at random, and each time scored on dev. Three draws.

    python -m scripts.research.suggest CORPUS OUT.json [OVERRIDES of spacy train]   # the folder of train and dev.spacy
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import spacy
import srsly
from spacy.cli._util import parse_config_overrides
from spacy.cli.train import train
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from spacy_bilstm_ner.quality.reading import everything, predict_docs
from spacy_bilstm_ner.quality.scores import count, f_scores
from spacy_bilstm_ner.quality.suggest import choose, unsureness

FIRST, MORE, CANDIDATES, DRAWS = 100, 200, 10_000, 3
# A person has few to fit confidences on; the others of dev tell how good it is.
DEV = 100


def trained(docs: Sequence[Doc], dev: Sequence[Doc], overrides: dict) -> Language:
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, some in (("train", docs), ("dev", dev)):
            paths[f"paths.{name}"] = f"{folder}/{name}.spacy"
            DocBin(["ENT_IOB", "ENT_TYPE"], docs=some).to_disk(paths[f"paths.{name}"])
        train(Path("configs/bilstm.cfg"), Path(folder), overrides=paths | overrides)
        return spacy.load(f"{folder}/model-best")


def f_of(nlp: Language, docs: Sequence[Doc]) -> float:
    _, counts = count(predict_docs(nlp, docs))
    return float(f_scores(counts.sum(axis=0))[-2])


def main(corpus: str, out: str, *overrides: str) -> None:
    own = parse_config_overrides(list(overrides))
    vocab = spacy.blank("en").vocab
    docs, dev = (list(DocBin().from_disk(f"{corpus}/{name}.spacy").get_docs(vocab)) for name in ("train", "dev"))
    figures = []
    for draw in range(DRAWS):
        order = np.random.default_rng(draw).permutation(len(docs))
        first, rest = order[:FIRST].tolist(), order[FIRST : FIRST + CANDIDATES].tolist()
        nlp = trained([docs[i] for i in first], dev[:DEV], own)
        texts = [docs[i].text for i in rest]
        predicted = list(nlp.pipe(texts))
        with everything(nlp):
            unsure = np.array([unsureness(doc) for doc in nlp.pipe(texts)])
        more = {"chosen": [rest[i] for i in choose(predicted, unsure, number=MORE)], "random": rest[:MORE]}
        scores = {"first": f_of(nlp, dev[DEV:])}
        for name, numbers in more.items():
            scores[name] = f_of(trained([docs[i] for i in (*first, *numbers)], dev[:DEV], own), dev[DEV:])
            scores[f"{name}_words"] = sum(len(docs[i]) for i in numbers)
        figures.append(scores)
        print(scores, flush=True)
    srsly.write_json(out, {"draws": figures})


if __name__ == "__main__":
    main(*sys.argv[1:])
