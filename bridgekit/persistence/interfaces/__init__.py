"""interfaces(5) as text: read as ifupdown 0.8 reads it, and rewritten so that it can be undone.

    document = parse(text)                   # document.text == text
    reading = read(path, files)              # with all that the file includes
    new = switched_off(text, "eth0", stanza, ties(reading, "eth0"))
    old = switched_on(new)

Text is decoded with `surrogateescape`, so that every byte comes back as it was.
`python3 -m bridgekit.persistence.interfaces FILE` lists what a file and its inclusions say.
"""

from bridgekit.persistence.interfaces.document import Document, Section, parse
from bridgekit.persistence.interfaces.edit import MARK, switched_off, switched_on
from bridgekit.persistence.interfaces.hooks import commands, half_told, on_card
from bridgekit.persistence.interfaces.lines import Line
from bridgekit.persistence.interfaces.names import Target
from bridgekit.persistence.interfaces.own import (
    Ties,
    asking,
    carried,
    home,
    mapped,
    methods,
    names,
    options,
    others_naming,
    ports,
    renamed,
    sections_of,
    stays_up,
    ties,
)
from bridgekit.persistence.interfaces.reader import read
from bridgekit.persistence.interfaces.reading import Definition, Mapping, Problem, Reading
from bridgekit.persistence.interfaces.sources import Files
from bridgekit.persistence.interfaces.taken import untaken

__all__ = [
    "MARK",
    "Definition",
    "Document",
    "Files",
    "Line",
    "Mapping",
    "Problem",
    "Reading",
    "Section",
    "Target",
    "Ties",
    "asking",
    "carried",
    "commands",
    "half_told",
    "home",
    "mapped",
    "methods",
    "names",
    "on_card",
    "options",
    "others_naming",
    "parse",
    "ports",
    "read",
    "renamed",
    "sections_of",
    "stays_up",
    "switched_off",
    "switched_on",
    "ties",
    "untaken",
]
