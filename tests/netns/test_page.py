"""The service's page in a real browser: it follows a client by itself, and tells what hangs."""

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridgekit.lab.host import BRIDGEKIT
from bridgekit.lab.topology import Lab
from tests.support import pxe
from tests.support.browser import Browser, browser
from tests.support.programs import program, program_text

MAC = "00:1b:21:00:09:07"
NAME = f"{MAC} (Intel Corporate)"
FIRMWARE = ("udhcpc", "-i", "eth0", "-f", "-q", "-n", "-V", "PXEClient:Arch:00007:UNDI:003000")
SERVER = "http://192.168.242.1"
STAGE = 'document.querySelector("[aria-current]")?.firstChild.data.split(",")[0]'

INJECT = """new Promise(done => {
  const seen = new Set();
  document.addEventListener("securitypolicyviolation", event => {
    seen.add(event.effectiveDirective);
    if (seen.size === EXPECTED) done([...seen].sort());
  });
  const script = document.createElement("script");
  script.textContent = "window.ran = true";
  document.head.append(script);
  document.body.insertAdjacentHTML("beforeend", `<p id="p" onclick="window.ran = true"
    style="color: red"></p><img src="/x.png"><iframe src="/clients"></iframe>
    <form id="f" action="/done"></form>`);
  document.getElementById("p").click();
  document.getElementById("f").submit();
  document.head.append(Object.assign(document.createElement("base"), {href: "http://x.example/"}));
  fetch("http://203.0.113.1/").catch(() => 0);
  setTimeout(() => done([...seen].sort()), 20000);
})"""
"""What a machine's name would do if it were markup; the browser reports each thing it refuses."""
REFUSED = (
    *("base-uri", "connect-src", "form-action", "frame-src", "img-src"),
    *("script-src-attr", "script-src-elem", "style-src-attr"),
)


@pytest.fixture
def host(served: Lab) -> Lab:
    """A host whose service has given a client with this MAC address its own."""
    served.run("segment", "ip", "-n", "client", "link", "set", "eth0", "address", MAC)
    return served


@pytest.fixture
def page(host: Lab, tmp_path: Path) -> Iterator[Browser]:
    """The page, opened by somebody on the segment before any client came."""
    with browser(host, "segment", tmp_path / "chromium", *pxe.IN_CLIENT) as found:
        found.open(f"{SERVER}/")
        yield found


def lease(lab: Lab) -> None:
    lab.run("segment", *pxe.IN_CLIENT, *FIRMWARE, "-s", "/bin/true")
    (service,) = json.loads(lab.bridgekit("pxe", "status", "--json").stdout)["services"]
    address = service["clients"][0]["way"][0]["what"]
    for words in ("flush dev eth0 scope global", f"add {address}/24 dev eth0"):
        lab.run("segment", "ip", "-n", "client", "address", *words.split())


def long_ago(lab: Lab, seconds: int) -> None:
    """What the service has noted was that much earlier."""
    pid = lab.run("host", "pgrep", "-o", "-f", "bootserver").stdout.strip()
    enter = ("nsenter", f"--target={pid}", "--mount", "--root")
    lab.run("host", *enter, *program_text("age_clients", str(seconds)))


def test_it_follows_a_client(host: Lab, page: Browser) -> None:
    """Without being loaded again, on a phone's width, with a name and a value for everything."""
    assert page.value("document.getElementById('summary').textContent") == "0 machines, none stuck"
    page.value("window.kept = true")
    lease(host)
    page.wait_for(f"{STAGE} === 'address'")
    host.run("segment", *pxe.IN_CLIENT, *program("tftp_get", "bootnetx64.efi"))
    page.wait_for(f"{STAGE} === 'loader'")
    fetch = ("curl", "-sf", "-o", "/dev/null", f"{SERVER}/debian/13/amd64/linux")
    host.run("segment", *pxe.IN_CLIENT, *fetch)
    page.wait_for(f"{STAGE} === 'kernel'")
    assert "Debian 13" in page.value("document.querySelector('article').innerText")
    assert page.value("document.querySelector('progress').value") == 4
    assert page.value("window.kept")
    page.narrow(320)
    assert page.value("document.documentElement.scrollWidth") <= 320
    get = page.accessible()
    assert {("heading", NAME), ("progressbar", NAME)} <= set(get), get
    assert page.value("document.querySelector('[role=status]').innerText").startswith("1 machine,")


