"""Train a config, or take a trained pipeline, and measure all that we want of it: one json, on dev unless --final.

What follows our own options is passed to `spacy train`, as in `--training.dropout 0.4`, and noted in the json.
"""

import argparse
import os
import platform
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import spacy
import srsly
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from scripts.meta import read_meta, update_meta
from scripts.research.benchmark import cpu_model
from scripts.research.loads import read_texts
from scripts.research.tables import experiment_cells, experiment_figures
from scripts.research.timing import throughput
from scripts.research.variants import VARIANTS
from scripts.source import checksum
from scripts.train import check_options
from spacy_bilstm_ner.errors import UserError, run
from spacy_bilstm_ner.quality.evaluate import annotate, predict, score, versions
from spacy_bilstm_ner.quality.mistakes import entities
from spacy_bilstm_ner.quality.reliability import calibrate

ROUNDS = 3
WARM_UP_TEXTS = 500

Figures = dict[str, Any]


def train_pipeline(
    config: Path, run_dir: Path, *, corpus: Path, lang: str, seed: int, gpu: int, overrides: list[str]
) -> Path:
    """Train, and note in the pipeline's meta how long it took.

    config (Path): The training config.
    run_dir (Path): The run's folder, emptied first.
    corpus (Path): The folder of the .spacy files, source.json and, if there are word vectors, vectors.json.
    lang (str): The language's code.
    seed (int): The seed.
    gpu (int): The GPU's number, or -1 for the CPU.
    overrides (list[str]): Options for `spacy train`.
    RETURNS (Path): The best pipeline.
    RAISES UserError: if the training fails.
    """
    vectors = corpus / "vectors.json"
    command = [sys.executable, "-m", "scripts.train", str(config), str(run_dir), "--corpus", str(corpus)]
    command += ["--name", run_dir.name, "--lang", lang, "--seed", str(seed), "--gpu", str(gpu)]
    command += ["--vectors", str(vectors)] if vectors.is_file() else []
    begin, cpu_begin = perf_counter(), children_seconds()
    if subprocess.run([*command, *overrides]).returncode != 0:
        raise UserError(f"{config} was not trained: see above")
    pipeline = run_dir / "model-best"
    seconds = {"seconds": perf_counter() - begin, "cpu_seconds": children_seconds() - cpu_begin}
    update_meta(pipeline, {"training": {**read_meta(pipeline)["training"], **seconds}})
    return pipeline


def children_seconds() -> float:
    """RETURNS (float): The processor's seconds of all processes that this one started and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def training_seconds(pipeline: Path, training: Figures) -> dict[str, float | None]:
    """Find out how long a pipeline's training took.

    pipeline (Path): The pipeline's folder.
    training (Figures): What its meta.json says of it.
    RETURNS (dict[str, float | None]): "seconds" and "cpu_seconds": the meta's, or else the log's (which begins after
        initialization), or else None.
    """
    log = pipeline.parent / "log.jsonl"
    last = list(srsly.read_jsonl(log))[-1] if "seconds" not in training and log.is_file() else training
    return {key: last.get(key) for key in ("seconds", "cpu_seconds")}


def read_golds(nlp: Language, path: Path) -> list[Doc]:
    """RETURNS (list[Doc]): A part's gold documents."""
    return list(DocBin().from_disk(path).get_docs(nlp.vocab))


def recall(examples: list[Example], known: set[str]) -> dict[str, Figures]:
    """Tell mentions that were met in training from new ones.

    examples (list[Example]): Predicted examples.
    known (set[str]): The texts of all mentions that were met.
    RETURNS (dict[str, Figures]): For "seen" and "unseen": the number of "gold" mentions and their recall "r".
    """
    found: dict[str, list[bool]] = {"seen": [], "unseen": []}
    for example in examples:
        predicted = {(ent.start, ent.end, ent.label) for ent in entities(example.predicted)}
        for ent in example.reference.ents:
            hit = (ent.start_char, ent.end_char, ent.label_) in predicted
            found["seen" if ent.text in known else "unseen"].append(hit)
    return {name: {"gold": len(hits), "r": sum(hits) / len(hits) if hits else None} for name, hits in found.items()}


