from pathlib import Path

import pytest
from spacy.util import load_config, load_model_from_config


@pytest.mark.parametrize("name", ["bilstm", "tutorial"])
def test_configs_need_no_file_of_ours(root: Path, name: str) -> None:
    config = load_config(root / "configs" / f"{name}.cfg")
    assert not any(config["paths"].values())


def test_training_goes_on_with_a_rate_that_learns(root: Path) -> None:
    """Outside of `spacy train`, all updates use the first rate of the schedule."""
    nlp = load_model_from_config(load_config(root / "configs" / "bilstm.cfg"), auto_fill=True)
    assert nlp.create_optimizer().learn_rate == 0.002
