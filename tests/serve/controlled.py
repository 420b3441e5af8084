# SPDX-License-Identifier: Apache-2.0
"""A bot with a control socket, and the other end of it."""
import array
import json
import os
import socket
import subprocess
import time

from harness import Failed, expect


class Controlled:
    """Runs a bot that speaks the control protocol; `ask` and `wait_for_event` speak with it."""

    def __init__(self, test, name, *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                 env=None, join=True):
        self.socket, theirs = socket.socketpair()
        self.messages = open(test.place / "messages", "ab")
        self.process = subprocess.Popen(
            [test.chosen.bindir / name, *map(str, arguments)], stdin=stdin, stdout=stdout,
            stderr=self.messages, pass_fds=[theirs.fileno()],
            env={**os.environ, "INTELMQ_CONTROL_FD": str(theirs.fileno()),
                 "INTELMQ_CONTROL_PROTO": "1", **(env or {})})
        theirs.close()
        test.processes.append(self.process)
        test.closers.append(self.close)
        self.buffer, self.events, self.answers, self.number = b"", [], {}, 0
        if join:
            self.wait_for_event("ready")

    def close(self):
        self.socket.close()
        self.messages.close()

    def receive(self, limit):
        """Takes in what came, at least a line, or raises TimeoutError."""
        while b"\n" not in self.buffer:
            self.socket.settimeout(max(0.001, limit - time.time()))
            got = self.socket.recv(65536)
            if not got:
                raise Failed(f"the bot closed its end; it had said {self.events[-3:]}")
            self.buffer += got
        *lines, self.buffer = self.buffer.split(b"\n")
        for message in map(json.loads, lines):
            if "ev" in message:
                self.events.append({**message, "at": time.time()})
            else:
                self.answers[message["re"]] = message

    def send(self, operation, file=None, **members):
        self.number += 1
        line = json.dumps({"id": self.number, "op": operation, **members}).encode() + b"\n"
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file]))] if file else []
        self.socket.sendmsg([line], rights)
        return self.number

    def answer(self, number, seconds=20):
        limit = time.time() + seconds
        while number not in self.answers:
            self.receive(limit)
        return self.answers.pop(number)

    def ask(self, operation, seconds=20, **members):
        """The result of an operation that must succeed."""
        answer = self.answer(self.send(operation, **members), seconds)
        expect(answer["ok"], f"{operation}: {answer}")
        return answer["result"]

    def refused(self, operation, **members):
        answer = self.answer(self.send(operation, **members))
        expect(not answer["ok"], f"{operation} must fail, but: {answer}")
        return answer["error"]

    def wait_for_event(self, name, seconds=20, **members):
        limit, seen = time.time() + seconds, 0
        while True:
            for event in self.events[seen:]:
                if event["ev"] == name and members.items() <= event.items():
                    return event
            seen = len(self.events)
            try:
                self.receive(limit)
            except TimeoutError:
                raise Failed(f"no event {name} {members} came, but {self.events}") from None

    def listen(self, seconds):
        """The events that come within that time."""
        limit, before = time.time() + seconds, len(self.events)
        try:
            while True:
                self.receive(limit)
        except TimeoutError:
            return self.events[before:]

    def counter(self, name):
        return self.ask("stats")["counters"][name]

    def end(self, seconds=20):
        """The exit code."""
        if self.process.stdin:
            self.process.stdin.close()
        return self.process.wait(seconds)
