"""
What the tests of recurrent networks share: gradients by name, and captioning models with everything drawn.

A model is made by the student's own constructor and then given drawn weights, so that nothing depends on how a
constructor draws them. A *speaker* is a model whose captions can be judged word by word: at every step the best word is
clearly ahead of the second, so that the order in which sums are added up decides nothing.
"""

from dataclasses import dataclass

import numpy as np

from autograder.exam import assert_close, assert_equal_int, assert_shape, assert_that, entries, unpack
from reference import autodiff, captioning

__all__ = [
    "Model",
    "assert_all_close",
    "assert_captions",
    "draw_captions",
    "draw_features",
    "draw_model",
    "draw_speaker",
    "expected_by_name",
    "expected_loss",
    "loss_of",
    "named",
    "new_model",
]

_SPECIAL = ("<NULL>", "<START>", "<END>", "<UNK>")
_NEVER = -1000.0
_MOST_DRAWS = 500
_CANDIDATES = 100
_LIVELY = {"rnn": 1.5, "lstm": 2.5}
"""Size of a speaker's weights: large enough that what is read changes what is said."""
_MARGINS = {"float64": 1e-3, "float32": 2e-2}
"""How far the best word is ahead: far above what rounding can move scores of size 1 in thirty steps."""


def named(names, got):
    """Return the values that a function returned, by the names of its return statement."""
    return dict(zip(names.split(", "), unpack(got, names), strict=True))


def expected_by_name(function, inputs, upstream, names):
    """Return the gradients that are expected, by the names that the student returns them under."""
    return dict(zip(names.split(", "), autodiff.gradients(function, inputs, upstream), strict=True))


def assert_all_close(got, expected, dtype=np.float64):
    """Compare every value that is expected, each by its name."""
    for name, value in expected.items():
        assert_close(got[name], value, name=name, dtype=dtype)


@dataclass(frozen=True)
class Model:
    """
    A captioning network, as drawn.

    Attributes:
        cell: "rnn" or "lstm".
        numbers: The number of each word.
        weights: Arrays by the names of the students' params.
    """

    cell: str
    numbers: dict
    weights: dict

    @property
    def dtype(self):
        """The dtype of the weights."""
        return self.weights["b"].dtype


def draw_numbers(rng, V, *, special_first):
    """Return the number of each of V words: the special ones come first, as in the caption files, or last, mixed."""
    special, plain = list(_SPECIAL), [f"word{each}" for each in range(V - len(_SPECIAL))]
    words = special + plain if special_first else plain + [special[each] for each in rng.permutation(len(special))]
    return {word: number for number, word in enumerate(words)}


def draw_model(rng, cell, D, W, H, V, *, dtype=np.float64, scale=0.5, special_first=True):
    """Draw a network: D features, word vectors of size W, H hidden units, V words."""
    G = {"rnn": H, "lstm": 4 * H}[cell]
    shapes = ((D, H), (H,), (V, W), (W, G), (H, G), (G,), (H, V), (V,))
    weights = dict(zip(captioning.WEIGHTS, rng.normals(*shapes, dtype=dtype, scale=scale), strict=True))
    return Model(cell, draw_numbers(rng, V, special_first=special_first), weights)


def draw_features(rng, model, N):
    """Draw the features of N pictures."""
    return rng.normal((N, len(model.weights["W_proj"])), dtype=model.dtype)


def draw_captions(rng, model, N, T):
    """Draw N captions of one to T - 1 words, from <START> over <END> to the fillers, as an array (N, T + 1)."""
    null, start, end = (model.numbers[word] for word in _SPECIAL[:3])
    plain = [number for word, number in model.numbers.items() if word not in _SPECIAL[:3]]
    captions = np.full((N, T + 1), null)
    for row, length in zip(captions, 1 + rng.permutation(N) % max(1, T - 1), strict=True):
        row[1 : length + 1] = np.take(plain, rng.integers(0, len(plain), (int(length),)))
        row[0], row[length + 1 : length + 2] = start, end
    return captions


def draw_speaker(rng, cell, N, D, W, H, V, length, *, dtype=np.float64, ends=False, special_first=True):
    """
    Draw a network, N pictures, and what it says of them in ``length`` words; return all three.

    Many pictures are drawn and the most telling ones taken: captions differ, a caption has several different words, and
    neither <NULL> nor <START> is said. <END> is said where ``ends`` asks for it, early in half of the captions. Some of
    the captions would be others if another word than <START> were read first.
    """
    for _ in range(_MOST_DRAWS):
        model = draw_model(rng, cell, D, W, H, V, dtype=dtype, scale=_LIVELY[cell], special_first=special_first)
        null, start, end = (model.numbers[word] for word in _SPECIAL[:3])
        model.weights["b_vocab"][[null, start] if ends else [null, start, end]] = _NEVER
        features = draw_features(rng, model, _CANDIDATES)
        said, margins = _captions_of(model, features, start, length)
        clear = margins.min(axis=1) > _MARGINS[model.dtype.name]
        rows = _telling(said, clear, N, end if ends else None)
        features, said = features[rows], said[rows]
        if len(rows) == N and _start_matters(model, features, said, {0, 1, null, end} - {start}):
            return model, features, said
    raise RuntimeError(f"no speaker in {_MOST_DRAWS} draws: N {N}, H {H}, V {V}, length {length}")


