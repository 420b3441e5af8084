# SPDX-License-Identifier: Apache-2.0
"""A real rabbitmq-server on loopback, and its queues seen through python3-pika."""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from harness import Failed, environment, expect, free_port, wait_for

try:
    import pika
except ImportError:
    sys.path.append("/usr/lib/python3/dist-packages")  # Debian's, for another python3
    try:
        import pika
    except ImportError:
        pika = None

PROGRAMS = pathlib.Path("/usr/lib/rabbitmq/bin")
PASSWORD = "geheim/@:"


def user(name, password, tags=""):
    salt = b"salt"
    digest = salt + hashlib.sha256(salt + password.encode()).digest()
    return {"name": name, "password_hash": base64.b64encode(digest).decode(), "tags": tags,
            "hashing_algorithm": "rabbit_password_hashing_sha256"}


def permission(name, vhost, configure=".*", write=".*", read=".*"):
    return {"user": name, "vhost": vhost, "configure": configure, "write": write, "read": read}


DEFINITIONS = {
    "users": [user("guest", "guest", "administrator"), user("a/b", PASSWORD), user("reader", "secret")],
    "vhosts": [{"name": "/"}, {"name": "other/one"}],
    "permissions": [permission("guest", "/"), permission("guest", "other/one"), permission("a/b", "/"),
                    permission("reader", "/", "^$", "^$")],
    "exchanges": [{"name": "routed", "vhost": "/", "type": "direct", "durable": True,
                   "auto_delete": False, "internal": False, "arguments": {}}],
}


class Server:
    """One for all tests: it takes seconds to start. Erlang's port mapper is a private one."""

    def __init__(self, place):
        self.place = place
        self.port, self.tls_port, mapper = free_port(), free_port(), free_port()
        self.key, self.pem, self.ca = place / "key.pem", place / "cert.pem", place / "ca.pem"
        self.certify()
        (place / "definitions").write_text(json.dumps(DEFINITIONS))
        (place / "plugins").write_text("[].\n")
        (place / "rabbitmq.conf").write_text(
            f"listeners.tcp.default = 127.0.0.1:{self.port}\n"
            f"listeners.ssl.default = 127.0.0.1:{self.tls_port}\n"
            f"ssl_options.cacertfile = {self.ca}\nssl_options.certfile = {self.pem}\n"
            f"ssl_options.keyfile = {self.key}\nssl_options.verify = verify_peer\n"
            "ssl_options.fail_if_no_peer_cert = true\n"
            f"load_definitions = {place}/definitions\ndisk_free_limit.absolute = 1MB\n")
        self.environment = environment(
            HOME=place, ERL_EPMD_ADDRESS="127.0.0.1", ERL_EPMD_PORT=mapper,
            RABBITMQ_NODENAME="fault@localhost", RABBITMQ_DIST_PORT=free_port(),
            RABBITMQ_MNESIA_BASE=f"{place}/mnesia", RABBITMQ_LOG_BASE=f"{place}/log",
            RABBITMQ_PID_FILE=f"{place}/pid", RABBITMQ_ENABLED_PLUGINS_FILE=f"{place}/plugins",
            RABBITMQ_CONFIG_FILE=f"{place}/rabbitmq.conf", RABBITMQ_CONF_ENV_FILE="/dev/null",
            RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}")
        # pylint: disable=consider-using-with
        self.mapper = subprocess.Popen(["epmd", "-port", str(mapper), "-address", "127.0.0.1"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.process = None
        self.start()

    def certify(self):
        """A certificate for both sides, with an authority of its own: the server takes no others."""
        (self.place / "names").write_text("subjectAltName=IP:127.0.0.1\n")
        new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes"]
        request, authority = self.place / "request.pem", self.place / "ca-key.pem"
        for command in (
                [*new, "-x509", "-keyout", authority, "-out", self.ca, "-days", "2", "-subj", "/CN=fault"],
                [*new, "-keyout", self.key, "-out", request, "-subj", "/CN=bot"],
                ["openssl", "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", authority, "-days",
                 "2", "-CAcreateserial", "-extfile", self.place / "names", "-out", self.pem]):
            subprocess.run(command, check=True, capture_output=True)

    def start(self):
        with open(self.place / "out", "wb") as out:
            self.process = subprocess.Popen([PROGRAMS / "rabbitmq-server"], env=self.environment,
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            start_new_session=True)
        for _ in range(600):
            try:
                return self.client().close()
            except (OSError, pika.exceptions.AMQPError):
                time.sleep(0.1)
            if self.process.poll() is not None:
                break
        raise Failed("rabbitmq-server does not start: " + (self.place / "out").read_text()[-500:])

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self):
        self.kill()
        self.mapper.terminate()
        self.mapper.wait()

    def control(self, *words):
        subprocess.run([PROGRAMS / "rabbitmqctl", *words], env=self.environment, check=True,
                       capture_output=True, timeout=60)

    def client(self):
        return pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.port, heartbeat=0))

    def log(self):
        return (self.place / "log" / "fault@localhost.log").read_text()

    def url(self, queue, options="", login="", vhost="%2F"):
        return f"amqp://{login}127.0.0.1:{self.port}/{vhost}/{queue}{options}"

    def tls_url(self, queue, options=""):
        return f"amqps://127.0.0.1:{self.tls_port}//{queue}{options}"


