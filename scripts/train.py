"""Train a pipeline with `spacy train`. The output folder appears when the pipeline is complete."""

from pathlib import Path

import srsly
from spacy.cli.train import train
from spacy.util import load_config

from scripts.meta import make_meta
from scripts.step import step
from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.system.atomic import whole_folder


def main(
    config: Path,
    out_dir: Path,
    corpus: Path,
    lang: str,
    name: str,
    version: str,
    seed: int = 0,
    gpu: int = -1,
) -> None:
    """Train a pipeline with CONFIG on the sentences in CORPUS.

    Its meta.json says how it was trained.
    """
    source = srsly.read_json(corpus / "source.json")
    components = load_config(config)["initialize"].get("components", {})
    if "vectors" not in components.get("ner", {}):
        source["vectors"] = {}
    overrides: dict[str, str | int] = {"nlp.lang": lang, "system.seed": seed}
    for part in ("train", "dev"):
        overrides[f"paths.{part}"] = f"{corpus}/{part}.spacy"
    if source["vectors"]:
        overrides["paths.vectors"] = source["vectors"]["path"]
    with whole_folder(out_dir) as folder:
        try:
            train(config, folder, use_gpu=gpu, overrides=overrides)
        # ValueErrors come from a wrong config, or from weights that are not finite.
        except ValueError as error:
            raise UserError(f"the training failed: {error}") from error
        path = folder / "model-best" / "meta.json"
        meta = make_meta(source, name=name, version=version, config=config.stem, seed=seed)
        srsly.write_json(path, srsly.read_json(path) | meta)


if __name__ == "__main__":
    step(main)
