import json
from pathlib import Path
from typing import Any

import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files.docs import make_doc

from .helpers import read_one, shown, tokenizing

TEXT = "Mira left Oslo."
GOLD = ["Mira/B-PER left Oslo/B-LOC ."]
PER, LOC = {"start": 0, "end": 4, "label": "PER"}, {"start": 10, "end": 14, "label": "LOC"}
OFFSETS = [[0, 4, "PER"], [10, 14, "LOC"]]
STUDIO = [
    {"value": {**span, "labels": [span["label"]], "text": text}}
    for span, text in ((PER, "Mira"), (LOC, "Oslo"))
]
for one in STUDIO:
    del one["value"]["label"]


def lines(*records: Any) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.mark.parametrize(
    "content",
    [
        lines({"text": TEXT, "entities": OFFSETS}),
        lines({"text": TEXT, "entities": [PER, LOC]}),
        lines(
            {
                "text": TEXT,
                "spans": [PER, LOC],
                "answer": "accept",
                "tokens": [{"text": "Mira", "id": 0}],
            }
        ),
        lines({"id": 1, "text": TEXT, "label": OFFSETS}),
        lines({"id": 1, "data": TEXT, "labels": OFFSETS}),
        lines(
            {
                "text": TEXT,
                "entities": [
                    {"start_offset": s, "end_offset": e, "label": x} for s, e, x in OFFSETS
                ],
            }
        ),
        lines([TEXT, {"entities": OFFSETS}]),
        lines({"text": TEXT, "ents": [PER, LOC]}),
        lines({"text": TEXT, "annotations": [PER, LOC]}, {"text": " ", "annotations": []}),
        lines({"text": "Mira left Oslo .", "tags": "B-PER O B-LOC O"}),
        lines({"text": "Mira left Oslo .", "labels": ["B-PER", "O", "B-LOC", "O"]}),
        json.dumps([[TEXT, {"entities": OFFSETS}]]),
        json.dumps([{"text": TEXT, "entities": OFFSETS}], indent=2),
        json.dumps({"text": TEXT, "entities": OFFSETS}, indent=2),
        json.dumps({"classes": ["PER", "LOC"], "annotations": [[TEXT, {"entities": OFFSETS}]]}),
        json.dumps(
            [{"data": {"text": TEXT}, "annotations": [{"was_cancelled": False, "result": STUDIO}]}]
        ),
        json.dumps([{"text": TEXT, "label": [one["value"] for one in STUDIO], "annotator": 1}]),
        lines({"tokens": ["Mira", "left", "Oslo", "."], "ner_tags": ["B-PER", "O", "B-LOC", "O"]}),
    ],
)
def test_formats(tmp_path: Path, content: str) -> None:
    data = read_one(tmp_path, content)
    assert shown(data) == GOLD
    assert (data.warnings, data.doubtful, data.source["format"]) == ({}, [], "json")


def test_the_text_stays_as_it_is(tmp_path: Path) -> None:
    text = " Mira  left\n\nOslo-based  firms;\tnobody 😀   asked "
    data = read_one(tmp_path, lines({"text": text, "entities": [[1, 5, "PER"], [13, 17, "LOC"]]}))
    doc, _ = make_doc(tokenizing(), data.sentences[0])
    assert doc.text == text
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Mira", "PER"), ("Oslo", "LOC")]


def test_an_entity_ends_within_a_token(tmp_path: Path) -> None:
    data = read_one(
        tmp_path, lines({"text": "the U.K./Oslo team", "entities": [[4, 8, "LOC"], [9, 13, "LOC"]]})
    )
    assert shown(data) == ["the U.K./B-LOC / Oslo/B-LOC team"]
    assert data.doubtful == []


@pytest.mark.parametrize(
    ("span", "told", "tags"),
    [
        ([0, 5, "PER"], "'Mira ' was read as 'Mira'", "Mira/B-PER left Osloby ."),
        ([10, 14, "LOC"], "'Oslo' was read as 'Osloby'", "Mira left Osloby/B-LOC ."),
        ([12, 14, "LOC"], "'lo' cuts a word in two: it was left out", "Mira left Osloby/? ."),
        ([50, 55, "LOC"], "is not in the text: it was left out", "Mira left Osloby ."),
        ([4, 5, "LOC"], "' ' is not in the text", "Mira left Osloby ."),
        ([10, 50, "LOC"], "'Osloby.' is not in the text", "Mira left Osloby/? ./?"),
        ([4, 2, "LOC"], "is not in the text", "Mira left Osloby ."),
    ],
)
def test_offsets_are_repaired_or_left_out_and_listed(
    tmp_path: Path, span: list[Any], told: str, tags: str
) -> None:
    data = read_one(tmp_path, lines({"text": "Mira left Osloby.", "entities": [span]}))
    assert shown(data) == [tags]
    assert len(data.doubtful) == 1
    assert f"x, line 1: {span[2]} at {span[0]}:{span[1]}" in data.doubtful[0]
    assert told in data.doubtful[0]


