# SPDX-License-Identifier: Apache-2.0
"""A proxy in front of intelmq-serve that holds each request and answer to the API's document.

    with Prism("http://127.0.0.1:8080") as prism:
        requests go to prism.url; each answer tells by a header what of it does not fit, which
        `violations_in` reads, and `prism.violations()` has it from the proxy's log

Requests may be wrong on purpose: only answers count. So `--errors`, which would refuse those
requests, is not used; what it would do for answers the readers of the header do.
"""
import json
import pathlib
import re
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

import tools
from harness import Failed, free_port


def document_of(url, token=None):
    """The API's document as the service tells it."""
    request = urllib.request.Request(url + "/api/v1/openapi.json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


_KNOWN = {}
_LOCK = threading.Lock()


def learned(bindir):
    """The document of the programs in a directory, asked for once."""
    with _LOCK, tempfile.TemporaryDirectory() as folder:
        if bindir in _KNOWN:
            return _KNOWN[bindir]
        port = free_port()
        serve = subprocess.Popen(
            [bindir / "intelmq-serve", "--state-dir", folder, "--listen", f"tcp:127.0.0.1:{port}",
             "--debug-api", "--", bindir / "intelmq-expert-taxonomy"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for tries in range(200):
                try:
                    _KNOWN[bindir] = document_of(f"http://127.0.0.1:{port}")
                    return _KNOWN[bindir]
                except urllib.error.URLError:
                    if tries == 199:
                        raise
                    time.sleep(0.05)
        finally:
            serve.terminate()
            serve.wait()
    return None


def violations_in(headers):
    """What of an answer that came through the proxy does not fit, in words."""
    found = json.loads(headers.get("sl-violations") or "[]")
    return [f"{'/'.join(map(str, one['location']))}: {one['message']}" for one in found
            if one["location"][0] == "response"]


class Prism:
    """`prism proxy` in front of `url`."""

    def __init__(self, url, document=None, token=None):
        self.program = tools.node_program("@stoplight/prism-cli", "prism")
        self.folder = tempfile.TemporaryDirectory()
        place = pathlib.Path(self.folder.name)
        (place / "openapi.json").write_text(json.dumps(document or document_of(url, token)),
                                            encoding="utf-8")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = place / "log"
        command = [self.program, "proxy", place / "openapi.json", url, "-h", "127.0.0.1",
                   "-p", str(self.port), "--validate-request", "false"]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([str(word) for word in command], stdout=log,
                                            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        deadline = time.time() + 60
        while "listening on" not in self.said():
            if self.process.poll() is not None or time.time() > deadline:
                self.close()
                raise Failed(f"prism did not start: {self.said()[-400:]}")
            time.sleep(0.1)

    def said(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def violations(self):
        """What prism complained of in answers; requests may be wrong on purpose."""
        plain = re.sub(r"\x1b\[[0-9;]*m", "", self.said())
        return [line.strip() for line in plain.splitlines()
                if re.search(r"Violation: response", line)]

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
