"""What a test can ask of a submission, and what comes back."""

from __future__ import annotations

import numpy as np
import pytest
from worker_glass import Failed, Template

from autograder.protocol import GetItem, HandleRef, Release, SetAttr, SetItem

SOURCE = '''
import random
import numpy as np

counter = 0

def double(x):
    """Twice."""
    return 2 * x

def pair(x):
    return x + 1, {"x": x, "deep": [x, (x,)]}

def popping(cache):
    steps = cache["deep"]
    steps.pop()
    cache["x"] += 1
    return float(cache["x"].sum())

def in_place(x):
    x += 1

def keep(items):
    items.append(5)

def same(a, b):
    return a is b

def count():
    global counter
    counter += 1
    return counter

def draw():
    return [random.random(), float(np.random.rand())]

def forever():
    i = 0
    while True:
        yield i
        i += 1

def three():
    yield from range(3)

def many_kinds(x):
    return x

class Model:
    size = 3

    def __init__(self, size=3):
        self.size = size
        self.params = {"W": np.ones((size, 2)), "b": np.zeros(2)}

    def loss(self, x):
        return float((x @ self.params["W"]).sum()), {"W": x}

    def __getitem__(self, index):
        return self.params["W"][index]

    @property
    def broken(self):
        return self.nothing_of_that_name
'''


@pytest.fixture
def exam(template: Template):
    """A fork with the module above as ``m``."""
    return template.exam({"pkg/m.py": SOURCE}, "m")


def test_arrays_numbers_and_text_cross_as_values(exam):
    """Whatever is data by itself comes back as it went, with its type, dtype and shape."""
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    got = exam.call("m:double", x)
    assert got.dtype == np.float32
    assert np.array_equal(got, 2 * x)
    for value in (
        3,
        2.5,
        "text",
        None,
        True,
        b"bytes",
        1 + 2j,
        2**100,
        np.int8(4),
        np.zeros(()),
        np.zeros((0, 3), bool),
    ):
        back = exam.call("m:many_kinds", value)
        assert type(back) is type(value)
        assert np.array_equal(back, value)


def test_a_word_is_the_constant_that_it_equals(template: Template):
    """Code that compares a name by identity, as ``cell is "rnn"``, works as it does where both are constants."""
    exam = template.exam(
        {"pkg/m.py": "def which(cell, table):\n    return cell is CELL and list(table)[0] is CELL\nCELL = 'rnn'\n"}, "m"
    )
    assert exam.call("m:which", "rnn", {"rnn": 1}) is True


def test_containers_stay_behind_as_handles(exam):
    """A tuple is a handle with a length; it unpacks into values and further handles, and gives its data."""
    pair = exam.call("m:pair", np.ones(2))
    assert (pair.kind, pair.type_name, pair.length) == ("container", "tuple", 2)
    first, cache = exam.unpack(pair)
    assert np.array_equal(first, [2, 2])
    assert (cache.kind, cache.length) == ("container", 2)
    data = exam.get(cache)
    assert np.array_equal(data["deep"][1][0], [1, 1])
    assert np.array_equal(exam.ask(GetItem(pair, 0)), [2, 2])


def test_a_cache_survives_the_function_that_consumes_it(exam):
    """A container handed back is copied deep: a student who pops it gets the same in the second call."""
    _, cache = exam.unpack(exam.call("m:pair", np.ones(2)))
    assert [exam.call("m:popping", cache) for _ in range(3)] == [4.0, 4.0, 4.0]
    assert len(exam.get(cache)["deep"]) == 2


def test_one_container_given_twice_is_one_copy(exam):
    """What is shared between the arguments of a call stays shared in their copies."""
    _, cache = exam.unpack(exam.call("m:pair", np.ones(2)))
    assert exam.call("m:same", cache, cache) is True


def test_put_sends_once_and_get_fetches_what_became_of_it(exam):
    """What a test put there is the thing itself: a function that works in place is seen to have worked."""
    x = exam.put(np.zeros(3))
    for _ in range(2):
        exam.call("m:in_place", x)
    assert np.array_equal(exam.get(x), [2, 2, 2])
    items = exam.put([1])
    exam.call("m:keep", items)
    assert exam.get(items) == [1, 5]


def test_objects_are_used_through_handles(exam):
    """A class is called, its attributes are read and set, its items are read, its methods are called."""
    model = exam.call("m:Model", size=2)
    assert (model.kind, model.type_name) == ("object", "Model")
    assert exam.attr(model, "size") == 2
    params = exam.attr(model, "params")
    exam.ask(SetItem(params, "W", np.full((2, 2), 3.0)))
    assert np.array_equal(exam.ask(GetItem(model, 0)), [3, 3])
    loss, _grads = exam.unpack(exam.method(model, "loss", np.ones((1, 2))))
    assert loss == 12.0
    exam.ask(SetAttr(model, "size", 9))
    assert exam.attr(model, "size") == 9


def test_state_of_the_module_outlives_a_test_and_handles_do_not(exam):
    """Begin drops the handles and leaves the module's globals; a fork of its own has its own."""
    assert exam.call("m:count") == 1
    model = exam.call("m:Model")
    exam.begin(2)
    assert exam.call("m:count") == 2
    with pytest.raises(Failed, match="a test that is over"):
        exam.attr(model, "size")


