"""
The drawn data set reads like the real one, says what is true, and can be learned from.

Captions are judged by a grammar of their own, written here, and scenes by where their pieces were placed.
"""

from __future__ import annotations

import json
import re
import struct
import threading
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import numpy as np
import pytest
from local_student import load, submission

GIVEN = load(Path(__file__).with_name("test_given_files.py"))
given = GIVEN.given
MINI: ModuleType = given("mini_coco")
SCENES: ModuleType = given("mini_scenes")
FEATURES: ModuleType = given("mini_features")
COCO: ModuleType = given("coco_utils")

NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4}
COLOURS = "red|orange|yellow|green|blue|purple"
SHAPES = "circle|square|triangle|star|heart|cross"
GROUP = rf"(?:{'|'.join(NUMBERS)})(?: small| big)? (?:{COLOURS}) (?:{SHAPES})(?:e?s)?"
RELATIONS = "above|below|to the left of|to the right of|next to|inside|in|around|between"
SENTENCE = re.compile(
    rf"(?:there (?P<verb>is|are) |a picture of |a (?P<paper>\w+) background with )?(?P<first>{GROUP})"
    rf"(?: (?P<relation>{RELATIONS}) (?P<second>{GROUP})(?: and (?P<third>{GROUP}))?|"
    rf" with (?P<within>{GROUP}) inside it)?"
    r"(?P<picture> in the picture)?(?: on (?:a (?P<ground>\w+) background|(?P<sheet>\w+) paper))?"
)
SMALL = {"num_train": 7, "num_val": 4, "seed": 3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set of the default size."""
    return MINI.make_mini_coco(tmp_path_factory.mktemp("mini") / "data")


@pytest.fixture(scope="module")
def data(folder: Path) -> dict[str, Any]:
    """What the loader makes of it."""
    return COCO.load_coco_data(folder)


@pytest.fixture(scope="module")
def splits() -> dict[str, list[Any]]:
    """The scenes that it was drawn from, with their captions."""
    return MINI.draw_splits(600, 150, 0)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder, but for addresses, which name the folder."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith("urls.txt"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def decoded(path: Path) -> np.ndarray:
    """Return the image in a PNG file of unfiltered lines; every chunk must be whole."""
    encoded, kinds, pixels = path.read_bytes(), [], b""
    assert encoded[:8] == b"\x89PNG\r\n\x1a\n"
    at = 8
    while at < len(encoded):
        length, kind = struct.unpack(">I4s", encoded[at : at + 8])
        content = encoded[at + 8 : at + 8 + length]
        assert struct.unpack(">I", encoded[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + content)
        kinds.append(kind)
        if kind == b"IHDR":
            columns, rows, *rest = struct.unpack(">IIBBBBB", content)
            assert rest == [8, 2, 0, 0, 0]
        pixels += content if kind == b"IDAT" else b""
        at += 12 + length
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]
    lines = np.frombuffer(zlib.decompress(pixels), dtype=np.uint8).reshape(rows, 1 + 3 * columns)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(rows, columns, 3)


# Files ----------------------------------------------------------------------------------------------------------------


def test_files_have_the_form_of_the_real_ones(folder: Path) -> None:
    """Names, dtypes and widths are those of the real files; only rows and words are fewer."""
    captions, images = {"train": 3000, "val": 750}, {"train": 600, "val": 150}
    with h5py.File(folder / "coco2014_captions.h5") as file:
        found = {name: (value.dtype.str, value.shape) for name, value in file.items()}
    assert found == {f"{split}_captions": ("<i4", (size, 17)) for split, size in captions.items()} | {
        f"{split}_image_idxs": ("<i4", (size,)) for split, size in captions.items()
    }
    for split, size in images.items():
        with h5py.File(folder / f"{split}2014_vgg16_fc7_pca.h5") as file:
            assert list(file) == ["features"]
            assert (file["features"].dtype.str, file["features"].shape) == ("<f4", (size, 512))
        assert len((folder / f"{split}2014_urls.txt").read_text().splitlines()) == size

    vocabulary = json.loads((folder / "coco2014_vocab.json").read_text())
    assert {name: type(value) for name, value in vocabulary.items()} == {"idx_to_word": list, "word_to_idx": dict}
    assert vocabulary["idx_to_word"][:4] == ["<NULL>", "<START>", "<END>", "<UNK>"]
    assert {word: n for n, word in enumerate(vocabulary["idx_to_word"])} == vocabulary["word_to_idx"]


def test_the_data_set_is_small(folder: Path) -> None:
    """All files together are below 4 MB, and below 8 MB where each fills whole blocks of 4 kB."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    assert sum(sizes) < 4e6
    assert sum(-(-size // 4096) * 4096 for size in sizes) < 8e6


def test_the_loader_reads_it(data: dict[str, Any]) -> None:
    """A minibatch has captions, features and addresses; the full features, which are not made, are named."""
    captions, features, urls = COCO.sample_coco_minibatch(data, 6, "val", rng=np.random.default_rng(0))
    assert (captions.shape, features.shape, urls.shape) == ((6, 17), (6, 512), (6,))
    for split, images in {"train": 600, "val": 150}.items():
        assert np.array_equal(np.bincount(data[f"{split}_image_idxs"]), np.full(images, 5))

    with pytest.raises(FileNotFoundError, match="train2014_vgg16_fc7.h5, val2014_vgg16_fc7.h5: looked for in"):
        COCO.load_coco_data(Path(path_of(urls[0])).parents[1], pca_features=False)


def path_of(address: str) -> str:
    """Return the path in a file: address."""
    assert address.startswith("file:///")
    return address.removeprefix("file://")


def test_captions_are_framed_and_their_words_known(data: dict[str, Any], splits: dict[str, list[Any]]) -> None:
    """A row is <START>, the words said of the scene, <END>, and <NULL> to the end; each word is used, <UNK> never."""
    idx_to_word = data["idx_to_word"]
    used = np.concatenate([data["train_captions"].ravel(), data["val_captions"].ravel()])
    assert sorted(set(used.tolist())) == [0, 1, 2, *range(4, len(idx_to_word))]
    assert len(set(idx_to_word)) == len(idx_to_word)
    counts = np.bincount(used)[4:]
    assert np.all(counts[:-1] >= counts[1:])

    for split, pairs in splits.items():
        said = [f"<START> {text} <END>" for _, texts in pairs for text in texts]
        assert COCO.decode_captions(data[f"{split}_captions"], idx_to_word) == said
        lengths = np.array([len(text.split()) for text in said])
        assert np.array_equal(np.sum(data[f"{split}_captions"] != 0, axis=1), lengths)
        assert lengths.max() <= 17


def test_every_way_of_saying_it_fits() -> None:
    """For each kind there are six, all within 15 words, and every one is among the captions of some scene."""
    for kind, ways in SCENES.CAPTIONS.items():
        assert len(set(ways)) == 6
        groups = tuple(SCENES.Group(1, "star", colour) for colour in ("orange", "red", "blue"))
        texts = SCENES.captions(SCENES.Scene(kind, "grey", groups, ()), np.random.default_rng(0), number=9)
        assert len(set(texts)) == 6
        assert max(len(text.split()) for text in texts) <= 15


def test_addresses_lead_to_the_images(data: dict[str, Any], splits: dict[str, list[Any]]) -> None:
    """Each address is that of a PNG file with exactly the painted scene."""
    for split in splits:
        for (scene, _), url in list(zip(splits[split], data[f"{split}_urls"], strict=True))[::10]:
            assert np.array_equal(decoded(Path(path_of(url))), SCENES.paint(scene))


def test_images_can_be_shown(data: dict[str, Any], splits: dict[str, list[Any]]) -> None:
    """What a notebook calls to show an image reads it from its address."""
    pytest.importorskip("PIL", reason="Pillow, which comes with matplotlib, reads images for notebooks")
    for (scene, _), url in list(zip(splits["val"], data["val_urls"], strict=True))[:20]:
        assert np.array_equal(given("image_utils").image_from_url(url), SCENES.paint(scene))


# What is drawn, and what is said --------------------------------------------------------------------------------------


def reach(pieces: list[Any], axis: str) -> tuple[float, float]:
    """Return where pieces begin and end, along x or y."""
    return min(getattr(p, axis) - p.radius for p in pieces), max(getattr(p, axis) + p.radius for p in pieces)


def holds(relation: str, of: list[Any], to: list[list[Any]]) -> bool:
    """Say whether pieces lie to others as the words say: wholly, not by their centres."""
    axis = "x" if "left" in relation or "right" in relation else "y"
    (start, end), spans = reach(of, axis), [reach(pieces, axis) for pieces in to]
    match relation:
        case "above" | "to the left of":
            return all(end < other for other, _ in spans)
        case "below" | "to the right of":
            return all(other < start for _, other in spans)
        case "next to":
            return len(to) == 1 and (holds("to the left of", of, to) or holds("to the right of", of, to))
        case "between":
            return any(
                min(ends)[1] < mine[0] and mine[1] < max(ends)[0]
                for axis in "xy"
                for mine, ends in [(reach(of, axis), [reach(pieces, axis) for pieces in to])]
            )
        case "inside" | "in":
            (inner,), ((outer,),) = of, to
            return bool(np.hypot(inner.x - outer.x, inner.y - outer.y) + inner.radius < 0.6 * outer.radius)
        case "around":
            return holds("inside", to[0], [of])
    raise AssertionError(relation)


def pieces_named(phrase: str, scene: Any) -> list[Any]:
    """Return the pieces that a phrase names; it must agree with itself, and with what there is."""
    number, *_, colour, noun = phrase.split()
    count = NUMBERS[number]
    shape = re.fullmatch(rf"({SHAPES})(?:e?s)?", noun)
    assert shape, phrase
    assert noun == (shape[1] if count == 1 else shape[1] + ("es" if shape[1] == "cross" else "s")), phrase
    if number in {"a", "an"}:
        assert (number == "an") == (phrase.split()[1][0] in "aeiou"), phrase
    found = [piece for piece in scene.pieces if (piece.colour, piece.shape) == (colour, shape[1])]
    assert len(found) == count, (phrase, scene)
    sizes = [piece.radius for piece in scene.pieces]
    assert "small" not in phrase or found[0].radius == min(sizes) < max(sizes) / 2
    assert "big" not in phrase or found[0].radius == max(sizes) > 2 * min(sizes)
    return found


def check_caption(text: str, scene: Any) -> None:
    """Check that a caption is a sentence, and true of the scene."""
    parts = SENTENCE.fullmatch(text)
    assert parts, text
    first = pieces_named(parts["first"], scene)
    assert parts["verb"] in {None, "is" if len(first) == 1 else "are"}, text
    assert {parts["paper"], parts["ground"], parts["sheet"]} <= {None, scene.ground}, text
    others = [pieces_named(parts[part], scene) for part in ("second", "third", "within") if parts[part]]
    relation = parts["relation"] or ("around" if parts["within"] else None)
    assert bool(relation) == bool(others), text
    assert not relation or holds(relation, first, others), (text, scene)


def test_captions_are_true(splits: dict[str, list[Any]]) -> None:
    """Every caption is a sentence whose numbers, colours, shapes, background and relation are those of its scene."""
    for scene, texts in [pair for pairs in splits.values() for pair in pairs]:
        assert len(set(texts)) == 5
        for text in texts:
            check_caption(text, scene)


@pytest.mark.parametrize(
    "text",
    [
        "two red stars above a blue square",
        "a red star above an blue square",
        "a red stars above a blue square",
        "a red star below a blue square",
        "a blue star above a red square",
        "there are a red star above a blue square",
        "a red star above a blue square on pink paper",
        "a red star above",
        "red star above a blue square",
    ],
)
def test_a_false_caption_is_seen(text: str) -> None:
    """The judge of these tests refuses what is wrong in one word."""
    groups = (SCENES.Group(1, "star", "red"), SCENES.Group(1, "square", "blue"))
    pieces = (SCENES.Piece("star", "red", 40, 20, 15, 0), SCENES.Piece("square", "blue", 40, 70, 15, 0))
    scene = SCENES.Scene("above", "grey", groups, pieces)

    check_caption("a red star above a blue square on grey paper", scene)
    with pytest.raises(AssertionError):
        check_caption(text, scene)


def test_pieces_are_apart_and_in_the_image(splits: dict[str, list[Any]]) -> None:
    """No two pieces touch, but for one that lies wholly upon another; all of them are within the image."""
    for scene, _ in [pair for pairs in splits.values() for pair in pairs]:
        assert len(scene.pieces) == sum(group.count for group in scene.groups)
        alone = [SCENES.paint(scene._replace(pieces=(piece,))) for piece in scene.pieces]
        shown = [np.any(image != np.array(SCENES.GROUNDS[scene.ground]), axis=2) for image in alone]
        for one in shown:
            assert not np.any(one[[0, -1]])
            assert not np.any(one[:, [0, -1]])
        if scene.kind == "inside":
            outer, inner = alone[0], FEATURES._grown(shown[1])
            assert np.all(outer[inner] == SCENES.COLOURS[scene.pieces[0].colour]), scene
        else:
            assert np.max(np.sum([FEATURES._grown(one) for one in shown], axis=0)) == 1, scene


def test_shapes_are_the_area_that_they_should_be() -> None:
    """What is painted of a shape, edges by their share, is the area of its polygon to half a per cent."""
    for name, corners in SCENES.SHAPES.items():
        x, y = (30 * corners).T
        expected = abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2
        got = np.sum(SCENES._coverage(30 * corners + 40, 80, 80))
        assert abs(got - expected) < 0.005 * expected, name
        assert np.max(np.hypot(x, y)) <= 30.001


def test_validation_shows_what_training_did_not(splits: dict[str, list[Any]]) -> None:
    """No scene for validation has the kind, background and groups of one for training, even among many of these."""
    train, val = ({scene[:3] for scene, _ in splits[split]} for split in ("train", "val"))
    assert not train & val
    assert {scene.kind for scene, _ in splits["val"]} == set(SCENES.KINDS)


# Features -------------------------------------------------------------------------------------------------------------


def probe(data: dict[str, Any], train: list[Any], val: list[Any]) -> tuple[float, float]:
    """Return how often a linear layer on the features gives the right answer in validation, and the best guess."""
    answers = sorted(set(train))
    x, y = (np.c_[data[f"{split}_features"], np.ones(len(data[f"{split}_features"]))] for split in ("train", "val"))
    wanted = np.array([[answer == each for each in answers] for answer in train], dtype=float)
    weights = np.linalg.solve(x.T @ x + 10 * np.eye(x.shape[1]), x.T @ wanted)
    said = [answers[number] for number in np.argmax(y @ weights, axis=1)]
    guess = max(answers, key=train.count)
    return float(np.mean([a == b for a, b in zip(said, val, strict=True)])), val.count(guess) / len(val)


QUESTIONS = {
    # what a linear layer is asked, and how often it is right at least
    "number": (lambda scene: scene.groups[0].count, 0.8),
    "shape": (lambda scene: scene.groups[0].shape, 0.8),
    "colour": (lambda scene: scene.groups[0].colour, 0.8),
    "shape of the second": (lambda scene: scene.groups[1].shape if len(scene.groups) > 1 else "none", 0.8),
    "hearts": (lambda scene: any(group.shape == "heart" for group in scene.groups), 0.8),
    "kind": (lambda scene: scene.kind, 0.8),
    "background": (lambda scene: scene.ground, 0.9),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_features_tell_what_is_in_the_picture(
    question: str, data: dict[str, Any], splits: dict[str, list[Any]]
) -> None:
    """A linear layer that was fitted to training images answers for validation images, far above the best guess."""
    ask, least = QUESTIONS[question]
    train, val = ([ask(scene) for scene, _ in splits[split]] for split in ("train", "val"))

    right, guessed = probe(data, train, val)

    print(f"{question}: {right:.3f}, best guess {guessed:.3f}")
    assert right >= least
    assert 1 - right < (1 - guessed) / 2


def test_features_come_from_pixels_alone(data: dict[str, Any]) -> None:
    """Those in the file are those of the image files, one by one."""
    images = [decoded(Path(path_of(url))) for url in data["val_urls"][:10]]
    assert np.array_equal(FEATURES.features(images), data["val_features"][:10])
    assert np.array_equal(FEATURES.features(images[3:4]), data["val_features"][3:4])


def test_an_image_without_anything_has_features() -> None:
    """Nothing but background, noise, or the colours of no palette: numbers, and no warning."""
    noise = np.random.default_rng(0).integers(256, size=(96, 96, 3)).astype(np.uint8)
    for image in (np.full((96, 96, 3), 255, dtype=np.uint8), np.zeros((96, 96, 3), dtype=np.uint8), noise):
        assert np.all(np.isfinite(FEATURES.features([image])))


# Training -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell_type", ["rnn", "lstm"])
def test_a_network_overfits_fifty_captions(cell_type: str, folder: Path) -> None:
    """In fifty epochs the loss falls to less than a tenth, and the network says captions that it was shown."""
    small = COCO.load_coco_data(folder, max_train=50, rng=np.random.default_rng(0))
    network = submission().module("classifiers.rnn")._value.CaptioningRNN
    np.random.seed(0)  # noqa: NPY002 - weights are drawn from the global generator
    model = network(small["word_to_idx"], wordvec_dim=64, hidden_dim=128, cell_type=cell_type)
    solver = given("captioning_solver").CaptioningSolver(
        model, small, update_rule="adam", optim_config={"learning_rate": 5e-3}, lr_decay=0.995,
        batch_size=25, num_epochs=50, verbose=False, rng=np.random.default_rng(0),
    )  # fmt: skip

    solver.train()

    first, last = solver.loss_history[0], float(np.mean(solver.loss_history[-5:]))
    print(f"{cell_type}: {first:.2f} -> {last:.3f}")
    assert last < first / 10
    said = model.sample(small["train_features"][small["train_image_idxs"]], max_length=16)
    texts = COCO.decode_captions(said, small["idx_to_word"])
    shown = COCO.decode_captions(small["train_captions"][:, 1:], small["idx_to_word"])
    assert np.mean([text in shown for text in texts]) > 0.8


# Making it ------------------------------------------------------------------------------------------------------------


def test_a_seed_decides_every_byte(tmp_path: Path) -> None:
    """The same seed makes the same files, another seed others; more images leave the first ones as they are."""
    made = contents(MINI.make_mini_coco(tmp_path / "one", **SMALL))
    assert contents(MINI.make_mini_coco(tmp_path / "two", **SMALL)) == made

    other = contents(MINI.make_mini_coco(tmp_path / "other", **(SMALL | {"seed": 4})))
    assert other.keys() == made.keys()
    assert all(other[name] != made[name] for name in made)
    more = contents(MINI.make_mini_coco(tmp_path / "more", **(SMALL | {"num_train": 9})))
    assert [name for name in made if name.endswith(".png") and more[name] != made[name]] == []


def test_what_is_made_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second call draws nothing and writes nothing."""
    folder = MINI.make_mini_coco(tmp_path / "a b" / "mini", **SMALL)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    monkeypatch.setattr(MINI, "_write", lambda *_: pytest.fail("drawn again"))

    assert MINI.make_mini_coco(str(folder), **SMALL) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert list(tmp_path.rglob(".*")) == []


def test_a_moved_folder_gets_new_addresses(tmp_path: Path) -> None:
    """Images are found where the folder is now; everything else stays."""
    made = MINI.make_mini_coco(tmp_path / "one", **SMALL)
    before = contents(made)
    moved = made.rename(tmp_path / "two words")

    assert MINI.make_mini_coco(moved, **SMALL) == moved
    assert contents(moved) == before
    urls = COCO.load_coco_data(moved)["train_urls"]
    assert urls.tolist() == [(moved / f"train2014_images/{index:06}.png").as_uri() for index in range(7)]


def test_other_things_are_never_overwritten(tmp_path: Path) -> None:
    """Somebody's files, another data set, a version of tomorrow, a file of that name: named, and left as they are."""
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="holds notes.txt, which is not the mini data; nothing was changed"):
        MINI.make_mini_coco(tmp_path, **SMALL)
    with pytest.raises(FileExistsError, match="notes.txt is no folder"):
        MINI.make_mini_coco(tmp_path / "notes.txt", **SMALL)
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(FileExistsError, match="holds manifest.json, notes.txt, which is not the mini data"):
        MINI.make_mini_coco(tmp_path, **SMALL)
    assert (tmp_path / "notes.txt").read_text() == "mine"

    folder = MINI.make_mini_coco(tmp_path / "mini", **SMALL)
    before = contents(folder)
    with pytest.raises(FileExistsError, match="made with seed=3; seed=5 is asked for. Remove the folder, or"):
        MINI.make_mini_coco(folder, **(SMALL | {"seed": 5}))
    assert contents(folder) == before
    (folder / "val2014_urls.txt").unlink()
    with pytest.raises(FileExistsError, match="holds mini data that lacks val2014_urls.txt"):
        MINI.make_mini_coco(folder, **SMALL)


def test_an_interrupted_run_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it stops, the folder is as before: absent, or empty. The next run makes it."""
    (tmp_path / "mini").mkdir()
    with monkeypatch.context() as patched:

        def stop(*_: Any) -> None:
            raise KeyboardInterrupt

        for last in ("features", "_write_json", "_write_addresses"):
            patched.setattr(MINI, last, stop)
            with pytest.raises(KeyboardInterrupt):
                MINI.make_mini_coco(tmp_path / "mini", **SMALL)
            assert list(tmp_path.rglob("*")) == [tmp_path / "mini"]

    assert COCO.load_coco_data(MINI.make_mini_coco(tmp_path / "mini", **SMALL))["val_features"].shape == (4, 512)


def test_two_at_once_make_one(tmp_path: Path) -> None:
    """Who comes second to the end takes what the first has made."""
    made: list[Path] = []
    threads = [
        threading.Thread(target=lambda: made.append(MINI.make_mini_coco(tmp_path / "mini", **SMALL))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert made == [tmp_path / "mini"] * 4
    assert [path.name for path in tmp_path.iterdir()] == ["mini"]


@pytest.mark.parametrize(("name", "value"), [("num_train", 0), ("num_val", -1), ("seed", -1), ("seed", 0.5)])
def test_sizes_that_make_no_sense_are_refused(tmp_path: Path, name: str, value: float) -> None:
    """The message has the argument and its value."""
    with pytest.raises(ValueError, match=f"{name} must be an integer from .* on; it is {value}"):
        MINI.make_mini_coco(tmp_path / "mini", **(SMALL | {name: value}))
    assert not (tmp_path / "mini").exists()


def test_the_command_makes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says where the data is, or in a line why it is not."""
    command = [str(tmp_path / "mini"), "--num-train", "3", "--num-val", "2"]
    MINI.main(command)
    assert capsys.readouterr().out == f"{tmp_path / 'mini'}\n"
    with h5py.File(tmp_path / "mini/train2014_vgg16_fc7_pca.h5") as file:
        assert file["features"].shape == (3, 512)

    with pytest.raises(SystemExit) as ended:
        MINI.main([*command, "--seed", "1"])
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith(f"python -m a3.mini_coco: {tmp_path / 'mini'} holds mini data that was")
