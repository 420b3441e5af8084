# SPDX-License-Identifier: Apache-2.0
"""A running intelmq-serve, asked over its unix socket; with INTELMQ_PRISM=1 by TCP through a proxy
that holds each answer to the API's document."""
import http.client
import json
import os
import socket
import subprocess
import time

from harness import Failed, environment, expect, free_port
from prism import Prism, learned, violations_in

THROUGH_PRISM = os.environ.get("INTELMQ_PRISM") == "1"


class Answer:
    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Connection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def request(connection, method, path, body, headers):
    try:
        connection.request(method, "/api/v1/" + path, body, headers)
        response = connection.getresponse()
        return Answer(response, response.read())
    finally:
        connection.close()


class Served:
    """The service with the pipeline of `words`, its state in `place`/NAME."""

    def __init__(self, test, name, *words, options=(), env=None, state=None,
                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL):
        self.test, self.words, self.options, self.env = test, words, options, env or {}
        self.stdin, self.stdout = stdin, stdout
        self.place = test.place / name
        self.place.mkdir(exist_ok=True)
        self.state_dir = state or self.place / "state"
        self.socket = self.place / "serve.sock"
        self.log = self.place / "log"
        self.prism = None
        if THROUGH_PRISM:
            self.tcp = free_port()
            self.options = [*self.options, "--listen", f"tcp:127.0.0.1:{self.tcp}"]
        if THROUGH_PRISM:  # before the service: what starts is soon over
            self.prism = Prism(f"http://127.0.0.1:{self.tcp}", learned(test.chosen.bindir))
            test.closers.append(self.prism.close)
        self.start()
        test.closers.append(self.kill)

    def start(self):
        self.socket.unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.test.chosen.bindir / "intelmq-serve", "--state-dir", self.state_dir,
                 "--listen", f"unix:{self.socket}", *self.options, "--", *map(str, self.words)],
                stdin=self.stdin, stdout=self.stdout, stderr=log,
                env=environment(PATH=f"{self.test.chosen.bindir}:/usr/bin:/bin", **self.env))
        limit = time.time() + 30
        while not self.listens():
            expect(self.process.poll() is None, f"serve ended: {self.said()}")
            expect(time.time() < limit, "serve does not listen")
            time.sleep(0.02)

    def listens(self):
        """The socket has its name a moment before it can be connected to."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket))
                return True
            except OSError:
                return False

    def said(self):
        return self.log.read_text(errors="replace")[-1500:]

    def kill(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def ask(self, method, path, body=None, headers=None, timeout=60):
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Content-Type": kind, **(headers or {})} if body is not None else headers or {}
        if self.prism and self.may_go_through_prism(path, headers):
            proxy = http.client.HTTPConnection("127.0.0.1", self.prism.port, timeout=timeout)
            answer = request(proxy, method, path, body, headers)
            if "X-Request-Id" in answer.headers:  # else it is the proxy's own, and went no further
                wrong = violations_in(answer.headers)
                expect(not wrong, f"{method} {path}: not as the document says: {wrong}")
                return answer
        return request(Connection(self.socket, timeout), method, path, body, headers)

    def may_go_through_prism(self, path, headers):
        """Archives would be spoilt; and who is known by the unix socket is not known by TCP."""
        by_token = any(str(option).startswith(("--token-file", "--oidc")) for option in self.options)
        return not path.endswith("/content") and (not by_token or "Authorization" in headers)

    def expect(self, status, method, path, body=None, headers=None):
        """The JSON of an answer, which must have this status."""
        answer = self.ask(method, path, body, headers)
        if answer.status != status:
            raise Failed(f"{method} {path}: {answer.status}, not {status}: {answer.body[:600]!r} "
                         f"{self.said()[-600:]}")
        return answer.json if answer.body else None

    def wait_for_state(self, *states, seconds=30):
        limit = time.time() + seconds
        while True:
            state = self.expect(200, "GET", "status")["state"]
            if state in states:
                return state
            expect(time.time() < limit, f"state is {state}, not {states}; {self.said()}")
            time.sleep(0.05)
