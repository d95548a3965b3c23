"""
What students receive complete does what it says: update rules, solver, loader, images.

The package is imported under a name of its own, since what is inside it must not depend on what it is called.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from local_student import ROOT

from autograder.compare import assert_close

PACKAGE = ROOT / "source/assignment3/a3"
NAME = "given_files_of_a3"


def given(module: str) -> ModuleType:
    """Return a module of the students' package, imported under another package name."""
    if NAME not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            NAME, PACKAGE / "__init__.py", submodule_search_locations=[str(PACKAGE)]
        )
        assert spec is not None
        assert spec.loader is not None
        sys.modules[NAME] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[NAME])
    return importlib.import_module(f"{NAME}.{module}")


OPTIM = given("optim")
COCO = given("coco_utils")
IMAGES = given("image_utils")
Solver = given("captioning_solver").CaptioningSolver


# Update rules ---------------------------------------------------------------------------------------------------------

RULES = {
    # name: settings of ours, and torch's optimiser with the same ones in its words
    "sgd": ({"learning_rate": 0.3}, lambda p: torch.optim.SGD(p, lr=0.3)),
    "sgd_momentum": (
        {"learning_rate": 0.2, "momentum": 0.7},
        lambda p: torch.optim.SGD(p, lr=0.2, momentum=0.7),
    ),
    "rmsprop": (
        {"learning_rate": 0.1, "decay_rate": 0.8, "epsilon": 1e-3},
        lambda p: torch.optim.RMSprop(p, lr=0.1, alpha=0.8, eps=1e-3),
    ),
    "adam": (
        {"learning_rate": 0.1, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3},
        lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.8, 0.95), eps=1e-3),
    ),
}
DEFAULTS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=1e-2),
    "sgd_momentum": lambda p: torch.optim.SGD(p, lr=1e-2, momentum=0.9),
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
}
STEPS = 12


def start(dtype: Any = np.float64) -> np.ndarray:
    """Return a parameter to begin from."""
    return np.random.default_rng(0).normal(size=(3, 4)).astype(dtype)


def slope(w: Any) -> Any:
    """Return the gradient of some bumpy function at ``w``, an array or a tensor."""
    return 2 * w - 3 * w**3 / (1 + w**2) + 1


def our_path(rule: str, w: np.ndarray, config: dict[str, Any] | None) -> list[np.ndarray]:
    """Return the parameter after each step of ours."""
    path = []
    for _ in range(STEPS):
        w, config = getattr(OPTIM, rule)(w, slope(w), config)
        path.append(w)
    return path


def torch_path(make: Callable[[Any], Any], w: np.ndarray) -> list[np.ndarray]:
    """Return the parameter after each step of torch's."""
    parameter = torch.tensor(w, requires_grad=True)
    optimiser = make([parameter])
    path = []
    for _ in range(STEPS):
        parameter.grad = slope(parameter.detach())
        optimiser.step()
        path.append(parameter.detach().clone().numpy())
    return path


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", RULES)
def test_rules_take_the_steps_of_torch(rule: str, dtype: Any) -> None:
    """Each rule goes where torch's goes, step by step; ``decay_rate`` here is ``alpha`` there, ``epsilon`` ``eps``."""
    config, make = RULES[rule]

    for got, expected in zip(our_path(rule, start(dtype), config), torch_path(make, start(dtype)), strict=True):
        assert_close(got, expected, name="next_w", dtype=dtype)
        assert got.dtype == dtype


@pytest.mark.parametrize("rule", DEFAULTS)
def test_rules_have_the_usual_defaults(rule: str) -> None:
    """Without a config, a rule has torch's defaults; SGD, which has none there, has 1e-2 and momentum 0.9."""
    for got, expected in zip(our_path(rule, start(), None), torch_path(DEFAULTS[rule], start()), strict=True):
        assert_close(got, expected, name="next_w")


