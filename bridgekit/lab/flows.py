"""What flows between two hosts: one process with sockets in both, and one clock.

Started by traffic.py, which says what the arguments are. It prints "flowing" once everything
stands, goes on until its standard input ends, and prints the accounts as JSON.
"""

import gc
import json
import os
import select
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import asdict

from bridgekit.lab.kernel import inside
from bridgekit.lab.traffic import SPAN, Flow

PORT: Final = 7007
CHUNK: Final = 1000  # bytes of one TCP message
PAYLOAD: Final = bytes(56)
BEHIND: Final = 0.002  # seconds: what is later than this is not sent any more
LINGER: Final = 0.3  # seconds: an answer that is later than this is lost

SOL_RAW, ICMP_FILTER = 255, 1  # linux/icmp.h; IPv6's has the same number

Serve = Callable[[], None]


class Count(Struct):
    """A flow while it runs: `near` is the gateway's socket, which sends and counts."""

    kind: str
    host: str
    peer: str
    near: socket.socket
    far: socket.socket | None
    probe: bytes
    sent: int = 0
    received: int = 0
    last: float = field(default_factory=time.monotonic)
    longest: float = 0
    broken: str = ""
    times: list[float] = field(default_factory=list)

    def send(self) -> None:
        """Send one probe; an error of the way counts as a loss."""
        try:
            if self.kind == "tcp":
                self.sent += self.near.send(self.probe)
            else:
                self.sent += 1
                self.near.send(self.probe)
        except OSError as error:
            self._fail(error)

    def echo(self) -> None:
        """Send back what came, on the host's side."""
        assert self.far
        try:
            if self.kind == "tcp":
                self.far.send(self.far.recv(65536))
            else:
                data, sender = self.far.recvfrom(65536)
                self.far.sendto(data, sender)
        except OSError as error:
            self._fail(error)

    def receive(self) -> None:
        """Count an answer, on the gateway's side."""
        try:
            got = len(self.near.recv(65536))
        except OSError as error:
            self._fail(error)
            return
        self.received += got if self.kind == "tcp" else 1
        self.look()
        self.last = time.monotonic()
        self.times.append(self.last)

    def late(self) -> bool:
        """Tell whether probes are still on their way."""
        return self.kind != "tcp" and self.sent > self.received

    def look(self) -> None:
        """Measure the silence since the last answer."""
        self.longest = max(self.longest, time.monotonic() - self.last)

    def account(self, start: float) -> Flow:
        """Return the account as it stands."""
        names = (self.kind, self.host, self.peer, self.sent, self.received)
        spans = [int((moment - start) / SPAN) for moment in self.times]
        answers = [0] * (max(spans, default=-1) + 1)
        for number in spans:
            answers[number] += 1
        return Flow(*names, round(self.longest * 1000, 2), self.broken, tuple(answers))

    def _fail(self, error: OSError) -> None:
        if self.kind == "tcp" and not isinstance(error, BlockingIOError):
            self.broken = str(error)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _resolved(address: str, port: int) -> tuple[Any, ...]:
    """With the number of the interface that a link-local address names, in this namespace."""
    return socket.getaddrinfo(address, port, flags=socket.AI_NUMERICHOST)[0][4]


