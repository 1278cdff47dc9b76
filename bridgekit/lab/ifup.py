"""What a host would be after a boot: the real ifupdown and bridge-utils in an empty lab host."""

from collections.abc import Mapping

from bridgekit.lab import witness
from bridgekit.lab.topology import Lab


def boot(
    name: str, interfaces: str, more: Mapping[str, str] | None = None
) -> tuple[witness.Testimony, str]:
    """Run `ifup -a` in a lab host that has nothing but its two NICs and this interfaces file.

    `more` are further files below /etc/network. Return the host's state afterwards and what ifup
    said. Raises LabFailed if ifup fails.
    """
    with Lab(name, host=(), interfaces=interfaces) as lab:
        for file, text in (more or {}).items():
            lab.write_interfaces(text, file)
        done = lab.run("host", "ifup", "-a", timeout=120)
        lab.hosts["host"].settle()
        return witness.dump(lab.hosts["host"]), done.stdout + done.stderr
