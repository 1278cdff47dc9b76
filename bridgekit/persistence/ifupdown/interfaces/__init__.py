"""interfaces(5) as text: parsed as ifupdown 0.8 does, and rewritten so that it can be restored.

    document = parse(text)                   # document.text == text
    parsed = parse_files(path, files)        # with all that the file includes
    new = disable(text, "eth0", stanza, find_references(parsed, "eth0"))
    old = restore(new)

Text is decoded with `surrogateescape`, so that every byte comes back as it was.
`bridgekit interfaces --list` lists what a file and its inclusions say.
"""

from bridgekit.persistence.ifupdown.interfaces.document import Document, Option, Stanza, parse
from bridgekit.persistence.ifupdown.interfaces.edit import MARK, disable, restore
from bridgekit.persistence.ifupdown.interfaces.hooks import (
    hook_commands,
    partially_captured,
    pin_to_nic,
)
from bridgekit.persistence.ifupdown.interfaces.lines import Line
from bridgekit.persistence.ifupdown.interfaces.names import Target
from bridgekit.persistence.ifupdown.interfaces.parsed import (
    IfaceDefinition,
    Mapping,
    ParsedInterfaces,
    Problem,
)
from bridgekit.persistence.ifupdown.interfaces.parser import parse_files
from bridgekit.persistence.ifupdown.interfaces.references import (
    NameReferences,
    find_references,
    lines_naming,
    names_link,
)
from bridgekit.persistence.ifupdown.interfaces.sources import Files
from bridgekit.persistence.ifupdown.interfaces.stanza_options import (
    bridge_ports,
    definitions_for,
    dynamic_options,
    file_of,
    has_mapping,
    is_no_auto_down,
    methods_of,
    options_of,
    options_to_keep,
    rename_link,
)
from bridgekit.persistence.ifupdown.interfaces.unsupported import unsupported_lines

__all__ = [
    "MARK",
    "Document",
    "Files",
    "IfaceDefinition",
    "Line",
    "Mapping",
    "NameReferences",
    "Option",
    "ParsedInterfaces",
    "Problem",
    "Stanza",
    "Target",
    "bridge_ports",
    "definitions_for",
    "disable",
    "dynamic_options",
    "file_of",
    "find_references",
    "has_mapping",
    "hook_commands",
    "is_no_auto_down",
    "lines_naming",
    "methods_of",
    "names_link",
    "options_of",
    "options_to_keep",
    "parse",
    "parse_files",
    "partially_captured",
    "pin_to_nic",
    "rename_link",
    "restore",
    "unsupported_lines",
]
