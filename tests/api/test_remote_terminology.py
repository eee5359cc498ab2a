#!/usr/bin/env python3
"""A terminology that is not loaded is asked of another FHIR server: one of ours, over TLS, with a token.

    CONSILIUM_BINARY=build/release/src/consilium tests/api/test_remote_terminology.py
"""
import http.client
import http.server
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from client import BINARY, ROOT, Client, Server, new_id
from test_tls import TlsServer, make_certificate

SYSTEM = "http://example.org/wugs"
WUGS = {"resourceType": "CodeSystem", "url": SYSTEM, "version": "1", "title": "Wugs", "status": "active", "content": "complete",
        "concept": [{"code": "W", "display": "Wug", "concept": [{"code": "W1", "display": "Sore wug"}, {"code": "W2", "display": "Tired wug"}]},
                    {"code": "X", "display": "No wug"}]}
SORE = {"resourceType": "ValueSet", "url": "http://example.org/sore", "status": "active",
        "compose": {"include": [{"system": SYSTEM, "concept": [{"code": "W1"}]}]}}
OURS = WUGS | {"url": "http://example.org/ours", "title": "Ours"}
ASKED = ["/fhir/CodeSystem/$lookup?system=" + SYSTEM + "&code=W1", "/fhir/CodeSystem/$validate-code?url=" + SYSTEM + "&code=W2",
         "/fhir/CodeSystem/$validate-code?url=" + SYSTEM + "&code=nope", "/fhir/ValueSet/$expand?url=" + SYSTEM + "?fhir_vs&filter=wug&count=2",
         "/fhir/ValueSet/$expand?url=http://example.org/sore", "/fhir/ValueSet/$validate-code?url=http://example.org/sore&system=" + SYSTEM + "&code=W1",
         "/fhir/ValueSet/$validate-code?url=http://example.org/sore&system=" + SYSTEM + "&code=W2"]


