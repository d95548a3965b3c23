"""
The course, as nbgrader sees it: its name and where its parts are.

This file also marks the course's folder: every command of ``autograder`` takes the nearest folder upward that has it.
"""

c = get_config()

c.CourseDirectory.course_id = "deep-learning"
c.CourseDirectory.source_directory = "source"
c.CourseDirectory.release_directory = "release"
