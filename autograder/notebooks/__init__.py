"""
Notebooks and modules as text: text in, text or plain data out. Nothing here runs a cell.

    markers    where an instructor's solutions begin and end, and what is wrong with a marker
    release    an instructor's module or notebook → what students get
    leaks      what must not be in a release, and where it is all the same

    reading    a notebook that somebody sent, whatever state it is in, as cells
    align      a student's notebook brought back to the cells of the release
    choose     which file of a hand-in is a notebook of the release
"""
