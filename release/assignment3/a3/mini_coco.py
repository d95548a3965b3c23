"""
A small data set of captions in the files of the COCO data set, drawn rather than fetched.

    seed -> scenes -> images, captions, features -> the files that load_coco_data reads

So notebooks run without a network, in seconds:

    data = load_coco_data(data_dir())                 in a notebook: data_dir makes it, where nobody chose the real data
    data = load_coco_data(make_mini_coco(folder))     make it anywhere, and read it
    python -m a3.mini_coco [FOLDER]                   the same from the command line

What is in the folder, for I images of a split and C captions, five for each image:

    coco2014_captions.h5            {split}_captions int32 (C, 17), {split}_image_idxs int32 (C,)
    coco2014_vocab.json             idx_to_word, a list: four marks, then the most frequent first; word_to_idx, a dict
    {split}2014_vgg16_fc7_pca.h5    features float32 (I, 512), from mini_features; there are none of 4096 numbers
    {split}2014_urls.txt            file: addresses of the images, a line each
    {split}2014_images/             the images, PNG, 96 by 96
    manifest.json                   what the folder was made with

The same seed makes the same bytes. Image i of a split depends on the seed and on i alone, so more images only add to
what is there; and no scene for validation has the groups and the background of one for training. Everything is written
into a folder beside the one that is asked for, which gets its name at the end: there is all of it, or nothing.

PNG is written here, since that takes a dozen lines, and no library that can is needed otherwise.
"""

import argparse
import json
import struct
import tempfile
import zlib
from collections import Counter
from pathlib import Path

import h5py
import numpy as np

from .mini_features import features
from .mini_scenes import captions, draw_scene, paint

__all__ = ["FOLDER", "LENGTH", "MARKS", "draw_splits", "encode_png", "make_mini_coco"]

FOLDER = Path(__file__).resolve().parents[1] / "datasets" / "mini_coco"
"""Where the data set is made unless another folder is named: ``datasets/mini_coco``, beside this package."""

LENGTH = 17
"""Words of a caption in the files, with marks: those of the real data set are that long."""

MARKS = ("<NULL>", "<START>", "<END>", "<UNK>")
"""The first words of the vocabulary. No caption here has the last one, since the vocabulary has every word."""

SPLITS = ("train", "val")

VERSION = 1
"""To be raised with every change of what is drawn, written or said: a folder of another version is not taken."""

MANIFEST = "manifest.json"


def make_mini_coco(folder=FOLDER, num_train=600, num_val=150, seed=0):
    """
    Make the data set, unless it is there already.

    Args:
        folder: Where to make it. It must not exist, be empty, or hold what these arguments would make.
        num_train: Number of images for training.
        num_val: Number of images for validation.
        seed: What everything is drawn from, an integer from 0 on.

    Returns:
        folder: The folder, a path.
    """
    for name, number, least in [("num_train", num_train, 1), ("num_val", num_val, 1), ("seed", seed, 0)]:
        if number != int(number) or number < least:
            raise ValueError(f"{name} must be an integer from {least} on; it is {number!r}")
    folder = Path(folder).resolve()
    manifest = {
        "made_by": "mini_coco", "version": VERSION,
        "num_train": int(num_train), "num_val": int(num_val), "seed": int(seed),
    }  # fmt: skip
    if _is_made(folder, manifest):
        _write_addresses(folder, folder, manifest)  # it may have been moved or copied here
        return folder

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
        unfinished = Path(temporary) / "made"
        unfinished.mkdir()
        _write(unfinished, folder, manifest)
        if folder.is_dir() and not _is_made(folder, manifest):
            folder.rmdir()  # it is empty; not every system puts a folder in the place of an empty one
        try:
            unfinished.rename(folder)
        except OSError:
            if not _is_made(folder, manifest):  # by somebody else, meanwhile
                raise
    return folder


def draw_splits(num_train, num_val, seed):
    """
    Draw scenes and say what is to be seen.

    Args:
        num_train, num_val, seed: As for make_mini_coco.

    Returns:
        splits: Dict from "train" and "val" to a list of pairs: a Scene, and the list of its captions.
    """
    splits, trained = {}, set()
    for number, (split, size) in enumerate(zip(SPLITS, (num_train, num_val), strict=True)):
        splits[split] = []
        for index in range(size):
            rng = np.random.default_rng([seed, number, index])
            scene = draw_scene(rng)
            while split == "val" and scene[:3] in trained:  # all but the pieces: what captions can tell
                scene = draw_scene(rng)
            splits[split].append((scene, captions(scene, rng)))
        trained |= {scene[:3] for scene, _ in splits[split]}
    return splits


def encode_png(image):
    """
    Encode an image as PNG.

    Args:
        image: Image, uint8, (H, W, 3).

    Returns:
        encoded: The bytes of the file.
    """
    rows, columns, _ = image.shape
    lines = np.zeros((rows, 1 + 3 * columns), dtype=np.uint8)  # each begins with the way it is filtered: 0, not at all
    lines[:, 1:] = image.reshape(rows, 3 * columns)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)  # 8 bits for each of three colours
    encoded = b"\x89PNG\r\n\x1a\n"
    for kind, content in [(b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b"")]:
        encoded += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return encoded


