"""Train a pipeline with `spacy train`, in a folder that appears when the model is complete."""

import argparse
from pathlib import Path
from typing import Any

from spacy.cli._util import parse_config_overrides
from spacy.cli.init_config import init_config
from spacy.cli.train import train as spacy_train
from spacy.util import load_config

from scripts.meta import training_meta, update_meta
from scripts.source import Source, WordVectors, read_record
from scripts.step import step
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.system.whole import whole_folder

MODELS = ("model-best", "model-last")
# spaCy's own recogniser. `spacy init config` writes this config.
SPACY_NER = "spacy_ner.cfg"


def train(args: argparse.Namespace, overrides: dict[str, Any]) -> None:
    """Train, and write into the meta.json of the models what they are.

    overrides (dict[str, Any]): The user's settings for `spacy train`.
    RAISES UserError: If a file is missing or damaged, or the training fails.
    """
    source = read_record(args.corpus / "source.json", Source)
    vectors = read_record(args.corpus / "vectors.json", WordVectors)

    with whole_folder(args.out_dir) as work:
        config_path = _find_config(args.config, work, lang=overrides.get("nlp.lang", "en"))
        config = load_config(config_path, overrides=overrides)
        if "vectors" not in config["initialize"].get("components", {}).get("ner", {}):
            vectors = WordVectors()
        print(f"Word vectors: {vectors.name or 'none'}", flush=True)
        settings = _settings(args.corpus, work, vectors) | overrides
        try:
            spacy_train(config_path, work, use_gpu=args.gpu, overrides=settings)
        # spaCy and our pipe raise it for a wrong config and for weights that are not finite.
        except ValueError as error:
            raise UserError(f"the training failed: {error}") from error
        named = ("nlp.lang", "system.seed")
        run = {
            "config": args.config.stem,
            "seed": config["system"]["seed"],
            "overrides": {name: overrides[name] for name in overrides if name not in named},
        }
        meta = training_meta(source, vectors, name=args.name, version=args.version, run=run)
        for name in MODELS:
            _finish_model(work / name, meta, work, args.out_dir)


def _find_config(path: Path, work: Path, *, lang: str) -> Path:
    if path.is_file():
        return path
    if path.name != SPACY_NER:
        raise UserError(f"there is no config {path}")
    init_config(lang=lang, pipeline=["ner"], optimize="efficiency").to_disk(work / SPACY_NER)
    return work / SPACY_NER


def _settings(corpus: Path, work: Path, vectors: WordVectors) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "paths.train": (corpus / "train.spacy").as_posix(),
        "paths.dev": (corpus / "dev.spacy").as_posix(),
        # Every config writes the same log.
        "training.logger.@loggers": "spacy.ConsoleLogger.v3",
        "training.logger.progress_bar": "eval",
        "training.logger.console_output": True,
        "training.logger.output_file": (work / "log.jsonl").as_posix(),
    }
    if vectors.path:
        settings["paths.vectors"] = vectors.path
    return settings


def _finish_model(model: Path, meta: dict[str, Any], work: Path, out_dir: Path) -> None:
    if not model.is_dir():
        raise UserError(
            f"the training wrote no {model.name}: it was not evaluated once. Lower [training] "
            "eval_frequency in the config, or let it train longer"
        )
    update_meta(model, meta)
    config = model / "config.cfg"
    text = config.read_text(encoding="utf-8").replace(work.as_posix(), out_dir.as_posix())
    config.write_text(text, encoding="utf-8")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Further options are for spacy train, as in --system.seed 1.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("config", type=Path, help=f"a training config; configs/{SPACY_NER} need not exist")
    add("out_dir", type=Path, help="the run's folder, replaced when the model is complete")
    add("--corpus", type=Path, required=True, help="the folder that `data` and `convert` wrote")
    add("--name", required=True, help="the pipeline's name")
    add("--version", required=True, help="the pipeline's version")
    add("--gpu", type=int, default=-1, help="the GPU's number, -1 for the CPU")
    args, words = parser.parse_known_args()
    train(args, parse_config_overrides(words))


if __name__ == "__main__":
    step(main)
