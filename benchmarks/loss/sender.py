"""Send small frames from one bridge port to another: sender.py NIC RATE FROM-MAC TO-MAC."""

import socket
import sys
import time


def main(nic: str, rate: str, own: str, other: str) -> None:
    """Send at the rate, or as near as this machine comes, until killed."""
    macs = bytes.fromhex((other + own).replace(":", ""))
    frame = macs + b"\x88\xb5" + bytes(46)  # a type for experiments
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((nic, 0))
        step, due = 0.001, time.monotonic()
        while True:
            for _ in range(int(int(rate) * step)):
                sender.send(frame)
            due = max(due + step, time.monotonic() - 10 * step)
            time.sleep(max(due - time.monotonic(), 0))


if __name__ == "__main__":
    main(*sys.argv[1:])
