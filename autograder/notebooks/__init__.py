"""
Notebooks and modules as text: text in, text out. One function elsewhere reads a file, one writes it.

    markers    where solutions begin and end, and what is wrong with a marker
    release    an instructor's module or notebook → what students get
    leaks      what must not be in a release, and where it is all the same
"""
