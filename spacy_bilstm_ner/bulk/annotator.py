"""Find the entities in a column of texts. Knows Arrow and spaCy, and no engine that spreads work over machines."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from functools import cache
from typing import Any

import pyarrow as pa
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span

from ..errors import UserError
from ..saved import why_not_loaded

# (start, end, label, confidence), offsets in code points, end exclusive.
Entity = tuple[int, int, str, float | None]

ENTITY = pa.struct([("start", pa.int32()), ("end", pa.int32()), ("label", pa.string()), ("confidence", pa.float32())])
# As many texts and characters are one batch for the network. Larger batches are faster, but take memory.
MAX_TEXTS, MAX_CHARACTERS = 1000, 1_000_000
# spaCy's tokenizer learns words only outside `nlp.memory_zone()`: that many characters are read outside. What comes
# after is read inside, so that ever new words do not fill the memory.
WARM_UP_CHARACTERS = 1_000_000
_characters: Counter[str] = Counter()  # read by each pipeline in this process


class Annotator:
    """Adds a column of entities and one of errors to a table with texts.

    `entities` is a list of `start`, `end` (code points, end exclusive), `label` and `confidence` for each text. An
    empty list says that the text has no entity. A null says that the text was not annotated, and `entities_error` why.

    model (str): The name or path of any spaCy pipeline that sets `doc.ents`. It is loaded once in each process, when
        the first text comes; what is pickled is the name.
    text (str): The column with the texts.
    into (str): The new column for the entities.
    errors (str): The new column for the errors.
    max_length (int | None): Characters that a text may have; None for the pipeline's `nlp.max_length`.
    """

    def __init__(
        self, model: str, *, text: str = "text", into: str = "entities", errors: str = "entities_error",
        max_length: int | None = None,
    ) -> None:  # fmt: skip
        self.model, self.text, self.into, self.errors, self.max_length = model, text, into, errors, max_length

    def __call__(self, table: pa.Table) -> pa.Table:
        """table (pyarrow.Table): Any table with the column of texts.
        RETURNS (pyarrow.Table): The same rows in the same order, and two columns more.
        RAISES UserError: The column of texts is missing, or a new column is there already.
        """
        schema = self.schema(table.schema)
        return pa.Table.from_batches(self.batches(table.to_batches()), schema=schema)

    def batches(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The same for a stream, as Spark's `mapInArrow` hands it over.

        batches (Iterable[pyarrow.RecordBatch]): Batches with the column of texts.
        YIELDS (pyarrow.RecordBatch): Each batch with two columns more.
        """
        for batch in batches:
            schema = self.schema(batch.schema)
            entities, errors, _ = self.columns(values(batch.column(self.text)))
            yield pa.RecordBatch.from_arrays([*batch.columns, entities, errors], schema=schema)

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """schema (pyarrow.Schema): A table's columns.
        RETURNS (pyarrow.Schema): Those, and the two that are added.
        """
        if self.text not in schema.names:
            raise UserError(f"There is no column {self.text!r}, but {schema.names}: say which one has the texts")
        if taken := {self.into, self.errors} & set(schema.names):
            raise UserError(f"The columns {sorted(taken)} are there already: give other names for the new ones")
        return schema.append(pa.field(self.into, pa.list_(ENTITY))).append(pa.field(self.errors, pa.string()))

    def load(self) -> None:
        """Load the pipeline now. RAISES UserError: It cannot be loaded."""
        _load(self.model)

    def columns(self, texts: Sequence[Any]) -> tuple[pa.Array, pa.Array, int]:
        """texts (Sequence[Any]): A text for each row; anything else gives an error row, an exception its own message.
        RETURNS (tuple[pyarrow.Array, pyarrow.Array, int]): The entities, the errors, the number of words.
        """
        nlp = _load(self.model)
        max_length = self.max_length or nlp.max_length
        errors = [_error(value, max_length) for value in texts]
        found: list[list[Entity] | None] = [None] * len(texts)
        n_words = 0
        for rows in _chunks([row for row, error in enumerate(errors) if error is None], texts):
            chunk = [texts[row] for row in rows]
            is_warm = _characters[self.model] >= WARM_UP_CHARACTERS
            _characters[self.model] += sum(map(len, chunk))
            own, nlp.max_length = nlp.max_length, max_length
            try:
                with nlp.memory_zone() if is_warm else nullcontext():
                    outcomes = _annotate(nlp, chunk)
            finally:
                nlp.max_length = own
            for row, outcome in zip(rows, outcomes, strict=True):
                if isinstance(outcome, str):
                    errors[row] = outcome
                else:
                    found[row] = outcome[0]
                    n_words += outcome[1]
        return _entity_array(found), pa.array(errors, pa.string()), n_words


