"""Findings about addresses, routes and rules that cannot be reproduced exactly on the bridge."""

from bridgekit.planning.findings.finding import FindingType

ADDRESS_IN_USE = FindingType(
    "address-in-use",
    "refuse",
    "An IPv6 address is a duplicate",
    """\
Duplicate address detection found that another machine has this IPv6 address, so it does not work
on this host. Remove it.""",
    "ip address delete {address} dev {nic}",
)

ADDRESS_TWICE = FindingType(
    "address-twice",
    "refuse",
    "An IPv4 address is there more than once",
    """\
The NIC has an IPv4 address more than once, with different prefix lengths or a peer. Each brings a
local route to it, and nothing can restore the order of these routes. Remove all but one.""",
    "remove all of them but one",
)

LABEL_TOO_LONG = FindingType(
    "label-too-long",
    "refuse",
    "An address label becomes too long",
    """\
An IPv4 address has a label that begins with the NIC's name. With the bridge's name it would be
longer than 15 bytes. Choose a shorter bridge name or label.""",
    "choose a shorter --bridge or label",
)

UNREADABLE_TEXT = FindingType(
    "unreadable-text",
    "refuse",
    "An alias or a label is no text",
    """\
The NIC's alias, or the label of one of its addresses, holds bytes that are not UTF-8. They cannot
be carried over as they are. Give it another alias or label.""",
    "give {nic} another {kind}",
)

LOCAL_ROUTE_REMOVED = FindingType(
    "local-route-removed",
    "refuse",
    "A local route was removed",
    """\
Someone removed a route of the table local that the kernel makes with an address. It would be back
after the move. Remove the address as well, or add it again.""",
    "remove its address, or give it to the NIC anew, which brings the route",
)

DEAD_LEG = FindingType(
    "dead-leg",
    "refuse",
    "A multipath route has a dead nexthop",
    """\
A multipath route over the NIC has a dead nexthop: the nexthop's link is down, or has lost its
last IPv4 address. The kernel refuses to add a route with a dead nexthop. Add the route again
without that nexthop, or bring its link up.""",
    "make the route anew without that nexthop, or bring its link up",
)

UNEVEN_LEGS = FindingType(
    "uneven-legs",
    "refuse",
    "The nexthops of an IPv6 route have different metrics",
    """\
The nexthops of an IPv6 route were added one by one, with different metrics (`mtu` and the like).
The kernel shows the first nexthop's only, and takes one set for all nexthops when the route
moves. Give all nexthops the same metrics, or use nexthop objects.""",
    "give all nexthops the same, or make them nexthop objects (ip nexthop)",
)

INDISTINCT_ROUTES = FindingType(
    "indistinct-routes",
    "refuse",
    "Two IPv4 routes cannot be told apart",
    """\
Two IPv4 routes over the NIC have the same destination, table, tos and metric, and the same
nexthop. Asked to delete the second, the kernel deletes the first: it does not compare
encapsulation, nor metrics that only one of them has. Give one of them another metric, or remove
one.""",
    "give one of them another metric, or remove one",
)

SOURCE_GONE = FindingType(
    "source-gone",
    "refuse",
    "A route's source address is gone",
    """\
A route of another table has a source address that the host no longer has. The kernel keeps such a
route, but adds none. Add the address, or remove the route.""",
    "add that address, or remove the route",
)

INVERTED_RULE = FindingType(
    "inverted-rule",
    "refuse",
    "An inverted rule would drop everything",
    """\
A policy rule drops whatever does not go over the NIC (`not oif eth0 blackhole`). For a moment the
old and the new rule would both exist and drop everything, also what the move itself needs. Write
the rule without `not`.""",
    "write it without `not`, or without {nic}",
)