def speed(pipeline: Path, *, lang: str, texts: list[str], warm_up: list[str]) -> Figures:
    """Time the pipeline beside spaCy's tokenizer, by turns in this process: each a first pass over the texts.

    pipeline (Path): The pipeline's folder.
    lang (str): The language's code.
    texts (list[str]): What to time.
    warm_up (list[str]): Other texts.
    RETURNS (Figures): The median words per second, of the clock and of the processor, the same of the "tokenizer", and
        the pipeline's "ratio" to it, of the processor's.
    """
    runs: dict[str, list[Figures]] = {str(pipeline): [], f"blank:{lang}": []}
    for _ in range(ROUNDS):
        for name, figures in runs.items():
            figures.append(throughput(pipeline=name, texts=texts, warm_up=warm_up))
    ours, blank = (
        {key: median(each[key] for each in figures) for key in ("words_per_second", "words_per_cpu_second")}
        for figures in runs.values()
    )
    return {**ours, "tokenizer": blank, "ratio": ours["words_per_cpu_second"] / blank["words_per_cpu_second"]}


def size(pipeline: Path) -> dict[str, float]:
    """RETURNS (dict[str, float]): The megabytes of a pipeline's folder, and of a zip of it."""
    folder = sum(path.stat().st_size for path in pipeline.rglob("*") if path.is_file())
    with tempfile.TemporaryDirectory() as work:
        packed = Path(shutil.make_archive(f"{work}/pipeline", "zip", pipeline)).stat().st_size
    return {"folder_mb": folder / 1e6, "zip_mb": packed / 1e6}


def commit() -> str | None:
    """RETURNS (str | None): The commit that this is run from, with "-dirty" if files differ from it."""
    if shutil.which("git") is None:
        return None
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    found = subprocess.run(command, capture_output=True, text=True)
    return found.stdout.strip() if found.returncode == 0 else None


def measure(pipeline: Path, corpus: Path, *, part: str) -> Figures:
    """Measure a pipeline on a part of the corpus.

    pipeline (Path): The pipeline's folder.
    corpus (Path): The folder of train.spacy, dev.spacy and test.spacy.
    part (str): "dev" or "test".
    RETURNS (Figures): All figures.
    """
    meta = read_meta(pipeline)
    path = corpus / f"{part}.spacy"
    # What the measured part may have in common with what was trained or tuned on
    met = ["train"] if part == "dev" else ["train", "dev"]
    for needed in (path, *(corpus / f"{name}.spacy" for name in met)):
        if not needed.is_file():
            raise UserError(f"{needed} is missing: run `spacy project run convert` first")
    # First, since a pipeline that has met the texts may be faster
    warm_up = read_texts(corpus / "train.spacy", limit=WARM_UP_TEXTS)
    timed = speed(pipeline, lang=meta["lang"], texts=read_texts(path), warm_up=warm_up)
    nlp = spacy.load(pipeline)
    golds = read_golds(nlp, path)
    raw = annotate(nlp, [Example(nlp.make_doc(gold.text), gold) for gold in golds])
    known = {ent.text for name in met for doc in read_golds(nlp, corpus / f"{name}.spacy") for ent in doc.ents}
    on_raw = score(nlp, raw)
    variants = {}
    for name, rewritten in VARIANTS.items():
        examples = [Example(nlp.make_doc(gold.text), gold) for gold in rewritten(golds)]
        micro = score(nlp, annotate(nlp, examples))["micro"]
        variants[name] = {**micro, "difference": (micro["f"] or 0.0) - (on_raw["micro"]["f"] or 0.0)}
    training = meta["training"]
    return {
        "part": part,
        "sentences": len(golds),
        "sha256": checksum(path),
        "pipeline": f"{meta['lang']}_{meta['name']}",
        "version": meta["version"],
        "data": meta["data"],
        "seed": training["seed"],
        "overrides": training.get("overrides", {}),
        "raw_text": on_raw,
        "gold_tokens": score(nlp, predict(nlp, path, gold_tokens=True)),
        "mentions": recall(raw, known),
        "variants": variants,
        "calibration": calibrate(raw),
        "training": training_seconds(pipeline, training),
        "size": size(pipeline),
        "speed": timed,
        "machine": {"cpu": cpu_model(), "cores": os.cpu_count(), "system": platform.platform()},
        "versions": versions(),
    }


