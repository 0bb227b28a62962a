"""The command `init`."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from .arguments import Lang
from .vectors import describe_choice, find_vectors


def init(
    config: Annotated[Path, Argument(metavar="CONFIG", help="file to write, such as config.cfg")],
    *,
    lang: Lang = "en",
    vectors: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="pipeline with word vectors, its folder, or a text file such as GloVe's; none for "
            "no vectors; default: an installed pipeline of the language",
        ),
    ] = None,
    source: Annotated[
        str | None,
        Option(
            "--from",
            metavar="PIPELINE",
            help="trained pipeline to go on from: folder or name of an installed pipeline",
        ),
    ] = None,
    force: Annotated[bool, Option("--force", help="replace an existing file")] = False,
) -> None:
    """Write a training config for `spacy train`.

    Example: python -m spacy_bilstm_ner init config.cfg --lang en --vectors en_core_web_md
    """
    from ..training.init import write_config

    if source is not None:
        if vectors is not None:
            raise typer.BadParameter("a trained pipeline has its own vectors: give --from alone")
    elif vectors is None:
        vectors = find_vectors(lang)
        print(describe_choice(lang, vectors))
    elif vectors == "none":
        vectors = None
    for note in write_config(config, lang=lang, vectors=vectors, source=source, force=force):
        print(note)
