import pytest

from spacy_bilstm_ner.errors import UserError, printable
from spacy_bilstm_ner.system.ending import run


def test_users_error_is_one_message_and_exit_code_1() -> None:
    def main() -> None:
        raise UserError("no such file: give another")

    with pytest.raises(SystemExit) as exit_info:
        run(main)
    # sys.exit with a text prints it on stderr and exits with 1
    assert exit_info.value.code == "Error: no such file: give another"


def test_our_own_faults_keep_their_traceback() -> None:
    def main() -> None:
        raise KeyError("a fault of the program")

    with pytest.raises(KeyError):
        run(main)


def test_a_label_commands_nothing_in_the_terminal() -> None:
    assert printable("a\x1b[31mb\x07\x9b\n\xa0é\t") == "a\\x1b[31mb\\x07\\x9b\n\xa0é\\t"
