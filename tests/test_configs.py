from pathlib import Path

import pytest
from spacy.util import load_config, load_model_from_config


@pytest.mark.parametrize("name", ["bilstm", "tutorial"])
def test_configs_make_a_pipeline(root: Path, name: str) -> None:
    config = load_config(root / "configs" / f"{name}.cfg")
    nlp = load_model_from_config(config, auto_fill=True)
    assert nlp.pipe_names[-1] == "ner"


@pytest.mark.parametrize("name", ["bilstm", "tutorial"])
def test_configs_need_no_file_of_ours(root: Path, name: str) -> None:
    config = load_config(root / "configs" / f"{name}.cfg")
    assert not any(config["paths"].values())


def test_tutorials_numbers(root: Path) -> None:
    config = load_config(root / "configs" / "tutorial.cfg")
    # With the defaults of the pipe
    filled = load_model_from_config(config, auto_fill=True).config
    model, training = filled["components"]["ner"]["model"], config["training"]
    assert model["tok2vec"]["widths"] == [64]
    assert (model["tok2vec"]["character_width"], model["tok2vec"]["vector_width"]) == (0, 0)
    assert (model["words"], model["ngrams"], model["encode"]["both_layers"]) == (
        False,
        False,
        False,
    )
    assert model["transitions"] is False
    assert (model["encode"]["hidden_width"], model["encode"]["width"]) == (64, 64)
    assert (model["encode"]["input_dropout"], model["encode"]["hidden_dropout"]) == (0.2, 0.5)
    optimizer = training["optimizer"]
    assert (optimizer["learn_rate"], optimizer["L2"], optimizer["grad_clip"]) == (0.001, 0.0, 0.0)
    assert training["max_steps"] == 25 * 35
    assert training["eval_frequency"] == 35
    assert training["batcher"]["size"] == 1000


def test_training_goes_on_with_a_rate_that_learns(root: Path) -> None:
    """Outside of `spacy train`, all updates use the first rate of the schedule."""
    nlp = load_model_from_config(load_config(root / "configs" / "bilstm.cfg"), auto_fill=True)
    assert nlp.create_optimizer().learn_rate == 0.002
