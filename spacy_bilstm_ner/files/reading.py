"""Anybody's labelled files → sentences: what each file is, is found by its content."""

import hashlib
import re
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, fields
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example, dont_augment

from ..errors import UserError, banner
from . import unpack
from .columns import Columns, is_header
from .conll import read_conll
from .docs import make_doc
from .encoding import decode
from .jsonl import read_json
from .options import Options
from .rows import read_table
from .schemes import UNKNOWN, is_tag
from .sentences import Data, Origin, Sentence
from .spacing import SCRIPTS
from .tables import SEPARATORS, find_separator, read_cells, read_csv
from .unpack import ZIP, check_size, read_contents

# How binary files begin. A DocBin is packed by zlib.
BINARY = {ZIP: "excel", b"PAR1": "parquet"} | dict.fromkeys(
    (b"x\x01", b"x\x5e", b"x\x9c", b"x\xda"), "spacy"
)
# How files begin that people take for labelled ones, and what they are.
OTHERS = {
    rb"\xd0\xcf\x11\xe0": "an old Excel file: save it as .xlsx or as CSV (UTF-8)",
    rb"\s*(?i:<!doctype|<html|<\?xml)": "a web page or XML: download the file itself, or export it as CSV or CoNLL",
    rb"(?:[TREAMN#]\d+|\*)\t[\w-]+[ :](?:\d+ \d+|[TRE]\d|Arg1:)": "brat's annotation, which stands apart from its "
    "text: export both as CoNLL",
    rb"%PDF|\{\\rtf": "a document: export its text, with its labels, as CSV",
    rb"\s*(?:\w+\s*=\s*)?\[\s*\(": "Python code: write it with json.dump(TRAIN_DATA, open('train.json', 'w'))",
    rb"#FORMAT=WebAnno TSV": "WebAnno's own TSV: export it as CoNLL 2002 instead",
    rb"version https://git-lfs": "a pointer of Git LFS: `git lfs pull` brings the file itself",
}
# A longer sentence, or so many that are shorter on average, are hardly sentences.
MAX_SENTENCE_WORDS = 500
MIN_MEAN_WORDS, MIN_SENTENCES = 1.5, 10
# From this share of a file's characters on, a script counts.
MIN_SCRIPT_SHARE = 0.05


def read(
    paths: Sequence[Path],
    nlp: Language,
    options: Options | None = None,
    *,
    seen: Data | None = None,
) -> Data:
    """Read labelled files, or folders of such files: CSV and its kin, CoNLL, JSON, JSON Lines, Excel, Parquet, .spacy;
    any of them as gz, bz2, xz or in a zip.

    nlp (Language): A pipeline, whose tokenizer finds the words of texts.
    options (Optional[Options]): How the files are to be read; None to find out.
    seen (Optional[Data]): Gets the faults, for the caller to check, and all else that is seen; None to raise faults.
    RAISES UserError: If a file cannot be read as labelled sentences; the message says where and what to do.
    """
    known = seen or Data()
    data = Data("", options or Options(), known.notes, known.warnings, known.doubtful, known.faults)
    found = []
    for content in read_contents(paths, member=data.options.member):
        data.file, before = content.name, len(data.sentences)
        found.append((content.path.name, content.sha256, *_read_one(content.data, nlp, data)))
        if len(data.sentences) == before and not data.faults:
            raise UserError(
                " ".join([f"{content.name} holds no sentences.", *data.warnings.values()])
            )
    if seen is None:
        data.faults.check()
    names, checksums, formats, encodings, columns = zip(*found, strict=True)
    data.source = {
        "file": ", ".join(names),
        "sha256": checksums[0]
        if len(found) == 1
        else hashlib.sha256("".join(checksums).encode()).hexdigest(),
        "format": ", ".join(dict.fromkeys(formats)),
        "encoding": ", ".join(dict.fromkeys(encodings)),
        "columns": None if columns[0] is None else asdict(columns[0]),
        "rows": data.rows,
        "sentences": len(data.sentences),
    }
    _warn_of_script(data, nlp.lang)
    _warn_of_lengths(data)
    return data


