"""The command `init`, and the choice of word vectors."""

from pathlib import Path
from typing import Annotated

from typer import Argument, BadParameter, Option

from .arguments import Lang, Vectors

# Languages whose pipelines with vectors are not called LANG_core_news_md
PIPELINES = {"en": "en_core_web_md", "zh": "zh_core_web_md"}
# Measured with `crossvalidate train.csv folds --folds 2 --no-curve`, with these vectors and without
IMPROVEMENT = (
    "They help most when there is little training data: on 530 sentences of WikiGold, the vectors "
    "of en_core_web_md raise F from 62.3 to 69.7."
)


def init(
    config: Annotated[Path, Argument(metavar="CONFIG", help="file to write, such as config.cfg")],
    *,
    lang: Lang = "en",
    vectors: Vectors = None,
    source: Annotated[
        str | None,
        Option(
            "--from",
            help="folder or name of a trained pipeline to train further; its language is kept",
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
            raise BadParameter("--from uses the vectors of the pipeline: leave out --vectors")
    else:
        vectors = choose_vectors(lang, vectors)
    print(write_config(config, lang=lang, vectors=vectors, source=source, force=force))


def choose_vectors(lang: str, vectors: str | None) -> str | None:
    """Return the vectors of the option --vectors. By default, choose some and print which."""
    if vectors is None:
        vectors = find_installed_vectors(lang)
        print(describe_choice(lang, vectors))
    return None if vectors == "none" else vectors


def find_installed_vectors(lang: str) -> str | None:
    """Return the installed pipeline of a language with the most word vectors, or None."""
    import srsly
    from spacy.util import get_installed_models, get_package_path

    best_name, most_vectors = None, 0
    for name in sorted(get_installed_models()):
        meta = srsly.read_json(get_package_path(name) / "meta.json")
        n_vectors = meta["vectors"]["vectors"]
        if meta["lang"] == lang and n_vectors > most_vectors:
            best_name, most_vectors = name, n_vectors
    return best_name


def describe_choice(lang: str, vectors: str | None) -> str:
    """Say which vectors are used. If there are none, say how they help and how to install them."""
    if vectors:
        return (
            f"Word vectors: those of the installed pipeline {vectors} (for none: --vectors none)."
        )
    name = PIPELINES.get(lang, f"{lang}_core_news_md")
    return (
        f"Word vectors: none, because no installed pipeline of the language {lang} has any. "
        f"{IMPROVEMENT} To install vectors, if spaCy has them for {lang}:\n"
        f"python -m spacy download {name}"
    )
