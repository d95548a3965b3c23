"""Unpacking: what a hand-in becomes, what is left out, and that nothing is ever written elsewhere."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import shutil
import stat
import tarfile
import time
import zipfile

import pytest

from autograder.errors import ConfigError, IntakeError, OurFault
from autograder.submission import IntakeLimits, unpack

GOOD = {
    "assignment3/a3/rnn_layers.py": b"def f():\n    return 1\n",
    "assignment3/a3/classifiers/rnn.py": b"x = 2\n",
    "assignment3/RNN_Captioning.ipynb": b"{}",
}
SMALL = IntakeLimits(
    archive_bytes=200_000,
    unpacked_bytes=500_000,
    kept_bytes=100_000,
    file_bytes=50_000,
    data_bytes=10_000,
    ratio=20,
    ratio_from_bytes=1_000,
    entries=200,
    files=50,
    deadline_s=20.0,
)


def make_zip(path, files, *, method=zipfile.ZIP_DEFLATED):
    """A zip of those files."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def make_tar(path, files, mode="w", members=()):
    """A tar of those files and members."""
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for member in members:
            archive.addfile(member)
    return path


def make_folder(path, files):
    """A folder of those files."""
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


MAKERS = {
    "folder": lambda tmp, files: make_folder(tmp / "sub", files),
    "zip": lambda tmp, files: make_zip(tmp / "s.zip", files),
    "tar": lambda tmp, files: make_tar(tmp / "s.tar", files),
    "gz": lambda tmp, files: make_tar(tmp / "s.tar.gz", files, "w:gz"),
    "bz2": lambda tmp, files: make_tar(tmp / "s.tar.bz2", files, "w:bz2"),
    "xz": lambda tmp, files: make_tar(tmp / "s.tar.xz", files, "w:xz"),
}


def listing(folder):
    """Names in a folder."""
    return sorted(path.name for path in folder.iterdir())


def why(intake):
    """Reasons by name."""
    return {each.path: each.reason for each in intake.left_out}


@pytest.mark.parametrize("kind", MAKERS)
def test_every_kind_of_hand_in_becomes_the_same_files(kind, tmp_path):
    """Names, bytes and digest do not depend on the wrapping; the top folder stays; nothing is executable."""
    expected = unpack(make_folder(tmp_path / "x", GOOD), tmp_path / "expected")
    intake = unpack(MAKERS[kind](tmp_path, GOOD), tmp_path / "into")
    assert intake.files == tuple(sorted(GOOD))
    assert {name: (intake.root / name).read_bytes() for name in intake.files} == GOOD
    assert intake.digest == expected.digest
    assert intake.left_out == ()
    for name in intake.files:
        assert stat.S_IMODE((intake.root / name).stat().st_mode) == 0o644


def test_the_digest_is_of_names_and_content(tmp_path):
    """Another byte or another name is another digest; what is left out changes nothing."""
    digests = [
        unpack(make_zip(tmp_path / f"{n}.zip", files), tmp_path / str(n)).digest
        for n, files in enumerate([{"a.py": b"1"}, {"a.py": b"2"}, {"b.py": b"1"}, {"a.py": b"1", "x.pyc": b"1"}])
    ]
    assert digests[0] == digests[3]
    assert len(set(digests)) == 3


