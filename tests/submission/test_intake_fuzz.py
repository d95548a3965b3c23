"""Archives that are cut or changed: one kind of error or an unpacking within limits, and nothing written elsewhere."""

from __future__ import annotations

import io
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.errors import IntakeError
from autograder.submission import IntakeLimits, unpack

LIMITS = IntakeLimits(
    archive_bytes=100_000, unpacked_bytes=300_000, kept_bytes=50_000, entries=100, files=50, deadline_s=20.0
)
FILES = {"a3/rnn_layers.py": b"x = 1\n" * 50, "a3/é.py": b"y", "../up.py": b"z", "a3/" + "l" * 120 + ".py": b"long"}


def sample_zip():
    """A zip with a folder, a comment, and names of all sorts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a3/", b"")
        for name, data in FILES.items():
            archive.writestr(name, data)
        archive.comment = b"comment"
    return buffer.getvalue()


def sample_tar(mode, form):
    """A tar with files, a link and extended headers."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=form) as archive:
        for name, data in FILES.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            if form == tarfile.PAX_FORMAT:
                info.pax_headers = {"comment": "x" * 100}
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("a3/link.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return buffer.getvalue()


SAMPLES = {
    "zip": sample_zip(),
    "pax": sample_tar("w", tarfile.PAX_FORMAT),
    "gnu": sample_tar("w", tarfile.GNU_FORMAT),
    "gz": sample_tar("w:gz", tarfile.PAX_FORMAT),
    "bz2": sample_tar("w:bz2", tarfile.GNU_FORMAT),
    "xz": sample_tar("w:xz", tarfile.GNU_FORMAT),
}


def listing(folder):
    """Names in a folder."""
    return sorted(path.name for path in folder.iterdir())


def check(data):
    """Unpack the bytes: an IntakeError or files within limits, and a canary that nobody touched."""
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / "canary").mkdir()
        (folder / "s").write_bytes(data)
        said = unpack_or_refuse(folder)
        assert str(folder) not in said
        assert said.replace("\n", "").isprintable()
        assert listing(folder) == ["canary", "s"]
        assert listing(folder / "canary") == ["into"]
        assert not any(path.is_symlink() for path in (folder / "canary").rglob("*"))
    finally:
        shutil.rmtree(folder)


def unpack_or_refuse(folder):
    """Unpack within limits, or return what the student is told; any other error passes."""
    try:
        intake = unpack(folder / "s", folder / "canary" / "into", LIMITS)
    except IntakeError as error:
        return error.student
    assert len(intake.files) <= LIMITS.files
    assert sum((intake.root / name).lstat().st_size for name in intake.files) <= LIMITS.kept_bytes
    assert all((intake.root / name).is_file() for name in intake.files)
    return "\n".join(f"{each.path} {each.reason}" for each in intake.left_out)


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_samples_are_good(kind, tmp_path):
    """Untouched, each one unpacks to its files."""
    (tmp_path / "s").write_bytes(SAMPLES[kind])
    assert unpack(tmp_path / "s", tmp_path / "into", LIMITS).files == tuple(sorted(FILES.keys() - {"../up.py"}))


@pytest.mark.parametrize("kind", SAMPLES)
def test_cut_anywhere(kind):
    """Every prefix, in steps, of each sample."""
    data = SAMPLES[kind]
    for end in range(0, len(data), max(1, len(data) // 150)):
        check(data[:end])


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(sorted(SAMPLES)),
    edits=st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6),
)
def test_changed_anywhere(kind, edits):
    """A few runs of bytes written over each sample."""
    data = bytearray(SAMPLES[kind])
    for place, piece in edits:
        at = int(place * len(data))
        data[at : at + len(piece)] = piece
    check(bytes(data))


FIELDS = [(0, 100), (100, 8), (124, 12), (136, 12), (156, 1), (157, 100), (257, 8), (329, 8), (345, 155)]  # at, size
ABSURD = [
    b"\xff" * 12,
    b"\x80\0\0\0" + b"\xff" * 8,
    b"77777777777\0",
    b"-0000000001\0",
    *(bytes([kind]) for kind in b"gxLKS15Z"),
]


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["pax", "gnu"]),
    header=st.integers(0, 9),
    field=st.sampled_from(FIELDS),
    value=st.one_of(st.binary(min_size=1, max_size=12), st.sampled_from(ABSURD)),
)
def test_tar_headers_with_valid_sums_and_absurd_fields(kind, header, field, value):
    """A header's field is overwritten and its checksum made good, so that the parser believes it."""
    data = bytearray(SAMPLES[kind])
    start, (at, size) = header * 512, field
    value = value[:size]
    data[start + at : start + at + len(value)] = value
    data[start + 148 : start + 156] = b" " * 8
    data[start + 148 : start + 156] = b"%06o\0 " % sum(data[start : start + 512])
    check(bytes(data))


@settings(max_examples=100, deadline=None)
@given(
    data=st.binary(max_size=2000),
    magic=st.sampled_from([b"", b"PK\3\4", b"PK\5\6", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0"]),
)
def test_garbage(data, magic):
    """Random bytes, with and without a promising start."""
    check(magic + data)


def raw_header(name, size, kind):
    """A tar header as bytes, with a size that nobody checks."""
    info = tarfile.TarInfo(name)
    info.type = kind
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    "data",
    [
        raw_header("././@LongLink", 2**40, b"L") + b"x" * 1024,
        raw_header("pax", 2**40, b"x") + b"x" * 1024,
        raw_header("pax", 512, b"x") + b"30 mtime=" + b"9" * 503,
        raw_header("pax", 512, b"x") + b"20 size=-1000000000\n".ljust(512, b"\0") + raw_header("a", 0, b"0"),
        (raw_header("pax", 20, b"x") + b"20 comment=aaaaaaaa\n".ljust(512, b"\0")) * 90,
        raw_header("a", 2**60, b"0"),
        raw_header("a", -(2**20), b"0") + b"\0" * 1024,
        raw_header("a", 2**40, b"S") + b"\0" * 1024,
    ],
)
def test_known_attacks_on_tar_parsers(data):
    """Announced gigabytes, negative sizes that turn a parser in circles, chains of extended headers."""
    check(data)


def test_long_names_without_end_are_refused(tmp_path):
    """Names stay in memory, so their sum has a limit."""
    data = b"".join(
        raw_header("././@LongLink", 60_001, b"L") + b"n" * 60_000 + b"\0" * 416 + raw_header("x", 0, b"0")
        for _ in range(5)
    )
    (tmp_path / "s").write_bytes(data)
    with pytest.raises(IntakeError) as caught:
        unpack(tmp_path / "s", tmp_path / "into", IntakeLimits(names_bytes=200_000))
    assert "names and headers above" in caught.value.staff


def test_a_zips_directory_that_announces_too_much_is_refused(tmp_path):
    """A directory larger than its limit is not read at all."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(2000):
            archive.writestr(f".git/{number:0100}", b"")
    (tmp_path / "s").write_bytes(buffer.getvalue())
    with pytest.raises(IntakeError) as caught:
        unpack(tmp_path / "s", tmp_path / "into", IntakeLimits(directory_bytes=100_000))
    assert "headers is too large" in caught.value.student
