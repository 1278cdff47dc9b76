"""The table of docs/firmware.md, from what the tests of tests/firmware note.

python -m tests.support.firmware_table NOTES PAGE puts it between the marks of the page.
"""

import json
import os
import sys
from pathlib import Path

NOTES = "BRIDGEKIT_FIRMWARE"
BEGIN, END = "<!-- table: script/firmware -->\n", "<!-- end -->\n"
WHAT = {
    "bios": "BIOS with iPXE in its ROM",
    "bios-plain": "BIOS with a plain PXE ROM",
    "uefi": "UEFI x64",
    "secure": "UEFI x64, Secure Boot enforced",
    "http": "UEFI x64, HTTP boot",
    "ipv6": "UEFI x64, by IPv6 alone",
    "arm64": "UEFI arm64",
}


def wanted() -> bool:
    """Return whether the whole table is made; then every boot goes as far as the installer."""
    return NOTES in os.environ


def note(firmware: str, engine: str, stage: str, seconds: float) -> None:
    """Append a boot to the file of $BRIDGEKIT_FIRMWARE."""
    if wanted():
        with open(os.environ[NOTES], "a", encoding="utf-8") as file:
            file.write(json.dumps([firmware, engine, stage, round(seconds)]) + "\n")


def table(notes: list[list[str]]) -> str:
    """One line for each firmware and engine, of its last boot, in the order of WHAT."""
    lines = ["| firmware | engine | got to | seconds |", "|---|---|---|---|"]
    last = {(firmware, engine): rest for firmware, engine, *rest in notes}
    for firmware, engine in sorted(last, key=lambda one: [*WHAT].index(one[0])):
        stage, seconds = last[firmware, engine]
        lines.append(f"| {WHAT[firmware]} | {engine} | {stage} | {seconds} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Rewrite the page's table."""
    notes, page = Path(sys.argv[1]), Path(sys.argv[2])
    found = [json.loads(line) for line in notes.read_text().splitlines()]
    before, rest = page.read_text().split(BEGIN)
    page.write_text(f"{before}{BEGIN}{table(found)}{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
