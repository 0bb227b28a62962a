"""Anybody's labelled files → sentences: what each file is, is found by its content."""

import argparse
import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc, DocBin

from ..errors import UserError, banner
from .columns import Columns
from .conll import read_conll
from .docs import make_doc
from .encoding import decode
from .offsets import read_json
from .schemes import UNKNOWN, is_tag
from .sentences import Data, Options, Origin, Sentence, build_sentences
from .tables import SEPARATORS, find_separator, read_csv, read_table
from .unpack import ZIP, Content, read_contents

FORMATS = ("csv", "conll", "json", "spacy", "excel", "parquet")
PARQUET, OLD_EXCEL = b"PAR1", b"\xd0\xcf\x11\xe0"
# Scripts that are written without spaces between words, and the languages whose tokenizer cuts them.
SCRIPTS = {
    "Japanese": ("[\u3040-\u30ff]", ("ja",)),
    "Han": ("[\u3400-\u4dbf\u4e00-\u9fff]", ("zh", "ja")),
    "Thai": ("[\u0e00-\u0e7f]", ("th",)),
    "Lao": ("[\u0e80-\u0eff]", ()),
    "Burmese": ("[\u1000-\u109f]", ()),
    "Khmer": ("[\u1780-\u17ff]", ()),
}
# Names that show that a line is a header.
HEADER_WORDS = "word words token tokens text tag tags ner nertag nertags label labels sentence entity pos form"
# From this share of a file's characters on, a script counts.
MIN_SCRIPT_SHARE = 0.05


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of reading to a command's parser. `get_options` makes `Options` of what it finds."""
    add = parser.add_argument_group("how to read the file (by default, all of this is found out)").add_argument
    add("--format", choices=FORMATS, help="what the file is")
    add("--encoding", default="auto", metavar="NAME", help="such as utf-8 or cp1252")
    add("--bad-bytes", metavar="NAME", help="encoding of the bytes in a UTF-8 file that are not UTF-8")
    add("--sep", metavar="CHARACTER", help="what separates two fields; 'tab' for a tab")
    add("--no-quotes", action="store_true", help='a " is a plain character')
    add("--member", metavar="NAME", help="which file of a zip")
    sentence = "the column of sentence numbers; several times where only several columns together tell sentences apart"
    add("--sentence-column", metavar="NAME", action="append", default=[], help=sentence)
    for role, what in (("word", "words"), ("pos", "parts of speech (not read)"), ("tag", "tags")):
        add(f"--{role}-column", metavar="NAME", help=f"the column of {what}; in CoNLL, its number")
    rows = (
        "rows of one number are a sentence, wherever they stand; each run of a number is; each filled cell starts one"
    )
    add("--sentences", choices=("gather", "runs", "starts"), help=rows)
    add("--outside", action="append", metavar="TAG", help="what means 'in no entity'; several times for several")
    add("--lookalikes", action="store_true", help="read a zero, Cyrillic О, … as what it looks like")
    add("--strict", action="store_true", help="take only the tags O, B-x, and I-x after B-x or I-x")


def get_options(args: argparse.Namespace) -> Options:
    """RETURNS (Options): The options of reading among a command's arguments."""
    given = {field.name: getattr(args, field.name) for field in fields(Options)}
    for name in ("word_column", "pos_column", "tag_column"):
        given[name] = given[name] or None
    given["sentence_column"] = [name for name in args.sentence_column if name]
    return Options(**given)


def read(paths: Sequence[Path], nlp: Language, options: Options | None = None) -> Data:
    """Read labelled files.

    paths (Sequence[Path]): CSV and its kin, CoNLL, JSON, JSON Lines, Excel, Parquet, .spacy; any of them as gz, bz2, xz
        or in a zip; or folders of such files.
    nlp (Language): A pipeline, whose tokenizer finds the words of texts.
    options (Optional[Options]): How the files are to be read; None to find out.
    RETURNS (Data): The sentences, and what was seen.
    RAISES UserError: If a file cannot be read as labelled sentences; the message says where and what to do.
    """
    options = options or Options()
    data = Data()
    names: list[str] = []
    checksums: list[str] = []
    found: list[tuple[str, str, Columns | None]] = []
    for content in read_contents(paths, member=options.member):
        before, warnings = len(data.sentences), data.warnings
        data.warnings = {}
        names.append(content.path.name)
        checksums.append(content.sha256)
        found.append(_read_one(content, nlp, options, data))
        if len(data.sentences) == before:
            raise UserError(f"{content.name} holds no sentences.")
        del content
        # A kind of warning is said once, and of each file that has it.
        for kind, message in warnings.items():
            data.warnings[kind] = f"{message}\n{data.warnings[kind]}" if kind in data.warnings else message
    columns = found[0][2]
    data.source = {
        "file": ", ".join(names),
        "sha256": checksums[0] if len(found) == 1 else hashlib.sha256("".join(checksums).encode()).hexdigest(),
        "format": ", ".join(dict.fromkeys(kind for kind, _, _ in found)),
        "encoding": ", ".join(dict.fromkeys(encoding for _, encoding, _ in found)),
        "columns": None if columns is None else asdict(columns),
        "rows": data.rows,
        "sentences": len(data.sentences),
    }
    if message := _check_script(data.sentences, nlp.lang):
        data.warnings["script"] = message
    return data


def read_docs(paths: Sequence[Path], nlp: Language, options: Options | None = None) -> list[Doc]:
    """Read labelled files as Docs; see `read`.

    RETURNS (list[Doc]): Docs with the gold words and entities, in the vocabulary of `nlp`.
    """
    return [make_doc(nlp, sentence)[0] for sentence in read(paths, nlp, options).sentences]


