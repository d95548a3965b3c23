"""
Features of painted scenes, read from nothing but their pixels.

    image ─> mask of each colour ─> attributes, numbers that mean something ─> random weights, ReLU ─> features

They stand for what a large network sees in a photograph, and are used like it: 512 numbers, none of which means
anything alone, but from which a linear layer can read how many things of which shape and colour are where. The eye
behind them is built by hand. It takes what has one colour for one thing, and sees

    how many    pieces there are: Euler's number, pixels - pairs of neighbours + squares of four, is pieces - holes
    which       shape they have: the directions in which its edges face (a triangle's three, a square's four, a circle's
                all), and its area for the length of its edge, compared with those of shapes that the eye knows
    where       they lie: towards the left, the right, the top, the bottom
    in a row    or one under another, or around another: things are counted as one reads, or from the inside out, and
                have their place in the attributes by this count

    I  images    S  side of an image    A  attributes of an image, 76    D  size of a feature, 512
"""

import functools

import numpy as np

from .mini_scenes import COLOURS, GROUNDS, SHAPES, SIDE, Piece, Scene, paint

__all__ = ["SIZE", "attributes", "features"]

SIZE = 512
"""Numbers of a feature, D: as many as the real features have that were reduced by principal components."""

RADII = (11, 13, 16, 20, 40)
"""Sizes, in pixels, in which the eye knows each shape."""

THINGS = 3
"""How many things the eye attends to, the largest ones: no scene has more."""

SHARPNESS = 0.01
"""Squared distance between descriptions of shapes at which they count as alike to the extent 1 / e."""


def features(images):
    """
    Describe images as a network would.

    The weights are always the same, as those of a trained network are. Results are rounded, since the last digit of a
    sum differs between machines.

    Args:
        images: Images of scenes, uint8, (I, S, S, 3).

    Returns:
        features: Numbers from 0 on, float32, (I, D).
    """
    seen = np.array([attributes(image) for image in images])
    rng = np.random.default_rng(512)
    weights = rng.normal(size=(seen.shape[1], SIZE)) / 2  # about a dozen attributes of an image are not 0
    bias = rng.normal(size=SIZE) / 2
    return (np.rint(256 * np.maximum(seen @ weights + bias, 0)) / 256).astype(np.float32)


def attributes(image):
    """
    Describe an image by numbers that mean something.

    Args:
        image: Image of a scene, uint8, (S, S, 3).

    Returns:
        attributes: For each of three things, those of _thing, all 0 where there are fewer; how the things lie, three;
            and for each background, how far it is this one. (A,)
    """
    palette = np.array([*COLOURS.values(), *GROUNDS.values()], dtype=np.float32)  # whole numbers, also below
    distances = np.sum(palette**2, axis=1) - 2 * image.astype(np.float32) @ palette.T  # and a term that all share
    nearest = np.argmin(distances, axis=2)
    grounds = np.bincount(nearest[[0, 0, -1, -1], [0, -1, 0, -1]], minlength=len(palette))[len(COLOURS) :] / 4

    things = [_thing(nearest == colour, colour) for colour in range(len(COLOURS))]
    things = sorted((thing for thing in things if thing is not None), key=lambda thing: -thing["area"])[:THINGS]
    layout = np.zeros(3)
    if len(things) > 1:
        x, y = (np.ptp([thing[axis] for thing in things]) for axis in "xy")
        way = "around" if any(thing["around"] for thing in things) else "x" if x > y else "y"
        things.sort(key=lambda thing: thing[way])
        layout[["around", "x", "y"].index(way)] = 1
    seen = np.zeros((THINGS, 11 + len(SHAPES) + len(COLOURS)))
    for row, thing in zip(seen, things, strict=False):
        row[:] = thing["attributes"]
    return np.concatenate([seen.ravel(), layout, grounds])


