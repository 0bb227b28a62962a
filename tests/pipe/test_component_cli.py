"""spaCy's commands run on the recogniser: in this process, since starting spaCy takes longer."""

from pathlib import Path

import pytest
import spacy
import srsly
from spacy.cli.apply import apply
from spacy.cli.debug_config import debug_config
from spacy.cli.evaluate import evaluate
from spacy.cli.init_config import fill_config
from spacy.cli.train import train
from spacy.tokens import DocBin
from thinc.api import Config

from tests.util import LABELS, SENTENCES, entities, marked_doc, small_model, texts

CONFIG = """
[paths]
data = null

[nlp]
lang = "en"
pipeline = ["ner"]
batch_size = 4

[components]

[components.ner]
factory = "bilstm_ner"

[corpora]

[corpora.train]
@readers = "spacy.Corpus.v1"
path = ${paths.data}

[corpora.dev]
@readers = "spacy.Corpus.v1"
path = ${paths.data}

[training]
max_steps = 40
eval_frequency = 20
dropout = 0.0

[training.optimizer]
@optimizers = "Adam.v1"
learn_rate = 0.05
"""


@pytest.fixture(name="data", scope="module")
def _data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    nlp = spacy.blank("en")
    path = tmp_path_factory.mktemp("data") / "data.spacy"
    DocBin(docs=[marked_doc(nlp, marked) for marked in SENTENCES]).to_disk(path)
    return path


@pytest.fixture(name="config", scope="module")
def _config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = Config().from_str(CONFIG, interpolate=False)
    config["components"]["ner"]["model"] = small_model()
    path = tmp_path_factory.mktemp("config") / "base.cfg"
    config.to_disk(path)
    fill_config(path.with_name("filled.cfg"), path)
    return path.with_name("filled.cfg")


@pytest.fixture(name="model", scope="module")
def _model(data: Path, config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("model")
    train(config, output, overrides={"paths.data": str(data)})
    return output / "model-best"


def test_fill_config_adds_what_is_not_said(config):
    filled = Config().from_disk(config, interpolate=False)
    ner = filled["components"]["ner"]
    assert ner["threshold"] == 0.0
    assert ner["scorer"] == {"@scorers": "spacy.ner_scorer.v1"}
    assert filled["training"]["score_weights"]["ents_f"] == 1.0


def test_debug_config(config, data, capsys):
    debug_config(config, overrides={"paths.data": str(data)})
    assert "Config is valid" in capsys.readouterr().out


def test_train_and_load(model):
    nlp = spacy.load(model)
    assert nlp.meta["performance"]["ents_f"] == 1.0
    assert [entities(nlp(text)) for text in texts()] == [
        entities(marked_doc(nlp, marked)) for marked in SENTENCES
    ]


def test_train_twice_with_one_seed(config, data, model, tmp_path):
    train(config, tmp_path, overrides={"paths.data": str(data)})
    ours, theirs = spacy.load(tmp_path / "model-best"), spacy.load(model)
    assert ours.get_pipe("ner").model.to_bytes() == theirs.get_pipe("ner").model.to_bytes()


def test_evaluate(model, data, tmp_path):
    evaluate(str(model), data, tmp_path / "metrics.json")
    metrics = srsly.read_json(tmp_path / "metrics.json")
    assert metrics["ents_f"] == metrics["ents_p"] == metrics["ents_r"] == 1.0
    assert set(metrics["ents_per_type"]) == set(LABELS)


def test_apply_keeps_confidences(model, tmp_path):
    srsly.write_jsonl(tmp_path / "in.jsonl", [{"text": text} for text in (*texts(), "")])
    apply(tmp_path / "in.jsonl", tmp_path / "out.spacy", str(model), "text", 3, 1)
    nlp = spacy.load(model)
    docs = list(DocBin().from_disk(tmp_path / "out.spacy").get_docs(nlp.vocab))
    assert [entities(doc) for doc in docs] == [entities(nlp(text)) for text in (*texts(), "")]
    assert all(ent._.confidence is not None for doc in docs for ent in doc.ents)