def show_warnings(data: Data) -> None:
    """Print the doubts about what was read, on stderr."""
    for message in data.warnings.values():
        print(message if message.startswith("\n!") else f"Warning: {message}", file=sys.stderr)


def read_docs(paths: Sequence[Path], nlp: Language, options: Options | None = None) -> list[Doc]:
    """Read labelled files, see `read`, as Docs with the gold words and entities, in the vocabulary of `nlp`; show the
    warnings. `doc.user_data["origin"]` says where each Doc stands: file, line and document."""
    data = read(paths, nlp, options)
    show_warnings(data)
    return [make_doc(nlp, sentence)[0] for sentence in data.sentences]


def labelled_corpus(
    path: str | Path | None,
    *,
    options: dict[str, Any] | None = None,
    gold_preproc: bool = False,
    limit: int = 0,
    augmenter: Callable[[Language, Example], Iterator[Example]] | None = None,
) -> Callable[[Language], Iterator[Example]]:
    """Make a reader of labelled files from a config. Registered as `spacy_bilstm_ner.Corpus.v1`.

    path (Optional[Union[str, Path]]): A file, or a folder of files, of any format that `convert` reads.
    options (Optional[dict[str, Any]]): How it is to be read: options of `convert`, such as {"tag_column": "label"}.
    gold_preproc (bool): Train on the file's words rather than on those of the pipeline's tokenizer.
    limit (int): Number of sentences that are read; 0 for all.
    augmenter (Optional[Callable]): Makes examples of an example.
    RAISES UserError: If the path is None, or an option cannot be; the reader raises it if the file cannot be read.
    """
    if path is None:
        raise UserError(
            "spacy_bilstm_ner.Corpus.v1 has no path: give one, such as --paths.train mine.csv"
        )
    known = [option.name for option in fields(Options)]
    if unknown := [name for name in options or {} if name not in known]:
        what = f"options of spacy_bilstm_ner.Corpus.v1 cannot have {', '.join(unknown)}: there are {', '.join(known)}"
        raise UserError(what)
    how = Options(**(options or {}))

    @cache  # spaCy asks for the examples at each evaluation, and where max_epochs is -1, at each epoch.
    def docs(nlp: Language) -> list[Doc]:
        found = read_docs([Path(path)], nlp, how)
        if not any(doc.ents for doc in found):
            raise UserError(f"{path} has no entity at all. Is it the right tag_column?")
        return found[: limit or None]

    def read_examples(nlp: Language) -> Iterator[Example]:
        for doc in docs(nlp):
            words, spaces = (
                [token.text for token in doc],
                [bool(token.whitespace_) for token in doc],
            )
            tokens = (
                Doc(nlp.vocab, words=words, spaces=spaces)
                if gold_preproc
                else nlp.make_doc(doc.text)
            )
            yield from (augmenter or dont_augment)(nlp, Example(tokens, doc))

    return read_examples


def _read_one(raw: bytes, nlp: Language, data: Data) -> tuple[str, str, Columns | None]:
    """The format, the encoding, and which column was taken for what"""
    for start, what in OTHERS.items():
        if re.match(start, raw):
            raise UserError(f"{data.file} is {what}.")
    kind = data.options.format or next(
        (kind for start, kind in BINARY.items() if raw.startswith(start)), ""
    )
    if kind in BINARY.values():
        try:
            if kind == "spacy":
                _read_spacy(raw, nlp, data)
                return kind, "", None
            table = read_cells(raw, kind, data)
        except ImportError as error:
            raise UserError(
                f'{data.file} is {kind}: pip install "spacy-bilstm-ner[formats]"'
            ) from error
        except UserError:
            raise
        except Exception as error:  # each parser has its own errors for a damaged file
            raise UserError(
                f"{data.file} cannot be read as {kind} ({error}): make it again."
            ) from error
        return kind, "", read_table(table, None, data)
    text, encoding = decode(raw, data, nlp.lang)
    kind = kind or _text_format(text, data.options.sep)
    if kind == "json":
        read_json(text, nlp, data)
        return kind, encoding, None
    if kind == "conll":
        read_table(*read_conll(text, data), data)
        return kind, encoding, None
    return kind, encoding, read_table(read_csv(text, data), None, data)


