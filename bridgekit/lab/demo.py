"""The main job in the lab, with the real commands; it says at each step what happened."""

import os
import secrets
import shlex
import textwrap
from collections.abc import Sequence

from bridgekit.lab import state_dump
from bridgekit.lab.client import Client, append_for
from bridgekit.lab.host import BRIDGEKIT, LabError, Result
from bridgekit.lab.topology import Lab
from bridgekit.lab.traffic import ON_LINK, ROUTED, Traffic
from bridgekit.system.process import run as run_program
from bridgekit.system.progress import Report

PICTURE = """\
 gateway ---- segment ---- eth0  host  eth1 ---- gateway's second uplink
               |
            client (QEMU, BIOS firmware, netboots)
"""
APPLY_TIMEOUT = 1800  # the first time, PXE's root is made from Debian's packages


class Demo:
    """One run of the demo in a lab that is up."""

    def __init__(self, lab: Lab, report: Report, cache: str) -> None:
        self._lab = lab
        self._host = lab.hosts["host"]
        self._report = report
        self._environment = {"BRIDGEKIT_CACHE_DIR": cache}
        self._token = secrets.token_hex(8)
        self._step = 0

    def run(self) -> None:
        """Do all steps; LabError at the first that does not hold."""
        before = state_dump.dump(self._host)
        self._title("A dry run: what would happen")
        self._bridgekit("plan", "eth0", *self._pxe())
        self._same(before, "the plan changed nothing")
        self._title("Apply, with PXE, under live traffic through eth0")
        self._under_traffic("apply", "eth0", "--yes", *self._pxe())
        self._bridgekit("status")
        self._title("A machine on eth0's segment netboots the Debian installer")
        self._netboot()
        self._title("Take it all back, under live traffic")
        self._under_traffic("rollback", "--yes")
        self._title("Compare with the start")
        self._same(before, "addresses, routes, rules, settings, eth1 and every file are as before")

    def _pxe(self) -> Sequence[str]:
        engine = ("--pxe-engine", "native")
        return ("--with-pxe", *engine, "--pxe-append", append_for(self._token))

    def _title(self, text: str) -> None:
        self._step += 1
        self._report(f"\n== {self._step}. {text}")

    def _bridgekit(self, *arguments: str) -> Result:
        self._report(f"host# bridgekit {shlex.join(arguments)}")
        done = self._lab.bridgekit(*arguments, env=self._environment, timeout=APPLY_TIMEOUT)
        self._report(textwrap.indent((done.stdout + done.stderr).rstrip(), "  "))
        if done.code:
            raise LabError(f"bridgekit {arguments[0]} ended with {done.code}")
        return done

    def _under_traffic(self, *arguments: str) -> None:
        with Traffic(self._host, self._lab.hosts["gateway"], (*ON_LINK, *ROUTED)) as traffic:
            self._bridgekit(*arguments)
            flows = traffic.stop()
        for flow in flows:
            self._report(f"  {flow}")
        lost = sum(flow.lost for flow in flows if flow.kind == "udp")
        gap = max(flow.longest_gap_ms for flow in flows)
        self._report(f"  packets lost: {lost}; longest gap: {gap:.1f} ms")
        if any(flow.broken for flow in flows):
            raise LabError("a TCP connection through eth0 broke")

    def _netboot(self) -> None:
        with Client(self._lab, "bios") as client:
            self._report("client: switched on")
            for stage, seconds in client.netboot(self._token):
                self._report(f"client: {seconds:5.1f} s  {stage.name}")
            shown = client.console.splitlines()
        for line in shown:
            if "Kernel command line:" in line or "net0: 192" in line:
                self._report(f"  console: {line.strip()}")

    def _same(self, before: state_dump.StateDump, sentence: str) -> None:
        changed = before.difference(state_dump.dump(self._host))
        if changed:
            raise LabError("the host differs from the start:\n" + "\n".join(changed))
        self._report(f"  {sentence} ({len(before.lines)} facts compared)")


def run(name: str, report: Report) -> None:
    """Bring up a lab, prepare the PXE service's files outside it, run the demo, leave nothing."""
    cache = os.environ.get("BRIDGEKIT_CACHE_DIR") or "/var/cache/bridgekit"
    with Lab(name) as lab:
        report(f"The lab {name} is up; the machine's own network is left alone.\n\n{PICTURE}")
        report("preparing the PXE service's files (the first time they come from Debian's mirror)")
        _build(cache)
        Demo(lab, report, cache).run()
    report("\nThe demo is done, the lab is gone.")


def _build(cache: str) -> None:
    """Make the native engine's root with the machine's own network, which the lab hasn't got."""
    argv = (*BRIDGEKIT, "pxe", "build", "--engine", "native")
    run_program("env", f"BRIDGEKIT_CACHE_DIR={cache}", *argv, timeout=APPLY_TIMEOUT)
