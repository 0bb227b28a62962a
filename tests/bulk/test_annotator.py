"""A table with texts gets its entities, and each bad row its own error."""

import os
import pickle
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
import spacy

from spacy_bilstm_ner.bulk import Annotator, annotator
from spacy_bilstm_ner.errors import UserError

ENTITIES = pa.list_(annotator.ENTITY)


def test_rows_keep_their_order_and_columns(model):
    table = pa.table(
        {"id": [3, 1, 2], "text": ["Lisbon", "nothing here", "Ada Lovelace in Lisbon"]}
    )
    result = Annotator(str(model))(table)
    assert result.column_names == ["id", "text", "entities", "entities_error"]
    assert result.select(["id", "text"]) == table
    assert result.schema.field("entities").type == ENTITIES
    assert result.schema.field("entities_error").type == pa.string()
    entities = result["entities"].to_pylist()
    assert entities[1] == []
    assert [tuple(entity.values()) for entity in entities[2]] == [
        (0, 12, "PERSON", None, "Ada Lovelace"),
        (16, 22, "GPE", None, "Lisbon"),
    ]
    assert result["entities_error"].null_count == 3
    result.validate(full=True)


def test_offsets_count_code_points(model):
    text = "😀👩‍🔬 e\u0301té in Lisbon!"
    (row,) = Annotator(str(model))(pa.table({"text": [text]}))["entities"].to_pylist()
    assert [text[e["start"] : e["end"]] for e in row] == ["Lisbon"] == [e["text"] for e in row]


def test_each_bad_row_has_its_own_error(model):
    long = "x" * 31
    texts = [None, "Lisbon", long, "Lisbon boom", "in Lisbon", ""]
    result = Annotator(str(model), max_length=30)(pa.table({"text": texts}))
    errors = result["entities_error"].to_pylist()
    assert errors[0] == "The text is null"
    assert "31 characters, max_length is 30" in errors[2]
    assert "RuntimeError: boom came" in errors[3]
    assert [error is None for error in errors] == [False, True, False, False, True, True]
    assert [None if row is None else len(row) for row in result["entities"].to_pylist()] == [
        None,
        1,
        None,
        None,
        1,
        0,
    ]


def test_the_pipelines_own_max_length_holds(model):
    limit = spacy.load(model).max_length
    result = Annotator(str(model))(pa.table({"text": ["x " * limit]}))
    assert f"max_length is {limit}" in result["entities_error"][0].as_py()
    raised = Annotator(str(model), max_length=limit + 5)(
        pa.table({"text": ["Lisbon".rjust(limit + 5)]})
    )
    assert raised["entities"][0].as_py()[0]["end"] == limit + 5


def test_a_stream_gives_what_a_table_gives(model, monkeypatch):
    monkeypatch.setattr(annotator, "MAX_CHARACTERS", 20)
    monkeypatch.setattr(annotator, "WARM_UP_CHARACTERS", 30)  # the rest inside memory zones
    annotator.PIPELINES.clear()
    table = pa.table({"body": ["Lisbon", "boom", "Ada Lovelace", "x", "Lisbon Lisbon"] * 5})
    function = Annotator(str(model), text="body")
    batches = list(function.batches(table.to_batches(max_chunksize=7)))
    assert [batch.num_rows for batch in batches] == [7, 7, 7, 4]
    assert pa.Table.from_batches(batches).combine_chunks() == function(table).combine_chunks()


def test_it_is_pickled_as_a_name_and_loaded_once(model):
    function = Annotator(str(model))
    function(pa.table({"text": ["Lisbon"]}))
    assert len(pickle.dumps(function)) < 1000
    assert pickle.loads(pickle.dumps(function)).load() is function.load()


def test_wrong_columns_and_models_are_explained(model):
    with pytest.raises(UserError, match=r"no column 'text'.*one of \['body'\]"):
        Annotator(str(model))(pa.table({"body": ["x"]}))
    with pytest.raises(UserError, match="exist already"):
        Annotator(str(model))(pa.table({"text": ["x"], "entities": [1]}))
    with pytest.raises(UserError, match="there is no pipeline no_such_model"):
        Annotator("no_such_model")(pa.table({"text": ["x"]}))


def test_threads_share_an_annotator(model, monkeypatch):
    # Everything after the first text is read in memory zones, which cannot overlap.
    monkeypatch.setattr(annotator, "WARM_UP_CHARACTERS", 1)
    monkeypatch.setattr(annotator, "MAX_CHARACTERS", 200)
    function = Annotator(str(model))
    tables = []
    for thread in range(16):
        texts = [f"Lisbon {thread} {i} Ada Lovelace" for i in range(60)]
        tables.append(pa.table({"text": texts}))
    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(function, tables))
    for result in results:
        assert result["entities_error"].null_count == 60
        assert {len(row) for row in result["entities"].to_pylist()} == {2}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_process_loads_the_pipeline_again(model):
    function = Annotator(str(model))
    nlp = function.load()
    with annotator.PIPELINES.lock:
        child = os.fork()
        if not child:
            os._exit(int(function.load() is nlp))
        assert os.waitpid(child, 0)[1] == 0
