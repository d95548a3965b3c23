"""Hope: an exception that lies, raises or never ends breaks whoever reports it."""

GOAL = "ours"
ROUTE = "exceptions"
SCORE = 12.5


class Liar(BaseException):
    """Lies about everything."""

    __class__ = property(lambda self: SystemExit)
    __str__ = __repr__ = lambda self: (_ for _ in ()).throw(Liar())
    __traceback__ = __cause__ = __context__ = __notes__ = property(lambda self: 1 / 0)
    with_traceback = None


class Long(Exception):
    """Has a gigabyte to say."""

    __str__ = lambda self: "x" * (1 << 28)


def rnn_forward(*args):
    """Raise a liar."""
    raise Liar


def rnn_backward(*args):
    """Never called: its forward part lies."""
    raise Liar


def word_embedding_backward(dout, cache):
    """Raise a long one, in a long chain, in groups of groups, from deep below."""
    error = Long()
    for _ in range(3000):
        error = ExceptionGroup("x" * 100, [error])
    error.__cause__ = error.__context__ = Long()

    def down(level):
        if level:
            down(level - 1)
        raise error

    down(700)
