"""Load any spaCy pipeline for the commands."""

import sys
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.util import get_package_path, is_package

from ..errors import UserError


def pipeline_folder(name: str | Path) -> Path:
    """Return the folder of a pipeline.

    name (str | Path): A folder, or the name of an installed pipeline.
    RAISES UserError: If there is no such pipeline.
    """
    folder = get_package_path(str(name)) if is_package(str(name)) else Path(name)
    if not (folder / "meta.json").is_file():
        raise UserError(
            f"there is no pipeline {name}: give a folder that `spacy train` wrote (such as "
            "training/model-best), or the name of an installed pipeline (such as en_gmb_bilstm)"
        )
    return folder


def load_pipeline(name: str | Path, *, max_length: int | None = sys.maxsize) -> Language:
    """Load a pipeline.

    name (str | Path): A folder, or the name of an installed pipeline.
    max_length (int | None): Maximum length of a text in characters; None for `nlp.max_length`.
    RAISES UserError: If there is no such pipeline, it is damaged, or a package is missing.
    """
    pipeline_folder(name)
    try:
        nlp = spacy.load(name)
    # The pipes of other packages raise errors of any type.
    except Exception as error:
        reason = " ".join(str(error).split()) or repr(error)
        raise UserError(
            f"the pipeline {name} cannot be loaded: {reason}. If a file is damaged, train or "
            "install the pipeline again"
        ) from error
    nlp.max_length = max_length or nlp.max_length
    return nlp
