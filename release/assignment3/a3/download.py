"""
The real data sets, fetched from the network.

    registry.json -> address -> archive, whole and checked -> unpacked, bounded -> datasets/coco_captioning

    python -m a3.download coco_captioning                   fetch; the same command again goes on where it stopped
    python -m a3.download coco_captioning --mirror ADDRESS  from another place, as A3_MIRROR=ADDRESS does
    python -m a3.download --list                            what there is

Nothing here is needed to work on the assignment: the notebooks draw a small data set of their own. To use what was
fetched, set A3_DATA to the folder that holds it, before the notebook loads its data; the last line printed says how.

An archive is trusted by its SHA-256. Where the registry has none, the first download is taken as it comes and its sum
is written into registry.lock.json beside the registry; every later download, from a mirror too, must agree with it.
What arrives is written to a file that stays when the connection breaks, and the rest is asked for the next time.
"""

import argparse
import contextlib
import json
import logging
import os
import shutil
import sys
import tempfile
import time
import zipfile
from pathlib import Path, PurePosixPath

__all__ = ["DownloadError", "ResumingDownloader", "fetch", "main", "read_registry"]

TRIES = 3
"""So often in a row a connection may break without having brought much."""

MUCH_BYTES = 1 << 20
"""What makes it worth going on with a connection that breaks."""

PAUSE_S = 1.0
"""Before the next try; doubled each time."""

TIMEOUT_S = (15, 60)
"""Seconds to connect, and seconds without a byte."""

CHUNK_BYTES = 1 << 16
MOST_BYTES = 8 << 30
"""An archive of unknown size that is larger than this is not what was asked for."""

MOST_FILES = 10_000
MINI = "The notebooks work without it: leave A3_DATA unset, and they use the small data set that they draw themselves."


class DownloadError(Exception):
    """A data set could not be had; the message says what was tried and what to do."""


class Broken(Exception):
    """A connection ended early; what came is kept."""


class Refused(Exception):
    """A server answered, and trying again would get the same answer."""


# What there is --------------------------------------------------------------------------------------------------------


def read_registry(start=None):
    """
    Read the list of data sets.

    Args:
        start: Folder to look from, upwards; that of this package unless given.

    Returns:
        folder: The folder named ``datasets`` that holds the list.
        entries: Dict from a data set's name to what is known of it.
    """
    start = Path(start) if start else Path(__file__).resolve().parents[1]
    for folder in (start, *start.parents):
        path = folder / "datasets" / "registry.json"
        if path.is_file():
            try:
                return path.parent, json.loads(path.read_text("utf-8"))["datasets"]
            except (ValueError, LookupError, TypeError) as error:
                raise DownloadError(f"{path} cannot be read ({error}). Take it anew from the assignment.") from error
    raise DownloadError(f"datasets/registry.json is missing above {start}. Take it anew from the assignment.")


def fetch(name, folder=None, mirror=None, progress=True, again=False, start=None):
    """
    Fetch a data set, unless it is there.

    Args:
        name: As in the registry.
        folder: Folder that gets a folder of that name; ``A3_DATA``, or else the registry's own, unless given.
        mirror: Address of a folder that holds the same archive, asked first; ``A3_MIRROR`` unless given.
        progress: Show a bar.
        again: Fetch even if it is there.
        start: As for read_registry.

    Returns:
        target: The folder of the data set.
    """
    home, entries = read_registry(start)
    if name not in entries:
        raise DownloadError(f"{name!r} is not in the list of data sets, which has {', '.join(sorted(entries))}.")
    entry = entries[name]
    base = Path(folder or os.environ.get("A3_DATA") or home).expanduser().resolve()
    target = base / name
    missing = [file for file in entry["files"] if not (target / file).is_file()]
    if not missing and not again:
        return target
    mirror = mirror or os.environ.get("A3_MIRROR")
    archive_name = entry["url"].rpartition("/")[2]
    addresses = ([f"{mirror.rstrip('/')}/{archive_name}"] if mirror else []) + [entry["url"]]
    lock_path = home / "registry.lock.json"
    lock = _read_lock(lock_path)
    sha256 = entry["sha256"] or lock.get(name, {}).get("sha256")

    cache = base / ".cache"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        archive = _fetch_archive(name, entry, addresses, cache / archive_name, sha256, progress)
        unpack(archive, target, name, entry["files"], entry["unpacked_bytes_at_most"])
        if not entry["sha256"]:
            _write_lock(lock_path, lock | {name: {"sha256": _sha256(archive), "bytes": archive.stat().st_size}})
        archive.unlink()
    except OSError as error:
        room = f"{name} cannot be written below {base} ({error.strerror or error}). Make room there, or use --to."
        raise DownloadError(room) from error
    with contextlib.suppress(OSError):
        cache.rmdir()
    return target


