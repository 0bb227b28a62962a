"""Write the training config of the shipped model, for `python -m spacy train`."""

import argparse
import json
from pathlib import Path

import spacy

from ..default_config import read_config
from ..errors import UserError
from ..files.docs import blank_pipeline
from ..system.whole import save


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "example: python -m spacy_bilstm_ner init config.cfg --lang en --vectors en_core_web_md"
    )
    parser.add_argument(
        "config", type=Path, metavar="CONFIG", help="the file to write, such as config.cfg"
    )
    parser.add_argument("--lang", default="en", help="language code of the texts (default: en)")
    parser.add_argument(
        "--optimize", choices=["efficiency"], default="efficiency", help="the only one there is"
    )
    what = (
        "a pipeline with word vectors, its folder, or a text file such as GloVe's (default: none)"
    )
    parser.add_argument("--vectors", metavar="NAME", help=what)
    parser.add_argument("--force", action="store_true", help="replace the file if there is one")


def execute(args: argparse.Namespace) -> None:
    """RAISES UserError: If spaCy has no such language, or the file is there already or cannot be written."""
    blank_pipeline(args.lang)
    if args.config.exists() and not args.force:
        raise UserError(
            f"{args.config} is there already. Give another name, or --force to replace it."
        )
    save(args.config, fill(read_config(), lang=args.lang, vectors=args.vectors))
    if args.vectors and not (spacy.util.is_package(args.vectors) or Path(args.vectors).exists()):
        print(
            f"There is no installed pipeline, folder or file {args.vectors} here: before you train, ",
            end="",
        )
        print(f"python -m spacy download {args.vectors}")
    print(f"Wrote {args.config}. To train with it:")
    paths = "--paths.train corpus/train.spacy --paths.dev corpus/dev.spacy"
    print(f"python -m spacy train {args.config} --output training {paths}")


def fill(config: str, *, lang: str, vectors: str | None) -> str:
    """RETURNS (str): The config with the language, and the name or folder of a pipeline with word vectors. Only these
    two lines change, so that comments stay; [paths] vectors stands before [initialize] vectors."""
    config = config.replace('\nlang = "en"\n', f"\nlang = {json.dumps(lang)}\n", 1)
    return config.replace("\nvectors = null\n", f"\nvectors = {json.dumps(vectors)}\n", 1)
