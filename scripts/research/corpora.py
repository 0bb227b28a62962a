"""Train a config on a corpus, and score the pipeline on the corpus' test part.

    python -m scripts.research.corpora CONFIG CORPUS OUT.json [OVERRIDES]

CORPUS is a folder with train.spacy, dev.spacy and test.spacy. OVERRIDES go to `spacy train`, such
as `--paths.vectors en_core_web_md`. The scores are added to OUT.json, below the names of the config
and the corpus.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import srsly


def run(*arguments: str) -> None:
    """Run a Python module as a command, and stop if it fails."""
    subprocess.run([sys.executable, "-m", *arguments], check=True)


def score(config: str, corpus: str, overrides: tuple[str, ...]) -> dict[str, Any]:
    """Train a config on a corpus, and return what `evaluate` says of the test part."""
    with tempfile.TemporaryDirectory() as folder:
        paths = ["--paths.train", f"{corpus}/train.spacy", "--paths.dev", f"{corpus}/dev.spacy"]
        run("spacy", "train", config, "--output", folder, *paths, *overrides)
        out = f"{folder}/scores.json"
        model = f"{folder}/model-best"
        run("spacy_bilstm_ner", "evaluate", model, f"{corpus}/test.spacy", "--out", out)
        return srsly.read_json(out)


def main(config: str, corpus: str, out: str, *overrides: str) -> None:
    figures: dict[str, Any] = {"configs": {}}
    if Path(out).exists():
        figures = srsly.read_json(out)
    evaluation = score(config, corpus, overrides)
    scores = evaluation["raw_text"]
    version = evaluation["versions"]["spacy-bilstm-ner"]
    names = [Path(argument).name for argument in sys.argv[1:]]
    command = " ".join(["python -m scripts.research.corpora", *names])
    f_scores = {"f": scores["micro"]["f"], "mean_of_labels": scores["macro"]["f"]}
    corpora = figures["configs"].setdefault(Path(config).stem, {})
    corpora[Path(corpus).name] = {"command": command, "version": version, **f_scores}
    srsly.write_json(out, figures)


if __name__ == "__main__":
    main(*sys.argv[1:])
