from pathlib import Path

import pytest

from spacy_bilstm_ner.errors import UserError
from spacy_bilstm_ner.files.records import TaggedWords as Sentence

from .helpers import HEADER, read_one, shown

DATA = Path(__file__).parent.parent / "data"
SCATTERED = "sentence_id,words,labels\n4,Oslo,B-geo\n2,March,B-tim\n4,Mira,B-per\n4,Holt,I-per\n"
QUOTES = "Sentence #\tWord\tLemma\tTag\n1\t5'\t\"\tO\n\tMira\tMira\tB-per\n\t6'\t\"\tO\n"


def test_ids_on_first_rows_and_words_that_look_like_nothing(tmp_path: Path) -> None:
    data = read_one(tmp_path, (DATA / "first_rows.csv").read_bytes())
    assert data.sentences == [
        Sentence(
            "Sentence: 1",
            ("Ada", "Lovelace", "met", "None", '"'),
            ("B-per", "I-per", "O", "O", "O"),
        ),
        Sentence("Sentence: 2", ("Zürich", "."), ("B-geo", "O")),
        Sentence("Sentence: 10", ("NA",), ("O",)),
    ]
    assert (data.rows, data.source["encoding"], data.warnings, data.notes) == (8, "utf-8", {}, [])


def test_ids_on_every_row_own_names_and_no_pos(tmp_path: Path) -> None:
    data = read_one(tmp_path, (DATA / "german.csv").read_bytes())
    assert [sentence.words for sentence in data.sentences] == [
        ("Die", "Bäckerei", "Öhler"),
        ("Sie", "backt"),
        ("Mia", "backt"),
    ]
    assert [sentence.id for sentence in data.sentences] == ["7", "8", "9"]
    found = {role: name for role, name in data.source["columns"].items() if name}
    assert found == {"sentence": "satz_id", "word": "wort", "tag": "etikett"}


@pytest.mark.parametrize("rows", ["1,a,O\n,b,O\n1,c,O\n,d,O\n", "0,a,O\n,b,O\n0,c,O\n,d,O\n"])
def test_each_filled_cell_starts_a_sentence_where_others_are_empty(
    tmp_path: Path, rows: str
) -> None:
    assert shown(read_one(tmp_path, HEADER + rows)) == ["a b", "c d"]
    content = HEADER + "0,Mira,B-per\n,left,O\n0,Stop,O\n0,Rain,O\n,fell,O\n"
    assert shown(read_one(tmp_path, content)) == ["Mira/B-per left", "Stop", "Rain fell"]


def test_scattered_rows_are_refused_or_read_as_said(tmp_path: Path) -> None:
    with pytest.raises(
        UserError,
        match=r"line 4: sentence 4 goes on in line 4, after sentence 2.*--sentences gather",
    ):
        read_one(tmp_path, SCATTERED)
    gathered = read_one(tmp_path, SCATTERED, sentences="gather")
    assert shown(gathered) == ["Oslo/B-geo Mira/B-per Holt/I-per", "March/B-tim"]
    assert [sentence.id for sentence in gathered.sentences] == ["4", "2"]
    assert shown(read_one(tmp_path, SCATTERED, sentences="runs")) == [
        "Oslo/B-geo", "March/B-tim", "Mira/B-per Holt/I-per",
    ]  # fmt: skip


def test_lines_are_right_in_gathered_rows(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="line 4: the tag of 'Mira' is 'X'"):
        read_one(tmp_path, SCATTERED.replace("B-per", "X"), sentences="gather")


def test_how_often_rows_are_scattered(tmp_path: Path) -> None:
    content = "sid,word,tag\n" + "".join(f"{i % 3 * 2},w{i},O\n" for i in range(12))
    with pytest.raises(UserError, match=r"9 faults(.|\n)*line 5: sentence 0 goes on") as error:
        read_one(tmp_path, content)
    assert str(error.value).count("goes on in line") == 3


@pytest.mark.parametrize("ids", ["1 2 3 1 2", "1 1 2 1 2 2 3", "0 1 0"])
def test_numbers_that_count_up_again_need_no_word(tmp_path: Path, ids: str) -> None:
    content = "sentence_id,word,tag\n" + "".join(f"{number},w,O\n" for number in ids.split())
    runs = sum(a != b for a, b in zip(ids.split(), ["", *ids.split()], strict=False))
    assert len(read_one(tmp_path, content).sentences) == runs


