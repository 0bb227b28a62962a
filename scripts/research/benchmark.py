"""Measure the pipeline's speed and memory beside spaCy's own ner, in one run on this machine.

Each figure comes from a fresh process (see `timing`), with one thread where nothing else is said. Pipelines take turns,
so that what else the machine does meets all of them. Seconds depend on the machine; the ratios are what counts.
"""

import argparse
import os
import platform
import tempfile
from dataclasses import asdict
from pathlib import Path

import srsly

from scripts.meta import read_meta
from scripts.package import check_metrics
from scripts.research.bars import draw_bars
from scripts.research.loads import make_loads, read_texts, short
from scripts.research.measures import PARTS, Figures, Row, Setting
from scripts.research.tables import benchmark_table
from scripts.source import checksum
from spacy_bilstm_ner.errors import UserError, run
from spacy_bilstm_ner.quality.evaluate import versions

# What spaCy's ner scores on GMB's test set if it is trained as it should be, as in metrics/gmb_bilstm_spacy_ner.json,
# and how far from that it may be
EXPECTED_F = 0.8439
TOLERANCE = 0.003
WARM_UP_TEXTS = 500
LATENCY_TEXTS = 300
# A load above which figures are not worth quoting
BUSY = 0.5


def check_baseline(metrics: Figures, *, test: Path, any_baseline: bool) -> Figures:
    """See that what we compare with is what it should be: spaCy's own ner, trained well.

    metrics (Figures): The baseline's scores.
    test (Path): The test set.
    any_baseline (bool): Take any.
    RETURNS (Figures): Its F, and whether it was held against what is expected on GMB.
    RAISES UserError: if it is another config, another test set, or its F is not as expected.
    """
    f = metrics["raw_text"]["micro"]["f"]
    checked = metrics["data"]["kind"] == "real" and not any_baseline
    if checked:
        if metrics["config"] != "spacy_ner":
            raise UserError(f"the baseline must be of configs/spacy_ner.cfg, but is of {metrics['config']}")
        if metrics["test"]["sha256"] != checksum(test):
            raise UserError(f"the baseline was not scored on {test}: run `spacy project run evaluate-baseline`")
        if f is None or abs(f - EXPECTED_F) > TOLERANCE:
            raise UserError(
                f"the baseline's F on the test set must be within {TOLERANCE * 100:.1f} points of "
                f"{EXPECTED_F * 100:.2f}, but is {(f or 0) * 100:.2f}: train it with `spacy project run baseline`, "
                "or compare with it nevertheless with --any-baseline"
            )
    return {"pipeline": metrics["pipeline"], "f": f, "checked": checked}


