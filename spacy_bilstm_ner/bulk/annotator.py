"""Find the entities in a column of texts. Knows Arrow and spaCy, and no engine that spreads work over machines."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from functools import cache
from typing import Any

import pyarrow as pa
from spacy.language import Language
from spacy.training.batchers import minibatch_by_words

from ..errors import UserError
from ..pipe.entities import Entity, entities
from ..pipe.loading import load_pipeline

# Offsets are in code points, the end is exclusive.
ENTITY = pa.struct(
    [
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("label", pa.string()),
        ("confidence", pa.float32()),
    ]
)
# A text's entities and number of words; or why it has none
Outcome = tuple[list[Entity] | None, str | None, int]
# So many texts are one batch for the network, and so many characters are read at once. More is faster, takes memory.
MAX_TEXTS, MAX_CHARACTERS = 1000, 1_000_000
# spaCy's tokenizer learns words only outside `nlp.memory_zone()`: that many characters are read outside. What comes
# after is read inside, so that ever new words do not fill the memory.
WARM_UP_CHARACTERS = 1_000_000
_characters: Counter[Language] = Counter()  # read by each pipeline in this process


class Annotator:
    """Adds a column of entities and one of errors to a table with texts.

    `entities` is a list of `start`, `end` (code points, end exclusive), `label` and `confidence` for each text. An
    empty list says that the text has no entity. A null says that the text was not annotated, and `entities_error` why.

    model (str): The name or path of any spaCy pipeline that sets `doc.ents`. It is loaded once in each process, when
        the first text comes; what is pickled is the name.
    text, into, errors (str): The column with the texts, and the new ones for the entities and for the errors.
    max_length (int | None): Characters that a text may have; None for the pipeline's `nlp.max_length`.
    """

    def __init__(
        self, model: str, *, text: str = "text", into: str = "entities", errors: str = "entities_error",
        max_length: int | None = None,
    ) -> None:  # fmt: skip
        self.model, self.text, self.into, self.errors, self.max_length = (
            model,
            text,
            into,
            errors,
            max_length,
        )

    def __call__(self, table: pa.Table) -> pa.Table:
        """table (pyarrow.Table): Any table with the column of texts.
        RETURNS (pyarrow.Table): The same rows in the same order, and two columns more.
        RAISES UserError: The column of texts is missing, or a new column is there already."""
        return pa.Table.from_batches(
            self.batches(table.to_batches()), schema=self._schema(table.schema)
        )

    def batches(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The same for a stream, as Spark's `mapInArrow` hands it over: yields each batch with two columns more."""
        for batch in batches:
            schema = self._schema(batch.schema)
            entities, errors, _ = self.columns(values(batch.column(self.text)))
            yield pa.RecordBatch.from_arrays([*batch.columns, entities, errors], schema=schema)

    def _schema(self, schema: pa.Schema) -> pa.Schema:
        if self.text not in schema.names:
            raise UserError(
                f"There is no column {self.text!r}, but {schema.names}: say which one has the texts"
            )
        if taken := {self.into, self.errors} & set(schema.names):
            raise UserError(
                f"The columns {sorted(taken)} are there already: give other names for the new ones"
            )
        return schema.append(pa.field(self.into, pa.list_(ENTITY))).append(
            pa.field(self.errors, pa.string())
        )

    def load(self) -> Language:
        """RAISES UserError: The pipeline cannot be loaded."""
        return _loaded(self.model, max_length=self.max_length)

    def columns(self, texts: Sequence[Any]) -> tuple[pa.Array, pa.Array, int]:
        """The entities, the errors, the number of words. What is no text gives an error, an exception its own."""
        nlp = self.load()
        outcomes: list[Outcome] = [(None, _error(value, nlp.max_length), 0) for value in texts]
        readable = (row for row, (_, error, _) in enumerate(outcomes) if error is None)
        for rows in minibatch_by_words(
            readable, MAX_CHARACTERS, get_length=lambda row: len(texts[row])
        ):
            is_warm = _characters[nlp] >= WARM_UP_CHARACTERS
            _characters[nlp] += sum(len(texts[row]) for row in rows)
            with nlp.memory_zone() if is_warm else nullcontext():
                for row, outcome in zip(
                    rows, _annotate(nlp, [texts[row] for row in rows]), strict=True
                ):
                    outcomes[row] = outcome
        found, errors, n_words = zip(*outcomes, strict=True) if outcomes else ((), (), ())
        return pa.array(found, pa.list_(ENTITY)), pa.array(errors, pa.string()), sum(n_words)


_loaded = cache(load_pipeline)


def _annotate(nlp: Language, texts: list[str]) -> list[Outcome]:
    # Nobody can know beforehand which text a pipe fails on, or leaves out: halves are tried until it is found.
    try:
        docs = nlp.pipe(texts, batch_size=MAX_TEXTS)
        return [(entities(doc), None, len(doc)) for _, doc in zip(texts, docs, strict=True)]
    except Exception as error:
        if len(texts) == 1:
            return [(None, f"The pipeline failed: {type(error).__name__}: {error}", 0)]
    middle = len(texts) // 2
    return _annotate(nlp, texts[:middle]) + _annotate(nlp, texts[middle:])


def _error(value: Any, max_length: int) -> str | None:
    if value is None or isinstance(value, Exception):
        return "The text is null" if value is None else str(value)
    if not isinstance(value, str):
        return f"The text is no string, but of type {type(value).__name__}"
    if len(value) > max_length:
        return f"The text has {len(value)} characters, more than max_length = {max_length}"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "The text is not UTF-8"
    return None


def values(column: pa.Array) -> list[Any]:
    """A column's values; bytes that are not UTF-8 become surrogates."""
    try:
        return column.to_pylist()
    except UnicodeDecodeError:  # Arrow does not look
        raw = column.cast(pa.large_binary()).to_pylist()
        return [None if value is None else value.decode("utf8", "surrogateescape") for value in raw]
