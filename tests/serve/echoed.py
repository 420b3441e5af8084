# SPDX-License-Identifier: Apache-2.0
"""The HTTP server with its routes for trying (serve-http-echo), and raw clients of it."""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "fault"))
from harness import Skipped, expect, wait_for  # noqa: E402,F401 pylint: disable=wrong-import-position,unused-import


class Answer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def __getitem__(self, name):
        return self.fields.get(name.lower())

    def json(self):
        return json.loads(self.body)


class Client:
    """A connection on which one can send anything."""

    def __init__(self, server, wrap=None, timeout=10):
        self.socket = server.connect(timeout)
        if wrap:
            self.socket = wrap(self.socket)
        self.stream = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data)

    def try_send(self, data):
        """As much as goes; False: the server has ended the connection."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def answer(self, head=False):
        line = self.stream.readline()
        found = re.fullmatch(rb"HTTP/1\.1 (\d{3}) [A-Za-z -]+\r\n", line)
        expect(found, f"no status line: {line!r}")
        fields = {}
        while True:
            line = self.stream.readline()
            if line == b"\r\n":
                break
            name, _, value = line.decode().partition(":")
            expect(line.endswith(b"\r\n") and name.lower() not in fields, f"field: {line!r}")
            fields[name.lower()] = value.strip()
        status = int(found[1])
        if status == 100 or head or status in (204, 304):
            return Answer(status, fields, b"")
        if fields.get("transfer-encoding") == "chunked":
            return Answer(status, fields, b"".join(self.chunks()))
        if "content-length" not in fields:
            return Answer(status, fields, self.stream.read())
        return Answer(status, fields, self.stream.read(int(fields["content-length"])))

    def chunks(self):
        while True:
            size = int(self.stream.readline(), 16)
            data = self.stream.read(size + 2)
            expect(len(data) == size + 2 and data.endswith(b"\r\n"), "a chunk is torn")
            if size == 0:
                return
            yield data[:-2]

    def ended(self, seconds=5):
        """Whether the server ends the connection within that time."""
        self.socket.settimeout(seconds)
        try:
            while self.stream.read1(65536):
                pass
            return True
        except ConnectionError:
            return True
        except OSError:
            return False

    def close(self):
        self.stream.close()
        self.socket.close()


class Server:
    def __init__(self, test, *words, prefix=()):
        program = test.chosen.bindir.parent / "tests" / "serve" / "serve-http-echo"
        if not program.exists():
            raise Skipped(f"{program.name} missing")
        self.messages = open(test.place / "messages", "ab")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen([*prefix, program, *map(str, words)], text=True,
                                        stdout=subprocess.PIPE, stderr=self.messages)
        test.processes.append(self.process)
        test.closers.append(self.messages.close)
        count = sum(word.startswith(("unix:", "tcp:", "get:")) for word in map(str, words))
        self.addresses = [self.process.stdout.readline().strip() for _ in range(count)]
        expect(all(self.addresses), f"the server did not start: {test.said()}")

    def connect(self, timeout=10, number=0):
        kind, _, place = self.addresses[number].partition(":")
        if kind == "unix":
            made = socket.socket(socket.AF_UNIX)
            made.settimeout(timeout)
            made.connect(place)
            return made
        host, _, port = place.rpartition(":")
        made = socket.create_connection((host.strip("[]"), int(port)), timeout)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def port(self, number=0):
        return int(self.addresses[number].rpartition(":")[2])

    def other(self, number):
        """The same process by another of its addresses."""
        twin = object.__new__(Server)
        twin.__dict__ = {**self.__dict__, "addresses": self.addresses[number:]}
        return twin

    def rss(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1])

    def open_files(self):
        names = []
        for entry in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir():
            try:
                names.append(os.readlink(entry))
            except FileNotFoundError:
                pass  # closed meanwhile
        return names

    def files(self):
        return len(self.open_files())

    def alive(self):
        return self.process.poll() is None

    def get(self, path="/small", fields="", method="GET", body=b"", wrap=None):
        client = Client(self, wrap)
        try:
            client.send(request(path, fields, method, body))
            return client.answer(method == "HEAD")
        finally:
            client.close()


def request(path="/small", fields="", method="GET", body=b""):
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nHost: test\r\n{length}{fields}\r\n".encode() + body


def is_problem(answer, status, code=None):
    expect(answer.status == status, f"{answer.status} instead of {status}: {answer.body[:300]}")
    expect(answer["Content-Type"] == "application/problem+json", f"type {answer['Content-Type']}")
    body = answer.json()
    expect(body["status"] == status and body["request_id"] == answer["X-Request-Id"], f"{body}")
    expect(code in (None, body["code"]), f"code {body['code']}")
    return body


def quickest(function, times=3):
    """Seconds that the function takes, at best."""
    best = 1e9
    for _ in range(times):
        start = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - start)
    return best


def slowest(function, times):
    worst = 0
    for _ in range(times):
        start = time.perf_counter()
        function()
        worst = max(worst, time.perf_counter() - start)
    return worst


def flat(server, before, most=3000):
    grown = server.rss() - before
    expect(grown < most, f"{grown} kB more memory")


def tell(test, text):
    if test.chosen.verbose:
        print(f"        {text}")
