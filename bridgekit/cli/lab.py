"""The verbs `lab up`, `demo`, `down` and `shell`."""

import os
import signal
import sys

import click

from bridgekit.lab import demo as demonstration
from bridgekit.lab import registry
from bridgekit.lab.topology import DEFAULT_NAME, Lab

name_option = click.option("--name", default=DEFAULT_NAME, show_default=True, help="Which lab.")


@click.group()
def lab() -> None:
    """Make a network of namespaces: a host, its gateway and an L2 segment for clients.

    \b
    Examples:
      bridgekit lab up
      bridgekit lab shell host -- bridgekit plan eth0
      bridgekit lab down
    """


@lab.command()
@name_option
def up(name: str) -> None:
    """Make a lab that stays until `bridgekit lab down`."""
    made = Lab(name, stay=True)
    made.up()
    option = "" if name == DEFAULT_NAME else f" --name {name}"
    click.echo(f"the lab {name} is up: {', '.join(sorted(made.hosts))}")
    click.echo(f"  bridgekit lab shell{option} host -- bridgekit plan eth0")
    click.echo(f"  bridgekit lab down{option}")


@lab.command()
@name_option
def down(name: str) -> None:
    """End every process of a lab and remove it."""
    registry.find_any(name)
    registry.remove(name)
    click.echo(f"the lab {name} is gone")


@lab.command(context_settings={"ignore_unknown_options": True})
@name_option
@click.argument("host", type=click.Choice(registry.NAMES))
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def shell(name: str, host: str, command: tuple[str, ...]) -> None:
    """Run COMMAND, or a shell, inside a lab host; ends with its exit code."""
    lab_host = registry.find(name)[host]
    argv = command or (os.environ.get("SHELL", "/bin/sh"),)
    with lab_host.popen(*argv) as process:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the program in the lab
        sys.exit(process.wait() % 256)


@lab.command()
@click.option("--name", default="demo", show_default=True, help="What to call the lab.")
def demo(name: str) -> None:
    """Run the main job: plan, apply with PXE, netboot a client, roll back, compare."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the lab is taken down
    demonstration.run(name, click.echo)
