"""
Stand-ins for libraries that submissions import and grading does not need.

Real solutions begin with ``from thop import profile`` or ``plt.rcParams[...] = ...``, and the graded functions use
none of it. A stand-in takes all that happens while a module is imported or a picture is drawn: attributes, items,
calls, decorators, base classes, context managers. It has no value: whoever asks it for a number, a length, its items
or its truth gets `StandInUsed`, which names the library. A few small libraries (tqdm, six, past, future) are provided
for real, because code that uses them computes with what they give: see `autograder.worker.compat.equivalents`.

Only student code is served. A library that looks whether pandas is there must be told the truth, or it would use it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FrameType, FunctionType, ModuleType
from typing import Any, NoReturn, Self

from autograder.worker.compat.equivalents import PROVIDED, REDIRECTED

__all__ = ["LIBRARIES", "Finder", "OtherName", "StandIn", "StandInUsed", "forget"]

LIBRARIES = frozenset({
    "IPython", "PIL", "clip", "cv2", "decord", "einops", "google", "imageio", "ipywidgets", "matplotlib",
    "mpl_toolkits", "nltk", "numba", "pandas", "plotly", "scipy", "seaborn", "skimage", "sklearn", "tensorboardX",
    "tensorflow", "tensorflow_datasets", "thop", "torchinfo", "torchsummary", "torchvision", "torchviz", "wandb",
})  # fmt: skip
_made: set[str] = set()


class StandInUsed(RuntimeError):
    """A value was asked of a library that is not there."""

    def __init__(self, name: str) -> None:
        library = name.partition(".")[0]
        super().__init__(
            f"{name} was used for its value, and grading has no {library}: what is graded must not need {library}"
        )


def _refuse(self: Any, *_args: object) -> NoReturn:
    raise StandInUsed(object.__getattribute__(self, "_stand_in"))


class StandIn:
    """Something of a missing library, under its dotted name: takes any use, has no value."""

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_stand_in", name)

    def __repr__(self) -> str:
        """Say what this is, so that a printed one does not look like a result."""
        return f"<{object.__getattribute__(self, '_stand_in')}, which is not there>"

    def __getattr__(self, name: str) -> Any:
        """Return a stand-in for an attribute; special methods are really not there."""
        if name == "__version__":
            return "0"
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{object.__getattribute__(self, '_stand_in')}.{name}")

    def __setattr__(self, name: str, value: object) -> None:
        """Take a setting, to no effect."""

    def __setitem__(self, key: object, value: object) -> None:
        """Take a setting, to no effect."""

    def __delitem__(self, key: object) -> None:
        """Take a setting, to no effect."""

    def __getitem__(self, key: object) -> StandIn:
        """Return a stand-in for an item."""
        return self

    def __call__(self, *args: Any, **kwargs: object) -> Any:
        """Return a stand-in for a result; a function alone is decorated, and stays itself."""
        if len(args) == 1 and not kwargs and isinstance(args[0], (FunctionType, type)):
            return args[0]
        return self

    def __enter__(self) -> Self:
        """Open nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing."""

    def __mro_entries__(self, _bases: tuple[object, ...]) -> tuple[type, ...]:
        """Stand for an empty class where a class derives from this."""
        name: str = object.__getattribute__(self, "_stand_in")
        return (type(name.rpartition(".")[2], (_Base,), {"_stand_in": name}),)

    def __instancecheck__(self, _instance: object) -> bool:
        """Nothing is an instance of what is not there."""
        return False

    def __or__(self, _other: object) -> StandIn:
        """Stand in a type hint such as ``Image | None``."""
        return self

    __ror__ = __or__
    __class_getitem__ = None
    __float__ = __int__ = __index__ = __complex__ = __bool__ = __len__ = __iter__ = __next__ = __contains__ = _refuse
    __array__ = __lt__ = __le__ = __gt__ = __ge__ = __neg__ = __abs__ = __round__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = _refuse
    __iadd__ = __isub__ = __imul__ = __itruediv__ = _refuse


class _Base:
    """What a class gets that derives from a stand-in: it can be made, and what it should inherit has no value."""

    _stand_in = ""

    def __init__(self, *_args: object, **_kwargs: object) -> None:
        pass

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise StandInUsed(f"{type(self)._stand_in}.{name}")


class _Module(ModuleType):
    """A missing library, or a module of it."""

    __path__: list[str] = []  # noqa: RUF012 - a module's own attribute; submodules are found by `Finder`
    __all__: list[str] = []  # noqa: RUF012 - a star import finds nothing

    def __getattr__(self, name: str) -> Any:
        """Return a stand-in for whatever the library has."""
        if name == "__version__":
            return "0"
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self.__name__}.{name}")


class Finder(MetaPathFinder):
    """
    The last finder: serves student code with stand-ins for libraries that nobody else found.

    Args:
        used: Top-level names that were stood in for are added to it.
        is_students: Whether a code object's file name is one of student code.
    """

    def __init__(self, used: set[str], is_students: Callable[[str], bool]) -> None:
        self._used = used
        self._is_students = is_students

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec for a library of the list that student code imports, else None."""
        known = fullname in PROVIDED or fullname in REDIRECTED or fullname.partition(".")[0] in LIBRARIES
        if not known or not self._is_students(_importing_file()):
            return None
        _made.add(fullname)
        if fullname in REDIRECTED:
            return ModuleSpec(fullname, OtherName(REDIRECTED[fullname]))
        self._used.add(fullname.partition(".")[0])
        return ModuleSpec(fullname, _Maker(), is_package=True)


def _importing_file() -> str:
    """Return the file name of the code whose import statement runs, past the machinery of importing."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if "importlib" not in frame.f_code.co_filename:
            return frame.f_code.co_filename
        frame = frame.f_back
    return ""


class _Maker(Loader):
    """Makes a stand-in module, or one that is provided for real."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module, filled where its content is provided."""
        names = PROVIDED.get(spec.name)
        if names is None:
            return _Module(spec.name)
        module = ModuleType(spec.name)
        module.__dict__.update(names)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Run nothing."""


class OtherName(Loader):
    """Gives a module that is imported under a name of its own, and leaves it as it is."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._spec: ModuleSpec | None = None

    def create_module(self, _spec: ModuleSpec) -> ModuleType:
        """Import the module under its own name."""
        module = importlib.import_module(self._name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Give the module back its own spec, which importing it under another name replaced."""
        module.__spec__ = self._spec


def forget() -> None:
    """Take stand-ins out of the imported modules, so that no library meets them; student code finds them anew."""
    for name in _made:
        if isinstance(sys.modules.get(name), _Module):
            del sys.modules[name]
