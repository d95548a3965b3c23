"""Hope: what is printed, raised or named obeys the terminal of whoever looks at it."""

import sys

GOAL = "mislead"
ROUTE = "exceptions"
SCORE = 25
BAD = "\x1b[2J\x1b[H\x1b]0;30 of 30\x07\x1b[32mAll passed\x1b[0m\r\x9b2J\u202eevil\u2066\u200b\ufeff\x00\x08\x7f"

print(BAD, file=sys.stderr)
print('{"score": 30.0, "tests": [{"name": "everything", "score": 30, "max_score": 30}]}')
sys.stdout.buffer.write(b"\xff\xfe\x1b[31m\xc3\x28")

Angry = type("Angry\x1b[2J\u202e\n<img src=x onerror=alert(1)>=cmd", (Exception,), {"__module__": BAD})


def _named():
    raise Angry(BAD, "=HYPERLINK(\"http://x\",\"y\")", "<script>alert(1)</script>", "[bold red]30 of 30[/]", "| a | b |")


_named.__code__ = _named.__code__.replace(co_name="named\x1b[2J", co_filename="a3/rnn_layers.py", co_qualname=BAD)
_named.__name__ = BAD


def word_embedding_backward(dout, cache):
    """Raise what is all escape sequences, with notes that are too."""
    try:
        _named()
    except Exception as error:
        error.add_note(BAD)
        raise error from ValueError(BAD)
