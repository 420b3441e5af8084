# SPDX-License-Identifier: Apache-2.0
"""What tests against a real redis-server share: the server, a client, a proxy that cuts
connections, and what is asked of lists and streams alike."""
import signal
import socket
import subprocess
import threading
import time

import harness
from harness import FILTER, Failed, Skipped, check_numbers, expect, free_port, numbered, wait_for


class Client:
    """As much of a Redis client as the tests need."""

    def __init__(self, path, *login):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rb")
        if login:
            self("AUTH", *login)

    def close(self):
        self.file.close()
        self.socket.close()

    def __call__(self, *words):
        return self.many([words])[0]

    def many(self, commands):
        """The replies to several commands, sent at once."""
        self.socket.sendall(b"".join(map(self.packed, commands)))
        return [self.reply() for _ in commands]

    @staticmethod
    def packed(words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)

    def reply(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            if rest == b"-1":
                return None
            return self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        if kind == b"-":
            raise Failed(f"the server says {rest.decode()}")
        return int(rest) if kind == b":" else rest


class Server:
    def __init__(self, place, *options):
        self.place, self.options, self.process = place, options, None
        self.socket = place / "redis.sock"
        self.port = free_port()
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--unixsocket",
             self.socket, "--dir", self.place, "--save", "", "--appendonly", "yes",
             "--appendfsync", "always", *map(str, self.options)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                return Client(self.socket)("PING")
            except (OSError, ValueError):
                time.sleep(0.05)
            except Failed as answer:
                if "LOADING" not in str(answer):
                    return None
                time.sleep(0.05)
        self.stop()
        raise Failed("redis-server does not start")

    def client(self, *login):
        client = Client(self.socket, *login)
        client("SELECT", 2)
        return client

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def url(self, queue, options="", login="", scheme="redis", port=None):
        return f"{scheme}://{login}127.0.0.1:{port or self.port}/2/{queue}{options}"


class Proxy:
    """Passes bytes on, but now and then cuts a connection at a command: before the server has it,
    or behind, when the answer does not come through any more."""

    def __init__(self, server, command, behind, cuts):
        self.server, self.command, self.behind, self.cuts = server, command, behind, cuts
        self.broken, self.orphans = 0, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.server.port))
            threading.Thread(target=self.pass_on, args=(client, server), daemon=True).start()

    def pass_on(self, client, server):
        client.settimeout(0.02)
        server.settimeout(0.02)
        broken = self.broken
        while True:
            if broken != self.broken:
                self.orphans.append(server)
                client.close()
                return
            try:
                if not self.give(client, server) or not self.take(server, client):
                    break
            except OSError:
                break
        client.close()
        server.close()

    def give(self, client, server):
        try:
            data = client.recv(1 << 16)
        except TimeoutError:
            return True
        if self.cuts and self.command in data:
            self.cuts -= 1
            if self.behind:
                server.sendall(data)
                time.sleep(0.05)  # the server does what it was told
            return False
        server.settimeout(10)
        server.sendall(data)
        server.settimeout(0.02)
        return bool(data)

    @staticmethod
    def take(server, client):
        try:
            data = server.recv(1 << 16)
        except TimeoutError:
            return True
        client.settimeout(10)
        client.sendall(data)
        client.settimeout(0.02)
        return bool(data)

    def orphan(self):
        """Ends all connections towards the bots; the server does not learn of it."""
        before = len(self.orphans)
        self.broken += 1
        wait_for(lambda: len(self.orphans) > before, "a connection is broken")

    def close(self):
        self.listener.close()
        for server in self.orphans:
            server.close()


class Test(harness.Test):
    def server(self, *options):
        server = Server(self.place, *options)
        self.closers.append(server.kill)
        return server

    def secure_server(self):
        secure = SecureServer(self.place)
        self.closers.append(secure.server.kill)
        return secure


class SecureServer:
    """A server with TLS that wants certificates; `own` and `ca` are options of URLs."""

    def __init__(self, place):
        key, pem = place / "key.pem", place / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
                        "-out", pem, "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        self.port = free_port()
        self.server = Server(place, "--tls-port", self.port, "--tls-cert-file", pem,
                             "--tls-key-file", key, "--tls-ca-cert-file", pem,
                             "--tls-auth-clients", "yes")
        self.own, self.ca = f"&cert={pem}&key={key}", f"&ca={pem}"

    def url(self, queue, options, scheme, login=""):
        return self.server.url(queue, options, login, scheme, self.port)


