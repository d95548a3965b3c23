"""
CUDA on a machine that has none: what student code puts on a GPU runs on the CPU.

One `TorchFunctionMode` sees every call of torch's Python face, so ``x.cuda()``, ``x.to("cuda:0")``,
``zeros(device="cuda")``, ``module.cuda()`` (which moves its tensors one by one) and
``x.type("torch.cuda.FloatTensor")`` need no list of functions: devices among the arguments are exchanged. What never
gets to a mode is patched: the type constructors, the defaults, and the few functions of ``torch.cuda`` that fail
without a driver. ``torch.cuda.is_available()`` goes on saying no.

The mode costs some microseconds for each call of torch, so it is installed only where the submission names CUDA.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

__all__ = ["install"]

_ELEMENTS = ("Float", "Double", "Half", "BFloat16", "Byte", "Char", "Short", "Int", "Long", "Bool")
_QUIET = ("synchronize", "empty_cache", "set_device", "reset_peak_memory_stats", "ipc_collect", "init")


def install() -> bool:
    """Map CUDA to the CPU for the rest of this process; return False when torch is not there or has a GPU."""
    torch: Any = sys.modules.get("torch")
    if torch is None or torch.cuda.is_available():
        return False
    from torch.overrides import TorchFunctionMode

    class CudaToCpu(TorchFunctionMode):
        """Exchanges devices among the arguments of a call."""

        def __torch_function__(
            self,
            func: Callable[..., Any],
            _types: Any,
            args: tuple[Any, ...] = (),
            kwargs: dict[str, Any] | None = None,
        ) -> Any:
            if func is torch.Tensor.cuda or func is torch.Tensor.pin_memory:
                return args[0]
            moves = func is torch.Tensor.to or func is torch.Tensor.type
            args = _positional(torch, args, moves=moves)
            kwargs = _named(torch, kwargs or {})
            return func(*args, **kwargs)

    for name in _ELEMENTS:
        setattr(torch.cuda, f"{name}Tensor", getattr(torch, f"{name}Tensor"))
    for name in _QUIET:
        setattr(torch.cuda, name, _nothing)
    _map_first(torch, torch, "set_default_tensor_type")
    _map_first(torch, torch, "set_default_device")
    _map_load(torch)
    mode: Any = CudaToCpu()
    mode.__enter__()
    return True


def _positional(torch: Any, args: tuple[Any, ...], *, moves: bool) -> tuple[Any, ...]:
    """Return the arguments with the CPU for a GPU; ``moves`` says that a number may be the index of one."""
    if not args:
        return args
    first, *others = args
    if not isinstance(first, torch.Tensor):  # a factory: zeros(3, device), where texts are no devices
        return tuple(_on_cpu(torch, item) if isinstance(item, torch.device) else item for item in args)
    return (first, *(_on_cpu(torch, item, as_index=moves) for item in others))


def _named(torch: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the named arguments with the CPU for a GPU."""
    changed: dict[str, Any] = {}
    for name in ("device", "dtype"):
        if name in kwargs:
            changed[name] = _on_cpu(torch, kwargs[name], as_index=name == "device")
    if kwargs.get("pin_memory"):
        changed["pin_memory"] = False
    return {**kwargs, **changed} if changed else kwargs


def _nothing(*_args: object, **_kwargs: object) -> None:
    """Do nothing, where there is no device to do it to."""


def _on_cpu(torch: Any, value: Any, *, as_index: bool = False) -> Any:
    """Return the CPU's counterpart of a device, a device's name or index, or a tensor type; all else as it is."""
    if isinstance(value, torch.device):
        return torch.device("cpu") if value.type == "cuda" else value
    if isinstance(value, str):
        if value == "cuda" or value.startswith("cuda:"):
            return "cpu"
        return value.replace("torch.cuda.", "torch.") if value.startswith("torch.cuda.") else value
    if as_index and type(value) is int:
        return "cpu"
    return value


def _map_first(torch: Any, owner: Any, name: str) -> None:
    """Exchange the device in the first argument of a function that no mode sees."""
    original = getattr(owner, name)

    def mapped(value: Any, *args: Any, **kwargs: Any) -> Any:
        return original(_on_cpu(torch, value), *args, **kwargs)

    setattr(owner, name, mapped)


def _map_load(torch: Any) -> None:
    """Load files that were saved on a GPU to the CPU."""
    original = torch.load

    def load(file: Any, map_location: Any = None, *args: Any, **kwargs: Any) -> Any:
        callable_location = callable(map_location) or isinstance(map_location, dict)
        return original(file, map_location if callable_location else "cpu", *args, **kwargs)

    torch.load = load