@cache
def _load(model: str) -> Language:
    try:
        return spacy.load(model)
    except (OSError, ValueError) as error:
        raise UserError(f"The pipeline {model!r} cannot be loaded: {why_not_loaded(model, error)}") from error


def _annotate(nlp: Language, texts: list[str]) -> list[tuple[list[Entity], int] | str]:
    """Each text's entities and number of words, or why the pipeline failed on it."""
    # Nobody can know beforehand which text a pipe fails on: halves are tried until it is found.
    reason = "it gave no Doc"
    try:
        results = [(_entities(doc), len(doc)) for doc in nlp.pipe(texts, batch_size=len(texts))]
        if len(results) == len(texts):
            return list(results)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    if len(texts) == 1:
        return [f"The pipeline failed: {reason}"]
    middle = len(texts) // 2
    return _annotate(nlp, texts[:middle]) + _annotate(nlp, texts[middle:])


def _entities(doc: Doc) -> list[Entity]:
    known = Span.has_extension("confidence")
    return [(e.start_char, e.end_char, e.label_, e._.confidence if known else None) for e in doc.ents]


def _error(value: Any, max_length: int) -> str | None:
    if isinstance(value, str):
        n = len(value)
        return f"The text has {n} characters, more than max_length = {max_length}" if n > max_length else None
    if isinstance(value, Exception):
        return str(value)
    kinds = {type(None): "null", bytes: "not UTF-8"}
    return f"The text is {kinds.get(type(value)) or f'no string, but of type {type(value).__name__}'}"


def decoded(value: bytes) -> str | bytes:
    """RETURNS (str | bytes): The text, or the bytes themselves if they are not UTF-8."""
    try:
        return value.decode("utf8")
    except UnicodeDecodeError:
        return value


def values(column: pa.Array) -> list[Any]:
    """RETURNS (list[Any]): A column's values; bytes where Arrow holds a string that is not UTF-8."""
    try:
        return column.to_pylist()
    except UnicodeDecodeError:  # Arrow does not look
        return [scalar.as_buffer() and decoded(scalar.as_buffer().to_pybytes()) for scalar in column]


def _chunks(rows: list[int], values: Sequence[Any]) -> Iterator[list[int]]:
    chunk: list[int] = []
    size = 0
    for row in rows:
        if chunk and (len(chunk) == MAX_TEXTS or size + len(values[row]) > MAX_CHARACTERS):
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += len(values[row])
    if chunk:
        yield chunk


def _entity_array(found: list[list[Entity] | None]) -> pa.Array:
    flat = [entity for entities in found if entities for entity in entities]
    fields = zip(*flat, strict=True) if flat else [()] * len(ENTITY)
    structs = pa.StructArray.from_arrays(
        [pa.array(values, field.type) for values, field in zip(fields, ENTITY, strict=True)], fields=list(ENTITY)
    )
    offsets = [0]
    for entities in found:
        offsets.append(offsets[-1] + len(entities or ()))
    mask = pa.array([entities is None for entities in found], pa.bool_())
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), structs, type=pa.list_(ENTITY), mask=mask)
