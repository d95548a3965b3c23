"""
Judge what a student's function returned, and say what is wrong with it in two voices.

Comparison happens on the trusted side, on data that has already crossed the glass, so no method of a student's class
has a say. The cheapest question is asked first, because its answer explains the most:

    kind  ->  shape  ->  dtype  ->  finite  ->  every element

Every element is compared, never a mean or a norm, and an entry passes only if it is *shown* to be near, so that NaN
fails by construction. The bound of entry ``i`` is

    |got[i] - expected[i]|  <=  atol * scale + rtol * |expected[i]|,      scale = max |expected|

The decision that surprises is ``scale``. A gradient is a sum of products, and the rounding error of a sum follows the
size of its terms, not of the result: where terms cancel, a tiny entry honestly carries an error of the size that its
big neighbours have. The largest expected entry stands for the size of the terms. ``rtol`` then speaks for the big
entries and ``atol`` for the tiny ones, without a constant that means something else at each size of numbers. Expected
values that are all zero have no size of their own, and take 1, the size that drawn inputs have.

A mismatch is raised as ``errors.Mismatch`` with two texts. The student's has shapes, dtypes, how many entries differ,
where the worst one is and the size of its error in words; never an input, an expected value or a value that came. The
staff text has those too. A cause is named only where it is certain (nothing was returned, the transpose is right).

    answers   what came, as data or in words
    parts     the values of a return statement, the entries of a dict
    values    the comparison
"""

from autograder.compare.answers import describe
from autograder.compare.parts import entries, unpack
from autograder.compare.values import (
    TOLERANCES,
    Tolerance,
    as_array,
    assert_close,
    assert_equal_int,
    assert_shape,
    assert_that,
    assert_unchanged,
)

__all__ = [
    "TOLERANCES",
    "Tolerance",
    "as_array",
    "assert_close",
    "assert_equal_int",
    "assert_shape",
    "assert_that",
    "assert_unchanged",
    "describe",
    "entries",
    "unpack",
]
