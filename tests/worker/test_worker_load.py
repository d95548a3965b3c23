"""How a submission is imported: aliases, libraries that are missing, and modules that fail."""

from __future__ import annotations

from worker_glass import Template


def test_every_spelling_of_an_import_is_one_module(template: Template):
    """The package, its alias, relative and flat imports give the very same module."""
    exam = template.exam(
        {
            "pkg/__init__.py": "from . import state\n",
            "pkg/state.py": "items = []\nclass C: pass\n",
            "pkg/m.py": """
import pkg.state, alias.state, state
from alias.sub import inner
from .state import *
import sys, inspect

def same():
    modules = [pkg.state, alias.state, state, inner.state, sys.modules["alias.state"]]
    return all(one is state for one in modules) and inner.C is C and alias.state.__name__ == "pkg.state"

def source():
    return inspect.getsource(same)[:11], __file__, __name__
""",
            "pkg/sub/inner.py": "from .. import state\nfrom alias.state import C\n",
        },
        "m",
    )
    assert exam.call("m:same") is True
    source, file, name = exam.unpack(exam.call("m:source"))
    assert source == "def same():"
    assert file.endswith("pkg/m.py")
    assert name == "pkg.m"


def test_files_named_like_libraries_do_not_shadow_them(template: Template):
    """A student's random.py or numpy.py is importable in the package, and nowhere else."""
    exam = template.exam(
        {
            "pkg/random.py": "mine = True",
            "pkg/numpy.py": "raise SystemExit",
            "random.py": "raise SystemExit",
            "pkg/m.py": """
import random, numpy
from . import random as mine
def check(): return hasattr(random, "gauss") and hasattr(numpy, "zeros") and mine.mine
""",
        },
        "m",
    )
    assert exam.call("m:check") is True


def test_one_module_that_fails_costs_itself(template: Template):
    """Whatever a module raises while it is imported is its report; the others are there."""
    template.write(
        {
            "pkg/__init__.py": "from .nothing import x\nraise ValueError",
            "pkg/a.py": "import sys\nsys.exit(3)",
            "pkg/b.py": "from .a import *",
            "pkg/c.py": "x = 1\ny = x / 0\n",
            "pkg/d.py": "def f(): return 1",
            "pkg/e.py": "import no_such_library",
            "pkg/f.py": "raise NotImplementedError",
        }
    )
    imported = template.load("a", "b", "c", "d", "e", "f", "g")["imported"]
    kinds = {name: report and report["kind"] for name, report in imported.items()}
    assert kinds == {
        "a": "exit", "b": "exit", "c": "import", "d": None, "e": "import", "f": "not_attempted", "g": "missing",
    }  # fmt: skip
    assert imported["c"]["frames"] == ({"file": "pkg/c.py", "line": 2, "function": "<module>", "code": "y = x / 0"},)
    assert imported["e"]["notes"] == (
        "Grading has no library called no_such_library: what is graded must not need it.",
    )
    assert "pkg/__init__.py: ModuleNotFoundError: No module named 'pkg.nothing'" in template.loaded["notes"]
    exam = template.fork()
    assert exam.call("d:f") == 1
    assert exam.error("c:y").kind == "import"


NEEDS_LIBRARIES = """
import matplotlib.pyplot as plt
import matplotlib
from IPython.display import display
from scipy.ndimage.filters import gaussian_filter1d
from scipy.misc import imread, imresize
from thop import profile, clever_format
from past.builtins import xrange
from six.moves import cPickle as pickle, urllib
import seaborn as sns, pandas as pd, cv2
from tqdm import tqdm
from tqdm.auto import trange
from PIL import Image
from torchvision.datasets import CIFAR10
from numba import jit, njit
from future import standard_library

standard_library.install_aliases()
plt.rcParams["figure.figsize"] = (10.0, 8.0)
plt.rcParams["image.cmap"] = "gray"
matplotlib.use("Agg")
sns.set_style("whitegrid")
plt.figure().subplots(2, 2)

class Pair(CIFAR10):
    def __init__(self): self.mine = 1
    def item(self): return self.data[0]

@jit
def fast(x): return x + 1

@njit(parallel=True)
def faster(x: Image.Image | None): return x + 2

def show(x):
    with plt.style.context("dark"):
        plt.imshow(x); plt.show()
    return fast(x) + faster(x)

def bars():
    bar = tqdm(range(3), desc="x")
    total = 0
    for i in bar:
        bar.set_description(f"{i}")
        total += i
    with tqdm(total=3) as other:
        other.update(2)
    return total + sum(trange(3)) + sum(xrange(3)) + len(bar)

def blur(x): return gaussian_filter1d(x, 1.0)
def number(x): return float(imread("x"))
def length(x): return len(imread("x"))
def loop(x): return [i for i in imread("x")]
def arithmetic(x): return imresize(x, 2) / 255
def truth(x): return 1 if cv2.imread("x") else 2
def array(x):
    import numpy as np
    return np.asarray(imread("x")) * 2
def inherited(x): return Pair().item()
def mine(x): return Pair().mine
def picks(x): return pickle.loads(pickle.dumps([x]))
"""