def test_velocity_has_the_learning_rate_in_it() -> None:
    """Ours is minus the learning rate times torch's buffer, so a change of the rate reaches later gradients alone."""
    w, first, second = start(), np.full((3, 4), 2.0), np.full((3, 4), -5.0)

    w1, config = OPTIM.sgd_momentum(w, first, {"learning_rate": 0.1, "momentum": 0.5})
    w2, config = OPTIM.sgd_momentum(w1, second, config | {"learning_rate": 0.01})

    assert_close(w1, w - 0.1 * first, name="w1")
    assert_close(w2, w1 - 0.5 * 0.1 * first - 0.01 * second, name="w2")  # torch: w1 - 0.01 * (0.5 * first + second)
    assert_close(config["velocity"], w2 - w1, name="velocity")


def test_adam_starts_with_a_whole_step() -> None:
    """The means are corrected for their start at zero: the first step is as long as the learning rate."""
    w = start()
    next_w, config = OPTIM.adam(w, slope(w), {"learning_rate": 0.1})

    assert_close(next_w, w - 0.1 * np.sign(slope(w)), name="next_w", rtol=1e-6)
    assert config["t"] == 1


@pytest.mark.parametrize("rule", OPTIM.__all__)
def test_float32_stays_float32(rule: str) -> None:
    """A float64 among settings, memory or gradients makes neither parameter nor memory float64."""
    w, config = start(np.float32), {"learning_rate": np.float64(0.1)}
    for _ in range(3):
        w, config = getattr(OPTIM, rule)(w, slope(w).astype(np.float64), config)
        config = {name: value.astype(np.float64) if np.ndim(value) else value for name, value in config.items()}

    w, config = getattr(OPTIM, rule)(w, slope(w), config)
    assert w.dtype == np.float32
    assert all(value.dtype == np.float32 for value in config.values() if np.ndim(value))
    assert type(config["learning_rate"]) is float


@pytest.mark.parametrize("rule", OPTIM.__all__)
def test_rules_change_nothing_that_they_are_given(rule: str) -> None:
    """Parameter, gradient and config are as before, so one config can start many parameters."""
    w, dw = start(), slope(start())
    _, config = getattr(OPTIM, rule)(w, dw, {"learning_rate": 0.1})
    before = {name: np.copy(value) for name, value in config.items()}

    once, _ = getattr(OPTIM, rule)(w, dw, config)
    twice, _ = getattr(OPTIM, rule)(w, dw, config)

    assert np.array_equal(once, twice)
    assert np.array_equal(w, start())
    assert np.array_equal(dw, slope(start()))
    assert config.keys() == before.keys()
    assert all(np.array_equal(config[name], before[name]) for name in before)


@pytest.mark.parametrize("rule", OPTIM.__all__)
def test_rules_refuse_what_does_not_fit(rule: str) -> None:
    """A setting that the rule lacks, a gradient or memory of another shape, and whole numbers are named."""
    step, w = getattr(OPTIM, rule), start()

    with pytest.raises(ValueError, match="config may hold learning_rate.*; it also holds lr, beta$"):
        step(w, slope(w), {"lr": 0.1, "learning_rate": 0.1, "beta": 0.5})
    with pytest.raises(ValueError, match=r"dw must have shape \(3, 4\); it has shape \(4,\)"):
        step(w, slope(w)[0])
    with pytest.raises(ValueError, match=r"learning_rate must have shape \(\); it has shape \(4,\)"):
        step(w, slope(w), {"learning_rate": np.ones(4)})
    with pytest.raises(TypeError, match="w must hold floating-point numbers; it has dtype int64"):
        step(np.ones((3, 4), dtype=np.int64), slope(w))


# Solver ---------------------------------------------------------------------------------------------------------------


def tiny_data(captions: int = 5, images: int = 4) -> dict[str, Any]:
    """Return data in memory: every image has one caption; those beyond are that of the first image once more."""
    rng = np.random.default_rng(1)
    own = rng.integers(7, size=(images, 3)).astype(np.int32)
    idxs = np.concatenate([np.arange(images), np.zeros(captions - images, dtype=np.int64)])
    data = {}
    for split in ("train", "val"):
        data |= {
            f"{split}_captions": own[idxs],
            f"{split}_image_idxs": idxs.astype(np.int32),
            f"{split}_features": rng.normal(size=(images, 6)).astype(np.float32),
            f"{split}_urls": np.array([f"{split} {number}" for number in range(images)]),
        }
    return data