def _text_format(text: str, sep: str | None) -> str:
    start = text.lstrip()
    if start[0] == "{" or re.match(r'\[\s*\[?\s*(\{|"(?:[^"\\]|\\.)*"\s*,\s*\{)', start):
        return "json"
    lines = [line for line in start[:100_000].split("\n") if line.strip()]
    first = next((line for line in lines if line[0] != "#"), lines[0])
    has_blank = re.search(r"\n[^\S\n]*\n\s*\S", text) is not None
    sep = sep or (find_separator(first) if any(mark in first for mark in SEPARATORS) else None)
    if re.match(r"-DOCSTART-|# ?\w+ ?= ", start) or sep is None:
        return "conll"
    # A header names its columns; the first line of CoNLL ends with a tag, or has words like all others.
    is_data = is_tag(first.rpartition(sep)[2].strip()) or (
        sep == "\t" and not is_header(first.split(sep))
    )
    if has_blank and is_data:
        return "conll"
    return "conll" if is_tag(first.split()[-1]) and sep in "\t" else "csv"


def _read_spacy(raw: bytes, nlp: Language, data: Data) -> None:
    check_size(len(zlib.decompressobj().decompress(raw, unpack.MAX_UNPACKED + 1)), data.file)
    packed = DocBin().from_bytes(raw)
    for number, (doc, flags) in enumerate(
        zip(packed.get_docs(nlp.vocab), packed.flags, strict=True), 1
    ):
        tags = [
            f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ else "O" if t.ent_iob else UNKNOWN
            for t in doc
        ]
        spaces = None if doc.has_unknown_spaces else tuple(bool(token.whitespace_) for token in doc)
        looked_for = (
            doc.spans["annotated"].attrs.get("labels") if "annotated" in doc.spans else None
        )
        annotated = None if looked_for is None else tuple(looked_for)
        origin = Origin(**flags.get("origin", {"file": data.file, "line": number}))
        if len(doc):
            words = tuple(token.text for token in doc)
            data.add(Sentence(str(number), words, tuple(tags), spaces, annotated, origin))


def _warn_of_lengths(data: Data) -> None:
    """Warn if rows of a word each make sentences that are hardly any: too many rows in one, or one in most."""
    lengths = [len(sentence.words) for sentence in data.sentences]
    if data.rows < sum(lengths):
        return
    longest, mean = max(lengths, default=0), sum(lengths) / max(1, len(lengths))
    remedy = "see that sentences are apart, by blank lines or by a column that numbers them (--sentence-column NAME)"
    if longest > MAX_SENTENCE_WORDS:
        data.warn("length", f"the longest sentence has {longest:,} words: {remedy}")
    elif mean < MIN_MEAN_WORDS and len(lengths) >= MIN_SENTENCES:
        data.warn("length", f"sentences have {mean:.1f} words on average: {remedy}")


def _warn_of_script(data: Data, lang: str) -> None:
    """Warn if the language's tokenizer does not cut the script of the words."""
    counts = Counter("".join(chain.from_iterable(sentence.words for sentence in data.sentences)))
    for script, (characters, langs) in SCRIPTS.items():
        share = sum(n for char, n in counts.items() if re.match(f"[{characters}]", char)) / max(
            1, counts.total()
        )
        if share >= MIN_SCRIPT_SHARE and lang not in langs:
            what = f"words of {script} script without spaces, but --lang {lang} does not find words in such text"
            none = ", and spaCy has no language that does.\nThe model will work only on text that has such spaces."
            more = (
                f":\ngive --lang {langs[0]}. Else the model will be useless on real text."
                if langs
                else none
            )
            data.warn("script", banner(what + more))
            return
