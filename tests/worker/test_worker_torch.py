"""Tensors, models, data loaders, and code that was written for a GPU."""

from __future__ import annotations

import numpy as np
import pytest
from worker_glass import Exam, Failed, Template

from autograder.protocol import TensorData

SOURCE = """
import numpy as np
import torch
import torch.nn as nn

class Net(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.fc = nn.Linear(n, 2)
    def forward(self, x):
        return self.fc(x)

class Empty(nn.Module):
    def forward(self, x):
        out = None
        return out

def echo(x): return x
def square(x): return (x ** 2).sum(), (x,)
def grad(x): return x.grad is None, x.requires_grad
def draw(): return torch.rand(3)
def views(x): return x.t()[::1, :1]
def strange(kind):
    if kind == "sparse": return torch.eye(3).to_sparse()
    if kind == "conj": return torch.tensor([1 + 2j]).conj()
    if kind == "meta": return torch.empty(3, device="meta")
    if kind == "huge": return torch.zeros(1).expand(30_000, 30_000)
    if kind == "quantized": return torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)
def cache(x):
    w = x.clone().requires_grad_()
    return [x, w, w * 2]
def use(cache):
    x, w, y = cache
    x += 1
    y.sum().backward()
    return float(x.sum()), w.grad
"""


def tensor(values: np.ndarray, dtype: str | None = None) -> TensorData:
    """Return an array as tensor data."""
    return TensorData(dtype or values.dtype.name, values.shape, np.ascontiguousarray(values).reshape(-1).view(np.uint8))


def array(data: TensorData) -> np.ndarray:
    """Return tensor data as an array."""
    return data.data.view(data.dtype).reshape(data.shape)


@pytest.fixture
def exam(torch_template: Template) -> Exam:
    """A fork with the module above as ``m``."""
    return torch_template.exam({"pkg/m.py": SOURCE}, "m")


def test_tensors_cross_as_data(exam: Exam):
    """Tensors of every dtype and layout come back detached, dense and in C order."""
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert np.array_equal(array(exam.call("m:echo", tensor(x))), x)
    assert np.array_equal(array(exam.call("m:views", tensor(x))), x.T[:, :1])
    for value in (np.zeros(()), np.zeros((0, 3)), np.array([True]), np.array([1j]), np.arange(3), np.float16([1])):
        back = exam.call("m:echo", tensor(np.asarray(value)))
        assert np.array_equal(array(back), value)
        assert back.shape == np.asarray(value).shape
    half = exam.call("m:echo", tensor(np.zeros((2, 3), np.int16), "bfloat16"))
    assert (half.dtype, half.shape, half.data.size) == ("bfloat16", (2, 3), 12)
    assert np.array_equal(array(exam.call("m:strange", "sparse")), np.eye(3))
    assert array(exam.call("m:strange", "conj"))[0] == 1 - 2j


@pytest.mark.parametrize(("kind", "text"), [("meta", "meta"), ("huge", "3.6 GB"), ("quantized", "")])
def test_tensors_that_cannot_be_sent_are_refused(exam: Exam, kind, text):
    """No values, too large, or of a dtype of their own: said in words, and the next call is answered."""
    report = exam.error("m:strange", kind)
    assert text in report.text
    if kind != "quantized":
        assert report.kind == "unsendable"
    assert array(exam.call("m:echo", tensor(np.ones(1)))) == 1


def test_models_live_behind_handles(exam: Exam):
    """A model is built, given weights, put into eval mode and called; its state is data."""
    net = exam.call("m:Net", 3)
    assert (net.kind, net.type_name) == ("object", "Net")
    weight, bias = np.ones((2, 3), np.float32), np.zeros(2, np.float32)
    exam.method(net, "load_state_dict", {"fc.weight": tensor(weight), "fc.bias": tensor(bias)})
    assert exam.method(net, "eval").type_name == "Net"
    assert array(exam.ask_call(net, tensor(np.ones((1, 3), np.float32)))).tolist() == [[3, 3]]
    state = exam.get(exam.method(net, "state_dict"))
    assert list(state) == ["fc.weight", "fc.bias"]
    with pytest.raises(Failed, match=r"not_attempted.*the body of Empty.forward is still"):
        exam.ask_call(exam.call("m:Empty"), tensor(np.ones(1)))