class Linear:
    """Predicts each of 3 words out of 7 from the features alone, by one linear layer."""

    def __init__(self, dtype: Any = np.float32) -> None:
        self.params = {"W": np.zeros((6, 21), dtype=dtype), "b": np.zeros(21, dtype=dtype)}
        self.seen: list[tuple[np.ndarray, np.ndarray]] = []

    def loss(self, features: np.ndarray, captions: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        self.seen.append((features, captions))
        scores = (features @ self.params["W"] + self.params["b"]).reshape(-1, 3, 7)
        p = np.exp(scores - scores.max(axis=2, keepdims=True))
        p /= p.sum(axis=2, keepdims=True)
        right = np.eye(7, dtype=p.dtype)[captions]
        loss = -np.sum(right * np.log(p)) / len(captions)
        d = ((p - right) / len(captions)).reshape(-1, 21)
        return loss, {"W": features.T @ d, "b": d.sum(axis=0)}


def solver(model: Any = None, **settings: Any) -> Any:
    """Return a quiet, seeded solver on the tiny data."""
    settings = {"verbose": False, "batch_size": 2, "rng": np.random.default_rng(2)} | settings
    return Solver(model or Linear(), tiny_data(), **settings)


@pytest.mark.parametrize(("rule", "rate"), [("sgd", 1.0), ("sgd_momentum", 0.2), ("rmsprop", 0.05), ("adam", 0.1)])
def test_solver_overfits(rule: str, rate: float) -> None:
    """With every rule, a model that can learn the data by heart does; its parameters stay float32."""
    one = solver(update_rule=rule, optim_config={"learning_rate": rate}, num_epochs=100)
    one.train()

    assert one.loss_history[0] == pytest.approx(3 * np.log(7), rel=1e-5)
    assert max(one.loss_history[-10:]) < 0.1
    assert {array.dtype for array in one.model.params.values()} == {np.dtype(np.float32)}


def test_solver_counts_epochs() -> None:
    """An epoch is as many minibatches as fit into the captions; a second train() goes on."""
    one = solver(num_epochs=3)
    one.train()
    assert (one.epoch, len(one.loss_history), len(one.model.seen)) == (3, 3 * 2, 3 * 2)
    assert all(type(loss) is float for loss in one.loss_history)

    one.train()
    assert (one.epoch, len(one.loss_history)) == (6, 6 * 2)


def test_an_epoch_has_at_least_one_minibatch() -> None:
    """A minibatch may be larger than the data."""
    one = solver(batch_size=50, num_epochs=3)
    one.train()

    assert (one.epoch, len(one.loss_history)) == (3, 3)
    assert one.model.seen[0][0].shape == (50, 6)


def test_learning_rate_decays_after_each_epoch() -> None:
    """Every step of an epoch has the same rate, the next epoch's is lr_decay times that; a default decays too."""
    rates: list[float] = []
    one = solver(lr_decay=0.5, num_epochs=3)
    rule = one.update_rule

    def noting(w: Any, dw: Any, config: Any) -> Any:
        next_w, config = rule(w, dw, config)
        rates.append(config["learning_rate"])
        return next_w, config

    one.update_rule = noting
    one.train()

    assert rates == [rate for rate in (1e-2, 0.5e-2, 0.25e-2) for _ in range(2 * 2)]  # two steps of two parameters
    assert {config["learning_rate"] for config in one.optim_configs.values()} == {0.125e-2}


def test_each_parameter_has_its_own_config() -> None:
    """What a rule remembers has the shape of its parameter, and the caller's settings stay as they are."""
    settings = {"learning_rate": 0.1}
    one = solver(update_rule="adam", optim_config=settings, lr_decay=0.5, num_epochs=1)
    one.train()

    assert settings == {"learning_rate": 0.1}
    for name, array in one.model.params.items():
        assert one.optim_configs[name]["m"].shape == array.shape
        assert one.optim_configs[name]["t"] == 2


def test_solver_hands_over_what_belongs_together() -> None:
    """The model sees training captions beside the features of their own images."""
    one, data = solver(num_epochs=5), tiny_data()
    one.train()

    pairs = {
        (data["train_features"][image].tobytes(), caption.tobytes())
        for image, caption in zip(data["train_image_idxs"], data["train_captions"], strict=True)
    }
    seen = [(f.tobytes(), c.tobytes()) for features, captions in one.model.seen for f, c in zip(features, captions)]  # noqa: B905
    assert set(seen) <= pairs


def test_a_seed_decides_the_training() -> None:
    """The same generator gives the same losses; another one gives others."""
    first, same, other = (solver(rng=np.random.default_rng(seed)) for seed in (3, 3, 4))
    for each in (first, same, other):
        each.train()

    assert first.loss_history == same.loss_history
    assert first.loss_history != other.loss_history


def test_solver_prints_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """Every print_every-th loss is a line, from the first one on; quiet is quiet."""
    solver(verbose=True, print_every=3, num_epochs=3).train()
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(")")[0] for line in lines] == ["(Iteration 1 / 6", "(Iteration 4 / 6"]
    assert lines[0].endswith("loss: 5.837730")

    solver(verbose=False).train()
    assert capsys.readouterr().out == ""


