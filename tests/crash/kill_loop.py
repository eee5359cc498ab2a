#!/usr/bin/env python3
"""kill -9 against the real server: nothing that it acknowledged may be lost, halved or doubled.

A process of its own keeps the journal. Twenty writers make, change and retract annotations over HTTP; each tells the
journal what it is about to ask and what was acknowledged. At a random moment the server is killed with SIGKILL and
started again; then every annotation is read back and compared. After the last kill `consilium verify` must hold.

    kill_loop.py [--kills 50] [--writers 20] [--binary build/release/src/consilium] [--seed N]

The last line printed is "N passed, N failed".
"""
import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEFAULT_BINARY = os.environ.get("CONSILIUM_BINARY", str(ROOT / "build" / "release" / "src" / "consilium"))
LINK = re.compile(r"sign-in\?link=([A-Za-z0-9_\-]+)")


def uuid7():
    value = (int(time.time() * 1000) << 80) | random.getrandbits(80)
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    return str(uuid.UUID(int=(value & ~(0x3 << 62)) | (0x2 << 62)))


def keep_journal(pipe):
    """Runs in its own process, which no signal to the server reaches. id -> state of one annotation."""
    known = {}
    while True:
        message = pipe.recv()
        if message[0] == "get":
            pipe.send(known)
        elif message[0] == "stop":
            return
        else:  # ("asked" | "acknowledged", id, revision, fingerprint)
            kind, name, revision, fingerprint = message
            entry = known.setdefault(name, {"acknowledged": 0, "fingerprints": {}})
            entry["fingerprints"].setdefault(revision, fingerprint)
            if kind == "acknowledged":
                entry["acknowledged"] = max(entry["acknowledged"], revision)


class Journal:
    def __init__(self):
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("fork").Process(target=keep_journal, args=(other,), daemon=True)
        self.process.start()
        self.lock = threading.Lock()

    def tell(self, *message):
        with self.lock:
            self.pipe.send(message)

    def read(self):
        with self.lock:
            self.pipe.send(("get",))
            return self.pipe.recv()

    def stop(self):
        self.tell("stop")
        self.process.join(10)


