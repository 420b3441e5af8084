# SPDX-License-Identifier: Apache-2.0
"""Lines in, lines out: nothing lost, every failure told, every signal obeyed."""
import atexit
import base64
import bz2
import functools
import gzip
import json
import lzma
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

from program import ROOT, Failed, expect, same, short

# Fields that no bot knows and values that only survive as they stand.
PROBES = [
    br'{"classification.taxonomy":"other","classification.type":"undetermined","extra.z":1,"extra.a":2}',
    br'{"extra.n":123456789012345678901234567890,"classification.type":"undetermined","classification.taxonomy":"other"}',
    br'{"classification.taxonomy": "other", "classification.type": "undetermined", "extra.e": "\u00e4\/\ud83d\ude00"}',
    '{"classification.taxonomy":"other","classification.type":"undetermined","extra.u":"äü😀\u2028"}'.encode(),
    br'{"extra.f":[1.0,1e400,-0,0.10,1E5,{"b":null,"a":[]}],"classification.taxonomy":"other","classification.type":"undetermined"}',
    br'{"unknown field":true,"":"","classification.taxonomy":"other","classification.type":"undetermined","extra.q":9007199254740993}',
    br'{"classification.taxonomy":"other","classification.type":"undetermined","extra.l":"\ud800","extra.a.b":1,"extra.a":2}',
    b'{"classification.taxonomy":"other","classification.type":"undetermined","extra.long":"' + b"x" * 100000 + b'"}',
]


def strip_times(lines):
    """Parsers stamp what they make; that differs from run to run."""
    return [re.sub(rb'"time\.observation": ?"[^"]*"', b'"time.observation":"-"', line) for line in lines]


def about_readers(check):
    def guarded(program):
        if program.reads:
            check(program)
    guarded.__name__ = check.__name__
    return guarded


def about_filters(check):
    def guarded(program):
        if program.passes:
            check(program)
    guarded.__name__ = check.__name__
    return guarded


@about_readers
def check_empty_input(program):
    for give in (b"", b"\n", b"\n\r\n  \n"):
        done = program.run("--stats", give=give).ended(0)
        same(done.out, b"", f"output for {give!r}")
        same(done.messages(), [], f"messages for {give!r}")
        same(done.stats()["read"], 0, f"read for {give!r}")


@about_readers
def check_each_record_once(program):
    done = program.run("--stats", give=program.records(*range(1, 101))).ended(0)
    same(len(done.lines()), 100, "lines for 100 records")
    same(done.messages(), [], "messages")
    for line in done.lines():
        expect(line.endswith(b"\n") and isinstance(json.loads(line), dict), f"no object: {short(line)}")


def letters_of(program, give, *words):
    file = program.tmp / "letters.jsonl"
    file.unlink(missing_ok=True)
    done = program.run("--dead-letters", file, *words, give=give)
    return done, [json.loads(line) for line in file.read_bytes().splitlines()] if file.exists() else []


@about_readers
def check_broken_line(program):
    first, last = program.records(1), program.records(2)
    for broken in (b'{"a":1', b"[]", b"text", b'{"a":"\\x"}', b'{"a":"\xff"}', b'{"a":1}{"b":2}',
                   b'{"a":\x00}', b"{'a':1}", b'{"a":"\xed\xa0\x80"}'):
        done, letters = letters_of(program, first + broken + b"\n" + last)
        done.ended(65)
        same(len(done.lines()), 2, f"lines around {broken!r}")
        same(strip_times(done.lines()), strip_times(program.run(give=first + last).lines()),
             f"lines around {broken!r}")
        same(len(letters), 1, f"dead letters for {broken!r}")
        letter = letters[0]
        original = letter["original"]
        original = base64.b64decode(original) if letter.get("encoding") == "base64" else original.encode()
        same(original, broken, "original")
        same((letter["bot"], letter["source"], letter["line"], letter["offset"]),
             (program.name, "stdin", 2, len(first)), "bot, source, line, offset")
        expect(letter["reason"] and letter["code"] and re.match(r"\d{4}-", letter["time"]),
               f"reason, code or time is missing: {letter}")
        expect(len(done.messages()) == 1 and "line 2" in done.messages()[0],
               f"the summary is not one sentence that names the line: {done.messages()}")