def program(*arguments):
    done = subprocess.run([str(BINARY), *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def load(data, folder, *resources):
    for number, resource in enumerate(resources):
        file = folder / f"{number}.json"
        file.write_text(json.dumps(resource), encoding="utf-8")
        program("terminology", "load", file, "--data", data)


def started(folder):
    """A data folder with an administrator, whose server has stopped, and a token that reads."""
    with Server() as first:
        client = Client(first.port)
        assert client.use_link(first.first_link).status == 200
        made = client.post("/api/v1/me/tokens", {"name": "terms", "scopes": ["read"]})
        assert made.status in (200, 201), made.body
        first.process.send_signal(signal.SIGTERM)
        assert first.process.wait(timeout=30) == 0
        pathlib.Path(first.folder.name, "data").rename(folder)
    return made.json()["token"]


class Asking(Server):
    """A server of its own that asks `url`."""

    def __init__(self, data, url, *options):
        self.process = subprocess.Popen(
            [str(BINARY), "serve", "--data", str(data), "--listen", "127.0.0.1:0", "--terminology-server", url, *map(str, options)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.folder = tempfile.TemporaryDirectory()
        for line in self.process.stdout:
            if "http://localhost:" in line:
                self.port = int(line.rsplit(":", 1)[1])
                return
        raise RuntimeError("the server ended: " + self.process.stderr.read())


class Away(http.server.BaseHTTPRequestHandler):
    """What no terminology server should answer."""

    asked = []

    def do_POST(self):
        Away.asked.append((self.path, self.rfile.read(int(self.headers["Content-Length"])), self.headers.get("Authorization")))
        body = b"<html>sign in</html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class World:
    def __init__(self, folder):
        self.folder = folder
        self.certificate, key = make_certificate(folder)
        self.token = folder / "token"
        self.token.write_text(started(folder / "theirs") + "\n")
        load(folder / "theirs", folder, WUGS, SORE)
        self.theirs = TlsServer(folder / "theirs", self.certificate, key)
        self.our_token = started(folder / "ours")
        load(folder / "ours", folder, OURS)
        self.url = f"https://localhost:{self.theirs.port}/fhir"
        self.options = ("--terminology-token", self.token, "--terminology-authorities", self.certificate)

    def of_theirs(self, path):
        status, _, body = self.theirs.request("GET", path, headers={"Authorization": "Bearer " + self.token.read_text().strip()})
        return status, json.loads(body)

    def ask(self, url, options, paths):
        with Asking(self.folder / "ours", url, *options) as server:
            client = server.client(self.our_token)
            return [(answer.status, json.loads(answer.body)) for answer in map(client.get, paths)]


def without_time(answer):
    status, body = answer
    body.get("expansion", {}).pop("timestamp", None)
    return status, body


def test_answers_are_the_other_servers(world):
    for path, answer in zip(ASKED, world.ask(world.url, world.options, ASKED), strict=True):
        due = without_time(world.of_theirs(path))
        assert due[0] == 200 and without_time(answer) == due, (path, answer, due)


def test_what_is_loaded_is_ours_alone(world):
    """The other server would know no such code and no such system; a code that ours has not is not asked for."""
    own = "/fhir/CodeSystem/$lookup?system=http://example.org/ours&code="
    (status, found), (unknown, _) = world.ask(world.url, world.options, [own + "X", own + "nope"])
    assert status == 200 and found["parameter"][0]["valueString"] == "Ours"
    assert unknown == 404


def test_without_it_nothing_is_known(world):
    with Server() as server:
        client = server.client()
        assert client.use_link(server.first_link).status == 200
        assert client.get(ASKED[0]).status == 404


def test_neither_token_nor_certificate_nor_name_is_optional(world):
    for url, options in ((world.url, world.options[2:]), (world.url, world.options[:2]),
                         (world.url.replace("localhost", "127.0.0.1"), world.options)):
        ((status, body),) = world.ask(url, options, ASKED[:1])
        assert status in (422, 503) and body["resourceType"] == "OperationOutcome", (status, body)


def test_a_page_is_no_answer_and_plain_text_stays_here(world):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Away)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ((status, body),) = world.ask(f"http://127.0.0.1:{server.server_address[1]}/fhir", (), ["/fhir/ValueSet/$expand?url=u:x&filter=secret"])
    assert status == 422 and "no FHIR resource" in body["issue"][0]["details"]["text"], (status, body)
    ((path, sent, token),) = Away.asked
    assert path == "/fhir/ValueSet/$expand" and b"secret" in sent and token is None, "typed text belongs in the body"
    server.shutdown()
    done = subprocess.run([str(BINARY), "serve", "--data", str(world.folder / "none"), "--listen", "127.0.0.1:0", "--terminology-server",
                           "http://terms.example/fhir"], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1 and "only over TLS" in done.stderr, done.stderr


def test_a_concept_is_picked_from_it(world):
    protocol = (ROOT / "protocols/note-problems.yaml").read_text(encoding="utf-8")
    protocol = protocol.replace("attributes:\n", f"attributes:\n  - id: code\n    name: Code\n    definition: What it is.\n    answer:\n      type: concept\n"
                                f"      systems: [\"{SYSTEM}\"]\n", 1)
    protocol = protocol.replace("      - severity\n", "      - severity\n      - code\n", 1)
    with Asking(world.folder / "ours", world.url, *world.options) as server:
        client = server.client()
        assert client.sign_in("admin").status == 200
        project = f"/api/v1/projects/{new_id()}"
        settings = {"name": "Picked", "description": "", "deid_at": "import", "readers_per_item": 1}
        assert client.put(project, settings).status in (200, 201)
        assert client.put(f"{project}/members/{client.me['person']['id']}", {"roles": ["lead", "rater"]}).status in (200, 201)
        put = client.put(f"{project}/protocol", {"yaml": protocol})
        assert put.status in (200, 201), put.body
        found = client.get(f"{project}/concepts?answer=code&text=sor")
        assert found.status == 200, found.body
        assert found.json() == {"items": [{"system": SYSTEM, "code": "W1", "display": "Sore wug", "version": "1", "term": "Sore wug", "tag": "",
                                           "match": "words"}], "missing": []}, found.body
        world.theirs.stop()  # from here on it is away: it is said, and nothing waits for it
        begin = time.monotonic()
        found = client.get(f"{project}/concepts?answer=code&text=sor").json()
        assert found == {"items": [], "missing": [SYSTEM]} and time.monotonic() - begin < 10, found


def main() -> int:
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="consilium-remote-") as folder:
        world = World(pathlib.Path(folder))
        for name, test in tests:
            try:
                test(world)
                print(f"ok      {name}")
            except Exception:
                failed += 1
                print(f"FAILED  {name}")
                traceback.print_exc(limit=-2, file=sys.stdout)
        if world.theirs.process.poll() is None:
            world.theirs.stop()
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
