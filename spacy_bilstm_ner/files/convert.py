"""Turn a labelled CSV into train.spacy, dev.spacy, test.spacy and stats.json."""

import argparse
import os
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import srsly
from spacy.language import Language
from spacy.tokens import DocBin
from tqdm import tqdm

from ..errors import UserError
from .docs import blank_pipeline, count_aligned, count_entities, make_doc
from .schemes import entity_labels
from .split import NAMES, Splits, count_copies, drop_copies, random_split, tutorial_split
from .tables import CsvData, read_csv

STATS = "stats.json"
OUTPUTS = (*(f"{name}.spacy" for name in NAMES), STATS)


@dataclass
class SplitDocs:
    """The documents of one split, and what was counted on the way.

    docs (DocBin): The gold documents, one per sentence.
    sentences (int): Their number.
    tokens (int): Gold tokens.
    entities (Counter[str]): Entities per label.
    aligned (Counter[str]): Those of them that can be told on the tokenizer's own tokens.
    """

    docs: DocBin = field(default_factory=lambda: DocBin(attrs=["ENT_IOB", "ENT_TYPE"]))
    sentences: int = 0
    tokens: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    aligned: Counter[str] = field(default_factory=Counter)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options.

    parser (argparse.ArgumentParser): The command's own parser.
    """
    parser.description = __doc__
    parser.epilog = "example: python -m spacy_bilstm_ner convert mine.csv corpus --lang de --sep ';'"
    parser.add_argument("csv", type=Path, metavar="CSV", help="a labelled CSV, or a zip that holds one")
    parser.add_argument("out_dir", type=Path, metavar="OUT_DIR", help="where the four files go")
    parser.add_argument("--lang", default="en", help="language code of the texts, for the tokenizer (default: en)")
    parser.add_argument(
        "--encoding", default="auto", help="encoding of the CSV (default: UTF-8 and, where that fails, cp1252)"
    )
    parser.add_argument("--sep", default=",", help="what separates two fields; 'tab' for a tab (default: a comma)")
    for role, what in (
        ("sentence", "sentence numbers, on every row or on first rows only"),
        ("word", "words"),
        ("pos", "parts of speech (not read)"),
        ("tag", "BIO tags"),
    ):
        parser.add_argument(f"--{role}-column", metavar="NAME", help=f"the column of {what} (default: it is found)")
    parser.add_argument(
        "--split",
        choices=("tutorial", "random"),
        default="tutorial",
        help="the tutorial's own split, or one drawn with --seed and the sizes (default: tutorial)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the random split (default: 0)")
    parser.add_argument("--dev-size", type=float, default=0.2, help="share of the random split (default: 0.2)")
    parser.add_argument("--test-size", type=float, default=0.1, help="share of the random split (default: 0.1)")
    parser.add_argument(
        "--dedupe", action="store_true", help="drop from train and dev what stands word for word in a later split"
    )
    parser.add_argument("--strict", action="store_true", help="an I-x without its B-x is an error")


def execute(args: argparse.Namespace) -> None:
    """Run the command.

    args (argparse.Namespace): The options that `configure` adds.
    RAISES UserError: If the file cannot be read as labelled sentences. Nothing is written then.
    """
    check_out_dir(args.out_dir)
    nlp = blank_pipeline(args.lang)
    data = read_csv(
        args.csv,
        encoding=args.encoding,
        sep="\t" if args.sep in ("tab", r"\t") else args.sep,
        sentence_column=args.sentence_column or None,
        word_column=args.word_column or None,
        pos_column=args.pos_column or None,
        tag_column=args.tag_column or None,
        strict=args.strict,
    )
    print(f"{args.csv}: {data.rows:,} rows, {len(data.sentences):,} sentences")
    print(f"Encoding: {data.encoding}{' (found)' if args.encoding == 'auto' else ''}")
    print(f"Columns: {data.columns}")
    if args.split == "tutorial":
        splits = tutorial_split(data.sentences)
    else:
        splits = random_split(data.sentences, seed=args.seed, dev_size=args.dev_size, test_size=args.test_size)
    dealt = {name: len(splits[name]) for name in NAMES}
    if args.dedupe:
        splits = drop_copies(splits)
        dropped = ", ".join(f"{dealt[name] - len(splits[name]):,} from {name}" for name in ("train", "dev"))
        print(f"Copies dropped: {dropped}")
    warnings = find_warnings(data, splits)
    for message in warnings.values():
        print(f"Warning: {message}", file=sys.stderr)

    converted = convert(nlp, splits)
    options: dict[str, Any] = {"method": args.split, "dedupe": args.dedupe}
    if args.split == "random":
        options.update(seed=args.seed, dev_size=args.dev_size, test_size=args.test_size)
    stats = {
        "source": {
            "file": args.csv.name,
            "sha256": data.sha256,
            "encoding": data.encoding,
            "columns": asdict(data.columns),
            "rows": data.rows,
            "sentences": len(data.sentences),
        },
        "lang": args.lang,
        "split": options,
        "splits": {
            name: {**count(converted[name]), "dropped_copies": dealt[name] - len(splits[name])} for name in NAMES
        },
        "warnings": warnings,
    }
    write(args.out_dir, converted, stats)
    for name in NAMES:
        split = converted[name]
        print(
            f"{name + ':':6} {split.sentences:>7,} sentences, {split.tokens:>9,} tokens, {split.entities.total():>7,} "
            f"entities, of which {split.aligned.total():,} lie on the tokens of spaCy's tokenizer"
        )
    print(f"Wrote {', '.join(OUTPUTS)} to {args.out_dir}")


def find_warnings(data: CsvData, splits: Splits) -> dict[str, str]:
    """data (CsvData): What was read.
    splits (Splits): What becomes of it.
    RETURNS (dict[str, str]): One message, with its count, per kind of warning.
    """
    warnings = {}
    if data.repaired:
        warnings["repaired_tags"] = (
            f"{data.repaired:,} tags I-x that follow no entity of their label were read as B-x "
            f"(the first: line {data.first_repaired}); --strict makes this an error."
        )
    if data.divided:
        warnings["divided_words"] = (
            f"{data.divided:,} words with white space inside were divided there (the first: line {data.first_divided})."
        )
    copies = count_copies(splits)
    if any(copies.values()):
        found = ", ".join(f"{copies[name]:,} of {name}'s {len(splits[name]):,}" for name in NAMES)
        warnings["copies"] = f"sentences that stand word for word in another split: {found}; --dedupe keeps them apart."
    labels = {
        name: Counter(label for sentence in splits[name] for label in entity_labels(sentence.tags)) for name in NAMES
    }
    lacking = {
        label: n for label, n in sorted((labels["dev"] + labels["test"]).items()) if label not in labels["train"]
    }
    if lacking:
        found = ", ".join(f"{label} ({n})" for label, n in lacking.items())
        warnings["labels_not_in_train"] = f"labels that dev or test have and train lacks (number of entities): {found}."
    if not any(labels.values()):
        warnings["no_entities"] = "there is not one entity: every tag is O."
    return warnings


def convert(nlp: Language, splits: Splits) -> dict[str, SplitDocs]:
    """nlp (Language): The pipeline whose tokenizer reads the texts later.
    splits (Splits): The sentences of each split.
    RETURNS (dict[str, SplitDocs]): Their documents.
    """
    converted = {name: SplitDocs() for name in NAMES}
    total = sum(len(splits[name]) for name in NAMES)
    with tqdm(total=total, desc="Converting", unit=" sentences", disable=None) as progress:
        for name, split in converted.items():
            for sentence in splits[name]:
                gold, tokenized = make_doc(nlp, sentence)
                split.docs.add(gold)
                split.sentences += 1
                split.tokens += len(gold)
                split.entities.update(count_entities(gold))
                split.aligned.update(count_aligned(gold, tokenized))
                progress.update()
    return converted


def count(split: SplitDocs) -> dict[str, Any]:
    """split (SplitDocs): A split.

    RETURNS (dict[str, Any]): What stats.json says of it.
    """
    return {
        "sentences": split.sentences,
        "tokens": split.tokens,
        "entities": split.entities.total(),
        "aligned": split.aligned.total(),
        "labels": {
            label: {"entities": n, "aligned": split.aligned[label]} for label, n in sorted(split.entities.items())
        },
    }


def check_out_dir(out_dir: Path) -> None:
    """out_dir (Path): Where the files shall go.

    RAISES UserError: when they cannot; said before the work rather than after it.
    """
    if out_dir.exists() and not out_dir.is_dir():
        raise UserError(f"{out_dir} is a file: give a folder to write to.")
    for name in OUTPUTS:
        if (out_dir / name).is_dir():
            raise UserError(f"{out_dir / name} is a folder, and a file of that name is to be written: move it away.")


def write(out_dir: Path, converted: dict[str, SplitDocs], stats: dict[str, Any]) -> None:
    """Write the four files beside their place, then move them there; other files of the folder stay as they are.

    out_dir (Path): Where they go; made if need be.
    converted (dict[str, SplitDocs]): The documents.
    stats (dict[str, Any]): What was counted.
    RAISES UserError: when the folder cannot be written to.
    """
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        # Inside the folder, so that moving is renaming even where the folder is a mount of its own.
        with tempfile.TemporaryDirectory(dir=out_dir, prefix=".convert-") as folder:
            for name in NAMES:
                converted[name].docs.to_disk(Path(folder) / f"{name}.spacy")
            srsly.write_json(Path(folder) / STATS, stats)
            for name in OUTPUTS:
                os.replace(Path(folder) / name, out_dir / name)
    except OSError as error:
        raise UserError(f"{out_dir} cannot be written to: {error.strerror}.") from error
