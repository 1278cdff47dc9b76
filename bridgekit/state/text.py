"""Text from strangers, made fit for a terminal."""

LINES = "\n\t"
"""What text of several lines keeps."""


def printable(text: str, keep: str = "") -> str:
    """Return the text with every control or invisible character written as its escape.

    Names of links, processes and rules can hold anything, and a terminal would obey some of it.
    """
    return "".join(one if one.isprintable() or one in keep else _escaped(one) for one in text)


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape", "surrogatepass").decode()
