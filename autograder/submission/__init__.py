"""
What students hand in: unpacked safely, freed of what must not be there, and named safely for people.

    names, limits     what a name may be, what an intake may cost
    guard             reading hostile bytes in bounded time and memory
    sources           folder, zip and tar as a list of entries
    intake            entries to files
    platforms         a class as Gradescope, Moodle or nbgrader give it out; metadata is Gradescope's file about it
    roster, pairing   who is in the class, and whose is which hand-in

Archives are the one kind of hostile data that the trusted side parses, so these parts are small and every limit has
a name. Nothing here looks into a file's content.
"""

from autograder.submission.intake import Intake, LeftOut, unpack
from autograder.submission.limits import IntakeLimits
from autograder.submission.names import display_name, display_text
from autograder.submission.pairing import Row, pair, summary
from autograder.submission.platforms import ClassFolder, HandIn, Person, find_class, is_class_archive
from autograder.submission.roster import Student, read_roster

__all__ = [
    "ClassFolder",
    "HandIn",
    "Intake",
    "IntakeLimits",
    "LeftOut",
    "Person",
    "Row",
    "Student",
    "display_name",
    "display_text",
    "find_class",
    "is_class_archive",
    "pair",
    "read_roster",
    "summary",
    "unpack",
]
