"""interfaces(5) as text: read as ifupdown 0.8 reads it, and rewritten so that it can be undone.

    document = parse(text)                   # document.text == text
    parsed = parse_files(path, files)        # with all that the file includes
    new = disable(text, "eth0", stanza, find_references(parsed, "eth0"))
    old = restore(new)

Text is decoded with `surrogateescape`, so that every byte comes back as it was.
`python3 -m bridgekit.persistence.ifupdown.interfaces FILE` lists what a file and its inclusions
say.
"""

from bridgekit.persistence.ifupdown.interfaces.document import Document, Stanza, parse
from bridgekit.persistence.ifupdown.interfaces.edit import MARK, disable, restore
from bridgekit.persistence.ifupdown.interfaces.hooks import commands, partially_captured, pin_to_nic
from bridgekit.persistence.ifupdown.interfaces.lines import Line
from bridgekit.persistence.ifupdown.interfaces.names import Target
from bridgekit.persistence.ifupdown.interfaces.parsed import (
    Definition,
    Mapping,
    ParsedInterfaces,
    Problem,
)
from bridgekit.persistence.ifupdown.interfaces.parser import parse_files
from bridgekit.persistence.ifupdown.interfaces.sources import Files
from bridgekit.persistence.ifupdown.interfaces.stanza_options import (
    NameReferences,
    asking,
    find_references,
    home,
    mapped,
    methods,
    names,
    options,
    options_to_keep,
    others_naming,
    ports,
    renamed,
    stanzas_of,
    stays_up,
)
from bridgekit.persistence.ifupdown.interfaces.unsupported import unsupported_lines

__all__ = [
    "MARK",
    "Definition",
    "Document",
    "Files",
    "Line",
    "Mapping",
    "NameReferences",
    "ParsedInterfaces",
    "Problem",
    "Stanza",
    "Target",
    "asking",
    "commands",
    "disable",
    "find_references",
    "home",
    "mapped",
    "methods",
    "names",
    "options",
    "options_to_keep",
    "others_naming",
    "parse",
    "parse_files",
    "partially_captured",
    "pin_to_nic",
    "ports",
    "renamed",
    "restore",
    "stanzas_of",
    "stays_up",
    "unsupported_lines",
]
