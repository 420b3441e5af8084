# SPDX-License-Identifier: Apache-2.0
"""What tests of monitoring share: strict readers of the formats that monitoring systems take,
written from the formats' descriptions, a receiver of HTTP requests, and a real Icinga 2."""
import base64
import http.server
import json
import re
import shutil
import ssl
import subprocess
import threading
import urllib.request

from harness import Failed, expect, free_port, wait_for

NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
LEVELS = rf"(?:;(?:{NUMBER})?){{0,4}}"
LOCAL_LINE = re.compile(
    r'([0123P]) (?:"([^"]+)"|([^" ]\S*)) '
    rf"(-|[A-Za-z_]\w*={NUMBER}{LEVELS}(?:\|[A-Za-z_]\w*={NUMBER}{LEVELS})*) (.+)")
PERFDATA = re.compile(rf"'((?:[^'=|]|'')+)'=({NUMBER})(s|us|ms|%|B|KB|MB|TB|c|){LEVELS}")


def read_local_checks(text, piggyback=None):
    """The checks of a section `local` of check_mk's agent: name: (state, metrics, text)."""
    lines = text.split("\n")
    expect(lines.pop() == "", "the last line has no end")
    if piggyback:
        expect(lines.pop(0) == f"<<<<{piggyback}>>>>", "no head of the piggyback host")
        expect(lines.pop() == "<<<<>>>>", "no end of the piggyback host")
    expect(lines.pop(0) == "<<<local:sep(0)>>>", "no head of the section")
    checks = {}
    for line in lines:
        found = LOCAL_LINE.fullmatch(line)
        expect(found, f"no local check: {line!r}")
        state, quoted, plain, metrics, words = found.groups()
        name = quoted or plain
        expect(name not in checks, f"{name} comes twice")
        checks[name] = (state, metrics, words)
    return checks


def read_plugin_line(text):
    """(word, text, {label: value}) of a plugin's only line."""
    expect(text.endswith("\n") and text.count("\n") == 1, f"not one line: {text!r}")
    words, bar, data = text[:-1].partition(" | ")
    expect("|" not in data and (not bar or data), f"performance data: {data!r}")
    found = re.fullmatch(r"INTELMQ (OK|WARNING|CRITICAL|UNKNOWN) - (.+)", words)
    expect(found, f"no plugin's text: {words!r}")
    values, at = {}, 0
    while at < len(data):
        item = PERFDATA.match(data, at)
        expect(item, f"no performance data: {data[at:]!r}")
        values[item[1]] = float(item[2])
        at = item.end()
        expect(at == len(data) or data[at] == " ", f"no blank: {data[at:]!r}")
        at += 1
    return found[1], found[2], values


class Receiver:
    """Takes POST requests, and answers with `status` and `answer`."""

    def __init__(self, test, status=200, answer=b"{}", headers=()):
        self.requests, self.status, self.answer, self.headers = [], status, answer, headers
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((self.path, self.headers, body))
                answer = outer.answer(self, body) if callable(outer.answer) else outer.answer
                self.send_response(outer.status)
                for name, value in outer.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.closers.append(self.close)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def run_quietly(*words, **more):
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, **more)
    if done.returncode:
        raise Failed(f"{words[0]} {words[1]}: {(done.stderr + done.stdout)[-600:]}")
    return done.stdout


ICINGA = """
const NodeName = "icinga-test"
const ZoneName = NodeName
include <itl>
object Endpoint NodeName { }
object Zone ZoneName { endpoints = [ NodeName ] }
object ApiListener "api" { bind_host = "127.0.0.1" ; bind_port = "%(port)s" }
object ApiUser "intelmq" {
  password = "hush-icinga"
  permissions = [ "actions/process-check-result", "objects/query/Service" ]
}
object Host "mq" { check_command = "passive" ; enable_active_checks = false }
object Service "IntelMQ asn" {
  host_name = "mq" ; check_command = "passive" ; enable_active_checks = false
  max_check_attempts = 1
}
"""


class Icinga:
    """A real Icinga 2 on the loopback, with one host and one service that are told of."""

    def __init__(self, test):
        self.place = test.place / "icinga"
        for folder in ("data/certs", "log", "cache", "spool", "run"):
            (self.place / folder).mkdir(parents=True)
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.ca = self.place / "data/certs/ca.crt"
        self.make_certificates()
        config = self.place / "icinga2.conf"
        config.write_text(ICINGA % {"port": self.port})
        owner = shutil.os.getuid()
        user = __import__("pwd").getpwuid(owner).pw_name
        group = __import__("grp").getgrgid(shutil.os.getgid()).gr_name
        with open(self.place / "said", "wb") as said:
            self.process = subprocess.Popen(
                ["icinga2", "daemon", "-c", config, "-x", "warning",
                 f"-DRunAsUser={user}", f"-DRunAsGroup={group}",
                 *(f"-D{name}={self.place / folder}" for name, folder in
                   (("DataDir", "data"), ("LogDir", "log"), ("CacheDir", "cache"),
                    ("SpoolDir", "spool"), ("InitRunDir", "run")))],
                stdout=said, stderr=said, start_new_session=True)
        test.closers.append(self.stop)
        wait_for(self.answers, "Icinga answers: " + (self.place / "said").read_text()[-500:], 60)

    def make_certificates(self):
        certs = self.place / "data/certs"
        run_quietly("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=test authority", "-keyout", certs / "ca.key", "-out", self.ca)
        run_quietly("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=icinga-test",
                    "-addext", "subjectAltName=DNS:icinga-test,IP:127.0.0.1",
                    "-keyout", certs / "icinga-test.key", "-out", certs / "icinga-test.csr")
        run_quietly("openssl", "x509", "-req", "-in", certs / "icinga-test.csr", "-CA", self.ca,
                    "-CAkey", certs / "ca.key", "-days", "2", "-copy_extensions", "copy",
                    "-out", certs / "icinga-test.crt")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                shutil.os.killpg(self.process.pid, 9)
                self.process.wait()

    def service(self):
        """The attributes of the service."""
        request = urllib.request.Request(
            f"{self.url}/v1/objects/services?service=mq!IntelMQ%20asn",
            headers={"Authorization": "Basic "
                     + base64.b64encode(b"intelmq:hush-icinga").decode()})
        context = ssl.create_default_context(cafile=str(self.ca))
        with urllib.request.urlopen(request, context=context, timeout=10) as answer:
            return json.load(answer)["results"][0]["attrs"]

    def answers(self):
        if self.process.poll() is not None:
            raise Failed("Icinga ended: " + (self.place / "said").read_text()[-800:])
        try:
            return bool(self.service())
        except OSError:
            return False
