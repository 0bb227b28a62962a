"""Train a pipeline with `spacy train`. The output folder appears when the pipeline is complete."""

import argparse
from pathlib import Path
from typing import Any

import srsly
from spacy.cli._util import parse_config_overrides
from spacy.cli.train import train as spacy_train
from spacy.util import load_config

from scripts.meta import training_meta, update_meta
from scripts.source import Source, WordVectors
from scripts.step import step
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.system.whole import whole_folder

MODELS = ("model-best", "model-last")


def train(args: argparse.Namespace, overrides: dict[str, Any]) -> None:
    """Train a pipeline, and add its data and settings to its meta.json.

    args (argparse.Namespace): See `main`.
    overrides (dict[str, Any]): The user's settings for `spacy train`.
    RAISES UserError: If the training fails.
    """
    source = Source(**srsly.read_json(args.corpus / "source.json"))
    vectors = WordVectors(**srsly.read_json(args.corpus / "vectors.json"))
    config = load_config(args.config, overrides=overrides)
    if "vectors" not in config["initialize"].get("components", {}).get("ner", {}):
        vectors = WordVectors()
    print(f"Word vectors: {vectors.name or 'none'}")
    paths = {f"paths.{part}": f"{args.corpus}/{part}.spacy" for part in ("train", "dev")}
    if vectors.path:
        paths["paths.vectors"] = vectors.path
    run = {"config": args.config.stem, "seed": config["system"]["seed"], "overrides": overrides}
    meta = training_meta(source, vectors, name=args.name, version=args.version, run=run)
    with whole_folder(args.out_dir) as work:
        try:
            spacy_train(args.config, work, use_gpu=args.gpu, overrides=paths | overrides)
        # ValueErrors come from a wrong config, or from weights that are not finite.
        except ValueError as error:
            raise UserError(f"the training failed: {error}") from error
        for name in MODELS:
            update_meta(work / name, meta)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Further options are for spacy train, as in --system.seed 1.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("config", type=Path, help="the training config")
    add("out_dir", type=Path, help="the run's folder, replaced when the model is complete")
    add("--corpus", type=Path, required=True, help="the folder that `data` and `convert` wrote")
    add("--name", required=True, help="the pipeline's name")
    add("--version", required=True, help="the pipeline's version")
    add("--gpu", type=int, default=-1, help="the GPU's number, -1 for the CPU")
    args, other_options = parser.parse_known_args()
    train(args, parse_config_overrides(other_options))


if __name__ == "__main__":
    step(main)
