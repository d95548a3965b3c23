"""The student's code as a hidden test sees it, over scripted answers."""

import numpy as np
import pytest

from autograder import protocol as p
from autograder.errors import StudentError
from autograder.session import Handle, ScriptedWorker, Student
from autograder.session.student import outgoing

MODULE = p.HandleRef(1, "module", "module")
FUNCTION = p.HandleRef(2, "function", "function")
PAIR = p.HandleRef(3, "container", "tuple", 2)


def scripted(*answers):
    """Return a student whose worker gives ``answers``, and the worker."""
    worker = ScriptedWorker([p.Value(answer) for answer in answers])

    def ask(request, what):
        del what
        return worker.exchange(request, 1.0).value

    return Student(ask), worker


def test_a_call_goes_to_the_module_and_unpacks_its_result():
    """``h, cache = student.m.f(x)`` is four requests: import, attribute, call, unpack."""
    student, worker = scripted(MODULE, FUNCTION, PAIR, (np.ones(2), p.HandleRef(4, "container", "list", 5)))
    h, cache = student.rnn_layers.step(np.zeros(2), flag=True)
    assert h.tolist() == [1.0, 1.0]
    assert isinstance(cache, Handle)
    assert cache.description == "a list of 5"
    kinds = [type(request).__name__ for request in worker.requests]
    assert kinds == ["Import", "GetAttr", "Call", "Unpack"]
    assert worker.requests[2].kwargs == {"flag": True}


def test_numbers_and_arrays_are_values():
    """What is data comes back as itself, not as a handle."""
    student, _ = scripted(MODULE, FUNCTION, 2.5)
    assert student.m.f() == 2.5


def test_a_module_is_imported_once_a_test():
    """A second use asks for nothing; after ``forget`` it is asked for again."""
    student, worker = scripted(MODULE, FUNCTION, FUNCTION, MODULE)
    student.m.f  # noqa: B018
    student.m.g  # noqa: B018
    student.forget()
    student.m  # noqa: B018
    assert sum(isinstance(request, p.Import) for request in worker.requests) == 2


def test_what_is_no_container_does_not_unpack():
    """Unpacking a model says what came, as the student's fault."""
    student, _ = scripted(MODULE, p.HandleRef(9, "object", "Model"))
    with pytest.raises(StudentError, match="an object of type Model"):
        list(student.m.f)


def test_a_handle_never_answers_for_the_student():
    """Truth, representation and Python's own protocols are answered on this side."""
    student, worker = scripted(MODULE)
    handle = student.m
    asked = len(worker.requests)
    assert bool(handle)
    assert "behind the glass" in repr(handle)
    with pytest.raises(AttributeError):
        handle.__array__  # noqa: B018
    with pytest.raises(StudentError):
        len(handle)
    assert len(worker.requests) == asked


def test_items_and_attributes_can_be_set():
    """Assignment is passed on as a request."""
    student, worker = scripted(MODULE, None, None)
    student.m.weight = np.ones(1)
    student.m["key"] = 3
    assert [type(request) for request in worker.requests[1:]] == [p.SetAttr, p.SetItem]


def test_put_sends_once_and_get_fetches():
    """An array that is changed in place is sent by ``put`` and fetched by ``get``."""
    student, worker = scripted(p.HandleRef(5, "object", "ndarray"), np.array([3.0]))
    x = student.put(np.zeros(1))
    assert x.get().tolist() == [3.0]
    assert [type(request) for request in worker.requests] == [p.Put, p.Get]


def test_a_driver_is_sent_as_source():
    """``run`` ships the text of a plain function with its arguments."""

    def drive(x):
        return x + 1

    student, worker = scripted(4)
    assert student.run(drive, 3) == 4
    assert worker.requests[0].source.startswith("def drive(x):")
    assert worker.requests[0].args == (3,)


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "bool", "int64", "float16"])
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_tensors_cross_as_tensors(dtype, shape):
    """A tensor of any dtype and shape goes out and comes back the same."""
    import torch

    tensor = torch.zeros(shape).to(getattr(torch, dtype))
    sent = outgoing(tensor)
    student, _ = scripted(sent)
    got = student.run(lambda: None)
    assert got.dtype == tensor.dtype
    assert tuple(got.shape) == shape
    assert torch.equal(got, tensor)


def test_code_cannot_be_handed_over():
    """What is neither data nor a handle is refused on this side."""
    with pytest.raises(TypeError, match="data and handles"):
        outgoing(object())
