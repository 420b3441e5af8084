# SPDX-License-Identifier: Apache-2.0
"""A running intelmq-serve that listens by TCP too, and is fed events."""
import threading
import time

from harness import free_port
from served import Served


class Listening(Served):
    """As Served; `url` is that of a TCP listener on the loopback."""

    def __init__(self, test, name, *words, options=(), source=True, **more):
        self.feeding = None
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        place = test.place / name
        place.mkdir(exist_ok=True)
        self.incoming = place / "in"
        self.outgoing = place / "out"
        self.incoming.mkdir(exist_ok=True)
        words = list(map(str, words))
        first_end = words.index("|") if "|" in words else len(words)
        if source:
            words[first_end:first_end] = ["--source", f"dir:{self.incoming}?follow=1"]
            words += ["--destination", f"file:{self.outgoing}"]
        super().__init__(test, name, *words, options=[
            "--listen", f"tcp:127.0.0.1:{self.port}", *options], **more)

    def put(self, lines):
        """Events, at once, as one file of the spool."""
        name = f"{time.time_ns()}.jsonl"
        part = self.place / name
        part.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        part.rename(self.incoming / name)

    def feed(self, line, rate):
        """So many events a second, until the end; %d in the line is a number."""
        def go_on():
            number = 0
            while self.process.poll() is None:
                self.put([line % (number + i) for i in range(max(1, rate // 2))])
                number += max(1, rate // 2)
                time.sleep(0.5)

        self.feeding = threading.Thread(target=go_on, daemon=True)
        self.feeding.start()
