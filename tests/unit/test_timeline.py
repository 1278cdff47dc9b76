"""How far each client has come, out of the very lines that dnsmasq and nginx write."""

import json
from pathlib import Path

import pytest

from bridgekit.bootserver import site
from bridgekit.bootserver.http import answers, handlers
from bridgekit.bootserver.settings import Settings
from bridgekit.bootserver.timeline import MAX_CLIENTS, STALL_LIMITS, Timeline, summarize_clients

MAC, OTHER = "52:54:00:c1:00:01", "52:54:00:c1:00:02"
DHCP = "dnsmasq-dhcp[4]: 7"
BOOT = (
    f"{DHCP} vendor class: PXEClient:Arch:00007:UNDI:003000",
    f"{DHCP} DHCPOFFER(eth1) 192.0.2.101 {MAC}",
    f"{DHCP} DHCPACK(eth1) 192.0.2.101 {MAC}",
)
WAY = (
    ("loader", "dnsmasq-tftp[4]: sent /srv/tftp/bootnetx64.efi to 192.0.2.101"),
    (
        "menu",
        "dnsmasq-tftp[4]: sent /srv/tftp/debian-installer/amd64/grub/grub.cfg to 192.0.2.101",
    ),
    ("menu", '192.0.2.101 "GET /menu/grub-amd64-52:54:00:c1:00:01.cfg HTTP/1.1" 200 300 0.001'),
    ("kernel", '192.0.2.101 "GET /debian/13/amd64/linux HTTP/1.1" 200 12171200 1.1'),
    ("initrd", '192.0.2.101 "GET /debian/13/amd64/initrd.gz HTTP/1.1" 200 40761958 4.7'),
    ("answers", '192.0.2.101 "GET /answers/preseed.cfg?mac=x HTTP/1.1" 200 900 0.010'),
    ("done", '192.0.2.101 "GET /done HTTP/1.1" 200 9 0.001'),
)
NOTHING = (
    "dnsmasq-tftp[4]: sent /srv/tftp/debian-installer/amd64/grub/x86_64-efi/fs.lst to 192.0.2.101",
    "dnsmasq-tftp[4]: file /srv/tftp/bootnetx64.efi not found for 192.0.2.101",
    '192.0.2.101 "GET /debian/13/amd64/linux HTTP/1.1" 404 153 0.001',
    '192.0.2.9 "GET /debian/13/amd64/linux HTTP/1.1" 200 12171200 1.1',
    '192.0.2.101 "GET / HTTP/1.1" 200 2171 0.001',
    "anything",
    f"{DHCP} vendor class: dnsmasq-dhcp[4]: 7 DHCPACK(eth1) 192.0.2.101 {OTHER}",
    f"{DHCP} client provides name: x DHCPACK(eth1) 192.0.2.101 {OTHER}",
    "dnsmasq-tftp[4]: file /srv/tftp/sent /srv/tftp/bootnetx64.efi to 192.0.2.101 not found for x",
    f"dnsmasq-tftp[4]: sent /srv/tftp/x dnsmasq-dhcp[4]: 7 PXE(eth1) {OTHER} proxy to 192.0.2.1",
)
MEMTEST = '192.0.2.101 "GET /memtest/memtest HTTP/1.1" 200 9 0.001'


class Clock:
    """Goes on by a second each time it is looked at."""

    at = 1000.0

    def __call__(self) -> float:
        self.at += 1
        return self.at


@pytest.fixture
def timeline(tmp_path: Path) -> Timeline:
    known = site.read_site(Settings(), None, tmp_path)
    return Timeline(known, tmp_path / "clients", {"192.0.2.7": OTHER}.get, Clock())


def stages(timeline: Timeline, mac: str = MAC) -> list[str]:
    return [seen.stage for seen in timeline.all() if seen.mac == mac]


def test_the_whole_way(timeline: Timeline) -> None:
    for line in (*BOOT, *NOTHING):
        timeline.feed(line)
    assert stages(timeline) == ["address"]
    for stage, line in WAY:
        timeline.feed(line)
        assert stages(timeline)[-1] == stage
    assert len(set(stages(timeline))) == len(stages(timeline)) == 7
    (client,) = summarize_clients(timeline.all(), timeline.site, timeline.now())
    assert (client.stage, client.stalled) == ("done", "")