def _thing(mask, colour):
    """
    Look at what has one colour.

    Args:
        mask: Which pixels are nearest to the colour, bool, (S, S).
        colour: Number of the colour.

    Returns:
        thing: None where there are but single pixels or lines, or else a dict with its area, its place x and y, whether
            it is around something, and its attributes, (23,): that it is there, and its size; how many pieces, five;
            towards where, four; likeness to each shape, six; which colour, six.
    """
    mask, pieces = _cleaned(mask)
    if not mask.any():
        return None
    rows, columns = np.nonzero(mask)
    x, y = (2 * np.mean(where) / (SIDE - 1) - 1 for where in (columns, rows))
    area = np.mean(mask)
    seen = np.concatenate(
        [
            [1, np.sqrt(area)],
            np.arange(5) == np.clip(pieces, 0, 4),
            np.maximum([-x, x, -y, y], 0),
            _likeness(mask, max(pieces, 1)),
            np.arange(len(COLOURS)) == colour,
        ]
    )
    return {"area": area, "x": x, "y": y, "around": pieces < 1, "attributes": seen}


def _cleaned(mask):
    """
    Tidy up the mask of a colour, and count its pieces.

    Args:
        mask: Pixels, bool, (S, S).

    Returns:
        mask: Without thin lines, where two other colours blend into this one, and with its holes filled, (S, S).
        pieces: How many they were, less the number of holes.
    """
    mask = mask & _grown(_eroded(mask))
    pieces = _euler_number(mask)
    if pieces < 1 and mask.any():
        mask = _without_holes(mask)
    return mask, pieces


def _eroded(mask):
    """Return the pixels whose four neighbours are in the mask too, (S, S)."""
    inner = np.zeros_like(mask)
    inner[1:-1, 1:-1] = mask[1:-1, 1:-1] & mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    return inner


def _grown(mask):
    """Return the mask with all eight neighbours of its pixels, (S, S)."""
    for axis in (0, 1):
        mask = mask | np.roll(mask, 1, axis) | np.roll(mask, -1, axis)
    return mask


def _without_holes(mask):
    """Return the mask with all pixels that have it on all four sides, (S, S)."""
    sides = [np.logical_or.accumulate(mask, axis) for axis in (0, 1)]
    sides += [np.flip(np.logical_or.accumulate(np.flip(mask, axis), axis), axis) for axis in (0, 1)]
    return np.logical_and.reduce(sides)


def _euler_number(mask):
    """Return the number of pieces less the number of holes in them."""
    below, beside = mask[1:] & mask[:-1], mask[:, 1:] & mask[:, :-1]
    return int(mask.sum()) - int(below.sum()) - int(beside.sum()) + int((below[:, 1:] & below[:, :-1]).sum())


def _likeness(mask, pieces):
    """Return how much the pieces in a mask look like each shape, from 0 to 1 and 1 in all, (6,)."""
    distances = np.sum((_known_shapes() - _description(mask, pieces)) ** 2, axis=2).min(axis=1)
    alike = np.exp((np.min(distances) - distances) / SHARPNESS)
    return alike / np.sum(alike)


@functools.cache
def _known_shapes():
    """Return the descriptions of each shape in some sizes, since small ones look rounder, (6, sizes, 6)."""
    known = np.zeros((len(SHAPES), len(RADII), 6))
    for row, shape in zip(known, SHAPES, strict=True):
        for place, radius in enumerate(RADII):
            piece = Piece(shape, "yellow", SIDE / 2, SIDE / 2, radius, 0.05)
            yellow = paint(Scene("alone", "black", (), (piece,)))[:, :, 0] > 140
            row[place] = _description(*_cleaned(yellow))
    return known


def _description(mask, pieces):
    """
    Return what tells shapes apart, wherever they are and however large and turned, (6,).

    Five numbers say how far the directions of edges repeat, two to six times in a full turn. The last is the area of a
    piece over that of a circle whose edge is as long.

    Args:
        mask: Pixels of one or several pieces of the same shape, bool, (S, S).
        pieces: How many they are.
    """
    smooth = mask.astype(np.float64)
    for axis in (0, 1, 0, 1):
        smooth = (np.roll(smooth, 1, axis) + 2 * smooth + np.roll(smooth, -1, axis)) / 4
    down, right = np.gradient(smooth)
    slope = (right + 1j * down)[np.hypot(right, down) > 1e-6]
    length = np.abs(slope)
    repeats = [abs(np.sum(length * (slope / length) ** times)) / np.sum(length) for times in range(2, 7)]
    return np.array([*repeats, 4 * np.pi * np.sum(mask) * pieces / np.sum(length) ** 2])
