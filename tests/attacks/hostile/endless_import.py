"""Hope: an import that never ends is never given up."""

SLOW = "the limit of an import is half a minute"
SCORE = 0

while True:
    pass