def test_solver_refuses_unknown_settings() -> None:
    """Messages say what there is, and what came."""
    with pytest.raises(
        TypeError, match="takes model, data, update_rule, optim_config.*; it was also given learning_rate"
    ):
        solver(learning_rate=0.1)
    with pytest.raises(ValueError, match="must be one of adam, rmsprop, sgd, sgd_momentum; it is 'Adam'"):
        solver(update_rule="Adam")
    with pytest.raises(ValueError, match="batch_size must be at least 1; it is 0"):
        solver(batch_size=0)
    with pytest.raises(ValueError, match="cannot update W: config may hold learning_rate; it also holds beta1"):
        solver(optim_config={"beta1": 0.9}).train()


def test_solver_names_a_gradient_that_is_wrong() -> None:
    """A gradient that is missing, or has another shape than its parameter, is named, and nothing has moved."""
    model = Linear()
    model.loss = lambda features, captions: (1.0, {"W": np.zeros((6, 21))})
    with pytest.raises(ValueError, match="a gradient of every parameter; it has none of \\['b'\\]"):
        solver(model).train()

    model.loss = lambda features, captions: (1.0, {"W": np.zeros((21, 6)), "b": np.zeros(21)})
    with pytest.raises(ValueError, match=r"cannot update W: dw must have shape \(6, 21\); it has shape \(21, 6\)"):
        solver(model).train()
    assert not np.any(model.params["W"])


# Captions -------------------------------------------------------------------------------------------------------------

WORDS = ["<NULL>", "<START>", "<END>", "<UNK>", "a", "cat", "sits"]
SIZES = {"train": (7, 4), "val": (3, 2)}  # captions, images
FILES = (
    "coco2014_captions.h5", "coco2014_vocab.json",
    "train2014_vgg16_fc7_pca.h5", "val2014_vgg16_fc7_pca.h5", "train2014_urls.txt", "val2014_urls.txt",
)  # fmt: skip


def write_coco(folder: Path) -> dict[str, Any]:
    """Write a data set of a few captions in the real files; return what load_coco_data should make of it."""
    rng = np.random.default_rng(5)
    expected: dict[str, Any] = {"idx_to_word": WORDS, "word_to_idx": {word: n for n, word in enumerate(WORDS)}}
    with h5py.File(folder / "coco2014_captions.h5", "w") as file:
        for split, (captions, images) in SIZES.items():
            expected[f"{split}_captions"] = rng.integers(len(WORDS), size=(captions, 5)).astype(np.int32)
            expected[f"{split}_image_idxs"] = rng.integers(images, size=captions).astype(np.int32)
            for name in (f"{split}_captions", f"{split}_image_idxs"):
                file[name] = expected[name]
    for split, (_, images) in SIZES.items():
        for kind, size in (("_pca", 6), ("", 9)):
            features = rng.normal(size=(images, size)).astype(np.float32)
            expected[f"{split}_features{kind}"] = features
            with h5py.File(folder / f"{split}2014_vgg16_fc7{kind}.h5", "w") as file:
                file["features"] = features
        expected[f"{split}_urls"] = np.array([f"http://example.org/{split}{number}.jpg" for number in range(images)])
        (folder / f"{split}2014_urls.txt").write_text("".join(f"{url}\n" for url in expected[f"{split}_urls"]))
    (folder / "coco2014_vocab.json").write_text(json.dumps({k: expected[k] for k in ("idx_to_word", "word_to_idx")}))
    return expected


