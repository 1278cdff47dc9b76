"""Lists of sockets: linux/sock_diag.h, linux/inet_diag.h, net/tcp_states.h."""

from typing import Final

SOCK_DIAG_BY_FAMILY: Final = 20

# An attribute of a request; an operation of its byte code; an attribute of an answer.
INET_DIAG_REQ_BYTECODE: Final = 1
INET_DIAG_BC_DEV_COND: Final = 9
INET_DIAG_INFO: Final = 2

# For `idiag_cookie`: whichever socket it is.
INET_DIAG_NOCOOKIE: Final = 0xFFFFFFFFFFFFFFFF

# States of a socket, not yet or no more held by a program.
TCP_SYN_RECV: Final = 3
TCP_TIME_WAIT: Final = 6
TCP_NEW_SYN_RECV: Final = 12
