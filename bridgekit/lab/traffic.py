"""Live traffic between the gateway and the host: what was lost, and the longest silence.

One process of its own opens sockets in both hosts' network namespaces, so that there is one clock
and no other work in between: UDP probes from the gateway that the host sends back, and one TCP
stream per family that the host opened. It runs from `start` to `stop`.
"""

import json
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Final

from bridgekit.lab.host import Host, LabFailed
from bridgekit.lab.kernel import inside

PORT: Final = 7007
CHUNK: Final = 1000  # bytes of one TCP message
ON_LINK: Final = (("192.168.1.4", "192.168.1.1"), ("2001:db8:1::4", "2001:db8:1::1"))
ROUTED: Final = (("10.20.0.4", "203.0.113.1"), ("2001:db8:1::5", "2001:db8:ffff::1"))


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow's account, in packets for UDP and in bytes for TCP."""

    kind: str
    host: str
    peer: str
    sent: int
    received: int
    longest_gap_ms: float
    broken: str = ""

    @property
    def lost(self) -> int:
        """Packets (for TCP: bytes) sent and never answered."""
        return self.sent - self.received

    def __str__(self) -> str:
        fate = f"broke: {self.broken}" if self.broken else "stayed up"
        what = f"{self.lost} of {self.sent} lost" if self.kind == "udp" else fate
        gap = f"longest gap {self.longest_gap_ms:.1f} ms"
        return f"{self.kind} {self.peer} <-> {self.host}: {what}, {gap}"


class Traffic:
    """Traffic that flows inside a `with` block; `stop` ends it and returns the accounts.

    `pairs` are (address of the host, address of the gateway); `rate` is packets a second of each.
    """

    def __init__(
        self,
        host: Host,
        gateway: Host,
        pairs: Sequence[tuple[str, str]] = ON_LINK,
        rate: int = 1000,
    ) -> None:
        self._argv = [str(host.pid), str(gateway.pid), str(rate), json.dumps(list(pairs))]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Traffic":
        pipe = subprocess.PIPE
        argv = (sys.executable, "-m", "bridgekit.lab.traffic", *self._argv)
        self._process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        assert self._process.stdout
        if self._process.stdout.readline() != "flowing\n":
            words = self._process.communicate()[1].strip().splitlines()[-1:]
            raise LabFailed(f"no traffic: {''.join(words)}")
        return self

    def stop(self) -> list[Flow]:
        """End the traffic after the last answers and return an account of each flow."""
        assert self._process
        out, err = self._process.communicate(timeout=30)
        if self._process.returncode:
            raise LabFailed(f"the traffic failed: {err.strip()[-500:]}")
        return [Flow(**flow) for flow in json.loads(out)]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


@dataclass(slots=True)
class _Count:
    """A flow while it runs: `near` is the gateway's socket, which sends and counts."""

    kind: str
    host: str
    peer: str
    near: socket.socket
    far: socket.socket
    sent: int = 0
    received: int = 0
    last: float = field(default_factory=time.monotonic)
    longest: float = 0
    broken: str = ""

    def send(self) -> None:
        """Send one probe; an error of the way counts as a loss."""
        try:
            if self.kind == "tcp":
                self.sent += self.near.send(bytes(CHUNK))
            else:
                self.sent += 1
                self.near.send(bytes(64))
        except OSError as error:
            self._fail(error)

    def echo(self) -> None:
        """The host's side: send back what came."""
        try:
            if self.kind == "tcp":
                self.far.send(self.far.recv(65536))
            else:
                data, sender = self.far.recvfrom(65536)
                self.far.sendto(data, sender)
        except OSError as error:
            self._fail(error)

    def receive(self) -> None:
        """The gateway's side: count an answer."""
        try:
            got = len(self.near.recv(65536))
        except OSError as error:
            self._fail(error)
            return
        self.received += got if self.kind == "tcp" else 1
        self.look()
        self.last = time.monotonic()

    def late(self) -> bool:
        """Tell whether probes are still on their way."""
        return self.kind == "udp" and self.sent > self.received

    def look(self) -> None:
        """Measure the silence since the last answer."""
        self.longest = max(self.longest, time.monotonic() - self.last)

    def account(self) -> Flow:
        """The account as it stands."""
        names = (self.kind, self.host, self.peer, self.sent, self.received)
        return Flow(*names, round(self.longest * 1000, 2), self.broken)

    def _fail(self, error: OSError) -> None:
        if self.kind == "tcp" and not isinstance(error, BlockingIOError):
            self.broken = str(error)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _socket_in(pid: int, address: str, kind: socket.SocketKind) -> socket.socket:
    with inside("net", pid):
        made = socket.socket(_family(address), kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


def _udp(host_pid: int, gateway_pid: int, host: str, peer: str) -> _Count:
    far = _socket_in(host_pid, host, socket.SOCK_DGRAM)
    far.bind((host, PORT))
    near = _socket_in(gateway_pid, peer, socket.SOCK_DGRAM)
    near.bind((peer, PORT))
    near.connect((host, PORT))
    return _Count("udp", host, peer, near, far)


def _tcp(host_pid: int, gateway_pid: int, host: str, peer: str) -> _Count:
    with _socket_in(gateway_pid, peer, socket.SOCK_STREAM) as listener:
        listener.bind((peer, PORT))
        listener.listen()
        far = _socket_in(host_pid, host, socket.SOCK_STREAM)
        far.bind((host, 0))
        far.settimeout(5)
        far.connect((peer, PORT))
        near, _ = listener.accept()
    for end in (near, far):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _Count("tcp", host, peer, near, far)


def _flow(flows: Sequence[_Count], rate: int) -> None:
    """Keep every flow going until the standard input ends; then wait for late answers."""
    events = selectors.DefaultSelector()
    events.register(sys.stdin, selectors.EVENT_READ, None)
    for flow in flows:
        flow.near.setblocking(False)
        flow.far.setblocking(False)
        events.register(flow.near, selectors.EVENT_READ, flow.receive)
        events.register(flow.far, selectors.EVENT_READ, flow.echo)
    step, due = 1 / rate, time.monotonic()
    while _answer(events, due - time.monotonic()):
        while due <= time.monotonic():
            for flow in flows:
                flow.send()
            due += step
    events.unregister(sys.stdin)
    for flow in flows:
        flow.look()
    end = time.monotonic() + 0.3
    while any(flow.late() for flow in flows) and time.monotonic() < end:
        _answer(events, end - time.monotonic())


def _answer(events: selectors.BaseSelector, timeout: float) -> bool:
    """Serve what is readable; tell whether the standard input is still open."""
    for key, _ in events.select(max(timeout, 0)):
        serve: Callable[[], None] | None = key.data
        if serve is None:
            return False
        serve()
    return True


def main(host_pid: str, gateway_pid: str, rate: str, pairs: str) -> None:
    """Say "flowing" once all connections stand, and at the end the accounts as JSON."""
    flows = [
        make(int(host_pid), int(gateway_pid), host, peer)
        for host, peer in json.loads(pairs)
        for make in (_udp, _tcp)
    ]
    print("flowing", flush=True)
    _flow(flows, int(rate))
    print(json.dumps([asdict(flow.account()) for flow in flows]))


if __name__ == "__main__":
    main(*sys.argv[1:])
