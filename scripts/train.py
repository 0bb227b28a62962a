"""Train a pipeline with `spacy train`, in a folder that gets its final name only when the model is whole."""

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spacy.cli._util import parse_config_overrides
from spacy.cli.init_config import init_config
from spacy.cli.train import train as spacy_train
from spacy.tokens import DocBin
from spacy.util import load_config

from scripts.meta import training_meta, update_meta
from scripts.source import Source, WordVectors, read_record
from scripts.step import hold, step
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.system.ending import on_ending
from spacy_bilstm_ner.system.whole import generated_file

MODELS = ("model-best", "model-last")
# spaCy's own recogniser, to compare with: `spacy init config` writes this config
SPACY_NER = "spacy_ner.cfg"


@contextmanager
def unfinished(out_dir: Path) -> Iterator[Path]:
    """Give an empty folder to train in. It replaces out_dir at the end, and goes if anything fails before; until then,
    out_dir stays as it is. A UserError if another process trains there, or no whole model was written."""
    work, old, pid = (
        out_dir.with_name(f"{out_dir.name}.{state}") for state in ("unfinished", "old", "pid")
    )

    def clean() -> None:
        if old.exists() and not out_dir.exists():
            old.rename(out_dir)
        for folder in (work, old):
            shutil.rmtree(folder, ignore_errors=True)

    def leave(*_: Any) -> None:
        # At once: spaCy would save a last model before, and `spacy project` kills whoever takes a quarter of a second
        clean()
        pid.unlink(missing_ok=True)
        print("Interrupted, nothing changed.", file=sys.stderr, flush=True)
        os._exit(1)

    hold(pid)
    with on_ending(leave):
        try:
            clean()
            work.mkdir()
            yield work
            if missing := [name for name in MODELS if not (work / name).is_dir()]:
                raise UserError(
                    f"the training wrote no {' and no '.join(missing)}: it was not evaluated once. "
                    "Lower [training] eval_frequency in the config, or let it train longer"
                )
            if out_dir.exists():
                out_dir.rename(old)
            work.rename(out_dir)
        finally:
            clean()
            pid.unlink(missing_ok=True)


def train(args: argparse.Namespace, own: dict[str, Any]) -> None:
    """Train with the user's own overrides for `spacy train`, and write what the models are into their meta.json."""
    source = read_record(args.corpus / "source.json", Source)
    vectors = read_record(args.corpus / "vectors.json", WordVectors)
    paths = {name: args.corpus / f"{name}.spacy" for name in ("train", "dev")}
    for path in paths.values():
        with generated_file(path, command="spacy project run convert"):
            DocBin().from_disk(path)
    with unfinished(args.out_dir) as work:
        path = args.config
        if path.name == SPACY_NER and not path.is_file():
            path = work / SPACY_NER
            init_config(
                lang=own.get("nlp.lang", "en"), pipeline=["ner"], optimize="efficiency"
            ).to_disk(path)
        elif not path.is_file():
            raise UserError(f"there is no config {path}")
        config = load_config(path, overrides=own)
        takes_vectors = "vectors" in config["initialize"].get("components", {}).get("ner", {})
        vectors = vectors if takes_vectors else WordVectors()
        print(f"Word vectors: {vectors.name or 'none'}", flush=True)
        settings = {
            **{f"paths.{name}": corpus.as_posix() for name, corpus in paths.items()},
            **({"paths.vectors": vectors.path or None} if takes_vectors else {}),
            # The same log for every config, also for one whose own logger writes no file
            "training.logger.@loggers": "spacy.ConsoleLogger.v3",
            "training.logger.progress_bar": "eval",
            "training.logger.console_output": True,
            "training.logger.output_file": (work / "log.jsonl").as_posix(),
        }
        try:
            spacy_train(path, work, use_gpu=args.gpu, overrides={**settings, **own})
        # What spaCy and our pipe say of a config, or of weights that are lost
        except ValueError as error:
            raise UserError(f"the training failed: {error}") from error
        changed = {
            name: value for name, value in own.items() if name not in ("nlp.lang", "system.seed")
        }
        run = {"config": args.config.stem, "seed": config["system"]["seed"], "overrides": changed}
        for model in (work / name for name in MODELS):
            update_meta(
                model, training_meta(source, vectors, name=args.name, version=args.version, run=run)
            )
            saved = model / "config.cfg"
            text = saved.read_text(encoding="utf-8").replace(
                work.as_posix(), args.out_dir.as_posix()
            )
            saved.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="What follows is for spacy train, as in --system.seed 1, and stands in the pipeline's meta.json.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "config", type=Path, help=f"a training config; configs/{SPACY_NER} need not be there"
    )
    parser.add_argument(
        "out_dir", type=Path, help="the run's folder, replaced when the model is whole"
    )
    parser.add_argument(
        "--corpus",
        type=Path,
        required=True,
        help="folder of the .spacy files and what `data` found",
    )
    parser.add_argument("--name", required=True, help="the pipeline's name")
    parser.add_argument("--version", default="0.1.0", help="the pipeline's version")
    parser.add_argument("--gpu", type=int, default=-1, help="the GPU's number, -1 for the CPU")
    args, words = parser.parse_known_args()
    for word in words:
        if word.startswith("--") and "." not in word:
            parser.error(
                f"there is no option {word}; one for spacy train names a section: --training.dropout 0.4"
            )
    train(args, parse_config_overrides(words))


if __name__ == "__main__":
    step(main)
