"""A real browser in a lab, spoken to by the DevTools protocol over a pipe (no port, no driver)."""

import base64
import itertools
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from bridgekit.lab.host import readable
from bridgekit.lab.topology import Lab

CHROMIUM = (
    *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe"),
)
# DevTools reads at 3 and writes at 4; what Chromium itself says is no concern of ours
ON_PIPES = 'exec "$@" 3<&0 4>&1 1>/dev/null'
SECONDS = 60


class Browser(Struct):
    """A page of it."""

    process: subprocess.Popen[bytes]
    session: str = ""
    numbers: Iterator[int] = field(default_factory=itertools.count)
    heard: bytes = b""

    def open(self, url: str) -> None:
        target = self("Target.createTarget", url="about:blank")["targetId"]
        attached = self("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        assert "errorText" not in (told := self("Page.navigate", url=url)), told
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")

    def close(self) -> None:
        """End it, so that it takes its temporary files along."""
        self.session = ""
        self("Browser.close")
        self.process.wait(SECONDS)

    def value(self, script: str) -> Any:
        """What a JavaScript expression is, awaited if it is a promise."""
        how = {"awaitPromise": True, "returnByValue": True}
        told = self("Runtime.evaluate", expression=script, **how)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Until it is so; looked at with every change of the page."""
        self.value(f"""new Promise((done, failed) => {{
            const look = () => {{ if ({condition}) done(); }};
            new MutationObserver(look).observe(
                document, {{subtree: true, childList: true, characterData: true}});
            addEventListener("load", look);
            setTimeout(() => failed(document.body.innerText), {SECONDS - 5}000);
            look();
        }})""")

    def narrow(self, width: int) -> None:
        size = {"width": width, "height": 640, "deviceScaleFactor": 1, "mobile": True}
        self("Emulation.setDeviceMetricsOverride", **size)

    def accessible(self) -> list[tuple[str, str]]:
        """What a screen reader is told: each thing's role and name, in order."""
        nodes = self("Accessibility.getFullAXTree")["nodes"]
        return [(n["role"]["value"], n["name"]["value"]) for n in nodes if "name" in n]

    def picture(self, file: Path) -> None:
        how = {"format": "png", "captureBeyondViewport": True}
        file.write_bytes(base64.b64decode(self("Page.captureScreenshot", **how)["data"]))

    def __call__(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message).encode() + b"\0")
        self.process.stdin.flush()
        while (told := self._next()).get("id") != number:
            pass
        assert "error" not in told, told
        result: dict[str, Any] = told["result"]
        return result

    def _next(self) -> dict[str, Any]:
        assert self.process.stdout
        while b"\0" not in self.heard:
            assert readable(self.process.stdout, SECONDS), "the browser is silent"
            got = self.process.stdout.read1()  # type: ignore[attr-defined]
            assert got, "the browser has ended"
            self.heard += got
        message, _, self.heard = self.heard.partition(b"\0")
        told: dict[str, Any] = json.loads(message)
        return told


@contextmanager
def browser(lab: Lab, where: str, scratch: Path, *inside: str) -> Iterator[Browser]:
    """Chromium in a host of the lab, `inside` a namespace there."""
    argv = ("sh", "-c", ON_PIPES, "sh", *CHROMIUM, f"--user-data-dir={scratch}")
    pipe = subprocess.PIPE
    own = {"HOME": str(scratch), "XDG_RUNTIME_DIR": str(scratch)}
    with lab.popen(
        where, *inside, *argv, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=own
    ) as process:
        try:
            yield (opened := Browser(process))
            opened.close()
        finally:
            process.kill()
