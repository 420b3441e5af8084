# SPDX-License-Identifier: Apache-2.0
"""What the tests here share: bots as processes, free ports, counting what came, the main of a
script."""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FILTER = ("intelmq-expert-filter", "--not-after", "2999-01-01")  # lets everything pass
TAXONOMY = ("intelmq-expert-taxonomy",)


class Failed(Exception):
    pass


class Skipped(Exception):
    """What it needs is not there; the text says what."""


def expect(condition, text):
    if not condition:
        raise Failed(text)


def wait_for(condition, what, seconds=40, pause=0.02):
    deadline = time.time() + seconds
    while not condition():
        expect(time.time() < deadline, f"waited in vain until {what}")
        time.sleep(pause)


GIVEN = set()  # ports


def free_port():
    """None of those that the kernel gives to connections: a server that is started again on its
    port would find it taken."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for port in random.sample(range(10000, max(first, 11000)), 1000):
        if port in GIVEN:
            continue
        with socket.socket() as free:
            try:
                free.bind(("127.0.0.1", port))
            except OSError:
                continue
        GIVEN.add(port)
        return port
    raise Failed("no port is free")


def need_programs(*names):
    missing = [name for name in names if not shutil.which(name)]
    if missing:
        raise Skipped(f"{', '.join(missing)} missing")


def event(number, size=0):
    filler = f', "extra.x": "{"x" * size}"' if size else ""
    return f'{{"extra.n": {number}{filler}}}'


def numbered(start, end, size=0):
    return [event(number, size).encode() for number in range(start, end)]


def check_numbers(lines, total, twice_allowed=True):
    """Whether the events 0 to total came; how many of them came twice."""
    seen = collections.Counter(json.loads(line)["extra.n"] for line in lines)
    lost, twice = total - len(seen), sum(seen.values()) - len(seen)
    missing = [number for number in range(total) if number not in seen][:5] if lost else []
    expect(lost == 0, f"{lost} of {total} lost, such as {missing}; {twice} came twice")
    expect(twice_allowed or twice == 0, f"{twice} of {total} came twice")
    return twice


class Test:
    """A directory and processes of one test, which end with it."""

    def __init__(self, chosen, place):
        self.chosen, self.place = chosen, place
        self.processes, self.closers = [], []

    def bot(self, name, *arguments, give=None, timeout=60):
        done = subprocess.run([self.chosen.bindir / name, *arguments], input=give,
                              capture_output=True, timeout=timeout, check=False)
        return done.returncode, done.stdout, done.stderr.decode()

    def run(self, name, *arguments, give=None, timeout=60):
        """As `bot`, but must end well; what it wrote."""
        code, out, errors = self.bot(name, *arguments, give=give, timeout=timeout)
        expect(code == 0, f"{name} ended with {code}: {errors[-800:]}")
        return out

    def start(self, name, *arguments):
        with open(self.place / "messages", "ab") as messages:
            bot = subprocess.Popen([self.chosen.bindir / name, *arguments], stderr=messages,
                                   stdout=subprocess.DEVNULL)
        self.processes.append(bot)
        return bot

    def said(self):
        messages = self.place / "messages"
        return messages.read_text(errors="replace") if messages.exists() else ""

    def end(self):
        for close in self.closers[::-1]:
            close()
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()


def run_test(chosen, function, make=Test):
    name = function.__name__
    start = time.time()
    with tempfile.TemporaryDirectory() as folder:
        test = make(chosen, pathlib.Path(folder))
        try:
            function(test)
            if chosen.verbose:
                print(f"ok      {name} ({time.time() - start:.1f} s)", flush=True)
            return "passed"
        except Skipped as why:
            print(f"skipped: {name}: {why}", flush=True)
            return "skipped"
        except Exception as error:  # pylint: disable=broad-except
            text = error if isinstance(error, Failed) else repr(error)
            print(f"FAILED  {name}: {text}\n{test.said()[-800:]}", flush=True)
            return "failed"
        finally:
            test.end()


def arguments(description, kills=(50, 1000), more=()):
    """The command line of a script, or None after its help; `more`: further options."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--bindir", type=pathlib.Path, default=ROOT / "build" / "bin")
    for option, otherwise in more:
        parser.add_argument(option, default=otherwise)
    parser.add_argument("names", nargs="*")
    chosen = parser.parse_args()
    if chosen.help:
        print(description.strip())
        return None
    chosen.kills = chosen.kills or kills[chosen.long]
    chosen.bindir = chosen.bindir.absolute()
    # Servers and bots end with the script, also if a time limit ends it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    return chosen


def wanted(chosen, tests):
    """Functions by name, `_` being written `-` too."""
    names = {name.replace("-", "_") for name in chosen.names}
    unknown = names - {test.__name__ for test in tests}
    if unknown:
        print(f"no test is called {', '.join(sorted(unknown))}", file=sys.stderr)
        sys.exit(64)
    return [test for test in tests if not names or test.__name__ in names]


def run_tests(chosen, tests, make=Test, jobs=1):
    """How many passed, failed and were skipped."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return collections.Counter(pool.map(lambda test: run_test(chosen, test, make), tests))


def sum_up(script, results):
    """Prints the last line; the exit code."""
    print(f"{script}: {results['passed']} passed, {results['failed']} failed, "
          f"{results['skipped']} skipped", flush=True)
    return 1 if results["failed"] else 0


def skip_all(script, tests, why):
    print(f"skipped: {why}", flush=True)
    return sum_up(script, collections.Counter(skipped=len(tests)))


def main(script, description, tests, *, needs=(), make=Test, jobs=1):
    chosen = arguments(description)
    if chosen is None:
        return 0
    tests = wanted(chosen, tests)
    missing = [name for name in needs if not shutil.which(name)]
    if missing:
        return skip_all(script, tests, f"{', '.join(missing)} missing")
    return sum_up(script, run_tests(chosen, tests, make, jobs))


UNSHARE = ["unshare", "--map-root-user"]


def why_no_namespace(kind):
    """Why no `net` or `mount` namespace may be made here, or None."""
    if not shutil.which("unshare"):
        return "unshare missing"
    made = subprocess.run([*UNSHARE, f"--{kind}", "true"], capture_output=True, check=False)
    return f"no {kind} namespace may be made here" if made.returncode else None


def enter(kind):
    """Starts the script anew in a namespace of its own; returns there with None, or why it cannot."""
    if os.environ.get("INTELMQ_NAMESPACE") == kind:
        return None
    why = why_no_namespace(kind)
    if not why:
        os.environ["INTELMQ_NAMESPACE"] = kind
        os.execvp(UNSHARE[0], [*UNSHARE, f"--{kind}", sys.executable, *sys.argv])
    return why


def environment(**more):
    return {**os.environ, **{name: str(value) for name, value in more.items()}}
