"""The options of a PXE service, which the core knows without loading it, are the service's."""

from msgspec.structs import fields

from bridgekit.application.pxe import spec_on
from bridgekit.application.pxe_options import PxeOptions
from bridgekit.cli import pxe_options
from bridgekit.pxe import spec
from bridgekit.pxe.spec import PxeSpec

FOUND_LATER = {"router", "dns", "reserved_addresses"}
"""What no option says: resolve.py finds it on the host."""


def test_fields_and_defaults_are_the_services() -> None:
    assert spec_on(PxeSpec().bridge, PxeOptions()) == PxeSpec()
    asked = {field.name for field in fields(PxeOptions)}
    assert asked | FOUND_LATER | {"bridge"} == {field.name for field in fields(PxeSpec)}


def test_choices_are_the_services() -> None:
    assert pxe_options.ENGINES == spec.ENGINES
    assert pxe_options.MODES == spec.MODES
    assert pxe_options.RELEASES == spec.RELEASES


def test_every_field_has_an_option() -> None:
    assert tuple(pxe_options._OPTIONS) == PxeOptions.__struct_fields__