LAZY = {"x-queue-mode": "lazy"}


class Queue:
    """A queue of one test, seen through pika."""

    def __init__(self, server, name, arguments=None):
        self.server, self.name, self.connection = server, name, None
        self.connect()
        self.channel.queue_declare(name, durable=True, arguments=LAZY if arguments is None else arguments)

    def connect(self):
        self.connection = self.server.client()
        self.channel = self.connection.channel()

    def put(self, events):
        """Returns when the server has them on its disk."""
        channel = self.connection.channel()
        channel.tx_select()
        properties = pika.BasicProperties(delivery_mode=2)
        for event in events:
            channel.basic_publish("", self.name, event, properties)
        channel.tx_commit()
        channel.close()

    def put_numbers(self, first, end, more=""):
        self.put(b'{"extra.n": %d%s}' % (i, more.encode()) for i in range(first, end))

    def __len__(self):
        return self.channel.queue_declare(self.name, passive=True).method.message_count

    def take(self, count=None):
        """All events that are there, with their properties."""
        taken = []
        while True:
            channel = self.connection.channel()
            channel.basic_qos(prefetch_count=1000)
            for method, properties, body in channel.consume(self.name, inactivity_timeout=0.3):
                if method is None:
                    if len(self):
                        continue  # the server takes its time
                    break
                channel.basic_ack(method.delivery_tag)
                taken.append((body, properties))
                if len(taken) == count:
                    break
            channel.cancel()
            channel.close()
            self.wait_until_unread()
            # What was on its way when nobody waited for it any more is back.
            if len(taken) == count or not len(self):
                return taken

    def close(self):
        try:
            self.connection.close()
        except (OSError, pika.exceptions.AMQPError):
            pass  # the server was killed meanwhile

    def remove(self):
        self.channel.queue_delete(self.name)
        self.close()

    def wait_until_unread(self):
        """What a reader held that is gone is back then."""
        asked = lambda: self.channel.queue_declare(self.name, passive=True).method.consumer_count
        wait_for(lambda: asked() == 0, f"{self.name} has no reader")

    def wait_until_empty(self, seconds=60):
        """Also of what is on its way: a queue without consumers and events."""
        deadline = time.time() + seconds
        while len(self):
            expect(time.time() < deadline, f"{self.name} was not read: {len(self)} left")
            time.sleep(0.05)


def missing_programs():
    return [name for name, there in (("rabbitmq-server", (PROGRAMS / "rabbitmq-server").exists()),
                                     ("epmd", shutil.which("epmd")), ("python3-pika", pika))
            if not there]
