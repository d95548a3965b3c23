"""What students start with: lists of packages that agree, and scripts that make an environment and open Jupyter."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from local_student import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FOLDER = ROOT / "source/assignment3"
LISTS = ("requirements.txt", "requirements-notebooks.txt")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def required(name):
    """Return the requirements of one list by the packages' names."""
    lines = [line.partition("#")[0].strip() for line in (FOLDER / name).read_text().splitlines()]
    found = [Requirement(line) for line in lines if line]
    assert len({each.name for each in found}) == len(found)
    return {canonicalize_name(each.name): each for each in found}


def test_the_lists_of_packages_agree_with_what_the_course_is_tried_with():
    """No package is on both, and each has the version from which on this project is tested."""
    code, notebooks = (required(name) for name in LISTS)
    assert code
    assert notebooks
    assert not code.keys() & notebooks.keys()
    tried = [Requirement(line) for line in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["course"]]
    bounds = {canonicalize_name(each.name): str(each.specifier) for each in tried}
    for name, each in (code | notebooks).items():
        assert str(each.specifier) == bounds[name], name


def test_conda_installs_the_same_lists():
    """environment.yml names both lists, pip to install them, and the Python that the project asks for."""
    content = yaml.safe_load((FOLDER / "environment.yml").read_text())
    *conda, pip = content["dependencies"]
    assert pip == {"pip": [f"-r {name}" for name in LISTS]}
    assert conda == [f"python{PROJECT['requires-python']}", "pip"]
    assert content["channels"] == ["conda-forge"]


@pytest.fixture
def folder(tmp_path):
    """A student's folder, with a blank in its name, with the script and the lists."""
    made = tmp_path / "my assignment"
    made.mkdir()
    for name in (*LISTS, "start_jupyter.sh"):
        shutil.copy(FOLDER / name, made)
    return made


def start(folder, *arguments, **environment):
    """Run the script from elsewhere; return the finished process."""
    own = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run(
        ["sh", str(folder / "start_jupyter.sh"), *arguments],
        cwd=folder.parent, env=own | environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def put_python(path, log, *, pip=0, old=False):
    """Put in place a Python that notes what it is asked for, and does nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"""#!/bin/sh
case "$1" in -c) exit {int(old)} ;; esac
printf '%s|' "$@" >>"{log}"; echo >>"{log}"
case "$2" in pip) exit {pip} ;; esac
""")
    path.chmod(0o755)


def test_an_environment_is_filled_once_and_again_when_the_lists_change(folder, tmp_path):
    """The first start installs both lists and opens JupyterLab with what it was told; the second only opens it."""
    log = tmp_path / "log"
    put_python(folder / ".venv/bin/python", log)
    install = "-m|pip|install|--disable-pip-version-check|-r|requirements.txt|-r|requirements-notebooks.txt|"
    done = start(folder, "--no-browser", "a file.ipynb")
    assert done.returncode == 0, done.stderr
    assert log.read_text().splitlines() == [install, "-m|jupyterlab|--no-browser|a file.ipynb|"]
    log.unlink()
    assert start(folder).returncode == 0
    assert log.read_text().splitlines() == ["-m|jupyterlab|"]
    log.unlink()
    (folder / "requirements.txt").write_text("numpy\n")
    done = start(folder, "--only-install", TORCH_INDEX="https://download.pytorch.org/whl/cpu")
    assert done.stdout.splitlines()[-1] == "Everything is there. To open JupyterLab: sh start_jupyter.sh"
    extra = "check|--extra-index-url|https://download.pytorch.org/whl/cpu|"
    assert log.read_text().splitlines() == [install.replace("check|", extra)]


def test_an_installation_that_fails_is_tried_again(folder, tmp_path):
    """It says what to do, opens nothing, and is not taken for done."""
    log = tmp_path / "log"
    put_python(folder / ".venv/bin/python", log, pip=1)
    for _ in range(2):
        done = start(folder)
        assert done.returncode == 1
        assert "The packages could not be installed" in done.stderr
    assert log.read_text().count("install") == 2
    assert "jupyterlab" not in log.read_text()


def test_an_environment_that_is_too_old_is_named(folder, tmp_path):
    """The message says to remove it; nothing is installed into it."""
    put_python(folder / ".venv/bin/python", tmp_path / "log", old=True)
    done = start(folder)
    assert (done.returncode, "Remove the folder .venv" in done.stderr) == (1, True)
    assert not (tmp_path / "log").exists()


def test_without_a_python_that_is_new_enough_it_says_so(folder, tmp_path):
    """An older one is passed over, and no half environment is left."""
    tools = tmp_path / "bin"
    for tool in ("sh", "dirname", "cat", "cmp", "cp"):
        tools.mkdir(exist_ok=True)
        (tools / tool).symlink_to(shutil.which(tool))
    put_python(tools / "python3", tmp_path / "log", old=True)
    done = start(folder, PATH=str(tools))
    assert (done.returncode, "Python 3.11 or newer was not found." in done.stderr) == (1, True)
    assert not (folder / ".venv").exists()


@pytest.mark.slow
def test_an_environment_is_made_where_there_is_none(folder):
    """A real one, in .venv, by the Python that is named; with lists that name nothing, so that no network is needed."""
    for name in LISTS:
        (folder / name).write_text("# nothing\n")
    done = start(folder, "--only-install", PYTHON=sys.executable, PIP_NO_INDEX="1")
    assert done.returncode == 0, done.stderr
    assert (folder / ".venv/pyvenv.cfg").is_file()
    assert os.access(folder / ".venv/bin/python", os.X_OK)


def test_the_script_for_windows_does_the_same():
    """It installs the same lists and opens the same program; in ASCII, and without labels, so that any line ends do."""
    text = (FOLDER / "start_jupyter.bat").read_text(encoding="ascii")
    assert " ".join(f"-r {name}" for name in LISTS) in text
    assert "-m jupyterlab %*" in text
    assert "(3, 11)" in text
    assert not re.search(r"^\s*:\w|goto", text, re.MULTILINE)
    assert text.count("(\n") == len(re.findall(r"^\s*\)$", text, re.MULTILINE))


def test_the_readme_names_what_is_there():
    """Scripts and lists that it mentions exist, and commands of modules are modules."""
    text = (FOLDER / "README.md").read_text()
    mentioned = set(re.findall(r"[\w-]+\.(?:sh|bat|yml|txt)\b", text))
    assert mentioned >= {"start_jupyter.sh", "start_jupyter.bat", "environment.yml", *LISTS}
    for name in mentioned:
        assert (FOLDER / name).is_file() or (ROOT / "datasets" / name).is_file(), name
