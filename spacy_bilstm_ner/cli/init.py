"""The command `init`."""

from argparse import Namespace
from pathlib import Path
from typing import Annotated

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
    force: Annotated[bool, Option("--force", help="replace an existing file")] = False,
) -> None:
    """Write a training config for `spacy train`.

    Example: python -m spacy_bilstm_ner init config.cfg --lang en --vectors en_core_web_md
    """
    from ..training.init import execute

    if vectors is None:
        vectors = find_vectors(lang)
        print(describe_choice(lang, vectors))
    elif vectors == "none":
        vectors = None
    execute(Namespace(config=config, lang=lang, vectors=vectors, force=force))
