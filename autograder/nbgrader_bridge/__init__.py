"""
What stands between this project and nbgrader: the only place that knows nbgrader's classes and settings.

    graded      one student's result, read back and checked, as frozen values
    shown       a student's notebook as staff may open it in a browser
    gradebook   both into nbgrader's gradebook, in place of nbgrader's own autograding
"""
