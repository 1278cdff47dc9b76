"""Send numbered datagrams, one after the other, until it is killed: datagrams_send.py ADDRESS"""

import itertools
import socket
import struct
import sys
import time

address = sys.argv[1]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
with socket.socket(family, socket.SOCK_DGRAM) as sender:
    for number in itertools.count():
        sender.sendto(struct.pack("=Q", number), (address, 7008))
        if number % 50 == 0:  # a busy machine's queue of 1,000 packets must not run over
            time.sleep(0.0002)