@pytest.mark.parametrize("ids", ["1 2 4 1 2", "2 1 2", "1 2 2 1 3"])
def test_numbers_that_do_not_count_up_are_refused(tmp_path: Path, ids: str) -> None:
    with pytest.raises(UserError, match="goes on"):
        read_one(
            tmp_path,
            "sentence_id,word,tag\n" + "".join(f"{number},w,O\n" for number in ids.split()),
        )


def test_several_columns_make_the_key(tmp_path: Path) -> None:
    rows = "d1,1,Mira,B-PER\nd2,1,Rain,O\n"
    assert shown(read_one(tmp_path, "doc_id,sent_id,token,ner\n" + rows)) == ["Mira/B-PER", "Rain"]
    data = read_one(tmp_path, "a,b,token,ner\n" + rows, sentence_column=["a", "b"])
    assert [sentence.id for sentence in data.sentences] == ["d1 1", "d2 1"]
    with pytest.raises(
        UserError, match="line 4: sentence d1 1 goes on in line 4, after sentence d2 1"
    ):
        read_one(tmp_path, "doc_id,sent_id,token,ner\n" + rows + "d1,1,fell,O\n")
    first_rows = "doc,sent_id,token,ner\nd1,1,a,O\n,,b,O\n,2,c,O\nd2,1,d,O\n"
    assert shown(read_one(tmp_path, first_rows)) == ["a b", "c", "d"]


def test_a_column_in_blocks_that_changes_within_a_sentence_is_asked_about(tmp_path: Path) -> None:
    content = "novel,sid,token,ner\na,1,Mira,B-PER\na,1,left,O\nb,1,Rain,O\nb,1,fell,O\n"
    with pytest.raises(
        UserError,
        match=r"line 4: sentence 1 goes on where column 'novel' changes.*-column 'novel' --s",
    ):
        read_one(tmp_path, content)
    assert shown(read_one(tmp_path, content, sentence_column=["novel", "sid"])) == [
        "Mira/B-PER left",
        "Rain fell",
    ]
    assert shown(read_one(tmp_path, content, sentence_column="sid")) == [
        "Mira/B-PER left Rain fell"
    ]


@pytest.mark.parametrize(
    "content",
    [
        "novel,sid,token,ner\na,1,Mira,B-PER\nb,1,Rain,O\n",
        "sid,token,novel,ner\n1,Mira,a,B-PER\n1,Rain,b,O\n1,fell,b,O\n",
        "sid,token,novel,ner\n1,Mira,a,B-PER\n1,left,,B-PER\n1,Rain,b,O\n1,fell,,O\n",
    ],
)
def test_such_a_column_may_stand_anywhere(tmp_path: Path, content: str) -> None:
    with pytest.raises(UserError, match="sentence 1 goes on where column 'novel' changes"):
        read_one(tmp_path, content)


@pytest.mark.parametrize(
    "content",
    [
        "row,sid,token,ner\n1,1,Mira,B-PER\n2,1,Rain,O\n3,1,fell,O\n",
        "sid,token,lemma,ner\n1,Mira,mira,B-PER\n1,Rain,rain,O\n1,fell,fall,O\n",
        "sid,token,note,ner\n1,Mira,x,B-PER\n1,Rain,,O\n1,fell,,O\n",
        "sid,token,note,ner\n1,Mira,,B-PER\n1,Rain,,O\n1,fell,x,O\n",
        "sid,token,c,ner\n1,Mira,NNP,B-PER\n1,Rain,NN,O\n1,or,NN,O\n",
    ],
)
def test_columns_that_are_no_documents(tmp_path: Path, content: str) -> None:
    assert len(read_one(tmp_path, content).sentences) == 1


@pytest.mark.parametrize("empty", ["NaN", "null", "None"])
def test_an_empty_number_as_other_programs_write_it(tmp_path: Path, empty: str) -> None:
    content = HEADER + f"1,Mira,B-per\n{empty},{empty},O\n{empty},x,O\n2,y,O\n"
    assert shown(read_one(tmp_path, content)) == [f"Mira/B-per {empty} x", "y"]


