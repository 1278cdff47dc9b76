"""The PXE service that `plan` and `apply` start with `--with-pxe`; not imported without it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from bridgekit.application.planning import Draft
from bridgekit.cli.netboot_options import service_from
from bridgekit.pxe import lifecycle
from bridgekit.pxe.diagnose.audit import check_host
from bridgekit.pxe.resolve import resolve
from bridgekit.pxe.spec import PxeSpec


class WithPxe(Struct, frozen=True):
    """A service that this host can have, as far as that is known before the change."""

    service: PxeSpec

    def prepared(self, state: Path) -> str:
        """Do all that can be done before networking changes; return what the record keeps."""
        lifecycle.prepare(self.service, state)
        return self.service.to_json()

    def start(self, state: Path) -> bool:
        """Start it on the bridge that is there; False if it runs already."""
        return lifecycle.start(self.service, state)

    def as_json(self) -> object:
        """For machines."""
        return json.loads(self.service.to_json())

    def text(self) -> Iterator[str]:
        """What a plan tells of it."""
        yield click.style("Then the PXE service:", bold=True)
        yield f"  {self.service.address} on {self.service.bridge}, {self.service.for_clients}"
        yield f"  Debian {', '.join(self.service.suites)}, lease {self.service.lease}"
        yield f"  engine {self.service.engine}"
        if self.service.nat:
            yield "  clients get out by masquerading; forwarding is turned on until `pxe down`"


def checked(draft: Draft, params: Mapping[str, Any]) -> WithPxe:
    """The service that a command's parameters describe.

    RefusedError if this host cannot have it.
    """
    service = service_from(params, "pxe-", draft.plan.intent.bridge)
    check_host(service)
    return WithPxe(service if draft.done_already else resolve(service, draft.plan.intent.nic))
