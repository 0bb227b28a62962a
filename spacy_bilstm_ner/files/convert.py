"""Convert labelled files into .spacy files."""

import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import srsly
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from tqdm import tqdm

from ..errors import UserError
from ..system.whole import whole_file
from .docs import blank_pipeline, count_aligned, make_doc
from .options import Options
from .reading import read_sentences
from .records import TaggedWords
from .report import Report
from .schemes import entity_labels
from .split import NAMES, Splits, count_copies, drop_copies, random_split, tutorial_split

STATS = "stats.json"
# train.spacy comes last: while it is missing, the folder is incomplete.
OUTPUTS = (STATS, "test.spacy", "dev.spacy", "train.spacy")
# Number of sentences that are shown
N_SHOWN = 3


@dataclass(frozen=True)
class Split:
    """How sentences are divided.

    method (str): "tutorial" or "random".
    dev, test (Optional[Path]): The user's own files of these parts.
    seed (int): Seed of the random split.
    dev_size, test_size (float): Shares of the random split.
    dedupe (bool): Drop from train and dev what occurs word for word in a later part.
    """

    method: str = "tutorial"
    dev: Path | None = None
    test: Path | None = None
    seed: int = 0
    dev_size: float = 0.2
    test_size: float = 0.1
    dedupe: bool = False


@dataclass
class Conversion:
    """What was converted.

    reports (dict[str, Report]): What was read for "train", and for "dev" and "test" if they have
        files of their own.
    stats (dict[str, Any]): The content of stats.json.
    examples (list[str]): Some sentences with their entities as [text](label).
    """

    reports: dict[str, Report]
    stats: dict[str, Any]
    examples: list[str]


def convert(
    files: Sequence[Any],
    out: Path,
    *,
    lang: str = "en",
    split: Split | None = None,
    options: Options | None = None,
) -> Conversion:
    """Convert labelled files.

    files (Sequence[Union[Path, pandas.DataFrame]]): Files, folders of files, or tables.
    out (Path): A folder for train.spacy, dev.spacy, test.spacy and stats.json; or a .spacy file,
        which gets all sentences.
    lang (str): Language code of the texts, for the tokenizer.
    RAISES UserError: If a file cannot be read, or nothing can be written. Nothing is written then.
    """
    split, options = split or Split(), options or Options()
    _check_out([*files, split.dev, split.test], out)
    nlp = blank_pipeline(lang)
    sentences, report = read_sentences(files, nlp, options)
    if not any(sentence.n_entities for sentence in sentences):
        raise UserError(
            "there is no entity at all: every word is outside. Is it the right --tag-column?"
        )
    if out.suffix == ".spacy":
        docs, counts = make_docs(nlp, sentences, out.stem)
        with whole_file(out) as file:
            file.write(docs.to_bytes())
        stats: dict[str, Any] = {"lang": lang, "splits": {out.stem: counts}}
        return Conversion({"train": report}, stats, _examples(nlp, docs))
    reports = {"train": report}
    parts: dict[str, Any] = {}
    for name, path in (("dev", split.dev), ("test", split.test)):
        if path is not None:
            parts[name], reports[name] = read_sentences([path], nlp, options)
    sizes: dict[str, Any] = {"seed": split.seed, "dev_size": split.dev_size}
    sizes["test_size"] = split.test_size
    description: dict[str, Any] = {"method": split.method, "dedupe": split.dedupe}
    if parts:
        description["method"] = "files"
    if description["method"] == "tutorial":
        splits = tutorial_split(sentences)
    else:
        splits = random_split(sentences, **sizes, **parts)
        description |= sizes
    distinct = drop_copies(splits) if split.dedupe else splits
    report.warnings += find_doubts_of_splits(distinct)
    stats = {"lang": lang, "split": description, "splits": {}}
    stats |= {"source" if name == "train" else name: vars(reports[name]) for name in reports}
    docs_of = {}
    for name in NAMES:
        docs_of[name], counts = make_docs(nlp, distinct[name], name)
        n_dropped = len(splits[name]) - len(distinct[name])
        stats["splits"][name] = {**counts, "dropped_copies": n_dropped}
    write(out, docs_of, stats)
    return Conversion(reports, stats, _examples(nlp, docs_of["train"]))


