from spacy_bilstm_ner.errors import printable


def test_a_label_commands_nothing_in_the_terminal() -> None:
    assert printable("a\x1b[31mb\x07\x9b\n\xa0é\t") == "a\\x1b[31mb\\x07\\x9b\n\xa0é\\t"
