# SPDX-License-Identifier: Apache-2.0
"""A real rsyslogd on loopback, and lines of a bot's log."""
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "fault"))
from harness import Skipped, expect, free_port, wait_for  # noqa: E402

DRIVERS = pathlib.Path("/usr/lib/x86_64-linux-gnu/rsyslog")
INPUTS = {
    "udp": 'module(load="imudp")\ninput(type="imudp" address="127.0.0.1" port="{port}")',
    "tcp": 'module(load="imtcp")\ninput(type="imtcp" address="127.0.0.1" port="{port}")',
    "tls": ('module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" '
            'streamDriver.authMode="{auth}")\ninput(type="imtcp" address="127.0.0.1" port="{port}")'),
    "unix": ('module(load="imuxsock" sysSock.use="off")\n'
             'input(type="imuxsock" socket="{folder}/log" useSpecialParser="off" '
             'parseHostname="on" usePIDFromSystem="off" useSysTimeStamp="off" '
             'rateLimit.interval="0" ignoreTimestamp="off")'),
}
CONFIG = """
global(workDirectory="{folder}" maxMessageSize="64k" {tls})
module(load="mmpstrucdata")
template(name="all" type="string" string="%jsonmesg%\\n")
{input}
action(type="mmpstrucdata")
action(type="omfile" file="{folder}/got" template="all")
"""
class Rsyslog:
    """One rsyslogd with one input; what it got, as rsyslog understood it."""

    def __init__(self, test, kind, auth="anon", port=0):
        self.folder = test.place
        self.port = port or free_port()
        tls = ""
        if kind == "tls":
            if not (DRIVERS / "lmnsd_ossl.so").exists():
                raise Skipped("rsyslog-openssl missing")
            tls = (f'defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="{self.folder}/ca.pem" '
                   f'defaultNetstreamDriverCertFile="{self.folder}/server.pem" '
                   f'defaultNetstreamDriverKeyFile="{self.folder}/server.key"')
        given = INPUTS[kind].format(port=self.port, folder=self.folder, auth=auth)
        (self.folder / "conf").write_text(CONFIG.format(folder=self.folder, tls=tls, input=given))
        self.kind, self.process = kind, None
        test.closers.append(self.stop)
        self.start()

    def start(self):
        with open(self.folder / "rsyslogd", "ab") as said:
            self.process = subprocess.Popen(
                ["rsyslogd", "-n", "-f", self.folder / "conf", "-i", self.folder / "pid"],
                stdout=said, stderr=said)
        wait_for(self.listens, f"rsyslogd listens: {(self.folder / 'rsyslogd').read_text()[-600:]}", 20)

    def listens(self):
        expect(self.process.poll() is None, (self.folder / "rsyslogd").read_text()[-600:])
        if self.kind == "unix":
            return (self.folder / "log").exists()
        table = "udp" if self.kind == "udp" else "tcp"
        text = pathlib.Path(f"/proc/net/{table}").read_text()
        return f"0100007F:{self.port:04X} 00000000:0000" in text

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def got(self):
        file = self.folder / "got"
        if not file.exists():
            return []
        lines = file.read_bytes().decode("utf-8", "surrogateescape").split("\n")[:-1]
        return [json.loads(line) for line in lines]

    def wait_for(self, number):
        wait_for(lambda: len(self.got()) >= number, f"{number} lines came, not {len(self.got())}", 15)
        return self.got()


def record(message, level="info", **more):
    return json.dumps({"time": "2026-11-24T02:38:58.123+00:00", "level": level, "bot": "x",
                       "message": message, **more})
