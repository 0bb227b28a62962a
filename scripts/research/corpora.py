"""Add F of a run to a table of corpora and configs, and compute the means.

    spacy project run compare . --vars.name wikigold --vars.csv train.csv ...
    python -m scripts.research.corpora training/wikigold/bilstm metrics/corpora.json

The table has a row for each corpus, with the name of the pipeline that was trained on it, and a
column for each config. The last row is the mean of the corpora.
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