def _start_matters(model, features, said, others):
    """Say whether each of these words, read first instead of <START>, would change some caption."""
    count, (N, length) = len(others), said.shape
    starts = autodiff.tensor(np.repeat(sorted(others), N))
    changed, _margins = _captions_of(model, np.tile(features, (count, 1)), starts, length)
    return bool((changed.reshape(count, N, length) != said).any(axis=(1, 2)).all())


def _captions_of(model, features, start, length):
    """Return what a network says when it reads ``start`` first, one word or one a picture; how far ahead each is."""
    tensors = {name: autodiff.tensor(value) for name, value in model.weights.items()}
    features = autodiff.tensor(features)
    said, margins = captioning.sample(features, tensors, cell=model.cell, start=start, max_length=length)
    return said.numpy(), margins.numpy()


def _telling(said, clear, N, end):
    """Return up to N rows whose captions tell right code from wrong; half of them end early where ``end`` is a word."""
    length = said.shape[1]
    rows, seen = [], set()
    for row, caption in enumerate(map(tuple, said.tolist())):
        varied = len(set(caption)) >= min(length, 3)
        repeated = caption in seen and (length > 1 or len(seen) == 1)  # single words may repeat, not all be one
        if not clear[row] or not varied or repeated:
            continue
        if end is not None:
            early = end in caption[1 : length // 2]
            if early != (len(rows) % 2 == 0) or (end in caption and not early) or caption[0] == end:
                continue
        seen.add(caption)
        rows.append(row)
        if len(rows) == N:
            break
    return rows


def _made(kind, numbers, sizes, cell, dtype, weights):
    """Make a network of the student's class and give it its weights; runs beside the student's code."""
    made = kind(numbers, *sizes, cell_type=cell, dtype=getattr(np, dtype))
    made.params = weights
    return made


_made.stands_for = "CaptioningRNN"


def new_model(student, model):
    """Return the student's network with the drawn weights."""
    sizes = (len(model.weights["W_proj"]), model.weights["W_embed"].shape[1], len(model.weights["W_vocab"]))
    kind = student.module("classifiers.rnn").CaptioningRNN
    return student.run(_made, kind, model.numbers, sizes, model.cell, model.dtype.name, model.weights)


def expected_loss(model, features, captions, null=None):
    """Return the loss and its gradients by the names of the weights, with <NULL> or another word as filler."""
    filler = model.numbers["<NULL>"] if null is None else null

    def loss(features, captions, *weights):
        return captioning.loss(features, captions, *weights, cell=model.cell, null=filler)

    inputs = (features, captions, *(model.weights[name] for name in captioning.WEIGHTS))
    _dfeatures, *gradients = autodiff.gradients(loss, inputs, np.array(1.0))
    return loss(*inputs), dict(zip(captioning.WEIGHTS, gradients, strict=True))


def loss_of(made, features, captions, wanted=captioning.WEIGHTS):
    """Return the loss of the student's network, and those of its gradients that are ``wanted``, by name."""
    loss, grads = unpack(made.loss(features, captions), "loss, grads")
    return loss, entries(grads, wanted, name="grads")


def assert_captions(got, expected, model, features):
    """
    Compare captions word by word, up to and including the first <END> of each.

    What stands after <END> is free: to go on and to stop are both what the text allows.
    """
    start, end = model.numbers["<START>"], model.numbers["<END>"]
    assert_shape(got, expected.shape, name="captions")
    said = np.array(got)
    assert_that(
        bool(np.any(said[:, 0] != start)),
        "Every caption begins with <START>, which is read first and is not part of a caption.",
    )
    ended = np.cumsum(expected == end, axis=1) - (expected == end) > 0
    np.copyto(said, expected, where=ended, casting="unsafe")
    mistakes = {} if np.array_equal(said, expected) else _known_captions(model, features, expected.shape[1])
    mistakes = {text: np.where(ended, expected, wrong) for text, wrong in mistakes.items()}
    assert_equal_int(said, expected, name="captions", mistakes=mistakes)


def _known_captions(model, features, length):
    """Return what common mistakes say of the pictures, by what a student reads of each."""
    start = model.numbers["<START>"]
    found = {
        "So speaks a network that reads <START> at every step: read the word that was said.": _misspoken(
            model, features, length, reads=lambda _said: start
        ),
        "So speaks a network that reads <START> and then fillers: read the word that was said.": _misspoken(
            model, features, length, reads=lambda _said: model.numbers["<NULL>"]
        ),
        "So speaks a network whose hidden state is that of the picture at every step: let it go on.": _misspoken(
            model, features, length, keeps=()
        ),
    }
    if model.cell == "lstm":
        found["So speaks a network whose cell is emptied at every step: let it go on from word to word."] = _misspoken(
            model, features, length, keeps=("h",)
        )
    return found


def _misspoken(model, features, length, *, reads=lambda said: said, keeps=("h", "c")):
    """Return what a network says that reads other words, or keeps less of its state, than it should."""
    tensors = {name: autodiff.tensor(value) for name, value in model.weights.items()}
    first = captioning.start_state(autodiff.tensor(features), tensors)
    state, words = first, np.full(len(features), model.numbers["<START>"])
    said = []
    for _ in range(length):
        after, scores = captioning.step_scores(state, autodiff.tensor(words), tensors, model.cell)
        state = (after[0] if "h" in keeps else first[0], after[1] if "c" in keeps else first[1])
        said.append(scores.argmax(dim=1).numpy())
        words = np.broadcast_to(reads(said[-1]), said[-1].shape)
    return np.stack(said, axis=1)