def _read_lock(path):
    """Return the sums that were recorded, by name."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise DownloadError(f"{path} cannot be read ({error}). Restore it, or remove it to start anew.") from error
    return found if isinstance(found, dict) else {}


def _write_lock(path, lock):
    """Record sums, for the next download."""
    beside = path.with_name(f".{path.name}")
    beside.write_text(json.dumps(lock, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    beside.replace(path)


# One archive ----------------------------------------------------------------------------------------------------------


def _fetch_archive(name, entry, addresses, archive, sha256, progress):
    """Return the archive, from the first address that has it."""
    try:
        import pooch
    except ImportError as error:
        raise DownloadError(
            "Fetching data needs the package pooch: run `python -m pip install -r requirements-notebooks.txt` first."
        ) from error
    pooch.get_logger().setLevel(logging.ERROR)  # what it tells of addresses and sums is told here
    archive.unlink(missing_ok=True)  # one that could not be unpacked
    tried = []
    for address in addresses:
        downloader = ResumingDownloader(entry["bytes"] or MOST_BYTES, progress)
        known = sha256 and f"sha256:{sha256}"
        try:
            got = Path(pooch.retrieve(address, known, archive.name, archive.parent, downloader=downloader))
            if entry["bytes"] not in (None, got.stat().st_size):
                raise Refused(f"{got.stat().st_size} bytes came, {entry['bytes']} were expected")
            if not zipfile.is_zipfile(got):
                raise Refused("what came is no zip archive; a page to log in, perhaps, or a notice")
        except (Broken, Refused) as error:
            tried.append(f"{address}: {error}")
            archive.unlink(missing_ok=True)
        except ValueError:  # pooch's word for another checksum
            known_from = "the registry" if entry["sha256"] else "the first download, in registry.lock.json"
            tried.append(f"{address}: the checksum is not that of {known_from}, so what came was thrown away")
        else:
            return got
    raise DownloadError(
        f"{name} could not be fetched. Tried:\n"
        + "".join(f"  {line}\n" for line in tried)
        + "What to do: see that this machine is on the network, and run the same command again; it goes on where it "
        "stopped.\nIf your course keeps a copy, name its address: --mirror ADDRESS, or A3_MIRROR=ADDRESS.\n" + MINI
    )


class ResumingDownloader:
    """
    Fetches a file for pooch, and goes on where an earlier attempt stopped.

    What has come is kept beside the file that is asked for, in ``<name>.part``, with a note of what it is part of; the
    rest is asked for by HTTP's Range. A server that has another version by now, or that knows no Range, sends the
    whole again.

    Args:
        most_bytes: A longer file is refused.
        progress: Show a bar.
    """

    def __init__(self, most_bytes=MOST_BYTES, progress=True):
        self.most_bytes = most_bytes
        self.progress = progress

    def __call__(self, url, output_file, pooch=None, check_only=False):  # noqa: ARG002 - as pooch calls it
        """Fetch ``url`` into ``output_file``; raise Broken or Refused."""
        part = Path(output_file).parent / f"{url.rpartition('/')[2]}.part"
        note = part.with_suffix(".part.json")
        breaks = 0
        while True:
            before = _size(part)
            try:
                self._go_on(url, part, note)
                break
            except Broken as error:
                breaks = 1 if _size(part) >= before + MUCH_BYTES else breaks + 1
                if breaks == TRIES:
                    kept = f"; {_size(part) / 1e6:.1f} MB are kept" if _size(part) else ""
                    raise Broken(f"{error}{kept}") from error
                time.sleep(PAUSE_S * 2 ** (breaks - 1))
        note.unlink(missing_ok=True)
        part.replace(output_file)

    def _go_on(self, url, part, note):
        """Ask for what is missing of ``part`` and write it."""
        import requests

        have = _size(part)
        known = _read_note(note, url) if have else None
        headers = {"Accept-Encoding": "identity", "User-Agent": "a3-download"}
        if known is not None:
            headers["Range"] = f"bytes={have}-"
            if known["version"]:
                headers["If-Range"] = known["version"]
        try:
            with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
                if answer.status_code == requests.codes.requested_range_not_satisfiable and known is not None:
                    self._start_over(part, note)
                    raise Broken("the server has another version of the file by now")
                if answer.status_code >= 500 or answer.status_code == requests.codes.too_many_requests:
                    raise Broken(f"the server is busy or down ({answer.status_code} {answer.reason})")
                if answer.status_code not in (requests.codes.ok, requests.codes.partial_content):
                    raise Refused(f"the server refuses ({answer.status_code} {answer.reason})")
                self._write(answer, url, part, note, have if known is not None else 0)
        except requests.RequestException as error:
            raise Broken(_reason(error)) from error

    def _write(self, answer, url, part, note, have):
        """Write the body of an answer behind what is there, or in its place."""
        start, total = _extent(answer)
        if start != have:
            if start:
                self._start_over(part, note)
                raise Broken("the server sent another part than was asked for")
            have = 0
        if (total or 0) > self.most_bytes:
            raise Refused(f"the file is larger than expected: {total} bytes, {self.most_bytes} at most")
        version = answer.headers.get("ETag", "")
        version = answer.headers.get("Last-Modified", "") if version.startswith("W/") or not version else version
        note.write_text(json.dumps({"url": url, "version": version}), encoding="utf-8")
        with part.open("ab" if have else "wb") as file, self._bar(url, have, total) as bar:
            for chunk in answer.iter_content(CHUNK_BYTES):
                have += len(chunk)
                if have > self.most_bytes:
                    self._start_over(part, note)
                    raise Refused(f"the file is larger than expected: {self.most_bytes} bytes at most")
                file.write(chunk)
                bar.update(len(chunk))
        if total is not None and have < total:
            raise Broken(f"the connection ended after {have} of {total} bytes")

    @staticmethod
    def _start_over(part, note):
        """Forget what came."""
        part.unlink(missing_ok=True)
        note.unlink(missing_ok=True)

    def _bar(self, url, have, total):
        """Return a bar, or what looks like one."""
        from tqdm import tqdm

        name = url.rpartition("/")[2]
        return tqdm(initial=have, total=total, unit="B", unit_scale=True, desc=name, disable=not self.progress)


def _size(path):
    """Return how much of a file is there."""
    return path.stat().st_size if path.is_file() else 0


def _read_note(note, url):
    """Return what was noted of a part, or None where it is part of something else."""
    try:
        found = json.loads(note.read_text("utf-8"))
        return found if found["url"] == url and isinstance(found["version"], str) else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _extent(answer):
    """Return where the body of an answer begins in the file, and the file's size, if that is said."""
    if answer.status_code == 206:
        unit, _, extent = answer.headers.get("Content-Range", "").partition(" ")
        begin, _, total = extent.partition("/")
        first = begin.partition("-")[0]
        if unit != "bytes" or not first.isdecimal():
            raise Refused("the server's answer to a request for a part makes no sense")
        return int(first), int(total) if total.isdecimal() else None
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if length.isdecimal() else None


