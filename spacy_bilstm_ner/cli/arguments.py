"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

Pipeline = Annotated[
    str, Argument(metavar="PIPELINE", help="folder or name of an installed pipeline")
]
LabelledFile = Annotated[
    Path, Argument(metavar="FILE", help="labelled file of any format that `convert` reads")
]
FoldsFolder = Annotated[
    Path, Argument(metavar="OUT", help="folder for the results and the folds' pipelines")
]
Figures = Annotated[
    Path | None, Option("--out", metavar="JSON", help="write the figures to this file")
]
Report = Annotated[Path | None, Option(metavar="HTML", help="write a page to this file")]
Lang = Annotated[str, Option(help="language code of the texts")]
Vectors = Annotated[
    str | None, Option(metavar="NAME", help="pipeline with word vectors, or its folder")
]
Folds = Annotated[int, Option(metavar="K", help="number of folds")]
Seed = Annotated[int, Option(metavar="N", min=0, max=2**32 - 1, help="random seed")]
