"""Real data sets are fetched whole or not at all, over any connection, and then read by the same loader."""

import hashlib
import http.server
import importlib.util
import io
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from local_student import ROOT
from test_given_files import COCO, given

pytest.importorskip("pooch", reason="pooch is not installed")

SOURCE = ROOT / "source/assignment3"
NAME = "coco_captioning"
PIECE = 1 << 16  # in such pieces a file is written
LOOPBACK = "127.0.0.1"

_spec = importlib.util.spec_from_file_location("download_of_a3", SOURCE / "a3/download.py")
download = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(download)


class Server:
    """An HTTP server whose manners a test chooses; it keeps what it was asked."""

    def __init__(self):
        self.content = b""
        self.version = '"1"'
        self.status = 200
        self.ranges = True
        self.breaks = []  # after so many bytes of an answer, once each
        self.asked = []
        self.sent = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.address = f"http://{LOOPBACK}:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, handler):
        """Answer one request."""
        wanted = handler.headers.get("Range", "")
        self.asked.append((handler.path, wanted))
        if self.status != 200:
            handler.send_error(self.status)
            return
        start = 0
        if wanted and self.ranges and handler.headers.get("If-Range", self.version) == self.version:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        if start >= len(self.content) > 0:
            handler.send_error(416)
            return
        body = self.content[start:]
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("ETag", self.version)
        handler.end_headers()
        body = body[: self.breaks.pop(0)] if self.breaks else body
        handler.wfile.write(body)
        self.sent += len(body)
        handler.close_connection = True


@pytest.fixture
def server():
    """Serve on this machine until the test ends."""
    made = Server()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No pauses, and no settings or proxies of whoever runs the tests."""
    monkeypatch.setattr(download, "PAUSE_S", 0.0)
    for name in ("A3_DATA", "A3_MIRROR", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def place(tmp_path, server):
    """A student's folder whose registry knows one small data set on the server."""
    (tmp_path / "datasets").mkdir()
    write_registry(tmp_path, server)
    server.content = archive({"a.txt": b"a" * 10, "b.bin": os.urandom(300_000)})
    return tmp_path


def write_registry(place, server, **changes):
    """Write the registry of a student's folder."""
    entry = {"title": "Letters", "url": f"{server.address}/letters.zip", "sha256": None, "bytes": None,
             "unpacked_bytes_at_most": 1_000_000, "licence": "ours", "files": ["a.txt"]}  # fmt: skip
    (place / "datasets/registry.json").write_text(json.dumps({"datasets": {"letters": entry | changes}}))


def archive(files, folder="letters/"):
    """Return a zip of these files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name, content in files.items():
            made.writestr(name if isinstance(name, zipfile.ZipInfo) else f"{folder}{name}", content)
    return packed.getvalue()


def fetch(place, **arguments):
    """Fetch the small data set."""
    return download.fetch("letters", progress=False, start=place, **arguments)


def refusal(place, **arguments):
    """Return why the small data set cannot be fetched; nothing of it is there."""
    with pytest.raises(download.DownloadError) as caught:
        fetch(place, **arguments)
    assert not (place / "datasets/letters").exists()
    assert not (place / "datasets/registry.lock.json").exists()
    return str(caught.value)


def test_the_loader_reads_what_was_fetched_after_one_setting(tmp_path, server, monkeypatch):
    """In a student's folder, one command fetches the captions; A3_DATA, as it is printed, is all that is to be set."""
    mini = given("mini_coco").make_mini_coco(tmp_path / "mini", num_train=3, num_val=2)
    files = {path.relative_to(mini).as_posix(): path.read_bytes() for path in mini.rglob("*") if path.is_file()}
    server.content = archive(files, f"{NAME}/")
    done = shell(make_students_folder(tmp_path / "student"), "--mirror", f"{server.address}/copies/", "--quiet")
    assert done.returncode == 0, done.stderr
    data = (tmp_path / "student/datasets").resolve()
    assert done.stdout.splitlines()[-1].strip() == f"%env A3_DATA={data}"
    assert server.asked == [("/copies/coco_captioning.zip", "")]

    monkeypatch.setenv("A3_DATA", str(data))
    loaded = COCO.load_coco_data(COCO.data_dir())
    assert loaded["train_features"].shape == (3, 512)
    assert loaded["train_captions"].shape[1] == 17


def make_students_folder(folder):
    """Copy into a folder what a student has of this."""
    shutil.copytree(ROOT / "datasets", folder / "datasets", ignore=shutil.ignore_patterns(NAME, "mini_coco"))
    (folder / "a3").mkdir()
    for name in ("__init__.py", "download.py"):
        shutil.copy(SOURCE / "a3" / name, folder / "a3")
    return folder


