"""Static word vectors inside a model.

They are not trained, are stored in eight bits, and are found by the hash of a word's form.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from spacy.strings import StringStore, hash_string
from spacy.util import get_model_meta, get_package_path, is_package
from spacy.vectors import Mode, Vectors
from thinc.api import Model
from thinc.types import Floats2d, Ints1d

from .clusters import find_clusters, unit_vectors
from .features import FORM, LOWER, Ids, feature_ids
from .stored import Archived, look_up, quantized

# Keys are the lower 32 bits of a word's hash. About 1 in 10,000 words without a vector collides
# with the key of another word.
KEY_MASK = 0xFFFFFFFF
# Larger than the scale of the learned embeddings, so that training relies on pretrained vectors
# first.
VECTOR_STD = 2.0

Rows = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class VectorTable(Archived):
    """The vectors of words.

    680,000 words with 20,000 vectors of width 100 take about two megabytes on disk.
    """

    keys: NDArray[np.uint32]  # n_keys, the words' hashes, sorted
    rows: NDArray[np.uint32]  # n_keys + 1, each word's row of `values`; 0 for unknown words
    values: NDArray[np.int8]  # n_rows × width; the first row is for words without a vector
    scale: NDArray[np.float32]  # width, the factor of each column
    # n_rows × len(SIZES), the number of each vector's cluster, from 1: see `clusters`. The first
    # row is 0, for words without a vector.
    clusters: NDArray[np.uint16]

    def find(self, ids: Ids) -> Rows:
        """Find the rows of words by their forms, or by their lower-case forms.

        ids (Ids): The words' `feature_ids`.
        RETURNS: n_words, 0 for words without a vector.
        """
        keys = (ids[:, [FORM, LOWER]] & KEY_MASK).astype("uint32")
        by_form, by_lower = look_up(self.keys, self.rows, keys).T
        return np.where(by_form, by_form, by_lower)

    def find_words(self, words: Sequence[str]) -> Rows:
        """Find the rows of words, see `find`."""
        return self.find(feature_ids(words))

    def vectors(self, rows: Rows) -> Floats2d:
        """Return the vectors of rows: n_words × width."""
        return self.values[rows] * self.scale

    def similarities(self, rows: Rows, reference_rows: Rows) -> NDArray[np.floating]:
        """Return the maximum cosine similarity of each word to the reference words.

        RETURNS: n_words; 0 for words without a vector, and instead of a negative similarity.
        """
        distinct_rows, indices = np.unique(rows, return_inverse=True)
        points = unit_vectors(self.vectors(distinct_rows))
        references = np.unique(reference_rows[reference_rows > 0])
        similarities = np.zeros(len(points), dtype="float32")
        for reference in unit_vectors(self.vectors(references)):
            np.maximum(similarities, points @ reference, out=similarities)
        # The vector of row 0 is zero.
        return similarities[indices]


NO_VECTORS = VectorTable(
    keys=np.empty(0, "uint32"),
    rows=np.zeros(1, "uint32"),
    values=np.empty((1, 0), "int8"),
    scale=np.empty(0, "float32"),
    clusters=np.empty((1, 0), "uint16"),
)


def StaticVectors(width: int, *, max_rows: int = 0) -> Model[Ints1d, Floats2d]:
    """Construct a layer that looks up static vectors: n_words → n_words × width.

    The input is the rows of words, see `VectorTable.find`. The vectors are not trained. Words
    without a vector share one trained vector.

    width, max_rows: See `read_vectors`. In a model that is initialized without vectors, the output
        width is 0.
    """
    return Model(
        "static_vectors",
        _forward,
        init=_init,
        dims={"nO": None},
        params={"unknown": None},
        attrs={"table": NO_VECTORS, "width": width, "max_rows": max_rows},
    )


def read_vectors(source: str | Path, width: int, *, max_rows: int = 0) -> VectorTable:
    """Read word vectors and reduce them to their principal components.

    The components are centred and scaled to an overall standard deviation of VECTOR_STD. The other
    parts of a pipeline are not read.

    source (str | Path): An installed pipeline package, or a pipeline's folder.
    width (int): Maximum width of the result. It cannot be larger than the number of vectors
        or their width.
    max_rows (int): Maximum number of different vectors. The first ones are read, which in most
        sources belong to frequent words. 0 for all.
    RAISES ValueError: If there is no such pipeline, or it has no usable vectors.
    """
    vectors = _read_pipeline(source)
    data = vectors.data.astype("float64")[: max_rows or None]
    rows_by_key = _rows_by_key(vectors, len(data))
    keys = np.array(sorted(rows_by_key), dtype="uint32")
    # The first row is for words without a vector.
    rows = [1 + rows_by_key[key] for key in keys.tolist()]
    rows.append(0)
    reduced = _principal_components(data, min(width, *data.shape))
    values, scale = quantized(reduced)
    clusters = 1 + find_clusters(reduced)
    pad_first_row = ((1, 0), (0, 0))
    return VectorTable(
        keys,
        np.array(rows, dtype="uint32"),
        np.pad(values, pad_first_row),
        scale,
        np.pad(clusters, pad_first_row),
    )


def _read_pipeline(source: str | Path) -> Vectors:
    """Read the vectors of a pipeline, which is a folder or an installed package."""
    folder, source = Path(source), str(source)
    if is_package(source):
        package = get_package_path(source)
        folder = package / "{lang}_{name}-{version}".format(**get_model_meta(package))
    vectors = Vectors(strings=StringStore())
    if (folder / "vocab" / "vectors").is_file():
        vectors.from_disk(folder / "vocab")
    if vectors.mode != Mode.default or not len(vectors.key2row):
        raise ValueError(
            f"there is no table of word vectors in {source}: give an installed pipeline with "
            "vectors, or the folder of one. `python -m spacy download en_core_web_md` installs "
            "one, and `python -m spacy init vectors LANG FILE FOLDER` makes one from a text file"
        )
    return vectors


def _rows_by_key(vectors: Vectors, n_rows: int) -> dict[int, int]:
    """Return the row of each word among the first rows.

    Words with the same row as their lower-case form are left out, because `find` looks up both.
    """
    rows_by_key: dict[int, int] = {}
    for word_hash, row in vectors.key2row.items():
        lower = word_hash
        if word_hash in vectors.strings:
            lower = hash_string(vectors.strings[word_hash].lower())
        if row < n_rows and (lower == word_hash or vectors.key2row.get(lower) != row):
            rows_by_key.setdefault(word_hash & KEY_MASK, row)
    return rows_by_key


def _principal_components(data: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    centred = data - data.mean(axis=0)
    # In ascending order of their variance
    _, directions = np.linalg.eigh(centred.T @ centred)
    descending = directions[:, ::-1]
    reduced = centred @ descending[:, :width]
    return reduced * (VECTOR_STD / (reduced.std() or 1.0))


def _forward(model: Model, rows: Ints1d, is_train: bool) -> tuple[Floats2d, Callable]:
    table = model.attrs["table"]
    rows = model.ops.to_numpy(rows)
    missing = model.ops.asarray(np.flatnonzero(rows == 0))
    vectors = model.ops.asarray2f(table.vectors(rows))
    vectors[missing] = model.get_param("unknown")

    def backprop(d_vectors: Floats2d) -> Ints1d:
        model.inc_grad("unknown", d_vectors[missing].sum(axis=0))
        return rows

    return vectors, backprop


def _init(model: Model, X: Ints1d | None = None, Y: Floats2d | None = None) -> None:
    width = model.attrs["table"].values.shape[1]
    model.set_dim("nO", width, force=True)
    model.set_param("unknown", model.ops.alloc1f(width))
