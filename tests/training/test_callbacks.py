"""The callbacks of `spacy train` with our config."""

import shutil
from pathlib import Path

import pytest
import spacy
from spacy.cli.train import train
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.util import load_config, load_model_from_config, logger
from thinc.api import Adam

from spacy_bilstm_ner.training.callbacks import fit_decisions, fit_length
from spacy_bilstm_ner.training.fingerprints import share_seen
from tests.util import examples, marked_doc, small_model, texts, trained

CITIES = ("Lisbon", "Oslo", "Porto", "Vienna", "Lima", "Quito", "Bergen", "Turin")
PEOPLE = ("Anna Smith", "Peter Jones", "Maria Silva", "Ida Holm", "Tom Reed")


def write_corpus(path: Path, sentences: list[str]) -> Path:
    nlp = spacy.blank("en")
    DocBin(docs=[marked_doc(nlp, marked) for marked in sentences]).to_disk(path)
    return path


def many_sentences() -> list[str]:
    return [
        *(
            f"[{person}](per) flew to [{city}](geo) on [Monday](tim)."
            for person in PEOPLE
            for city in CITIES
        ),
        *(
            f"Nobody in {city} Street saw [{person}](per)."
            for person in PEOPLE
            for city in CITIES[:3]
        ),
    ]


@pytest.fixture(name="corpus", scope="module")
def _corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus") / "train.spacy", many_sentences())


def config_for(root: Path, tmp_path: Path, **parts: object) -> Path:
    """The shipped config with a small network."""
    config = load_config(root / "configs" / "bilstm.cfg")
    config["components"]["ner"]["model"] = {**small_model(), **parts}
    config.to_disk(tmp_path / "small.cfg")
    return tmp_path / "small.cfg"


def paths(corpus: Path) -> dict[str, object]:
    return {"paths.train": str(corpus), "paths.dev": str(corpus)}


def pipeline(root: Path, corpus: Path, **training: object) -> Language:
    overrides = {**paths(corpus), **{f"training.{key}": value for key, value in training.items()}}
    return load_model_from_config(
        load_config(root / "configs" / "bilstm.cfg", overrides), auto_fill=True
    )


@pytest.mark.slow
def test_spacy_train_alone_makes_the_whole_model(root, corpus, tmp_path, monkeypatch):
    files = []
    read = DocBin.from_disk
    monkeypatch.setattr(DocBin, "from_disk", lambda *args: files.append(args[1]) or read(*args))
    dev = Path(shutil.copy(corpus, tmp_path / "dev.spacy"))
    steps = {"training.max_steps": 60, "training.eval_frequency": 40}
    overrides = {**paths(corpus), "paths.dev": str(dev), **steps}
    train(config_for(root, tmp_path), tmp_path / "out", overrides=overrides)
    assert files.count(corpus) == 1
    for name in ("model-best", "model-last"):
        nlp = spacy.load(tmp_path / "out" / name)
        cfg = nlp.get_pipe("ner").cfg
        assert set(cfg["thresholds"]) == {"geo", "per", "tim"}
        assert cfg["calibration"] != [1.0, 0.0]


@pytest.mark.slow
def test_all_labels_are_found_beyond_the_first_hundred_examples(root, tmp_path):
    sentences = [f"[Thing{i}](label{i:03}) stood in [Oslo](geo)." for i in range(150)]
    corpus = write_corpus(tmp_path / "many.spacy", sentences)
    train(
        config_for(root, tmp_path),
        tmp_path / "out",
        overrides={**paths(corpus), "training.max_steps": 1},
    )
    assert len(spacy.load(tmp_path / "out" / "model-last").get_pipe("ner").labels) == 151


def test_the_length_fits_the_corpus(root, corpus):
    nlp = pipeline(root, corpus)
    fit_length(passes=400, min_steps=100)(nlp)
    training = nlp.config["training"]
    n_words = sum(len(doc) for doc in DocBin().from_disk(corpus).get_docs(nlp.vocab))
    assert 400 * n_words / 1100 <= training["max_steps"] < 400 * n_words / 1100 + 200
    assert training["max_steps"] % training["eval_frequency"] == 0
    assert 6 <= training["max_steps"] / training["eval_frequency"] <= 15
    assert training["optimizer"]["learn_rate"]["num_steps"] == training["max_steps"]
    # `spacy info` prints the meta.
    assert len(str(nlp.meta)) < 3000
    assert share_seen(texts(many_sentences()), nlp.get_pipe("ner").fingerprints) == 1.0


@pytest.mark.parametrize(
    ("steps", "wanted", "frequency"), [(875, 35, 35), (1000, 400, 500), (1009, 400, 1009)]
)
def test_what_the_user_says_stands_and_the_end_is_evaluated(root, corpus, steps, wanted, frequency):
    nlp = pipeline(root, corpus, max_steps=steps, eval_frequency=wanted)
    fit_length()(nlp)
    training = nlp.config["training"]
    assert (training["max_steps"], training["eval_frequency"]) == (steps, frequency)
    assert training["optimizer"]["learn_rate"]["num_steps"] == steps


