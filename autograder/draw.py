"""
The inputs of a hidden test: drawn from a seed that only the course knows.

A test that is run again (alone, after a failure) starts its draw again, so that it asks the same question. Arrays are
new at every draw; what a test draws is independent of what other tests draw.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["Draw"]

Array = npt.NDArray[Any]
_SEED_BITS: Final = 31
"""Seeds of libraries: what NumPy's old generator and torch both take."""


class Draw:
    """
    The fixture ``rng``.

    Args:
        seed: Any whole number from 0.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.restart()

    def restart(self) -> None:
        """Go back to the first draw."""
        self._generator = np.random.Generator(np.random.PCG64(self.seed))

    @property
    def library_seed(self) -> int:
        """A seed for the libraries' own generators in the student's process, from which this one cannot be told."""
        digest = hashlib.sha256(f"library seed {self.seed}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % (1 << _SEED_BITS)

    def normal(self, shape: tuple[int, ...], *, dtype: npt.DTypeLike = np.float64, scale: float = 1.0) -> Array:
        """Return an array of ``shape``, normally distributed around 0 with standard deviation ``scale``."""
        return np.asarray(scale * self._generator.standard_normal(shape), dtype=dtype)

    def normals(self, *shapes: tuple[int, ...], dtype: npt.DTypeLike = np.float64, scale: float = 1.0) -> Any:
        """Return one `normal` array for one shape, else a tuple of one for each."""
        drawn = tuple(self.normal(shape, dtype=dtype, scale=scale) for shape in shapes)
        return drawn[0] if len(drawn) == 1 else drawn

    def uniform(self, low: float, high: float, shape: tuple[int, ...], *, dtype: npt.DTypeLike = np.float64) -> Array:
        """Return an array of ``shape``, uniform from ``low`` up to ``high``."""
        return np.asarray(self._generator.uniform(low, high, shape), dtype=dtype)

    def integers(self, low: int, high: int, shape: tuple[int, ...], *, dtype: npt.DTypeLike = np.int64) -> Array:
        """Return whole numbers from ``low`` to ``high - 1``, in an array of ``shape``."""
        return np.asarray(self._generator.integers(low, high, shape), dtype=dtype)

    def permutation(self, count: int) -> Array:
        """Return the numbers 0 to ``count - 1`` in random order."""
        return self._generator.permutation(count)