def cpu_model() -> str:
    """RETURNS (str): The processor's name."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def read_metrics(run_dir: Path) -> Figures:
    """Read a run's scores.

    run_dir (Path): The run's folder.
    RETURNS (Figures): Its metrics.json, which belongs to its model.
    RAISES UserError: if there is none, or it is another model's.
    """
    meta = read_meta(run_dir / "model-best")
    path = run_dir / "metrics.json"
    if not path.is_file():
        raise UserError(f"{path} is missing: score the pipeline first, `spacy project run benchmark` does")
    metrics: Figures = srsly.read_json(path)
    check_metrics(meta, metrics)
    return metrics


def write_texts(corpus: Path, folder: Path, *, many: int) -> dict[str, Path]:
    """Write the texts that the tasks read.

    corpus (Path): The folder of train.spacy, dev.spacy and test.spacy.
    folder (Path): Where to write.
    many (int): How many sentences the tasks get that need many.
    RETURNS (dict[str, Path]): The files by their names.
    """
    sentences = read_texts(corpus / "test.spacy")
    train = read_texts(corpus / "train.spacy", limit=many)
    texts = {
        **make_loads(sentences),
        "short": short(sentences, limit=LATENCY_TEXTS),
        "warm_up": read_texts(corpus / "dev.spacy", limit=WARM_UP_TEXTS),
        "many": train,
        "half_1": train[::2],
        "half_2": train[1::2],
    }
    files = {name: folder / f"{name}.json" for name in texts}
    for name, file in files.items():
        srsly.write_json(file, texts[name])
    return files


def benchmark(
    ours: Path,
    baseline: Path,
    corpus: Path,
    *,
    parts: list[str],
    runs: int,
    many: int,
    stream_length: int,
    any_baseline: bool,
) -> Figures:
    """Measure.

    ours (Path): The folder of our run.
    baseline (Path): The folder of the run of spaCy's own ner.
    corpus (Path): The folder of train.spacy, dev.spacy and test.spacy.
    parts (list[str]): What to measure, of `PARTS`.
    runs (int): How many fresh processes measure each figure.
    many (int): Sentences for the parts that need many.
    stream_length (int): Texts of the stream.
    any_baseline (bool): Compare with the baseline whatever its F is.
    RETURNS (Figures): All figures, the results in short, and what they were made with.
    """
    # Of the last minute: how busy the machine is with something else
    load = os.getloadavg()[0]
    metrics = read_metrics(ours)
    neighbour = check_baseline(read_metrics(baseline), test=corpus / "test.spacy", any_baseline=any_baseline)
    found: Figures = {}
    results: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        lang = metrics["pipeline"].split("_")[0]
        pipelines = {"ours": str(ours / "model-best"), "spacy": str(baseline / "model-best"), "blank": f"blank:{lang}"}
        files = write_texts(corpus, Path(folder), many=many)
        setting = Setting(pipelines, files, runs=runs, stream_length=stream_length)
        for part in parts:
            found[part], rows = PARTS[part](setting)
            results += rows
    return {
        "pipeline": metrics["pipeline"],
        "version": metrics["version"],
        "data": metrics["data"],
        "config": metrics["config"],
        "seed": metrics["seed"],
        "f": metrics["raw_text"]["micro"]["f"],
        "baseline": neighbour,
        "machine": {"cpu": cpu_model(), "cores": os.cpu_count(), "system": platform.platform(), "load": load},
        "versions": versions(),
        "runs": runs,
        "results": [asdict(row) for row in results],
        "figures": found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("ours", type=Path, help="the folder of our run, with model-best and metrics.json")
    parser.add_argument("baseline", type=Path, help="the folder of the run of spaCy's own ner")
    parser.add_argument("--corpus", type=Path, required=True, help="folder of the .spacy files")
    parser.add_argument("--out", type=Path, required=True, help="the json file to write; the plot comes beside it")
    parser.add_argument("--runs", type=int, default=5, help="fresh processes for each figure")
    parser.add_argument("--many", type=int, default=20_000, help="sentences for the parts on several processes")
    parser.add_argument("--stream", type=int, default=100_000, help="texts of the stream")
    parser.add_argument("--only", default=",".join(PARTS), help="what to measure (default: %(default)s)")
    parser.add_argument("--any-baseline", action="store_true", help="compare whatever the baseline's F is")
    args = parser.parse_args()
    parts = args.only.split(",")
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise UserError(f"--only takes some of {', '.join(PARTS)}, but got {', '.join(unknown)}")
    if args.runs < 1:
        raise UserError(f"--runs must be at least 1, but is {args.runs}")
    figures = benchmark(
        args.ours,
        args.baseline,
        args.corpus,
        parts=parts,
        runs=args.runs,
        many=args.many,
        stream_length=args.stream,
        any_baseline=args.any_baseline,
    )
    srsly.write_json(args.out, figures)
    if "throughput" in parts:
        args.out.with_suffix(".svg").write_text(draw_bars(figures["figures"]["throughput"]), encoding="utf-8")
    print(benchmark_table(figures))
    if figures["machine"]["load"] > BUSY:
        print(
            f"The machine was busy when this began (load {figures['machine']['load']:.1f}): "
            "do not quote these figures, measure again when it is idle."
        )


if __name__ == "__main__":
    run(main)