@pytest.mark.parametrize("pca", [True, False])
def test_loader_reads_what_the_files_hold(tmp_path: Path, pca: bool) -> None:
    """Names, values and dtypes are those of the files; the reduced features are another file than the full ones."""
    expected = write_coco(tmp_path)
    for split in SIZES:
        reduced, full = expected.pop(f"{split}_features_pca"), expected.pop(f"{split}_features")
        expected[f"{split}_features"] = reduced if pca else full

    data = COCO.load_coco_data(str(tmp_path), pca_features=pca)

    assert data.keys() == expected.keys()
    for name, value in expected.items():
        assert type(data[name]) is type(value), name
        assert np.array_equal(data[name], value), name
        assert getattr(data[name], "dtype", None) == getattr(value, "dtype", None), name


def test_max_train_draws_captions_with_their_images(tmp_path: Path) -> None:
    """So many training captions, each beside its own image; features, addresses and the other split stay complete."""
    write_coco(tmp_path)
    whole = COCO.load_coco_data(tmp_path)
    whole["train_image_idxs"] = whole["train_image_idxs"].astype(int)
    pairs = {(*c, i) for c, i in zip(whole["train_captions"].tolist(), whole["train_image_idxs"].tolist(), strict=True)}

    data = COCO.load_coco_data(tmp_path, max_train=20, rng=np.random.default_rng(0))

    assert data["train_captions"].shape == (20, 5)
    drawn = {(*c, i) for c, i in zip(data["train_captions"].tolist(), data["train_image_idxs"].tolist(), strict=True)}
    assert drawn <= pairs
    assert len(drawn) > 1
    for name in ("train_features", "train_urls", "val_captions", "val_image_idxs"):
        assert np.array_equal(data[name], whole[name]), name
    assert len(COCO.load_coco_data(tmp_path, max_train=0)["train_captions"]) == 0


def test_the_default_folder_is_beside_the_package() -> None:
    """Without base_dir, the files are looked for in datasets/coco_captioning, next to the package."""
    assert PACKAGE.parent / "datasets/coco_captioning" == COCO.BASE_DIR
    assert COCO.load_coco_data.__defaults__[0] == COCO.BASE_DIR