def test_a_batch_size_that_is_a_schedule_is_refused(root, corpus):
    nlp = pipeline(root, corpus)
    nlp.config["training"]["batcher"]["size"] = {"@schedules": "compounding.v1"}
    with pytest.raises(ValueError, match=r"\[training\.batcher\] size must be .* but is \{"):
        fit_length()(nlp)


def with_dev(nlp: Language, corpus: Path) -> Language:
    reader = {"@readers": "spacy.Corpus.v1", "path": str(corpus), "gold_preproc": False}
    nlp.config["corpora"] = {"dev": {**reader, "max_length": 0, "limit": 0, "augmenter": None}}
    nlp.config["training"]["dev_corpus"] = "corpora.dev"
    return nlp


def test_decisions_are_fitted_in_one_pass_and_undone_by_the_next_update(corpus, monkeypatch):
    nlp = with_dev(trained(), corpus)
    ner = nlp.get_pipe("ner")
    predicted = []
    predict = ner.predict
    monkeypatch.setattr(ner, "predict", lambda docs: predicted.extend(docs) or predict(docs))
    ner.cfg |= {"calibration": [1.1, 0.2], "thresholds": {"geo": 0.6}}
    assert fit_decisions()(nlp) is nlp
    assert len(predicted) == len(many_sentences())
    assert ner.cfg["thresholds"].keys() >= {"geo", "per", "tim"}
    assert ner.cfg["calibration"] != [1.1, 0.2]
    fitted = dict(ner.cfg)
    # It is not fitted again, since nothing has changed.
    fit_decisions()(nlp)
    assert ner.cfg == fitted
    nlp.update(examples(nlp), sgd=Adam(0.001))
    assert (ner.cfg["calibration"], ner.cfg["thresholds"]) == ([1.1, 0.2], {"geo": 0.6})


def test_decisions_do_not_depend_on_sentences_that_are_not_annotated(corpus, tmp_path):
    nlp = trained()
    docs = list(DocBin().from_disk(corpus).get_docs(nlp.vocab))
    for doc in list(docs):
        docs.append(doc.copy())
        docs[-1].set_ents([], default="missing")
    DocBin(docs=docs).to_disk(tmp_path / "partly.spacy")
    decisions = []
    for dev in (corpus, tmp_path / "partly.spacy"):
        nlp = with_dev(trained(), dev)
        fit_decisions()(nlp)
        cfg = nlp.get_pipe("ner").cfg
        decisions.append((cfg["calibration"], cfg["thresholds"]))
    assert decisions[0] == decisions[1]


@pytest.mark.parametrize("n_dev", [0, 30, 55])
def test_decisions_stay_for_labels_that_dev_hardly_has(n_dev, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(logger, "propagate", True)
    sentences = [marked for marked in many_sentences() if "geo" not in marked or "Oslo" in marked]
    corpus = write_corpus(tmp_path / "dev.spacy", sentences[:n_dev])
    nlp = with_dev(trained(), corpus)
    cfg = nlp.get_pipe("ner").cfg
    cfg |= {"calibration": [1.1, 0.2], "thresholds": {"geo": 0.6, "per": 0.7}}
    fit_decisions()(nlp)
    assert list(cfg["calibration"]) == [1.1, 0.2]
    assert cfg["thresholds"]["geo"] == 0.6
    assert (cfg["thresholds"]["per"] == 0.7) == (n_dev == 0)
    assert ("no entity" in caplog.text) == (n_dev == 0)


def test_a_frozen_pipe_stays_as_it_is():
    nlp = trained()
    nlp.config["training"]["frozen_components"] = ["ner"]
    before = nlp.get_pipe("ner").to_bytes()
    assert fit_decisions()(nlp) is nlp
    assert nlp.get_pipe("ner").to_bytes() == before


def test_a_frozen_pipe_is_not_prepared_for_new_labels(tmp_path):
    new = write_corpus(tmp_path / "new.spacy", ["I ate a [mango](fruit) in [Oslo](geo)."] * 20)
    nlp = with_dev(trained(), new)
    training = nlp.config["training"]
    training |= {"train_corpus": "corpora.dev", "max_steps": 0, "frozen_components": ["ner"]}
    training["batcher"]["size"] = 100
    # A pipe that was loaded
    nlp.from_bytes(nlp.to_bytes())
    before = nlp.get_pipe("ner").to_bytes()
    fit_length()(nlp)
    assert nlp.config["training"]["max_steps"]
    assert nlp.get_pipe("ner").to_bytes() == before
