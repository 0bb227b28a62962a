"""Turn labelled files into train.spacy, dev.spacy, test.spacy and stats.json. What a file is, is found by its content:
CSV and its kin, CoNLL, JSON Lines, Label Studio's export, Excel, Parquet, .spacy; also as gz, bz2, xz or in a zip."""

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import srsly
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from tqdm import tqdm

from ..errors import UserError
from .docs import blank_pipeline, count_aligned, count_entities, make_doc
from .faults import FileFaults
from .reading import add_options, get_options, read
from .schemes import entity_labels
from .sentences import Data
from .split import NAMES, Splits, count_copies, drop_copies, random_split, tutorial_split

STATS = "stats.json"
OUTPUTS = (*(f"{name}.spacy" for name in NAMES), STATS)
# Written only if an entity's offsets were changed or could not be used.
DOUBTFUL = "doubtful.txt"
N_SHOWN = 3


@dataclass
class SplitDocs:
    """The documents of one split, and what was counted on the way.

    docs (DocBin): The gold documents, one per sentence.
    sentences (int): Their number.
    tokens (int): Gold tokens.
    entities (Counter[str]): Entities per label.
    aligned (Counter[str]): Those of them whose edges are edges of the tokenizer's tokens, too.
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
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="labelled files, or folders of such files")
    parser.add_argument("out_dir", type=Path, metavar="OUT", help="the folder to write to")
    parser.add_argument("--lang", default="en", help="language code of the texts, for the tokenizer (default: en)")
    parser.add_argument("--dev", type=Path, metavar="FILE", help="your own dev sentences (default: a part of FILE)")
    parser.add_argument("--test", type=Path, metavar="FILE", help="your own test sentences (default: a part of FILE)")
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
    parser.add_argument("--report", type=Path, metavar="FILE", help="write every fault of the files to this one")
    add_options(parser)


def execute(args: argparse.Namespace) -> None:
    """Run the command.

    args (argparse.Namespace): The options that `configure` adds.
    RAISES UserError: If a file cannot be read as labelled sentences. Nothing is written then.
    """
    check_out_dir(args.out_dir)
    nlp = blank_pipeline(args.lang)
    parts: dict[str, Data] = {}
    for name, paths in (("train", args.files), ("dev", [args.dev]), ("test", [args.test])):
        if paths != [None]:
            parts[name] = _read(paths, nlp, args)
            _tell(parts[name], paths, args.encoding)
    warnings: dict[str, str] = {}
    for data in parts.values():
        for kind, message in data.warnings.items():
            warnings[kind] = message if warnings.get(kind, message) == message else f"{warnings[kind]}\n{message}"
    method = args.split if len(parts) == 1 else "files"
    splits = _split(parts, args)
    dealt = {name: len(splits[name]) for name in NAMES}
    if args.dedupe:
        splits = drop_copies(splits)
        dropped = ", ".join(f"{dealt[name] - len(splits[name]):,} from {name}" for name in ("train", "dev"))
        print(f"Copies dropped: {dropped}")
    warnings |= find_warnings(splits)
    doubtful = [place for data in parts.values() for place in data.doubtful]
    if doubtful:
        warnings["doubtful"] = (
            f"{len(doubtful):,} entities whose offsets cut words, overlap or have white space at their edges were "
            f"changed or left out: {args.out_dir / DOUBTFUL} lists them. The first: {doubtful[0]}."
        )
    show_warnings(warnings)

    converted = convert(nlp, splits)
    options: dict[str, Any] = {"method": method, "dedupe": args.dedupe}
    if method != "tutorial":
        options.update(seed=args.seed, dev_size=args.dev_size, test_size=args.test_size)
    stats: dict[str, Any] = {
        "source": parts["train"].source,
        **{name: data.source for name, data in parts.items() if name != "train"},
        "lang": args.lang,
        "split": options,
        "splits": {
            name: {**count(converted[name]), "dropped_copies": dealt[name] - len(splits[name])} for name in NAMES
        },
        "warnings": warnings,
    }
    write(args.out_dir, converted, stats, doubtful)
    show_summary(converted, nlp, args)
    show_warnings(warnings)


def _read(paths: list[Path], nlp: Language, args: argparse.Namespace) -> Data:
    try:
        return read(paths, nlp, get_options(args))
    except FileFaults as error:
        if args.report:
            args.report.write_text("\n".join(error.lines) + "\n", encoding="utf-8")
        raise


def _tell(data: Data, paths: list[Path], encoding: str) -> None:
    source = data.source
    print(f"{', '.join(map(str, paths))}: {data.rows:,} rows, {len(data.sentences):,} sentences")
    if source["encoding"]:
        print(f"Encoding: {source['encoding']}{' (found)' if encoding == 'auto' else ''}")
    if source["columns"]:
        found = (f"{role} = {name!r}" for role, name in source["columns"].items() if name is not None)
        print(f"Columns: {', '.join(found)}")
    for note in data.notes:
        print(note)


def _split(parts: dict[str, Data], args: argparse.Namespace) -> Splits:
    sentences = parts["train"].sentences
    if not any(entity_labels(sentence.tags) for data in parts.values() for sentence in data.sentences):
        raise UserError("there is no entity at all: every word is outside. Is it the right --tag-column?")
    if len(parts) == 1 and args.split == "tutorial":
        return tutorial_split(sentences)
    own = {name: parts[name].sentences for name in ("dev", "test") if name in parts}
    return random_split(
        sentences,
        seed=args.seed,
        dev_size=args.dev_size,
        test_size=args.test_size,
        dev=own.get("dev"),
        test=own.get("test"),
    )


def find_warnings(splits: Splits) -> dict[str, str]:
    """Look for what makes a corpus hard to learn from or to measure on.

    splits (Splits): The sentences of each split.
    RETURNS (dict[str, str]): One message, with its count, per kind of warning.
    """
    warnings = {}
    copies = count_copies(splits)
    if any(copies.values()):
        found = ", ".join(f"{copies[name]:,} of {name}'s {len(splits[name]):,}" for name in NAMES)
        warnings["copies"] = f"sentences that stand word for word in another split: {found}; --dedupe keeps them apart."
    labels = {
        name: Counter(label for sentence in splits[name] for label in entity_labels(sentence.tags)) for name in NAMES
    }
    total = labels["train"] + labels["dev"] + labels["test"]
    lacking = {label: n for label, n in sorted(total.items()) if label not in labels["train"]}
    if lacking:
        found = ", ".join(f"{label} ({n})" for label, n in lacking.items())
        warnings["labels_not_in_train"] = f"labels that dev or test have and train lacks (number of entities): {found}."
    if once := [label for label, n in sorted(total.items()) if n == 1]:
        warnings["labels_once"] = f"labels of one entity only, from which nothing can be learnt: {', '.join(once)}."
    if empty := [name for name in NAMES if not labels[name]]:
        warnings["splits_without_entities"] = f"there is no entity in {' and '.join(empty)}."
    spellings = Counter(label.casefold() for label in total)
    if alike := [label for label in sorted(total) if spellings[label.casefold()] > 1]:
        warnings["labels_alike"] = f"labels that differ in capitals only are different labels: {', '.join(alike)}."
    return warnings


def show_warnings(warnings: dict[str, str]) -> None:
    """Print warnings on stderr."""
    for message in warnings.values():
        print(message if message.startswith("\n!") else f"Warning: {message}", file=sys.stderr)


def convert(nlp: Language, splits: Splits) -> dict[str, SplitDocs]:
    """Make documents.

    nlp (Language): The pipeline whose tokenizer reads the texts later.
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
    """RETURNS (dict[str, Any]): What stats.json says of a split."""
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
    """RAISES UserError: If files cannot go to this folder; said before the work rather than after it."""
    if out_dir.exists() and not out_dir.is_dir():
        raise UserError(f"{out_dir} is a file: give a folder to write to.")
    for name in OUTPUTS:
        if (out_dir / name).is_dir():
            raise UserError(f"{out_dir / name} is a folder, and a file of that name is to be written: move it away.")


