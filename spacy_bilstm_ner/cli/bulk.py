"""The command `annotate`."""

from typing import TYPE_CHECKING, Annotated

from typer import Argument, Exit, Option, echo

from ..errors import printable
from .arguments import TextColumn, TextEncoding

if TYPE_CHECKING:
    from ..bulk.summary import Summary


def annotate(
    inputs: Annotated[
        list[str],
        Argument(
            metavar="INPUT",
            help="files or folders of texts: Parquet, JSON, JSON Lines, CSV, TSV, Excel or .txt "
            "with a text on each line",
        ),
    ],
    out: Annotated[
        str, Argument(metavar="OUT", help="folder for the results; repeat the command to resume")
    ],
    *,
    model: Annotated[str, Option(help="name or path of any spaCy pipeline that finds entities")],
    text_column: TextColumn = "text",
    id_column: Annotated[
        str | None, Option(help="column of ids, which the results will also have")
    ] = None,
    sep: Annotated[
        str | None, Option(help="separator of CSV files; default: detected from the header")
    ] = None,
    encoding: TextEncoding = None,
    max_length: Annotated[
        int | None,
        Option(
            min=1,
            help="maximum length of a text in characters; longer texts get an error; default: "
            "nlp.max_length",
        ),
    ] = None,
    workers: Annotated[
        int | None, Option(min=1, help="number of processes; default: one for each core")
    ] = None,
    ray: Annotated[
        str | None,
        Option(
            help='address of the Ray cluster to run on; "local" starts one; "auto" uses '
            "$RAY_ADDRESS or the one that runs on this machine"
        ),
    ] = None,
) -> None:
    """Find the entities in files of texts, on all cores.

    Texts that have results are skipped. Inputs that have changed are annotated again.

    Example: python -m spacy_bilstm_ner annotate texts/ out/ --model en_gmb_bilstm --id-column id
    """
    from ..bulk.annotate import annotate as annotate_files
    from ..files.texts import TextOptions

    summary = annotate_files(
        inputs,
        out,
        model=model,
        options=TextOptions(text_column, id_column, sep, encoding),
        max_length=max_length,
        workers=workers,
        ray=ray,
    )
    _show(summary)
    if summary.failures or 0 < summary.n_texts == sum(summary.errors.values()):
        raise Exit(1)
    echo("Next, read the results:")
    echo(f'python -c "import pyarrow.parquet as pq; print(pq.read_table({out!r}))"')


def _show(summary: "Summary") -> None:
    for problem in summary.failures:
        remedy = "Run the same command to try again. If memory is short, use fewer --workers."
        echo(printable(f"Failed: {problem}. {remedy}"), err=True)
    if not summary.n_texts and not summary.failures:
        echo("Nothing to do: there are no texts without results.")
        return
    echo(f"{summary.n_texts:12,} texts processed")
    echo(f"{summary.n_existing:12,} texts already had results")
    echo(f"{sum(summary.errors.values()):12,} texts with errors")
    for kind, count in summary.errors.most_common():
        file, row, message = summary.first_errors[kind]
        echo(printable(f"{count:12,} {kind}. First: {file}, row {row} (the first is 0): {message}"))
    for label, count in summary.labels.most_common():
        echo(printable(f"{count:12,} {label}"))