def check_pipeline(pipeline: Path, config: Path, overrides: list[str]) -> None:
    """See that a trained pipeline is what the json will say it is.

    pipeline (Path): The pipeline's folder.
    config (Path): The config that it should be of.
    overrides (list[str]): Options for `spacy train`.
    RAISES UserError: if it is another config's, or there are overrides, which come too late for it.
    """
    trained = read_meta(pipeline)["training"]["config"]
    if trained != config.stem:
        raise UserError(f"{pipeline} must be of {config}, but was trained with {trained}.cfg: name that one")
    if overrides:
        raise UserError(f"{pipeline} is trained already, so {' '.join(overrides)} changes nothing: leave it out")


def check_out(out: Path, part: str) -> None:
    """See that no figures of one part are written over those of the other.

    out (Path): The json file to write.
    part (str): "dev" or "test".
    RAISES UserError: if they would be.
    """
    if out.is_file() and (found := srsly.read_json(out).get("part")) != part:
        raise UserError(f"{out} holds figures of {found or 'something else'}: give those of {part} a file of their own")


def summary(figures: Figures) -> str:
    """RETURNS (str): The main figures, a line each."""
    head = f"{figures['config']}, seed {figures['seed']}, on {figures['part']}"
    shown = experiment_cells(experiment_figures(figures))
    return "\n".join([head, *(f"{name:32}{value:>8}" for name, value in shown.items())])


def parse_args() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("config", type=Path, help="a training config")
    parser.add_argument("out", type=Path, help="the json file to write")
    parser.add_argument("--corpus", type=Path, required=True, help="folder of the .spacy files")
    parser.add_argument("--pipeline", type=Path, help="a trained pipeline's folder: measure it, and train nothing")
    parser.add_argument("--run-dir", type=Path, help="where to train (default: training/ and OUT's name)")
    parser.add_argument("--lang", default="en", help="the language's code")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--gpu", type=int, default=-1, help="the GPU's number, -1 for the CPU")
    parser.add_argument("--change", default="", help="what is new, in a few words, for the table of ablations")
    parser.add_argument("--final", action="store_true", help="measure on TEST: once, when all tuning is done")
    args, overrides = parser.parse_known_args()
    check_options(overrides)
    return args, overrides


def main() -> None:
    args, overrides = parse_args()
    part = "test" if args.final else "dev"
    check_out(args.out, part)
    if args.pipeline:
        check_pipeline(args.pipeline, args.config, overrides)
    if args.final:
        print(f"*** FINAL: measured on TEST. Do not tune after you have seen {args.out} ***", file=sys.stderr)
    pipeline = args.pipeline or train_pipeline(
        args.config,
        args.run_dir or Path("training") / args.out.stem,
        corpus=args.corpus,
        lang=args.lang,
        seed=args.seed,
        gpu=args.gpu,
        overrides=overrides,
    )
    figures = {
        "command": shlex.join(["python", "-m", "scripts.research.experiment", *sys.argv[1:]]),
        "config": args.config.as_posix(),
        "change": args.change,
        "commit": commit(),
        **measure(pipeline, args.corpus, part=part),
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    srsly.write_json(args.out, figures)
    print(summary(figures))


if __name__ == "__main__":
    run(main)