# Files ----------------------------------------------------------------------------------------------------------------


def _is_made(folder, manifest):
    """Say whether a folder holds the data set; refuse one that holds anything else."""
    if not folder.exists():
        return False
    if not folder.is_dir():
        raise FileExistsError(f"{folder} is no folder, so the mini data cannot be made there; name another one")
    held = sorted(path.name for path in folder.iterdir())
    if not held:
        return False
    try:
        found = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        found = None
    if not isinstance(found, dict) or found.get("made_by") != manifest["made_by"]:
        raise FileExistsError(
            f"{folder} holds {', '.join(held[:3])}{' and more' if len(held) > 3 else ''}, which is not the mini data; "
            "nothing was changed there. Name a folder that is empty or does not exist"
        )
    other = {name: found.get(name) for name, value in manifest.items() if found.get(name) != value}
    missing = sorted(_names() - set(held))
    if other or missing:
        reason = f"lacks {', '.join(missing)}" if missing else f"was made with {_in_words(other)}"
        wanted = _in_words({name: manifest[name] for name in other} or manifest)
        raise FileExistsError(
            f"{folder} holds mini data that {reason}; {wanted} is asked for. Remove the folder, or name another one"
        )
    return True


def _in_words(settings):
    """Return settings as they are written in a call."""
    return ", ".join(f"{name}={value}" for name, value in settings.items())


def _names():
    """Return the names of all that the folder holds, a set."""
    of_splits = ("2014_vgg16_fc7_pca.h5", "2014_urls.txt", "2014_images")
    return {"coco2014_captions.h5", "coco2014_vocab.json", MANIFEST} | {
        f"{split}{rest}" for split in SPLITS for rest in of_splits
    }


def _write(unfinished, folder, manifest):
    """Write the data set into a folder that will be renamed."""
    splits = draw_splits(manifest["num_train"], manifest["num_val"], manifest["seed"])
    frequency = Counter(
        word for pairs in splits.values() for _, texts in pairs for text in texts for word in text.split()
    )
    idx_to_word = [*MARKS, *sorted(frequency, key=lambda word: (-frequency[word], word))]
    word_to_idx = {word: number for number, word in enumerate(idx_to_word)}
    _write_json(unfinished / "coco2014_vocab.json", {"idx_to_word": idx_to_word, "word_to_idx": word_to_idx})

    arrays = {}
    for split, pairs in splits.items():
        rows = [_numbers(text, word_to_idx) for _, texts in pairs for text in texts]
        images = [index for index, (_, texts) in enumerate(pairs) for _ in texts]
        arrays |= {f"{split}_captions": np.array(rows, np.int32), f"{split}_image_idxs": np.array(images, np.int32)}
        painted = [paint(scene) for scene, _ in pairs]
        _write_hdf5(unfinished / f"{split}2014_vgg16_fc7_pca.h5", {"features": features(painted)})
        (unfinished / f"{split}2014_images").mkdir()
        for index, image in enumerate(painted):
            _image_path(unfinished, split, index).write_bytes(encode_png(image))
    _write_hdf5(unfinished / "coco2014_captions.h5", arrays)
    _write_addresses(unfinished, folder, manifest)
    _write_json(unfinished / MANIFEST, manifest)


def _numbers(text, word_to_idx):
    """Return the numbers of the words of a caption, from <START> to <END>, filled up with <NULL>: LENGTH of them."""
    words = ["<START>", *text.split(), "<END>"]
    return [word_to_idx[word] for word in words + ["<NULL>"] * (LENGTH - len(words))]


def _image_path(folder, split, index):
    """Return where an image is."""
    return folder / f"{split}2014_images" / f"{index:06}.png"


def _write_addresses(where, folder, manifest):
    """Write the addresses that images have in a folder, where they are not written already."""
    for split in SPLITS:
        images = (_image_path(folder, split, index) for index in range(manifest[f"num_{split}"]))
        lines = "".join(f"{image.as_uri()}\n" for image in images).encode()
        path = where / f"{split}2014_urls.txt"
        if not path.is_file() or path.read_bytes() != lines:
            path.write_bytes(lines)


def _write_hdf5(path, arrays):
    """Write arrays by name. Without times, so that the same arrays make the same bytes."""
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array, track_times=False)


def _write_json(path, value):
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def main(arguments=None):
    """Make the data set from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m a3.mini_coco", description="Make a small captioning data set in the files of COCO."
    )
    parser.add_argument("folder", nargs="?", default=FOLDER, help=f"where to make it (default: {FOLDER})")
    parser.add_argument("--num-train", type=int, default=600, help="images for training (default: %(default)s)")
    parser.add_argument("--num-val", type=int, default=150, help="images for validation (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="what it is drawn from (default: %(default)s)")
    try:
        print(make_mini_coco(**vars(parser.parse_args(arguments))))
    except (OSError, ValueError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")


if __name__ == "__main__":
    main()
