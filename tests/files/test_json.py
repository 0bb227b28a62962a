import json
import tracemalloc
from pathlib import Path

from spacy_bilstm_ner.files import read
from spacy_bilstm_ner.files.json_records import read_json
from spacy_bilstm_ner.files.options import Options
from spacy_bilstm_ner.files.records import Content


def test_one_record_of_a_large_array_is_in_memory_at_a_time() -> None:
    record = {"text": "Mira left", "entities": [[0, 4, "PER"]], "meta": list(range(1000, 1300))}
    text = json.dumps([record] * 1000)
    tracemalloc.start()
    records, _ = read_json(Content("x.json", Path("x.json"), b"", text), Options())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(records) == 1000
    assert peak < 2 * len(text)  # all records in memory need six times as much


def test_many_answers_to_one_text_are_not_a_long_sentence(tmp_path: Path) -> None:
    record = {"text": "Mira left", "answer": "accept", "_is_binary": True}
    record["spans"] = [{"start": 0, "end": 4, "label": "PER"}]
    path = tmp_path / "answers.jsonl"
    path.write_text(f"{json.dumps(record)}\n" * 600, encoding="utf-8")
    docs, report = read(path)
    assert len(docs) == 1
    assert report.read["rows"] == report.written["rows"] == 600
    assert not report.warnings
