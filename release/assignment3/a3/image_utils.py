"""
Images as arrays: read one, and put its colours into the range that a network was trained on.

    file or address -> image_from_url -> image, uint8 -> preprocess_image -> network -> deprocess_image -> image, uint8

    H  rows of an image    W  columns of an image    3  its colours: red, green, blue
"""

import http.client
import io
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np

__all__ = ["SQUEEZENET_MEAN", "SQUEEZENET_STD", "deprocess_image", "image_from_url", "preprocess_image"]

SQUEEZENET_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
"""Mean of each colour over ImageNet, where black is 0 and full colour is 1, (3,)."""

SQUEEZENET_STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)
"""Standard deviation of each colour over ImageNet, (3,)."""


def image_from_url(url, timeout_s=10):
    """
    Read an image from the network or from a file.

    Args:
        url: Address that begins with http:, https: or file:, or else the path of a file.
        timeout_s: Seconds that the network may be silent.

    Returns:
        img: Image, uint8, (H, W, 3).
    """
    encoded = _read(str(url), timeout_s)
    from PIL import Image  # here, since the rest of this module works without Pillow

    try:
        with Image.open(io.BytesIO(encoded)) as image:
            return np.array(image.convert("RGB"))
    except (OSError, SyntaxError) as error:  # Pillow calls some broken files an error of syntax
        raise OSError(f"{url} is not an image that Pillow can read") from error


def _read(url, timeout_s):
    """Return the bytes that an address or a path names."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "file":
        return Path(urllib.request.url2pathname(parts.path)).read_bytes()
    if parts.scheme not in ("http", "https"):
        return Path(url).read_bytes()
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as response:  # noqa: S310 - the scheme is checked above
            return response.read()
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise OSError(
            f"{url} cannot be fetched ({reason}): is this machine on the network, and the image still there?"
        ) from error


def preprocess_image(img):
    """
    Give each colour of an image, over all of ImageNet, mean 0 and standard deviation 1.

    Args:
        img: Image with values from 0 to 255, of any dtype, (H, W, 3); several at once are (N, H, W, 3).

    Returns:
        x: The same image for a network, float32, of the same shape.
    """
    return (np.asarray(img, dtype=np.float32) / 255 - SQUEEZENET_MEAN) / SQUEEZENET_STD


def deprocess_image(x, rescale=False):
    """
    Undo preprocess_image, so that the result can be shown.

    Args:
        x: Image for a network, float, (H, W, 3); several at once are (N, H, W, 3).
        rescale: Stretch the values first, so that the least becomes 0 and the greatest 255.

    Returns:
        img: Image, uint8, of the same shape. What is out of range is cut off.
    """
    img = x * SQUEEZENET_STD + SQUEEZENET_MEAN
    if rescale and img.max() > img.min():  # an image of one value has nothing to stretch
        img = (img - img.min()) / (img.max() - img.min())
    return np.rint(255 * np.clip(img, 0, 1)).astype(np.uint8)
