"""Read labelled files.

A source becomes Docs in steps. Readers return records and a `Report` of what they left out. Each
later step takes records and the report, and returns new records.

| step | module | from -> to |
|---|---|---|
| unpack | `unpack`, `encoding` | path -> `Content` |
| read | a reader for each container | `read_X(content, options)` -> records, report |
| unite | `conflicts` | several annotations of one text -> one |
| find words | `docs`, `offsets` | `TextWithSpans` -> `TaggedWords` in BIO, with a tokenizer |
| read tags | `sentences` | tags of any scheme -> BIO |
| settle | `conflicts` | sentences -> sentences without conflicts (--conflicts) |
| apply options | `labels` | --skip-empty, --label and --annotated |
| make Docs | `docs` | `TaggedWords` -> Doc |

`read` does all steps. All formats with texts and offsets are read by `exports.read_records`: JSON,
brat, PubTator, and tables with a text and its entities in each row.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from .report import Report

__all__ = ["read"]


def read(source: Any, lang: str = "en", **options: Any) -> "tuple[list[Doc], Report]":
    """Read labelled sentences.

    source (Union[str, Path, pandas.DataFrame]): A file, a folder of files, or a table; or a list of
        these.
    lang (str): Language code of the texts, for the tokenizer.
    options (Any): Fields of `Options`, such as tag_column="label".
    RETURNS (tuple[list[Doc], Report]): A Doc for each sentence or text, and counts of what was
        read, left out and changed. `doc.user_data["origin"]` has the file and line.
    RAISES UserError: If the source cannot be read. The message says where and what to do.
    """
    # Imported here, so that the commands can import `files.options` without importing spaCy.
    from .docs import blank_pipeline, make_doc
    from .labels import check_annotated
    from .options import Options
    from .reading import read_sentences

    nlp = blank_pipeline(lang)
    sources = source if isinstance(source, list) else [source]
    reading_options = Options(**options)
    sentences, report = read_sentences(sources, nlp, reading_options)
    check_annotated(sentences, reading_options)
    return [make_doc(nlp, sentence)[0] for sentence in sentences], report
