"""A plain client of the HTTP interface, on the standard library alone, and a server of one's own to try it on."""
import http.client
import json
import os
import pathlib
import re
import secrets
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("CONSILIUM_BINARY", ROOT / "build/release/src/consilium"))
PASSWORD = "a long enough sentence"


def new_id() -> str:
    """A UUIDv7 (RFC 9562, 5.7)."""
    ms = int(time.time() * 1000)
    value = bytearray(ms.to_bytes(6, "big") + secrets.token_bytes(10))
    value[6] = 0x70 | (value[6] & 0x0F)
    value[8] = 0x80 | (value[8] & 0x3F)
    text = value.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Client:
    """One person's browser, or with a token one program. Signed out until `sign_in` or `use_link`."""

    def __init__(self, port: int, token: str | None = None):
        self.port, self.token = port, token
        self.cookie = self.csrf = None
        self.me = None

    def request(self, method, path, body=None, headers=None, csrf=True) -> Answer:
        connection = http.client.HTTPConnection("localhost", self.port, timeout=60)
        sent = {}
        if self.cookie:
            sent["Cookie"] = f"__Host-consilium={self.cookie}"
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if self.csrf and csrf and method not in ("GET", "HEAD"):
            sent["X-CSRF-Token"] = self.csrf
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        connection.request(method, path, body=body, headers=sent)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        return answer

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def put(self, path, body=None, **more):
        return self.request("PUT", path, body=body, **more)

    def post(self, path, body=None, **more):
        return self.request("POST", path, body=body if body is not None else {}, **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)

    def _signed_in(self, answer: Answer) -> Answer:
        if answer.status == 200:
            self.cookie = re.search(r"__Host-consilium=([^;]+)", answer.headers["Set-Cookie"]).group(1)
            self.me = answer.json()
            self.csrf = self.me["csrf_token"]
        return answer

    def sign_in(self, name, password=PASSWORD):
        return self._signed_in(self.post("/api/v1/sign_in", {"name": name, "password": password}))

    def use_link(self, secret, password=PASSWORD):
        return self._signed_in(self.post(f"/api/v1/links/{secret}", {"password": password} if password else {}))


class Server:
    """`consilium serve` on a data folder of its own."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="consilium-api-")
        self.process = subprocess.Popen(
            [str(BINARY), "serve", "--data", f"{self.folder.name}/data", "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.port, self.first_link = None, None
        while self.first_link is None:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError("the server ended: " + self.process.stderr.read())
            if found := re.search(r"http://localhost:(\d+)", line):
                self.port = int(found.group(1))
            if found := re.search(r"link=(\S+)", line):
                self.first_link = found.group(1)

    def client(self, token=None) -> Client:
        return Client(self.port, token)

    def forget_peak(self):
        """From now on peak_mb counts anew (proc(5), clear_refs)."""
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak_mb(self) -> float:
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no VmHWM")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=30)
        self.folder.cleanup()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
