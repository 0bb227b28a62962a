"""Train a pipeline with `spacy train`, in a folder that gets its final name only when the model is whole."""

import argparse
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.meta import pipeline_name, training_meta, update_meta
from scripts.source import WordVectors, read_record, read_source
from spacy_bilstm_ner.errors import UserError, run

MODELS = ("model-best", "model-last")
# spaCy's own recogniser, to compare with: `spacy init config` writes this config
SPACY_NER = "spacy_ner.cfg"


@contextmanager
def unfinished(out_dir: Path) -> Iterator[Path]:
    """Give an empty folder to train in. It replaces out_dir at the end, and goes if anything fails before.

    out_dir (Path): The run's folder. Until the end it stays as it is.
    YIELDS (Path): The folder to train in.
    RAISES UserError: if no whole model was written.
    """
    work, old = (out_dir.with_name(f"{out_dir.name}.{state}") for state in ("unfinished", "old"))
    try:
        for folder in (work, old):
            shutil.rmtree(folder, ignore_errors=True)
        work.mkdir(parents=True)
        yield work
        missing = [name for name in MODELS if not (work / name).is_dir()]
        if missing:
            raise UserError(
                f"the training wrote no {' and no '.join(missing)}: it was not evaluated once. "
                "Lower [training] eval_frequency in the config, or let it train longer"
            )
        if out_dir.exists():
            out_dir.rename(old)
        work.rename(out_dir)
    finally:
        for folder in (work, old):
            shutil.rmtree(folder, ignore_errors=True)


def stop_when_told() -> None:
    """Make SIGTERM, and the end of the process that started this one, interrupt the training as Ctrl-C does."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    def watch(parent: int) -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=watch, args=(os.getppid(),), daemon=True).start()


def overrides(
    config: dict[str, Any], work: Path, *, corpus: Path, lang: str, seed: int, vectors: WordVectors | None
) -> dict[str, Any]:
    """Put together what a run sets in any config.

    config (dict[str, Any]): The training config.
    work (Path): The folder to train in.
    corpus (Path): The folder with train.spacy and dev.spacy.
    lang (str): The language's code.
    seed (int): The seed of everything that is random.
    vectors (WordVectors | None): The word vectors, for a config that has a place for some.
    RETURNS (dict[str, Any]): Overrides for `spacy train`.
    """
    return {
        "paths.train": (corpus / "train.spacy").as_posix(),
        "paths.dev": (corpus / "dev.spacy").as_posix(),
        "nlp.lang": lang,
        "system.seed": seed,
        # The same log for every config, also for one whose own logger writes no file
        "training.logger.@loggers": "spacy.ConsoleLogger.v3",
        "training.logger.progress_bar": "eval",
        "training.logger.console_output": True,
        "training.logger.output_file": (work / "log.jsonl").as_posix(),
        **({"paths.vectors": vectors.path if vectors else None} if takes_vectors(config) else {}),
    }


def takes_vectors(config: dict[str, Any]) -> bool:
    """RETURNS (bool): Whether a config's recogniser takes word vectors from `paths.vectors`."""
    ner = config.get("initialize", {}).get("components", {}).get("ner", {})
    return "vectors" in ner and "vectors" in config.get("paths", {})


def check_options(words: list[str]) -> None:
    """See that options which are not ours can be meant for `spacy train`.

    words (list[str]): The options.
    RAISES UserError: if one names no section of a config.
    """
    for word in words:
        if word.startswith("--") and "." not in word:
            raise UserError(f"there is no option {word}; one for spacy train names a section: --training.dropout 0.4")


def train(args: argparse.Namespace, words: list[str]) -> None:
    """Train, and write what the models are into their meta.json.

    args (argparse.Namespace): Our own options.
    words (list[str]): Further options, for `spacy train`.
    """
    # Here, since spaCy loads numpy, which reads the number of threads when it is loaded
    from spacy.cli._util import parse_config_overrides
    from spacy.cli.init_config import init_config
    from spacy.cli.train import train as spacy_train
    from spacy.util import load_config

    source = read_source(args.corpus / "source.json")
    found = read_record(args.vectors, WordVectors) if args.vectors else None
    own = parse_config_overrides(words)
    name = pipeline_name(args.name, args.config.stem)
    with unfinished(args.out_dir) as work:
        path = args.config
        if path.name == SPACY_NER and not path.is_file():
            path = work / SPACY_NER
            init_config(lang=args.lang, pipeline=["ner"], optimize="efficiency").to_disk(path)
        elif not path.is_file():
            raise UserError(f"there is no config {path}")
        config = load_config(path)
        vectors = found if takes_vectors(config) else None
        print(f"Word vectors: {vectors.name if vectors else 'none'}", flush=True)
        settings = overrides(config, work, corpus=args.corpus, lang=args.lang, seed=args.seed, vectors=vectors)
        spacy_train(path, work, use_gpu=args.gpu, overrides={**settings, **own})
        training = {"config": args.config.stem, "seed": args.seed, "overrides": own}
        meta = training_meta(
            source, lang=args.lang, name=name, version=args.version, training=training, vectors=vectors
        )
        for model in filter(Path.is_dir, (work / each for each in MODELS)):
            update_meta(model, meta)
            saved = model / "config.cfg"
            text = saved.read_text(encoding="utf-8")
            saved.write_text(text.replace(work.as_posix(), args.out_dir.as_posix()), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0],
        epilog="What follows is for spacy train, as in --training.dropout 0.4, and stands in the pipeline's meta.json.",
        allow_abbrev=False,
    )
    parser.add_argument("config", type=Path, help=f"a training config; configs/{SPACY_NER} need not be there")
    parser.add_argument("out_dir", type=Path, help="the run's folder, replaced when the model is whole")
    parser.add_argument("--corpus", type=Path, required=True, help="folder of the .spacy files and source.json")
    parser.add_argument("--vectors", type=Path, help="what scripts.vectors wrote, for a config with a place for them")
    parser.add_argument("--lang", default="en", help="the language's code")
    parser.add_argument("--name", required=True, help="the pipeline's name")
    parser.add_argument("--version", default="0.1.0", help="the pipeline's version")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--gpu", type=int, default=-1, help="the GPU's number, -1 for the CPU")
    args, words = parser.parse_known_args()
    check_options(words)
    # Small matrices: two threads take longer than one here. Your own setting is respected.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    stop_when_told()
    try:
        train(args, words)
    except KeyboardInterrupt:
        sys.exit(f"Interrupted, nothing changed: {args.out_dir} is as it was before.")


if __name__ == "__main__":
    run(main)
