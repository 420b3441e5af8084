# SPDX-License-Identifier: Apache-2.0
"""A program under test: how it is called, what it is fed, and what came out."""
import base64
import contextlib
import json
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TABLE = json.loads((pathlib.Path(__file__).parent / "arguments.json").read_text())


class Failed(Exception):
    """A promise that does not hold; the text says which."""


class Skipped(Exception):
    """What it needs is not there; the text says what."""


def expect(condition, text):
    if not condition:
        raise Failed(text)


def same(got, wanted, what):
    if got != wanted:
        raise Failed(f"{what}: expected {short(wanted)}, got {short(got)}")


def short(value, limit=300):
    text = repr(value)
    return text if len(text) <= limit else text[:limit] + "..."


class Run:
    """A finished run: exit code and both streams."""

    def __init__(self, program, code, out, err):
        self.code, self.out, self.err = code, out, err
        self.text = err.decode("utf-8", "replace")
        if code < 0:
            raise Failed(f"ended by signal {-code}: {short(self.text, 2000)}")
        if b"Sanitizer" in err or b"runtime error:" in err:
            raise Failed(f"sanitizer: {self.text[:3000]}")

    def ended(self, code):
        if self.code != code:
            raise Failed(f"expected exit code {code}, got {self.code}: {short(self.text, 1000)}")
        return self

    def lines(self):
        return self.out.splitlines(keepends=True)

    def messages(self):
        """What was said on standard error, without the line of --stats."""
        found = []
        for line in self.text.splitlines():
            try:
                parsed = json.loads(line)
            except ValueError:
                raise Failed(f"standard error holds a line that is no JSON: {short(line)}") from None
            if "message" in parsed:
                found.append(parsed["message"])
        return found

    def stats(self):
        for line in self.text.splitlines():
            if line.startswith('{"bot"'):
                return json.loads(line)
        raise Failed(f"--stats printed no line: {short(self.text)}")


class Program:
    def __init__(self, path, checked=False):
        self.path = pathlib.Path(path).absolute()
        self.name = self.path.name
        self.kind = self.name.split("-")[1] if self.name.count("-") > 1 else ""
        self.row = TABLE.get(self.name)
        self.sanitized = checked
        self.patience = 240 if checked else 60
        self.stack = contextlib.ExitStack()
        self.tmp = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.rows = 0
        for name, text in (self.row or {}).get("files", {}).items():
            file = self.tmp / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.format(n=3, tmp=self.tmp))
        self.described = None

    def close(self):
        self.stack.close()

    @property
    def args(self):
        return self.filled((self.row or {}).get("args", []))

    def filled(self, words):
        return [word.format(tmp=self.tmp) for word in words]

    @property
    def reads(self):
        return self.kind != "collector"

    @property
    def passes(self):
        """Whether events go through it."""
        return self.kind in ("expert", "transformer")

    def environment(self, more=None):
        env = {name: value for name, value in os.environ.items() if not name.startswith("INTELMQ_")}
        env.update({"LC_ALL": "C.UTF-8", **(more or {})})
        return env

    def bare(self, *words, give=b"", env=None):
        """Called with these words and no others."""
        try:
            done = subprocess.run([self.path, *map(str, words)], input=give, capture_output=True,
                                  cwd=ROOT, env=self.environment(env), timeout=self.patience,
                                  check=False)
        except subprocess.TimeoutExpired:
            raise Failed(f"did not end within {self.patience} s: {' '.join(map(str, words))}") from None
        return Run(self, done.returncode, done.stdout, done.stderr)

    def run(self, *words, give=b"", env=None):
        """Called with what it needs, and these words."""
        self.forget()
        done = self.bare(*self.args, *words, give=give, env=env)
        written = (self.row or {}).get("written")
        if written and not done.out and (self.tmp / written).exists():
            done.out = (self.tmp / written).read_bytes()
        return done

    def start(self, *words, **more):
        self.forget()
        return subprocess.Popen([self.path, *self.args, *map(str, words)], cwd=ROOT,
                                env=self.environment(more.pop("env", None)), **more)

    def forget(self):
        written = (self.row or {}).get("written")
        if written:
            (self.tmp / written).unlink(missing_ok=True)

    def record(self, number):
        """A line that this program takes and makes one line of; each number makes another."""
        if self.kind == "parser":
            raw = self.row["report"].format(n=number).encode()
            return json.dumps({"feed.name": "contract", "__type": "Report",
                               "raw": base64.b64encode(raw).decode()}).encode() + b"\n"
        return (f'{{"extra.n":{number},"classification.taxonomy":"other",'
                f'"classification.type":"undetermined"}}\n').encode()

    def records(self, *numbers):
        return b"".join(map(self.record, numbers))

    def describe(self):
        if self.described is None:
            self.described = json.loads(self.bare("--describe").ended(0).out)
        return self.described

    def parameters(self):
        return self.describe()["parameters"]["properties"]
