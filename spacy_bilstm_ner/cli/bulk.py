"""The command `annotate`."""

from shlex import quote
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Exit, Option, echo

from ..errors import printable

if TYPE_CHECKING:
    from ..bulk.summary import Summary


def annotate(
    inputs: Annotated[
        list[str],
        Argument(
            metavar="INPUT",
            help="files or folders of texts: Parquet, JSON, JSON Lines, CSV, TSV, Excel or .txt "
            "with a text on each line; - for standard input",
        ),
    ],
    out: Annotated[
        str,
        Argument(metavar="OUT", help="folder for the results; repeat the command to resume"),
    ],
    *,
    model: Annotated[str, Option(help="name or path of any spaCy pipeline with entities")],
    text_column: Annotated[str, Option(help="column of texts")] = "text",
    id_column: Annotated[
        str | None, Option(help="column of ids in the results; default: file and row")
    ] = None,
    sep: Annotated[
        str | None, Option(help="separator of CSV files; default: detected from the header")
    ] = None,
    encoding: Annotated[
        str | None, Option(help="encoding of text files; detected by default")
    ] = None,
    format: Annotated[
        Literal["parquet", "jsonl"], Option(help="format of the results")
    ] = "parquet",
    max_length: Annotated[
        int | None, Option(min=1, help="longest text, in characters; default: nlp.max_length")
    ] = None,
    workers: Annotated[
        int | None, Option(min=1, help="number of processes; default: one for each core")
    ] = None,
    ray: Annotated[str | None, Option(help='Ray cluster to run on; "local" starts one')] = None,
) -> None:
    """Find the entities in files of texts, on all cores.

    Texts that have results are skipped. Inputs that have changed are annotated again.

    Example: python -m spacy_bilstm_ner annotate texts/ out/ --model en_gmb_bilstm --id-column id
    """
    from time import monotonic

    from ..bulk.annotate import annotate as annotate_files
    from ..bulk.rows import InputOptions

    if "-" in inputs:
        echo("Note: standard input cannot be resumed, but a file can.", err=True)
    started = monotonic()
    summary = annotate_files(
        inputs,
        out,
        model=model,
        options=InputOptions(text_column, id_column, sep, encoding),
        format=format,
        max_length=max_length,
        workers=workers,
        ray=ray,
    )
    _show(summary, monotonic() - started)
    if summary.given_up or 0 < summary.n_texts == sum(summary.errors.values()):
        raise Exit(1)
    echo("Next, read the results:")
    if format == "jsonl":
        echo(f"head {quote(out)}/*.jsonl")
    else:
        echo(f'python -c "import pyarrow.parquet as pq; print(pq.read_table({out!r}))"')


def _show(summary: "Summary", seconds: float) -> None:
    for file in summary.missing_inputs:
        echo(f"{file} no longer exists. Its results are kept.", err=True)
    if summary.n_existing and not summary.n_texts and not summary.given_up:
        echo("Nothing to do: all texts have results.")
        return
    speed = summary.n_words / seconds
    echo(
        f"{summary.n_texts:,} texts, {summary.n_words:,} words, {speed:,.0f} words/s "
        "including start-up"
    )
    echo(f"{summary.n_existing:12,} parts already had results")
    echo(f"{sum(summary.errors.values()):12,} errors")
    for kind, count in summary.errors.most_common():
        file, row, message = summary.first_errors[kind]
        echo(printable(f"{count:12,} {kind}. First: {file}, row {row}: {message}"))
    for label, count in summary.labels.most_common():
        echo(printable(f"{count:12,} {label}"))
    for problem in summary.given_up:
        echo(f"Failed: {problem}. Run the same command to try again.", err=True)
