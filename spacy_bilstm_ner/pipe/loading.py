"""Load any spaCy pipeline for the commands, and name the file that is damaged if that fails."""

import json
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import spacy
import srsly
from spacy.language import Language
from spacy.util import get_package_path, is_package
from thinc.api import Config

from ..errors import UserError
from .saving import damaged


def pipeline_folder(name: str | Path) -> Path:
    """Return the folder of a pipeline.

    name (str | Path): A folder, or the name of an installed pipeline.
    RAISES UserError: If there is no such pipeline.
    """
    folder = get_package_path(str(name)) if is_package(str(name)) else Path(name)
    if not (folder / "meta.json").is_file():
        is_missing_folder = len(folder.parts) > 1 and not folder.exists()
        problem = "the folder {} is missing" if is_missing_folder else "there is no pipeline {}"
        raise UserError(
            f"{problem.format(name)}: give a folder that `spacy train` wrote (such as "
            "training/model-best), or the name of an installed pipeline (such as en_gmb_bilstm)"
        )
    return folder


def load_pipeline(name: str | Path, *, max_length: int | None = sys.maxsize) -> Language:
    """Load a pipeline.

    name (str | Path): A folder, or the name of an installed pipeline.
    max_length (int | None): Maximum length of a text in characters; None for `nlp.max_length`.
    RAISES UserError: If there is no such pipeline, it is damaged, or a package is missing.
    """
    folder = pipeline_folder(name)
    try:
        nlp = spacy.load(name)
    # The pipes of other packages raise errors of any type.
    except Exception as error:
        reason = why_not_loaded(folder, error)
        raise UserError(f"the pipeline {name} cannot be loaded: {reason}") from error
    nlp.max_length = max_length or nlp.max_length
    return nlp


def why_not_loaded(folder: Path, error: Exception) -> str:
    """Explain an error of `spacy.load`: name the file of the pipeline that is damaged, if any."""
    for path in sorted(folder.rglob("*")):
        try:
            if path.name in READERS:
                READERS[path.name](path.read_bytes())
        except OSError as reading_error:
            return str(reading_error)
        # Each parser raises errors of its own.
        except Exception as damage:
            return str(damaged(str(path), damage))
    return str(error) if isinstance(error, ValueError | OSError | ImportError) else repr(error)


def _read_config(data: bytes) -> None:
    config = Config().from_bytes(data, interpolate=False)
    for name in config["nlp"]["pipeline"]:
        if name not in config["components"]:
            raise ValueError(f"it has no section [components.{name}]")


def _read_vectors(data: bytes) -> None:
    np.load(BytesIO(data))


def _read_table(data: bytes) -> None:
    if not isinstance(srsly.msgpack_loads(data), dict):
        raise ValueError("it has no table")


# Functions that read the files of a pipeline, by the names of the files
READERS: dict[str, Callable[[bytes], Any]] = {
    "config.cfg": _read_config,
    "vectors": _read_vectors,
    **dict.fromkeys(("cfg", "meta.json", "strings.json", "vectors.cfg"), json.loads),
    **dict.fromkeys(("tokenizer", "key2row", "lookups.bin", "model"), _read_table),
}
