"""
A program that answers lines with lines, and may hang, die or swell up while it does.

    ask(question, timeout_s) ─▶ line to its standard input … line from its standard output ─▶ answer

What a notebook holds can bring a parser or a typesetter to its knees. So both run in a process of their own: it is
ended when its time is over, and the next question gets a new one.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import threading
import time

__all__ = ["Answerer", "NoAnswer"]

MAX_LINE = 64 * 2**20
"""Bytes of one answer; a long piece of text has a tree of one megabyte."""


class NoAnswer(Exception):
    """The process has died, hung, or answered nonsense; the message says which."""


class Answerer:
    """
    A process, started when it is first asked and again after it failed.

    Args:
        command: The program and its arguments.
        folder: Where it runs.
        total_s: Seconds for all questions; once they are used up, nothing is asked any more.
    """

    def __init__(self, command: list[str], folder: str, total_s: float):
        self._command = command
        self._folder = folder
        self._left_s = total_s
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[bytes] = queue.Queue()
        self.greeting: dict = {}

    def __enter__(self) -> Answerer:  # noqa: PYI034 - Self came with Python 3.11
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def ask(self, question: dict, timeout_s: float) -> dict:
        """
        Return what the process answers.

        Raises:
            NoAnswer: There is none.
        """
        if self._left_s <= 0:
            raise NoAnswer("the time for the whole document is used up")
        begun_s = time.monotonic()
        try:
            self._start(timeout_s)
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
            return self._answer(timeout_s)
        except OSError as error:
            self.stop()
            raise NoAnswer(f"the program has ended ({error})") from error
        except NoAnswer:
            self.stop()
            raise
        finally:
            self._left_s -= time.monotonic() - begun_s

    def stop(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    stream.close()

    def _start(self, timeout_s: float) -> None:
        if self._process is not None:
            return
        self._lines = queue.Queue()
        self._process = subprocess.Popen(  # noqa: S603 - our own two programs, by their paths
            self._command,
            cwd=self._folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        threading.Thread(target=_pump, args=(self._process.stdout, self._lines), daemon=True).start()
        self.greeting = self._answer(max(timeout_s, 30.0))  # the first start of all may read 150 MB from a slow disk

    def _answer(self, timeout_s: float) -> dict:
        try:
            line = self._lines.get(timeout=timeout_s)
        except queue.Empty:
            raise NoAnswer(f"it took more than {timeout_s:.0f} seconds") from None
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise NoAnswer("it ended the program that reads it" if not line else "it is nested too deeply") from error
        if not isinstance(answer, dict):
            raise NoAnswer("the answer is none")
        return answer


def _pump(stream: object, lines: queue.Queue[bytes]) -> None:
    """Hand over lines until the stream ends; an empty line says so."""
    with contextlib.suppress(OSError, ValueError):
        while line := stream.readline(MAX_LINE):
            lines.put(line)
    lines.put(b"")
