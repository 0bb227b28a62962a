"""Publish a run's metrics: copy them to the folder in git that the README quotes."""

import argparse
from pathlib import Path
from typing import Any

import srsly

from spacy_bilstm_ner.errors import UserError, run


def published(metrics: dict[str, Any], *, command: str) -> dict[str, Any]:
    """Prepare metrics for publishing.

    metrics (dict[str, Any]): A run's metrics.
    command (str): The command that makes them.
    RETURNS (dict[str, Any]): The same, with the command.
    RAISES UserError: if they are the bundled sample's.
    """
    if metrics["data"]["kind"] == "sample":
        raise UserError(
            "these metrics are of the bundled sample, which shows only that everything works: "
            "put the corpus into assets/, run the project again, then publish"
        )
    return {**metrics, "command": command}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("metrics", type=Path, help="a run's metrics.json")
    parser.add_argument("out", type=Path, help="the file to write")
    parser.add_argument("--command", required=True, help="the command that makes them")
    args = parser.parse_args()
    if not args.metrics.is_file():
        raise UserError(f"{args.metrics} is missing: run the project first")
    metrics = published(srsly.read_json(args.metrics), command=args.command)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    srsly.write_json(args.out, metrics)
    print(f"Published {args.out}")


if __name__ == "__main__":
    run(main)
