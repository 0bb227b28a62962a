"""The command `suggest`."""

from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, Option

from .arguments import Pipeline
from .show import check_outputs, show_next, show_result


def suggest(
    pipeline: Pipeline,
    texts: Annotated[
        Path,
        Argument(
            metavar="TEXTS",
            help='.txt with a text a line, .jsonl with {"text": "…"} on each, or a labelled file',
        ),
    ],
    out: Annotated[Path, Argument(metavar="OUT", help="folder for the chosen texts and the page")],
    *,
    format: Annotated[
        Literal["jsonl", "prodigy", "doccano", "label-studio"],
        Option(help="tool that imports the texts"),
    ] = "jsonl",
    number: Annotated[int, Option(metavar="N", min=1, help="number of texts")] = 100,
) -> None:
    """Choose the texts that are worth labelling next.

    Example: python -m spacy_bilstm_ner suggest en_gmb_bilstm texts.txt out --format prodigy
    """
    from ..quality.suggest import suggest_texts

    check_outputs(out / "suggested.json", out / "suggested.jsonl", inputs=(texts,))
    suggestions = suggest_texts(pipeline, texts, n_texts=number)
    path = suggestions.write(out, tool=format)
    show_result(suggestions, figures=out / "suggested-why.json", page=out / "suggested.html")
    print(f"Texts: {path}")
    show_next("when the texts are labelled", "convert", path, "corpus")
