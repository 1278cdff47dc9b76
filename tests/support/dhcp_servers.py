"""Other DHCP servers on a lab's segment: real ones, on the gateway."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bridgekit.lab.topology import Lab

LEASES: Final = "/run/other.leases"
DNSMASQ: Final = (
    *("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--interface=eth0"),
    *("--bind-dynamic", "--log-facility=-", "--no-ping", "--user=root", "--log-dhcp"),
    f"--dhcp-leasefile={LEASES}",
)
IPV6: Final = ("2001:db8:1::100", "2001:db8:1::1ff")
"""A range of the lab's own prefix."""
UDHCPD: Final = """
interface eth0
start {first}
end {last}
lease_file {leases}
pidfile /run/udhcpd.pid
option subnet 255.255.255.0
option router 192.168.1.1
"""
READY: Final = {"dnsmasq": "IP range", "udhcpd": "started"}


@contextmanager
def server(lab: Lab, first: str, last: str, program: str = "dnsmasq") -> Iterator[None]:
    """A DHCP server on the gateway, by one of the programs of READY."""
    argv = _dnsmasq(first, last) if program == "dnsmasq" else _udhcpd(lab, first, last)
    with lab.popen("gateway", *argv, stdout=-1, stderr=-2, text=True) as process:
        try:
            assert any(READY[program] in line for line in process.stdout)
            yield
        finally:
            process.kill()


def _dnsmasq(first: str, last: str) -> tuple[str, ...]:
    return (*DNSMASQ, f"--dhcp-range={first},{last}")


def _udhcpd(lab: Lab, first: str, last: str) -> tuple[str, ...]:
    text = UDHCPD.format(first=first, last=last, leases=LEASES)
    write = f'printf "%s" "$1" > /run/udhcpd.conf; : > {LEASES}'
    lab.run("gateway", "sh", "-c", write, "sh", text)
    return ("udhcpd", "-f", "/run/udhcpd.conf")
