"""Read labelled files into Docs: detect what each file is, and call its reader.

The table shows what is detected. Options replace the detection. `Report.guesses` has the results.
If a row of the file contradicts them, the file is refused. The message names the option to use.

| what | detected by | option |
|---|---|---|
| format | the first bytes; the suffix .ann | `format` |
| encoding | UTF-8; UTF-16 with a byte order mark; cp1252 if words look Western | `encoding` |
| separator | the character that divides most lines into equal numbers of fields | `sep` |
| quotation marks | in CSV; between tabs if there are a header and a quoted field | `no_quotes` |
| header | usual names; in CSV, Excel and Parquet also a first row without a tag | |
| columns | usual names; the only column of tags | `word_column`, `tag_column` |
| sentences | a column of numbers, or empty lines | `sentence_column` |
| tags | the letters of BIO, BILUO, BIOES and BMES; or labels and a tag for "outside" | `outside` |
| export | the keys of JSON records | `fields` |
| texts without an entity | always read as labelled | `skip_empty` |
"""

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example, dont_augment

from ..errors import UserError
from .conflicts import settle_conflicts, unite
from .delimited import read_delimited
from .docs import find_words, make_doc, read_spacy
from .encoding import decode
from .frames import read_excel, read_frame, read_parquet
from .json_records import read_json
from .labels import apply_options, check_annotated, find_missing_labels, find_odd_labels
from .options import Options
from .records import Content, TaggedWords, TextWithSpans
from .report import Report
from .sentences import build
from .standoff import PASSAGE, read_brat, read_pubtator
from .unpack import ZIP, read_contents
from .unsupported import check_readable

READERS: dict[str, Callable[[Content, Options], tuple[Any, Report]]] = {
    "DataFrame": read_frame,
    "brat": read_brat,
    "excel": read_excel,
    "json": read_json,
    "parquet": read_parquet,
    "pubtator": read_pubtator,
    "spacy": read_spacy,
    "table": read_delimited,
}
# Rows were probably not divided into sentences correctly if a sentence is longer than this.
MAX_WORDS = 500
# How binary files begin. A DocBin is packed by zlib, with its default level.
BINARY = {ZIP: "excel", b"PAR1": "parquet", b"x\x9c": "spacy"}


def read_docs(path: Path, nlp: Language, options: Options | None = None) -> list[Doc]:
    """Read a labelled file into Docs with the vocab of `nlp`. Warn of what may be a mistake.

    RETURNS (list[Doc]): `doc.user_data["origin"]` is the place of each Doc in the file.
    RAISES UserError: If the file cannot be read, or has no entity.
    """
    options = options or Options()
    sentences, report = read_sentences([path], nlp, options)
    check_annotated(sentences, options)
    if not report.written["entities"]:
        raise UserError(
            f"{path} has no entity: give a file with labels, or convert it with --tag-column."
        )
    for warning in report.warnings:
        warnings.warn(warning, stacklevel=2)
    return [make_doc(nlp, sentence)[0] for sentence in sentences]


def read_sentences(
    sources: Sequence[Any], nlp: Language, options: Options
) -> tuple[list[TaggedWords], Report]:
    """Read labelled files as sentences with tags in BIO.

    sources (Sequence[Union[Path, pandas.DataFrame]]): Files, folders of files, or tables.
    nlp (Language): A pipeline, whose tokenizer finds the words of texts.
    RAISES UserError: If a source cannot be read, or has no sentence.
    """
    sentences: list[TaggedWords] = []
    report = Report()
    for source in sources:
        for content in read_contents(source, options.member):
            sentences_of_file, report_of_file = _read_one(content, nlp, options)
            sentences += sentences_of_file
            report.merge(report_of_file)
    # In tables with a word in each row, `step` is 1. In other files, it is 0.
    longest = max((sentence.rows * sentence.origin.step for sentence in sentences), default=0)
    if longest > MAX_WORDS:
        report.warnings.append(
            f"the longest sentence has {longest:,} words: check that empty lines, or the column of "
            "sentence numbers (--sentence-column), divide the sentences."
        )
    n_empty = sum(not (sentence.n_entities or sentence.origin.step) for sentence in sentences)
    if n_empty and not options.skip_empty:
        report.guesses["texts without an entity"] = (
            f"{n_empty:,} of {len(sentences):,}, read as labelled; if nobody has labelled them, "
            "use --skip-empty"
        )
    report.warnings += find_odd_labels(sentences, options) + find_missing_labels(sentences)
    return sentences, report


