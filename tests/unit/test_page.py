"""What the page says of each machine, and that nothing from outside becomes a part of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from bridgekit.bootserver import site
from bridgekit.bootserver.http.report_page import format_duration, render_page
from bridgekit.bootserver.machines import MachineEntry
from bridgekit.bootserver.settings import Settings
from bridgekit.bootserver.timeline import BootEvent, summarize_clients

MAC = "52:54:00:c1:00:01"
WAY = tuple(
    BootEvent(MAC, stage, 1000.0 + number, what)
    for number, (stage, what) in enumerate(
        (("address", "192.0.2.101"), ("loader", "x"), ("kernel", "debian/13/arm64/linux"))
    )
)


def text(known: site.Site, now: float = 1003.0) -> str:
    return render_page(summarize_clients(WAY, known, now), known, "192.0.2.1", now, "N0nce")


@pytest.fixture
def known(tmp_path: Path) -> site.Site:
    return site.read_site(Settings(), None, tmp_path)


def test_a_machine_is_called_by_its_name(known: site.Site) -> None:
    found = text(replace(known, machines=(MachineEntry(MAC, hostname="node1"),)))
    assert f'<h2 id="m1">node1 ({MAC})</h2>' in found
    assert "<p>Debian 13 (trixie): install</p>" in found
    assert '<progress max="7" value="4"' in found and "<li>menu</li>" in found
    assert '<li aria-current="step">kernel, after 2 s</li>' in found


def test_nothing_from_outside_is_markup(known: site.Site) -> None:
    entries = [replace(one, title="<script>'&\"") for one in known.entries]
    found = text(replace(known, entries=tuple(entries)))
    assert "&lt;script&gt;&#39;&amp;&#34;" in found
    assert found.count("<script") == found.count('<script nonce="N0nce"') == 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 s"), (0.4, "0 s"), (59.9, "59 s"), (60, "1 min"), (7200, "2 h"), (172800, "2 d")],
)
def test_durations(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words


def test_the_vendor_beside_the_mac_address(known: site.Site) -> None:
    intel = "00:1b:21:c1:00:01"
    clients = summarize_clients((replace(WAY[0], mac=intel),), known, 1003.0)
    named = replace(known, machines=(MachineEntry(intel, hostname="node1"),))
    for where, name in (
        (known, f"{intel} (Intel Corporate)"),
        (named, f"node1 ({intel}, Intel Corporate)"),
    ):
        assert f">{name}</h2>" in render_page(clients, where, "192.0.2.1", 1003.0, "N0nce")