@about_readers
def check_many_broken_lines(program):
    """One sentence for each kind of failure, not for each failure."""
    broken = b"".join(b'{"a":' + b"1" * i + b"\n" for i in range(1, 300))
    done = program.run("--stats", give=program.records(1) + broken + program.records(2)).ended(65)
    same(len(done.lines()), 2, "lines")
    same(sum(done.stats()["failed"].values()), 299, "failed")
    expect(len(done.messages()) <= 2, f"{len(done.messages())} messages: {short(done.messages())}")


@about_readers
def check_max_errors(program):
    give = program.records(1) + b"broken\n" + program.records(2, 3)
    program.run(give=give).ended(65)
    for words, code in (("1", 0), ("50%", 0), ("25%", 0), ("10%", 65), ("0", 65)):
        done = program.run("--max-errors", words, give=give).ended(code)
        same(len(done.lines()), 3, f"lines with --max-errors {words}")
    for word in ("-1", "x", "101%", "1.5", "", "%"):
        program.run(f"--max-errors={word}", give=give).ended(64)
    program.run("--error-procedure", "pass", give=give).ended(0)
    program.run("--error-procedure", "stop", give=give).ended(65)


@about_readers
def check_strict(program):
    give = program.records(1) + b"broken\n" + program.records(2)
    done = program.run("--strict", "--stats", give=give).ended(65)
    same(len(done.lines()), 1, "lines before the first failure")
    same(done.stats()["read"], 2, "read")


@about_readers
def check_conservation(program):
    give = (program.records(1, 2) + b"broken\n" + program.records(3) + b"\xff\n" + program.records(1)
            + program.records(4))
    stats = program.run("--stats", give=give).ended(65).stats()
    same(stats["bot"], program.name, "bot")
    same(stats["read"], stats["written"] + sum(stats["dropped"].values())
         + sum(stats["failed"].values()), "read = written + dropped + failed")
    same(sum(stats["failed"].values()), 2, "failed")


@about_readers
def check_duplicate_keys(program):
    line = program.record(1).rstrip(b"}\n") + b',"extra.d":1,"extra.d":2}\n'
    if program.kind == "parser":
        return
    done = program.run("--stats", give=line).ended(0)
    same(done.stats().get("duplicate_keys"), 1, "duplicate_keys")
    same(len(done.lines()), 1, "lines")
    same(json.loads(done.out).get("extra.d", json.loads(done.out).get("extra", {}).get("d")
                                  if isinstance(json.loads(done.out).get("extra"), dict) else None),
         2, "the value that counts")
    program.run("--strict", give=line).ended(65)


@about_filters
def check_untouched(program):
    give = b"\n".join(PROBES) + b"\n"
    done = program.run(give=give).ended(0)
    for got, wanted in zip(done.lines(), PROBES):
        same(got, wanted + b"\n", "an event that the bot does not touch")
    same(len(done.lines()), len(PROBES), "lines")


@about_readers
def check_line_ends(program):
    plain = strip_times(program.run(give=program.records(1, 2)).ended(0).lines())
    for name, give in {"CR LF": program.records(1, 2).replace(b"\n", b"\r\n"),
                       "no last line feed": program.records(1, 2)[:-1],
                       "BOM": b"\xef\xbb\xbf" + program.records(1, 2),
                       "blank lines": program.records(1) + b"\n\n" + program.records(2) + b"\n"}.items():
        same(strip_times(program.run(give=give).ended(0).lines()), plain, name)


