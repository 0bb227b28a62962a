"""Turn labelled files into train.spacy, dev.spacy, test.spacy and stats.json. What a file is, is found by its content:
CSV and its kin, CoNLL, JSON Lines, Label Studio's export, Excel, Parquet, .spacy; also as gz, bz2, xz or in a zip."""

import argparse
import os
import random
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import srsly
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from tqdm import tqdm
from wasabi.tables import table

from ..errors import UserError, count, printable
from ..system.whole import save
from .docs import blank_pipeline, count_aligned, make_doc
from .options import add_options
from .reading import read, show_warnings
from .schemes import entity_labels
from .sentences import Data, Sentence
from .split import NAMES, Splits, count_copies, drop_copies, random_split, tutorial_split

STATS = "stats.json"
OUTPUTS = (*(f"{name}.spacy" for name in NAMES), STATS)
# Written only if an entity's offsets were changed or could not be used.
DOUBTFUL = "doubtful.txt"
N_SHOWN = 3


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "example: python -m spacy_bilstm_ner convert mine.csv corpus --lang de --sep ';'"
    )
    add = parser.add_argument
    add(
        "files",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="labelled files, or folders of such files",
    )
    add("out_dir", type=Path, metavar="OUT", help="the folder to write to")
    add("--lang", default="en", help="language code of the texts, for the tokenizer (default: en)")
    add("--dev", metavar="FILE", help="your own dev sentences (default: a part of FILE)")
    add("--test", metavar="FILE", help="your own test sentences (default: a part of FILE)")
    split = "the tutorial's own split, or one drawn with --seed and the sizes (default: tutorial)"
    add("--split", choices=("tutorial", "random"), default="tutorial", help=split)
    add("--seed", type=int, default=0, help="of the random split (default: 0)")
    add("--dev-size", type=float, default=0.2, help="share of the random split (default: 0.2)")
    add("--test-size", type=float, default=0.1, help="share of the random split (default: 0.1)")
    add(
        "--dedupe",
        action="store_true",
        help="drop from train and dev what stands word for word in a later split",
    )
    add(
        "--report",
        type=Path,
        metavar="FILE",
        help="write every fault, and all that is doubtful, to this file",
    )
    add_options(parser)


def execute(args: argparse.Namespace) -> None:
    """RAISES UserError: If a file cannot be read as labelled sentences. Nothing is written then, but the report."""
    try:
        report = _convert(args)
    except UserError as error:
        _write_lines(args.report, getattr(error, "lines", [str(error)]))
        raise
    _write_lines(args.report, report)


def _convert(args: argparse.Namespace) -> list[str]:
    """Convert, and tell all that is doubtful."""
    if args.out_dir.exists() and not args.out_dir.is_dir():
        raise UserError(f"{args.out_dir} is a file: give a folder to write to.")
    nlp = blank_pipeline(args.lang)
    given = {"train": args.files} | {
        name: [Path(path)] for name in ("dev", "test") if (path := getattr(args, name))
    }
    seen = Data()
    parts = {name: read(paths, nlp, args.reading, seen=seen) for name, paths in given.items()}
    seen.faults.check()
    for name, data in parts.items():
        rows, sentences = count(data.rows, "row"), count(len(data.sentences), "sentence")
        print(f"{', '.join(map(str, given[name]))}: {rows}, {sentences}")
        columns = ", ".join(
            f"{role} = {column!r}"
            for role, column in (data.source["columns"] or {}).items()
            if column
        )
        told = {"Encoding": data.source["encoding"], "Columns": columns}
        print("\n".join(f"{what}: {found}" for what, found in told.items() if found))
    for note in seen.notes:
        print(note)
    options: dict[str, Any] = {
        "method": args.split if len(parts) == 1 else "files",
        "dedupe": args.dedupe,
    }
    if options["method"] == "tutorial":
        splits = dealt = tutorial_split(parts["train"].sentences)
    else:
        how: dict[str, Any] = {
            "seed": args.seed,
            "dev_size": args.dev_size,
            "test_size": args.test_size,
        }
        own: dict[str, Any] = {name: data.sentences for name, data in parts.items()}
        splits = dealt = random_split(own.pop("train"), **how, **own)
        options |= how
    if args.dedupe:
        splits = drop_copies(dealt)
        dropped = ", ".join(
            f"{len(dealt[name]) - len(splits[name]):,} from {name}" for name in ("train", "dev")
        )
        print(f"Copies dropped: {dropped}")
    seen.warnings |= find_warnings(splits)
    if seen.doubtful:
        seen.warn(
            "doubtful",
            "entities whose offsets cut words, overlap or have white space at their edges, changed or left out: "
            f"{len(seen.doubtful):,}; {args.out_dir / DOUBTFUL} lists them. The first: {seen.doubtful[0]}.",
        )
    show_warnings(seen)
    stats: dict[str, Any] = {
        "source" if name == "train" else name: data.source for name, data in parts.items()
    }
    stats |= {"lang": args.lang, "split": options, "splits": {}, "warnings": seen.warnings}
    docs = {}
    for name in NAMES:
        docs[name], counts = _make_docs(nlp, splits[name], name)
        stats["splits"][name] = {**counts, "dropped_copies": len(dealt[name]) - len(splits[name])}
    write(args.out_dir, docs, stats, seen.doubtful)
    _show_summary(stats["splits"], docs["train"].get_docs(nlp.vocab), args)
    show_warnings(seen)
    return [*seen.warnings.values(), *seen.doubtful]


