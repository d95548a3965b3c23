"""Autograded exercises with hidden reference tests: the student's code is asked behind glass, never trusted."""

__version__ = "0.1.0"
