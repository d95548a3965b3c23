"""
Typesets what it is told, a line of JSON at a time: run as a program, never imported.

    {"text": code of Typst}                   ─▶ {"fine": true} or {"problem": words}
    {"file": main.typ, "output": PDF, …}      ─▶ {"fine": true, "map": what the document says of its pages}

It runs in a process of its own, because a typesetter that is fed with whatever a notebook holds may hang or crash. All
that it can read is the folder that it was given.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading

MEMORY_BYTES = 6 * 2**30
"""Address space, where the system has such a limit: fonts and pictures are mapped, so it is wide."""

STACK_BYTES = 256 * 2**20
"""Reserved, not used: a main thread has eight."""


def _bound_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        if sys.platform == "linux":
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _answer(compiler: object, question: dict) -> dict:
    try:
        if "text" in question:
            compiler.compile(input=question["text"].encode(), format="pdf", timestamp=0)
            return {"fine": True}
        options = {"timestamp": question["timestamp"]} if question.get("timestamp") is not None else {}
        compiler.compile(input=question["file"], output=question["output"], format="pdf", **options)
        pages = json.loads(compiler.query("<a3-map>", field="value"))
    except Exception as error:  # noqa: BLE001 - whatever it was, it is the document's fault, and is told
        return {"problem": str(getattr(error, "message", error))[:300]}
    return {"fine": True, "map": pages[0] if pages else []}


def _serve() -> None:
    """Answer until there are no more questions."""
    import typst

    root, system_fonts, *fonts = sys.argv[1:]
    _bound_memory()
    known = typst.Fonts(include_system_fonts=system_fonts == "system", font_paths=fonts)
    compiler = typst.Compiler(root=root, font_paths=known)
    sys.stdout.write(json.dumps({"version": typst.__version__}) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_answer(compiler, json.loads(line))) + "\n")
        sys.stdout.flush()


def main() -> None:
    """Serve in a thread with a stack that what is deeply nested does not use up."""
    del sys.path[0]  # the folder of this file: its modules are not for Typst to find
    with contextlib.suppress(ValueError, RuntimeError):
        threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=_serve)
    thread.start()
    thread.join()


if __name__ == "__main__":
    main()
