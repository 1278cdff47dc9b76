"""Live traffic between the gateway and the host: what was lost, and the longest silence.

One process of its own (flows.py) opens sockets in both hosts' network namespaces, so that there is
one clock and no other work in between: UDP probes from the gateway that the host sends back, ICMP
echo requests, and TCP streams that the host opened. It runs from the start of the block to `stop`.
"""

import json
import subprocess
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from bridgekit.lab.host import PYTHON, Host, LabError

SPAN: Final = 0.005
"""Seconds: answers are counted in such spans."""
ON_LINK: Final = (("192.168.1.4", "192.168.1.1"), ("2001:db8:1::4", "2001:db8:1::1"))
ROUTED: Final = (("10.20.0.4", "203.0.113.1"), ("2001:db8:1::5", "2001:db8:ffff::1"))
LINK_LOCAL: Final = (("fe80::5054:ff:feb1:4%eth0", "fe80::5054:ff:feb1:1%eth0"),)


class Flow(Struct, frozen=True):
    """One flow's account, in packets for UDP and ICMP and in bytes for TCP."""

    kind: str
    host: str
    peer: str
    sent: int
    received: int
    longest_gap_ms: float
    broken: str = ""
    answers: tuple[int, ...] = ()
    """How many answers came in each SPAN since the start."""

    @property
    def lost(self) -> int:
        """Packets (for TCP: bytes) sent and never answered."""
        return self.sent - self.received

    def __str__(self) -> str:
        fate = f"broke: {self.broken}" if self.broken else "stayed up"
        what = fate if self.kind == "tcp" else f"{self.lost} of {self.sent} lost"
        gap = f"longest gap {self.longest_gap_ms:.1f} ms"
        return f"{self.kind} {self.peer} <-> {self.host}: {what}, {gap}"


class Traffic:
    """Traffic that flows inside a `with` block; `stop` ends it and returns the accounts.

    `pairs` are (address of the host, address of the gateway); `rate` is packets a second of each
    kind. Between link-local addresses there is no TCP: a stream is bound to its interface.
    """

    def __init__(
        self,
        host: Host,
        gateway: Host,
        pairs: Sequence[tuple[str, str]] = ON_LINK,
        rate: int = 1000,
        kinds: Sequence[str] = ("udp", "tcp"),
    ) -> None:
        numbers = (str(host.pid), str(gateway.pid), str(rate))
        self._argv = [*numbers, json.dumps(list(pairs)), ",".join(kinds)]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Traffic":
        pipe = subprocess.PIPE
        argv = (*PYTHON, "-m", "bridgekit.lab.flows", *self._argv)
        self._process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        assert self._process.stdout
        if self._process.stdout.readline() != "flowing\n":
            words = self._process.communicate()[1].strip().splitlines()[-1:]
            raise LabError(f"no traffic: {''.join(words)}")
        return self

    def stop(self) -> list[Flow]:
        """End the traffic after the last answers and return an account of each flow."""
        assert self._process
        out, err = self._process.communicate(timeout=30)
        if self._process.returncode:
            raise LabError(f"the traffic failed: {err.strip()[-500:]}")
        return [Flow(**flow) for flow in json.loads(out)]

    def __exit__(self, *_: object) -> None:
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