def shell(folder, *arguments, script="datasets/get_coco_captioning.sh", **environment):
    """Run the script from elsewhere; return the finished process."""
    own = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run(
        ["sh", str(folder / script), *arguments],
        cwd=folder.parent, env=own | environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_script_finds_the_package_in_the_course_too(tmp_path):
    """The course keeps a3 in an assignment's folder; a folder with blanks in its name changes nothing."""
    folder = make_students_folder(tmp_path / "my course")
    (folder / "source/assignment3").mkdir(parents=True)
    shutil.move(folder / "a3", folder / "source/assignment3/a3")
    done = shell(folder, "--list")
    assert done.returncode == 0, done.stderr
    assert "COCO 2014 captions" in done.stdout


def test_the_script_says_what_it_lacks(tmp_path):
    """Without the package, without Python, and without pooch, the message names what is missing."""
    folder = make_students_folder(tmp_path / "student")
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "dirname"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    done = shell(folder, PATH=str(tmp_path / "bin"))
    assert (done.returncode, "Python was not found" in done.stderr) == (1, True)

    (folder / "hidden").mkdir()
    (folder / "hidden/pooch.py").write_text("raise ImportError")
    done = shell(folder, PYTHONPATH=str(folder / "hidden"))
    assert (done.returncode, "requirements-notebooks.txt" in done.stderr) == (1, True)

    shutil.rmtree(folder / "a3")
    done = shell(folder)
    assert (done.returncode, "expected the folder a3" in done.stderr) == (1, True)


def test_what_is_there_is_not_fetched_again(place, server):
    """A second call asks nobody, and takes nothing away; --again asks."""
    target = fetch(place)
    (target / "notes.txt").write_text("mine")
    assert fetch(place) == target
    assert len(server.asked) == 1
    fetch(place, again=True)
    assert len(server.asked) == 2
    assert sorted(path.name for path in target.iterdir()) == ["a.txt", "b.bin", "notes.txt"]
    assert sorted(path.name for path in (place / "datasets").iterdir()) == [
        "letters", "registry.json", "registry.lock.json"
    ]  # fmt: skip


def test_a_broken_connection_is_taken_up_where_it_broke(place, server):
    """The rest is asked for, not the whole; every byte is sent once."""
    server.breaks = [PIECE, 2 * PIECE]
    target = fetch(place)
    assert [asked for _, asked in server.asked] == ["", f"bytes={PIECE}-", f"bytes={3 * PIECE}-"]
    assert server.sent == len(server.content)
    assert (target / "b.bin").stat().st_size == 300_000


def test_a_later_run_goes_on_too(place, server):
    """What came is kept when a run gives up, the message says how much, and the next run asks for the rest."""
    server.breaks = [PIECE, 0, 0, 0]
    message = refusal(place)
    assert "the connection ended early; 0.1 MB are kept" in message
    assert "it goes on where it stopped" in message
    server.breaks = []
    fetch(place)
    assert server.asked[-1] == ("/letters.zip", f"bytes={PIECE}-")


def test_a_server_that_knows_no_parts_sends_the_whole(place, server):
    """Then what was kept is replaced, not added to."""
    server.ranges = False
    server.breaks = [100_000]
    target = fetch(place)
    assert (target / "b.bin").stat().st_size == 300_000


@pytest.mark.parametrize(("length", "version"), [(300_000, '"2"'), (50_000, '"2"'), (50_000, '"1"')])
def test_parts_of_two_versions_are_never_mixed(place, server, length, version):
    """Where the file changed meanwhile, longer or shorter than what is kept, it is fetched from its beginning."""
    server.breaks = [100_000, 0, 0]
    refusal(place)
    server.breaks = []
    server.content, server.version = archive({"a.txt": b"new", "b.bin": os.urandom(length)}), version
    target = fetch(place)
    assert (target / "a.txt").read_bytes() == b"new"


def test_another_checksum_is_refused(place, server):
    """What does not have the registry's sum is thrown away; what has it is taken."""
    write_registry(place, server, sha256="0" * 64)
    assert "the checksum is not that of the registry" in refusal(place)
    assert not list((place / "datasets").rglob("*.zip"))
    write_registry(place, server, sha256=hashlib.sha256(server.content).hexdigest())
    assert fetch(place).is_dir()


def test_the_first_download_pins_the_next_ones(place, server):
    """Its sum is recorded; another archive, from a mirror too, is refused, and what was there stays."""
    target = fetch(place)
    lock = json.loads((place / "datasets/registry.lock.json").read_text())
    assert lock["letters"] == {"sha256": hashlib.sha256(server.content).hexdigest(), "bytes": len(server.content)}
    first = (target / "b.bin").read_bytes()
    server.content = archive({"a.txt": b"b", "b.bin": b"b"})
    with pytest.raises(download.DownloadError, match=r"not that of the first download, in registry\.lock\.json"):
        fetch(place, again=True, mirror=f"{server.address}/mirror")
    assert (target / "b.bin").read_bytes() == first


def test_a_mirror_is_asked_first_and_then_the_origin(place, server, monkeypatch):
    """A3_MIRROR names it; where it lacks the archive, or is gone, the registry's own address is asked."""
    monkeypatch.setenv("A3_MIRROR", closed_port())
    fetch(place)
    assert [path for path, _ in server.asked] == ["/letters.zip"]


def closed_port():
    """Return an address at which nobody answers."""
    with socket.socket() as found:
        found.bind((LOOPBACK, 0))
        return f"http://{LOOPBACK}:{found.getsockname()[1]}"


def test_offline_it_says_what_was_tried_and_what_to_do(place, server):
    """Each address with its reason, the command, the mirror, and that the notebooks work without."""
    nobody = closed_port()
    write_registry(place, server, url=f"{nobody}/letters.zip")
    message = refusal(place, mirror=f"{nobody}/mirror")
    assert message == (
        "letters could not be fetched. Tried:\n"
        f"  {nobody}/mirror/letters.zip: the connection was refused\n"
        f"  {nobody}/letters.zip: the connection was refused\n"
        "What to do: see that this machine is on the network, and run the same command again; it goes on where it "
        "stopped.\n"
        "If your course keeps a copy, name its address: --mirror ADDRESS, or A3_MIRROR=ADDRESS.\n"
        "The notebooks work without it: leave A3_DATA unset, and they use the small data set that they draw themselves."
    )


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({}, 404, "the server refuses (404 Not Found)"),
        ({}, 503, "the server is busy or down (503 Service Unavailable)"),
        ({"bytes": 1000}, 200, "the file is larger than expected"),
        ({"bytes": 10_000_000}, 200, "10000000 were expected"),
        ({"url": "ftp:/letters.zip"}, 200, "that is no address that begins with http: or https:"),
    ],
)
def test_what_a_server_says_is_in_the_message(place, server, changes, status, said):
    """A refusal, an overload and a wrong size are told apart."""
    write_registry(place, server, **changes)
    server.status = status
    assert said in refusal(place)


