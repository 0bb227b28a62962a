"""The command `annotate`."""

from argparse import Namespace
from typing import Annotated, Literal

from typer import Argument, Option


def annotate(
    inputs: Annotated[
        list[str],
        Argument(metavar="INPUT", help="Parquet, JSON Lines, CSV or plain text; - for stdin"),
    ],
    out: Annotated[
        str, Argument(metavar="OUT", help="folder for the results; a second call resumes")
    ],
    *,
    model: Annotated[
        str, Option(metavar="NAME", help="name or path of any spaCy pipeline with entities")
    ],
    text_column: Annotated[str, Option(metavar="NAME", help="column of texts")] = "text",
    id_column: Annotated[
        str | None,
        Option(metavar="NAME", help="column of ids in the results; default: file and row"),
    ] = None,
    format: Annotated[
        Literal["parquet", "jsonl"], Option(help="format of the results")
    ] = "parquet",
    max_length: Annotated[
        int | None,
        Option(metavar="N", help="longest text, in characters; default: nlp.max_length"),
    ] = None,
    workers: Annotated[
        int | None, Option(help="number of processes; default: one for each core")
    ] = None,
    ray: Annotated[
        str | None,
        Option(metavar="ADDRESS", help='Ray cluster to run on; "local" starts one'),
    ] = None,
) -> None:
    """Find the entities in files of texts, on every core.

    A part that is done is never done again.

    Example: python -m spacy_bilstm_ner annotate texts/ out/ --model en_gmb_bilstm --id-column id
    """
    from ..bulk.annotate import execute
    from ..system.cores import cores

    execute(
        Namespace(
            inputs=inputs,
            out=out,
            model=model,
            text_column=text_column,
            id_column=id_column,
            format=format,
            max_length=max_length,
            workers=cores() if workers is None else workers,
            ray="" if ray == "local" else ray,
        )
    )
