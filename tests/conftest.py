"""Shared fixtures: the folder of the project, and the GMB corpus if it is there."""

import signal
from pathlib import Path

import pytest

from scripts.data import CORPUS_FILES

ROOT = Path(__file__).parents[1]
# Background processes of a shell ignore Ctrl-C. Processes that tests start would inherit this.
signal.signal(signal.SIGINT, signal.default_int_handler)
CORPUS = next((ROOT / "assets").glob(CORPUS_FILES), None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fuzz-seconds",
        type=float,
        default=20,
        help="how long tests/test_fuzz.py tries things out",
    )
    parser.addoption(
        "--fuzz-seed", type=int, default=0, help="the number of the fuzzer's first round"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CORPUS is None:
        reason = "the GMB corpus is not in assets/: put ner_dataset.csv or its zip there"
        for item in items:
            if item.get_closest_marker("gmb"):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def gmb_path() -> Path:
    """The GMB corpus, for tests marked gmb."""
    assert CORPUS is not None, "mark this test with @pytest.mark.gmb"
    return CORPUS
