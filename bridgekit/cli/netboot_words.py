"""What the verbs around the PXE service share: options, and how they say what they did."""

import json

import click

from bridgekit.pxe import files
from bridgekit.pxe.diagnose.client_simulator import Step

SCHEMA = 1
state_option = click.option(
    "--state-dir",
    metavar="DIR",
    envvar="BRIDGEKIT_STATE_DIR",
    help=f"Where state is kept [{files.DEFAULT_STATE_DIR}].",
)
color_option = click.option(
    "--no-color", is_flag=True, expose_value=False, help="No colours (there are none here)."
)


def tell(as_json: bool, changed: bool, sentence: str) -> None:
    """What is so now, and whether this call has made it so."""
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, "changed": changed, "result": sentence}))
    else:
        click.echo(sentence if changed else f"{sentence} already; nothing to do")


def step_text(step: Step) -> str:
    """One line of what a client did."""
    if step.problem:
        return f"{step.client:<20} {step.what}: {step.problem}"
    size = f", {step.size / 1024:.0f} KiB" if step.size else ""
    return f"{step.client:<20} {step.what}{size}, {step.seconds:.2f} s"
