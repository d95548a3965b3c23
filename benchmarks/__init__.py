"""
Measurements of what the budgets speak of; `python -m benchmarks` prints them in one table.

    spawn        from nothing to the first answer of a submission, by stages and tiers
    round_trip   one call with 1 KB, 1 MB, 100 MB
    submission   one submission's tests: behind glass, and without glass in a fresh and in a warm process
    course       a class on one and on two cores, and what has not changed

Each figure is a median; what is compared was measured side by side, in one run. Nothing here is a test: a busy machine
makes a slow table, never a red one.
"""
