"""Convert labelled files into .spacy files."""

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import DocBin
from tqdm import tqdm

from ..errors import UserError
from ..system.atomic import whole_file
from .docs import blank_pipeline, count_aligned, make_doc
from .labels import check_annotated
from .options import Options, Split
from .reading import read_sentences
from .records import TaggedWords
from .report import Report
from .split import Parts, divide


@dataclass
class Conversion:
    """The result of a conversion.

    reports (dict[str, Report]): Reports on the files: "train", and "dev" and "test" if the user
        gave files for them.
    stats (dict[str, Any]): The content of stats.json.
    """

    reports: dict[str, Report]
    stats: dict[str, Any]


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
    split (Optional[Split]): How to divide the sentences. Not allowed if `out` is a .spacy
        file.
    options (Optional[Options]): How to read the files.
    RAISES UserError: If a file cannot be read, or the output cannot be written. Existing files
        then stay as they are.
    """
    split, options = split or Split(), options or Options()
    is_one_file = out.suffix == ".spacy"
    if str(out) in map(str, (*files, split.dev, split.test)):
        raise UserError(f"{out} is an input: give another path to write to.")
    if is_one_file and split != Split():
        raise UserError(
            f"{out} is one file, and a file has no split. Give a folder, or leave out the options "
            "of the split: --dev, --test, --split, --seed, --dev-size, --test-size and --dedupe."
        )
    nlp = blank_pipeline(lang)
    sentences, report = read_sentences(files, nlp, options)
    reports = {"train": report}
    own_parts: Parts = {}
    for name, file in (("dev", split.dev), ("test", split.test)):
        if file:
            own_parts[name], reports[name] = read_sentences([file], nlp, options)
    if not report.written["entities"]:
        raise UserError(
            "the files have no entity: every word is outside of entities. Check --tag-column."
        )
    check_annotated(chain(sentences, *own_parts.values()), options)
    parts, n_copies = {out.stem: sentences}, 0
    if not is_one_file:
        parts, n_copies = divide(sentences, split, own_parts)
    if n_copies:
        action = "they are dropped" if split.dedupe else "--dedupe drops them"
        report.warnings.append(
            "sentences of train that occur in dev or test, or of dev that occur in test: "
            f"{n_copies:,}; {action}."
        )
    docs, counts = {}, {}
    for name, part in parts.items():
        docs[name], counts[name] = make_docs(nlp, part, name)
    stats = {"lang": lang, "split": vars(split), "splits": counts}
    stats["reports"] = {name: vars(report) for name, report in reports.items()}
    write(out, docs, stats)
    return Conversion(reports, stats)


def make_docs(
    nlp: Language, sentences: Sequence[TaggedWords], name: str
) -> tuple[DocBin, dict[str, Any]]:
    """Make the Docs of train, dev or test, and count their entities.

    An entity is "aligned" if it begins and ends at token boundaries of spaCy's tokenizer.
    """
    docs = DocBin(attrs=["ENT_IOB", "ENT_TYPE"])
    n_tokens = n_aligned = 0
    labels = Counter[str]()
    for sentence in tqdm(sentences, f"Converting {name}", unit=" sentences", disable=None):
        gold, tokenized = make_doc(nlp, sentence)
        docs.add(gold)
        # spaCy stores this flag and does not read it. User data would slow down training.
        docs.flags[-1]["origin"] = gold.user_data["origin"]
        n_tokens += len(gold)
        n_aligned += count_aligned(gold, tokenized)
        labels.update(ent.label_ for ent in gold.ents)
    return docs, {
        "sentences": len(docs),
        "tokens": n_tokens,
        "entities": labels.total(),
        "aligned": n_aligned,
        "labels": dict(sorted(labels.items())),
    }


def write(out: Path, docs: dict[str, DocBin], stats: dict[str, Any]) -> None:
    """Write the files to a folder, or Docs to one file. Other files in the folder stay.

    All files are complete before the first one replaces an earlier file. train.spacy is removed
    first and appears last. So train.spacy never exists next to files of another corpus, even if the
    process is killed.

    RAISES UserError: If the folder or file cannot be written to.
    """
    folder = out.parent if out.suffix == ".spacy" else out
    with ExitStack() as files:  # closes the last file first
        for name, part in docs.items():
            files.enter_context(whole_file(folder / f"{name}.spacy")).write(part.to_bytes())
        if out.suffix != ".spacy":
            content = json.dumps(stats, indent=2, ensure_ascii=False, default=str)
            files.enter_context(whole_file(out / "stats.json")).write(content.encode())
            (out / "train.spacy").unlink(missing_ok=True)
