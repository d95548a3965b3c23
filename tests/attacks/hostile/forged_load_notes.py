"""Hope: notes of the import reach the student's result or the staff's screen as something else than text."""

import os
import time

from a3 import kit

GOAL = "mislead"
ROUTE = "wire"
SLOW = "it is refused after a whole import"
SCORE = 30

bad = "\x1b[2J\x1b]0;30 of 30\x07\u202e<script>alert(1)</script>\n=1+1\r\n"
kit.answer({"imported": {"rnn_layers": None, bad: bad}, "stand_ins": [bad, 10**300, None, b"\xff", 2.5],
            "notes": [bad] * 2000 + [{"score": 30}]})