def _socket(pid: int, address: str, kind: socket.SocketKind, protocol: int = 0) -> socket.socket:
    with inside("net", pid):
        made = socket.socket(_family(address), kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


def _tied(made: socket.socket, pid: int, own: str, other: str, port: int) -> socket.socket:
    """Send and receive between these two addresses only."""
    with inside("net", pid):
        made.bind(_resolved(own, port))
        made.connect(_resolved(other, port))
    return made


def _udp(host_pid: int, gateway_pid: int, host: str, peer: str) -> Count:
    far = _socket(host_pid, host, socket.SOCK_DGRAM)
    if "%" in host:  # bound to a link-local address it would be bound to the NIC as well
        far.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    far.bind(("::" if "%" in host else host, PORT))
    near = _socket(gateway_pid, peer, socket.SOCK_DGRAM)
    return Count("udp", host, peer, _tied(near, gateway_pid, peer, host, PORT), far, PAYLOAD)


def _icmp(host_pid: int, gateway_pid: int, host: str, peer: str) -> Count:
    """Open a socket that takes nothing but the answers of the host's kernel."""
    ipv6 = _family(host) == socket.AF_INET6
    protocol, request = (socket.IPPROTO_ICMPV6, 128) if ipv6 else (socket.IPPROTO_ICMP, 8)
    near = _socket(gateway_pid, peer, socket.SOCK_RAW, protocol)
    near.setsockopt(protocol if ipv6 else SOL_RAW, ICMP_FILTER, _all_but(129 if ipv6 else 0))
    near = _tied(near, gateway_pid, peer, host, 0)
    return Count("icmp", host, peer, near, None, _echo_request(request))


def _all_but(kind: int) -> bytes:
    """Return the set of ICMP's types without this one, as 32-bit words."""
    words = [0xFFFFFFFF] * 8
    words[kind // 32] ^= 1 << kind % 32
    return struct.pack("=8I", *words)


def _echo_request(kind: int) -> bytes:
    """Return an echo request of zeros, so that its checksum (IPv6's the kernel makes) is simple."""
    return struct.pack("!BBH4x", kind, 0, 0xFFFF - (kind << 8)) + PAYLOAD


def _tcp(host_pid: int, gateway_pid: int, host: str, peer: str) -> Count:
    with _socket(gateway_pid, peer, socket.SOCK_STREAM) as listener:
        listener.bind((peer, PORT))
        listener.listen()
        far = _socket(host_pid, host, socket.SOCK_STREAM)
        far.bind((host, 0))
        far.settimeout(5)
        far.connect((peer, PORT))
        near, _ = listener.accept()
    for end in (near, far):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Count("tcp", host, peer, near, far, bytes(CHUNK))


def _flow(flows: Sequence[Count], rate: int) -> None:
    """Keep every flow going until the standard input ends; then wait for late answers."""
    serve = dict(_served(flows))
    until_end = {**serve, sys.stdin.fileno(): None}
    step, due = 1 / rate, time.monotonic()
    for flow in flows:
        flow.last = due
    while _answer(until_end, due - time.monotonic()):
        now = time.monotonic()
        due = max(due, now - BEHIND)
        while due <= now:
            for flow in flows:
                flow.send()
            due += step
    for flow in flows:
        flow.look()
    end = time.monotonic() + LINGER
    while any(flow.late() for flow in flows) and time.monotonic() < end:
        _answer(serve, end - time.monotonic())


def _served(flows: Sequence[Count]) -> Iterator[tuple[int, Serve]]:
    for flow in flows:
        for end, serve in ((flow.near, flow.receive), (flow.far, flow.echo)):
            if end:
                end.setblocking(False)
                yield end.fileno(), serve


def _answer(serve: Mapping[int, Serve | None], timeout: float) -> bool:
    """Serve what is readable; tell whether the standard input is still open."""
    for number in select.select(serve, [], [], max(timeout, 0))[0]:
        what = serve[number]
        if what is None:
            return False
        what()
    return True


def _made(host_pid: int, gateway_pid: int, host: str, peer: str, kinds: str) -> Iterator[Count]:
    makers = {"udp": _udp, "icmp": _icmp, "tcp": _tcp}
    for kind in kinds.split(","):
        if not (kind == "tcp" and "%" in host):
            yield makers[kind](host_pid, gateway_pid, host, peer)


def main(host_pid: str, gateway_pid: str, rate: str, pairs: str, kinds: str) -> None:
    """Let it flow."""
    flows = [
        flow
        for host, peer in json.loads(pairs)
        for flow in _made(int(host_pid), int(gateway_pid), host, peer, kinds)
    ]
    gc.disable()
    with suppress(PermissionError):  # its pauses must not look like the network's
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    print("flowing", flush=True)
    start = time.monotonic()
    _flow(flows, int(rate))
    print(json.dumps([asdict(flow.account(start)) for flow in flows]))


if __name__ == "__main__":
    main(*sys.argv[1:])