def redis_memory(redis):
    text = redis("INFO", "memory").decode()
    return int(text.split("used_memory:")[1].split()[0])


# What follows is for both kinds of queues: `queues` has `scheme`, `put(redis, texts)` into `in`,
# `left(redis)` there, and `got(redis)`, what came into `out`.

def wait_until_taken(queues, redis, seconds=60):
    wait_for(lambda: not queues.left(redis), "everything is taken", seconds, 0.05)


def check_all(queues, redis, total, twice_allowed=True):
    left = queues.left(redis)
    expect(left == 0, f"{left} left")
    return check_numbers(queues.got(redis), total, twice_allowed)


def full_server(test, queues):
    """No memory, then no disk: the bot waits and goes on."""
    server = test.server("--enable-protected-configs", "yes")
    redis = server.client()
    queues.put(redis, [b'{"extra.n": %d, "extra.x": "%s"}' % (i, b"x" * 500) for i in range(2000)])
    redis("CONFIG", "SET", "maxmemory", redis_memory(redis) + 200_000)
    # What was read stays in memory until it is acknowledged, so the destination fills up first.
    bot = test.start(*FILTER, "--source", server.url("in", "?batch=16", scheme=queues.scheme),
                     "--destination", server.url("out", "?batch=16", scheme=queues.scheme))
    time.sleep(1)
    redis("CONFIG", "SET", "maxmemory", 1)
    time.sleep(1)
    expect(bot.poll() is None, "it ended when the server had no memory")
    redis("CONFIG", "SET", "maxmemory", 0)
    wait_until_taken(queues, redis)
    bot.send_signal(signal.SIGSTOP)
    queues.put(redis, numbered(2000, 2100))
    gone = test.place / "gone"
    gone.mkdir()
    redis("CONFIG", "SET", "dir", gone)
    gone.rmdir()
    redis("CONFIG", "SET", "save", "3600 1")
    redis("BGSAVE")
    time.sleep(0.5)
    bot.send_signal(signal.SIGCONT)
    time.sleep(1)
    expect(bot.poll() is None, "it ended when the server could not save")
    expect(len(queues.got(redis)) < 2100, "the server took events though it cannot save")
    redis("CONFIG", "SET", "save", "")
    wait_until_taken(queues, redis)
    bot.terminate()
    expect(bot.wait(10) == 0, "it did not end well")
    check_all(queues, redis, 2100, False)
    said = test.said()
    expect("no memory left" in said, f"it says nothing of the memory: {said[-500:]}")
    expect("cannot save" in said, f"it says nothing of the disk: {said[-500:]}")


def slow_server(test, queues):
    """A server that takes its time: a drained queue ends the bot all the same."""
    server = test.server()
    redis = server.client()
    proxy = Proxy(server, b"", False, 0)
    for total in (0, 1, 7, 8, 9, 40, 41, 300):
        redis("DEL", "in", "out")
        queues.put(redis, numbered(0, total))
        code, _, errors = test.bot(
            *FILTER, "--source", server.url("in", "?drain=1", scheme=queues.scheme, port=proxy.port),
            "--destination", server.url("out", scheme=queues.scheme))
        expect(code == 0, f"{total} events: ended with {code}: {errors}")
        check_all(queues, redis, total, False)
    proxy.close()


def restarted_server(test, queues):
    server = test.server()
    redis = server.client()
    total = 40000
    queues.put(redis, numbered(0, total))
    bot = test.start(*FILTER, "--source", server.url("in", "?batch=20", scheme=queues.scheme),
                     "--destination", server.url("out", scheme=queues.scheme))
    for _ in range(3):
        time.sleep(0.15)
        bot.send_signal(signal.SIGSTOP)
        server.stop()
        time.sleep(0.2)
        server.start()
        # The server gives its numbers out anew: some of ours are those that the bot had before.
        others = [server.client() for _ in range(30)]
        bot.send_signal(signal.SIGCONT)
        # A fast one has nothing left to write, and does not connect for that.
        wait_for(lambda: others[-1]("CLIENT", "LIST").count(b" addr=127.0.0.1:") >= 2 or
                 not queues.left(others[-1]), "the bot is back", 30)
        for other in others:
            expect(other("PING") == b"PONG", "a connection of somebody else is there no more")
            other.close()
    redis = server.client()
    wait_until_taken(queues, redis)
    bot.terminate()
    expect(bot.wait(10) == 0, "it did not end well")
    check_all(queues, redis, total)


def main(script, description, tests):
    return harness.main(script, description, tests, needs=("redis-server",), make=Test)