def make_docs(
    nlp: Language, sentences: Sequence[TaggedWords], name: str
) -> tuple[DocBin, dict[str, Any]]:
    """Make the Docs of a part, and its counts.

    "aligned" entities have edges that are also edges of the tokenizer's tokens.
    """
    docs = DocBin(attrs=["ENT_IOB", "ENT_TYPE"])
    n_tokens = 0
    entities, aligned = Counter[str](), Counter[str]()
    for sentence in tqdm(sentences, f"Converting {name}", unit=" sentences", disable=None):
        gold, tokenized = make_doc(nlp, sentence)
        docs.add(gold)
        # spaCy stores flags and does not read them; user data would slow down training.
        docs.flags[-1]["origin"] = gold.user_data["origin"]
        n_tokens += len(gold)
        entities.update(ent.label_ for ent in gold.ents)
        aligned.update(count_aligned(gold, tokenized))
    labels = {}
    for label, number in sorted(entities.items()):
        labels[label] = {"entities": number, "aligned": aligned[label]}
    counts = {"sentences": len(docs), "tokens": n_tokens, "entities": entities.total()}
    return docs, {**counts, "aligned": aligned.total(), "labels": labels}


def find_doubts_of_splits(splits: Splits) -> list[str]:
    """Return what makes a split hard to learn from or to measure on, a sentence each."""
    doubts = []
    copies = count_copies(splits)
    if any(copies.values()):
        shares = [f"{copies[name]:,} of {name}'s {len(splits[name]):,}" for name in NAMES]
        doubts.append(
            f"sentences that occur word for word in another part: {', '.join(shares)}; --dedupe "
            "keeps them apart."
        )
    labels = {}
    for name in NAMES:
        labels[name] = Counter[str]()
        for sentence in splits[name]:
            labels[name].update(entity_labels(sentence.tags))
    unseen = (labels["dev"] + labels["test"]).keys() - labels["train"].keys()
    if unseen:
        doubts.append(f"labels that dev or test have and train lacks: {', '.join(sorted(unseen))}.")
    empty = [name for name in NAMES if splits[name] and not labels[name]]
    if empty:
        doubts.append(f"there is no entity in {' and '.join(empty)}.")
    return doubts


def write(out: Path, docs: dict[str, DocBin], stats: dict[str, Any]) -> None:
    """Write the files to a folder; its other files stay.

    The files of an older corpus go first, and train.spacy comes last, so that no train.spacy is
    ever beside files of another corpus.

    RAISES UserError: If the folder cannot be written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        # Inside the folder, so that moving is renaming even if the folder is a mount of its own
        with tempfile.TemporaryDirectory(dir=out, prefix=".convert-") as temporary:
            folder = Path(temporary)
            for name in NAMES:
                docs[name].to_disk(folder / f"{name}.spacy")
            srsly.write_json(folder / STATS, stats)
            for name in reversed(OUTPUTS):
                (out / name).unlink(missing_ok=True)
            for name in OUTPUTS:
                os.replace(folder / name, out / name)
    except OSError as error:
        raise UserError(f"{out} cannot be written to: {error.strerror}.") from error


def mark(doc: Doc) -> str:
    """Return the text with its entities as [text](label)."""
    text = doc.text
    for ent in reversed(doc.ents):
        text = f"{text[: ent.start_char]}[{ent.text}]({ent.label_}){text[ent.end_char :]}"
    return text.replace("\n", " ")


def _check_out(files: Sequence[Any], out: Path) -> None:
    """Check the output.

    RAISES UserError: If it is an input, or cannot be an output.
    """
    for file in files:
        if isinstance(file, Path) and file.exists() and file.resolve() == out.resolve():
            raise UserError(f"{out} is an input: give another path to write to.")
    if out.exists() and out.is_dir() == (out.suffix == ".spacy"):
        kind = "folder" if out.is_dir() else "file"
        raise UserError(f"{out} is a {kind}: give a folder, or a file that ends in .spacy.")


def _examples(nlp: Language, docs: DocBin) -> list[str]:
    """Return the first sentences that have entities."""
    examples: list[str] = []
    for doc in docs.get_docs(nlp.vocab):
        if len(examples) == N_SHOWN:
            break
        if doc.ents:
            examples.append(mark(doc))
    return examples
