"""Every public name resolves through entry points, and the shipped configs agree with the code."""

import subprocess
import sys
from configparser import ConfigParser
from importlib import import_module
from importlib.metadata import entry_points
from inspect import signature

import pytest
import spacy
from spacy.tokens import Span
from spacy.util import load_config
from thinc.api import ConfigValidationError

NAMES = {
    "factories": ["bilstm_ner"],
    "architectures": [
        "spacy_bilstm_ner.BiLSTMTagger.v1",
        "spacy_bilstm_ner.WordEmbedding.v1",
        "spacy_bilstm_ner.BiLSTMEncoder.v1",
    ],
    "augmenters": ["spacy_bilstm_ner.case.v1"],
    "readers": ["spacy_bilstm_ner.BalancedCorpus.v1"],
    "callbacks": ["spacy_bilstm_ner.fit_length.v1", "spacy_bilstm_ner.fit_decisions.v1"],
    "misc": ["spacy_bilstm_ner.sentence_segments.v1"],
    "displacy_colors": ["spacy_bilstm_ner"],
}


def declared(root) -> dict[str, dict[str, str]]:
    """Return the entry points in setup.cfg: group → name → target."""
    parser = ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(root / "setup.cfg", encoding="utf8")
    groups = parser["options.entry_points"]
    return {
        group: {
            name.strip(): target.strip()
            for name, _, target in (line.partition("=") for line in lines.strip().splitlines())
        }
        for group, lines in groups.items()
    }


def test_every_public_name_is_declared(root):
    groups = declared(root)
    for group, names in NAMES.items():
        assert set(names) <= set(groups[f"spacy_{group}"])


def test_every_declared_entry_point_resolves_and_is_installed(root):
    for group, names in declared(root).items():
        installed = {point.name: point.value for point in entry_points(group=group)}
        for name, target in names.items():
            module, attribute = target.split(":")
            assert hasattr(import_module(module), attribute), target
            # After a change of setup.cfg, install the package again.
            assert installed.get(name) == target


def test_architectures_and_functions_are_versioned(root):
    groups = declared(root)
    for group in (
        "spacy_architectures",
        "spacy_augmenters",
        "spacy_callbacks",
        "spacy_readers",
        "spacy_misc",
    ):
        for name in groups[group]:
            assert name.startswith("spacy_bilstm_ner.")
            assert name.rsplit(".", 1)[1][0] == "v"


def test_a_pipeline_needs_no_import_of_ours_and_a_blank_one_no_torch_of_ours():
    code = """
import sys

import spacy
from spacy.tokens import Span

nlp = spacy.blank("en")
nlp("It rained.")
ours = {name for name in sys.modules if name.startswith("spacy_bilstm_ner.")}
assert "spacy_bilstm_ner.pipe.component" in ours
assert not any("torch" in name for name in ours), ours
assert Span.has_extension("confidence")
nlp.add_pipe("bilstm_ner", name="ner")
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def test_the_extension_is_there_once_and_stays():
    import_module("spacy_bilstm_ner.pipe.component")
    assert Span.has_extension("confidence")
    *_, getter, setter = Span.get_extension("confidence")
    assert getter is not None
    assert setter is not None


def test_the_shipped_config_has_the_models_defaults(root):
    config = load_config(root / "configs" / "bilstm.cfg")
    nlp = spacy.blank(config["nlp"]["lang"])
    nlp.add_pipe("bilstm_ner", name="ner")
    default = nlp.config["components"]["ner"]
    shipped = spacy.util.load_model_from_config(config, auto_fill=True).config["components"]["ner"]
    assert shipped["factory"] == default["factory"]
    # Settings that need data, or depend on the size of the corpus
    assert default["model"].pop("ngrams") is False
    assert shipped["model"].pop("ngrams") is True
    assert default["model"]["tok2vec"]["vector_width"] == 0
    for name in ("vector_width", "feature_dropout", "full_dropout_words", "min_words"):
        assert default["model"]["tok2vec"].pop(name) < shipped["model"]["tok2vec"].pop(name)
    assert shipped["model"] == default["model"]
    assert shipped["threshold"] == default["threshold"]


@pytest.mark.parametrize("name", ["bilstm.cfg", "tutorial.cfg"])
def test_our_configs_make_a_pipeline(root, name):
    config = load_config(root / "configs" / name, {"components.ner.model.tok2vec.vector_width": 0})
    config["components"]["ner"]["model"]["ngrams"] = False
    config["initialize"].pop("components", None)
    config["training"]["max_steps"] = 1
    nlp = spacy.util.load_model_from_config(config, auto_fill=True)
    assert nlp.get_pipe_meta("ner").factory == "bilstm_ner"
    nlp.get_pipe("ner").add_label("geo")
    nlp.initialize()
    assert len(nlp("It rained in Oslo.")) == 5


def test_the_factory_has_the_metadata_of_spacys_own():
    ours, spacys = spacy.blank("en"), spacy.blank("en")
    ours.add_pipe("bilstm_ner", name="ner")
    spacys.add_pipe("ner")
    meta, other = ours.get_pipe_meta("ner"), spacys.get_pipe_meta("ner")
    assert set(other.assigns) <= set(meta.assigns)
    assert meta.default_score_weights == other.default_score_weights
    assert set(meta.scores) == set(other.scores)


def test_the_factorys_defaults_are_arguments_of_its_component():
    from spacy_bilstm_ner.pipe.component import BiLSTMNER

    nlp = spacy.blank("en")
    nlp.add_pipe("bilstm_ner", name="ner")
    options = {k for k in nlp.config["components"]["ner"] if k not in ("factory", "@scorers")}
    assert options <= set(signature(BiLSTMNER.__init__).parameters)


def test_an_option_that_does_not_exist_is_refused():
    with pytest.raises(ConfigValidationError, match="treshold"):
        spacy.blank("en").add_pipe("bilstm_ner", config={"treshold": 0.5})
