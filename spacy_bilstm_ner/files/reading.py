"""Read labelled files into Docs: detect what each file is, and call its reader.

The table shows what is detected. Options replace the detection. `Report.guesses` has the results.
If a row of the file contradicts them, the file is refused. The message names the option to use.

| what | detected by | option |
|---|---|---|
| format | the first bytes; a header, or tags in the first line | `format` |
| encoding | UTF-8; UTF-16 with a byte order mark; cp1252 if words look Western | `encoding` |
| delimiter | the character that divides most lines into equal numbers of fields | `sep` |
| quotation marks | ordinary characters between tabs if no field is quoted | `no_quotes` |
| header, columns | usual names; the only column of tags | `word_column`, `tag_column` |
| sentences | a column of numbers, or empty lines | `sentence_column`, `sentence_runs` |
| tags | the letters of BIO, BILUO, BIOES and BMES; or labels and one O | `outside` |
| export | the keys of JSON records | `fields` |
| texts without an entity | always read as labelled | `skip_empty` |
"""

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example, dont_augment

from ..errors import UserError
from .brat import read_brat
from .checks import find_doubts
from .conflicts import settle_conflicts, unite
from .delimited import find_separator, read_delimited, sample_lines
from .docs import find_words, make_doc
from .encoding import decode
from .frames import read_excel, read_frame, read_parquet
from .json_records import read_json
from .labels import apply_options
from .offsets import to_characters
from .options import Options
from .pubtator import is_pubtator, read_pubtator
from .records import Content, TaggedWords, TextWithSpans
from .refused import check_readable
from .report import Report
from .schemes import is_tag
from .sentences import build
from .spacy_file import read_spacy
from .tables import is_header
from .unpack import ZIP, read_contents

READERS: dict[str, Callable[[Content, Options], tuple[Any, Report]]] = {
    "csv": partial(read_delimited, needs_header=True),
    "conll": partial(read_delimited, needs_header=False),
    "json": read_json,
    "brat": read_brat,
    "pubtator": read_pubtator,
    "spacy": read_spacy,
    "excel": read_excel,
    "parquet": read_parquet,
}
# How binary files begin. A DocBin is packed by zlib.
BINARY = {ZIP: "excel", b"PAR1": "parquet"} | dict.fromkeys(
    (b"x\x01", b"x\x5e", b"x\x9c", b"x\xda"), "spacy"
)


def read_docs(paths: Sequence[Path], nlp: Language, options: Options | None = None) -> list[Doc]:
    """Read labelled files into Docs with the vocab of `nlp`. Warn of what may be a mistake."""
    sentences, report = read_sentences(paths, nlp, options or Options())
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
        is_frame = hasattr(source, "itertuples")
        contents = [source] if is_frame else read_contents([Path(source)], member=options.member)
        for content in contents:
            sentences_of_file, report_of_file = _read_one(content, nlp, options)
            sentences += sentences_of_file
            report = report.merge(report_of_file)
    report.warnings += find_doubts(sentences, nlp.lang)
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

    @cache  # spaCy asks for the examples at each evaluation, and with max_epochs = -1 at each epoch
    def docs(nlp: Language) -> list[Doc]:
        labelled = read_docs([Path(path)], nlp, reading_options)
        if not any(doc.ents for doc in labelled):
            raise UserError(f"{path} has no entity. Check the option tag_column.")
        return labelled

    def read_examples(nlp: Language) -> Iterator[Example]:
        for doc in docs(nlp):
            yield from augmenter(nlp, Example(nlp.make_doc(doc.text), doc))

    return read_examples


def _read_one(source: Any, nlp: Language, options: Options) -> tuple[list[TaggedWords], Report]:
    """Read one file or data frame."""
    records: Any
    content = source
    if not isinstance(source, Content):
        content = Content("DataFrame", Path("DataFrame"), b"")
        records, report = read_frame(source, content, options)
    else:
        kind, content = _detect(source, options)
        records, report = _call_reader(kind, content, options)
        report.guesses["format"] = kind
        if content.encoding:
            report.guesses["encoding"] = content.encoding
    is_spacy = report.guesses.get("format") == "spacy"
    if records and isinstance(records[0], TextWithSpans):
        texts = unite(to_characters(records, options, report), report)
        records = find_words(texts, nlp, options, report)
    elif records and not is_spacy:
        records = build(records, options, report)
    if not is_spacy:
        records = settle_conflicts(records, options, report)
    sentences = apply_options(records, content.name, options, report)
    report.count_written(sentences)
    report.check()
    if not sentences:
        raise UserError(
            f"{content.name} has no sentences, or all of them were left out. "
            f"{' '.join(report.lines())}. Expected labelled sentences."
        )
    return sentences, report


def _detect(content: Content, options: Options) -> tuple[str, Content]:
    """Return the format of a file, and its content. The content of a text file is decoded.

    RAISES UserError: If the file has a format that cannot be read.
    """
    check_readable(content.raw, content.name)
    kind: str | None = options.format
    for start, binary_kind in BINARY.items():
        if content.raw.startswith(start):
            kind = kind or binary_kind
    if kind and kind in BINARY.values():
        return kind, content
    content = decode(content, options)
    if not content.text.strip() and content.path.suffix != ".ann":
        raise UserError(f"{content.name} is empty: expected labelled sentences.")
    return kind or _text_format(content, options.sep), content


def _text_format(content: Content, separator: str | None) -> str:
    """Return the format of a text file."""
    start = content.text.lstrip()
    if content.path.suffix == ".ann":
        return "brat"
    if is_pubtator(start):
        return "pubtator"
    if start.startswith("{") or re.match(r"\[\s*[\[{\"\]]", start):
        return "json"
    lines = sample_lines(content.text)
    separator = separator or find_separator(lines)
    if separator is None or re.match(r"-DOCSTART-|# ?[\w.]+ ?= ", start):
        return "conll"
    header = lines[0].split(separator)
    if any(map(is_tag, map(str.strip, header))) or is_tag(lines[0].split()[-1]):
        return "conll"
    return "conll" if separator == "\t" and not is_header(header) else "csv"


def _call_reader(kind: str, content: Content, options: Options) -> tuple[Any, Report]:
    """Read a file.

    RAISES UserError: If it cannot be read. Any error in a binary file means that it is damaged.
    """
    try:
        return READERS[kind](content, options)
    except (UserError, MemoryError):
        raise
    except Exception as error:  # each parser has its own errors for a damaged file
        if kind not in BINARY.values():
            raise
        raise UserError(
            f"{content.name} cannot be read as {kind} ({error}). Create the file again, or install "
            'the readers: pip install "spacy-bilstm-ner[formats]"'
        ) from error
