"""How many labels that were spoilt on purpose does `audit` find? Labels, borders or presence of 3 % of the entities in
dev are changed at random. What it suspects in the untouched corpus is left out of the count: that has wrong labels of
its own. Of the first N of the rest, N as many as were spoilt, the share of spoilt ones is what counts. Beside it stands
cleanlab (pip install cleanlab), which ranks tokens by the same pipelines' probabilities, counted likewise.

    python -m scripts.research.audit CORPUS OUT [--vectors VECTORS]     # the folder of train.spacy and dev.spacy
"""

import argparse
from collections.abc import Iterable, Iterator
from itertools import compress
from operator import itemgetter

import numpy as np
import srsly
from numpy.typing import NDArray
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from spacy.util import minibatch
from spacy.vocab import Vocab

from spacy_bilstm_ner.pipe.loading import load_pipeline
from spacy_bilstm_ner.quality import folds
from spacy_bilstm_ner.quality.audit import suspects
from spacy_bilstm_ner.sequences.crf import marginals
from spacy_bilstm_ner.sequences.gold import gold_columns

SHARE = 0.03
# A place in the corpus: the number of the sentence, the first character, the one after the last.
Place = tuple[int, int, int]


def spoil(docs: list[Doc], rng: np.random.Generator) -> list[Place]:
    """Change SHARE of the entities in place. RETURNS (list[Place]): Where, by the longer of before and after."""
    labels = sorted({ent.label_ for doc in docs for ent in doc.ents})
    spoilt = []
    every = [(i, j) for i, doc in enumerate(docs) for j in range(len(doc.ents))]
    chosen = rng.choice(len(every), round(SHARE * len(every)), replace=False)
    # From the right to the left, so that the numbers of the entities before stay.
    for i, j in sorted((every[k] for k in chosen), reverse=True):
        doc, ents = docs[i], list(docs[i].ents)
        ent = ents[j]
        free = [
            at for at in (ent.start - 1, ent.end) if 0 <= at < len(doc) and not doc[at].ent_type
        ]
        borders = [(min(at, ent.start), max(at + 1, ent.end)) for at in free]
        borders += [(ent.start + 1, ent.end), (ent.start, ent.end - 1)] if len(ent) > 1 else []
        kind = rng.choice(["label", "border", "presence"] if borders else ["label", "presence"])
        start, end = (
            borders[rng.integers(len(borders))] if kind == "border" else (ent.start, ent.end)
        )
        label = (
            rng.choice([each for each in labels if each != ent.label_])
            if kind == "label"
            else ent.label_
        )
        ents[j : j + 1] = [] if kind == "presence" else [Span(doc, start, end, label=str(label))]
        whole = doc[min(start, ent.start) : max(end, ent.end)]
        doc.set_ents(ents)
        spoilt.append((i, whole.start_char, whole.end_char))
    return spoilt


def by_audit(run: folds.Run) -> list[Place]:
    """What `audit` suspects, most suspicious first."""
    examples = run.predict(unsure=True)
    number = {id(example): i for i, example in enumerate(examples)}
    found = []
    for each in suspects(examples):
        sides = [entity for entity in (each.gold, each.predicted) if entity]
        found.append(
            (
                number[id(each.example)],
                min(each.start for each in sides),
                max(each.end for each in sides),
            )
        )
    return found


def by_cleanlab(run: folds.Run) -> list[Place]:
    """What cleanlab suspects: tokens with issues, by their self-confidence."""
    from cleanlab.token_classification.filter import find_label_issues

    # Of each sentence its number, the tags of its tokens, their probabilities and places
    found: list[tuple[int, list[int], NDArray, list[tuple[int, int]]]] = []
    for number, fold in enumerate(run.folds, 1):
        nlp = load_pipeline(run.out / f"fold-{number}" / "model")
        ner = nlp.get_pipe("ner")
        for numbers in minibatch(fold.test, 1000):
            some = [Example(nlp.make_doc(run.docs[i].text), run.docs[i]) for i in numbers]
            scores = ner.model.predict([each.predicted for each in some])
            ends = np.cumsum(scores.words.per_doc)[:-1]
            gold = np.concatenate([gold_columns(each, ner.labels) for each in some])[
                scores.words.tokens
            ]
            sure = marginals(scores.scores, scores.transitions, scores.words.per_doc)
            for i, each, tags, rows in zip(
                numbers, some, np.split(gold, ends), np.split(sure, ends), strict=True
            ):
                known = tags >= 0
                words = compress([token for token in each.predicted if not token.is_space], known)
                if known.any():
                    places = [(word.idx, word.idx + len(word)) for word in words]
                    found.append((i, tags[known].tolist(), rows[known], places))
    order, labels, probabilities, tokens = zip(*sorted(found, key=itemgetter(0)), strict=True)
    issues = find_label_issues(
        list(labels), list(probabilities), return_indices_ranked_by="self_confidence"
    )
    return [(order[i], *tokens[i][j]) for i, j in issues]


def characters(places: Iterable[Place]) -> set[tuple[int, int]]:
    """All that places cover: the number of the sentence, and of the character."""
    return {(i, at) for i, begin, end in places for at in range(begin, end)}


def distinct(ranked: list[Place]) -> Iterator[Place]:
    """Without those that stand next to one before: several tokens of an entity are one suspicion."""
    seen = set[tuple[int, int]]()
    for i, begin, end in ranked:
        if seen.isdisjoint(characters([(i, begin - 2, end + 2)])):
            yield i, begin, end
        seen |= characters([(i, begin, end)])


def share_spoilt(ranked: list[Place], before: list[Place], spoilt: list[Place]) -> dict[str, float]:
    """Of the first N, the share of spoilt ones: "plain", and "left_out" without what was suspected before."""
    known, wrong = characters(before), characters(spoilt)
    every = list(distinct(ranked))
    rest, left = (
        [each for each in some if known.isdisjoint(characters([each]))] for some in (every, spoilt)
    )
    shares = {}
    for name, places, n in (("plain", every, len(spoilt)), ("left_out", rest, len(left))):
        shares[name] = sum(not wrong.isdisjoint(characters([each])) for each in places[:n]) / n
        shares[f"{name}_n"] = n
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    # FILE, too, is one of the options of `audit`; here, it is the corpus.
    folds.configure(parser)
    args = parser.parse_args()
    train, dev = (
        list(DocBin().from_disk(args.file / f"{name}.spacy").get_docs(Vocab()))
        for name in ("train", "dev")
    )
    args.out.mkdir(parents=True, exist_ok=True)
    runs: dict[str, folds.Run] = {}
    spoilt: list[Place] = []
    for name in ("untouched", "spoilt"):
        if name == "spoilt":
            spoilt = [
                (i + len(train), begin, end)
                for i, begin, end in spoil(dev, np.random.default_rng(0))
            ]
        path = args.out / f"{name}.spacy"
        DocBin(["ENT_IOB", "ENT_TYPE"], docs=[*train, *dev]).to_disk(path)
        runs[name] = folds.train_folds(
            argparse.Namespace(**vars(args) | {"file": path, "out": args.out / name})
        )
    figures: dict[str, object] = {"spoilt": len(spoilt)}
    for name, ranking in (("audit", by_audit), ("cleanlab", by_cleanlab)):
        figures[name] = share_spoilt(ranking(runs["spoilt"]), ranking(runs["untouched"]), spoilt)
        print(name, figures[name], flush=True)
    srsly.write_json(args.out / "audit.json", figures)


if __name__ == "__main__":
    main()
