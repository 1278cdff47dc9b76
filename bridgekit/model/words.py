"""Text that others chose, as a person's terminal may get it."""


def printable(text: str) -> str:
    """Return the text with what moves a cursor or changes colours shown as escapes; lines stay."""
    return "".join(s if s.isprintable() or s in "\n\t" else _escaped(s) for s in text)


def one_line(text: str) -> str:
    """Return such text on one line."""
    return printable(text).replace("\n", "\\n")


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape", "surrogatepass").decode()
