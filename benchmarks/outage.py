"""Measure how many packets the move loses, and its longest pause.

    python benchmarks/outage.py [--runs 5] [--ways apply,rollback,classic] [--rp-filter 0,1,2]

Each run has a lab host of its own with traffic through eth0: UDP and ICMP probes of both families,
on-link, routed and link-local, and TCP streams. First comes a control, in which bridgekit only
reads, or nothing happens; a run whose control loses probes is discarded and counted. Other
programs come from Debian's packages, unpacked into the cache. Needs root, like the lab.
"""

import argparse
from itertools import product
from pathlib import Path

from loss.conditions import Conditions
from loss.picture import picture
from loss.runs import Series, series
from loss.tables import tables, write
from loss.ways import OURS, WAYS


def asked() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5, help="runs of each that count")
    parser.add_argument("--rate", type=int, default=2000, help="probes a second of each kind")
    parser.add_argument("--ways", help=f"of {','.join(WAYS)}; all if not given")
    parser.add_argument("--rp-filter", default="2", help="one or several of 0,1,2")
    parser.add_argument("--slaac", action="store_true", help="IPv6 by router advertisements")
    parser.add_argument("--load", action="store_true", help="busy cores, a full and busy bridge")
    parser.add_argument("--picture", type=Path, help="an SVG file to write")
    parser.add_argument("--write", type=Path, help="a page whose section is to be written anew")
    parser.add_argument("--section", default="loss", help="the name in that section's marks")
    return parser.parse_args()


def measured(given: argparse.Namespace) -> list[Series]:
    """Run every method under every condition; only ours are set up for SLAAC or load."""
    special = given.slaac or given.load
    names = given.ways.split(",") if given.ways else [w.name for w in OURS] if special else WAYS
    filters = (int(number) for number in given.rp_filter.split(","))
    conditions = [Conditions(number, given.slaac, given.load) for number in filters]
    found = []
    for condition, name in product(conditions, names):
        found.append(series(WAYS[name], condition, given.runs, given.rate))
        print(f"{found[-1].way.title}, {condition}: {len(found[-1].runs)} runs", flush=True)
    return found


def main() -> None:
    """Print the tables, and write them where the arguments say."""
    given = asked()
    found = measured(given)
    print(tables(found))
    if given.write:
        write(given.write, given.section, tables(found))
    if given.picture:
        given.picture.write_text(picture(found, given.rate))


if __name__ == "__main__":
    main()
