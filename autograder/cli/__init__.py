"""The command line: each command parses, calls, prints, and exits."""

from autograder.cli.app import main

__all__ = ["main"]