@about_readers
def check_packed(program):
    text = program.records(*range(1, 2001))
    plain = strip_times(program.run(give=text).ended(0).lines())
    packed = {"gz": gzip.compress(text), "bz2": bz2.compress(text), "xz": lzma.compress(text),
              "gz members": gzip.compress(text[:1000]) + gzip.compress(text[1000:])}
    if shutil.which("zstd"):
        packed["zst"] = subprocess.run(["zstd", "-q"], input=text, capture_output=True, check=True).stdout
    for name, give in packed.items():
        same(strip_times(program.run(give=give).ended(0).lines()), plain, name)
    file = program.tmp / "events.jsonl.gz"
    file.write_bytes(packed["gz"])
    same(strip_times(program.run("--source", f"file:{file}").ended(0).lines()), plain, "--source file:")
    cut = program.run(give=packed["gz"][:-20])
    expect(cut.code not in (0, 70), f"a cut gzip stream ends with {cut.code}")


@about_readers
def check_source(program):
    file = program.tmp / "events.jsonl"
    file.write_bytes(program.records(1, 2))
    same(len(program.run("--source", f"file:{file}").ended(0).lines()), 2, "--source file:")
    done = program.run("--source", f"file:{file}.absent").ended(66)
    expect(f"{file}.absent" in done.text, f"the file is not named: {short(done.text)}")
    program.run("--source", "gopher://x").ended(66)
    spool = program.tmp / "spool"
    shutil.rmtree(spool, ignore_errors=True)
    spool.mkdir()
    (spool / "a.jsonl").write_bytes(program.records(1))
    (spool / "b.jsonl").write_bytes(program.records(2))
    same(len(program.run("--source", f"dir:{spool}").ended(0).lines()), 2, "--source dir:")
    same(sorted(file.name for file in (spool / "done").iterdir()), ["a.jsonl", "b.jsonl"], "done")


def check_destination(program):
    if program.kind == "output":
        return
    file = program.tmp / "to.jsonl"
    done = program.run("--destination", f"file:{file}", give=program.records(1) if program.reads else b"")
    done.ended(0)
    same(done.out, b"", "standard output beside a destination")
    expect(file.read_bytes().endswith(b"\n"), "nothing arrived at the destination")
    program.run("--destination", f"file:{program.tmp}/no/such/place").ended(73)


def full_output(program):
    return program.filled(program.row["full"]) if "full" in program.row else program.args


def check_full_disk(program):
    give = program.records(1, 2) if program.reads else b""
    with open("/dev/full", "wb") as full:
        done = subprocess.run([program.path, *full_output(program)], input=give, stdout=full,
                              stderr=subprocess.PIPE, cwd=ROOT, env=program.environment(),
                              timeout=program.patience, check=False)
    same(done.returncode, 74, "exit code for a full disk")
    messages = [json.loads(line)["message"] for line in done.stderr.splitlines()]
    expect(len(messages) == 1 and "No space left" in messages[0], f"not one sentence: {messages}")


@about_readers
def check_full_letters(program):
    done = program.run("--dead-letters", "/dev/full", give=b"broken\n")
    same(done.code, 74, "exit code when dead letters find no room")


def check_closed_streams(program):
    words = " ".join(f"'{word}'" for word in program.args)
    call = f"'{program.path}' {words}"
    give = program.record(1) if program.reads else b""
    for redirect, codes in ((">&-", (73, 74)), ("<&-", (66,)), ("2>&-", (0,))):
        if (redirect == ">&-" and program.kind == "output") or (redirect == "<&-" and not program.reads):
            continue
        done = subprocess.run(["sh", "-c", f"{call} {redirect}"], input=give, capture_output=True,
                              cwd=ROOT, env=program.environment(), timeout=program.patience, check=False)
        expect(done.returncode in codes, f"{redirect}: ends with {done.returncode}, not {codes}")


def check_reader_gone(program):
    if program.kind == "output":
        return
    file = program.tmp / "many.jsonl"
    if program.reads:
        file.write_bytes(b"".join(map(program.record, range(1, 20001))))
    else:
        file.write_bytes(b"")
    words = " ".join(f"'{word}'" for word in program.args)
    script = (f"'{program.path}' {words} <'{file}' | head -n 1\n"
              'echo "${PIPESTATUS[0]}"')
    done = subprocess.run(["bash", "-c", script], capture_output=True, cwd=ROOT, text=True,
                          env=program.environment(), timeout=program.patience, check=False)
    lines = done.stdout.splitlines()
    same((len(lines), lines[-1], done.stderr), (2, "0", ""), "| head -n 1")