def test_a_cache_with_a_graph_is_handed_back(exam: Exam):
    """Tensors that take part in a gradient are not copied, so the graph holds; plain ones are."""
    cache = exam.call("m:cache", tensor(np.ones(2, np.float32)))
    x_sum, grad = exam.unpack(exam.call("m:use", cache))
    assert x_sum == 4
    assert array(grad).tolist() == [2, 2]
    assert array(exam.get(cache)[0]).tolist() == [1, 1]


def test_a_driver_trains_and_loads_data_with_two_workers(exam: Exam):
    """A driver computes gradients, and a DataLoader with two worker processes runs."""
    source = """
def drive(net, x):
    from torch.utils.data import DataLoader, TensorDataset
    y = net(x).sum()
    y.backward()
    loader = DataLoader(TensorDataset(torch.arange(8.0)), batch_size=2, num_workers=2)
    total = sum(float(batch[0].sum()) for batch in loader)
    return {"loss": y, "grads": [p.grad for p in net.parameters()], "total": total}
"""
    result = exam.drive(source, exam.call("m:Net", 3), tensor(np.ones((2, 3), np.float32)))
    assert result["total"] == 28
    assert [grad.shape for grad in result["grads"]] == [(2, 3), (2,)]
    assert array(result["grads"][1]).tolist() == [2, 2]


def test_the_seed_fixes_torch_too(exam: Exam):
    """The same seed draws the same tensor."""
    draws = []
    for seed in (1, 1, 2):
        exam.begin(seed)
        draws.append(array(exam.call("m:draw")).tolist())
    assert draws[0] == draws[1] != draws[2]


CUDA = """
import torch
import torch.nn as nn

dtype = torch.cuda.FloatTensor

def loss(x, device="cuda"):
    mask = torch.ones(3, device=device) - torch.eye(3).to(device)[0].cuda()
    y = x.cuda() + torch.zeros(3, device=torch.device("cuda:0")).to("cuda", non_blocking=True)
    return (y * mask).sum()

def types(x):
    a = x.type("torch.cuda.FloatTensor").type(torch.cuda.DoubleTensor)
    b = torch.cuda.FloatTensor(2, 3).fill_(1).type(dtype)
    return a.dtype == torch.float64, b

def module(x):
    net = nn.Sequential(nn.Linear(3, 2)).cuda().to("cuda:0").to(torch.device("cuda"), torch.float64)
    other = nn.Linear(3, 2, device="cuda")
    torch.cuda.synchronize()
    return net(x.double()).shape, other(x).device.type

def arange(x):
    with torch.device("cuda"):
        y = torch.arange(3)
    return torch.tensor([1, 2], device="cuda"), y, torch.full((2,), 1.0, device="cuda")
"""


def test_code_for_a_gpu_runs_on_the_cpu(torch_template: Template):
    """Devices, types and modules on CUDA are mapped where the grader asks for it, and a note says so."""
    torch_template.write({"pkg/m.py": CUDA})
    loaded = torch_template.load("m", cuda_to_cpu=True)
    assert torch_template.prepared["uses_cuda"] is True
    assert loaded["imported"] == {"m": None}
    assert loaded["notes"] == ["Grading has no GPU: what the code puts on CUDA runs on the CPU."]
    exam = torch_template.fork()
    x = tensor(np.ones(3, np.float32))
    assert array(exam.call("m:loss", x)) == 2
    is_double, ones = exam.unpack(exam.call("m:types", x))
    assert is_double is True
    assert array(ones).tolist() == [[1, 1, 1]] * 2
    shape, device = exam.unpack(exam.call("m:module", tensor(np.ones((1, 3), np.float32))))
    assert exam.get(shape) == (1, 2)
    assert device == "cpu"
    assert array(exam.unpack(exam.call("m:arange", x))[0]).tolist() == [1, 2]


def test_without_the_mapping_cuda_is_an_error(torch_template: Template):
    """Where it is not asked for, the error is the student's own."""
    exam = torch_template.exam({"pkg/m.py": "def f(x): return x.cuda()"}, "m")
    report = exam.error("m:f", tensor(np.ones(1)))
    assert report.kind == "raised"
    assert "CUDA" in report.text
