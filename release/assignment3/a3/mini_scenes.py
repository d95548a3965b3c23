"""
Scenes of coloured shapes: what is in them, how they look, and what one can say about them.

    random numbers -> draw_scene -> scene ─┬─> paint   -> image, uint8
                                           └─> caption -> words: two red stars above a blue square

A scene has one to three groups. The pieces of a group share their shape and colour, and different groups have different
colours. Each piece is placed in a cell of its own, so pieces never touch; a scene of kind "inside" alone has one piece
upon another.

    kind     groups   where they are                     what is said
    alone    a        anywhere                           three green hearts on a pink background
    above    a, b     a in the upper half, b in the lower    a red circle above two blue stars
    left     a, b     a in the left half, b in the right     two blue stars to the right of a red circle
    inside   a, b     a upon b, which is larger          a small red circle inside a big blue square
    row      a, b, c  side by side, from the left        a blue star between a red circle and a green heart
    column   a, b, c  one under the other, from the top  a green heart below a red circle and a blue star

    S  side of an image in pixels    P  corners of a polygon
"""

from typing import NamedTuple

import numpy as np

__all__ = [
    "COLOURS",
    "GROUNDS",
    "KINDS",
    "SHAPES",
    "SIDE",
    "Group",
    "Piece",
    "Scene",
    "captions",
    "draw_scene",
    "paint",
]

SIDE = 96
"""Rows and columns of an image, S: large enough for a star with clean edges, small enough for hundreds in a second."""

COLOURS = {
    "red": (214, 62, 68),
    "orange": (242, 140, 48),
    "yellow": (248, 206, 66),
    "green": (72, 164, 98),
    "blue": (60, 120, 206),
    "purple": (146, 88, 184),
}
"""Red, green and blue of what lies on a background, from 0 to 255."""

GROUNDS = {"white": (250, 250, 247), "grey": (194, 199, 206), "black": (36, 38, 46), "pink": (249, 216, 225)}
"""Red, green and blue of the backgrounds, from 0 to 255."""

NUMBERS = ("one", "two", "three", "four")

KINDS = ("alone", "alone", "alone", "above", "above", "left", "left", "inside", "row", "column")
"""How groups lie to each other; one that stands here three times is drawn three times as often."""

CAPTIONS = {
    "alone": (
        "{a}",
        "{a} on a {ground} background",
        "there {is_a} {a} in the picture",
        "a picture of {a}",
        "a {ground} background with {a}",
        "{one_a} on {ground} paper",
    ),
    "above": (
        "{a} above {b}",
        "{b} below {a}",
        "there {is_a} {a} above {b}",
        "a picture of {b} below {a}",
        "{a} above {b} on a {ground} background",
        "{one_b} below {one_a} on {ground} paper",
    ),
    "left": (
        "{a} to the left of {b}",
        "{b} to the right of {a}",
        "there {is_b} {b} to the right of {a}",
        "a picture of {a} next to {b}",
        "{b} next to {a} on a {ground} background",
        "{one_a} to the left of {one_b} on {ground} paper",
    ),
    "inside": (
        "{a} inside {b}",
        "{small_a} inside {big_b}",
        "{big_b} with {small_a} inside it",
        "there is {a} inside {b}",
        "{b} around {a} on a {ground} background",
        "a picture of {big_b} around {small_a}",
    ),
    "row": (
        "{b} between {a} and {c}",
        "{b} between {c} and {a} on a {ground} background",
        "there is {b} between {a} and {c}",
        "a picture of {b} between {c} and {a}",
        "{a} to the left of {b} and {c}",
        "{c} to the right of {a} and {b}",
    ),
    "column": (
        "{b} between {a} and {c}",
        "{b} between {c} and {a} on a {ground} background",
        "there is {b} between {a} and {c}",
        "a picture of {b} between {c} and {a}",
        "{a} above {b} and {c}",
        "{c} below {a} and {b}",
    ),
}
"""What can be said of a scene, by its kind: a, b and c are its groups. The longest has 14 words."""

GAP = 2.5
"""Pixels between a piece and the edge of its cell, so that what does not belong together is apart."""

TILT = 0.17
"""The most that a piece is turned, in radians: a square is still no diamond."""

LINES = 5
"""Lines through each row of pixels along which paint measures a polygon."""


class Group(NamedTuple):
    """Pieces that are alike: how many, of which shape, in which colour."""

    count: int
    shape: str
    colour: str


