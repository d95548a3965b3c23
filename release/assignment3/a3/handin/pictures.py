"""
Pictures of a notebook, checked before anything draws them.

    base64 ─▶ bytes ─▶ kind and size from the header ─▶ decoded and scaled (Pillow) ─▶ picture-3.png ─▶ the PDF

A picture is what its bytes are, not what the notebook calls it. Sizes are compared with the limits before a pixel is
decoded. Nothing is ever read from a path or an address: only what lies in the notebook itself can be shown.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

from .svg import BadDrawing, safe_svg

__all__ = ["Album", "BadPicture", "Picture"]

MAX_BYTES = 16 * 2**20
"""One picture as it lies in the notebook: a screenshot of a large screen has a tenth of that."""
MAX_PIXELS = 40_000_000
"""160 MB when it is decoded."""
MAX_SIDE = 20_000
WIDE = 1600
"""Pixels across a page of paper that the eye can tell apart at arm's length."""
MAX_PICTURES = 300
MAX_TOTAL = 64 * 2**20
"""All pictures of one PDF; Gradescope takes 100 MB."""
SVG_BYTES = 2 * 2**20

_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Marks in a JPEG after which its size stands."""


class BadPicture(Exception):
    """A picture cannot be shown; the message completes "picture left out: …"."""


@dataclass(frozen=True)
class Picture:
    """A file in the album and its size in the pixels of a screen; 0 where it is not known."""

    file: str
    width: int = 0
    height: int = 0


class Album:
    """The pictures of one PDF, as files in a folder of their own."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._known: dict[bytes, Picture] = {}
        self._total = 0

    def add(self, data: str, mime: str) -> Picture:
        """
        Return the picture in base64, or in the text of an SVG.

        Raises:
            BadPicture: It is broken, too large, or of a kind that is not shown.
        """
        if len(self._known) >= MAX_PICTURES:
            raise BadPicture(f"there are more than {MAX_PICTURES} pictures")
        content, suffix, width, height = _drawing(data) if mime == "image/svg+xml" else _photo(_decoded(data))
        key = zlib.crc32(content).to_bytes(4, "big") + len(content).to_bytes(8, "big")
        if key in self._known:
            return self._known[key]
        if self._total + len(content) > MAX_TOTAL:
            raise BadPicture(f"all pictures together have more than {MAX_TOTAL // 2**20} MiB")
        self._total += len(content)
        made = Picture(f"picture-{len(self._known) + 1}{suffix}", width, height)
        (self._folder / made.file).write_bytes(content)
        self._known[key] = made
        return made


def _decoded(data: str) -> bytes:
    if len(data) > MAX_BYTES * 3 // 2:
        raise BadPicture(f"it has more than {MAX_BYTES // 2**20} MiB")
    try:
        return base64.b64decode(re.sub(r"\s|%0[aAdD]", "", data).replace("%2B", "+").replace("%2F", "/"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadPicture("its data is damaged") from error


def _drawing(text: str) -> tuple[bytes, str, int, int]:
    if len(text) > SVG_BYTES:
        raise BadPicture(f"the drawing has more than {SVG_BYTES // 2**20} MiB of text")
    if not text.lstrip().startswith("<"):
        text = _decoded(text).decode("utf-8", errors="replace")
    try:
        made, width, height = safe_svg(text)
    except BadDrawing as error:
        raise BadPicture(str(error)) from error
    return made.encode(), ".svg", width, height


def _photo(content: bytes) -> tuple[bytes, str, int, int]:
    kind, width, height = _header(content)
    if not width or not height:
        raise BadPicture("it is empty or cut short")
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        raise BadPicture(f"it has {width:,} x {height:,} pixels, and {MAX_PIXELS:,} are the most; save a smaller one")
    try:
        from PIL import Image
    except ImportError:  # what cannot be decoded is found when the PDF is tried
        if kind == "gif":
            raise BadPicture("a GIF needs Pillow: pip install pillow") from None
        return content, f".{kind}", width, height
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(content), formats=[kind.upper()]) as image:
                return _for_paper(image, content, kind)
        except Exception as error:  # decoders raise whatever comes to them, and the picture is bad
            raise BadPicture(f"it cannot be decoded ({type(error).__name__})") from error


def _for_paper(image: object, content: bytes, kind: str) -> tuple[bytes, str, int, int]:
    """Return a decoded picture: as it was where that is fine, else scaled and saved again."""
    width, height = image.size
    image.load()
    scale = min(1.0, WIDE / width, 2 * WIDE / height)
    if kind == "jpeg" and scale == 1.0 and image.mode in ("L", "RGB"):
        return content, ".jpeg", width, height
    if image.mode not in ("1", "L", "LA", "RGB", "RGBA"):
        image = image.convert("RGBA" if "transparency" in image.info or image.mode in ("PA", "La", "RGBa") else "RGB")
    if scale < 1.0:
        image = image.convert("L" if image.mode == "1" else image.mode)
        image = image.resize((max(1, round(width * scale)), max(1, round(height * scale))))
    made = io.BytesIO()
    if kind == "jpeg":
        image.convert("RGB").save(made, "JPEG", quality=88)
        return made.getvalue(), ".jpeg", width, height
    image.save(made, "PNG")
    # Saved again, so that nothing but pixels is left: no profile, no text, no data after the end.
    return made.getvalue(), ".png", width, height


def _header(content: bytes) -> tuple[str, int, int]:
    """Return kind, width and height of a picture, as its header says."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png", *(
            struct.unpack(">II", content[16:24]) if content[12:16] == b"IHDR" and len(content) > 33 else (0, 0)
        )
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "gif", *(struct.unpack("<HH", content[6:10]) if len(content) > 13 else (0, 0))
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg", *_jpeg_size(content)
    raise BadPicture("it is no PNG, JPEG, GIF or SVG")


def _jpeg_size(content: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        if content[at + 1] in _JPEG_SIZES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big") if content[at + 1] != 0xFF else 1
    return 0, 0
