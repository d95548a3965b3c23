"""The course's secret: where it may lie, who may read it, and what is drawn from it."""

from __future__ import annotations

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import ConfigError
from autograder.secret import DEMO_SECRET, Secret, create_secret, draw_seed, load_secret, secret_path


@pytest.fixture
def course(tmp_path):
    """A course's folder."""
    folder = tmp_path / "dl2026"
    folder.mkdir()
    return folder


@pytest.fixture
def environ(tmp_path):
    """Settings of a user of our own."""
    return {"XDG_CONFIG_HOME": str(tmp_path / "settings")}


def test_a_secret_is_made_once_and_read_back(course, environ):
    """32 random bytes, readable by their owner alone, under the course's name; a second one is refused."""
    path = create_secret(course, environ=environ)
    assert path == secret_path(course, environ)
    assert path.name == "dl2026.secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = load_secret(course, environ=environ)
    assert len(secret.key) == 32
    assert not secret.demo
    with pytest.raises(ConfigError, match="already has a secret"):
        create_secret(course, environ=environ)
    assert load_secret(course, environ=environ) == secret


def test_a_secret_does_not_show_in_its_repr(course, environ):
    """Logs and tracebacks hold no key."""
    create_secret(course, environ=environ)
    secret = load_secret(course, environ=environ)
    assert secret.key.hex() not in repr(secret)
    assert repr(secret.key) not in repr(secret)


def test_explicit_comes_before_the_variable_and_both_before_the_settings(course, environ, tmp_path):
    """--secret, then AUTOGRADER_SECRET_FILE, then the user's settings."""
    for name, byte in (("explicit", "01"), ("variable", "02")):
        (tmp_path / name).write_text(byte * 32)
        (tmp_path / name).chmod(0o600)
    create_secret(course, environ=environ)
    named = environ | {"AUTOGRADER_SECRET_FILE": str(tmp_path / "variable")}
    assert load_secret(course, tmp_path / "explicit", environ=named).key == b"\1" * 32
    assert load_secret(course, environ=named).key == b"\2" * 32


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o610])
def test_what_others_can_read_is_refused(course, environ, mode):
    """The message says how to mend it."""
    path = create_secret(course, environ=environ)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"mode 0{mode:o} .*chmod 600"):
        load_secret(course, environ=environ)


def test_a_secret_within_the_course_is_refused(course, tmp_path):
    """Made or read, by name or through a link, it never lies where a release could take it."""
    inside = course / "x.secret"
    inside.write_text("01" * 32)
    inside.chmod(0o600)
    (tmp_path / "link").symlink_to(inside)
    for path in (inside, tmp_path / "link", course / ".." / course.name / "x.secret"):
        with pytest.raises(ConfigError, match="must not lie within the course"):
            load_secret(course, path)
    with pytest.raises(ConfigError, match="must not lie within the course"):
        create_secret(course, environ={"XDG_CONFIG_HOME": str(course)})


def test_links_folders_and_pipes_are_no_secrets(course, environ, tmp_path):
    """Only a plain file is opened; a pipe does not make the grader wait."""
    path = create_secret(course, environ=environ)
    (tmp_path / "link").symlink_to(path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)
    for name in ("link", "pipe", "folder"):
        with pytest.raises(ConfigError, match="plain file"):
            load_secret(course, tmp_path / name)


@pytest.mark.parametrize("text", ["", "01", "zz" * 32, "01" * 31, "01" * 33, "01" * 5000, "\xff" * 64])
def test_anything_but_64_hexadecimal_digits_is_refused(course, tmp_path, text):
    """Too short, too long, or no digits."""
    path = tmp_path / "s"
    path.write_text(text, encoding="latin-1")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="64 hexadecimal digits"):
        load_secret(course, path)


def test_no_secret_says_what_to_do(course, environ):
    """Nothing but the demo grades without one."""
    with pytest.raises(ConfigError, match="autograder init"):
        load_secret(course, environ=environ)


def test_the_demo_secret_says_that_it_is_one():
    """Whoever grades with it can tell."""
    assert DEMO_SECRET.demo
    assert len(DEMO_SECRET.key) == 32


def test_a_seed_is_fixed_for_ever():
    """The same secret, code and test draw the same; this value must never change."""
    assert draw_seed(Secret(b"\0" * 32), "hash", "test") == FIXED
    assert draw_seed(DEMO_SECRET, "hash", "test") != FIXED


@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_fields_never_run_together(one, other):
    """Two different pairs of hash and test draw different seeds, wherever one field ends."""
    secret = Secret(b"\1" * 32)
    assert (draw_seed(secret, *one) == draw_seed(secret, *other)) == (one == other)
    joined = "".join(one)
    assert one == (joined, "") or draw_seed(secret, *one) != draw_seed(secret, joined, "")
    assert 0 <= draw_seed(secret, *one) < 2**63


FIXED = 4874432776239806817
