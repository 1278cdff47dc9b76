"""pxe/serve and pxe/menu as programs: settings that are refused, menus that are written."""

import subprocess
from pathlib import Path

import pytest

from bridgekit.netboot import files

APPEND = "console=ttyS0 bridgekit.token=abc url=http://192.0.2.1/a?b~c"


def serve(**settings: str) -> subprocess.CompletedProcess[str]:
    script = files.asset("pxe/serve")
    path = "/usr/sbin:/usr/bin:/sbin:/bin"
    return subprocess.run(
        ["sh", script], env={"PATH": path, **settings}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("PXE_APPEND", "a;b"),
        ("PXE_APPEND", "a\nb"),
        ("PXE_APPEND", "a'b"),
        ("PXE_APPEND", "${x}"),
        ("PXE_APPEND", "a" * 1701),
        ("PXE_LEASE", "soon"),
        ("PXE_LEASE", "1h1"),
        ("PXE_LEASE", "h"),
        ("PXE_LEASE", "0"),
        ("PXE_LEASE", "0m"),
        ("PXE_NAT", "maybe"),
        ("PXE_TIMEOUT", "5s"),
        ("PXE_TIMEOUT", "08"),
        ("PXE_TIMEOUT", "10000"),
        ("PXE_RANGE", "192.0.2.9"),
        ("PXE_RANGE", "192.0.2.9,192.0.2.300"),
        ("PXE_RANGE", "192.0.2.9,192.0.2.8"),
        ("PXE_RANGE", "192.0.2.7,192.0.2.8,192.0.2.9"),
        ("PXE_DNS", "192.0.2.1,x"),
        ("PXE_KERNEL", "../../etc/shadow;"),
        ("PXE_KERNEL", "../../etc/passwd"),
        ("PXE_INTERFACE", "eth1 eth2"),
    ],
)
def test_a_setting_that_is_refused(setting: str, value: str) -> None:
    done = serve(**{setting: value})
    assert done.returncode == 2
    assert done.stdout.startswith("pxe: refused: ") and setting in done.stdout


def test_a_kernel_that_is_not_there() -> None:
    done = serve(PXE_KERNEL="no/such/kernel")
    assert done.returncode == 2
    assert "there is no /srv/tftp/no/such/kernel to boot" in done.stdout


def test_menus(tmp_path: Path) -> None:
    script = f". {files.asset('pxe/menu')}; write_menus"
    values = {"append": APPEND, "timeout": "7", "run": str(tmp_path)}
    environment = {"PATH": "/usr/bin:/bin", **values, "kernel": "k/linux", "initrd": "k/initrd.gz"}
    subprocess.run(["sh", "-euc", script], env=environment, check=True)
    bios = (tmp_path / "pxelinux.cfg/default").read_text()
    uefi = (tmp_path / "grub.cfg").read_text()
    assert "TIMEOUT 70\n" in bios and "set timeout=7\n" in uefi
    assert bios.count("  KERNEL k/linux\n  INITRD k/initrd.gz\n") == bios.count("LABEL ") == 5
    assert uefi.count("  initrd /k/initrd.gz\n") == uefi.count("menuentry ") == 5
    kernels = [line for line in uefi.splitlines() if line.startswith("  linux /k/linux ")]
    appends = [line for line in bios.splitlines() if line.startswith("  APPEND ")]
    assert len(kernels) == len(appends) == 5
    assert all(line.endswith(f" {APPEND} --- quiet") for line in (*kernels, *appends))
    shown = (tmp_path / "pxelinux.cfg/menu.txt").read_text()
    assert "serial" in shown and "install starts in 7 seconds" in shown


def test_packages_of_a_release() -> None:
    assert "debian-installer-12-netboot-amd64" in files.packages("12")
    assert "debian-installer-13-netboot-amd64" in files.packages("13")
