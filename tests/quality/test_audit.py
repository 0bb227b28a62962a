import csv
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.pipe.confidence import set_confidences
from spacy_bilstm_ner.quality.audit import (
    COLUMNS,
    as_csv,
    as_row,
    identity,
    inconsistent,
    read_kept,
    suspects,
)

VOCAB = spacy.blank("en").vocab


def example(
    words: str, gold: str, found: list[tuple[int, int, str, float]], *, line: int = 1
) -> Example:
    """Gold tags, and predictions with their confidences."""
    predicted = Doc(VOCAB, words=words.split())
    predicted.ents = [Span(predicted, start, end, label=label) for start, end, label, _ in found]
    set_confidences(predicted, predicted.ents, [sure for *_, sure in found])
    origin = {"file": "mine.csv", "line": line, "document": "", "step": 1}
    return Example(
        predicted, Doc(VOCAB, words=words.split(), ents=gold.split(), user_data={"origin": origin})
    )


# A corpus of which we know what is wrong: label, border, missing, spurious; and what is right but unsure.
PLANTED = [
    example(
        "Anna flew to Oslo", "B-geo O O B-geo", [(0, 1, "per", 0.95), (3, 4, "geo", 0.9)], line=1
    ),
    example("Acme Corp fell", "B-org O O", [(0, 2, "org", 0.85)], line=5),
    example("Peter met Anna", "O O B-per", [(0, 1, "per", 0.75), (2, 3, "per", 0.9)], line=8),
    example("It rained", "B-tim O", [(0, 1, "tim", 0.1)], line=11),
    example("Maria left", "B-per O", [(0, 1, "per", 0.75)], line=13),
    example("The harbour", "O O", [(1, 2, "geo", 0.0625)], line=15),
]


def test_what_was_planted_is_found_and_nothing_else() -> None:
    rows = [as_row(each) for each in suspects(PLANTED)]
    found = [
        (row["line"], row["kind"], row["text"], row["gold"], row["found"], row["predicted"])
        for row in rows
    ]
    assert found == [
        (1, "label", "Anna", "geo", "Anna", "per"),
        (5, "border", "Acme", "org", "Acme Corp", "org"),
        (11, "spurious", "It", "tim", "", ""),
        (8, "missing", "Peter", "", "Peter", "per"),
    ]
    assert [row["confidence"] for row in rows] == ["0.9500", "0.8500", "0.8000", "0.7500"]
    assert tuple(rows[0]) == COLUMNS


@pytest.mark.parametrize(
    ("gold", "found", "step", "line"),
    [
        ("O O O B-geo", [(3, 4, "per", 0.9)], 1, 10),
        ("O O O O", [(2, 4, "per", 0.9)], 1, 9),
        ("O O O B-geo", [(3, 4, "per", 0.9)], 0, 7),
    ],
)
def test_the_line_of_an_entitys_first_word(
    gold: str, found: list[tuple[int, int, str, float]], step: int, line: int
) -> None:
    each = example("We can't leave Oslo", gold, found, line=7)
    each.reference.user_data["origin"]["step"] = step
    (row,) = [as_row(conflict) for conflict in suspects([each])]
    assert row["line"] == line


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_what_was_kept_is_known_again(tmp_path: Path, separator: str, encoding: str) -> None:
    """Also if a spreadsheet has written it anew: in another order, with a column more and one less, and spaces."""
    rows = [as_row(each) | {"note": "seen"} for each in suspects(PLANTED)]
    rows[2] |= {"keep": "é", "sentence": rows[2]["sentence"] + "  "}
    path = tmp_path / "audit.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        columns = [
            "keep",
            "note",
            *(name for name in COLUMNS[::-1] if name not in ("keep", "confidence")),
        ]
        writer = csv.DictWriter(
            file, columns, delimiter=separator, quoting=csv.QUOTE_ALL, extrasaction="ignore"
        )
        writer.writeheader()
        writer.writerows(rows[::-1])
    kept = read_kept([tmp_path / "none.csv", path])
    left = [each for each in suspects(PLANTED) if identity(as_row(each)) not in kept]
    assert [each.kind for each in left] == ["label", "border", "missing"]
    path.write_text(as_csv(kept.values()), encoding="utf-8")
    assert read_kept([path]).keys() == kept.keys()


def test_another_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "audit.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(
        UserError, match=r"audit\.csv is no table of `audit`: it has no column 'sentence'"
    ):
        read_kept([tmp_path / "audit.csv"])
    (tmp_path / "audit.csv").write_text(
        "file,sentence,text,gold\nf,It rains,It,\n", encoding="utf-8"
    )
    with pytest.raises(UserError, match="it has no column 'keep'"):
        read_kept([tmp_path / "audit.csv"])


def test_the_same_text_labelled_in_several_ways() -> None:
    tags = ["B-geo O O", "B-geo O O", "B-per O O", "O O O"]
    docs = [
        Doc(VOCAB, words=["Lima", "is", str(i)], ents=each.split()) for i, each in enumerate(tags)
    ]
    docs.append(Doc(VOCAB, words=["Oslo", "fell"], ents=["B-geo", "O"]))
    (found,) = inconsistent(docs)
    assert found["text"] == "Lima"
    assert found["labels"] == {"geo": 2, "per": 1, "O": 1}
    assert found["examples"] == ["geo: Lima is 0 ", "per: Lima is 2 ", "O: Lima is 3 "]
