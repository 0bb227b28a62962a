"""Write configs for `spacy train`."""

import json
from pathlib import Path

from thinc.api import Config

from ..default_config import read_config
from ..errors import UserError
from ..files.docs import blank_pipeline
from ..pipe.component import BiLSTMNER
from ..pipe.loading import load_pipeline
from ..system.atomic import save_text


def write_config(
    path: Path,
    *,
    lang: str = "en",
    vectors: str | None = None,
    source: str | None = None,
    force: bool = False,
) -> str:
    """Write a config.

    path (Path): The file to write.
    lang (str): The language code of a new pipeline.
    vectors (str | None): The word vectors of a new pipeline: an installed pipeline, or a folder.
    source (str | None): A trained pipeline whose training is continued: an installed package, or a
        folder. Its pipe `bilstm_ner` keeps its labels and vectors.
    force (bool): Replace an existing file.
    RETURNS (str): A message for the user, with the next command.
    RAISES UserError: If spaCy has no such language, if the source cannot be loaded or has no
        pipe `bilstm_ner`, or if the file exists or cannot be written.
    """
    if path.exists() and not force:
        raise UserError(f"{path} already exists. Give another name, or --force to replace it.")
    if source:
        config = going_on_config(source)
    else:
        blank_pipeline(lang)
        config = fill(read_config(), lang=lang, vectors=vectors)
    save_text(path, config)
    return (
        f"Wrote {path}. To train with it:\npython -m spacy train {path} --output training "
        "--paths.train corpus/train.spacy --paths.dev corpus/dev.spacy"
    )


def going_on_config(source: str) -> str:
    """Return a config that continues the training of a pipeline. Its other pipes are frozen.

    Length of training and learning rate are those of a new pipe, since rehearsal prevents
    forgetting.

    RAISES UserError: If the pipeline has no pipe `bilstm_ner`.
    """
    nlp = load_pipeline(source)
    config = Config().from_str(read_config(), interpolate=False)
    for name, pipe in nlp.pipeline:
        if isinstance(pipe, BiLSTMNER):
            config["training"]["before_to_disk"]["pipe"] = name
            break
    else:
        raise UserError(
            f"{source} has no pipe bilstm_ner (pipes: {', '.join(nlp.pipe_names) or 'none'}): give "
            "a pipeline that was trained with a config of `init`"
        )
    # The language, the tokenizer and the names of the pipes
    config["nlp"] = nlp.config.interpolate()["nlp"]
    config["components"] = {pipe_name: {"source": source} for pipe_name in nlp.component_names}
    config["training"]["frozen_components"] = sorted(set(nlp.component_names) - {name})
    del config["paths"]["vectors"]
    config["initialize"]["components"] = {}
    # Other pipes may read the vectors of the vocabulary.
    if nlp.vocab.vectors_length:
        config["initialize"]["vectors"] = source
    return f"# Go on from the trained pipeline {source}\n\n{config.to_str(interpolate=False)}"


def fill(config: str, *, lang: str, vectors: str | None) -> str:
    """Fill in the language and the word vectors. Only these two lines change, and comments stay.

    RETURNS (str): The config.
    """
    config = config.replace('\nlang = "en"\n', f"\nlang = {json.dumps(lang)}\n", 1)
    return config.replace("\nvectors = null\n", f"\nvectors = {json.dumps(vectors)}\n", 1)