def test_entities_that_overlap(tmp_path: Path) -> None:
    spans = [[0, 4, "PER"], [0, 9, "ORG"], [0, 9, "ORG"]]
    data = read_one(tmp_path, lines({"text": "Mira Ltd. left", "entities": spans}))
    assert shown(data) == ["Mira/B-ORG Ltd./I-ORG left"]
    assert len(data.doubtful) == 1
    assert "PER at 0:4 'Mira' overlaps with a longer one: it was left out" in data.doubtful[0]


def test_an_entity_that_stands_there_twice_is_one(tmp_path: Path) -> None:
    data = read_one(
        tmp_path,
        lines({"text": "Mira left", "entities": [[0, 4, "PER"], [0, 4, "PER"], [0, 5, "PER"]]}),
    )
    assert shown(data) == ["Mira/B-PER left"]
    assert [told.partition(": ")[2] for told in data.doubtful] == [
        "PER at 0:5 'Mira ' was read as 'Mira'"
    ]


@pytest.mark.parametrize("labels", [["A", "B"], ["B", "A"], ["C", "A"]])
def test_of_two_labels_for_the_same_words_the_first_counts(
    tmp_path: Path, labels: list[str]
) -> None:
    data = read_one(
        tmp_path, lines({"text": "Mira left", "entities": [[0, 4, label] for label in labels]})
    )
    assert shown(data) == [f"Mira/B-{labels[0]} left"]
    assert f"{labels[1]} at 0:4 'Mira' overlaps with a longer one" in data.doubtful[0]


def test_words_of_an_entity_that_crosses_another_are_unknown(tmp_path: Path) -> None:
    spans = [[0, 9, "PER"], [5, 14, "ORG"], [0, 4, "PER"]]
    data = read_one(tmp_path, lines({"text": "Mira Holt left.", "entities": spans[1:] + spans[:1]}))
    # Both are as long: the one that begins first in the text stands, wherever it stands in the file.
    assert shown(data) == ["Mira/B-PER Holt/I-PER left/? ."]


def test_what_the_file_says_of_an_entity_s_text_goes_before_its_offsets(tmp_path: Path) -> None:
    def spans(*bounds: tuple[int, int]) -> str:
        return lines({"text": "😀 Ann met Bo", "entities": [
            {"start": start, "end": end, "label": "PER", "text": text}
            for (start, end), text in zip(bounds, ("Ann", "Bo"), strict=True)
        ]})  # fmt: skip

    for bounds, n_doubtful in (
        ([(2, 5), (10, 12)], 0),
        ([(3, 6), (11, 13)], 2),
        ([(2, 4), (10, 11)], 2),
    ):
        data = read_one(tmp_path, spans(*bounds))
        assert shown(data) == ["😀 Ann/B-PER met Bo/B-PER"]
        assert len(data.doubtful) == n_doubtful


@pytest.mark.parametrize(("before", "start"), [("😀 😀", 6), ("Zoë né", 9)])
def test_offsets_that_count_bytes_or_pairs(tmp_path: Path, before: str, start: int) -> None:
    data = read_one(
        tmp_path, lines({"text": f"{before} Ann met Bo.", "entities": [[start, start + 3, "PER"]]})
    )
    assert shown(data) == [f"{before} Ann/B-PER met Bo ."]
    assert data.doubtful[0].endswith("was read as 'Ann'")


def test_an_accent_belongs_to_its_letter(tmp_path: Path) -> None:
    data = read_one(tmp_path, lines({"text": "Jose\u0301 left", "entities": [[0, 4, "PER"]]}))
    assert shown(data) == ["Jose\u0301/B-PER left"]


