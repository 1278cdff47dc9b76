"""A line of shell as a list of simple commands, as far as it is one.

Anything else (a pipe, a subshell, a substitution, a compound command) is not read: its text is
divided wherever a command can start, for those who look for what it might do.
"""

import re
import shlex

from msgspec import Struct

TOKEN = re.compile(
    r"""
    '[^']*' | "(?:\\.|[^"\\])*" | \\.       # quoted
    | && | \|\| | \$\(                      # operators
    | (?:&|[0-9]*)[<>]{1,2}(?:&[0-9-])?      # a redirection, which is part of a command
    | [^\s'"\\&|;<>()`$]+ | \s+ | .
    """,
    re.DOTALL | re.VERBOSE,
)
SEPARATORS = ("&&", "||", ";")
NOT_A_LIST = frozenset({"|", "&", "(", ")", "`", "$(", "\n"})
NO_OUTPUT = re.compile(r"(?<!\S)(?:[12&]?>>?\s*/dev/null|2>&1|1>&2|>&2)(?!\S)")
"""Redirections that only hide the output."""
IGNORED_FAILURE = re.compile(r"\|\|\s*(?:/bin/)?(?:true|:|exit\s+0)\s*;?\s*$")
SUBSTITUTION = re.compile(r"\$\([^()]*\)|`[^`]*`")
PLACES = re.compile(r"[;&|<>()`\n{}\"']|\$\(")
KEYWORDS = frozenset(
    {
        "if",
        "then",
        "else",
        "elif",
        "fi",
        "for",
        "while",
        "until",
        "do",
        "done",
        "case",
        "{",
        "}",
        "!",
    }
)
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
WRAPPERS = frozenset({"sudo", "exec", "command", "env", "nice", "time"})


class SimpleCommand(Struct, frozen=True):
    """One command of a list: its words, its text, and the operator in front of it."""

    words: tuple[str, ...]
    text: str
    operator: str = ""


def parse_list(line: str) -> tuple[SimpleCommand, ...] | None:
    """Return the commands of a line such as `a && b; c || true`.

    Returns:
        None for what is more than a list of simple commands.
    """
    parts, operator, text = [], "", ""
    for token in TOKEN.findall(NO_OUTPUT.sub("", IGNORED_FAILURE.sub("", line.strip()))):
        if token in NOT_A_LIST or (token.startswith('"') and ("$(" in token or "`" in token)):
            return None
        if token in SEPARATORS:
            parts.append((operator, text.strip()))
            operator, text = token, ""
        else:
            text += token
    parts.append((operator, text.strip()))
    return _commands([part for part in parts if part[1]])


def _commands(parts: list[tuple[str, str]]) -> tuple[SimpleCommand, ...] | None:
    commands = []
    for operator, text in parts:
        words = _words(text)
        if words is None or (words and words[0] in KEYWORDS):
            return None
        commands.append(SimpleCommand(words, text, operator))
    return tuple(commands)


def fragments(line: str) -> tuple[SimpleCommand, ...]:
    """Return every place of a line where a command may start, whatever surrounds it."""
    texts = [text for one in (line, SUBSTITUTION.sub("?", line)) for text in PLACES.split(one)]
    read = ((text, _words(_without_keywords(text))) for text in texts)
    return tuple(SimpleCommand(words, text) for text, words in read if words)


def ignores_failure(line: str) -> bool:
    """Return whether the line ends in `|| true`."""
    return bool(IGNORED_FAILURE.search(line.strip()))


def join(commands: tuple[SimpleCommand, ...]) -> str:
    """Return a list of commands as a line again; the first one's operator goes."""
    first, *others = commands
    text = first.text
    for command in others:
        text += "; " if command.operator == ";" else f" {command.operator} "
        text += command.text
    return text


def _words(text: str) -> tuple[str, ...] | None:
    """Return the words without assignments and programs that only start another one in front."""
    try:
        words = shlex.split(text)
    except ValueError:
        return None
    while words and (ASSIGNMENT.match(words[0]) or words[0] in WRAPPERS):
        del words[0]
    return tuple(words)


def _without_keywords(text: str) -> str:
    words = text.split()
    while words and words[0] in KEYWORDS:
        del words[0]
    return " ".join(words)