@pytest.mark.parametrize("kind", MAKERS)
def test_what_must_not_be_there_is_left_out_and_named(kind, tmp_path):
    """What runs or is read by being there, what is compiled, what stands in a library's way, debris."""
    bad = {
        "a3/__pycache__/rnn_layers.cpython-311.pyc": "compiled",
        "a3/old.pyc": "compiled",
        "a3/im2col.cpython-311-x86_64-linux-gnu.so": "compiled",
        "a3/lib.so.1": "compiled",
        "a3/x.pyd": "compiled",
        "a3/evil.pth": "by itself",
        "sitecustomize.py": "by itself",
        "a3/usercustomize.py": "by itself",
        "a3/conftest.py": "pytest",
        "pytest.ini": "pytest",
        "numpy.py": "library numpy",
        "torch/__init__.py": "library torch",
        "__MACOSX/._a": "macOS",
        "a3/.DS_Store": "macOS",
        "a3/._rnn_layers.py": "macOS",
        ".ipynb_checkpoints/x.ipynb": "checkpoints",
        ".git/config": "version control",
        ".venv/lib/x.py": "virtual environment",
        "env/pyvenv.cfg": "virtual environment",
        "env/lib/y.py": "virtual environment",
        "node_modules/a/b.js": "installed",
        "data/features.h5": "data above",
    }
    files = {name: os.urandom(20_000) if name.endswith(".h5") else b"x" for name in bad} | {"a3/rnn_layers.py": b"1"}
    intake = unpack(MAKERS[kind](tmp_path, files), tmp_path / "into", SMALL)
    assert intake.files == ("a3/rnn_layers.py",)
    reasons = why(intake)
    for name, part in bad.items():
        assert part in next(reason for path, reason in reasons.items() if name == path or name.startswith(path)), name


def test_a_library_name_within_a_package_is_no_shadow(tmp_path):
    """Only what can be imported by its bare name is in the way: at the top, or one plain folder down."""
    files = {"a3/__init__.py": b"", "a3/types.py": b"1", "deep/er/random.py": b"1", "hw/random.py": b"1"}
    intake = unpack(make_zip(tmp_path / "s.zip", files), tmp_path / "into")
    assert intake.files == ("a3/__init__.py", "a3/types.py", "deep/er/random.py")