class Piece(NamedTuple):
    """One shape of an image: its centre, and how far it reaches from there, in pixels; its turn in radians."""

    shape: str
    colour: str
    x: float
    y: float
    radius: float
    tilt: float


class Scene(NamedTuple):
    """What there is to see: kind, name of the background, groups in the order of the kind, and their pieces."""

    kind: str
    ground: str
    groups: tuple
    pieces: tuple


# Shapes ---------------------------------------------------------------------------------------------------------------


def _around(radii, start=-np.pi / 2):
    """Return the corners of a polygon at equal angles, clockwise, at these distances from the centre, (P, 2)."""
    angles = start + 2 * np.pi * np.arange(len(radii)) / len(radii)
    return np.array(radii)[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _heart():
    """Return a well-known curve: its point goes down, its two bows up, (P, 2)."""
    t = 2 * np.pi * np.arange(40) / 40
    x = 16 * np.sin(t) ** 3
    y = -13 * np.cos(t) + 5 * np.cos(2 * t) + 2 * np.cos(3 * t) + np.cos(4 * t) - 2.5  # there, it has most room
    return np.stack([x, y], axis=1) / np.max(np.hypot(x, y))


def _cross(end=0.95, half=0.3):
    """Return the corners of two bars, (P, 2)."""
    arm = [(-half, -end), (half, -end), (half, -half)]
    return np.array([turned for k in range(4) for turned in (_quarter_turns(x, y, k) for x, y in arm)])


def _quarter_turns(x, y, times):
    """Return a point after so many quarter turns clockwise."""
    for _ in range(times):
        x, y = -y, x
    return x, y


SHAPES = {
    "circle": _around([1.0] * 44),
    "square": _around([1.0] * 4, start=-np.pi / 4),
    "triangle": _around([1.0] * 3),
    "star": _around([1.0, 0.48] * 5),
    "heart": _heart(),
    "cross": _cross(),
}
"""Corners of each shape, x and y, (P, 2). Each fits into a circle of radius 1; y points down, as in an image."""

ROOMY = ("circle", "square", "triangle", "heart")
"""Shapes with room for another one around their centre."""


# Scenes ---------------------------------------------------------------------------------------------------------------


def draw_scene(rng):
    """
    Draw a scene.

    Args:
        rng: Where it is drawn from, a np.random.Generator.

    Returns:
        scene: A Scene.
    """
    kind, ground = _one_of(rng, KINDS), _one_of(rng, GROUNDS)
    most = {"alone": [4], "above": [3, 3], "left": [3, 3], "inside": [1, 1]}.get(kind, [1, 1, 1])
    colours = rng.permutation(list(COLOURS))
    groups = [
        Group(int(rng.integers(1, top + 1)), _one_of(rng, SHAPES), str(colour))
        for top, colour in zip(most, colours, strict=False)
    ]
    if kind == "inside":
        groups[1] = groups[1]._replace(shape=_one_of(rng, ROOMY))
    return Scene(kind, ground, tuple(groups), tuple(_pieces(rng, kind, groups)))


def _one_of(rng, names):
    """Draw one of several names."""
    return list(names)[rng.integers(len(names))]


def _pieces(rng, kind, groups):
    """Return the pieces of all groups; what covers another piece comes after it."""
    half, third, all_of_it = SIDE / 2, SIDE / 3, (0, 0, SIDE, SIDE)
    if kind == "alone":
        grids = {1: [(1, 1)], 2: [(1, 2), (2, 1), (2, 2)], 3: [(2, 2), (1, 3), (3, 1)], 4: [(2, 2)]}
        fitting = grids[groups[0].count]
        return _placed(rng, groups[0], all_of_it, fitting[rng.integers(len(fitting))])
    if kind == "inside":
        inner, outer = groups
        x, y = SIDE / 2 + rng.uniform(-3, 3, size=2)
        around = Piece(outer.shape, outer.colour, x, y, rng.uniform(38, 42), rng.uniform(-TILT, TILT))
        dx, dy = rng.uniform(-1.5, 1.5, size=2)
        return [around, Piece(inner.shape, inner.colour, x + dx, y + dy, rng.uniform(10, 12), rng.uniform(-TILT, TILT))]

    boxes = {
        "above": [(0, 0, SIDE, half), (0, half, SIDE, half)],
        "left": [(0, 0, half, SIDE), (half, 0, half, SIDE)],
        "row": [(k * third, third / 2, third, 2 * third) for k in range(3)],
        "column": [(third / 2, k * third, 2 * third, third) for k in range(3)],
    }[kind]
    pieces = []
    for group, box in zip(groups, boxes, strict=True):
        pieces += _placed(rng, group, box, (group.count, 1) if kind == "left" else (1, group.count))
    return pieces


def _placed(rng, group, box, grid):
    """
    Place the pieces of a group.

    Args:
        rng: Where sizes and places are drawn from.
        group: A Group.
        box: Where it may lie: left, top, width and height in pixels.
        grid: Rows and columns of cells into which the box is divided; at least as many as there are pieces.

    Returns:
        pieces: List of Pieces, each within a cell of its own.
    """
    left, top, width, height = box
    rows, columns = grid
    width, height = width / columns, height / rows
    largest = min(width / 2 - GAP, height / 2 - GAP, 22)
    pieces = []
    for cell in rng.permutation(rows * columns)[: group.count]:
        radius = largest * rng.uniform(0.8, 1)
        x = left + width * (cell % columns) + rng.uniform(radius + GAP, width - radius - GAP)
        y = top + height * (cell // columns) + rng.uniform(radius + GAP, height - radius - GAP)
        pieces.append(Piece(group.shape, group.colour, x, y, radius, rng.uniform(-TILT, TILT)))
    return pieces


# Images ---------------------------------------------------------------------------------------------------------------


def paint(scene):
    """
    Paint a scene.

    Args:
        scene: A Scene.

    Returns:
        image: Image with smooth edges, uint8, (S, S, 3).
    """
    image = np.full((SIDE, SIDE, 3), GROUNDS[scene.ground], dtype=np.float64)
    for piece in scene.pieces:
        cos, sin = np.cos(piece.tilt), np.sin(piece.tilt)
        corners = piece.radius * SHAPES[piece.shape] @ np.array([[cos, sin], [-sin, cos]]) + (piece.x, piece.y)
        left, top = np.floor(corners.min(axis=0)).astype(int)
        right, bottom = np.ceil(corners.max(axis=0)).astype(int)
        part = image[top:bottom, left:right]
        covered = _coverage(corners - (left, top), bottom - top, right - left)[:, :, None]
        part += covered * (np.array(COLOURS[piece.colour]) - part)
    return np.rint(image).astype(np.uint8)


def _coverage(corners, rows, columns):
    """
    Return how much of each pixel a polygon covers, from 0 to 1, (rows, columns).

    Along a line through the image, what is to the right of an edge that goes down counts once, and what is to the right
    of an edge that goes up counts once less. What is left over lies between the two: it is inside.

    Args:
        corners: Corners of the polygon in pixels, x and y, (P, 2).
        rows, columns: Size of the image.
    """
    lines = (np.arange(rows * LINES) + 0.5) / LINES
    right_ends = np.arange(1, columns + 1)
    covered = np.zeros((rows * LINES, columns))
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        first, last = np.searchsorted(lines, sorted((y0, y1)))
        if first < last:
            x = x0 + (lines[first:last] - y0) * (x1 - x0) / (y1 - y0)
            covered[first:last] += np.sign(y1 - y0) * np.clip(right_ends - x[:, None], 0, 1)
    return np.abs(covered.reshape(rows, LINES, columns).mean(axis=1))


# Captions -------------------------------------------------------------------------------------------------------------


def captions(scene, rng, number=5):
    """
    Describe a scene in several ways.

    Args:
        scene: A Scene.
        rng: Where the ways are drawn from, a np.random.Generator.
        number: How many captions, at most six: so many there are for each kind.

    Returns:
        captions: List of texts, all different: words in lower case with a space between them.
    """
    fields = {"ground": scene.ground}
    for letter, group in zip("abc", scene.groups, strict=False):
        fields[letter] = _phrase(group)
        fields |= {f"{word}_{letter}": _phrase(group, word) for word in ("small", "big", "one")}
        fields[f"is_{letter}"] = "is" if group.count == 1 else "are"
    ways = CAPTIONS[scene.kind]
    return [ways[way].format(**fields) for way in rng.permutation(len(ways))[:number]]


def _phrase(group, word=None):
    """Return a group in words; word may be "small" or "big", or "one", which stands for the article."""
    words = [word, group.colour] if word in {"small", "big"} else [group.colour]
    if group.count > 1 or word == "one":
        words.insert(0, NUMBERS[group.count - 1])
    else:
        words.insert(0, "an" if words[0][0] in "aeiou" else "a")
    plural = {"cross": "crosses"}.get(group.shape, f"{group.shape}s")
    return " ".join([*words, group.shape if group.count == 1 else plural])
