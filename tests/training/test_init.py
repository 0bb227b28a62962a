from pathlib import Path

import numpy as np
import pytest
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.util import load_config

from spacy_bilstm_ner.cli import main
from spacy_bilstm_ner.default_config import read_config
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.training.init import fill, write_config
from tests.util import LABELS, SENTENCES, blank, marked_doc, trained


def test_the_config_is_the_shipped_one_with_language_and_vectors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    path = tmp_path / "new" / "config.cfg"
    main(["init", str(path), "--lang", "de", "--vectors", str(tmp_path)])
    written = load_config(path, interpolate=False)
    expected = load_config(root / "configs" / "bilstm.cfg", interpolate=False)
    expected["nlp"]["lang"] = "de"
    expected["paths"]["vectors"] = str(tmp_path)
    assert written == expected
    assert path.read_text(encoding="utf-8").count("#") == read_config().count("#")
    out = capsys.readouterr().out
    assert f"python -m spacy train {path} --output" in out


def test_a_file_is_replaced_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "config.cfg"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(
        SystemExit, match=r"config.cfg already exists. Give another name, or --force"
    ):
        main(["init", str(path)])
    assert path.read_text(encoding="utf-8") == "mine"
    main(["init", str(path), "--force"])
    assert (
        path.read_text(encoding="utf-8")
        == fill(read_config(), lang="en", vectors=None)
        == read_config()
    )


def test_impossible_settings(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"--lang zz .* Give a code such as en"):
        main(["init", str(tmp_path / "a.cfg"), "--lang", "zz"])
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match="cannot be written: "):
        main(["init", str(tmp_path / "file" / "a.cfg")])


def test_a_config_goes_on_from_a_trained_pipeline(tmp_path: Path) -> None:
    source, corpus = tmp_path / "trained", tmp_path / "train.spacy"
    nlp = trained()
    nlp.to_disk(source)
    DocBin(docs=[marked_doc(nlp, "A [papaya](FRUIT) is sweet.")] * 3).to_disk(corpus)
    notes = write_config(tmp_path / "config.cfg", source=str(source))
    assert "python -m spacy train" in notes
    paths = {"paths.train": str(corpus), "paths.dev": str(corpus)}
    config = load_config(tmp_path / "config.cfg", overrides=paths, interpolate=True)
    assert config["components"] == {"ner": {"source": str(source)}}
    with pytest.warns(UserWarning, match="--annotated LABEL"):
        going_on = init_nlp(config)
    assert going_on.get_pipe("ner").labels == (*LABELS, "FRUIT")
    # A few sentences need few updates.
    assert going_on.config["training"]["max_steps"] == 100


def test_going_on_keeps_tokenizer_vectors_and_disabled_pipes(tmp_path: Path) -> None:
    source, corpus = str(tmp_path / "trained"), tmp_path / "train.spacy"
    nlp = trained()
    nlp.vocab.set_vector("papaya", np.ones(3, dtype="float32"))
    nlp.add_pipe("sentencizer")
    nlp.disable_pipe("sentencizer")
    nlp.to_disk(source)
    DocBin(docs=[marked_doc(nlp, SENTENCES[0])] * 3).to_disk(corpus)
    write_config(tmp_path / "config.cfg", source=source)
    paths = {"paths.train": str(corpus), "paths.dev": str(corpus)}
    config = load_config(tmp_path / "config.cfg", overrides=paths, interpolate=True)
    assert config["nlp"]["tokenizer"] == nlp.config["nlp"]["tokenizer"]
    assert config["initialize"]["vectors"] == source
    going_on = init_nlp(config)
    assert going_on.vocab.has_vector("papaya")
    assert going_on.disabled == ["sentencizer"]


@pytest.mark.parametrize("pipes", [["sentencizer"], []])
def test_a_pipeline_without_our_pipe_cannot_be_gone_on_from(
    tmp_path: Path, pipes: list[str]
) -> None:
    nlp = blank()
    nlp.remove_pipe("ner")
    for pipe in pipes:
        nlp.add_pipe(pipe)
    nlp.to_disk(tmp_path / "other")
    names = ", ".join(pipes) or "none"
    with pytest.raises(UserError, match=rf"has no pipe bilstm_ner \(pipes: {names}\)"):
        write_config(tmp_path / "config.cfg", source=str(tmp_path / "other"))
    assert not (tmp_path / "config.cfg").exists()
