"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

Pipeline = Annotated[
    str, Argument(metavar="PIPELINE", help="folder of a pipeline, or name of an installed one")
]
LabelledFile = Annotated[
    Path, Argument(metavar="FILE", help="labelled file of any format that `convert` reads")
]
FoldsFolder = Annotated[
    Path, Argument(metavar="OUT", help="folder for the results and the pipelines of the folds")
]
FiguresFile = Annotated[Path | None, Option("--out", help="write the figures to this JSON file")]
Lang = Annotated[str, Option(help="language code of the texts")]
Vectors = Annotated[
    str | None,
    Option(
        help="pipeline with word vectors, or its folder; 'none' for no vectors; default: an "
        "installed pipeline of the language"
    ),
]
Folds = Annotated[int, Option(min=2, help="number of folds")]
TextColumn = Annotated[str, Option(help="column of texts")]
TextEncoding = Annotated[
    str | None, Option(help="encoding of .txt, CSV and JSON files; detected by default")
]