def test_forks_share_nothing(template: Template):
    """What one fork does to the module is not seen in the next."""
    first = template.exam({"pkg/m.py": SOURCE}, "m")
    assert first.call("m:count") == 1
    assert template.fork().call("m:count") == 1


def test_the_seed_of_a_test_fixes_what_is_drawn(exam):
    """The same seed draws the same from `random` and NumPy's global state, another seed something else."""
    draws = []
    for seed in (5, 5, 6):
        exam.begin(seed)
        draws.append(exam.get(exam.call("m:draw")))
    assert draws[0] == draws[1] != draws[2]


def test_a_generator_is_a_handle_that_unpacks(exam):
    """A generator is kept as an object; one without end is refused when it is unpacked."""
    handle = exam.call("m:three")
    assert (handle.kind, handle.type_name) == ("object", "generator")
    assert exam.unpack(handle) == (0, 1, 2)
    with pytest.raises(Failed, match=r"unsendable.*more than"):
        exam.unpack(exam.call("m:forever"))


def test_names_that_are_not_there_are_said_to_be_missing(exam):
    """A missing name reads as that, and a near miss is pointed out; an error within a property is the student's."""
    with pytest.raises(Failed) as info:
        exam.attr(exam.module("m"), "doubel")
    assert info.value.report.kind == "missing"
    assert info.value.report.text == "m has no doubel (there is double: is that the one?)"
    model = exam.call("m:Model")
    with pytest.raises(Failed, match="missing: AttributeError: Model has no sample"):
        exam.attr(model, "sample")
    with pytest.raises(Failed) as info:
        exam.attr(model, "broken")
    assert info.value.report.kind == "raised"
    assert info.value.report.frames[-1].code == "return self.nothing_of_that_name"


def test_what_is_no_data_is_refused_by_its_part(exam):
    """Getting a model, or a container with one in it, names the part that cannot be sent."""
    model = exam.call("m:Model")
    for thing in (model, exam.module("m")):
        with pytest.raises(Failed) as info:
            exam.get(thing)
        assert info.value.report.kind == "unsendable"
    with pytest.raises(Failed, match=r"its part \['b'\]\[1\] is a Model is an object|\['b'\]\[1\]"):
        exam.get(exam.put({"a": 1, "b": [2, model]}))


def test_too_much_is_refused_in_words(exam):
    """A result above the limit says how large it was, and the next call is answered."""
    huge = "import numpy as np\ndef drive(): return np.broadcast_to(np.zeros(1), (40_000, 10_000))"
    with pytest.raises(Failed) as info:
        exam.drive(huge)
    assert info.value.report.kind == "unsendable"
    assert info.value.report.text == (
        "returned an array of 3.2 GB, of shape (40000 x 10000); at most 0.5 GB can be sent back"
    )
    with pytest.raises(Failed, match="unsendable"):
        exam.drive("def drive(): return 'x' * 2_000_000")
    with pytest.raises(Failed, match=r"unsendable.*bits"):
        exam.drive("def drive(): return 1 << 100_000")
    assert exam.call("m:double", 4) == 8


def test_arrays_of_objects_are_containers(exam):
    """An array of Python objects is no data: it stays as a container."""
    handle = exam.drive("def drive(): return np.array([[1], [2, 3]], dtype=object)")
    assert isinstance(handle, HandleRef)
    assert (handle.kind, handle.length) == ("container", 2)


def test_a_driver_runs_beside_the_student_code(exam):
    """A driver gets handles as objects and returns data with its containers; a part that is none is a handle."""
    source = "def drive(model, n):\n    import numpy as np\n    return [model.size, np.zeros(n)], model"
    (size, zeros), model = exam.drive(source, exam.call("m:Model"), 2)
    assert size == 3
    assert zeros.shape == (2,)
    assert exam.attr(model, "size") == 3


def test_released_handles_are_gone(exam):
    """Release forgets the handles of these numbers, known or not."""
    x = exam.put(1)
    exam.ask(Release((x.id, 999)))
    with pytest.raises(Failed, match="missing"):
        exam.get(x)


def test_many_large_arrays_round_trip(exam):
    """A few megabytes in many arrays cross whole in both directions."""
    values = [np.full((50, 1000), i) for i in range(20)]
    back = exam.drive("def drive(values): return values", values)
    assert all(np.array_equal(a, b) for a, b in zip(values, back, strict=True))


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("rnn_step_foward", "rnn_step_forward"),
        ("rnn_forward", None),
        ("lstm_step_forward", None),
        ("rnn_step_backward", None),
    ],
)
def test_another_functions_name_is_no_misspelling(template: Template, name: str, near: str | None):
    """A name is pointed out when it is meant, not because it is made of the same words."""
    exam = template.exam({"pkg/m.py": "def rnn_step_forward(): pass\n"}, "m")
    with pytest.raises(Failed) as info:
        exam.attr(exam.module("m"), name)
    assert info.value.report.text == f"m has no {name}" + (f" (there is {near}: is that the one?)" if near else "")
