from operator import add

import pytest

from spacy_bilstm_ner.files.spacing import spaces_after


# Words in, as a person would write them out
@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("Ada , Bob ( 36 ) and Cy left .", "Ada, Bob (36) and Cy left."),
        ("Is it $ 300 or 5 % ?", "Is it $300 or 5%?"),
        ("It is n't Ada 's , and we 'll see", "It isn't Ada's, and we'll see"),
        ("the U.S. , the U.N. .", "the U.S., the U.N. ."),
        ('" Go , " he said .', '"Go," he said.'),
        ('He said , " Go . "', 'He said, "Go."'),
        ('He said , " Go .', 'He said, "Go.'),
        ('We go , " he said .', 'We go," he said.'),
        ('They go . "', 'They go."'),
        ("the workers ' party", "the workers' party"),
        ("an ' animal eye ' of it", "an 'animal eye' of it"),
        ("singer / songwriter , 2004 - 07 , HIV / AIDS", "singer/songwriter, 2004-07, HIV/AIDS"),
        ("Kabul - Kandahar road - closed", "Kabul - Kandahar road - closed"),
        ("wait ... what", "wait... what"),
        ("# 118 million", "#118 million"),
        ("Er sagte : „ Komm ! “ Und ging .", "Er sagte: „Komm!“ Und ging."),
        ("Er sagte : » Komm ! « Und ging .", "Er sagte: »Komm!« Und ging."),
        (
            "Il dit « viens » à l' homme d’ Oise qu' il voit .",
            "Il dit «viens» à l'homme d’Oise qu'il voit.",
        ),
        ("a “ b ” c ‘ d ’ e", "a “b” c ‘d’ e"),
        ("¿ Qué ? ¡ Ah !", "¿Qué? ¡Ah!"),
        ("東京 に 行く 。", "東京に行く。"),
        ("東京 Tower", "東京 Tower"),
        ("李明 ， 住 《 上海 》", "李明，住《上海》"),
        ("one", "one"),
        ("( - ' \" a / - '", "(- '\" a / -'"),
    ],
)
def test_text_as_a_person_would_write_it(words: str, text: str) -> None:
    split = words.split()
    spaces = [" " * space for space in spaces_after(split)]
    assert "".join(map(add, split, spaces)) == text