def labelled_corpus(
    path: str | Path | None,
    *,
    options: dict[str, Any] | None = None,
    augmenter: Callable[[Language, Example], Iterator[Example]] = dont_augment,
) -> Callable[[Language], Iterator[Example]]:
    """Make a reader of labelled files for a config. Registered as `spacy_bilstm_ner.Corpus.v1`.

    path (Optional[Union[str, Path]]): A file, or a folder of files, of any format that is read.
    options (Optional[dict[str, Any]]): Fields of `Options`, such as {"tag_column": "label"}.
    augmenter (Callable): Yields variants of an example, as in spaCy.
    RAISES UserError: If the path is None. The reader raises it if the file cannot be read.
    """
    if path is None:
        raise UserError(
            "spacy_bilstm_ner.Corpus.v1 has no path: give one, such as --paths.train mine.csv"
        )
    reading_options = Options(**options or {})

    # spaCy asks for the examples at each evaluation, and with max_epochs = -1 at each epoch.
    docs = cache(lambda nlp: read_docs(Path(path), nlp, reading_options))

    def read_examples(nlp: Language) -> Iterator[Example]:
        for doc in docs(nlp):
            yield from augmenter(nlp, Example(nlp.make_doc(doc.text), doc))

    return read_examples


def _read_one(
    content: Content, nlp: Language, options: Options
) -> tuple[list[TaggedWords], Report]:
    """Read one file or data frame."""
    kind = _detect_binary(content, options)
    if kind in ("DataFrame", *BINARY.values()):
        records, report = _read_binary(content, kind, options)
    else:
        content = decode(content, options.encoding)
        content = content._replace(text=re.sub("\r\r?\n|\r", "\n", content.text))
        kind = kind or _detect_text(content)
        records, report = READERS[kind](content, options)
        report.guesses["encoding"] = content.encoding
    report.guesses["format"] = kind
    if kind != "spacy":
        if records and isinstance(records[0], TextWithSpans):
            records = find_words(unite(records, report), nlp, options, report)
        elif records:
            records = build(records, options, report)
        records = settle_conflicts(records, options, report)
    sentences = apply_options(records, options, report)
    report.finish(sentences)
    if not sentences:
        raise UserError(
            f"{content.name} has no sentences, or all of them were left out. "
            f"{' '.join(report.lines())}. Expected labelled sentences."
        )
    return sentences, report


def _detect_binary(content: Content, options: Options) -> str | None:
    """Return "DataFrame" for a data frame, and otherwise the format of the options.

    If the options have no format, return that of a binary file, or None for text.

    RAISES UserError: If the file has a format that cannot be read.
    """
    if not isinstance(content.raw, bytes):
        return "DataFrame"
    check_readable(content.raw, content.name)
    kinds = (kind for start, kind in BINARY.items() if content.raw.startswith(start))
    return options.format or next(kinds, None)


def _detect_text(content: Content) -> str:
    """Return the format of a text file.

    RAISES UserError: If the file is empty.
    """
    start = content.text.lstrip()
    if content.path.suffix == ".ann":
        return "brat"
    if not start:
        raise UserError(f"{content.name} is empty: expected labelled sentences.")
    if PASSAGE.match(start):
        return "pubtator"
    is_json = start.startswith("{") or re.match(r"\[\s*[\[{\"\]]", start)
    return "json" if is_json else "table"


def _read_binary(content: Content, kind: str, options: Options) -> tuple[Any, Report]:
    """Read a binary file or a data frame.

    RAISES UserError: If it cannot be read: it is damaged, or a package is missing.
    """
    try:
        return READERS[kind](content, options)
    except (UserError, MemoryError):
        raise
    except Exception as error:  # each parser has its own errors for a damaged file
        raise UserError(
            f"{content.name} cannot be read as {kind} ({error}). Create the file again, or install "
            'the readers: pip install "spacy-bilstm-ner[formats]"'
        ) from error
