# SPDX-License-Identifier: Apache-2.0
"""Input that means harm: the JSON corpus, depth, size, a reader that does not read."""
import base64
import hashlib
import json
import resource
import subprocess
import threading
import time

from program import ROOT, Failed, expect, same, short
from stream import about_filters, about_readers

MIB = 1 << 20
ONE_FOR_ALL = "intelmq-expert-taxonomy"  # what is the runner's own affair needs no second program


def corpus():
    good, bad = [], []
    for folder in ("accept", "reject", "implementation"):
        for file in sorted((ROOT / "tests/json" / folder).iterdir()):
            text = file.read_bytes()
            if not text.strip(b" \t\r"):
                continue  # a blank line is no record
            takes = folder == "accept" or file.name.startswith("accept-")
            (good if takes else bad).append(text)
    return good, bad


@about_filters
def check_json_corpus(program):
    good, bad = corpus()
    lines, pick = [], list(good)
    for text in bad:
        lines.append(text)
        if pick:
            lines.append(pick.pop())
    lines += pick
    file = program.tmp / "letters.jsonl"
    file.unlink(missing_ok=True)
    done = program.run("--stats", "--dead-letters", file, give=b"\n".join(lines) + b"\n").ended(65)
    letters = [json.loads(line) for line in file.read_bytes().splitlines()]
    stats = done.stats()
    by_line = {letter["line"]: letter for letter in letters}
    for number, text in enumerate(lines, 1):
        if text in bad:
            expect(number in by_line, f"line {number} is not refused: {short(text)}")
            letter = by_line[number]
            original = (base64.b64decode(letter["original"]) if letter.get("encoding") == "base64"
                        else letter["original"].encode("utf-8", "surrogatepass"))
            same(original, text.rstrip(b"\r"), "original of a dead letter")
        elif number in by_line:
            # The bot itself may refuse a value; the reader may not.
            expect(by_line[number]["code"] != "json", f"line {number} is refused: {short(text)}")
    same(stats["read"], len(lines), "read")
    same(stats["written"] + sum(stats["dropped"].values()) + len(letters), len(lines), "conservation")
    for line in done.lines():
        line.decode("utf-8")


@about_readers
def check_deep(program):
    for deep in (b'{"a":' + b"[" * 1_000_000, b'{"a":' * 1_000_000 + b"1" + b"}" * 1_000_000):
        done = program.run(give=program.record(1) + deep + b"\n" + program.record(2)).ended(65)
        same(len(done.lines()), 2, "lines around 1,000,000 levels")


@about_readers
def check_wide(program):
    keys = b",".join(b'"extra.k%d":%d' % (i, i) for i in range(100_000))
    items = b'{"extra.l":[' + b",".join(b"1" for _ in range(1_000_000)) + b"]}"
    started = time.monotonic()
    done = program.run(give=b"{" + keys + b"}\n" + items + b"\n")
    expect(done.code in (0, 65), f"ends with {done.code}")
    if not program.sanitized:
        expect(time.monotonic() - started < 10, "100,000 keys take over 10 s")


class Peak:
    """Largest resident set of a running child, in bytes, as the kernel keeps it."""

    def __init__(self, child):
        self.child, self.value = child, 0
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        while self.child.poll() is None:
            try:
                with open(f"/proc/{self.child.pid}/status", encoding="ascii") as status:
                    for line in status:
                        if line.startswith("VmHWM:"):
                            self.value = max(self.value, int(line.split()[1]) * 1024)
            except OSError:
                return
            time.sleep(0.01)

    def end(self):
        self.thread.join()
        return self.value


def feed(child, pieces):
    def write():
        try:
            for piece in pieces:
                child.stdin.write(piece)
            child.stdin.close()
        except BrokenPipeError:
            pass
    thread = threading.Thread(target=write)
    thread.start()
    return thread


def check_huge_line(program):
    if program.name != ONE_FOR_ALL:
        return
    size, block = 1024 * MIB, b"x" * MIB
    head = b'{"a":"'
    digest = hashlib.sha256(head)
    for _ in range(size // MIB):
        digest.update(block)
    file = program.tmp / "huge.jsonl"
    for tail in (b"", b"\n" + program.record(2)):
        file.unlink(missing_ok=True)
        child = program.start("--dead-letters", file, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
        thread = feed(child, [program.record(1), head, *[block] * (size // MIB), tail])
        peak = Peak(child)
        out = child.stdout.read()
        thread.join()
        peak = peak.end()
        child.stdout.close()
        same(child.returncode, 65, "exit code")
        same(out.count(b"\n"), 2 if tail else 1, "lines around a line of 1 GiB")
        letter = json.loads(file.read_text())
        same((letter["size"], letter["sha256"], letter["line"]), (size + len(head), digest.hexdigest(), 2),
             "size, sha256, line")
        expect(len(letter["original"]) < MIB, "the dead letter holds the whole line")
        if not program.sanitized:
            expect(peak < 64 * MIB, f"peak memory {peak // MIB} MiB for a line of 1 GiB")


@about_filters
def check_slow_reader(program):
    if program.sanitized:
        return
    total = 60 * MIB
    lines = b"".join(program.record(i) for i in range(1, 20001))

    def measure(pace):
        child = program.start(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        # The numbers repeat, so a deduplicator lets pass one round of them.
        thread = feed(child, [lines] * (total // len(lines)))
        peak = Peak(child)
        if pace:
            time.sleep(pace)
        while child.stdout.read(4 * MIB):
            pass
        thread.join()
        peak = peak.end()
        child.stdout.close()
        same(child.returncode, 0, "exit code")
        return peak

    fast, slow = measure(0), measure(1.5)
    expect(slow < fast + 4 * MIB, f"a slow reader costs {slow // MIB} MiB, a fast one {fast // MIB} MiB")
    expect(fast < 64 * MIB, f"peak memory {fast // MIB} MiB for {total // MIB} MiB of events")


@about_readers
def check_little_memory(program):
    """Without memory it ends with a message, not by a signal."""
    if program.sanitized:
        return
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (24 * MIB, 24 * MIB))
    done = subprocess.run([program.path, *program.args], input=program.record(1), capture_output=True,
                          cwd=ROOT, env=program.environment(), preexec_fn=limit, check=False)
    if done.returncode < 0:
        raise Failed(f"ended by signal {-done.returncode} with 24 MiB of address space")


CHECKS = [check_json_corpus, check_deep, check_wide, check_huge_line, check_slow_reader,
          check_little_memory]
SLOW = [check_huge_line, check_slow_reader]
