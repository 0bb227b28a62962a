"""Train a config on a corpus, and score the pipeline on the corpus' test part.

    python -m scripts.research.corpora CONFIG CORPUS OUT.json [OVERRIDES]

CORPUS is a folder with train.spacy, dev.spacy and test.spacy. OVERRIDES go to `spacy train`, such
as `--paths.vectors en_core_web_md`. The scores are added to OUT.json, under the names of the config
and the corpus.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import srsly

from spacy_bilstm_ner.quality.evaluate import evaluate_pipeline


def score(config: str, corpus: str, overrides: tuple[str, ...]) -> dict[str, Any]:
    """Train a config on a corpus, and return the figures of `evaluate` on the test part."""
    with tempfile.TemporaryDirectory() as folder:
        paths = ["--paths.train", f"{corpus}/train.spacy", "--paths.dev", f"{corpus}/dev.spacy"]
        command = [sys.executable, "-m", "spacy", "train", config, "--output", folder]
        subprocess.run([*command, *paths, *overrides], check=True)
        return evaluate_pipeline(f"{folder}/model-best", Path(corpus) / "test.spacy").figures


def main(config: str, corpus: str, out: str, *overrides: str) -> None:
    figures: dict[str, Any] = srsly.read_json(out) if Path(out).exists() else {"configs": {}}
    evaluation = score(config, corpus, overrides)
    *_, total, mean_of_labels = evaluation["table"]
    names = [Path(argument).name for argument in sys.argv[1:]]
    corpora = figures["configs"].setdefault(Path(config).stem, {})
    corpora[Path(corpus).name] = {
        "command": " ".join(["python -m scripts.research.corpora", *names]),
        "version": evaluation["versions"]["spacy-bilstm-ner"],
        "f": total["F"],
        "mean_of_labels": mean_of_labels["F"],
    }
    srsly.write_json(out, figures)


if __name__ == "__main__":
    main(*sys.argv[1:])