def _reason(error):
    """Return why a connection failed, in words that do not need a programmer."""
    import requests

    text = str(error)
    if isinstance(error, requests.exceptions.SSLError):
        return "the connection is not safe (its certificate cannot be checked)"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy of this network does not answer"
    if isinstance(error, requests.exceptions.Timeout):
        return "no answer in time"
    if "resolve" in text or "getaddrinfo" in text:
        return "the address is not known here; is this machine on the network?"
    if "refused" in text:
        return "the connection was refused"
    if isinstance(error, requests.exceptions.MissingSchema | requests.exceptions.InvalidSchema):
        return "that is no address that begins with http: or https:"
    return "the connection ended early"


# Unpacking ------------------------------------------------------------------------------------------------------------


def unpack(archive, target, name, files, most_bytes):
    """
    Unpack an archive into a folder, once all of it is known to be good.

    Args:
        archive: A zip, whose files may lie in a folder called ``name``.
        target: The folder; files of other names that are there stay.
        name: Name of the data set.
        files: What must be there in the end.
        most_bytes: What the files may add up to.
    """
    try:
        with zipfile.ZipFile(archive) as source, tempfile.TemporaryDirectory(dir=archive.parent) as place:
            members = _members(source, name, most_bytes)
            free = shutil.disk_usage(place).free
            need = sum(info.file_size for info in members.values())
            if need > free:
                raise DownloadError(
                    f"{name} needs {need / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free: make room, or use --to."
                )
            unpacked = Path(place) / name
            unpacked.mkdir()
            room = most_bytes
            for path, info in members.items():
                room -= _extract(source, info, unpacked / path, room)
            missing = [file for file in files if not (unpacked / file).is_file()]
            if missing:
                raise DownloadError(f"{archive.name} lacks {', '.join(missing)}: it is not the data set {name}.")
            for path in members:
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                (unpacked / path).replace(target / path)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        archive.unlink(missing_ok=True)
        raise DownloadError(f"{archive.name} is damaged ({error}). Run the same command again.") from error