def test_only_firmware_begins_anew(timeline: Timeline) -> None:
    """The installer asks for an address as well."""
    for line in (*BOOT, WAY[0][1]):
        timeline.feed(line)
    timeline.feed(f"dnsmasq-dhcp[4]: 8 DHCPACK(eth1) 192.0.2.101 {MAC}")
    assert stages(timeline) == ["address", "loader"]
    for line in BOOT:
        timeline.feed(line)
    assert stages(timeline) == ["address"]


def test_ipxe_fetches_the_initrd_first(timeline: Timeline) -> None:
    for line in (*BOOT, WAY[4][1], WAY[3][1]):
        timeline.feed(line)
    (client,) = summarize_clients(timeline.all(), timeline.site, timeline.now())
    assert (client.stage, client.history[-1].stage) == ("initrd", "kernel")


def test_beside_another_server(timeline: Timeline) -> None:
    """Its addresses are not in our lines; whose they are is asked of the kernel."""
    timeline.feed(f"{DHCP} PXE(eth1) {OTHER} proxy")
    timeline.feed("dnsmasq-tftp[4]: sent /srv/tftp/lpxelinux.0 to 192.0.2.7")
    assert stages(timeline, OTHER) == ["address", "loader"]
    timeline.feed(f"{DHCP} PXE(eth1) {MAC} proxy-ignored")
    assert stages(timeline) == []


@pytest.mark.parametrize("steps", range(len(WAY) + 1))
def test_one_that_hangs(timeline: Timeline, steps: int) -> None:
    for line in (*BOOT, *(line for _, line in WAY[:steps])):
        timeline.feed(line)
    (client,) = summarize_clients(timeline.all(), timeline.site, timeline.now())
    assert client.stalled == ""
    (later,) = summarize_clients(timeline.all(), timeline.site, client.since + 7201)
    assert later.stalled == STALL_LIMITS.get(client.stage, (0, ""))[1]


ANSWER = WAY[5][1]
ENDS = (
    MEMTEST,
    ANSWER.replace("preseed.cfg", "ignition.json"),
    ANSWER.replace("preseed.cfg", "../answers/preseed.cfg"),
    ANSWER.replace("preseed.cfg", f"{'x' * 300}/../preseed.cfg"),
)


@pytest.mark.parametrize("last", ENDS)
def test_one_that_asks_for_no_more(timeline: Timeline, last: str) -> None:
    """A memory test has no initrd, and Ignition does not call back."""
    for line in (*BOOT, WAY[2][1], last):
        timeline.feed(line)
    (client,) = summarize_clients(timeline.all(), timeline.site, timeline.now() + 7201)
    assert client.stage in ("kernel", "answers") and client.stalled == ""


def test_what_is_kept_has_an_end(timeline: Timeline) -> None:
    for number in range(MAX_CLIENTS + 5):
        timeline.feed(f"{DHCP} PXE(eth1) 02:00:00:00:{number // 256:02x}:{number % 256:02x} proxy")
    found = summarize_clients(timeline.all(), timeline.site, timeline.now())
    assert len(found) == MAX_CLIENTS
    assert found[-1].mac == "02:00:00:00:00:05"


def test_it_outlives_a_restart_and_a_spoiled_file(timeline: Timeline, tmp_path: Path) -> None:
    for line in BOOT:
        timeline.feed(line)
    again = Timeline(timeline.site, timeline.file, timeline.owner)
    assert stages(again) == ["address"]
    timeline.file.write_bytes(b"this is no database, and long enough to be looked at" * 40)
    again.feed(BOOT[0])
    again.feed(BOOT[2])
    assert again.all() == ()


def test_as_json(timeline: Timeline, tmp_path: Path) -> None:
    for line in BOOT:
        timeline.feed(line)
    application = answers.AnswerApplication(
        timeline.site, tmp_path / "no", "s", print, timeline.owner
    )
    page = handlers.WebApplication(application, timeline)
    body = b"".join(page({"PATH_INFO": "/clients"}, lambda *_: None))
    (client,) = json.loads(body)
    assert (client["mac"], client["stage"], client["stuck"]) == (MAC, "address", "")
    assert client["way"][0]["what"] == "192.0.2.101"
    result = b"".join(page({"PATH_INFO": "/metrics"}, lambda *_: None)).decode().splitlines()
    assert 'bridgekit_pxe_clients{stage="address"} 1' in result
    assert 'bridgekit_pxe_clients{stage="done"} 0' in result
    assert "bridgekit_pxe_clients_stuck 0" in result and "bridgekit_pxe_silent 0" in result