def read_line(stream, seconds):
    """A line from a pipe, or what came of it."""
    os.set_blocking(stream.fileno(), False)
    end, out = time.monotonic() + seconds, b""
    while not out.endswith(b"\n") and time.monotonic() < end:
        piece = stream.read(65536)
        if piece:
            out += piece
        else:
            time.sleep(0.002)
    return out


def wait_until(program, condition, what, seconds=None):
    end = time.monotonic() + (seconds or program.patience / 3)
    while not condition():
        if time.monotonic() > end:
            raise Failed(what)
        time.sleep(0.01)


@about_readers
def check_signals(program):
    file = program.tmp / "err"
    written = program.tmp / program.row["written"] if "written" in program.row else None
    for number in (signal.SIGTERM, signal.SIGINT):
        with open(file, "wb") as err:
            child = program.start("--stats", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err)
        try:
            child.stdin.write(program.record(1))
            child.stdin.flush()
            if written:
                wait_until(program, lambda: written.exists() and written.read_bytes().endswith(b"\n"),
                           "a single event does not leave while no more come")
            else:
                expect(read_line(child.stdout, program.patience / 3).endswith(b"\n"),
                       "a single event does not leave while no more come")
            child.send_signal(signal.SIGUSR1)
            wait_until(program, lambda: b'"written": 1' in file.read_bytes(), "USR1 prints no statistics")
            child.send_signal(signal.SIGHUP)
            wait_until(program, lambda: b"reloaded" in file.read_bytes(), "HUP does not reload")
            child.stdin.write(program.record(2))
            child.stdin.flush()
            if not written:
                expect(read_line(child.stdout, program.patience / 3).endswith(b"\n"),
                       "nothing comes after HUP")
            else:
                wait_until(program, lambda: written.read_bytes().count(b"\n") == 2, "nothing after HUP")
            child.send_signal(number)
            same(child.wait(program.patience), 0, f"exit code after signal {number}")
        finally:
            child.kill()
            child.wait()
            child.stdin.close()
            child.stdout.close()
        last = json.loads(file.read_text().splitlines()[-1])
        same((last["read"], last["written"]), (2, 2), "statistics at the end")


@about_readers
def check_locales(program):
    give = program.records(1, 2, 3) + (b"" if program.kind == "parser" else b"\n".join(PROBES) + b"\n")
    # An output may refuse half a surrogate pair.
    lenient = ["--max-errors", "1"]
    wanted = strip_times(program.run(*lenient, give=give).ended(0).lines())
    places = [{"LC_ALL": "C", "TZ": "UTC"}, {"LC_ALL": "POSIX", "TZ": "America/St_Johns"},
              {"LC_ALL": "C.UTF-8", "TZ": "Asia/Kathmandu"}, {"LC_ALL": "xx_XX", "TZ": "nonsense"}]
    places += locales()
    for place in places:
        same(strip_times(program.run(*lenient, give=give, env=place).ended(0).lines()), wanted, f"with {place}")


@functools.lru_cache
def locales():
    """Locales with a decimal comma and a dotless i, compiled once where that is possible."""
    found, folder = [], pathlib.Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in ("de_DE", "tr_TR"):
        if shutil.which("localedef") and not subprocess.run(
                ["localedef", "-i", name, "-f", "UTF-8", folder / f"{name}.UTF-8"], check=False,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            found.append({"LC_ALL": f"{name}.UTF-8", "LOCPATH": str(folder), "TZ": "Europe/Istanbul"})
    return found


CHECKS = [check_empty_input, check_each_record_once, check_broken_line, check_many_broken_lines,
          check_max_errors, check_strict, check_conservation, check_duplicate_keys, check_untouched,
          check_line_ends, check_packed, check_source, check_destination, check_full_disk,
          check_full_letters, check_closed_streams, check_reader_gone, check_signals, check_locales]