HOSTILE_NAMES = [
    "../canary/evil.py",
    "a3/../../canary/evil.py",
    "/tmp/evil.py",
    "//evil.py",
    "C:/evil.py",
    "a3/\x1b[31mred.py",
    "a3/two\nlines.py",
    "a3/\u202egnp.py",
    "a3/" + "x" * 300 + ".py",
    "a/" * 30 + "x.py",
    "a" * 2000,
    "..",
    "a3/x\x85.py",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_absurd_names_are_left_out_and_shown_safely(make, name, tmp_path):
    """No name leads out of the folder, and no name forges a line when it is shown."""
    (tmp_path / "canary").mkdir()
    intake = unpack(make(tmp_path / "s", {name: b"evil", "a3/ok.py": b"1"}), tmp_path / "into")
    assert intake.files == ("a3/ok.py",)
    assert len(intake.left_out) == 1
    shown = intake.left_out[0].path
    assert shown.isprintable()
    assert len(shown) <= 200
    assert listing(tmp_path / "canary") == []
    assert listing(tmp_path) == ["canary", "into", "s"]


def test_a_nul_in_a_zips_name_is_seen(tmp_path):
    """Parsers cut names at a NUL; the whole name is judged."""
    path = make_zip(tmp_path / "s.zip", {"a3/ok.pyX.txt": b"1", "a3/fine.py": b"1"})
    path.write_bytes(path.read_bytes().replace(b"ok.pyX", b"ok.py\0"))
    intake = unpack(path, tmp_path / "into")
    assert intake.files == ("a3/fine.py",)
    assert "control characters" in intake.left_out[0].reason


def test_windows_separators_in_a_zip_are_understood(tmp_path):
    """Some programs write backslashes; they separate, and lead out no more than slashes do."""
    path = make_zip(tmp_path / "s.zip", {"a3|x.py": b"1", "..|..|evil.py": b"1"})
    path.write_bytes(path.read_bytes().replace(b"|", b"\\"))
    intake = unpack(path, tmp_path / "into")
    assert intake.files == ("a3/x.py",)


def special(name, kind, target=""):
    """A tar member that is no file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_links_and_devices_in_a_tar_are_left_out_and_named(tmp_path):
    """A link to a folder outside, and a file written through it, end up nowhere."""
    (tmp_path / "canary").mkdir()
    members = [
        special("link", tarfile.SYMTYPE, str(tmp_path / "canary")),
        special("hard", tarfile.LNKTYPE, "/etc/passwd"),
        special("dev", tarfile.CHRTYPE),
        special("fifo", tarfile.FIFOTYPE),
        special("odd", b"Z"),
    ]
    with tarfile.open(tmp_path / "s.tar", "w") as archive:
        for member in members:
            archive.addfile(member)
        for name in ("link/evil.py", "a3/ok.py"):
            info = tarfile.TarInfo(name)
            info.size = 1
            archive.addfile(info, io.BytesIO(b"1"))
    intake = unpack(tmp_path / "s.tar", tmp_path / "into")
    assert intake.files == ("a3/ok.py", "link/evil.py")
    assert not (tmp_path / "into" / "link").is_symlink()
    assert listing(tmp_path / "canary") == []
    reasons = why(intake)
    assert reasons["link"] == "a symbolic link"
    assert reasons["hard"] == "a hard link"
    assert {reasons["dev"], reasons["fifo"], reasons["odd"]} == {"a device"}


def test_links_and_devices_in_a_zip_are_left_out_and_named(tmp_path):
    """What a zip marks as a link or a device in its attributes."""
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        for name, mode in (("link", stat.S_IFLNK | 0o777), ("dev", stat.S_IFCHR | 0o666)):
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, "/etc/passwd")
        archive.writestr("ok.py", "1")
    intake = unpack(tmp_path / "s.zip", tmp_path / "into")
    assert intake.files == ("ok.py",)
    assert why(intake) == {"link": "a symbolic link", "dev": "a device"}


def test_links_and_devices_in_a_folder_are_left_out_and_named(tmp_path):
    """Links to files, to folders and to nowhere, pipes: none is followed, none is waited for."""
    (tmp_path / "canary").mkdir()
    (tmp_path / "canary" / "secret.py").write_text("secret")
    folder = make_folder(tmp_path / "sub", {"a3/ok.py": b"1"})
    (folder / "file.py").symlink_to(tmp_path / "canary" / "secret.py")
    (folder / "folder").symlink_to(tmp_path / "canary")
    (folder / "a3" / "nowhere").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.py")
    intake = unpack(folder, tmp_path / "into")
    assert intake.files == ("a3/ok.py",)
    assert set(why(intake)) == {"file.py", "folder", "a3/nowhere", "pipe.py"}


def test_names_that_are_not_utf8(tmp_path):
    """They are left out, and shown as bytes."""
    folder = make_folder(tmp_path / "sub", {"a3/ok.py": b"1"})
    (folder / "b\udcff.py").write_bytes(b"1")
    make_tar(tmp_path / "s.tar", {"ok.py": b"1", "b\udcff.py": b"1"})
    assert why(unpack(folder, tmp_path / "1")) == {"b\\xff.py": "a name that is not UTF-8"}
    assert why(unpack(tmp_path / "s.tar", tmp_path / "2")) == {"b\\xff.py": "a name that is not UTF-8"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_files_with_one_name_the_later_counts(tmp_path):
    """As with every unpacker; the other one is named."""
    for name, opener in (("s.zip", make_zip), ("s.tar", make_tar)):
        opener(tmp_path / name, {"a.py": b"old", "./a.py": b"new"})
        intake = unpack(tmp_path / name, tmp_path / f"into-{name}")
        assert (intake.root / "a.py").read_bytes() == b"new"
        assert why(intake) == {"a.py (earlier)": "a later file has the same name"}


def test_names_that_differ_by_case_and_files_that_are_folders(tmp_path):
    """One of each is used, the other named: some systems could not hold both."""
    files = {"a3/Rnn_Layers.py": b"1", "a3/rnn_layers.py": b"2", "x": b"file", "x/y.py": b"3"}
    intake = unpack(make_zip(tmp_path / "s.zip", files), tmp_path / "into")
    assert intake.files == ("a3/rnn_layers.py", "x/y.py")
    assert set(why(intake)) == {"a3/Rnn_Layers.py", "x"}


def encrypted(path):
    """A zip whose members say that they are encrypted."""
    make_zip(path, {"a.py": b"1"})
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    return path


def refuse(path, tmp_path, limits=SMALL):
    """The error of a hand-in that is refused, both texts."""
    with pytest.raises(IntakeError) as caught:
        unpack(path, tmp_path / "into", limits)
    assert str(tmp_path) not in caught.value.student
    return caught.value


def test_an_encrypted_zip_is_refused_with_a_reason(tmp_path):
    """The student reads what to do."""
    assert "password" in refuse(encrypted(tmp_path / "s.zip"), tmp_path).student


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"hello", "no archive"),
        (b"Rar!\x1a\x07\x01\x00", "RAR"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\3\4 cut", "damaged"),
        (gzip.compress(b"x" * 1000, mtime=0), "holds no archive"),
        (gzip.compress(b"x", mtime=0)[:-4], "damaged"),
        (bz2.compress(b"x" * 1000)[:-4], "damaged"),
        (lzma.compress(b"x" * 1000)[:-4], "damaged"),
        (lzma.compress(b"x", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]), "damaged"),
        (b"x" * 200_001, "larger than"),
    ],
)
def test_what_is_no_archive_is_refused_with_a_reason(data, said, tmp_path):
    """Never another error than IntakeError, and a text that says what is wrong."""
    (tmp_path / "s").write_bytes(data)
    assert said in refuse(tmp_path / "s", tmp_path).student


def test_a_missing_hand_in_and_one_with_nothing_in_it(tmp_path):
    """No file, an empty folder, and an archive of debris only."""
    assert "no hand-in" in refuse(tmp_path / "nothing", tmp_path).student
    (tmp_path / "empty").mkdir()
    assert "no file that can be graded" in refuse(tmp_path / "empty", tmp_path).student
    debris = make_zip(tmp_path / "s.zip", {"__MACOSX/x": b"1"})
    assert "__MACOSX/: made by macOS" in refuse(debris, tmp_path).student


def test_bombs_by_ratio_are_left_out_by_their_claim(tmp_path):
    """One dense file among honest ones: it is not even opened, the rest is kept."""
    path = make_zip(tmp_path / "s.zip", {"bomb.py": b"0" * 49_000, "ok.py": b"1"})
    intake = unpack(path, tmp_path / "into", SMALL)
    assert intake.files == ("ok.py",)
    assert why(intake) == {"bomb.py": "packed more than 20 to 1"}


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_bombs_by_what_comes_out_are_refused(mode, tmp_path):
    """A compressed tar is counted while it is decompressed, whatever its members claim."""
    path = make_tar(tmp_path / "s", {"a.bin": b"0" * 600_000, "ok.py": b"1"}, mode)
    assert "more than is allowed" in refuse(path, tmp_path).student


def test_a_zip_that_claims_less_than_it_holds_is_damaged(tmp_path):
    """The claim is believed for nothing: no more than claimed is written, and the sum is wrong."""
    path = make_zip(tmp_path / "s.zip", {"a.py": os.urandom(500)}, method=zipfile.ZIP_STORED)
    data = path.read_bytes().replace((500).to_bytes(4, "little") * 2, (9).to_bytes(4, "little") * 2)
    path.write_bytes(data)
    assert "damaged at a.py" in refuse(path, tmp_path).student


def test_too_much_of_everything_is_refused(tmp_path):
    """Files, entries, and bytes that are kept."""
    many = {f"f{n}.py": b"1" for n in range(60)}
    assert "more than 50 files" in refuse(make_zip(tmp_path / "1", many), tmp_path).student
    more = {f".git/f{n}": b"1" for n in range(201)}
    for make in (make_zip, make_tar):
        assert "lists more than 200" in refuse(make(tmp_path / "2", more), tmp_path, IntakeLimits(entries=200)).student
    shutil.rmtree(tmp_path / "into")
    large = {f"f{n}.py": os.urandom(30_000) for n in range(4)}
    assert "more than is allowed" in refuse(make_zip(tmp_path / "3", large), tmp_path).student


def test_thousands_of_files_of_debris_cost_nothing(tmp_path):
    """An environment is named in one line, and counts for no limit but that of entries."""
    files = {f"venv/lib/f{n}.py": b"1" for n in range(150)} | {"ok.py": b"1"}
    intake = unpack(make_zip(tmp_path / "s.zip", files), tmp_path / "into", SMALL)
    assert why(intake) == {"venv/": "a virtual environment"}


def test_the_list_of_what_is_left_out_has_an_end(tmp_path):
    """The rest is counted."""
    files = {f"f{n:02}.pyc": b"1" for n in range(20)} | {"ok.py": b"1"}
    intake = unpack(make_zip(tmp_path / "s.zip", files), tmp_path / "into", IntakeLimits(listed=5))
    assert len(intake.left_out) == 6
    assert intake.left_out[-1].reason == "and 15 more"


def packed(files):
    """A zip's bytes."""
    buffer = io.BytesIO()
    make_zip(buffer, files)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", MAKERS)
def test_an_archive_that_is_the_only_thing_is_opened(kind, tmp_path):
    """One level deep; debris and PDFs beside it do not matter."""
    outer = {"a3.zip": packed(GOOD), "a3.pdf": b"%PDF", "__MACOSX/._a3.zip": b"1"}
    intake = unpack(MAKERS[kind](tmp_path, outer), tmp_path / "into")
    assert intake.files == tuple(sorted([*GOOD, "a3.pdf"]))


def test_no_archive_is_opened_twice_or_beside_code(tmp_path):
    """A zip in a zip in a zip stays a file, and so does one that lies beside code."""
    twice = {"b.zip": packed({"c.zip": packed({"x.py": b"1"})})}
    assert unpack(make_zip(tmp_path / "1", twice), tmp_path / "o1").files == ("c.zip",)
    beside = {"b.zip": packed({"y.py": b"1"}), "x.py": b"1"}
    assert unpack(make_zip(tmp_path / "2", beside), tmp_path / "o2").files == ("b.zip", "x.py")


def test_a_nested_bomb_is_refused(tmp_path):
    """What is opened one level down is bound by the same limits."""
    inner = packed({f"f{n}.py": os.urandom(30_000) for n in range(4)})
    assert "more than is allowed" in refuse(make_zip(tmp_path / "s", {"in.zip": inner}), tmp_path).student


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_without_a_bound_on_memory_are_left_out(method, tmp_path):
    """Nobody's zip program uses them by default."""
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.writestr("ok.py", "1")
        archive.writestr("odd.py", "1", compress_type=method)
    assert why(unpack(tmp_path / "s.zip", tmp_path / "into")) == {"odd.py": "packed by an unusual method"}


def test_the_target_must_be_an_empty_folder_of_ours(tmp_path):
    """A full folder, a file, a link, and a folder within the hand-in are our own mistakes."""
    source = make_folder(tmp_path / "sub", GOOD)
    make_folder(tmp_path / "full", {"x": b"1"})
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    for into in (tmp_path / "full", tmp_path / "full" / "x", tmp_path / "link", source / "in", tmp_path / "no" / "no"):
        with pytest.raises(ConfigError):
            unpack(source, into)
    assert listing(tmp_path / "elsewhere") == []


def test_a_full_disk_is_no_fault_of_the_submission(tmp_path, monkeypatch):
    """What cannot be written is our failure, not a damaged archive."""

    def full(*_args, **_more):
        raise OSError(28, "No space left on device")

    path = make_zip(tmp_path / "s.zip", GOOD)
    monkeypatch.setattr("autograder.submission.intake.os.mkdir", full)
    with pytest.raises(OurFault, match="No space left"):
        unpack(path, tmp_path / "into")


def test_the_deadline_ends_an_intake(tmp_path):
    """A second of nothing but work is enough to notice."""
    path = make_zip(tmp_path / "s.zip", {f"f{n}.py": b"1" for n in range(3000)})
    start = time.monotonic()
    error = refuse(path, tmp_path, IntakeLimits(deadline_s=1e-3))
    assert "seconds to unpack" in error.student
    assert time.monotonic() - start < 10


def test_a_limit_must_be_above_zero():
    """A limit of 0 would refuse everything."""
    with pytest.raises(ValueError, match=r"limits\.depth must be above 0, got 0"):
        IntakeLimits(depth=0)