class Server:
    def __init__(self, binary, data, port):
        self.binary, self.data, self.port, self.process, self.link = binary, data, port, None, None
        self.log = None

    def start(self, command):
        begin = time.monotonic()
        self.log = open(self.data.parent / "server.log", "a+b")
        offset = self.log.seek(0, os.SEEK_END)
        more = ["--patients", "1"] if command == "demo" else []
        self.process = subprocess.Popen([self.binary, command, *more, "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}"],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        while time.monotonic() - begin < 300:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended: {self.text(offset)[-2000:]}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/api/v1/health")
                if connection.getresponse().status == 200:
                    found = LINK.findall(self.text(offset))
                    if found or self.link:  # the first start prints the link soon after it answers
                        self.link = found[-1] if found else self.link
                        return time.monotonic() - begin
            except OSError:
                pass
            time.sleep(0.01)
        raise RuntimeError("the server does not answer")

    def text(self, offset):
        return (self.data.parent / "server.log").read_bytes()[offset:].decode("utf-8", "replace")

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()


class Client:
    """One person's session; the cookie outlives the server's restarts."""

    def __init__(self, port, cookie=None, csrf=None):
        self.port, self.cookie, self.csrf, self.connection = port, cookie, csrf, None

    def ask(self, method, path, body=None, headers=None):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {"Origin": f"http://127.0.0.1:{self.port}", "Sec-Fetch-Site": "same-origin", **(headers or {})}
        if self.cookie:
            sent["Cookie"] = self.cookie
        if self.csrf:
            sent["X-CSRF-Token"] = self.csrf
        data = None
        if body is not None:
            data, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            self.connection.request(method, path, data, sent)
            answer = self.connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise
        for header in answer.headers.get_all("Set-Cookie") or []:
            self.cookie = header.split(";", 1)[0]
        return answer.status, json.loads(content) if content and b"json" in (answer.headers.get("Content-Type") or "").encode() else None

    def must(self, method, path, body=None, headers=None):
        status, answer = self.ask(method, path, body, headers)
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {json.dumps(answer)[:600]}")
        return answer


@contextlib.contextmanager
def sample_server(binary, prefix, beside=None):
    """A server, not yet started, over a folder of its own (below `beside`, where given) that goes with it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=beside))
    server = Server(binary, folder / "data", free_port())
    try:
        yield server
    finally:
        server.end()
        shutil.rmtree(folder, ignore_errors=True)


def sign_in(server):
    client = Client(server.port)
    me = client.must("POST", f"/api/v1/links/{server.link}", {})
    client.csrf = me["csrf_token"]
    return client


def find_work(client):
    """A project of notes, its protocol, a label that goes on spans and needs the fewest attributes, and leased items."""
    for project in client.must("GET", "/api/v1/projects")["items"]:
        base = f"/api/v1/projects/{project['id']}"
        items = client.must("GET", f"{base}/items?kind=text&limit=50")["items"]
        if not items:
            continue
        reply = client.must("GET", f"{base}/protocol")
        protocol = reply["protocol"]
        spans = [label for label in protocol["labels"] if "spans" in label.get("places", [])]
        if not spans:
            continue
        label = min(spans, key=lambda one: sum(1 for a in one.get("attributes", []) if isinstance(a, dict) and a.get("required")))
        definitions = {a["id"]: a for a in protocol.get("attributes", [])}
        attributes = {}
        for use in label.get("attributes", []):
            if isinstance(use, dict) and use.get("required"):
                attributes[use["id"]] = definitions[use["id"]]["answer"]["choices"][0]["id"]
        leased = []
        for item in items[:4]:
            status, _ = client.ask("POST", f"{base}/items/{item['id']}/task", {})
            if status < 300:
                leased.append(item["id"])
        if leased:
            reference = {"id": protocol.get("id", project["protocol"]["id"]), "version": reply["version"]}
            return {"base": base, "items": leased, "label": label["id"], "attributes": attributes, "protocol": reference}
    raise RuntimeError("the sample installation has no project of notes")


def fingerprint_of(annotation):
    if annotation.get("state") == "retracted":
        return "retracted"
    return json.dumps(annotation["target"]["ranges"])


class Writer(threading.Thread):
    def __init__(self, number, client, work, journal, stop, seed):
        super().__init__(daemon=True)
        self.client = Client(client.port, client.cookie, client.csrf)
        self.work, self.journal, self.stop_event = work, journal, stop
        self.random = random.Random(seed * 1000 + number)
        self.refusals = []

    def run(self):
        while not self.stop_event.is_set():
            try:
                self.one_annotation()
            except (OSError, http.client.HTTPException, ValueError):
                return  # the server is gone; what was asked and not answered may be there or not

    def put(self, item, name, revision, ranges, headers):
        body = {"id": name, "item_id": item, "protocol": self.work["protocol"], "label": self.work["label"],
                "target": {"type": "spans", "ranges": ranges}, "attributes": self.work["attributes"]}
        self.journal.tell("asked", name, revision, json.dumps(ranges))
        status, answer = self.client.ask("PUT", f"{self.work['base']}/items/{item}/annotations/{name}", body, headers)
        if status in (200, 201):
            self.journal.tell("acknowledged", name, revision, json.dumps(ranges))
            return True
        self.refusals.append(f"{status} {json.dumps(answer)[:300]}")
        return False

    def one_annotation(self):
        item, name = self.random.choice(self.work["items"]), uuid7()
        begin = self.random.randrange(0, 30)
        if not self.put(item, name, 1, [[begin, begin + 3]], {"If-None-Match": "*"}):
            return
        if self.random.random() < 0.5:
            if not self.put(item, name, 2, [[begin, begin + 5]], {"If-Match": '"1"'}):
                return
            if self.random.random() < 0.3:
                self.journal.tell("asked", name, 3, "retracted")
                status, answer = self.client.ask("DELETE", f"{self.work['base']}/items/{item}/annotations/{name}", None,
                                                 {"If-Match": '"2"'})
                if status == 200:
                    self.journal.tell("acknowledged", name, 3, "retracted")
                else:
                    self.refusals.append(f"{status} {json.dumps(answer)[:300]}")


def read_back(client, work):
    found, doubled = {}, 0
    for item in work["items"]:
        cursor = None
        while True:
            path = f"{work['base']}/items/{item}/annotations?rater=me&limit=5000" + (f"&cursor={cursor}" if cursor else "")
            page = client.must("GET", path)
            for annotation in page["items"]:
                doubled += annotation["id"] in found
                found[annotation["id"]] = annotation
            cursor = page.get("next_cursor")
            if not cursor:
                break
    return found, doubled


def compare(client, work, known):
    """Problems of what the server has now against the journal. A retracted annotation may be left out of lists."""
    found, doubled = read_back(client, work)
    problems = [f"{doubled} annotations are there twice"] if doubled else []
    for name, entry in known.items():
        annotation = found.get(name)
        if annotation is None:
            may_be_gone = entry["acknowledged"] == 0 or entry["fingerprints"].get(3) == "retracted"
            if not may_be_gone:
                problems.append(f"{name} revision {entry['acknowledged']} was acknowledged and is lost")
            continue
        revision = annotation["revision"]
        if revision < entry["acknowledged"]:
            problems.append(f"{name}: revision {entry['acknowledged']} was acknowledged, {revision} is there")
        elif entry["fingerprints"].get(revision) != fingerprint_of(annotation):
            problems.append(f"{name}: revision {revision} is not what was asked for")
    problems += [f"{name} is there and was never asked for" for name in found if name not in known]
    return problems


def one_round(server, client, work, journal, options, number):
    stop = threading.Event()
    writers = [Writer(k, client, work, journal, stop, options.seed * 1000 + number) for k in range(options.writers)]
    for writer in writers:
        writer.start()
    time.sleep(random.uniform(0.05, 0.8))
    server.kill()
    stop.set()
    for writer in writers:
        writer.join(30)
    refusals = [refusal for writer in writers for refusal in writer.refusals]
    started = server.start("serve")
    client.connection = None
    problems = compare(client, work, journal.read())
    if refusals:
        problems.append(f"{len(refusals)} writes were refused, the first: {refusals[0]}")
    return problems, started


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--writers", type=int, default=20)
    parser.add_argument("--binary", default=DEFAULT_BINARY)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random.seed(options.seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="consilium-kill-"))
    server, journal = Server(options.binary, folder / "data", free_port()), Journal()
    failed = 0
    try:
        print(f"the sample installation took {server.start('demo'):.1f} s", flush=True)
        client = sign_in(server)
        work = find_work(client)
        starts = []
        begin = time.monotonic()
        for number in range(options.kills):
            problems, started = one_round(server, client, work, journal, options, number)
            starts.append(started)
            failed += bool(problems)
            for problem in problems[:5]:
                print(f"kill {number + 1}: {problem}", flush=True)
        spent = time.monotonic() - begin
        known = journal.read()
        acknowledged = sum(1 for entry in known.values() if entry["acknowledged"])
        server.end()
        verified = subprocess.run([options.binary, "verify", "--data", str(folder / "data")], capture_output=True, text=True, check=False)
        print(verified.stdout + verified.stderr, end="")
        failed += verified.returncode != 0
        starts.sort()
        print(f"{options.kills} kills, {options.writers} writers, {acknowledged} acknowledged annotations, "
              f"restart p50 {starts[len(starts) // 2]:.2f} s, longest {starts[-1]:.2f} s; {spent:.0f} s")
        failed += acknowledged == 0
    finally:
        if server.process and server.process.poll() is None:
            server.process.kill()
        journal.stop()
        if not failed:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{options.kills + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
