"""Find the entities in a column of texts."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import pyarrow as pa
from spacy.language import Language
from spacy.training.batchers import minibatch_by_words

from ..errors import UserError
from ..files.texts import text_error
from ..pipe.entities import list_entities
from ..pipe.loading import load_pipeline
from ..system.forking import SharedCache

# Offsets are code points, and the end is exclusive.
ENTITY = pa.struct(
    {
        "start": pa.int32(),
        "end": pa.int32(),
        "label": pa.string(),
        "confidence": pa.float32(),
        "text": pa.string(),
    }
)
# Names of the columns that are added
ENTITIES_COLUMN, ERRORS_COLUMN = "entities", "entities_error"
# Number of texts in a batch of `nlp.pipe`, and of characters in a call of it. Higher numbers are
# faster, but need more memory.
MAX_TEXTS, MAX_CHARACTERS = 1000, 1_000_000
# Number of characters after which a pipeline reads texts inside `nlp.memory_zone()`, so that new
# words do not fill the memory. Before that, spaCy's tokenizer caches words, which makes it faster.
WARM_UP_CHARACTERS = 1_000_000


class Pipelines(SharedCache):
    """The loaded pipelines of this process. Hold the lock while using one.

    loaded (dict): Name and `max_length` -> pipeline.
    n_characters (Counter): The number of characters that each pipeline has read.
    """

    def clear(self) -> None:
        """Forget all pipelines."""
        super().clear()
        self.loaded: dict[tuple[str, int | None], Language] = {}
        self.n_characters: Counter[Language] = Counter()


PIPELINES = Pipelines()


class Outcome(NamedTuple):
    """The entities of a text, or the reason why it was not annotated."""

    entities: list[dict[str, Any]] | None = None
    error: str | None = None


class Annotator:
    """Add a column of entities and a column of errors to a table with texts.

    `entities` is a list of `start`, `end` (code points, end exclusive), `label`, `confidence` and
    `text` for each text. An empty list means that the text has no entity. A null means that the
    text was not annotated, and `entities_error` is the reason.

    Threads may share an Annotator. They take turns, since spaCy's memory zones cannot overlap.
    Use processes to annotate in parallel. A forked process loads the pipeline again.

    model (str): The name or path of any spaCy pipeline that sets `doc.ents`. Each process loads it
        at the first call. The pipeline itself is not pickled.
    text (str): The column of texts.
    max_length (int | None): The longest text in characters; None for `nlp.max_length`.
    """

    def __init__(self, model: str, *, text: str = "text", max_length: int | None = None) -> None:
        self.model = model
        self.text = text
        self.max_length = max_length

    def __call__(self, table: pa.Table) -> pa.Table:
        """Annotate a table.

        table (pyarrow.Table): A table with the column of texts.
        RETURNS (pyarrow.Table): The same rows in the same order, with two more columns.
        RAISES UserError: If the column of texts is missing, or a new column exists already.
        """
        schema = self._schema(table.schema)
        return pa.Table.from_batches(self.batches(table.to_batches()), schema=schema)

    def batches(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Annotate a stream of batches, as Spark's `mapInArrow` passes it."""
        for batch in batches:
            schema = self._schema(batch.schema)
            outcomes = self.annotate(batch.column(self.text).to_pylist())
            columns = [*batch.columns, *outcome_columns(outcomes)]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    def _schema(self, schema: pa.Schema) -> pa.Schema:
        if self.text not in schema.names:
            raise UserError(
                f"there is no column {self.text!r}. Name the column of texts, one of {schema.names}"
            )
        existing = {ENTITIES_COLUMN, ERRORS_COLUMN}.intersection(schema.names)
        if existing:
            raise UserError(f"the columns {sorted(existing)} exist already: rename them")
        schema = schema.append(pa.field(ENTITIES_COLUMN, pa.list_(ENTITY)))
        return schema.append(pa.field(ERRORS_COLUMN, pa.string()))

    def load(self) -> Language:
        """Return the pipeline. If several threads use it, hold `PIPELINES.lock`.

        RAISES UserError: If the pipeline cannot be loaded.
        """
        key = (self.model, self.max_length)
        if key not in PIPELINES.loaded:
            PIPELINES.loaded[key] = load_pipeline(self.model, max_length=self.max_length)
        return PIPELINES.loaded[key]

    def annotate(self, texts: Sequence[Any]) -> list[Outcome]:
        """Annotate texts. A value that is not a text gets an error.

        A value can also be an exception, whose message is then the error.
        """
        with PIPELINES.lock:
            nlp = self.load()
            outcomes = [Outcome(error=text_error(text, nlp.max_length)) for text in texts]
            readable = (row for row, outcome in enumerate(outcomes) if outcome.error is None)
            batches = minibatch_by_words(
                readable, MAX_CHARACTERS, get_length=lambda row: len(texts[row])
            )
            for rows in batches:
                batch = [texts[row] for row in rows]
                is_warm = PIPELINES.n_characters[nlp] >= WARM_UP_CHARACTERS
                PIPELINES.n_characters[nlp] += sum(map(len, batch))
                with nlp.memory_zone() if is_warm else nullcontext():
                    batch_outcomes = _find_entities(nlp, batch)
                for row, outcome in zip(rows, batch_outcomes, strict=True):
                    outcomes[row] = outcome
        return outcomes


def _find_entities(nlp: Language, texts: list[str]) -> list[Outcome]:
    # If a pipe fails on a text or leaves it out, the batch is halved until this text is alone.
    try:
        outcomes = []
        for _, doc in zip(texts, nlp.pipe(texts, batch_size=MAX_TEXTS), strict=True):
            outcomes.append(Outcome(list_entities(doc)))
        return outcomes
    except Exception as error:
        if len(texts) == 1:
            return [Outcome(error=f"The pipeline failed: {type(error).__name__}: {error}")]
    middle = len(texts) // 2
    return _find_entities(nlp, texts[:middle]) + _find_entities(nlp, texts[middle:])


def outcome_columns(outcomes: Sequence[Outcome]) -> tuple[pa.Array, pa.Array]:
    """Return the column of entities and the column of errors."""
    entity_lists = [outcome.entities for outcome in outcomes]
    errors = [outcome.error for outcome in outcomes]
    return pa.array(entity_lists, pa.list_(ENTITY)), pa.array(errors, pa.string())
