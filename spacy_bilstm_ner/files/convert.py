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
from .options import Options, Split
from .reading import read_sentences
from .records import TaggedWords
from .report import Report
from .split import NAMES, divide, drop_copies, find_doubts

STATS = "stats.json"
# train.spacy comes last: while it is missing, the folder is incomplete.
OUTPUTS = (STATS, "test.spacy", "dev.spacy", "train.spacy")
# Number of sentences that are shown
N_SHOWN = 3


@dataclass
class Conversion:
    """The result of a conversion.

    reports (dict[str, Report]): The report on the files. "train" is always there; "dev" and "test"
        are there if the user gave files for them.
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
    split (Optional[Split]): How to divide the sentences. A .spacy file takes no split.
    options (Optional[Options]): How to read the files.
    RAISES UserError: If a file cannot be read, or the output cannot be written. Existing files
        then stay as they are.
    """
    split, options = split or Split(), options or Options()
    _check_out([*files, split.dev, split.test], out)
    if out.suffix == ".spacy" and split != Split():
        raise UserError(
            f"{out} is one file, and a file has no split. Give a folder, or leave out the options "
            "of the split: --dev, --test, --split, --seed, --dev-size, --test-size and --dedupe."
        )
    nlp = blank_pipeline(lang)
    sentences, report = read_sentences(files, nlp, options)
    if not any(sentence.n_entities for sentence in sentences):
        raise UserError(
            "the files have no entity: every word is outside of entities. Check --tag-column."
        )
    reports = {"train": report}
    own_parts = {}
    for name, path in (("dev", split.dev), ("test", split.test)):
        if path:
            own_parts[name], reports[name] = read_sentences([path], nlp, options)
    stats: dict[str, Any] = {"lang": lang, "splits": {}}
    parts = distinct = {out.stem: sentences}
    if out.suffix != ".spacy":
        parts = divide(sentences, split, own_parts)
        distinct = drop_copies(parts) if split.dedupe else parts
        report.warnings += find_doubts(distinct)
        stats["split"] = {"method": "files" if own_parts else split.method, "dedupe": split.dedupe}
        if stats["split"]["method"] != "tutorial":
            sizes = {"dev_size": split.dev_size, "test_size": split.test_size}
            stats["split"] |= {"seed": split.seed, **sizes}
    docs: dict[str, DocBin] = {}
    examples: list[str] = []
    for name, part in distinct.items():
        docs[name], counts, examples_of_part = make_docs(nlp, part, name)
        stats["splits"][name] = {**counts, "dropped_copies": len(parts[name]) - len(part)}
        examples += examples_of_part
    for name, part_report in reports.items():
        stats["source" if name == "train" else name] = vars(part_report)
    if out.suffix != ".spacy":
        write(out, docs, stats)
    else:
        with whole_file(out) as file:
            file.write(docs[out.stem].to_bytes())
    return Conversion(reports, stats, examples[:N_SHOWN])


def make_docs(
    nlp: Language, sentences: Sequence[TaggedWords], name: str
) -> tuple[DocBin, dict[str, Any], list[str]]:
    """Make the Docs of train, dev or test, count their entities, and mark some examples.

    An entity is "aligned" if it begins and ends at token boundaries of spaCy's tokenizer.
    """
    docs = DocBin(attrs=["ENT_IOB", "ENT_TYPE"])
    n_tokens = 0
    entities, aligned = Counter[str](), Counter[str]()
    examples: list[str] = []
    for sentence in tqdm(sentences, f"Converting {name}", unit=" sentences", disable=None):
        gold, tokenized = make_doc(nlp, sentence)
        docs.add(gold)
        # spaCy stores flags and does not read them; user data would slow down training.
        docs.flags[-1]["origin"] = gold.user_data["origin"]
        n_tokens += len(gold)
        entities.update(ent.label_ for ent in gold.ents)
        aligned.update(count_aligned(gold, tokenized))
        if gold.ents and len(examples) < N_SHOWN:
            examples.append(mark(gold))
    labels = {}
    for label, number in sorted(entities.items()):
        labels[label] = {"entities": number, "aligned": aligned[label]}
    counts = {"sentences": len(docs), "tokens": n_tokens, "entities": entities.total()}
    return docs, {**counts, "aligned": aligned.total(), "labels": labels}, examples


def write(out: Path, docs: dict[str, DocBin], stats: dict[str, Any]) -> None:
    """Write the files to a folder. Other files in the folder stay.

    The files of an earlier call are removed first, and train.spacy is written last. So train.spacy
    and the other files always belong to the same corpus, even if the process is killed.

    RAISES UserError: If the folder cannot be written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        # In the same folder, so that each file can be renamed instead of copied
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


def _check_out(inputs: Sequence[Any], out: Path) -> None:
    """Check that the output can be written.

    RAISES UserError: If it is also an input, or is a folder instead of a file or the reverse.
    """
    if any(isinstance(path, Path) and path == out for path in inputs):
        raise UserError(f"{out} is an input: give another path to write to.")
    if out.exists() and out.is_dir() == (out.suffix == ".spacy"):
        kind = "folder" if out.is_dir() else "file"
        raise UserError(f"{out} is a {kind}: give a folder, or a file that ends in .spacy.")
