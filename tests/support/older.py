"""A lab host that an older version has changed, with the state folder which that one left.

Of bridgekit only the lab is used: what is on disk is told here once more, from the documented
format, so that no change of the program's own reader and writer goes unseen.
"""

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bridgekit.lab import state_dump
from bridgekit.lab.host import BRIDGEKIT, Result
from bridgekit.lab.topology import Lab
from tests.support.programs import program

DATA: Final = Path(__file__).parents[1] / "netns/older/91fa8ed"
STATE: Final = "/var/lib/bridgekit"
PUT: Final = "mkdir -p {state} && cp -r {data}/. {state} && chmod -R go= {state}"
RENAMED: Final = """
cd {state}/pxe
for name in *-{old}*; do mv "$name" "$(echo "$name" | sed 's/-{old}/-{new}/')"; done
"""
KERNELS_OWN: Final = """
ip address delete fe80::5054:ff:feb1:4/64 dev br0
sysctl -q -w net/ipv6/conf/br0/addr_gen_mode=1
sysctl -q -w net/ipv6/conf/br0/addr_gen_mode=0
ip -6 route delete fe80::/64 dev eth1 proto kernel metric 256
ip -6 route append fe80::/64 dev eth1 proto kernel metric 256
"""
"""`ip` cannot mark a link-local address as the kernel's own, so the kernel makes it once more.

Its network's route is then behind eth1's, which was the last.
"""


def resealed(line: bytes, **place: object) -> bytes:
    """Put another place into a record: a CRC-32 in hexadecimal, a space, JSON, a line end."""
    assert line[:9] == b"%08x " % zlib.crc32(line[9:-1])
    record = json.loads(line[9:])
    record["place"] |= place
    data = json.dumps(record, separators=(",", ":")).encode()
    return b"%08x %b\n" % (zlib.crc32(data), data)


@dataclass(frozen=True, slots=True)
class Older:
    """A lab whose host is as the older one was before the change; `folder` has what it left."""

    lab: Lab
    folder: Path

    def move(self, operations: int | None = None) -> None:
        """Make what the older version made, by iproute2, or only its first operations."""
        *steps, last = json.loads((self.folder / "commands.json").read_text())
        own = [] if operations else [KERNELS_OWN]
        script = [command for step in (*steps[:operations], own, last) for command in step]
        self.shell("\n".join(script))
        self.lab.hosts["host"].settle()

    def commit_files(self) -> None:
        self.shell(f"cp {self.folder}/network.after/* /etc/network/")

    def put(self, name: str) -> None:
        """Put the state folder in place: to the program, the host was started again since."""
        self.shell(PUT.format(state=STATE, data=self.folder / name))

    def put_here(self, name: str) -> None:
        """The same as if the host was not started again: this boot, this network namespace."""
        self.put(name)
        boot, cookie = self.where()
        for record in (self.folder / name).glob("*/record"):
            text = resealed(record.read_bytes(), boot=boot, namespace=cookie).decode()
            self.write(f"{STATE}/{record.parent.name}/record", text)

    def put_with_service(self, name: str) -> None:
        """The same with a PXE service: what is noted of it is named for the network namespace."""
        self.put(name)
        old = next((self.folder / name / "pxe").glob("*/record.json")).parent.name.split("-")[-1]
        _, cookie = self.where()
        self.shell(RENAMED.format(state=STATE, old=old, new=f"{cookie:x}"))

    def put_with_service_here(self, name: str) -> None:
        """And for the boot."""
        self.put_with_service(name)
        boot, cookie = self.where()
        old = json.loads(next((self.folder / name / "pxe").glob("*/record.json")).read_text())
        numbers = f"s/{old['boot']}/{boot}/; s/: {old['namespace']},/: {cookie},/"
        self.shell(
            f"cd {STATE}/pxe\nsed -i '{numbers}' */record.json *.fixed.json\n"
            f"mv forwarding-* forwarding-{cookie:x}-{boot[:8]}.json"
        )

    def where(self) -> tuple[str, int]:
        boot, cookie = self.lab.run("host", *program("namespace_id")).stdout.split()
        return boot, int(cookie)

    def program(self, *words: str) -> Result:
        """Run the program of today."""
        argv = (*BRIDGEKIT, *words)
        return self.lab.run("host", *argv, check=False)

    def shell(self, script: str) -> str:
        return self.lab.run("host", "sh", "-e", stdin=script).stdout

    def write(self, path: str, text: str) -> None:
        self.lab.run("host", "dd", f"of={path}", "status=none", stdin=text)

    def status(self) -> dict[str, Any]:
        result = self.program("status", "--json")
        assert result.code == 0, result
        found: dict[str, Any] = json.loads(result.stdout)
        assert found["damaged"] == [], found
        return found

    def states(self) -> list[str]:
        return [one["state"] for one in self.status()["transactions"]]

    def newest(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """What the last transaction's record and journal say."""
        name = self.status()["transactions"][-1]["id"]
        text = self.shell(f"cat {STATE}/{name}/record {STATE}/{name}/journal")
        record, *lines = [json.loads(line[9:]) for line in text.splitlines()]
        return record, lines

    def seen(self) -> state_dump.StateDump:
        """The whole host as iproute2, its settings and its files tell it."""
        self.lab.hosts["host"].settle()
        return state_dump.dump(self.lab.hosts["host"])

    def file(self) -> bytes:
        return (self.lab.hosts["host"].config / "network/interfaces").read_bytes()

    def kept(self, folder: str) -> bytes:
        """The interfaces file that the older version found, or wrote."""
        return (self.folder / folder / "interfaces").read_bytes()

    def carrier(self) -> str:
        """The link that has the host's address."""
        text = self.lab.run("host", "ip", "-json", "address", "show", "to", "192.168.1.4").stdout
        (name,) = [one["ifname"] for one in json.loads(text) if one]
        return str(name)


def made(make_lab: Callable[..., Lab], scene: str) -> Older:
    """Make the lab of a scene, with its host as it was before the change."""
    folder = DATA / scene
    lines = (folder / "host").read_text().splitlines()
    interfaces = (folder / "network.before/interfaces").read_text()
    older = Older(make_lab(host=lines, interfaces=interfaces), folder)
    for setting in (folder / "settings").read_text().splitlines():
        older.shell(f"sysctl -q -w {setting}")
    return older
