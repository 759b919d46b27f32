"""A page in Chromium that a check steers: it types, clicks, and looks at what is there (Chrome DevTools Protocol).

The browser reads commands from one pipe and writes to another, so no port and no library for web sockets is needed.
"""

import base64
import fcntl
import json
import os
import queue
import subprocess
import threading

from browser import FLAGS

ANSWER_SECONDS = 60

# What a page is waited for with: no event says that it is ready, so it looks again.
UNTIL = """new Promise((done, failed) => {{
  const end = Date.now() + {limit};
  const look = () => {{
    const found = (() => {{ return {condition}; }})();
    if (found) done(found);
    else if (Date.now() > end) failed(new Error("never: " + {quoted} + "\\n" + document.body.innerText));
    else setTimeout(look, 20);
  }};
  look();
}})"""


class Browser:
    """A running Chromium. `flags` are more of its command line."""

    def __init__(self, program, folder, flags=()):
        (read_commands, write_commands), (read_answers, write_answers) = os.pipe(), os.pipe()
        # Out of the way of the two numbers that the browser reads from and writes to.
        given = [fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, 10) for file in (read_commands, write_answers)]
        for file in (read_commands, write_answers):
            os.close(file)
        self._commands, self._answers = os.fdopen(write_commands, "wb"), os.fdopen(read_answers, "rb")

        def give():
            for number, file in enumerate(given, 3):
                os.dup2(file, number)

        self._process = subprocess.Popen(
            [program, *FLAGS, *flags, "--remote-debugging-pipe", f"--user-data-dir={folder / 'profile'}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=give,
            close_fds=False,
        )
        for file in given:
            os.close(file)
        self._waiting, self._number, self._targets = {}, 0, []
        # What was loaded, one after the other.
        self.loads = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        rest = b""
        while piece := self._answers.read1(1 << 16):
            *messages, rest = (rest + piece).split(b"\0")
            for message in map(json.loads, messages):
                if "id" in message:
                    self._waiting.pop(message["id"]).put(message)
                elif message["method"] == "Page.lifecycleEvent" and message["params"]["name"] == "load":
                    self.loads.put(message["params"]["loaderId"])

    def call(self, method, session=None, **parameters):
        """What the browser answers to a command."""
        self._number += 1
        answer = self._waiting[self._number] = queue.Queue()
        message = {"id": self._number, "method": method, "params": parameters}
        self._commands.write(json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0")
        self._commands.flush()
        answer = answer.get(timeout=ANSWER_SECONDS)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def open(self, url, **media):
        """A new page at an address, once it is loaded. `media` is what it prefers, as in a media query."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._targets.append(target)
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        page.call("Page.enable")
        page.call("Page.setLifecycleEventsEnabled", enabled=True)
        page.prefer(**media)
        page.go(url)
        return page

    def close_pages(self):
        """Closes every page: a browser has few connections to one server, and live pages keep theirs."""
        while self._targets:
            self.call("Target.closeTarget", targetId=self._targets.pop())

    def stop(self):
        self._process.terminate()
        self._process.wait(30)
        self._commands.close()
        self._answers.close()


class Page:
    """A page of a browser."""

    def __init__(self, browser, session):
        self._browser, self._session = browser, session

    def call(self, method, **parameters):
        return self._browser.call(method, self._session, **parameters)

    def prefer(self, **media):
        """Sets what the page's reader prefers: `color_scheme="dark"`."""
        features = [{"name": f"prefers-{name.replace('_', '-')}", "value": value} for name, value in media.items()]
        self.call("Emulation.setEmulatedMedia", features=features)

    def go(self, url):
        """Goes to an address, and waits until the page is loaded."""
        loader = self.call("Page.navigate", url=url)["loaderId"]
        while self._browser.loads.get(timeout=ANSWER_SECONDS) != loader:
            pass

    def evaluate(self, expression):
        """The value of an expression in the page; that of a promise once it is there."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]["exception"].get("description", answer)
        return answer["result"].get("value")

    def until(self, condition):
        """The value of an expression as soon as it is true. A page that is left in between is asked again."""
        expression = UNTIL.format(condition=condition, quoted=json.dumps(condition), limit=30_000)
        for _ in range(5):
            try:
                return self.evaluate(expression)
            except AssertionError as error:
                if not any(gone in str(error) for gone in ("context was destroyed", "navigated or closed")):
                    raise
        raise AssertionError(f"the page does not stay: {condition}")

    def text(self):
        """What a reader sees."""
        return self.evaluate("document.body.innerText")

    def press(self, key):
        """Presses a key: `Tab`, `Enter`."""
        number, text = {"Tab": (9, ""), "Enter": (13, "\r")}[key]
        pressed = {"key": key, "code": key, "windowsVirtualKeyCode": number}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **pressed)
        self.call("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def click(self, x, y):
        """Clicks at a place of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def tree(self):
        """What a screen reader reads: role, name and level of each node, in order."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]

        def read(node):
            properties = {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
            name = node.get("name", {}).get("value", "")
            return (node["role"]["value"], name, properties.get("level"))

        return [read(node) for node in nodes if not node["ignored"]]

    def picture(self, path):
        """Writes what the window shows as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


# Every text of a page with its contrast (WCAG 2.2, success criterion 1.4.3), the faintest first.
CONTRAST = """(() => {
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const paper = (element) => {
    for (; element; element = element.parentElement) {
      const color = parts(getComputedStyle(element).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.checkVisibility()) continue;
    const [a, b] = [light(parts(getComputedStyle(element).color)), light(paper(element))];
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), walk.currentNode.data.trim().slice(0, 40)]);
  }
  return found.sort((a, b) => a[0] - b[0]);
})()"""