def test_a_page_in_place_of_the_archive_is_refused(place, server):
    """As networks send that want a log-in first; it is not recorded as the first download."""
    server.content = b"<html>Please log in</html>"
    assert "no zip archive; a page to log in" in refusal(place)


def link(name):
    """Return the entry of a symbolic link in a zip."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.txt": b"", "../../../escaped": b""}, "no name within it"),
        ({zipfile.ZipInfo("/escaped"): b"", "a.txt": b""}, "no name within it"),
        ({zipfile.ZipInfo("C:/escaped"): b"", "a.txt": b""}, "no name within it"),
        ({zipfile.ZipInfo("letters\\..\\..\\..\\escaped"): b"", "a.txt": b""}, "no name within it"),
        ({link("letters/a.txt"): b"/etc/passwd"}, "holds the link"),
        ({"a.txt": b"", "large": bytes(1_000_001)}, "more than 10000 files or 0.0 GB"),
        ({"other.txt": b""}, "lacks a.txt"),
    ],
)
def test_an_archive_that_means_harm_is_not_unpacked(place, server, files, said):
    """Nothing is written outside of the data set's folder, no link is made, and no flood is let in."""
    before = {path for path in place.rglob("*") if path.suffix != ".zip"}
    server.content = archive(files)
    assert said in refusal(place)
    left = {path for path in place.rglob("*") if path.suffix != ".zip"} - before
    assert left <= {place / "datasets/.cache"}
    assert not list(place.parent.rglob("escaped"))


def test_an_archive_that_lies_about_its_size_is_not_unpacked(place, server):
    """What comes out is counted, whatever was announced."""
    packed = bytearray(archive({"a.txt": bytes(2_000_000)}))
    real, claimed = (2_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    server.content = bytes(packed.replace(real, claimed))
    message = refusal(place)
    assert "damaged" in message or "more than it says" in message


def test_a_damaged_archive_is_thrown_away(place, server):
    """A wrong byte is found by the archive's own sums; the next run fetches it anew."""
    good = server.content
    server.content = good[:1_000] + bytes([good[1_000] ^ 1]) + good[1_001:]
    assert "is damaged" in refusal(place)
    server.content = good
    assert fetch(place).is_dir()


def test_an_unknown_name_and_a_broken_registry_are_sentences(place, capsys):
    """The list of names is given; a file that cannot be read is named."""
    with pytest.raises(download.DownloadError, match="'words' is not in the list of data sets, which has letters"):
        download.fetch("words", start=place)
    (place / "datasets/registry.json").write_text("{")
    with pytest.raises(download.DownloadError, match=r"registry\.json cannot be read"):
        fetch(place)
    assert download.main(["words"]) == 1
    assert "which has coco_captioning" in capsys.readouterr().err


def test_the_registry_is_in_order():
    """Each entry has an address, a licence, what the loader reads, and a checksum or an honest null."""
    home, entries = download.read_registry()
    assert home == ROOT / "datasets"
    for entry in entries.values():
        assert entry["url"].startswith(("http://", "https://"))
        assert entry["url"].endswith(".zip")
        assert entry["licence"]
        assert entry["sha256"] is None or len(bytes.fromhex(entry["sha256"])) == 32
    with pytest.raises(FileNotFoundError) as caught:
        COCO.load_coco_data(ROOT / "nowhere")
    read = str(caught.value).partition(": looked for")[0].split(", ")
    assert sorted(entries[NAME]["files"]) == sorted(read)