def test_a_gap_in_a_column_that_is_else_filled(tmp_path: Path) -> None:
    content = "id,word,tag\n" + "".join(f"{'' if i == 7 else i // 5},w{i},O\n" for i in range(20))
    with pytest.raises(UserError, match=r"line 9: the column id is empty.*--sentences runs"):
        read_one(tmp_path, content)
    assert [len(s.words) for s in read_one(tmp_path, content, sentences="runs").sentences] == [
        5,
        5,
        5,
        5,
    ]
    assert len(read_one(tmp_path, content, sentences="starts").sentences) == 19


def test_blank_lines_tell_sentences_apart(tmp_path: Path) -> None:
    assert shown(read_one(tmp_path, "word\ttag\nMira\tB-per\nleft\tO\n\nOslo\tB-geo\n")) == [
        "Mira/B-per left",
        "Oslo/B-geo",
    ]
    assert shown(read_one(tmp_path, "word,tag\nMira,B-per\n,\nOslo,B-geo\n")) == [
        "Mira/B-per",
        "Oslo/B-geo",
    ]


def test_quotes_that_are_no_quotes(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"line 2: a quote is opened and not closed, or closed.*say --no-quotes"
    ):
        read_one(tmp_path, QUOTES)
    data = read_one(tmp_path, QUOTES, no_quotes=True)
    assert shown(data) == ["5' Mira/B-per 6'"]
    assert data.rows == 3
    # Two of them in one line swallow a tab
    with pytest.raises(UserError, match="line 2: a quote"):
        read_one(tmp_path, 'sid\tword\tlemma\ttag\tnote\n1\t"\t"\tO\tx\n1\tMira\tMira\tB-per\tx\n')


@pytest.mark.parametrize("row", ['1,"a" b,B-x', '1,"a\\\\"b",B-x', '1,",",O'])
def test_a_quote_that_closes_elsewhere_than_at_the_end(tmp_path: Path, row: str) -> None:
    header = "Sentence #,Word,Tag,Note\n"
    with pytest.raises(
        UserError, match=r"line 2: a quote is opened.*or before the field's end.*--no-quotes"
    ):
        read_one(tmp_path, f"{header}{row}\n1,c,O,x\n")


@pytest.mark.parametrize(
    "rows", ['1,a,O\n,"b,O\n,c,O\n', '1,a,O\n,"b,O\n,c",O\n', '1,a,O\n,"b,O\n,c",O,O\n']
)
def test_an_open_quote(tmp_path: Path, rows: str) -> None:
    with pytest.raises(UserError, match="line 3: a quote is opened and not closed"):
        read_one(tmp_path, HEADER + rows)


