"""
What students hand in: unpacked safely, freed of what must not be there, and named safely for people.

    names, limits     what a name may be, what an intake may cost
    guard             reading hostile bytes in bounded time and memory
    sources           folder, zip and tar as a list of entries
    intake            entries to files

Archives are the one kind of hostile data that the trusted side parses, so these parts are small and every limit has
a name. Nothing here looks into a file's content.
"""

from autograder.submission.intake import Intake, LeftOut, unpack
from autograder.submission.limits import IntakeLimits
from autograder.submission.names import display_name, display_text

__all__ = ["Intake", "IntakeLimits", "LeftOut", "display_name", "display_text", "unpack"]
