"""A real formgrader on loopback: a Jupyter server with nbgrader's extension, ended by its process id."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
START_S = 60
TOKEN = "loopback"


@dataclass(frozen=True)
class Formgrader:
    """A running formgrader."""

    port: int

    def post(self, path: str) -> dict[str, Any]:
        """Press a button: POST to ``/formgrader/api/…`` and return the answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/formgrader/api/{path}?token={TOKEN}", method="POST", data=b""
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def get(self, path: str) -> Any:
        """Return what formgrader shows of ``/formgrader/api/…``."""
        url = f"http://127.0.0.1:{self.port}/formgrader/api/{path}?token={TOKEN}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            return json.loads(answer.read())


@contextlib.contextmanager
def formgrader(course: Path, home: Path) -> Iterator[Formgrader]:
    """Serve the course's formgrader; ``home`` is an empty folder for Jupyter's settings."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home.mkdir(exist_ok=True)
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"), "JUPYTER_RUNTIME_DIR": str(home / "run"),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }  # fmt: skip
    command = [
        sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
        "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}", "--ServerApp.disable_check_xsrf=True",
        "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}",
        f"--ServerApp.root_dir={course}",
    ]  # fmt: skip
    log = home / "server.log"
    with log.open("wb") as file:
        server = subprocess.Popen(command, cwd=course, env=environment, stdout=file, stderr=file)
        try:
            _wait(server, port, log)
            yield Formgrader(port)
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + START_S
    url = f"http://127.0.0.1:{port}/formgrader/api/assignments?token={TOKEN}"
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError:
            raise
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"formgrader does not answer:\n{log.read_text(errors='replace')[-3000:]}")