def test_one_setting_chooses_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A3_DATA names the folder of the real data sets; unset or empty, the mini data is made in its place."""
    monkeypatch.setattr(given("mini_coco"), "make_mini_coco", lambda: tmp_path / "mini")

    monkeypatch.setenv("A3_DATA", str(tmp_path))
    assert COCO.data_dir() == tmp_path / "coco_captioning"
    with pytest.raises(FileNotFoundError, match="coco_captioning and not found"):
        COCO.load_coco_data(COCO.data_dir())
    monkeypatch.setenv("A3_DATA", "")
    assert COCO.data_dir() == tmp_path / "mini"
    monkeypatch.delenv("A3_DATA")
    assert COCO.data_dir() == tmp_path / "mini"


@pytest.mark.parametrize("missing", FILES)
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    """The message names the file, the folder and the argument to change; files that are there are not named."""
    write_coco(tmp_path)
    (tmp_path / missing).unlink()

    with pytest.raises(FileNotFoundError) as caught:
        COCO.load_coco_data(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{missing}: looked for in {tmp_path} and not found.")
    assert "load_coco_data(base_dir=...)" in message


def test_all_missing_files_are_named_at_once(tmp_path: Path) -> None:
    """A folder that does not exist lacks all of them, and the full features only where they are asked for."""
    with pytest.raises(FileNotFoundError) as caught:
        COCO.load_coco_data(tmp_path / "nowhere")
    assert all(name in str(caught.value) for name in FILES)

    with pytest.raises(FileNotFoundError, match="train2014_vgg16_fc7.h5, val2014_vgg16_fc7.h5"):
        COCO.load_coco_data(tmp_path / "nowhere", pca_features=False)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    """A file that was cut short, and one with other contents, are told apart from a missing one."""
    write_coco(tmp_path)
    path = tmp_path / "val2014_vgg16_fc7_pca.h5"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(OSError, match="val2014_vgg16_fc7_pca.h5 cannot be read as HDF5"):
        COCO.load_coco_data(tmp_path)

    with h5py.File(path, "w") as file:
        file["feature"] = np.zeros((2, 6), dtype=np.float32)
    with pytest.raises(ValueError, match="val2014_vgg16_fc7_pca.h5 must hold features; it lacks features"):
        COCO.load_coco_data(tmp_path)


@pytest.mark.parametrize("split", SIZES)
def test_a_minibatch_belongs_together(tmp_path: Path, split: str) -> None:
    """Row by row, caption, features and address are of one image of the split; features stay float32."""
    write_coco(tmp_path)
    data = COCO.load_coco_data(tmp_path)

    captions, features, urls = COCO.sample_coco_minibatch(data, 8, split, rng=np.random.default_rng(0))

    assert (captions.shape, features.shape, urls.shape) == ((8, 5), (8, 6), (8,))
    assert features.dtype == np.float32
    for caption, feature, url in zip(captions, features, urls, strict=True):
        image = list(data[f"{split}_urls"]).index(url)
        assert np.array_equal(feature, data[f"{split}_features"][image])
        own = data[f"{split}_captions"][data[f"{split}_image_idxs"] == image]
        assert caption.tolist() in own.tolist()


def test_minibatches_are_drawn_from_the_generator() -> None:
    """One that is handed in decides alone; without one it is NumPy's global one, so its seed decides."""
    data = tiny_data()
    draws = []
    for seed in (0, 0, 1):
        np.random.seed(seed)  # noqa: NPY002 - what existing notebooks do
        draws.append(COCO.sample_coco_minibatch(data, 30)[2].tolist())
    assert draws[0] == draws[1] != draws[2]

    own = [COCO.sample_coco_minibatch(data, 30, rng=np.random.default_rng(6))[2].tolist() for _ in range(2)]
    assert own[0] == own[1]
    np.random.seed(1)  # noqa: NPY002
    COCO.sample_coco_minibatch(data, 30, rng=np.random.default_rng(6))
    assert COCO.sample_coco_minibatch(data, 30)[2].tolist() == draws[2]


def test_an_unknown_split_is_refused() -> None:
    """The message says which splits there are."""
    with pytest.raises(ValueError, match="split must be one of train, val; it is 'test'"):
        COCO.sample_coco_minibatch(tiny_data(), split="test")


@pytest.mark.parametrize(
    ("caption", "text"),
    [
        ([1, 4, 5, 6, 2, 0, 0], "<START> a cat sits <END>"),
        ([4, 5, 2, 6, 6], "a cat <END>"),  # a sample goes on after the end
        ([4, 0, 5], "a cat"),  # no end, and a gap
        ([3, 2, 2], "<UNK> <END>"),
        ([0, 0], ""),
        ([], ""),
    ],
)
def test_captions_become_text(caption: list[int], text: str) -> None:
    """A caption ends with its first <END>, every <NULL> is left out; several become a list, one of one included."""
    array = np.array(caption, dtype=np.int32)

    assert COCO.decode_captions(array, WORDS) == text
    assert COCO.decode_captions(array[None], WORDS) == [text]
    assert COCO.decode_captions(np.stack([array, array]), WORDS) == [text, text]
    assert COCO.decode_captions(torch.tensor(caption, dtype=torch.long), WORDS) == text


