"""Interfaces files that are made anew at each boot."""

from pathlib import Path

import pytest

from bridgekit.host.ifupdown.lasting import remade_by

MADE = "# This file is generated from information provided by the datasource.\nauto lo\n"
OFF = ("network: {config: disabled}\n", "network:\n  config: disabled\n")


def test_what_cloud_init_makes(tmp_path: Path) -> None:
    assert remade_by(tmp_path / "50-cloud-init", MADE, tmp_path) == "cloud-init"
    assert remade_by(tmp_path / "interfaces", "auto lo\n", tmp_path) is None
    assert remade_by(tmp_path / "interfaces", "auto lo\n" * 400 + MADE, tmp_path) is None


@pytest.mark.parametrize("text", OFF)
def test_cloud_init_that_leaves_the_network_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "cloud.cfg.d").mkdir()
    (tmp_path / "cloud.cfg.d/99-disable.cfg").write_text(text)
    assert remade_by(tmp_path / "50-cloud-init", MADE, tmp_path) is None


def test_cloud_init_that_is_disabled(tmp_path: Path) -> None:
    (tmp_path / "cloud-init.disabled").touch()
    assert remade_by(tmp_path / "50-cloud-init", MADE, tmp_path) is None


def test_a_link_into_run(tmp_path: Path) -> None:
    (tmp_path / "interfaces").symlink_to("/run/network/interfaces")
    assert remade_by(tmp_path / "interfaces", "", tmp_path) == "whoever fills /run at boot"
