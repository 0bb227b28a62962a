"""Load any spaCy pipeline, for the commands; and say which of its files is damaged, if one is."""

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
    """The folder of a pipeline that is given by it, or by the name of an installed one.

    RAISES UserError: If there is no such pipeline.
    """
    folder = get_package_path(str(name)) if is_package(str(name)) else Path(name)
    if not (folder / "meta.json").is_file():
        raise UserError(
            f"there is no pipeline {name}: give a folder that `spacy train` wrote (such as training/model-best), "
            "or the name of an installed pipeline (such as en_gmb_bilstm)"
        )
    return folder


def load_pipeline(name: str | Path, *, max_length: int | None = sys.maxsize) -> Language:
    """Load a folder with a pipeline, or an installed one by its name.

    max_length (int | None): Characters that a text may have; None for the pipeline's `nlp.max_length`.
    RAISES UserError: If there is no such pipeline, or it is damaged, or needs a package that is not installed.
    """
    folder = pipeline_folder(name)
    try:
        nlp = spacy.load(name)
    # A pipe of anybody's, and each parser of a file, raises errors of its own.
    except Exception as error:
        raise UserError(
            f"the pipeline {name} cannot be loaded: {why_not_loaded(folder, error)}"
        ) from error
    nlp.max_length = max_length or nlp.max_length
    return nlp


def why_not_loaded(folder: Path, error: Exception) -> str:
    """What to say of an error that `spacy.load` has raised for a pipeline: which file is damaged, if one is."""
    for path in sorted(folder.rglob("*")):
        read = READERS.get(path.name)
        try:
            if read is not None:
                read(path.read_bytes())
        # Each parser raises errors of its own.
        except Exception as damage:
            return str(damaged(str(path), damage))
    return str(error) if isinstance(error, ValueError | OSError | ImportError) else repr(error)


def _read_config(data: bytes) -> None:
    config = Config().from_bytes(data, interpolate=False)
    for name in config["nlp"]["pipeline"]:
        if name not in config["components"]:
            raise ValueError(f"it must have a section for each pipe, but has none for {name}")


# How spaCy reads the files of a pipeline, by their names.
READERS: dict[str, Callable[[bytes], Any]] = {
    "config.cfg": _read_config,
    "vectors": lambda data: np.load(BytesIO(data)),
    **dict.fromkeys(("cfg", "meta.json", "strings.json", "vectors.cfg"), json.loads),
    **dict.fromkeys(
        ("tokenizer", "key2row", "lookups.bin", "model"),
        lambda data: srsly.msgpack_loads(data).items(),
    ),
}
