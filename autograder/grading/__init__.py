"""
From a submission to its result.

    plugin     the pytest plugin: fixtures, marks, collection
    examiner   one hidden test on one submission: limits, a second try, an outcome
    verdicts   what an exception in a hidden test means
    content    what an assignment asks of a submission: layout, plan, rules
    single     one submission: unpack, open, examine, record
    slot       a grader that has the tests ready and forks for each submission
    course_run a class: many slots, resumed where it stopped
    records    the journal and the files made from it
"""
