"""
The course, as nbgrader sees it: its name, and the rules by which releases are made and results are read.

This file also marks the course's folder: every command of ``autograder`` takes the nearest folder upward that has it.
"""

from autograder.nbgrader_bridge import configure

c = get_config()

c.CourseDirectory.course_id = "deep-learning"
configure(c)
