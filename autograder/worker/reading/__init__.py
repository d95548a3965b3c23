"""
What of the worker reads text and runs nothing: a submission's files in, module texts and findings out.

    layout     which file is which module
    notebook   the definitions of a notebook as the text of a module
    syntax     what parsing says of a text: identity, imports, definitions, mistakes
    rules      constructs that an assignment forbids or asks for
    prepare    all of it, for the request of that name

All of this is done before the first line of the submission runs, and none of it is called after.
"""
