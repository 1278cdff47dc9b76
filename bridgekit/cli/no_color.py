"""--no-color: shown by `bridgekit --help`, accepted before and after every verb."""

import click


def apply_no_color(wanted: bool) -> None:
    """Print no colours from here on, in this command and those below it."""
    if wanted:
        click.get_current_context().color = False


def _callback(_context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    apply_no_color(wanted)


no_color_option = click.option(
    "--no-color",
    is_flag=True,
    expose_value=False,
    callback=_callback,
    help="No colours, even on a terminal; as with NO_COLOR in the environment.",
)
AFTER_A_VERB = click.Option(
    ["--no-color"], is_flag=True, expose_value=False, callback=_callback, hidden=True
)
