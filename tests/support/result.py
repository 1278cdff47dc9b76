"""What a command must say when it ends."""

from bridgekit.lab.host import Result


def ends_in_a_sentence(told: Result, code: int, *words: str) -> None:
    """One message for people, with these words in it, and the exit code."""
    assert told.code == code, told
    assert told.stderr.startswith(("bridgekit: ", "Usage: ")), told.stderr
    assert "Traceback" not in told.stderr
    assert all(word in told.stderr for word in words), told.stderr