def test_missing_libraries_are_stood_in_for(template: Template):
    """What submissions import and do not need is absorbed, progress bars pass through, and all are named."""
    exam = template.exam({"pkg/m.py": NEEDS_LIBRARIES}, "m")
    expected = "IPython PIL cv2 future matplotlib numba pandas past scipy seaborn six thop torchvision tqdm"
    assert template.loaded["stand_ins"] == expected.split()
    assert exam.call("m:show", 1) == 5
    assert exam.call("m:bars") == 12
    assert exam.call("m:mine", 1) == 1
    assert exam.get(exam.call("m:picks", 3)) == [3]
    for name in ("number", "length", "loop", "arithmetic", "truth", "array", "inherited"):
        report = exam.error(f"m:{name}", 1)
        assert report.kind == "stand_in", (name, report)
        assert "grading has no" in report.text
        assert report.frames[-1].file == "pkg/m.py"
    assert "grading has no scipy" in exam.error("m:number", 1).text


def test_stand_ins_are_for_student_code_alone(template: Template):
    """A library that looks for a missing one finds that it is missing."""
    exam = template.exam(
        {"pkg/m.py": "import pandas\ndef check():\n    import sys\n    return 'pandas' in sys.modules\n"}, "m"
    )
    assert exam.call("m:check") is False
    assert exam.drive("def drive():\n    import importlib.util\n    return importlib.util.find_spec('sklearn') is None")


def test_old_python_and_old_numpy_are_no_mistake(template: Template):
    """Xrange and names that NumPy dropped work, and a note says so."""
    exam = template.exam(
        {"pkg/m.py": "import numpy as np\ndef f(): return np.zeros(3, dtype=np.int)[sum(xrange(2))] + np.float(2)\n"},
        "m",
    )
    assert exam.call("m:f") == 2.0
    notes = " ".join(template.loaded["notes"])
    assert "`xrange` counts as `range`" in notes
    assert "np.float, np.int" in notes


def test_the_old_methods_of_a_dict_are_those_of_today(template: Template):
    """Python 2's iteritems and its kin work, on dicts that come from anywhere, and a note says so."""
    text = "def f(d): return sorted(d.iteritems()) + list(d.iterkeys()) + list(d.itervalues())\n"
    exam = template.exam({"pkg/m.py": text}, "m")
    assert exam.drive("def drive():\n    from pkg.m import f\n    return len(f({'a': 1, 'b': 2}))") == 6
    assert "`iteritems` as `items`, `iterkeys` as `keys`, `itervalues` as `values`." in " ".join(
        template.loaded["notes"]
    )


def test_python_2_sources_are_not_imported_and_say_why(template: Template):
    """What is Python 2 costs its file, with the line and the remedy."""
    template.write({"pkg/m.py": "def f(x):\n    exec x\n"})
    report = template.load("m")["imported"]["m"]
    assert report["text"] == "this is Python 2, and grading runs Python 3: write `exec(...)` with parentheses"
    assert report["frames"] == ({"file": "pkg/m.py", "line": 2, "function": "<module>", "code": "exec x"},)


def test_a_print_of_python_2_costs_nothing(template: Template):
    """A print without parentheses is read as what it means; the lines after it stay where they are."""
    text = """
def f(x, verbose=True):
    if verbose: print 'shape: ', (x,
                                  1)  # a comment
    print "%d; " % x; y = x + 1
    print
    if not y: print not x,
    return 1 / y
"""
    exam = template.exam({"pkg/m.py": text}, "m")
    assert exam.call("m:f", 1) == 0.5
    assert exam.error("m:f", -1).frames[-1].line == 8


def test_stale_bytecode_is_not_used(template: Template, tmp_path):
    """Only texts are imported, whatever lies beside them."""
    import py_compile

    template.write({"pkg/m.py": "def f(): return 'old'\n"})
    py_compile.compile(str(tmp_path / "pkg/m.py"), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    template.write({"pkg/m.py": "def f(): return 'new'\n"})
    template.load("m")
    assert template.fork().call("m:f") == "new"


def test_annotations_of_the_student_are_evaluated_as_they_wrote_them(template: Template):
    """The worker's own future imports do not leak into student code."""
    exam = template.exam({"pkg/m.py": "def f(x: int): pass\ndef g(): return f.__annotations__['x'] is int\n"}, "m")
    assert exam.call("m:g") is True