def _read_one(content: Content, nlp: Language, options: Options, data: Data) -> tuple[str, str, Columns | None]:
    """RETURNS (tuple[str, str, Optional[Columns]]): Format, encoding, and which column was taken for what."""
    raw, name = content.data, content.name
    kind = options.format or _binary_format(raw, name)
    if kind == "spacy":
        data.sentences += _read_spacy(raw, nlp, name)
        data.rows = len(data.sentences)
        return kind, "", None
    if kind in ("excel", "parquet"):
        from .frames import read_excel, read_parquet

        try:
            records = read_excel(raw, name) if kind == "excel" else read_parquet(raw)
        except ImportError as error:
            raise UserError(f'{name} is {kind}: pip install "spacy-bilstm-ner[formats]"') from error
        rows, columns = read_table(records, name, options, lambda record: record + (kind == "excel"))
        build_sentences(rows, name, options, data)
        return kind, "", columns
    text, encoding, warning = decode(raw, name, encoding=options.encoding, bad_bytes=options.bad_bytes)
    if warning:
        data.warnings["encoding"] = warning
    kind = options.format or _text_format(text, options)
    if kind == "json":
        read_json(text, name, options, nlp, data)
        return kind, encoding, None
    if kind == "conll":
        sep = "\t" if options.sep in ("tab", r"\t") else options.sep
        rows, doubts = read_conll(text, name, options, sep or _conll_separator(text))
        data.warnings |= {"columns": "\n".join(doubts)} if doubts else {}
        build_sentences(rows, name, options, data)
        return kind, encoding, None
    rows, columns = read_csv(text, name, options)
    build_sentences(rows, name, options, data)
    return kind, encoding, columns


def _binary_format(raw: bytes, name: str) -> str | None:
    if raw.startswith(ZIP):
        return "excel"
    if raw.startswith(PARQUET):
        return "parquet"
    if raw.startswith(OLD_EXCEL):
        raise UserError(f"{name} is an old Excel file: save it as .xlsx or as CSV (UTF-8).")
    # zlib, with which spaCy packs a DocBin
    return "spacy" if raw[:1] == b"\x78" and raw[1:2] in (b"\x01", b"\x5e", b"\x9c", b"\xda") else None


def _text_format(text: str, options: Options) -> str:
    start = text.lstrip()
    if start[0] == "{" or re.match(r'\[\s*\[?\s*(\{|"(?:[^"\\]|\\.)*"\s*,\s*\{)', start):
        return "json"
    lines = [line for line in text[:100_000].split("\n") if line.strip()]
    data_lines = [line for line in lines if not line.startswith(("#", "-DOCSTART-"))] or lines
    first = data_lines[0]
    if start.startswith("-DOCSTART-"):
        return "conll"
    sep = options.sep or (find_separator(first) if any(mark in first for mark in SEPARATORS) else None)
    has_blank = re.search(r"\n[^\S\n]*\n\s*\S", text) is not None
    if sep and sep not in ("tab", r"\t", "\t"):
        # Without a header, but with blank lines between sentences
        return "conll" if is_tag(first.rpartition(sep)[2].strip()) and has_blank else "csv"
    # A header names its columns; the first line of CoNLL ends with a tag, or has words like all others.
    if is_tag(first.split()[-1]) or len(first.split()) < 2:
        return "conll"
    if "\t" in first or options.sep:
        header = {re.sub(r"[\W_]", "", field).lower() for field in first.split("\t")}
        return "conll" if has_blank and not header & set(HEADER_WORDS.split()) else "csv"
    return "conll"


def _conll_separator(text: str) -> str | None:
    """RETURNS (Optional[str]): A comma, semicolon or bar, where every line has one; None for white space."""
    lines = [
        line for line in text[:100_000].split("\n")[:-1] if line.strip() and line[0] != "#" and "DOCSTART" not in line
    ]
    for sep in (",", ";", "|"):
        if lines and all(line.count(sep) and is_tag(line.rpartition(sep)[2].strip()) for line in lines[:20]):
            return sep
    return None


def _read_spacy(raw: bytes, nlp: Language, name: str) -> list[Sentence]:
    try:
        packed = DocBin().from_bytes(raw)
        docs = list(packed.get_docs(nlp.vocab))
    except Exception as error:  # zlib, msgpack and numpy each have their own errors for a damaged file
        raise UserError(f"{name} cannot be read as a .spacy file ({error}): make it again.") from error
    sentences = []
    for number, (doc, flags) in enumerate(zip(docs, packed.flags, strict=True), 1):
        group = doc.spans.get("annotated")
        sentences.append(
            Sentence(
                str(number),
                tuple(token.text for token in doc),
                tuple(
                    f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else "O" if token.ent_iob else UNKNOWN
                    for token in doc
                ),
                None if doc.has_unknown_spaces else tuple(bool(token.whitespace_) for token in doc),
                None if group is None else tuple(group.attrs["labels"]),
                Origin(**flags.get("origin", {"file": name, "line": number})),
            )
        )
    return [sentence for sentence in sentences if sentence.words]


def _check_script(sentences: Sequence[Sentence], lang: str) -> str:
    """RETURNS (str): A warning if the language's tokenizer does not cut the script of the words; "" if it does."""
    counts = Counter(char for sentence in sentences for word in sentence.words for char in word)
    for script, (pattern, langs) in SCRIPTS.items():
        share = sum(n for char, n in counts.items() if re.match(pattern, char)) / max(1, counts.total())
        if share >= MIN_SCRIPT_SHARE and lang not in langs:
            what = f"words of {script} script without spaces, but --lang {lang} does not find words in such text"
            if langs:
                return banner(f"{what}:\ngive --lang {langs[0]}. Else the model will be useless on real text.")
            return banner(
                f"{what}, and spaCy has no language that does.\n"
                "The model will work only on text that has spaces between words."
            )
    return ""
