import json
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from spacy_bilstm_ner.cli import COMMANDS, main
from spacy_bilstm_ner.cli.training import find_installed_vectors
from spacy_bilstm_ner.errors import UserError

NAMES = [command.__name__ for command in COMMANDS]
READING_COMMANDS = ("convert", "audit", "crossvalidate")


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True)


def write_csv(path: Path) -> None:
    rows = [f"{number},Oslo,B-geo\n,{number},O\n" for number in range(5)]
    path.write_text("Sentence #,Word,Tag\n" + "".join(rows), encoding="utf-8")


def check_usage_error(*arguments: str) -> None:
    """Run a command that is used wrongly."""
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    assert exit_info.value.code == 2


@pytest.mark.parametrize("command", NAMES)
def test_help_of_a_command_shows_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main([command, "--help"])
    assert f"Example: python -m spacy_bilstm_ner {command} " in capsys.readouterr().out


@pytest.mark.parametrize("command", READING_COMMANDS)
def test_commands_that_read_files_have_reading_options(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main([command, "--help"])
    assert "--tag-column" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["evaluate", "compare", "thresholds"])
def test_commands_without_reading_options_name_convert(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    check_usage_error(command, "--tag-column", "label")
    main([command, "--help"])
    assert "convert FILE OUT.spacy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nothing"], "nothing"),
        (["evaluate", "model"], "FILE"),
        (["evaluate", "model", "x.csv", "--nothing"], "--nothing"),
        (["convert", "x.csv", "out", "--format", "word"], "--format"),
        (["audit", "x.csv", "out", "--folds", "1"], "--folds"),
    ],
)
def test_wrong_usage_is_named_and_exits_with_2(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    check_usage_error(*arguments)
    err = capsys.readouterr().err
    assert expected in err
    assert "Traceback" not in err


def test_a_users_error_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    done = run("-m", "spacy_bilstm_ner", "convert", "no.csv", "out", folder=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Error: no.csv ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise KeyError("a fault of the program")

    monkeypatch.setattr("spacy_bilstm_ner.cli.training.find_installed_vectors", fail)
    with pytest.raises(KeyError, match="a fault of the program"):
        main(["init", "config.cfg"])


def test_a_package_of_an_extra_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes("sid,word,tag\n1,Зоя,B-per\n".encode("cp1251"))
    monkeypatch.setitem(sys.modules, "charset_normalizer", None)
    with pytest.raises(SystemExit) as exit_info:
        main(["convert", str(tmp_path / "a"), str(tmp_path / "b")])
    # sys.exit with a text prints it on stderr and exits with 1.
    expected = 'Error: charset_normalizer is not installed: pip install "spacy-bilstm-ner[train]"'
    assert exit_info.value.code == expected
    (tmp_path / "a.xlsx").touch()
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(SystemExit, match="python_calamine is not installed"):
        main(["annotate", str(tmp_path / "a.xlsx"), str(tmp_path / "b"), "--model", "en"])


def test_a_package_that_is_missing_while_another_error_is_handled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def import_after_an_error(*_: object) -> None:
        try:
            raise ValueError("handled by another way")
        except ValueError:
            raise ModuleNotFoundError(name="matplotlib.figure") from None

    monkeypatch.setattr(
        "spacy_bilstm_ner.cli.training.find_installed_vectors", import_after_an_error
    )
    with pytest.raises(SystemExit, match="matplotlib is not installed"):
        main(["init", "config.cfg"])


def test_spacys_program_has_our_commands(tmp_path: Path) -> None:
    write_csv(tmp_path / "x.csv")
    arguments = ("bilstm", "convert", "x.csv", "out", "--split", "random")
    done = run("-m", "spacy", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "train.spacy").exists()
    usage = run("-m", "spacy", "bilstm", "init", "--help", folder=tmp_path)
    assert usage.returncode == 0
    assert "python -m spacy bilstm init" in usage.stdout
    assert "--vectors" in usage.stdout


def test_spacys_program_imports_little_of_ours_when_it_starts() -> None:
    code = """
import sys, spacy.cli
before = set(sys.modules)
import spacy_bilstm_ner.spacy_command
print(sorted(set(sys.modules) - before))
"""
    done = run("-c", code, folder=Path.cwd())
    assert done.stdout.strip() == "['spacy_bilstm_ner', 'spacy_bilstm_ner.spacy_command']"


def test_help_imports_no_spacy() -> None:
    code = """
import sys
from spacy_bilstm_ner.cli import main
main(["evaluate", "--help"])
assert not {"spacy", "numpy", "torch"} & set(sys.modules)
"""
    done = run("-c", code, folder=Path.cwd())
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_is_one_line_and_exits_with_130(
    number: signal.Signals, tmp_path: Path
) -> None:
    code = f"""
import os, sys
from spacy_bilstm_ner.cli import main
import spacy_bilstm_ner.cli.training as init
init.find_installed_vectors = lambda lang: os.kill(os.getpid(), {int(number)})
main(["init", "config.cfg"])
"""
    done = run("-c", code, folder=tmp_path)
    assert done.returncode == 130
    assert done.stderr.strip() == "Interrupted."
    assert list(tmp_path.iterdir()) == []


def test_warnings_are_short_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def warn(*args: object) -> None:
        for number in range(3):
            warnings.warn("The encoding was guessed.", stacklevel=1)
            warnings.warn(f"[W030] Sentence {number} is not aligned.", stacklevel=1)

    monkeypatch.setattr("spacy_bilstm_ner.cli.training.find_installed_vectors", warn)
    main(["init", str(tmp_path / "config.cfg")])
    assert capsys.readouterr().err.splitlines() == [
        "Warning: The encoding was guessed.",
        "Warning: [W030] Sentence 0 is not aligned.",
        "Warning: spaCy gave the warning [W030] 3 times.",
    ]


def write_package(folder: Path, name: str, lang: str, n_vectors: int) -> None:
    """Install an empty package of a pipeline."""
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text("", encoding="utf-8")
    meta = {"lang": lang, "vectors": {"vectors": n_vectors, "width": 300}}
    (folder / name / "meta.json").write_text(json.dumps(meta), encoding="utf-8")


def test_init_takes_the_vectors_of_an_installed_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    packages = {"xx_small": ("xx", 10), "xx_large": ("xx", 20), "yy_other": ("yy", 30)}
    for name, (lang, n_vectors) in packages.items():
        write_package(tmp_path, name, lang, n_vectors)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("spacy.util.get_installed_models", lambda: list(packages))
    assert find_installed_vectors("xx") == "xx_large"
    assert find_installed_vectors("zz") is None
    monkeypatch.chdir(tmp_path)
    main(["init", "xx.cfg", "--lang", "xx"])
    assert "xx_large" in capsys.readouterr().out
    assert 'vectors = "xx_large"' in Path("xx.cfg").read_text(encoding="utf-8")
    main(["init", "none.cfg", "--lang", "xx", "--vectors", "none"])
    assert "xx_large" not in Path("none.cfg").read_text(encoding="utf-8")
    capsys.readouterr()
    main(["init", "de.cfg", "--lang", "de"])
    assert "python -m spacy download de_core_news_md" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["crossvalidate", "audit"])
@pytest.mark.parametrize(
    ("arguments", "expected"), [((), "xx_large"), (("--vectors", "none"), None)]
)
def test_pipelines_of_folds_have_the_vectors_that_init_would_choose(
    command: str,
    arguments: tuple[str, ...],
    expected: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def read_folds(*_: object, vectors: str | None, **__: object) -> None:
        raise UserError(f"the vectors are {vectors}")

    monkeypatch.setattr(
        "spacy_bilstm_ner.cli.training.find_installed_vectors", lambda _: "xx_large"
    )
    monkeypatch.setattr("spacy_bilstm_ner.quality.folds.read_folds", read_folds)
    with pytest.raises(SystemExit, match=f"the vectors are {expected}"):
        main([command, "x.csv", str(tmp_path), *arguments])
