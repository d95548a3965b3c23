"""
Captions of the COCO data set, and the features of their images.

    folder of files -> load_coco_data -> data, a dict of arrays -> sample_coco_minibatch -> captions, features, urls

An image has several captions, so the two are kept apart: caption i of the training split describes the image
``data["train_image_idxs"][i]``, a row of ``data["train_features"]`` and of ``data["train_urls"]``. A caption is a row
of word numbers: <START>, the words, <END>, and <NULL> up to the length that all captions have.

    N  captions in a minibatch    C  captions of a split    T  words of a caption, with those in angle brackets
    V  words in the vocabulary    I  images of a split      D  size of a feature

Which data a notebook uses is one setting, the environment variable A3_DATA: see data_dir.
"""

import json
import os
from pathlib import Path

import h5py
import numpy as np

__all__ = ["BASE_DIR", "data_dir", "decode_captions", "load_coco_data", "sample_coco_minibatch"]

BASE_DIR = Path(__file__).resolve().parents[1] / "datasets" / "coco_captioning"
"""Where the files are, unless load_coco_data is told: ``datasets/coco_captioning``, beside this package."""

SPLITS = ("train", "val")


def data_dir():
    """
    Return the folder of the captions to work with: ``load_coco_data(data_dir())``.

    Where the environment variable A3_DATA is set, it names the folder that the real data sets are in, and this one is
    its ``coco_captioning``. Where it is not, a small data set of drawn scenes takes their place, whose files have the
    same names and hold the same kinds of things. It is made the first time, in some seconds, in ``datasets/mini_coco``
    beside this package.
    """
    real = os.environ.get("A3_DATA")
    if real:
        return Path(real).expanduser() / "coco_captioning"
    from .mini_coco import make_mini_coco  # here, since who has the real data needs nothing of it

    return make_mini_coco()


def load_coco_data(base_dir=BASE_DIR, max_train=None, pca_features=True, rng=np.random):
    """
    Read captions, features, addresses of images, and the vocabulary.

    Args:
        base_dir: Folder of the files.
        max_train: Number of training captions to draw, with replacement; all of them, each once, where it is None.
            Features and addresses stay complete.
        pca_features: Read the features that are reduced to 512 numbers, rather than the full ones of 4096.
        rng: Where captions are drawn from, a np.random.Generator; NumPy's global one unless given.

    Returns:
        data: Dict with, for each split, "train" and "val",
            train_captions: Word numbers, int, (C, T).
            train_image_idxs: The image of each caption, integers in [0, I), (C,).
            train_features: What a network that was trained to classify sees in each image, float32, (I, D).
            train_urls: Address of each image, text, (I,).
        and with
            idx_to_word: List of V words.
            word_to_idx: Dict from a word to its number.
    """
    kind = "vgg16_fc7_pca" if pca_features else "vgg16_fc7"
    captions, vocabulary = "coco2014_captions.h5", "coco2014_vocab.json"
    features = {split: f"{split}2014_{kind}.h5" for split in SPLITS}
    urls = {split: f"{split}2014_urls.txt" for split in SPLITS}
    folder = _folder_with(base_dir, [captions, vocabulary, *features.values(), *urls.values()])

    data = _read_hdf5(folder / captions, [f"{split}_{what}" for split in SPLITS for what in ("captions", "image_idxs")])
    for split in SPLITS:
        data[f"{split}_features"] = _read_hdf5(folder / features[split], ["features"])["features"]
        with (folder / urls[split]).open(encoding="utf-8") as lines:
            data[f"{split}_urls"] = np.array([line.strip() for line in lines], dtype=str)
    words = json.loads((folder / vocabulary).read_text("utf-8"))
    data |= {name: words[name] for name in ("idx_to_word", "word_to_idx")}

    if max_train is not None:
        drawn = rng.choice(len(data["train_captions"]), max_train)
        for name in ("train_captions", "train_image_idxs"):
            data[name] = data[name][drawn]
    return data


def sample_coco_minibatch(data, batch_size=100, split="train", rng=np.random):
    """
    Draw captions of one split, with replacement, and look up their images.

    Args:
        data: From load_coco_data.
        batch_size: Number of captions, N.
        split: "train" or "val".
        rng: Where captions are drawn from, a np.random.Generator; NumPy's global one unless given.

    Returns:
        captions: Word numbers, (N, T).
        features: Features of their images, (N, D).
        urls: Addresses of their images, (N,).
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}; it is {split!r}")
    drawn = rng.choice(len(data[f"{split}_captions"]), batch_size)
    images = data[f"{split}_image_idxs"][drawn]
    return data[f"{split}_captions"][drawn], data[f"{split}_features"][images], data[f"{split}_urls"][images]


def decode_captions(captions, idx_to_word):
    """
    Turn word numbers into text.

    A caption ends with its first <END>, which is part of the text; every <NULL> is left out.

    Args:
        captions: Word numbers of one caption, (T,), or of several, (N, T).
        idx_to_word: List of the words.

    Returns:
        text: A text for one caption, a list of N texts for several.
    """
    captions = np.asarray(captions)
    if captions.ndim not in (1, 2):
        raise ValueError(f"captions must have shape (T,) or (N, T); they have shape {captions.shape}")
    if np.any(captions < 0):
        raise ValueError(f"captions must hold numbers of words, from 0 on; they hold {captions.min()}")
    return _decode(captions, idx_to_word) if captions.ndim == 1 else [_decode(each, idx_to_word) for each in captions]


def _decode(caption, idx_to_word):
    """Return the text of one caption, (T,)."""
    words = []
    for number in caption:
        word = idx_to_word[number]
        if word != "<NULL>":
            words.append(word)
        if word == "<END>":
            break
    return " ".join(words)


def _folder_with(base_dir, names):
    """Return the folder as a path; refuse one without all of the files, before anything large is read."""
    folder = Path(base_dir)
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{', '.join(missing)}: looked for in {folder.absolute()} and not found. "
            "Put the COCO captioning files there, or say where they are: load_coco_data(base_dir=...)"
        )
    return folder


def _read_hdf5(path, names):
    """Return the arrays of these names in an HDF5 file, a dict."""
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise OSError(f"{path} cannot be read as HDF5; if its download was cut short, fetch it again") from error
    with file:
        missing = [name for name in names if name not in file]
        if missing:
            raise ValueError(f"{path} must hold {', '.join(names)}; it lacks {', '.join(missing)}")
        return {name: file[name][()] for name in names}
