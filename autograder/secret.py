"""
The course's one secret, and the inputs drawn from it.

Everything else about the grader may be known to students. The secret is 32 random bytes, kept out of the course's
tree so that no release, no bundle and no git repository can carry it by accident:

    $XDG_CONFIG_HOME/autograder/<course folder's name>.secret     (~/.config where the variable is unset)

Another place can be named with ``AUTOGRADER_SECRET_FILE`` or ``--secret``. A file that others can read is no secret
and is refused; so is one within the course, and one that is a symlink, since a link may point to either.

Inputs of a test are drawn from HMAC(secret, hash of the submission's code, test). The same code therefore
gets the same inputs for ever, and values harvested from one upload are worthless for the next version. Each field
goes in with its length before it, so that no two different triples can run together into the same bytes.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.errors import ConfigError

__all__ = ["DEMO_SECRET", "SECRET_FILE_VARIABLE", "Secret", "create_secret", "draw_seed", "load_secret", "secret_path"]

SECRET_FILE_VARIABLE = "AUTOGRADER_SECRET_FILE"  # noqa: S105 -- the name of a variable, no secret
_KEY_BYTES = 32  # as long as the digest: more adds nothing to an HMAC with SHA-256
_SEED_BITS = 63  # fits a signed 64-bit integer, which is what every generator here takes
_DOMAIN = b"autograder/draw/1"


@dataclass(frozen=True, slots=True)
class Secret:
    """
    A course's key.

    Attributes:
        key: 32 bytes; kept out of ``repr`` so that it enters no log.
        demo: The key is public: good for the demo, never for a grade that counts.
    """

    key: bytes = field(repr=False)
    demo: bool = False


DEMO_SECRET = Secret(hashlib.sha256(b"autograder demo: this key is public").digest(), demo=True)
"""The demo's key, known to everybody."""


def secret_path(course: Path, environ: Mapping[str, str] | None = None) -> Path:
    """Return where the course's secret is kept, unless a place is named explicitly."""
    environ = os.environ if environ is None else environ
    named = environ.get(SECRET_FILE_VARIABLE)
    if named:
        return Path(named)
    home = environ.get("XDG_CONFIG_HOME", "")
    # The XDG specification says that a relative path is to be ignored.
    base = Path(home) if home.startswith("/") else Path(environ.get("HOME") or Path.home()) / ".config"
    return base / "autograder" / f"{course.resolve().name or 'course'}.secret"


def create_secret(course: Path, *, environ: Mapping[str, str] | None = None) -> Path:
    """
    Draw a new secret for the course and return the file that holds it, readable by its owner only.

    Raises:
        ConfigError: There already is one (a new one would change every verdict's inputs), or the place is not fit.
    """
    path = secret_path(course, environ)
    _refuse_within(path, course)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        msg = f"{path}: this course already has a secret; move the file away first if a new one is wanted"
        raise ConfigError(msg) from error
    except OSError as error:
        msg = f"{path}: cannot create the secret: {error.strerror}"
        raise ConfigError(msg) from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(_KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return path


def load_secret(course: Path, explicit: Path | None = None, *, environ: Mapping[str, str] | None = None) -> Secret:
    """
    Return the course's secret, from ``explicit``, else ``AUTOGRADER_SECRET_FILE``, else the user's settings.

    Raises:
        ConfigError: There is none, others can read it, it lies within the course, or it is not 64 hex digits.
    """
    path = secret_path(course, environ) if explicit is None else explicit
    _refuse_within(path, course)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError as error:
        msg = f"{path}: no secret for this course; make one with `autograder init`"
        raise ConfigError(msg) from error
    except OSError as error:
        msg = f"{path}: cannot open the secret, which must be a plain file: {error.strerror}"
        raise ConfigError(msg) from error
    try:
        _refuse_open(os.fstat(handle), path)
        text = os.read(handle, 4 * _KEY_BYTES).strip()
    finally:
        os.close(handle)
    try:
        key = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        msg = f"{path}: expected {2 * _KEY_BYTES} hexadecimal digits and nothing else"
        raise ConfigError(msg)
    return Secret(key)


def draw_seed(secret: Secret, code_hash: str, test_id: str) -> int:
    """
    Return the seed of one test on one version of the code, from 0 up to 2**63 - 1.

    Args:
        secret: The course's secret.
        code_hash: Hash of all that the submission's code can read of itself.
        test_id: The test's node id, relative to the course.
    """
    mac = hmac.new(secret.key, digestmod=hashlib.sha256)
    for part in (_DOMAIN, code_hash.encode("utf-8", "surrogatepass"), test_id.encode("utf-8", "surrogatepass")):
        mac.update(len(part).to_bytes(8, "big"))
        mac.update(part)
    return int.from_bytes(mac.digest()[:8], "big") >> (64 - _SEED_BITS)


def _refuse_within(path: Path, course: Path) -> None:
    """Raise if the secret would lie in the course's tree."""
    if path.resolve().is_relative_to(course.resolve()):
        msg = f"{path}: the secret must not lie within the course, {course}, where a release or a commit may take it"
        raise ConfigError(msg)


def _refuse_open(status: os.stat_result, path: Path) -> None:
    """Raise unless the file is plain, ours, and closed to others."""
    if not stat.S_ISREG(status.st_mode):
        msg = f"{path}: the secret must be a plain file"
        raise ConfigError(msg)
    if stat.S_IMODE(status.st_mode) & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        msg = f"{path}: mode {mode:04o} lets others read the secret; run: chmod 600 {path}"
        raise ConfigError(msg)
    if status.st_uid not in (0, os.geteuid()):
        msg = f"{path}: the secret belongs to user {status.st_uid}, not to the one who grades"
        raise ConfigError(msg)
