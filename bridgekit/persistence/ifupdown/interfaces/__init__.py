"""interfaces(5) as text: parsed as ifupdown 0.8 does, and rewritten so that it can be restored.

    document = parse(text)                   # document.text == text
    parsed = parse_files(path, files)        # with all that the file includes
    new = disable(text, "eth0", stanza)
    old = restore(new)

Text is decoded with `surrogateescape`, so that every byte comes back as it was.
`bridgekit interfaces --list` lists what a file and its inclusions say.
"""

from bridgekit.persistence.ifupdown.interfaces.document import Document, Option, Stanza, parse
from bridgekit.persistence.ifupdown.interfaces.edit import MARK, Kept, disable, restore
from bridgekit.persistence.ifupdown.interfaces.hooks import HOOKS, hook_commands
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
    hooks_of_others,
    selects_itself,
    used_by_others,
)
from bridgekit.persistence.ifupdown.interfaces.sources import Files
from bridgekit.persistence.ifupdown.interfaces.stanza_options import (
    BRIDGE_FROM_STATE,
    NIC_FROM_STATE,
    bridge_ports,
    claims,
    definitions_for,
    dynamic_options,
    file_of,
    has_mapping,
    has_no_scripts,
    is_dns,
    is_no_auto_down,
    methods_of,
    names_in,
    options_of,
    own_options,
    rename_link,
)
from bridgekit.persistence.ifupdown.interfaces.unsupported import unsupported_lines

__all__ = [
    "BRIDGE_FROM_STATE",
    "HOOKS",
    "MARK",
    "NIC_FROM_STATE",
    "Document",
    "Files",
    "IfaceDefinition",
    "Kept",
    "Line",
    "Mapping",
    "Option",
    "ParsedInterfaces",
    "Problem",
    "Stanza",
    "Target",
    "bridge_ports",
    "claims",
    "definitions_for",
    "disable",
    "dynamic_options",
    "file_of",
    "has_mapping",
    "has_no_scripts",
    "hook_commands",
    "hooks_of_others",
    "is_dns",
    "is_no_auto_down",
    "methods_of",
    "names_in",
    "options_of",
    "own_options",
    "parse",
    "parse_files",
    "rename_link",
    "restore",
    "selects_itself",
    "unsupported_lines",
    "used_by_others",
]