def _make_docs(
    nlp: Language, sentences: list[Sentence], name: str
) -> tuple[DocBin, dict[str, Any]]:
    """The documents of a split; and its counts: "aligned" entities have edges that are edges of the tokenizer's tokens,
    too."""
    docs = DocBin(attrs=["ENT_IOB", "ENT_TYPE"])
    tokens, entities, aligned = 0, Counter[str](), Counter[str]()
    for sentence in tqdm(sentences, f"Converting {name}", unit=" sentences", disable=None):
        gold, tokenized = make_doc(nlp, sentence)
        docs.add(gold)
        # spaCy keeps what stands in the flags, and does not read it: user data would slow down training.
        docs.flags[-1]["origin"] = gold.user_data["origin"]
        tokens += len(gold)
        entities.update(ent.label_ for ent in gold.ents)
        aligned.update(count_aligned(gold, tokenized))
    labels = {
        label: {"entities": n, "aligned": aligned[label]} for label, n in sorted(entities.items())
    }
    totals = {"entities": entities.total(), "aligned": aligned.total()}
    return docs, {"sentences": len(docs), "tokens": tokens, **totals, "labels": labels}


def find_warnings(splits: Splits) -> dict[str, str]:
    """RETURNS (dict[str, str]): What makes a corpus hard to learn from or to measure on: a message of each kind.
    RAISES UserError: If there is no entity at all.
    """
    warnings = {}
    copies = count_copies(splits)
    if any(copies.values()):
        found = ", ".join(f"{copies[name]:,} of {name}'s {len(splits[name]):,}" for name in NAMES)
        warnings["copies"] = (
            f"sentences that stand word for word in another split: {found}; --dedupe keeps them apart."
        )
    labels = {
        name: Counter(label for one in splits[name] for label in entity_labels(one.tags))
        for name in NAMES
    }
    total = labels["train"] + labels["dev"] + labels["test"]
    if not total:
        raise UserError(
            "there is no entity at all: every word is outside. Is it the right --tag-column?"
        )
    if found := ", ".join(
        f"{label} ({n})" for label, n in sorted(total.items()) if label not in labels["train"]
    ):
        warnings["labels_not_in_train"] = (
            f"labels that dev or test have and train lacks (number of entities): {found}."
        )
    if once := [label for label, n in sorted(total.items()) if n == 1]:
        warnings["labels_once"] = (
            f"labels of one entity only, from which nothing can be learnt: {', '.join(once)}."
        )
    if empty := [name for name in NAMES if not labels[name]]:
        warnings["splits_without_entities"] = f"there is no entity in {' and '.join(empty)}."
    spellings = Counter(map(str.casefold, total))
    if alike := [label for label in sorted(total) if spellings[label.casefold()] > 1]:
        warnings["labels_alike"] = (
            f"labels that differ in capitals only are different labels: {', '.join(alike)}."
        )
    return warnings


def write(
    out_dir: Path, docs: dict[str, DocBin], stats: dict[str, Any], doubtful: list[str]
) -> None:
    """Write the files beside their place, then move them there; other files of the folder stay as they are.

    RAISES UserError: If the folder cannot be written to.
    """
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        # Inside the folder, so that moving is renaming even where the folder is a mount of its own.
        with tempfile.TemporaryDirectory(dir=out_dir, prefix=".convert-") as folder:
            for name in NAMES:
                docs[name].to_disk(Path(folder) / f"{name}.spacy")
            srsly.write_json(Path(folder) / STATS, stats)
            (out_dir / DOUBTFUL).unlink(missing_ok=True)
            _write_lines(out_dir / DOUBTFUL if doubtful else None, doubtful)
            for name in OUTPUTS:
                os.replace(Path(folder) / name, out_dir / name)
    except OSError as error:
        raise UserError(f"{out_dir} cannot be written to: {error.strerror}.") from error


def _write_lines(path: Path | None, lines: list[str]) -> None:
    if path is not None:
        save(path, "".join(f"{line}\n" for line in lines))


def _show_summary(splits: dict[str, Any], docs: Iterable[Doc], args: argparse.Namespace) -> None:
    """Print what was converted, some sentences of it, and what to do next."""
    counts = {
        what: [split[what] for split in splits.values()]
        for what in ("sentences", "tokens", "entities")
    }
    counts["of which on spaCy's own tokens"] = [split["aligned"] for split in splits.values()]
    for label in sorted({label for split in splits.values() for label in split["labels"]}):
        counts[label] = [
            split["labels"].get(label, {"entities": 0})["entities"] for split in splits.values()
        ]
    rows = [(name, *(f"{n:,}" for n in numbers)) for name, numbers in counts.items()]
    print(printable(table(rows, header=("", *splits), aligns=("l", "r", "r", "r"))))
    with_entities = [doc for doc in docs if doc.ents]
    for doc in random.Random(args.seed).sample(with_entities, min(N_SHOWN, len(with_entities))):
        print(f"  {printable(mark(doc))}")
    print(f"Wrote {', '.join(OUTPUTS)} to {args.out_dir}. To train on them:")
    print(f"python -m spacy_bilstm_ner init config.cfg --lang {args.lang}")
    paths = " ".join(f"--paths.{name} {args.out_dir / name}.spacy" for name in ("train", "dev"))
    print(f"python -m spacy train config.cfg --output training {paths}")


def mark(doc: Doc) -> str:
    """RETURNS (str): The text with its entities as [text](label)."""
    text = doc.text
    for ent in reversed(doc.ents):
        text = f"{text[: ent.start_char]}[{ent.text}]({ent.label_}){text[ent.end_char :]}"
    return text.replace("\n", " ")
