import re
import subprocess
import sys
from pathlib import Path

import pytest
from spacy.cli import app
from typer.testing import CliRunner

from spacy_bilstm_ner.cli import COMMANDS, main
from spacy_bilstm_ner.spacy_command import check_variables


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True)


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(["--help"])
    assert exit_info.value.code == 0
    out = capsys.readouterr().out
    assert all(name in out for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_shows_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main([command, "--help"])
    assert exit_info.value.code == 0
    assert f"example: python -m spacy_bilstm_ner {command} " in capsys.readouterr().out


def test_an_unknown_command_is_a_usage_error() -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(["nothing"])
    assert exit_info.value.code == 2


def test_a_users_error_is_a_message_and_exit_code_1(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(["convert", str(tmp_path / "no.csv"), str(tmp_path / "out")])
    # sys.exit with a text prints it on stderr and exits with 1
    assert str(exit_info.value.code).startswith(f"Error: {tmp_path / 'no.csv'} does not exist")


def test_a_package_of_an_extra_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes("sid,word,tag\n1,Zoë,B-per\n".encode("cp1252"))
    monkeypatch.setitem(sys.modules, "charset_normalizer", None)
    with pytest.raises(SystemExit) as exit_info:
        main(["convert", str(tmp_path / "a"), str(tmp_path / "b")])
    expected = 'Error: charset_normalizer is not installed: pip install "spacy-bilstm-ner[train]"'
    assert exit_info.value.code == expected


def test_spacys_program_has_our_commands(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(
        "Sentence #,Word,Tag\n" + "".join(f"{i},Oslo,B-geo\n,{i},O\n" for i in range(5)),
        encoding="utf-8",
    )
    done = run(
        "-m", "spacy", "bilstm", "convert", "x.csv", "out", "--split", "random", folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "train.spacy").exists()
    usage = CliRunner().invoke(app, ["bilstm", "init", "--help"])
    assert usage.exit_code == 0
    assert "python -m spacy bilstm init" in usage.stdout
    assert "--vectors" in usage.stdout
    assert CliRunner().invoke(app, ["bilstm", "init", "a.cfg", "--lang", "zz"]).exit_code == 1


def test_ctrl_c_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("spacy_bilstm_ner.training.init.execute", interrupt)
    with pytest.raises(SystemExit, match="Interrupted, nothing changed"):
        main(["init", "config.cfg"])


REFUSED = r'Error: --vars\.\w+ takes no ", no \$ and no \\; .* a \? stands for one: a.b\.csv'


@pytest.mark.parametrize(
    "words", [["--vars.csv", 'a"b.csv'], ["--vars.csv=a$b.csv"], ["--vars.dev", "a\\b.csv"]]
)
def test_what_a_variable_of_the_project_does_not_take_is_one_line(
    words: list[str], root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    with pytest.raises(SystemExit) as exit_info:
        check_variables(["project", "run", "data", ".", *words])
    assert re.fullmatch(REFUSED, str(exit_info.value.code))
    check_variables(["project", "run", "data", ".", words[0].partition("=")[0], "a b.csv"])
    # Another project's variables are its own.
    monkeypatch.chdir(tmp_path)
    check_variables(["project", "run", "data", ".", *words])


def test_what_spacys_program_imports_when_it_starts_checks_variables_and_is_little(
    root: Path,
) -> None:
    code = """
import sys, spacy.cli
before = set(sys.modules)
try:
    import spacy_bilstm_ner.spacy_command
except SystemExit as error:
    print(error)
del sys.argv[1:]
import spacy_bilstm_ner.spacy_command
print(sorted(set(sys.modules) - before))
"""
    done = run("-c", code, "project", "run", "data", ".", "--vars.csv", 'a"b.csv', folder=root)
    assert done.returncode == 0, done.stderr
    refused, imported = done.stdout.splitlines()
    assert re.fullmatch(REFUSED, refused)
    assert imported == "['spacy_bilstm_ner', 'spacy_bilstm_ner.spacy_command']"
