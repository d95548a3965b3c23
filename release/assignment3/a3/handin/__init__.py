"""
What makes a hand-in: look at the work, pack it, print it.

    assignment.json ─▶ assignment ─┬─▶ inspection ─▶ findings, which the student reads
    notebooks, code ─▶ notebooks ──┼─▶ archive    ─▶ the zip
                                   └─▶ pdf        ─▶ the PDF         receipt: what was written, and its hash

Python's own library is enough for everything but the PDF, and nothing here runs a line of the work: modules are parsed
and notebooks are read as data. `submit` beside this folder is the command.
"""
