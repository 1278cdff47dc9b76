"""Programs, unit files and namespaces, without starting anything that stays."""

import os
import shlex
from pathlib import Path

import pytest

from bridgekit.system import ssh_session, systemd_unit
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


def test_the_ssh_session_that_sudo_hides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """sudo(8) gives its command another environment; the shell before it has the variable."""
    found = "192.0.2.9 50022 192.0.2.4 22"
    lines = {
        str(os.getpid()): (b"TERM=linux\0", "7 (python (3)) S 4242 1 1"),
        "4242": (b"", "4242 (sudo) S 4141 1 1"),
        "4141": (f"TERM=linux\0SSH_CONNECTION={found}\0".encode(), "4141 (bash) S 1 1 1"),
    }
    for pid, (environment, stat) in lines.items():
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "environ").write_bytes(environment)
        (tmp_path / pid / "stat").write_text(stat)
    monkeypatch.setattr(ssh_session, "PROC", tmp_path)
    assert ssh_session.connection() == found
    (tmp_path / "4141/environ").write_bytes(b"TERM=linux\0")
    assert ssh_session.connection() is None
