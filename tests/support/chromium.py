"""A real browser for tests: Chromium without a window, spoken to over a pipe. See :class:`Page`.

It is driven by its own DevTools protocol, so that no port is open and no driver's version has to
fit (https://chromedevtools.github.io/devtools-protocol/). Law: everything that a page asks for,
complains of or pops up is kept in its events, and the browser ends with its pipe.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

_PATIENCE = 60.0
"""Seconds for one answer, on a machine that does much else."""

_FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers often have little
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--metrics-recording-only",
    "--password-store=basic",
    "--hide-scrollbars",
)


def missing() -> str:
    """Return what is not on this machine, as one sentence; "" if nothing is."""
    tools = {"chromium": "chromium", "pdftotext": "poppler-utils"}
    wanted = [package for tool, package in tools.items() if shutil.which(tool) is None]
    if not wanted:
        return ""
    return f"The page is tested in a browser: apt-get install {' '.join(wanted)}"


class Chromium:
    """A running browser with a profile below ``folder``."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("chromium")
        assert program is not None, missing()
        self._log = folder / "chromium.log"
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()
        # Chromium reads 3 and writes 4; ours are moved away, lest one of them is in the way.
        high = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 100) for one in (to_read, to_write)]
        root = ("--no-sandbox",) if os.geteuid() == 0 else ()
        self._pid = os.posix_spawn(
            program,
            [program, *_FLAGS, *root, f"--user-data-dir={folder / 'profile'}", "about:blank"],
            {**os.environ, "HOME": str(folder)},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (
                    os.POSIX_SPAWN_OPEN,
                    1,
                    str(self._log),
                    os.O_WRONLY | os.O_CREAT,
                    0o600,
                ),
                (os.POSIX_SPAWN_DUP2, 1, 2),
                (os.POSIX_SPAWN_DUP2, high[0], 3),
                (os.POSIX_SPAWN_DUP2, high[1], 4),
            ],
            setpgroup=0,
        )
        for one in (to_read, to_write, *high):
            os.close(one)
        self._number = 0
        self._unread = b""
        self._pages: dict[str, Page] = {}

    def page(self) -> Page:
        """Return a new empty page, which shares nothing with the others."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        page = Page(self, attached["sessionId"], context)
        self._pages[attached["sessionId"]] = page
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            page.call(f"{domain}.enable")
        page.prefer("light")
        return page

    def call(self, method: str, session: str | None = None, **params: object) -> dict[str, Any]:
        """Return the answer to one command; what happens meanwhile goes to the pages' events."""
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params}, session)
        while (message := self.receive()).get("id") != number:
            continue
        assert "error" not in message, f"{method}: {message['error']}"
        answer: dict[str, Any] = message["result"]
        return answer

    def _send(self, message: dict[str, object], session: str | None) -> None:
        if session is not None:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")

    def receive(self) -> dict[str, Any]:
        """Return the next message; a dialog is refused at once, for it stops its page."""
        end = time.monotonic() + _PATIENCE
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._from], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            part = os.read(self._from, 1 << 20)
            assert part, f"the browser has ended: {self._log.read_text()[-2000:]}"
            self._unread += part
        raw, _, self._unread = self._unread.partition(b"\0")
        message: dict[str, Any] = json.loads(raw)
        page = self._pages.get(message.get("sessionId", ""))
        if page is not None and "method" in message:
            page.events.append((message["method"], message["params"]))
            if message["method"] == "Page.javascriptDialogOpening":
                self._number += 1
                refusal = {"method": "Page.handleJavaScriptDialog", "params": {"accept": False}}
                self._send({"id": self._number, **refusal}, message["sessionId"])
        return message

    def close(self) -> None:
        """End the browser: it leaves when its pipe closes, and is killed if it does not."""
        os.close(self._to)
        end = time.monotonic() + 10
        while os.waitpid(self._pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > end:
                with suppress(ProcessLookupError):
                    os.killpg(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
                break
            time.sleep(0.02)
        os.close(self._from)


class Page:
    """One page; ``events`` are all that its browser told of it, by name, in order."""

    def __init__(self, browser: Chromium, session: str, context: str) -> None:
        self._browser = browser
        self._session = session
        self._context = context
        self.events: deque[tuple[str, dict[str, Any]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.call("Target.disposeBrowserContext", browserContextId=self._context)

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """Return the page's answer to a command of the protocol."""
        return self._browser.call(method, self._session, **params)

    def open(self, path: Path) -> None:
        """Show a file, and return once all of it is there and its scripts have run."""
        self.call("Page.navigate", url=path.as_uri())
        while not any(name == "Page.loadEventFired" for name, _ in self.events):
            self._browser.receive()

    def run(self, script: str) -> Any:  # noqa: ANN401 - any JSON
        """Return the value of an expression of JavaScript, outside of the page's own policy."""
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """Press the mouse's button in the middle of the first element of ``selector``."""
        x, y = self.run(
            f"""(() => {{
              const one = document.querySelector({json.dumps(selector)});
              one.scrollIntoView({{block: "center", behavior: "instant"}});
              const box = one.getBoundingClientRect();
              return [box.x + box.width / 2, box.y + box.height / 2];
            }})()"""
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            button = "none" if kind == "mouseMoved" else "left"
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, clickCount=1)

    def press(self, key: str) -> None:
        """Press and release a key that has a name, such as Tab or Enter."""
        codes = {"Tab": 9, "Enter": 13, "Space": 32}
        text = {"Enter": "\r", "Space": " "}.get(key, "")
        usual = {
            "key": " " if key == "Space" else key,
            "code": key,
            "windowsVirtualKeyCode": codes[key],
        }
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **usual)
        self.call("Input.dispatchKeyEvent", type="keyUp", **usual)

    def write(self, text: str) -> None:
        """Type ``text`` where the focus is."""
        self.call("Input.insertText", text=text)

    def resize(self, width: int, height: int = 900) -> None:
        """Give the page a window of this size, in CSS pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def prefer(self, scheme: str) -> None:
        """Make "light" or "dark" what the reader prefers."""
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},  # a click waits for no scrolling
        ]
        self.call("Emulation.setEmulatedMedia", features=features)

    def disable_scripts(self) -> None:
        """Run no script of what is opened next."""
        self.call("Emulation.setScriptExecutionDisabled", value=True)

    def pdf(self) -> bytes:
        """Return the page as it is printed, on A4."""
        answer = self.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)
        return base64.b64decode(answer["data"])

    def requests(self) -> list[str]:
        """Return the addresses of all that the page was let ask for, itself included."""
        refused = {
            params["requestId"]
            for name, params in self.events
            if name == "Network.loadingFailed" and params.get("blockedReason") == "csp"
        }
        return [
            params["request"]["url"]
            for name, params in self.events
            if name == "Network.requestWillBeSent" and params["requestId"] not in refused
        ]

    def complaints(self) -> list[str]:
        """Return what the page or the browser complained of: console, errors, policy, dialogs."""
        names = {
            "Runtime.consoleAPICalled",
            "Runtime.exceptionThrown",
            "Log.entryAdded",
            "Audits.issueAdded",
            "Page.javascriptDialogOpening",
        }
        self.run("new Promise((done) => setTimeout(done, 50))")  # what is under way arrives
        return [f"{name}: {params}" for name, params in self.events if name in names]