def test_languages_without_spaces(tmp_path: Path) -> None:
    record = {"text": "王明在北京。", "entities": [[0, 2, "PER"], [3, 5, "LOC"]]}
    for lang in ("zh", "en"):
        doc, _ = make_doc(
            tokenizing(lang), read_one(tmp_path, lines(record), lang=lang).sentences[0]
        )
        assert [ent.text for ent in doc.ents] == ["王明", "北京"]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    data = read_one(
        tmp_path,
        lines({"text": TEXT, "spans": [PER]}, {"text": "No", "answer": "reject", "spans": []}),
    )
    assert len(data.sentences) == 1
    assert "1 text left out: rejected or ignored" in data.warnings["json_answer"]
    tasks = [
        {
            "data": {"text": TEXT},
            "annotations": [{"was_cancelled": True, "result": []}, {"result": STUDIO}],
        },
        {
            "data": {"text": TEXT},
            "annotations": [
                {"result": []},
                {"result": STUDIO, "ground_truth": True},
                {"result": []},
            ],
        },
        {"data": {"text": TEXT}, "annotations": []},
    ]
    data = read_one(tmp_path, json.dumps(tasks))
    assert shown(data) == GOLD * 2
    assert "1 task left out: nobody has annotated it" in data.warnings["json_unlabelled"]
    assert "1 task with several annotations" in data.warnings["json_several"]


def test_not_everything_is_annotated(tmp_path: Path) -> None:
    records = [
        {"text": TEXT, "entities": OFFSETS[:1], "annotated": "PER"},
        {"text": TEXT, "entities": None},
    ]
    data = read_one(
        tmp_path,
        lines(*records, {"tokens": ["a", "b"], "tags": ["O", None]}).partition('{"tokens')[0],
    )
    assert shown(data) == ["Mira/B-PER left/? Oslo/? ./?", "Mira/? left/? Oslo/? ./?"]
    assert [sentence.annotated for sentence in data.sentences] == [("PER",), ()]
    assert shown(read_one(tmp_path, lines({"tokens": ["a", "b"], "tags": ["O", None]}))) == [
        "a b/?"
    ]
    data = read_one(
        tmp_path, lines({"tokens": ["a", "b"], "tags": ["B-x", "O"], "annotated": ["x"]})
    )
    assert (shown(data), data.sentences[0].annotated) == (["a/B-x b/?"], ("x",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lines({"text": TEXT, "answer": None}), "holds no sentences.*1 text left out"),
        (
            lines({"text": TEXT, "entities": [[0, 4, None]]}),
            "an entity's label must be its name, but is null",
        ),
        (
            lines({"text": TEXT, "entities": [["PER", 0, 4]]}),
            "an entity's label must be its name, but is 4",
        ),
        (
            lines({"text": TEXT, "entities": OFFSETS, "annotated": ["per"]}),
            "entities of LOC, PER, but was annotated for",
        ),
        (
            lines({"tokens": ["a"], "tags": ["B-x"], "annotated": ["y"]}),
            "entities of x, but was annotated for y",
        ),
        ('{"text": \n{"text": \n', "2 faults"),
        (lines({"text": TEXT, "entities": []}) + '{"text": \n', "line 2: this is no JSON"),
        (lines({"text": TEXT}), "line 1: it has no entities: give an empty list if it holds none"),
        (lines({"text": TEXT, "label": ["sport"]}), "line 1: this is no labelled text"),
        (lines({"x": 1, "entities": []}), "line 1: it has no text, or several .it has x, entities"),
        (
            lines(
                {"text": TEXT, "entities": [[0, 4]]},
                {"text": TEXT, "entities": [{"start": 0, "end": 4}]},
            ),
            "2 faults",
        ),
        (
            lines({"text": TEXT, "spans": [{"start": 0, "end": 4, "labels": ["A", "B"]}]}),
            "an entity has 2 labels",
        ),
        (lines({"text": "Mira \ud83d left", "entities": []}), "its text has half a character"),
        (lines({"tokens": ["a"], "tags": [1]}), "These are numbers"),
        (lines({"tokens": ["a", "b"], "tags": ["O"]}), "line 1: 2 words and 1 tag[.]"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_one(tmp_path, content)


def test_the_label_may_be_called_entity(tmp_path: Path) -> None:
    span = {"start": 0, "end": 4, "value": "Mira", "entity": "PER"}
    assert shown(read_one(tmp_path, lines({"text": "Mira left", "entities": [span]}))) == [
        "Mira/B-PER left"
    ]
