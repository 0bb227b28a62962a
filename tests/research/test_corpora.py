from pathlib import Path

import srsly

from scripts.research.corpora import main


def test_scores_are_added_to_a_table(tmp_path: Path) -> None:
    out = tmp_path / "corpora.json"
    for name, f in {"news/a": 0.8, "letters/a": 0.6, "news/b": 0.5, "letters/b": 0.3}.items():
        metrics = {"table": [{"F": f}, {"F": 0.1}], "versions": {"spacy-bilstm-ner": "1"}}
        (tmp_path / name).mkdir(parents=True)
        srsly.write_json(tmp_path / name / "metrics.json", metrics)
        main(str(tmp_path / name), str(out))
    figures = srsly.read_json(out)
    assert figures["table"] == [
        {"": "news", "a 1": 80, "b 1": 50},
        {"": "letters", "a 1": 60, "b 1": 30},
        {"": "mean", "a 1": 70, "b 1": 40},
    ]
