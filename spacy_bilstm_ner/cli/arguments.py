"""Arguments and options of the commands. Some belong to several commands."""

from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, Option

Pipeline = Annotated[
    str, Argument(metavar="PIPELINE", help="folder or name of an installed pipeline")
]
LabelledFile = Annotated[
    Path, Argument(metavar="FILE", help="labelled file of any format that `convert` reads")
]
FoldsFolder = Annotated[
    Path, Argument(metavar="OUT", help="folder for the results and the pipelines of the folds")
]
Figures = Annotated[Path | None, Option("--out", help="write the figures to this JSON file")]
Report = Annotated[Path | None, Option(help="write an HTML page to this file")]
Lang = Annotated[str, Option(help="language code of the texts")]
Vectors = Annotated[str | None, Option(help="pipeline with word vectors, or its folder")]
Folds = Annotated[int, Option(help="number of folds")]
Seed = Annotated[int, Option(min=0, max=2**32 - 1, help="random seed")]
NoCurve = Annotated[
    bool,
    Option(
        "--no-curve",
        help="skip the learning curve (training on a third and two thirds of the data)",
    ),
]
Delimiter = Annotated[str, Option(help="separator in audit.csv, such as ; for German Excel")]
Precision = Annotated[float, Option(help="minimum precision, below 1")]
Write = Annotated[bool, Option("--write", help="store the thresholds in the pipeline's folder")]
Loosen = Annotated[
    bool, Option("--loosen", help="also store thresholds that are lower than the stored ones")
]
Texts = Annotated[
    Path,
    Argument(
        metavar="TEXTS",
        help='.txt with a text on each line, .jsonl with {"text": "…"}, or a labelled file',
    ),
]
SuggestedFolder = Annotated[
    Path, Argument(metavar="OUT", help="folder for the chosen texts and the page")
]
LabellingTool = Annotated[
    Literal["prodigy", "doccano", "label-studio"], Option(help="tool that imports the texts")
]
NumberOfTexts = Annotated[int, Option(min=1, help="number of texts")]

# Of `annotate`
Inputs = Annotated[
    list[str],
    Argument(
        metavar="INPUT",
        help="files or folders of texts: Parquet, JSON, JSON Lines, CSV, TSV, Excel or .txt with a "
        "text on each line; - for standard input",
    ),
]
ResultsFolder = Annotated[
    str, Argument(metavar="OUT", help="folder for the results; the same command resumes a run")
]
Model = Annotated[str, Option(help="name or path of any spaCy pipeline with entities")]
TextColumn = Annotated[str, Option(help="column of texts")]
IdColumn = Annotated[str | None, Option(help="column of ids in the results; default: file and row")]
Separator = Annotated[
    str | None, Option(help="separator of CSV files; default: detected from the header")
]
Encoding = Annotated[str | None, Option(help="encoding of text files; default: UTF-8")]
ResultsFormat = Annotated[Literal["parquet", "jsonl"], Option(help="format of the results")]
MaxLength = Annotated[
    int | None,
    Option(min=1, help="longest text, in characters; default: nlp.max_length"),
]
NumberOfWorkers = Annotated[
    int | None, Option(min=1, help="number of processes; default: one for each core")
]
RayAddress = Annotated[str | None, Option(help='Ray cluster to run on; "local" starts one')]

# Of `init`
Config = Annotated[Path, Argument(metavar="CONFIG", help="file to write, such as config.cfg")]
InitVectors = Annotated[
    str | None,
    Option(
        help="pipeline with word vectors, its folder, or a text file such as GloVe's; 'none' for "
        "no vectors; default: an installed pipeline of the language",
    ),
]
Source = Annotated[
    str | None,
    Option(
        "--from",
        help="trained pipeline to go on from: folder or name of an installed pipeline",
    ),
]
Force = Annotated[bool, Option("--force", help="replace an existing file")]
