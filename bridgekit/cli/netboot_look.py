"""The verbs of `pxe` that look: at the host and the wire, and at what a machine would get."""

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from msgspec import to_builtins

from bridgekit.cli.netboot_options import DEFAULTS, on_bridge, service_from, service_options
from bridgekit.cli.netboot_words import SCHEMA, color_option, state_option, step_text
from bridgekit.cli.options import errors_as_json, json_option, say
from bridgekit.errors import RefusedError
from bridgekit.pxe import files, lifecycle, preview, spec
from bridgekit.pxe import status as services
from bridgekit.pxe.diagnose import audit, installer_abi, self_test
from bridgekit.pxe.diagnose.client_simulator import Step, simulate
from bridgekit.pxe.diagnose.findings import CLIENT_FAILED, OTHER_DHCP_SERVER, PxeFinding, finding
from bridgekit.pxe.web_proxy import WebProxy

FOUND_SOMETHING = 10
SILENT = "The service offers nothing as long as another DHCP server answers"


@click.command()
@on_bridge
@service_options()
@click.option(
    "--mirror",
    metavar="URL",
    help="Does this Debian mirror have the modules of the installer's kernel?",
)
@click.option("--fix", is_flag=True, help="Change settings that are in the way, until `pxe down`.")
@state_option
@json_option
@color_option
def check(
    bridge: str, mirror: str | None, fix: bool, state_dir: str, as_json: bool, **params: Any
) -> None:
    """Look for what would keep clients of BRIDGE from booting; exit 10 if there is something.

    Where a service runs, a client of each kind goes the whole way up to kernel and initrd, out
    of a network namespace on BRIDGE, and every file is compared with its recorded checksum.

    \b
    Examples:
      bridgekit pxe check br0 --address 10.7.0.1/24
      bridgekit pxe check br0 --fix
      bridgekit pxe check br0 --mirror http://mirror.example/debian
    """
    wish, state = service_from(params, "", bridge), files.state_dir(state_dir)
    with errors_as_json(as_json):
        now, pid = services.status(bridge, state), services.pid_on_bridge(bridge, state)
        serves = bool(now and now.running)
        found = list(audit.findings(wish, ours=serves))
        if fix:
            fixes = tuple(item.fix for item in found if item.fix)
            lifecycle.apply_fixes(bridge, fixes, state)
            for done in fixes:
                click.echo(f"done: {done}", err=True)
            found = list(audit.findings(wish, ours=serves))
        if mirror:
            tree = Path(f"/proc/{pid}/root/srv/tftp") if pid else None
            found += installer_abi.check_installer_abi(now.service if now else wish, tree, mirror)
        if now and now.other_servers:
            text = f"{SILENT}: {now.other_servers}; it looks again every few seconds."
            found.append(finding(OTHER_DHCP_SERVER, text))
        steps = _tried(bridge, pid, state, as_json) if pid and serves else []
    found += (_failure(step) for step in steps if step.problem)
    if as_json:
        told = {
            "findings": [item.message for item in found],
            "codes": [item.code for item in found],
            "fixes": [str(item.fix) for item in found if item.fix],
            "clients": to_builtins(steps),
        }
        click.echo(json.dumps({"schema": SCHEMA, **told}, indent=2))
    else:
        say(_text(found) or f"nothing keeps clients of {bridge} from booting")
    sys.exit(FOUND_SOMETHING if found else 0)


def _tried(bridge: str, pid: int, state: Path, as_json: bool) -> list[Step]:
    steps = []
    for step in self_test.self_test(bridge, pid, state):
        steps.append(step)
        if not as_json:
            say(step_text(step))
    return steps


def _failure(step: Step) -> PxeFinding:
    return finding(CLIENT_FAILED, f"{step.client}, {step.what}: {step.problem}")


def _text(found: list[PxeFinding]) -> str:
    fixes = [f"  {item.fix}" for item in found if item.fix]
    helps = ["`bridgekit pxe check --fix` does, until `pxe down`:", *fixes] if fixes else []
    return "\n".join((*(item.message for item in found), *helps))


@click.command()
@click.argument("answer", required=False)
@click.option("--mac", required=True, metavar="MAC", help="The machine's MAC address.")
@service_options()
@json_option
@color_option
def render(answer: str | None, mac: str, as_json: bool, **params: Any) -> None:
    """Show what a machine would be given: its menus and answer files, or only ANSWER.

    \b
    Examples:
      bridgekit pxe render --mac 52:54:00:c1:00:01
      bridgekit pxe render preseed.cfg --mac 52:54:00:c1:00:01 --site /etc/bridgekit/pxe
    """
    with errors_as_json(as_json):
        wish = service_from(params, "", DEFAULTS.bridge)
        spec.check_spec(wish, ())
        found = dict(preview.render(wish, mac, answer))
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, "files": found}, indent=2))
    elif answer:
        click.echo("".join(found.values()), nl=False)
    else:
        click.echo("\n".join(f"== {name}\n{text}" for name, text in found.items()), nl=False)


@click.command()
@on_bridge
@click.option(
    "--listen",
    metavar="ADDRESS:PORT",
    default="127.0.0.1:8242",
    show_default=True,
    help="Where; 0.0.0.0:8242 is for everybody who reaches this host.",
)
@state_option
def page(bridge: str, listen: str, state_dir: str) -> None:
    """Show the page of BRIDGE's service at an address of this host, until Ctrl-C.

    The page tells what each machine is doing, and changes nothing. From another computer, open
    http://127.0.0.1:8242/ after `ssh -L 8242:127.0.0.1:8242 HOST`.

    \b
    Examples:
      bridgekit pxe page br0
      bridgekit pxe page br0 --listen 127.0.0.1:9000
    """
    address, _, port = listen.rpartition(":")
    if not (address and port.isdecimal() and int(port) < 65536):
        raise click.BadParameter(f"{listen!r} is not ADDRESS:PORT", param_hint="--listen")
    try:
        server = WebProxy(bridge, files.state_dir(state_dir), address.strip("[]"), int(port))
    except OSError as error:
        raise RefusedError(f"Nothing can listen at {listen}: {error.strerror or error}.") from error
    with server:
        click.echo(f"http://{address}:{server.server_port}/ until Ctrl-C")
        with suppress(KeyboardInterrupt):
            server.serve_forever()


@click.command("simulate", hidden=True)
@click.argument("nic")
def simulate_clients(nic: str) -> None:
    """Be each kind of client on NIC, when told so; `pxe check` starts this."""
    click.echo("ready")
    sys.stdin.readline()
    for step in simulate(nic):
        click.echo(json.dumps(to_builtins(step)))
    click.echo()
    sys.stdin.readline()  # its interface is taken away first
