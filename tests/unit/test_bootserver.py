"""What the PXE service reads and writes: catalogues, machines, menus, answer files."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridgekit.bootserver import catalogue, machines, manifest, site
from bridgekit.bootserver.http import answers
from bridgekit.bootserver.menus import render_menus
from bridgekit.bootserver.settings import Settings, SettingsError
from bridgekit.pxe import sources

APPEND = "console=ttyS0 bridgekit.token=abc url=http://192.0.2.1/a?b~c"
MAC, OTHER = "52:54:00:c1:00:01", "52:54:00:c1:00:02"
FILES = ("linux", "initrd.gz")
USUAL = Settings()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What an image of Debian 13 holds, in small."""
    for arch in ("amd64", "arm64"):
        folder = tmp_path / f"tree/debian/13/{arch}"
        folder.mkdir(parents=True)
        for name in FILES:
            (folder / name).write_text(name)
    return tmp_path / "tree"


@pytest.fixture
def own(tmp_path: Path, tree: Path) -> Iterator[Path]:
    """A user's folder, whose files are served below site/."""
    for name in ("catalogue", "answers", "files"):
        (tmp_path / "own" / name).mkdir(parents=True)
    (tree / "site").symlink_to(tmp_path / "own/files")
    yield tmp_path / "own"


def written(tree: Path, own: Path, settings: Settings = USUAL) -> dict[str, str]:
    found = site.read_site(settings, tree, own)
    return dict(render_menus(found.entries, found.machines, settings, "192.0.2.1"))


def test_menus_for_every_loader(tree: Path, own: Path) -> None:
    texts = written(tree, own, Settings(append=APPEND, timeout=7))
    grub, bios = texts["grub-amd64.cfg"], texts["pxelinux.cfg/default"]
    assert "TIMEOUT 70\n" in bios and "set timeout=7\n" in grub
    assert "set default=debian13\n" in grub and "DEFAULT debian13\n" in bios
    kernels = [line for line in grub.splitlines() if line.startswith("    if linux ")]
    assert len(kernels) == 5
    assert all(line.replace("'", "").endswith(f" {APPEND} --- quiet") for line in kernels)
    assert "LINUX http://192.0.2.1/debian/13/amd64/linux\n" in bios
    assert "(http,192.0.2.1)/debian/13/arm64/initrd.gz\n" in texts["grub-arm64.cfg"]
    assert "ttyS0,115200n8" not in texts["grub-arm64.cfg"]
    assert "kernel http://192.0.2.1/debian/13/amd64/linux initrd=initrd1 " in texts["bios.ipxe"]
    assert "preseed/url=http://192.0.2.1/answers/preseed.cfg" in grub


def test_no_bios_is_offered_an_efi_program(tree: Path, own: Path) -> None:
    (own / "files/shell.efi").write_text("")
    entry = '[[entry]]\nname = "shell"\nprogram = "site/shell.efi"\nfirmware = "any"\n'
    (own / "catalogue/own.toml").write_text(entry)
    texts = written(tree, own)
    assert "site/shell.efi" in texts["grub-amd64.cfg"]
    assert "shell" not in texts["pxelinux.cfg/default"]


def test_another_entry_starts_by_itself(tree: Path, own: Path) -> None:
    assert "set default=local\n" in written(tree, own, Settings(default="local"))["grub-amd64.cfg"]
    with pytest.raises(SettingsError, match="no catalogue"):
        site.read_site(Settings(default="nosuch"), tree, own)


def test_another_kernel_in_its_place(tree: Path, own: Path) -> None:
    (own / "files/k").write_text("")
    texts = written(tree, own, Settings(kernel="site/k"))
    first = texts["grub-amd64.cfg"].split("menuentry")[1]
    assert "linux (http,192.0.2.1)/site/k " in first and "initrd" not in first


def test_firmware_goes_beside_the_installers_initrd(tree: Path, own: Path) -> None:
    (tree / "debian/firmware.cpio.gz").write_text("")
    texts = written(tree, own)
    both = "debian/13/amd64/initrd.gz (http,192.0.2.1)/debian/firmware.cpio.gz\n"
    assert both in texts["grub-amd64.cfg"]
    assert "initrd=initrd1 initrd=initrd2 " in texts["bios.ipxe"]


OWN = """
[[entry]]
name = "alpine"
title = "Alpine (edge)"
kernel = "site/vmlinuz"
initrd = ["site/a", "site/b"]
arguments = "alpine_repo=http://{{ server }}/site/repo"
[[entry]]
name = "shell"
ipxe = "shell"
arch = "any"
"""


