"""
What remains of a grading run: the journal, and the files made from it.

    files        atomic writes, and the journal of outcomes
    gradescope   results.json, what a student may see
    staff        staff.json, everything
    tables       a class as CSV, one submission in a terminal

All of it is computed from a ``Score``; nothing here decides a point.
"""

from autograder.grading.records.files import Journal, read_journal, write_atomic, write_json
from autograder.grading.records.gradescope import left_out_notes, refused_json, results_json, validate_gradescope
from autograder.grading.records.staff import staff_json
from autograder.grading.records.tables import ClassRow, class_csv, class_table, safe_cell, terminal_table

__all__ = [
    "ClassRow",
    "Journal",
    "class_csv",
    "class_table",
    "left_out_notes",
    "read_journal",
    "refused_json",
    "results_json",
    "safe_cell",
    "staff_json",
    "terminal_table",
    "validate_gradescope",
    "write_atomic",
    "write_json",
]
