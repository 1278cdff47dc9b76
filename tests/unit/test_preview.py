"""What `pxe render` shows is what the service would give."""

from pathlib import Path

import pytest

from bridgekit.errors import UsageError
from bridgekit.pxe.preview import render
from bridgekit.pxe.spec import PxeSpec

MAC = "52:54:00:c1:00:01"


def test_everybodys_menus_and_the_answer_files_that_they_name() -> None:
    found = dict(render(PxeSpec(address="10.7.0.1/24"), MAC))
    assert "http://10.7.0.1/answers/preseed.cfg" in found["menu/grub-amd64.cfg"]
    assert "netcfg/get_hostname" in found["answers/preseed.cfg"]


def test_a_machines_own(tmp_path: Path) -> None:
    (tmp_path / "machines.toml").write_text(
        f'[machine."{MAC}"]\nentry = "debian13-auto"\nhostname = "node1"\n'
    )
    service = PxeSpec(site=str(tmp_path))
    assert dict(render(service, MAC))[f"menu/grub-amd64-{MAC}.cfg"].count("menuentry") == 1
    ((name, text),) = render(service, MAC, "preseed.cfg")
    assert name == "answers/preseed.cfg" and "get_hostname string node1" in text


@pytest.mark.parametrize(("mac", "only"), [("nonsense", None), (MAC, "nosuch"), (MAC, "../x")])
def test_what_cannot_be_shown(mac: str, only: str | None) -> None:
    with pytest.raises(UsageError):
        list(render(PxeSpec(), mac, only))
