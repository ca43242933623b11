#!/usr/bin/env python3
"""Looks at report.html files in a real browser, as a reader does: on a desk (1280 pixels wide) and on a phone (360).

    scripts/check_report.py REPORT.html [FOLDER]

Fails, naming each fault, when the page asks for anything but itself, when the console shows an error or a warning, when a sound or
a picture does not load, when the page is wider than the window, when an id is used twice, a picture has no text or headings skip
a level. Writes a picture of the whole page for each width, dark and light, into FOLDER when it is named.

Exit code: 0 no faults, 1 faults, 77 no Chromium found (`apt-get install chromium`). Needs nothing but Python and Chromium, which
it drives over two pipes (--remote-debugging-pipe: JSON messages that end with a zero byte).
"""
import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time

WIDTHS = {1280: 900, 360: 740}  # of the window, with its height
PATIENCE = 60  # seconds for one answer of the browser

# Runs in the page. Waits for its sounds and pictures, then tells the faults that only the page can see.
LOOK = r"""
(async () => {
  const faults = [];
  const limit = (promise, what) => Promise.race([promise, new Promise(done => setTimeout(done, 10000, 'waiting'))])
    .then(end => { if (end === 'waiting') faults.push(`${what} does not load`); });
  const sounds = [...document.querySelectorAll('audio')].map((sound, i) => limit(new Promise(done => {
    const what = `player ${i + 1} (${sound.getAttribute('aria-label')})`;
    const end = () => { if (!(sound.duration > 0)) faults.push(`${what} has no length`); done(); };
    const fail = () => { faults.push(`${what} does not load`); done(); };
    if (sound.error) fail();
    else if (sound.readyState >= 1) end();
    else { sound.addEventListener('loadedmetadata', end); sound.addEventListener('error', fail); sound.load(); }
  }), `player ${i + 1}`));
  const sources = [...document.querySelectorAll('img, image')].map(picture => picture.src || picture.getAttribute('href'));
  const pictures = sources.map(async (source, i) => {
    const picture = new Image();
    picture.src = source;
    await picture.decode().catch(() => faults.push(`picture ${i + 1} does not load`));
  });
  await Promise.all([...sounds, ...pictures]);
  const page = document.documentElement;
  const closed = [...document.querySelectorAll('details:not([open])')];
  closed.forEach(part => { part.open = true; });
  if (page.scrollWidth > page.clientWidth) {
    const wide = [...document.body.querySelectorAll('*')].find(
      element => element.getBoundingClientRect().right > page.clientWidth && !element.closest('.wide, pre'));
    faults.push(`the page is ${page.scrollWidth} pixels wide in a window of ${page.clientWidth}: ${wide?.outerHTML.slice(0, 80)}`);
  }
  closed.forEach(part => { part.open = false; });
  if (!page.lang) faults.push('the page has no language');
  for (const picture of document.querySelectorAll('img:not([alt]), svg:not([aria-label])'))
    faults.push(`no text for ${picture.outerHTML.slice(0, 80)}`);
  let level = 0;
  for (const heading of document.querySelectorAll('h1, h2, h3, h4')) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) faults.push(`${heading.tagName} "${heading.textContent}" after H${level}`);
    level = next;
  }
  const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) faults.push(`id ${id} is used twice`);
  return {faults, sounds: sounds.length, pictures: pictures.length};
})()
"""