def test_what_is_no_caption_is_refused() -> None:
    """Numbers below 0, which would count from the end of the list, and arrays of other shapes."""
    with pytest.raises(ValueError, match="from 0 on; they hold -1"):
        COCO.decode_captions(np.array([4, -1]), WORDS)
    with pytest.raises(ValueError, match=r"shape \(T,\) or \(N, T\); they have shape \(1, 2, 3\)"):
        COCO.decode_captions(np.zeros((1, 2, 3), dtype=int), WORDS)


# Images ---------------------------------------------------------------------------------------------------------------


def picture(rows: int = 5, columns: int = 7) -> np.ndarray:
    """Return an image of all kinds of values."""
    return np.random.default_rng(7).integers(256, size=(rows, columns, 3)).astype(np.uint8)


def ppm(image: np.ndarray) -> bytes:
    """Return an image in the format that needs no library to write."""
    return b"P6 %d %d 255\n" % (image.shape[1], image.shape[0]) + image.tobytes()


@pytest.mark.parametrize("name", ["a.ppm", "a b.ppm"])
def test_an_image_is_read_from_a_file(tmp_path: Path, name: str) -> None:
    """By its path, as text or not, or by its address."""
    pytest.importorskip("PIL")
    path = tmp_path / name
    path.write_bytes(ppm(picture()))

    for address in (path, str(path), path.as_uri()):
        image = IMAGES.image_from_url(address)
        assert image.dtype == np.uint8
        assert np.array_equal(image, picture())


def test_an_image_is_read_from_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bytes become an array, and the wait for them has a bound."""
    pytest.importorskip("PIL")
    asked = []

    def urlopen(url: str, timeout: float) -> io.BytesIO:
        asked.append((url, timeout))
        return io.BytesIO(ppm(picture()))

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)

    assert np.array_equal(IMAGES.image_from_url("https://example.org/a.ppm", timeout_s=3), picture())
    assert asked == [("https://example.org/a.ppm", 3)]


@pytest.mark.parametrize("error", [urllib.error.URLError("no route"), TimeoutError("no route")])
def test_a_machine_without_network_is_told(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """The message has the address, the reason and what to look at."""

    def urlopen(url: str, timeout: float) -> None:
        raise error

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)

    with pytest.raises(OSError, match=r"https://example.org/a.jpg cannot be fetched \(no route\): is this machine on"):
        IMAGES.image_from_url("https://example.org/a.jpg")


def test_what_is_no_image_is_named(tmp_path: Path) -> None:
    """A file of something else, and one that is not there, are named."""
    with pytest.raises(FileNotFoundError, match="none.jpg"):
        IMAGES.image_from_url(tmp_path / "none.jpg")

    pytest.importorskip("PIL")
    (tmp_path / "text.jpg").write_text("<html>")
    with pytest.raises(OSError, match="text.jpg is not an image that Pillow can read"):
        IMAGES.image_from_url(tmp_path / "text.jpg")


def test_preprocessing_is_that_of_imagenet() -> None:
    """Values from 0 to 255 become (v / 255 - mean) / std of their colour, in float32."""
    image = np.stack([picture(), picture()[::-1]])
    x = IMAGES.preprocess_image(image)

    for colour, (mean, std) in enumerate([(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)]):
        expected = (image[..., colour] / 255.0 - mean) / std
        assert_close(x[..., colour], expected, name="x", dtype=np.float32)
    assert x.dtype == np.float32


def test_deprocessing_undoes_it() -> None:
    """Every value comes back exactly; what is out of range is cut off, or everything stretched where asked."""
    image = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    x = IMAGES.preprocess_image(image)
    assert np.array_equal(IMAGES.deprocess_image(x), image)
    assert np.array_equal(IMAGES.deprocess_image(IMAGES.preprocess_image(2.0 * image)), np.minimum(2.0 * image, 255))

    narrow = IMAGES.deprocess_image(IMAGES.preprocess_image(100 + image / 10), rescale=True)
    assert np.array_equal(narrow, image)
    flat = IMAGES.deprocess_image(np.zeros((2, 3, 3), dtype=np.float32), rescale=True)
    assert flat.dtype == np.uint8