def test_the_users_own_catalogue(tree: Path, own: Path) -> None:
    for name in ("vmlinuz", "a", "b"):
        (own / "files" / name).write_text("")
    (own / "catalogue/mine.toml").write_text(OWN)
    texts = written(tree, own)
    expected = "linux (http,192.0.2.1)/site/vmlinuz alpine_repo=http://192.0.2.1/site/repo\n"
    assert expected in texts["grub-amd64.cfg"]
    assert (
        "INITRD http://192.0.2.1/site/a,http://192.0.2.1/site/b\n" in texts["pxelinux.cfg/default"]
    )
    assert ":shell\nshell\n" in texts["amd64.ipxe"] and "shell" not in texts["grub-amd64.cfg"]


def test_a_file_that_is_not_there(tree: Path, own: Path) -> None:
    (own / "catalogue/mine.toml").write_text(OWN)
    with pytest.raises(SettingsError, match=r"'alpine' needs site/vmlinuz"):
        site.read_site(Settings(), tree, own)


@pytest.mark.parametrize(
    "text",
    [
        "[[entry",
        "entry = 1",
        "[[entry]]\ntitle = 'x'",
        "[[entry]]\nname = 'a b'\nlocal = true",
        "[[entry]]\nname = 'a'",
        "[[entry]]\nname = 'a'\nkernel = 'k'\nlocal = true",
        "[[entry]]\nname = 'a'\nkernel = '/etc/shadow'",
        "[[entry]]\nname = 'a'\nkernel = 'x/../../etc/shadow'",
        "[[entry]]\nname = 'a'\nkernel = 3",
        "[[entry]]\nname = 'a'\nkernel = 'k'\ninitrd = ['/x']",
        "[[entry]]\nname = 'a'\nkernel = 'k'\narguments = \"x'\\nmenuentry\"",
        "[[entry]]\nname = 'a'\nlocal = true\ntitle = \"it's\"",
        "[[entry]]\nname = 'a'\nlocal = true\ncolour = 'red'",
        "[[entry]]\nname = 'a'\nlocal = true\narch = 'mips'",
    ],
)
def test_a_catalogue_that_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"mine\.toml"):
        list(catalogue.parse(text, "mine.toml"))


MACHINES = f"""
[profile.worker]
entry = "debian13-auto"
data = {{ disk = "/dev/vda", user = "x" }}
[machine."{MAC.upper()}"]
profile = "worker"
hostname = "node1"
data = {{ user = "admin", password = "$6$hash" }}
"""


def test_a_machine_has_its_own_menu(tree: Path, own: Path) -> None:
    (own / "machines.toml").write_text(MACHINES)
    texts = written(tree, own)
    alone = texts[f"grub-amd64-{MAC}.cfg"]
    assert alone.count("menuentry") == 1 and "set timeout=0\n" in alone
    assert "/menu/grub-amd64-${net_default_mac}.cfg\n" in texts["grub-amd64.cfg"]
    assert "menu/bios-${mac:hexhyp}.ipxe ||" in texts["bios.ipxe"]
    assert texts["pxelinux.cfg/01-52-54-00-c1-00-01"].count("LABEL") == 1


def test_an_answer_file_is_rendered_for_a_machine(tree: Path, own: Path) -> None:
    (own / "machines.toml").write_text(MACHINES)
    found = site.read_site(Settings(), tree, own)
    text = answers.render_answer(found, "preseed.cfg", MAC, "192.0.2.101", "192.0.2.1")
    for line in (
        "d-i netcfg/get_hostname string node1",
        "d-i passwd/username string admin",
        "d-i partman-auto/disk string /dev/vda",
    ):
        assert f"{line}\n" in text
    unknown = answers.render_answer(found, "preseed.cfg", "", "192.0.2.102", "192.0.2.1")
    assert "partman-auto/disk" not in unknown


@pytest.mark.parametrize("name", ["ks.cfg", "user-data", "meta-data", "ignition.json"])
def test_every_shipped_answer_file_is_rendered(tree: Path, own: Path, name: str) -> None:
    data = {"repository": "http://192.0.2.1/site", "user": "a", "password": "$6$h", "keys": ["k"]}
    known = machines.MachineEntry(MAC, hostname="node1", data=data)
    found = replace(site.read_site(Settings(), tree, own), machines=(known,))
    assert "node1" in answers.render_answer(found, name, MAC, "192.0.2.101", "192.0.2.1")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nosuch", None),
        ("../machines.toml", None),
        ("bad", "{{ nothing }}"),
        ("spy", "{{ machine.__class__.__mro__[1].__subclasses__() }}"),
        ("deep", "{{ ''.__class__ }}"),
    ],
)
def test_an_answer_file_that_fails(tree: Path, own: Path, name: str, text: str | None) -> None:
    if text:
        (own / "answers" / name).write_text(text)
    with pytest.raises(SettingsError):
        answers.render_answer(site.read_site(Settings(), tree, own), name, MAC, "", "192.0.2.1")


