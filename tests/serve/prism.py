# SPDX-License-Identifier: Apache-2.0
"""A proxy in front of intelmq-serve that holds each request and answer to the API's document.

    with Prism("tcp:127.0.0.1:8080") as prism:
        requests go to prism.url; `prism.violations()` is what did not fit

Scripts that talk to a control listener by TCP take `through_prism(test, url)` for its URL: with
INTELMQ_PRISM=1 it is that of a proxy, whose findings fail the test at its end.
"""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import tools
from harness import Failed, expect, free_port


def document_of(url, token=None):
    """The API's document as the service tells it."""
    request = urllib.request.Request(url + "/api/v1/openapi.json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


class Prism:
    """`prism proxy` in front of `url`; `errors`: what violates the document becomes an answer 500."""

    def __init__(self, url, document=None, errors=False, token=None):
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
        if errors:
            command.append("--errors")
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


def through_prism(test, url, token=None):
    """The URL that a test asks for: a proxy's with INTELMQ_PRISM=1, else `url` itself."""
    if os.environ.get("INTELMQ_PRISM") != "1":
        return url
    prism = Prism(url, token=token)

    def end():
        found = prism.violations()
        prism.close()
        expect(not found, f"{len(found)} answers do not fit the API's document: {found[:5]}")

    test.closers.append(end)
    return prism.url
