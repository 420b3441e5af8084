# SPDX-License-Identifier: Apache-2.0
"""The ends of a bot, all seen alike: a spool, lists, streams, AMQP queues and topics on real
servers (Kafka: librdkafka's mock). Servers are started when the first one is needed."""
import threading

import amqp_server
from harness import Failed, Skipped, expect, need_programs
from kafka_cluster import Cluster
from redis_server import SecureServer, Server


class Servers:
    def __init__(self, test, place=None):
        self.test, self.lock = test, threading.Lock()
        self.started, self.made = {}, 0
        self.home = place or test.place

    def get(self, kind):
        with self.lock:
            if kind not in self.started:
                self.started[kind] = getattr(self, kind)()
            return self.started[kind]

    def place(self, name):
        place = self.home / name
        place.mkdir()
        return place

    def redis(self):
        need_programs("redis-server")
        server = Server(self.place("redis"))
        self.test.closers.append(server.kill)
        return server

    def secure_redis(self):
        need_programs("redis-server", "openssl")
        server = SecureServer(self.place("secure-redis"))
        self.test.closers.append(server.server.kill)
        # No more than intelmq-queues(7) says that a bot needs.
        server.server.client()("ACL", "SETUSER", "bot", "on", ">p", "~*", "-@all", *RIGHTS)
        return server

    def amqp(self):
        missing = amqp_server.missing_programs()
        if missing:
            raise Skipped(f"{', '.join(missing)} missing")
        server = amqp_server.Server(self.place("amqp"))
        self.test.closers.append(server.end)
        return server

    def new_cluster(self):
        mock = self.test.chosen.bindir.parent / "tests" / "fault" / "kafka-mock"
        if not mock.exists():
            raise Skipped("kafka-mock is not built")
        cluster = Cluster(mock, "1")
        self.test.closers.append(cluster.kill)
        return cluster

    def number(self):
        with self.lock:
            self.made += 1
            return self.made


RIGHTS = ["+auth", "+select", "+info", "+llen", "+lrange", "+lmove", "+blmove", "+lpush", "+ltrim",
          "+watch", "+unwatch", "+multi", "+exec"]


class Spool:
    """Files of 100 events in a directory."""

    def __init__(self, servers):
        self.place = servers.place(f"spool{servers.number()}")
        self.files = 0

    def put(self, lines):
        for start in range(0, len(lines), 100):
            hidden = self.place / ".new"
            hidden.write_bytes(b"".join(line + b"\n" for line in lines[start:start + 100]))
            hidden.rename(self.place / f"{self.files:06}.jsonl")
            self.files += 1

    def left(self):
        return 100 * self.count()

    def count(self):
        return sum(1 for _ in self.place.glob("*.jsonl"))

    def source(self, drain):
        return f"dir:{self.place}" + ("" if drain else "?follow=1")

    def destination(self):
        return f"dir:{self.place}"

    def take(self):
        return [line for file in sorted(self.place.glob("*.jsonl"))
                for line in file.read_bytes().splitlines()]

    def close(self):
        pass


class List:
    scheme, kind = "redis", "redis"

    def __init__(self, servers):
        self.server = servers.get(self.kind)
        self.key = f"list{servers.number()}"
        self.redis = self.client()

    def client(self):
        return self.server.client()

    def put(self, lines):
        for start in range(0, len(lines), 100):
            self.redis("LPUSH", self.key, *lines[start:start + 100])

    def left(self):
        return sum(self.redis.many([("LLEN", self.key), ("LLEN", self.key + "-internal")]))

    def count(self):
        return self.redis("LLEN", self.key)

    def url(self, options):
        return self.server.url(self.key, options, scheme=self.scheme)

    def source(self, drain):
        return self.url("?batch=16" + "&drain=1" * drain)

    def destination(self):
        return self.url("?batch=16")

    def take(self):
        return self.redis("LRANGE", self.key, 0, -1)[::-1]

    def close(self):
        self.redis("DEL", self.key)
        self.redis.close()


class SecureList(List):
    """Through TLS with certificates on both sides, as a user with few rights."""
    scheme, kind = "rediss", "secure_redis"

    def client(self):
        return self.server.server.client()

    def url(self, options):
        return self.server.url(self.key, options + self.server.ca + self.server.own, self.scheme,
                               login="bot:p@")


class Stream(List):
    scheme = "redis-stream"

    def put(self, lines):
        self.redis.many([("XADD", self.key, "*", "event", line) for line in lines])

    def left(self):
        try:
            row = self.redis("XINFO", "GROUPS", self.key)[0]
        except (Failed, IndexError):  # no stream, or nobody has read it yet
            return self.count()
        group = dict(zip(row[::2], row[1::2]))
        return group[b"lag"] + group[b"pending"]

    def count(self):
        return self.redis("XLEN", self.key)

    def take(self):
        return [entry[1][1] for entry in self.redis("XRANGE", self.key, "-", "+")]


class Amqp:
    def __init__(self, servers):
        self.server = servers.get("amqp")
        self.queue = amqp_server.Queue(self.server, f"queue{servers.number()}")

    def put(self, lines):
        self.queue.put(lines)

    def left(self):
        """Without what a reader has; that comes back when it has gone."""
        return len(self.queue)

    count = left

    def source(self, drain):
        if drain:
            self.queue.wait_until_unread()
        return self.server.url(self.queue.name, "?prefetch=32" + "&drain=1" * drain)

    def destination(self):
        return self.server.url(self.queue.name)

    def take(self):
        return [body for body, _ in self.queue.take()]

    def close(self):
        self.queue.remove()


class Topic:
    """On a mock of its own, which keeps the last 5 MB of each of the 4 partitions."""

    def __init__(self, servers):
        self.cluster = servers.new_cluster()
        self.file = servers.home / f"file{servers.number()}"
        self.given = 0
        self.cluster("topic", "t", 4)

    def put(self, lines):
        self.file.write_bytes(b"".join(line + b"\n" for line in lines))
        self.cluster("fill", "t", self.file, -1)
        self.given += len(lines)

    def left(self):
        return self.given - max(0, self.cluster("committed", "t", "g"))

    def count(self):
        return self.cluster("count", "t")

    def source(self, drain):
        return self.cluster.url("t", "?group=g" + "&drain=1" * drain)

    def destination(self):
        return self.cluster.url("t")

    def take(self):
        self.cluster("read", "t", self.file)
        values = [line.split()[3] for line in self.file.read_text().splitlines()]
        expect(len(values) == self.count(), "the mock did not keep all")
        return [bytes.fromhex(value[1:]) for value in values]

    def close(self):
        self.cluster.kill()
        self.file.unlink(missing_ok=True)


ENDS = {"dir": Spool, "redis": List, "rediss": SecureList, "redis-stream": Stream, "amqp": Amqp,
        "kafka": Topic}
