"""What a command must say when it ends."""

from bridgekit.lab.host import Result


def ends_in_a_sentence(result: Result, code: int, *words: str) -> None:
    """One message for people, with these words in it, and the exit code."""
    assert result.code == code, result
    assert result.stderr.startswith(("bridgekit: ", "Usage: ")), result.stderr
    assert "Traceback" not in result.stderr
    assert all(word in result.stderr for word in words), result.stderr
