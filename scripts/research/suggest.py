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

from spacy_bilstm_ner.quality.reading import everything, labelled_docs, predict_docs
from spacy_bilstm_ner.quality.scores import count, f_scores
from spacy_bilstm_ner.quality.suggest import choose, unsureness

FIRST, MORE, CANDIDATES, DRAWS = 100, 200, 10_000, 3
# A person has few to fit confidences on; the others of dev tell how good it is.
DEV = 100


def score(docs: Sequence[Doc], dev: Sequence[Doc], overrides: dict) -> tuple[float, Language]:
    """Train on Docs. RETURNS (tuple[float, Language]): F on what is left of dev, and the pipeline."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, some in (("train", docs), ("dev", dev[:DEV])):
            paths[f"paths.{name}"] = f"{folder}/{name}.spacy"
            DocBin(["ENT_IOB", "ENT_TYPE"], docs=some).to_disk(paths[f"paths.{name}"])
        train(Path("configs/bilstm.cfg"), Path(folder), overrides=paths | overrides)
        nlp = spacy.load(f"{folder}/model-best")
    _, counts = count(predict_docs(nlp, dev[DEV:]))
    return float(f_scores(counts.sum(axis=0))[-2]), nlp


def main(corpus: str, out: str, *words: str) -> None:
    overrides, blank, figures = parse_config_overrides(list(words)), spacy.blank("en"), []
    docs, dev = (labelled_docs(blank, Path(corpus, f"{name}.spacy")) for name in ("train", "dev"))
    for draw in range(DRAWS):
        order = np.random.default_rng(draw).permutation(len(docs)).tolist()
        first, rest = (
            [docs[i] for i in order[:FIRST]],
            [docs[i] for i in order[FIRST : FIRST + CANDIDATES]],
        )
        f, nlp = score(first, dev, overrides)
        texts = [doc.text for doc in rest]
        predicted = list(nlp.pipe(texts))
        with everything(nlp):
            unsure = np.array([unsureness(doc) for doc in nlp.pipe(texts)])
        chosen = [rest[i] for i in choose(predicted, unsure, number=MORE)]
        scores = {"first": f}
        for name, more in (("chosen", chosen), ("random", rest[:MORE])):
            scores |= {
                name: score([*first, *more], dev, overrides)[0],
                f"{name}_words": sum(map(len, more)),
            }
        figures.append(scores)
        print(scores, flush=True)
    srsly.write_json(out, {"draws": figures})


if __name__ == "__main__":
    main(*sys.argv[1:])
