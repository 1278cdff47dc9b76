"""The options of a PXE service: each on the command line, and as the service has them."""

from bridgekit.application.pxe import spec_on
from bridgekit.cli import pxe_options
from bridgekit.planning.pxe_options import PxeOptions
from bridgekit.pxe.spec import PxeSpec


def test_a_service_is_what_its_options_say() -> None:
    asked = PxeOptions(engine="native", lease="30m", ipv6="fd00::1/64")
    assert spec_on("br7", asked) == PxeSpec(
        bridge="br7", engine="native", lease="30m", ipv6="fd00::1/64"
    )


def test_every_field_has_an_option() -> None:
    assert tuple(pxe_options._OPTIONS) == PxeOptions.__struct_fields__
