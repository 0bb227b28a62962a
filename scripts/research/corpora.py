"""Add the score of a run on one of several corpora to a table, with the mean of the corpora.

    spacy project run compare . --vars.name wikigold --vars.csv train.csv ...
    python -m scripts.research.corpora training/wikigold/bilstm metrics/corpora.json

The table has a row for each corpus, which has the name of its pipeline, and a column for each
config.
"""

import sys
from pathlib import Path

import pandas as pd
import srsly

COMMAND = "spacy project run compare . --vars.name CORPUS --vars.config CONFIG"


def main(run: str, out: str) -> None:
    rows = [{"": "mean"}]
    if Path(out).exists():
        rows = srsly.read_json(out)["table"]
    metrics = srsly.read_json(Path(run, "metrics.json"))
    *_, corpus, config = Path(run).parts
    column = f"{config} {metrics['versions']['spacy-bilstm-ner']}"
    *_, total, _ = metrics["table"]
    table = pd.DataFrame(rows).set_index("").drop(index="mean")
    table.loc[corpus, column] = 100 * total["F"]
    table.loc["mean"] = table.mean()
    # In JSON, NaN is null.
    rows = srsly.json_loads(table.reset_index(names="").to_json(orient="records"))
    srsly.write_json(out, {"command": COMMAND, "table": rows})


if __name__ == "__main__":
    main(*sys.argv[1:])