def test_white_space_divides_a_word_and_keeps_its_entity(tmp_path: Path) -> None:
    data = read_one(tmp_path, HEADER + '1,a,O\n,5\u00a0storm,B-x\n,"New\nYork",I-x\n, b ,O\n')
    assert shown(data) == ["a 5/B-x storm/I-x New/I-x York/I-x b"]
    assert data.rows == 4
    assert data.warnings["divided_words"].startswith(
        "2 words with white space inside, divided there"
    )
    assert "x, line 3)" in data.warnings["divided_words"]


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffsep=;\nSentence #;Word;Tag;\n1;\u00a0Mira\u00a0;B-per;\n;;;\nSentence #;Word;Tag;\n;left\u200b;O;\n",
        "Sentence #|Word|Tag\n1|Mira|B-per\n|left|O\n",
        "Sentence #,Word,Tag\r\r\n1,Mira,B-per,\r\r\n,left,O,\r\r\n",
        "\n\nSentence #\tWord\tTag\n1\tMira\tB-per\n\n\tleft\tO",
        "Sentence #,Word,Tag\n1,Mira,B-per\n,,\n,left,O,,,\n",
        'Sentence #;Word;Tag;Note\n1;Mira;B-per;"a; b"\n;left;O\n',
    ],
)
def test_harmless_things_stay_harmless(tmp_path: Path, content: str) -> None:
    data = read_one(tmp_path, content)
    assert shown(data) == ["Mira/B-per left"]
    assert (data.warnings, data.notes) == ({}, [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER, "holds no sentences: there is a header line and no row"),
        (
            "Sentence #,Word\n1,a\n",
            r"no column for the tag .* Columns found: 'Sentence #', 'Word'. .* --tag-column NAME",
        ),
        ("1,a,O\n1,b,B-x\n", "line 1: expected a header line .* found a row of data"),
        (
            HEADER + ",a,O\n1,b,O\n",
            "line 2: the column Sentence # is empty. It must be filled on each sentence's first",
        ),
        (
            HEADER + "1,a,O\n\n,,O\n",
            "line 4: there is no word. Fill in the word, or delete the row",
        ),
        (HEADER + '1,"a\nb",O\n,\u00a0,O\n', "line 4: there is no word"),
        (
            HEADER + "1,a,B-y\n,b,X\n",
            "line 3: the tag of 'b' is 'X'. A tag in column 'Tag' must be O, B-label or I-label",
        ),
        (
            HEADER + "1,a,O\n,b\n",
            "line 3: the tag of 'b' is ''.*Which of these mean .*'O'.*--outside",
        ),
        (HEADER + "1,a,O\n,b,O,x\n", "line 3: expected 3 fields as in the header, found 4"),
        (HEADER + "1,a,1\n,b,0\n", "These are numbers: write the names that they stand for"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        read_one(tmp_path, content, format="csv")
    assert str(error.value).startswith(str(tmp_path / "x"))


@pytest.mark.parametrize("sep", ["", ",,", '"'])
def test_a_separator_is_one_character(tmp_path: Path, sep: str) -> None:
    with pytest.raises(UserError, match="--sep must be one character"):
        read_one(tmp_path, HEADER, sep=sep, format="csv")


def test_a_separator_that_was_given(tmp_path: Path) -> None:
    assert shown(read_one(tmp_path, "sid:word:tag\n1:Mira:B-x\n", sep=":")) == ["Mira/B-x"]
    assert shown(read_one(tmp_path, "sid\tword\ttag\n1\tMira\tB-x\n", sep="tab")) == ["Mira/B-x"]
    with pytest.raises(
        UserError, match="line 1: the fields are not separated by ';': say --sep ','"
    ):
        read_one(tmp_path, HEADER + "1,a,O\n", sep=";")


@pytest.mark.parametrize(
    "content",
    [
        'text,labels\n"Mira left","B-PER O"\n"It rains","O O"\n',
        "text,labels\nMira left,B-PER|O\nIt rains,O|O\n",
        "words,tags\n\"['Mira', 'left']\",\"['B-PER', 'O']\"\n\"['It', 'rains']\",\"['O', 'O']\"\n",
        "Sentence #,Sentence,POS,Tag\nS1,Mira left,\"['N', 'V']\",\"['B-PER', 'O']\"\nS2,It rains,,\"['O', 'O']\"\n",
        'text;ner\nMira left;B-PER, O\nIt rains;"O,O"\n',
        "text\tlabel\nMira left\tPER O\nIt rains\tO O\n",
    ],
)
def test_a_sentence_a_row(tmp_path: Path, content: str) -> None:
    assert shown(read_one(tmp_path, content)) == ["Mira/B-PER left", "It rains"]


def test_a_sentence_a_row_with_a_tag_too_few(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"line 3: 3 words and 2 tags. Give a tag for each word"):
        read_one(tmp_path, 'text,labels\n"Mira left","B-PER O"\n"It rains here","O O"\n')


def test_a_label_for_a_whole_text(tmp_path: Path) -> None:
    with pytest.raises(
        UserError,
        match="column 'text' holds whole texts, and 'label' no tag for each of their words",
    ):
        read_one(tmp_path, 'text,label\n"I like this","pos"\n"It is bad","neg"\n')
    with pytest.raises(
        UserError, match="column 'text' holds whole texts, and 'entities' no tag for each"
    ):
        read_one(tmp_path, "text,entities\nMira left,\"[(0, 4, 'PER')]\"\nIt rains,[]\n")