@pytest.mark.parametrize("name", ["../secret", "a/../../secret", "", ".", "/etc/hostname"])
def test_an_answer_file_is_none_of_the_hosts(tree: Path, own: Path, name: str) -> None:
    (own / "secret").write_text("mine")
    (own / "answers/a").mkdir()
    with pytest.raises(SettingsError, match="there is no answer file"):
        answers.render_answer(site.read_site(Settings(), tree, own), name, MAC, "", "192.0.2.1")


def test_who_asks_is_known_by_its_lease(tree: Path, own: Path, tmp_path: Path) -> None:
    (own / "answers/who").write_text("{{ machine.mac }} {{ address }}")
    leases = tmp_path / "leases"
    leases.write_text(f"1700000000 {MAC} 192.0.2.101 * 01:{MAC}\nduid 00:01\n")
    said: list[str] = []
    here = site.read_site(Settings(), tree, own)
    neighbours = {"192.0.2.101": "nobody asks", "192.0.2.7": "02:00:00:00:00:07"}
    application = answers.AnswerApplication(
        here, leases, "s", said.append, lambda one: neighbours[one]
    )
    got: list[object] = []

    def ask(path: str, query: str = "", by: str = "192.0.2.101") -> tuple[object, bytes]:
        environ = {"PATH_INFO": path, "HTTP_X_REAL_IP": by, "QUERY_STRING": query}
        body = b"".join(application(environ, lambda status, _headers: got.append(status)))
        return got[-1], body

    assert ask("/answers/who") == ("200 OK", f"{MAC} 192.0.2.101".encode())
    assert ask("/answers/who", "mac=02:00:00:00:00:09")[1].startswith(b"02:00:00:00:00:09")
    assert ask("/answers/who", by="192.0.2.7")[1] == b"02:00:00:00:00:07 192.0.2.7"
    assert ask("/answers/nosuch")[0] == "404 Not Found"
    assert said[0] == f"answered who for {MAC} at 192.0.2.101"


@pytest.mark.parametrize(
    "text",
    [
        "[machine",
        "machine = 1",
        '[machine."not a mac"]',
        f'[machine."{MAC}"]\nprofile = "nosuch"',
        f'[machine."{MAC}"]\nhostname = "a,b"',
        f'[machine."{MAC}"]\nloader = "lilo"',
        f'[machine."{MAC}"]\ncolour = "red"',
    ],
)
def test_machines_that_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"machines\.toml"):
        machines.parse(text, "machines.toml")


def test_a_machine_whose_entry_is_not_there(tree: Path, own: Path) -> None:
    (own / "machines.toml").write_text(f'[machine."{MAC}"]\nentry = "nosuch"\n')
    with pytest.raises(SettingsError, match="nosuch"):
        written(tree, own)


def test_a_manifest(tree: Path, tmp_path: Path) -> None:
    recorded = tmp_path / "sums"
    sums = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    (tree / "empty").write_text("")
    recorded.write_text(f"{sums}  empty\n")
    assert manifest.verify(recorded, tree) == 1
    (tree / "empty").write_text("spoiled")
    with pytest.raises(SettingsError, match="empty"):
        manifest.verify(recorded, tree)


DOCUMENT = Path(__file__).parents[2] / "docs/pxe.md"
BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_folder_that_the_document_shows(tree: Path, own: Path) -> None:
    """Its catalogue, sources and machines are read as they stand there."""
    shown, fetched, known = BLOCK.findall(DOCUMENT.read_text())
    (own / "catalogue/own.toml").write_text(shown)
    (own / "machines.toml").write_text(known)
    for path in re.findall(r'"site/([^"]+)"', shown):
        (own / "files" / path).parent.mkdir(exist_ok=True)
        (own / "files" / path).write_text("a file of the user's")
    found = site.read_site(Settings(), tree, own)
    assert {"alpine", "ubuntu", "coreos", "shell"} <= {entry.name for entry in found.entries}
    assert machines.machine_for(found.machines, MAC).entry == "debian13-auto"
    assert len(sources.parse(fetched)) == 2
    render_menus = written(tree, own)
    seed = "ds=nocloud-net;s=http://192.0.2.1/answers/"
    assert f" '{seed}'\n" in render_menus["grub-amd64.cfg"]
    assert f" {seed} " in render_menus["bios.ipxe"]
