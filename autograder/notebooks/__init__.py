"""
Notebooks as text: text in, text or plain data out. Nothing here runs a cell.

    reading    a notebook that somebody sent, whatever state it is in, as cells
    align      a student's notebook brought back to the cells of the release
    choose     which file of a hand-in is a notebook of the release
"""