def _members(source, name, most_bytes):
    """Return the files of an archive by their paths in the data set; refuse an archive that means harm."""
    infos = [info for info in source.infolist() if not info.is_dir()]
    members = {}
    for info in infos:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in info.filename or not path.parts:
            raise DownloadError(
                f"The archive holds {info.filename!r}, which is no name within it. Nothing was unpacked."
            )
        if (info.external_attr >> 16) & 0o170000 == 0o120000:
            raise DownloadError(f"The archive holds the link {info.filename!r}. Nothing was unpacked.")
        if path.parts[0] == "__MACOSX" or path.name == ".DS_Store":
            continue
        inner = PurePosixPath(*path.parts[1:]) if path.parts[0] == name and len(path.parts) > 1 else path
        members[inner] = info
    if len(infos) > MOST_FILES or sum(info.file_size for info in infos) > most_bytes:
        raise DownloadError(
            f"The archive unpacks to more than {MOST_FILES} files or {most_bytes / 1e9:.1f} GB. Nothing was unpacked."
        )
    return members


def _extract(source, info, path, room):
    """Write one file, whatever size it claimed; return its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with source.open(info) as inner, path.open("xb") as file:
        while chunk := inner.read(CHUNK_BYTES):
            size += len(chunk)
            if size > room:
                raise DownloadError("The archive unpacks to more than it says. Nothing of it was kept.")
            file.write(chunk)
    return size


def _sha256(path):
    """Return the SHA-256 of a file."""
    import pooch

    return pooch.file_hash(str(path), alg="sha256")


# The command line -----------------------------------------------------------------------------------------------------


def main(arguments=None):
    """Fetch data sets from the command line."""
    parser = argparse.ArgumentParser(prog="python -m a3.download", description="Fetch a real data set.", epilog=MINI)
    parser.add_argument("name", nargs="*", help="data sets to fetch")
    parser.add_argument("--list", action="store_true", help="say which data sets there are")
    parser.add_argument("--to", metavar="FOLDER", help="folder for the data (default: A3_DATA, or else datasets/)")
    parser.add_argument("--mirror", metavar="ADDRESS", help="folder on the web with the same archives (or A3_MIRROR)")
    parser.add_argument("--again", action="store_true", help="fetch even what is there")
    parser.add_argument("--quiet", action="store_true", help="show no bar")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.list or not chosen.name:
            for name, entry in sorted(read_registry()[1].items()):
                print(f"{name}: {entry['title']}\n  {entry['url']}\n  {entry['licence']}")
            return 0
        for name in chosen.name:
            target = fetch(name, chosen.to, chosen.mirror, not chosen.quiet, chosen.again)
            print(f"{name} is in {target}\nTo use it, put this line before the notebook loads its data, or set it in")
            print(f"the shell that starts Jupyter:\n  %env A3_DATA={target.parent}")
    except DownloadError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
