"""`spacy_bilstm_ner.Corpus.v1`: any labelled file as a corpus of `spacy train`, without converting it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example, dont_augment

from ..errors import UserError


def labelled_corpus(
    path: Path | None,
    *,
    options: dict[str, Any] | None = None,
    gold_preproc: bool = False,
    limit: int = 0,
    augmenter: Callable[[Language, Example], Iterator[Example]] | None = None,
) -> Callable[[Language], Iterator[Example]]:
    """Construct a reader of labelled files from a config. Registered as `spacy_bilstm_ner.Corpus.v1`.

    path (Optional[Path]): A file, or a folder of files, of any format that `convert` reads.
    options (Optional[dict[str, Any]]): How it is to be read: options of `convert`, such as {"tag_column": "label"}.
    gold_preproc (bool): Train on the file's words rather than on those of the pipeline's tokenizer.
    limit (int): Number of sentences that are read; 0 for all.
    augmenter (Optional[Callable]): Makes examples of an example.
    RETURNS (Callable[[Language], Iterator[Example]]): The reader. It raises UserError if the file cannot be read.
    RAISES UserError: If the path is None.
    """
    if path is None:
        raise UserError("spacy_bilstm_ner.Corpus.v1 has no path: give one, such as --paths.train mine.csv")

    def read_examples(nlp: Language) -> Iterator[Example]:
        from .options import Options
        from .reading import read_docs

        for doc in read_docs([path], nlp, Options(**(options or {})))[: limit or None]:
            words, spaces = [token.text for token in doc], [bool(token.whitespace_) for token in doc]
            tokens = Doc(nlp.vocab, words=words, spaces=spaces) if gold_preproc else nlp.make_doc(doc.text)
            yield from (augmenter or dont_augment)(nlp, Example(tokens, doc))

    return read_examples
