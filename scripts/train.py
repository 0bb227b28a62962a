"""Train a pipeline with `spacy train`, into an emptied folder that holds one whole run or no model."""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import srsly
from spacy.cli._util import parse_config_overrides
from spacy.util import load_config

from scripts.calibrate import calibrate_pipeline
from spacy_bilstm_ner.errors import UserError, run
from scripts.meta import training_meta, update_meta
from scripts.source import WordVectors, read_source, read_vectors

MODELS = ("model-best", "model-last")
# A small corpus is trained for so many passes, or for so many updates if that is longer
PASSES = 9
FEWEST_UPDATES = 1500


def train_command(
    config: Path,
    out_dir: Path,
    *,
    corpus: Path,
    lang: str,
    seed: int,
    gpu: int,
    vectors: WordVectors | None = None,
) -> list[str]:
    """Put the command together.

    config (Path): The training config.
    out_dir (Path): The run's folder.
    corpus (Path): The folder with train.spacy and dev.spacy.
    lang (str): The language's code.
    seed (int): The seed of everything that is random.
    gpu (int): The GPU's number, or -1 for the CPU.
    vectors (WordVectors | None): The word vectors, for a config that has a place for some.
    RETURNS (list[str]): The command and its arguments.
    """
    overrides = {
        "--paths.train": corpus / "train.spacy",
        "--paths.dev": corpus / "dev.spacy",
        "--nlp.lang": lang,
        "--system.seed": seed,
        # The same log for every config, also for one whose own logger writes no file
        "--training.logger.@loggers": "spacy_bilstm_ner.TimedLogger.v1",
        "--training.logger.progress_bar": "eval",
        "--training.logger.output_file": (out_dir / "log.jsonl").as_posix(),
    }
    if takes_vectors(config):
        if vectors:
            overrides["--paths.vectors"] = vectors.path
        else:
            overrides |= {"--paths.vectors": "null", "--components.ner.model.tok2vec.vector_width": 0}
    updates = fewer_updates(load_config(config)["training"], corpus)
    if updates:
        overrides |= {"--training.max_steps": updates, "--training.optimizer.learn_rate.num_steps": updates}
    command = [sys.executable, "-m", "spacy", "train", str(config), "--output", str(out_dir)]
    command += ["--gpu-id", str(gpu)]
    return command + [str(part) for option in overrides.items() for part in option]


def fewer_updates(training: dict[str, Any], corpus: Path) -> int | None:
    """See whether a corpus is so small that it needs fewer updates than a config says.

    training (dict[str, Any]): The config's section.
    corpus (Path): The folder with stats.json.
    RETURNS (int | None): The number of updates; None if the config's is right, or its rate does not fall with it.
    """
    stats = corpus / "stats.json"
    rate = training["optimizer"].get("learn_rate")
    if not isinstance(rate, dict) or "num_steps" not in rate or not stats.is_file():
        return None
    words: int = srsly.read_json(stats)["splits"]["train"]["tokens"]
    updates = max(FEWEST_UPDATES, PASSES * words // training["batcher"]["size"])
    return updates if updates < training["max_steps"] else None


def takes_vectors(config: Path) -> bool:
    """Look whether a config has a place for word vectors.

    config (Path): The training config.
    RETURNS (bool): Whether its recogniser's embedding has columns for static vectors.
    """
    ner = load_config(config).get("components", {}).get("ner", {})
    return bool(ner.get("model", {}).get("tok2vec", {}).get("vector_width"))


def train(command: list[str], out_dir: Path) -> None:
    """Run the training; if it fails, no model is left that a later step could take for a whole one.

    command (list[str]): The command.
    out_dir (Path): The run's folder: emptied first.
    RAISES UserError: if the training fails.
    """
    if out_dir.exists():
        shutil.rmtree(out_dir)
    out_dir.mkdir(parents=True)
    # Small matrices: two threads take longer than one here. Your own setting is respected.
    environment = {"OMP_NUM_THREADS": "1", **os.environ}
    whole = False
    try:
        code = subprocess.run(command, env=environment).returncode
        if code != 0:
            raise UserError(f"the training ended with exit code {code}: see its output above")
        missing = [name for name in MODELS if not (out_dir / name).is_dir()]
        if missing:
            raise UserError(
                f"the training wrote no {' and no '.join(missing)}: it was not evaluated once. "
                "Lower [training] eval_frequency in the config, or let it train longer"
            )
        whole = True
    finally:
        # Also when it is interrupted
        if not whole:
            for name in MODELS:
                shutil.rmtree(out_dir / name, ignore_errors=True)


def check_overrides(overrides: list[str]) -> None:
    """See that options which are not ours can be meant for `spacy train`.

    overrides (list[str]): The options.
    RAISES UserError: if one names no section of a config.
    """
    for word in overrides:
        if word.startswith("--") and "." not in word:
            raise UserError(f"there is no option {word}; one for spacy train names a section: --training.dropout 0.4")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0],
        epilog="What follows is for spacy train, as in --training.dropout 0.4, and stands in the pipeline's meta.json.",
        allow_abbrev=False,
    )
    parser.add_argument("config", type=Path, help="a training config")
    parser.add_argument("out_dir", type=Path, help="the run's folder, emptied first")
    parser.add_argument("--corpus", type=Path, required=True, help="folder of the .spacy files")
    parser.add_argument("--vectors", type=Path, help="what scripts.vectors wrote, for a config with a place for them")
    parser.add_argument("--lang", default="en", help="the language's code")
    parser.add_argument("--name", required=True, help="the pipeline's name")
    parser.add_argument("--version", default="0.1.0", help="the pipeline's version")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--gpu", type=int, default=-1, help="the GPU's number, -1 for the CPU")
    args, overrides = parser.parse_known_args()
    check_overrides(overrides)
    source = read_source(args.corpus / "source.json")
    vectors = read_vectors(args.vectors) if args.vectors and takes_vectors(args.config) else None
    command = train_command(
        args.config,
        args.out_dir,
        corpus=args.corpus,
        lang=args.lang,
        seed=args.seed,
        gpu=args.gpu,
        vectors=vectors,
    )
    print(f"Word vectors: {vectors.name if vectors else 'none'}", flush=True)
    train([*command, *overrides], args.out_dir)
    meta = training_meta(
        source,
        lang=args.lang,
        name=args.name,
        version=args.version,
        config=args.config.stem,
        seed=args.seed,
        vectors=vectors,
    )
    meta["training"]["overrides"] = parse_config_overrides(overrides)
    for model in MODELS:
        update_meta(args.out_dir / model, meta)
    print(calibrate_pipeline(args.out_dir / "model-best", args.corpus / "dev.spacy"))


if __name__ == "__main__":
    run(main)
