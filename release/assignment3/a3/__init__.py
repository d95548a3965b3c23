"""The code of Assignment 3: the notebooks import it, and you complete it."""
