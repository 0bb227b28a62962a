"""Building blocks of our HTML pages. All text that comes from a corpus, labels included, is escaped here."""

import argparse
import sys
from collections.abc import Iterable
from functools import cache
from html import escape
from itertools import cycle
from pathlib import Path
from typing import Any

from spacy import displacy
from spacy.displacy.render import DEFAULT_LABEL_COLORS
from wasabi.tables import table as text_table

from ..errors import UserError, banner, printable
from ..pipe.displacy_colors import COLORS
from ..pipe.entities import Entity
from ..system.whole import make_writable_folder, save, save_json

# For labels that neither spaCy nor we have a colour for, in the order in which they come
PALETTE = cycle(
    ("#a9d6e5", "#f6c6a7", "#cfe8a9", "#e3c1ee", "#f4e285", "#f2b5c4", "#b8d8be", "#c4c9f0")
)

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff;
       max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
p { margin: .4rem 0; } .note { color: #666; font-size: .9rem; }
.warning { background: #ffd24d; padding: .8rem 1rem; border-radius: .4rem; font-weight: bold; margin: 1rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid #eee; text-align: right; }
th { font-weight: 600; color: #555; }
th:first-child, td:first-child, .text td, .text th { text-align: left; vertical-align: top; }
.scroll { overflow-x: auto; } svg { max-width: 100%; height: auto; }
mark.wrong { background: #ffd6d6; border-bottom: 2px solid #c0392b; padding: 0 .1rem; }
.label { white-space: nowrap; border-radius: .3rem; padding: .05rem .4rem; font-size: .85em; }
.sentence { border-bottom: 1px solid #eee; padding: .3rem 0; }
mark.entity { padding: .2em .4em !important; -webkit-box-decoration-break: clone; box-decoration-break: clone; }
"""
PAGE = (
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head><body>\n'
    "{body}\n</body></html>\n"
)


def check_outputs(args: argparse.Namespace) -> None:
    """Ask before the work rather than after it whether the options of `add_outputs` can be written to."""
    for path in filter(None, (args.out, args.report)):
        if path.is_dir():
            raise UserError(f"{path} is a folder: give the name of a file in it")
        make_writable_folder(path.parent)


def present(
    title: str,
    lines: list[str],
    head: list[str],
    rows: list[list[str]],
    figures: dict[str, Any],
    *,
    parts: Iterable[str] = (),
    out: Path | None,
    report: Path | None,
) -> None:
    """Tell what a command has found: on the terminal as lines and a table; and, where they are asked for, the figures
    as JSON and all this as an HTML page that needs no other file.

    figures (dict[str, Any]): Among them may be "warnings". Those of figures of the sample are told aloud.
    parts (Iterable[str]): More of the page, as HTML. Nothing of it is made if no page is asked for.
    """
    warnings = figures.get("warnings", ())
    text = text_table(rows, header=head, divider=True, aligns=["l", *"r" * (len(head) - 1)])
    print(printable("\n".join([*lines, text.strip("\n")])))
    if warnings:
        is_sample = (figures.get("data") or {}).get("kind") == "sample"
        told = (
            banner(*warnings)
            if is_sample
            else "\n".join(f"Warning: {warning}" for warning in warnings)
        )
        print(printable(told), file=sys.stderr)
    if report:
        body = [f"<h1>{escape(title)}</h1>"]
        body += [f'<div class="warning">{escape(warning)}</div>' for warning in warnings]
        body += [f"<p>{escape(line)}</p>" for line in lines]
        body += [table(head, [[escape(cell) for cell in row] for row in rows]), *parts]
        html = PAGE.format(title=escape(title), style=STYLE, body="".join(body))
    if out:
        save_json(out, figures)
        print(f"Figures: {out}")
    if report:
        save(report, html)
        print(f"Page: {report}")


def percent(share: float | None, digits: int = 1) -> str:
    """Show a share in per cent; "-" for None, and no minus before a zero."""
    return "-" if share is None else f"{round(share * 100, digits) + 0.0:.{digits}f}"


def section(title: str, *parts: str, note: str = "") -> str:
    """Put parts of a page under a heading (plain text) and a remark (HTML)."""
    return f'<h2>{escape(title)}</h2><p class="note">{note}</p>{"".join(parts)}'


def table(head: list[str], rows: list[list[str]], kind: str = "") -> str:
    """Make a table of plain-text column names and HTML cells."""
    lines = ["".join(f"<th>{escape(name)}</th>" for name in head)]
    lines += [
        "".join(cell if cell.startswith("<td") else f"<td>{cell}</td>" for cell in row)
        for row in rows
    ]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="scroll"><table class="{kind}">{body}</table></div>'


@cache
def color(label: str) -> str:
    """The colour of a label: ours, or else spaCy's, or else the next of the palette."""
    known = DEFAULT_LABEL_COLORS | {key.upper(): each for key, each in COLORS.items()}
    return known.get(label.upper()) or next(PALETTE)


def named(text: str, entity: Entity) -> str:
    """Show an entity of a text with its label, in HTML."""
    label = f'<span class="label" style="background: {color(entity.label)}">{escape(entity.label)}</span>'
    return f"{escape(text[entity.start : entity.end])} {label}"


def drawn(text: str, ents: list[Entity]) -> str:
    """Let displaCy draw a text with its entities, in HTML."""
    # displaCy escapes the text, but not the labels.
    marked = {
        "text": text,
        "ents": [{"start": e.start, "end": e.end, "label": escape(e.label)} for e in ents],
    }
    options = {"colors": {escape(ent.label): color(ent.label) for ent in ents}}
    return displacy.render(marked, style="ent", manual=True, jupyter=False, options=options)
