"""What is kept about the sources: made once for each state of them, and again when anything is damaged or different."""

import pytest

from regspec.io import remembered as module
from regspec.io.remembered import remembered


@pytest.fixture
def made(tmp_path):
    """A function that asks for a value under a key and returns it with the number of times that it was made."""
    count = []

    def ask(key="k", value=7):
        return remembered("n", key, lambda: count.append(1) or value, tmp_path), len(count)

    return ask


def test_a_value_is_made_once_for_each_key_and_state_of_the_sources(made, monkeypatch):
    assert made() == (7, 1) and made() == (7, 1)
    assert made("other") == (7, 2)
    monkeypatch.setattr(module, "sources_digest", lambda: "edited")
    assert made("other", 8) == (8, 3) and made("other") == (8, 3)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"state": 1}'])
def test_a_damaged_file_counts_as_absent(made, tmp_path, content):
    made()
    next(tmp_path.iterdir()).write_text(content, encoding="utf-8")
    assert made(value=9) == (9, 2) and made() == (9, 2)


def test_a_folder_that_cannot_be_written_does_not_matter(tmp_path):
    (tmp_path / "file").touch()
    assert remembered("n", "k", lambda: 5, tmp_path / "file" / "below") == 5