def write(out_dir: Path, converted: dict[str, SplitDocs], stats: dict[str, Any], doubtful: list[str]) -> None:
    """Write the files beside their place, then move them there; other files of the folder stay as they are.

    out_dir (Path): Where they go; made if need be.
    converted (dict[str, SplitDocs]): The documents.
    stats (dict[str, Any]): What was counted.
    doubtful (list[str]): Lines of the list of doubtful entities.
    RAISES UserError: If the folder cannot be written to.
    """
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        # Inside the folder, so that moving is renaming even where the folder is a mount of its own.
        with tempfile.TemporaryDirectory(dir=out_dir, prefix=".convert-") as folder:
            for name in NAMES:
                converted[name].docs.to_disk(Path(folder) / f"{name}.spacy")
            srsly.write_json(Path(folder) / STATS, stats)
            (out_dir / DOUBTFUL).unlink(missing_ok=True)
            if doubtful:
                (out_dir / DOUBTFUL).write_text("\n".join(doubtful) + "\n", encoding="utf-8")
            for name in OUTPUTS:
                os.replace(Path(folder) / name, out_dir / name)
    except OSError as error:
        raise UserError(f"{out_dir} cannot be written to: {error.strerror}.") from error


def show_summary(converted: dict[str, SplitDocs], nlp: Language, args: argparse.Namespace) -> None:
    """Print what was converted, some sentences of it, and what to do next."""
    for name, split in converted.items():
        print(
            f"{name + ':':6} {split.sentences:>7,} sentences, {split.tokens:>9,} tokens, {split.entities.total():>7,} "
            f"entities, of which {split.aligned.total():,} lie on the tokens of spaCy's tokenizer"
        )
    labels = sorted({label for split in converted.values() for label in split.entities})
    width = max(map(len, labels))
    print(f"{'':{width}} {'train':>9} {'dev':>9} {'test':>9}")
    for label in labels:
        print(f"{label:{width}} {''.join(f'{split.entities[label]:>10,}' for split in converted.values())}")
    with_entities = [doc for doc in converted["train"].docs.get_docs(nlp.vocab) if doc.ents]
    for doc in random.Random(args.seed).sample(with_entities, min(N_SHOWN, len(with_entities))):
        print(f"  {mark(doc)}")
    print(f"Wrote {', '.join(OUTPUTS)} to {args.out_dir}. To train on them:")
    print(f"python -m spacy_bilstm_ner init config.cfg --lang {args.lang}")
    paths = " ".join(f"--paths.{name} {args.out_dir / name}.spacy" for name in ("train", "dev"))
    print(f"python -m spacy train config.cfg --output training {paths}")


def mark(doc: Doc) -> str:
    """RETURNS (str): The text with its entities as [text](label)."""
    pieces: Iterable[str] = (
        f"{'[' if token.ent_iob == 3 else ''}{token.text}"
        f"{f']({token.ent_type_})' if token.ent_iob in (1, 3) and _ends(doc, token.i) else ''}{token.whitespace_}"
        for token in doc
    )
    return "".join(pieces).replace("\n", " ")


def _ends(doc: Doc, i: int) -> bool:
    return i + 1 == len(doc) or doc[i + 1].ent_iob != 1
