import json
import tracemalloc
from pathlib import Path

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
