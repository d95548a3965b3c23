"""Hope: an import that never ends is never given up."""

GOAL = "exhaust"
ROUTE = "loops"
SLOW = "the limit of an import is half a minute"
SCORE = 0

while True:
    pass
