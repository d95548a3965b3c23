"""Names as people see them, and as paths."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograder.submission import IntakeLimits, display_name, display_text
from autograder.submission.names import clean_path, junk_folder, shadows, unwanted

anything = st.text(st.characters(exclude_categories=[]), max_size=400)
LIMITS = IntakeLimits()


@given(anything)
def test_a_shown_name_is_one_visible_line(name):
    """Of bounded length, whatever the name is; a plain name is shown as it is."""
    shown = display_name(name)
    assert shown.isprintable()
    assert len(shown) <= 200 * len(r"\U00000000")
    assert shown == name or not name.isprintable() or len(name) > 200


@given(anything)
def test_a_shown_text_keeps_lines_and_tabs_alone(text):
    """Everything else that is not plainly visible is escaped."""
    shown = display_text(text)
    assert shown.replace("\n", "").replace("\t", "").isprintable()
    assert shown.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("é 文.py", "é 文.py"),
        ("a\nb", "a\\x0ab"),
        ("\x1b[1m", "\\x1b[1m"),
        ("\u202egnp", "\\u202egnp"),
        ("b\udcff", "b\\xff"),
        ("\ud800", "\\ud800"),
        (b"b\xff", "b\\xff"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_what_is_not_visible_is_written_out(name, shown):
    """As Python would write it."""
    assert display_name(name) == shown


@example(parts=[".", "C:"])
@given(st.lists(st.sampled_from(["..", ".", "", "a", "b.py", "/", "C:", "\\", "\0", "\udcff", "x" * 256]), max_size=30))
def test_a_clean_path_stays_below_its_folder(parts):
    """Relative, normal, and within the limits; or a reason and no path."""
    path, reason = clean_path("/".join(parts), LIMITS)
    assert bool(path) != bool(reason)
    if path:
        assert not path.startswith("/")
        assert not {"", ".", ".."} & set(path.split("/"))
        assert clean_path(path, LIMITS) == (path, "")
        path.encode()


def test_the_topmost_folder_that_goes_is_named():
    """Not the file in it, and not a folder within it."""
    assert junk_folder("a/.git/b/__pycache__/c") == ("a/.git/", "version control")
    assert junk_folder("a/env/lib/x.py", {"a/env"}) == ("a/env/", "a virtual environment")
    assert junk_folder("a/git/x.py") == ("", "")
    assert junk_folder("venv") == ("", "")


@pytest.mark.parametrize("path", ["a3/rnn_layers.py", "One.ipynb", "report.pdf", "soap.py", "a.so.py.txt", "x.npz"])
def test_honest_files_are_kept(path):
    """Code, notebooks, reports and small data; a name that could be a versioned shared library is not."""
    assert (unwanted(path, 1000, LIMITS) == "") is (path != "a.so.py.txt")


@pytest.mark.parametrize(
    ("path", "packages", "library"),
    [
        ("numpy.py", set(), "numpy"),
        ("hw/torch/__init__.py", {"hw/torch"}, "torch"),
        ("hw/torch/nn.py", {"hw/torch"}, "torch"),
        ("hw/torch/nn.py", set(), ""),
        ("a3/types.py", {"a3"}, ""),
        ("types.py", {"a3"}, "types"),
        ("a3/classifiers/random.py", set(), ""),
        ("numpy.ipynb", set(), ""),
        ("a3/rnn_layers.py", {"a3"}, ""),
        ("autograder/__init__.py", {"autograder"}, "autograder"),
    ],
)
def test_what_can_be_imported_by_a_librarys_name(path, packages, library):
    """A module or package at the top or one plain folder down."""
    assert shadows(path, packages) == library
