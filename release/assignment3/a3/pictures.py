"""
Pictures beside what is said about them.

    addresses of images, captions -> show_captions -> a figure
"""

import textwrap

import matplotlib.pyplot as plt

from .image_utils import image_from_url

__all__ = ["show_captions"]

WIDTH = 34
"""Letters on a line below a picture."""


def show_captions(urls, said, written=None, columns=3):
    """
    Show pictures in rows, each with a caption below it.

    A picture that cannot be read, such as one whose address is no longer there, leaves a grey field.

    Args:
        urls: Addresses of N images, as load_coco_data returns them.
        said: A caption for each, N texts; words in angle brackets are not shown.
        written: What a person wrote about each, N texts, shown in grey below; none unless given.
        columns: Pictures in a row.
    """
    rows = -(-len(urls) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3.2 * columns, 3.4 * rows), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for number, (axis, url, text) in enumerate(zip(axes.flat, urls, said)):
        try:
            axis.imshow(image_from_url(url))
        except OSError:
            axis.imshow([[[220, 220, 220]]])
            axis.text(0, 0, "this picture cannot be read", ha="center", va="center", color="dimgrey")
        axis.text(0.5, -0.04, _wrapped(text), ha="center", va="top", transform=axis.transAxes)
        if written is not None:
            below = -0.06 - 0.085 * (_wrapped(text).count("\n") + 1)
            place = {"ha": "center", "va": "top", "transform": axis.transAxes}
            axis.text(0.5, below, _wrapped(written[number]), color="grey", **place)
    figure.tight_layout(h_pad=3 if written is None else 6)
    plt.show()


def _wrapped(text):
    """Return a caption without marks, on short lines."""
    words = [word for word in text.split() if word not in {"<NULL>", "<START>", "<END>"}]
    return "\n".join(textwrap.wrap(" ".join(words), WIDTH))