def test_one_that_hangs(host: Lab, page: Browser) -> None:
    lease(host)
    page.wait_for(f"{STAGE} === 'address'")
    long_ago(host, 180)
    page.wait_for("document.querySelector('article.stuck')")
    shown = page.value("document.body.innerText")
    assert "1 machine, 1 stuck" in shown
    assert "Stuck at address for 3 min. The likely cause: it asked for no boot loader" in shown


def test_the_browser_runs_and_loads_nothing_that_is_injected(page: Browser) -> None:
    assert page.value(INJECT.replace("EXPECTED", str(len(REFUSED)))) == list(REFUSED)
    assert page.value("window.ran") is None
    assert page.value("location.pathname") == "/"


def policy(lab: Lab, where: str, *curl: str) -> dict[str, str]:
    """The Content Security Policy of a response, by directive, with the page's nonce as N."""
    text = lab.run(where, *curl, "--silent", "--include").stdout
    headers, _, body = text.replace("\r\n", "\n").partition("\n\n")
    (value,) = re.findall("^Content-Security-Policy: (.*)$", headers, re.MULTILINE)
    for nonce in set(re.findall('nonce="([^"]+)"', body)):
        value = value.replace(nonce, "N")
    return dict(one.strip().split(" ", 1) for one in value.split(";"))


def test_every_response_has_its_policy(host: Lab) -> None:
    only_our_own = {
        **dict.fromkeys(("default-src", "base-uri", "form-action", "frame-ancestors"), "'none'"),
        **dict.fromkeys(("style-src", "script-src"), "'nonce-N'"),
        "connect-src": "'self'",
    }
    for path in ("", "clients", "metrics", "done"):
        shown = policy(host, "segment", *pxe.IN_CLIENT, "curl", f"{SERVER}/{path}")
        assert shown == (only_our_own if path == "" else {"default-src": "'none'"}), path
    show = (*BRIDGEKIT, "pxe", "page", "br0", "--listen", "127.0.0.1:0")
    with host.popen("host", *show, stdout=-1, text=True) as process:
        try:
            url = process.stdout.readline().split()[0]
            assert policy(host, "host", "curl", url) == only_our_own
        finally:
            process.kill()


def test_it_says_when_the_service_is_gone(host: Lab, page: Browser) -> None:
    assert host.bridgekit("pxe", "down", "br0").code == 0
    page.wait_for("document.body.innerText.includes('The service does not answer.')")


def test_at_an_address_of_the_host(host: Lab) -> None:
    """Only what tells of machines, and only as long as it is asked for."""
    show = (*BRIDGEKIT, "pxe", "page", "br0", "--listen", "127.0.0.1:0")
    curl = ("curl", "-s", "-m", "20", "-o", "/dev/null", "-w", "%{http_code} %{content_type}")
    with host.popen("host", *show, stdout=-1, text=True) as process:
        try:
            url = process.stdout.readline().split()[0]

            def get(path: str, *how: str) -> list[str]:
                return host.run("host", *curl, *how, f"{url}{path}").stdout.split()

            assert get("")[:2] == ["200", "text/html;"]
            assert get("clients") == ["200", "application/json"]
            assert get("debian/13/amd64/linux")[0] == get("answers/preseed.cfg")[0] == "404"
            assert get("", "-X", "POST")[0] == "501"
            assert get("", "--head")[0] == get("", "-H", "Host: localhost:9")[0] == "200"
            assert get("", "-H", "Host: elsewhere.example")[0] == "403"
            assert host.bridgekit("pxe", "page", "br0", "--listen", url[7:-1]).code == 3
            assert host.bridgekit("pxe", "down", "br0").code == 0
            assert get("")[0] == "503"
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        finally:
            process.kill()
    assert host.bridgekit("pxe", "page", "br0", "--listen", "8242").code == 2


def test_it_is_not_for_other_networks(host: Lab) -> None:
    """Whoever reaches the service from elsewhere gets what it boots from, but not the page."""
    other = "10.9.9.9"
    host.run("segment", "ip", "-n", "client", "address", "add", f"{other}/32", "dev", "eth0")
    pid = host.run("host", "pgrep", "-o", "-f", "bootserver").stdout.strip()
    way = ("ip", "route", "add", other, "dev", "eth1")
    host.run("host", "nsenter", f"--target={pid}", "--net", *way)
    curl = (*pxe.IN_CLIENT, "curl", "-s", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}")
    for path, code in (("", "403"), ("clients", "403"), ("metrics", "403"), ("done", "200")):
        assert host.run("segment", *curl, "--interface", other, f"{SERVER}/{path}").stdout == code
        assert host.run("segment", *curl, f"{SERVER}/{path}").stdout == "200"