class Browser:
    """Headless Chromium with one page."""

    def __init__(self, program, profile):
        here_out, to_browser = os.pipe()
        from_browser, here_in = os.pipe()
        command = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                   "--disable-background-networking", "--hide-scrollbars", f"--user-data-dir={profile}",
                   "--remote-debugging-pipe", "about:blank"]
        # Chromium reads from descriptor 3 and writes to 4.
        self.process = subprocess.Popen(["bash", "-c", f'exec "$@" 3<&{here_out} 4>&{here_in}', "bash", *command],
                                        pass_fds=(here_out, here_in), stderr=subprocess.DEVNULL)
        os.close(here_out)
        os.close(here_in)
        self.to_browser, self.from_browser = to_browser, from_browser
        self.bytes = b""
        self.number = 0
        self.events = []
        self.session = None
        page = self.ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        self.session = self.ask("Target.attachToTarget", {"targetId": page, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def close(self):
        os.close(self.to_browser)
        self.process.terminate()
        self.process.wait()
        os.close(self.from_browser)

    def receive(self):
        """The next message."""
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self.bytes:
            ready, _, _ = select.select([self.from_browser], [], [], max(0, deadline - time.monotonic()))
            more = os.read(self.from_browser, 1 << 20) if ready else b""
            if not more:
                raise RuntimeError("the browser ended" if ready else f"the browser gave no answer in {PATIENCE} s")
            self.bytes += more
        message, self.bytes = self.bytes.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, parameters=None):
        """Sends a command; what happens until its answer comes is kept as events."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters or {}}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") != self.number:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']['message']}")
            else:
                return answer["result"]

    def wait_for(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.receive())


def console_faults(events):
    """What the console would show in red or yellow."""
    for event in events:
        method, what = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            yield f"console: {what['exceptionDetails'].get('exception', {}).get('description', 'exception')}"
        elif method == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning", "assert"):
            yield "console: " + " ".join(str(part.get("value", part.get("description"))) for part in what["args"])
        elif method == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
            yield f"console: {what['entry']['text']}"


def foreign_requests(events, page):
    for event in events:
        if event.get("method") == "Network.requestWillBeSent":
            url = event["params"]["request"]["url"]
            if url != page and not url.startswith("data:"):
                yield f"asks for {url[:100]}"


def photograph(browser, width, scheme, file):
    browser.ask("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    size = browser.ask("Page.getLayoutMetrics")["cssContentSize"]
    area = {"x": 0, "y": 0, "width": width, "height": size["height"], "scale": 1}
    picture = browser.ask("Page.captureScreenshot", {"clip": area, "captureBeyondViewport": True})["data"]
    file.write_bytes(base64.b64decode(picture))
    print(f"  wrote {file}")


def look(browser, report, width, folder):
    """The faults of a report in a window of this width."""
    page = report.resolve().as_uri()
    browser.events.clear()
    browser.ask("Emulation.setDeviceMetricsOverride",
                {"width": width, "height": WIDTHS[width], "deviceScaleFactor": 1, "mobile": width < 600})
    browser.ask("Page.navigate", {"url": page})
    browser.wait_for("Page.loadEventFired")
    answer = browser.ask("Runtime.evaluate", {"expression": LOOK, "awaitPromise": True, "returnByValue": True})
    if "exceptionDetails" in answer:
        raise RuntimeError(f"the check itself failed: {answer['exceptionDetails']}")
    seen = answer["result"]["value"]
    faults = sorted({*seen["faults"], *console_faults(browser.events), *foreign_requests(browser.events, page)})
    print(f"{report} at {width} pixels: {seen['sounds']} players, {seen['pictures']} pictures, {len(faults)} faults")
    if folder:
        for scheme in ("light", "dark"):
            photograph(browser, width, scheme, folder / f"{report.stem}_{width}_{scheme}.png")
    return faults


def main(arguments):
    if len(arguments) not in (1, 2):
        sys.exit(f"usage: {sys.argv[0]} REPORT.html [FOLDER]")
    report = pathlib.Path(arguments[0])
    if not report.is_file():
        sys.exit(f"{report}: no such file")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not program:
        print("skipped: no Chromium found (apt-get install chromium)")
        return 77
    folder = pathlib.Path(arguments[1]) if len(arguments) == 2 else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    faults = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            for width in WIDTHS:
                faults += [f"{width}: {fault}" for fault in look(browser, report, width, folder)]
        finally:
            browser.close()
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
