# SPDX-License-Identifier: Apache-2.0
"""A FAKE update server that speaks geoipupdate's protocol, and the databases it has."""
import base64
import hashlib
import http.server
import io
import json
import tarfile
import threading
import time

import harness
from harness import expect

EPOCH = 1_767_225_600  # of tests/data/city.mmdb
KEY = "very-secret-key"


def database(days=0, kind="GeoLite2-City", country=b"AT"):
    """The test database, built so many days later, of another type, with another country."""
    data = (harness.ROOT / "tests/data/city.mmdb").read_bytes()
    old = b"IntelMQ-Test-City"
    head, metadata = data.rsplit(b"\xab\xcd\xefMaxMind.com", 1)
    metadata = metadata.replace(bytes([0x40 + len(old)]) + old,
                                bytes([0x40 + len(kind)]) + kind.encode())
    epoch = EPOCH.to_bytes(4, "big")
    expect(metadata.count(epoch) == 1, "where is the build epoch?")
    head = head.replace(b"\x42AT", b"\x42" + country)
    return head + b"\xab\xcd\xefMaxMind.com" + metadata.replace(
        epoch, (EPOCH + int(days * 86400)).to_bytes(4, "big"))


def aged(days, **more):
    """The same, so many days old today."""
    return database((time.time() - EPOCH) / 86400 - days, **more)


def empty_database():
    """A database whose tree leads nowhere."""
    data = database(1)
    head, metadata = data.rsplit(b"\xab\xcd\xefMaxMind.com", 1)
    at = metadata.index(b"node_count") + len("node_count")
    size = metadata[at] & 0x1f
    nodes = int.from_bytes(metadata[at + 1:at + 1 + size], "big")
    return (nodes.to_bytes(3, "big") * 2 * nodes + head[6 * nodes:] + b"\xab\xcd\xefMaxMind.com"
            + metadata)


def archive(*files, links=()):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        for name, goal in links:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, goal
            tar.addfile(entry)
    return out.getvalue()


class FakeUpdateServer(http.server.ThreadingHTTPServer):
    """Not MaxMind's: a stand-in. Tests set its attributes between requests."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Asked)
        self.asked = []          # (method, path with query, headers)
        self.mmdb = database()   # what it has
        self.tar = None          # instead of a good archive
        self.md5 = None          # instead of the right one
        self.answers = []        # statuses (and headers) to answer with first
        self.always = None       # one for every request
        self.cut = 0             # bytes of the download that are left out
        self.pause = 0           # seconds between blocks of the download
        self.redirect = None     # where downloads are
        self.etag = True
        self.side = None         # the side file's content
        self.limits = None       # where the download's length is lied about
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def archive(self):
        return self.tar or archive(("GeoLite2-City_20260101/COPYRIGHT.txt", b"(c)"),
                                   ("GeoLite2-City_20260101/GeoLite2-City.mmdb", self.mmdb))

    def downloads(self):
        return sum("/download" in path or (method == "GET" and path == "/data.mmdb")
                   for method, path, _ in self.asked)


class Asked(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def give(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD" or status == 304:
            return
        body = body[:len(body) - self.server.cut] if "/download" in self.path else body
        self.close_connection = True
        try:
            step = 1000 if self.server.pause else len(body) or 1
            for at in range(0, len(body), step):
                self.wfile.write(body[at:at + step])
                time.sleep(self.server.pause)
        except OSError:
            pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        server = self.server
        server.asked.append((self.command, self.path, dict(self.headers)))
        path = self.path.split("?")[0]
        if server.answers or server.always:
            status, headers = server.answers.pop(0) if server.answers else server.always
            return self.give(status, b"{}", headers)
        if path == "/data.mmdb":
            return self.file()
        if path == "/data.mmdb.sha256":
            return self.give(200, server.side.encode())
        if path == "/elsewhere":
            return self.give(200, server.archive())
        right = base64.b64encode(f"42:{KEY}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {right}":
            return self.give(401, b'{"code":"ACCOUNT_ID_OR_LICENSE_KEY_INVALID"}')
        if path == "/geoip/updates/metadata":
            md5 = server.md5 or hashlib.md5(server.mmdb).hexdigest()
            return self.give(200, json.dumps({"databases": [
                {"edition_id": "GeoLite2-City", "md5": md5, "date": "2026-01-01"}]}).encode())
        if self.path == "/geoip/databases/GeoLite2-City/download?date=20260101&suffix=tar.gz":
            if server.redirect:
                return self.give(302, b"", [("Location", server.redirect)])
            return self.give(200, server.archive())
        return self.give(404)

    def file(self):
        data = self.server.mmdb
        tag = f'"{hashlib.md5(data).hexdigest()}"'
        if self.server.etag and self.headers.get("If-None-Match") == tag:
            return self.give(304)
        return self.give(200, data, [("ETag", tag)] if self.server.etag else [])
