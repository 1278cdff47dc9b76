"""A real systemd-resolved in a lab host, with a message bus of its own; never installed."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bridgekit.lab import packages
from bridgekit.lab.topology import Lab

PACKAGES: Final = (
    *("systemd-resolved", "libsystemd-shared", "dbus-daemon", "libdbus-1-3", "libapparmor1"),
    *("libaudit1", "libcap-ng0", "libexpat1"),
)
USER: Final = "systemd-resolve"
BUS: Final = """\
<busconfig>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <servicedir>/run/dbus/services</servicedir>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"""
SERVICE: Final = """\
[D-BUS Service]
Name=org.freedesktop.resolve1
Exec=/usr/lib/systemd/systemd-resolved
"""
MADE: Final = f"""
mkdir -p /run/dbus/services /run/systemd
cat > /run/dbus/services/resolve1.service
cp /etc/passwd /etc/group /run/dbus
echo {USER}:x:64999:64999::/:/usr/sbin/nologin >> /run/dbus/passwd
echo {USER}:x:64999: >> /run/dbus/group
mount --bind /run/dbus/passwd /etc/passwd
mount --bind /run/dbus/group /etc/group
install -d -o {USER} -g {USER} /run/systemd/resolve
echo nameserver 127.0.0.53 > /run/dbus/resolv.conf
touch /run/dbus/resolv.conf
mount --bind /run/dbus/resolv.conf /etc/resolv.conf
"""


@contextmanager
def resolved(lab: Lab) -> Iterator[None]:
    """Let the host have systemd-resolved, which its bus starts when it is first asked."""
    packages.lay_over(lab, packages.unpacked(PACKAGES))
    lab.run("host", "sh", "-euc", MADE, stdin=SERVICE)
    lab.run("host", "sh", "-c", "cat > /run/dbus/bus.conf", stdin=BUS)
    program = ("dbus-daemon", "--config-file=/run/dbus/bus.conf", "--nofork", "--print-address")
    bus = lab.popen("host", *program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with bus:
        assert bus.stdout and bus.stdout.readline().startswith(b"unix:")
        lab.run("host", "resolvectl", "status")
        yield
        bus.kill()
