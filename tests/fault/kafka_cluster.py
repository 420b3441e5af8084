# SPDX-License-Identifier: Apache-2.0
"""Kafka for tests: librdkafka's mock of a cluster, or a real broker."""
import os
import subprocess
import sys
import threading
import time

from harness import FILTER, Skipped, expect


def python_with_kafka():
    for python in (sys.executable, "/usr/bin/python3"):
        if os.access(python, os.X_OK) and not subprocess.run(
                [python, "-c", "import kafka"], capture_output=True, check=False).returncode:
            return python
    raise Skipped("python3-kafka missing")


class Cluster:
    """The mock, told what to do one command at a time."""
    prefix = ""  # of topics

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.lock = threading.Lock()
        self.address = self.process.stdout.readline().strip()
        expect(self.address, f"{command[0]} does not start")

    def __call__(self, *words):
        with self.lock:
            self.process.stdin.write(" ".join(map(str, words)) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().strip()
        expect(answer.startswith("ok"), f"the cluster says '{answer}' to {words}")
        return int(answer[3:] or 0)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def url(self, topic, options=""):
        # A new reader waits in the mock for as long as one that has left might have come back.
        if "group=" in options and "session-timeout" not in options:
            options += "&session-timeout=3s"
        return f"kafka://{self.address}/{topic}{options}"


TALK_TO_BROKER = """
import sys, time, kafka, kafka.admin
address, topics = sys.argv[1], {}
admin = kafka.admin.KafkaAdminClient(bootstrap_servers=address)
asked = kafka.KafkaConsumer(bootstrap_servers=address)
print(address, flush=True)
for line in sys.stdin:
    what, topic, *words = line.split()
    if what == "topic":
        admin.create_topics([kafka.admin.NewTopic(topic, int(words[0]), 1)])
        topics[topic] = [kafka.TopicPartition(topic, i) for i in range(int(words[0]))]
    count = None
    while count is None:
        try:
            count = sum(asked.end_offsets(topics[topic]).values())
        except KeyError:  # what was made just now is not known everywhere
            time.sleep(0.1)
    print("ok", count, flush=True)
"""


class Broker(Cluster):
    """A real cluster, which knows the commands topic, fill and count."""

    def __init__(self, chosen):
        super().__init__(python_with_kafka(), "-c", TALK_TO_BROKER, chosen.broker)
        self.writer = (chosen.bindir / FILTER[0], *FILTER[1:], "--destination")
        self.prefix = f"intelmq-test-{time.time_ns()}-"

    def __call__(self, what, topic, *words):
        if what != "fill":
            return super().__call__(what, topic, *words)
        with open(words[0], "rb") as events:
            subprocess.run([*self.writer, f"kafka://{self.address}/{topic}"], stdin=events,
                           check=True, capture_output=True, timeout=60)
        return 0

    def url(self, topic, options=""):
        # The shortest time that Kafka takes as it comes.
        return (f"kafka://{self.address}/{topic}{options}" +
                ("&session-timeout=6s" if "group=" in options else ""))
