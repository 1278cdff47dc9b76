"""What the container engines docker and podman know of a container; both take the same words."""

from contextlib import suppress

from bridgekit.system.process import CommandError, run


def container_pid(engine: str, container: str) -> int | None:
    """Return the first process of a running container, by the container's name or id."""
    pid = inspect(engine, container, "{{.State.Pid}}")
    return int(pid) if pid.isdecimal() and int(pid) else None


def running_pid(engine: str, container: str) -> int | None:
    """Return the same; None also where the engine does not answer."""
    with suppress(CommandError):
        return container_pid(engine, container)
    return None


def forwards(engine: str, container: str) -> bool:
    """Return whether it is labelled as a router of its clients, as our image is."""
    return inspect(engine, container, '{{index .Config.Labels "bridgekit.router"}}') == "yes"


def inspect(engine: str, container: str, template: str) -> str:
    """Return a field of the container; empty if there is none. Raises CommandError."""
    try:
        return run(engine, "container", "inspect", "--format", template, "--", container).strip()
    except CommandError as error:
        if "no such" in str(error).lower():
            return ""
        raise
