"""Programs, unit files and namespaces, without starting anything that stays."""

import shlex

import pytest

from bridgekit.system import systemd_unit
from bridgekit.system.namespaces import NamespaceId
from bridgekit.system.process import CommandError, run


def test_a_program_that_takes_too_long_is_ended() -> None:
    with pytest.raises(CommandError, match=r"sleep 60: .*timed out"):
        run("sleep", "60", timeout=0.1)


def test_a_program_that_fails_has_the_last_word() -> None:
    with pytest.raises(CommandError, match="ended with 3: no room"):
        run("sh", "-c", "echo no room >&2; exit 3")
    with pytest.raises(CommandError, match="No such file"):
        run("/nonexistent/program")


@pytest.mark.parametrize("word", ["a b", 'a"b', "a\\b", "100%n", "$HOME", "'"])
def test_a_word_in_a_unit_file_is_itself(word: str) -> None:
    """In ExecStart `$$` and `%%` stand for one of each: systemd.service(5)."""
    argv = shlex.split(systemd_unit.command((word,)))
    assert [one.replace("$$", "$").replace("%%", "%") for one in argv] == [word]
    assert "$" not in argv[0].replace("$$", "") and "%" not in argv[0].replace("%%", "")


HOST, CONTAINER = NamespaceId("now", 1, True), NamespaceId("now", 7, False)


@pytest.mark.parametrize(
    ("one", "same"),
    [
        (HOST, True),
        (NamespaceId("before", 3, True), True),
        (NamespaceId("before", 1, False), False),
        (CONTAINER, False),
    ],
)
def test_a_reboot_makes_the_hosts_namespace_again_and_no_other(
    one: NamespaceId, same: bool
) -> None:
    assert HOST.same_namespace(one) == one.same_namespace(HOST) == same
    assert not CONTAINER.same_namespace(NamespaceId("before", 7, False))
