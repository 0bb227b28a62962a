"""Show what a run has made: the entities of a sentence, and where the report and the wheels lie."""

import argparse
from pathlib import Path

import spacy
from spacy.tokens import Doc, Span

from spacy_bilstm_ner.errors import UserError, run

TEXT = "Jim bought 300 shares of Acme Corp. in 2006."


def show(doc: Doc) -> str:
    """RETURNS (str): A line for the text, and one for each entity, with its confidence if it has one."""
    lines = [doc.text]
    for ent in doc.ents:
        confidence = ent._.confidence if Span.has_extension("confidence") else None
        shown = "" if confidence is None else f"  {confidence:.2f}"
        lines.append(f"  {ent.label_:6}{shown}  {ent.text}")
    if not doc.ents:
        lines.append("  (no entities found)")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", nargs="?", default="en_gmb_bilstm", help="an installed pipeline")
    parser.add_argument("--text", default=TEXT)
    args = parser.parse_args()
    if not spacy.util.is_package(args.name):
        raise UserError(f"{args.name} is not installed: run `spacy project run all` first")
    nlp = spacy.load(args.name)
    print(f"\nspacy.load({args.name!r})  version {nlp.meta['version']}")
    print(f"Trained on: {nlp.meta['data']['name']}\n")
    print(show(nlp(args.text)))
    report = Path("training") / nlp.meta["name"] / nlp.meta["training"]["config"] / "report.html"
    print(f"\nReport: {report}")
    for wheel in sorted(Path("packages").glob("*.whl")):
        print(f"Wheel:  {wheel}")
    if nlp.meta["data"]["kind"] == "sample":
        print("\n!!  This model was trained on the SMALL BUNDLED SAMPLE: see the notice above.")


if __name__ == "__main__":
    run(main)
