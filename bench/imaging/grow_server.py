#!/usr/bin/env python3
"""Grow from seeds through the server on the sample CT (512 x 512 x 300, made): the first growth, the update after one
more stroke and after one was erased, whether the server stays answerable meanwhile, and how soon a cancelled operation ends.

    bench/imaging/grow_server.py [--strokes 5] [--only-grow] [--binary build/release/src/consilium]

A health request is sent every 20 ms on a connection of its own while operations run; its slowest answer is printed, and
the script fails when the median is over 50 ms. Times are what a browser waits for: request to last byte.
"""
import argparse
import http.client
import json
import os
import pathlib
import statistics
import struct
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "crash"))
from kill_loop import DEFAULT_BINARY, sample_server, sign_in, uuid7  # noqa: E402

EDGE = 32


class Drawing:
    """One person's mask: squares of 9 x 9 voxels on a slice, sent as patches."""

    def __init__(self, client, base, grid, dims):
        self.client, self.base, self.dims, self.revision = client, f"{base}/masks/{grid}", dims, 0
        self.bricks, self.hashes = {}, {}

    def send(self, method, path, body, kind):
        connection = http.client.HTTPConnection("127.0.0.1", self.client.port, timeout=600)
        headers = {"Origin": f"http://127.0.0.1:{self.client.port}", "Sec-Fetch-Site": "same-origin", "Cookie": self.client.cookie,
                   "X-CSRF-Token": self.client.csrf, "Content-Type": kind}
        begin = time.perf_counter()
        connection.request(method, self.base + path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, time.perf_counter() - begin, answer.headers, content

    def stroke(self, x, y, z, segment):
        columns, rows = (-(-self.dims[0] // EDGE), -(-self.dims[1] // EDGE))
        touched = set()
        for j in range(y, y + 9):
            for i in range(x, x + 9):
                index = i // EDGE + columns * (j // EDGE + rows * (z // EDGE))
                brick = self.bricks.setdefault(index, bytearray(EDGE**3 * 2))
                struct.pack_into("<H", brick, 2 * (i % EDGE + EDGE * (j % EDGE + EDGE * (z % EDGE))), segment)
                touched.add(index)
        body = b"".join(struct.pack("<III", index, 0, len(self.bricks[index])) + bytes.fromhex(self.hashes.get(index, "0" * 64)) + self.bricks[index]
                        for index in sorted(touched))
        status, _, _, content = self.send("PUT", f"/patches/{uuid7()}?base_revision={self.revision}", body, "application/octet-stream")
        if status >= 300:
            raise RuntimeError(f"patch: {status} {content[:400]}")
        answer = json.loads(content)
        self.revision = answer["revision"]
        self.hashes.update({index: digest for index, digest in answer["bricks"]})

    def operate(self, operation, since=None):
        asked = {"base_revision": self.revision, "layer": 0, "operation": operation, "runs": True}
        body = json.dumps(asked if since is None else {**asked, "since": since})
        return self.send("POST", "/operations", body, "application/json")

    def cancel(self):
        return self.send("DELETE", "/operations", None, "application/json")


class Health(threading.Thread):
    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.took, self.done = port, [], threading.Event()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not self.done.wait(0.02):
            begin = time.perf_counter()
            connection.request("GET", "/api/v1/health")
            connection.getresponse().read()
            self.took.append(time.perf_counter() - begin)


def find_scan(client):
    for project in client.must("GET", "/api/v1/projects")["items"]:
        base = f"/api/v1/projects/{project['id']}"
        for item in client.must("GET", f"{base}/items?kind=image&limit=50")["items"]:
            shown = client.must("GET", f"{base}/items/{item['id']}")
            for study in shown["source"]["studies"]:
                for series in study["series"]:
                    volume = series.get("volume")
                    if not volume or len(volume["slices"]) < 100:
                        continue
                    status, _ = client.ask("POST", f"{base}/items/{item['id']}/task", {})
                    if status < 300:
                        return f"{base}/items/{item['id']}", volume
    raise RuntimeError("the sample installation has no scan to draw on")


def measure(drawing, dims, strokes, told, classifies):
    middle = [dims[0] // 2, dims[1] // 2, dims[2] // 2]
    drawing.stroke(*middle, 1)
    drawing.stroke(dims[0] // 8, dims[1] // 8, middle[2], 2)
    grow = {"kind": "grow", "background": 2}

    def asked(operation, since=None):
        status, seconds, headers, content = drawing.operate(operation, since)
        if status != 200:
            raise RuntimeError(f"{operation['kind']}: {status} {content[:400]}")
        return seconds, json.loads(headers["Consilium-Operation"]), len(content)

    seconds, summary, size = asked(grow)
    told[f"first growth, volume read and model learnt ({size / 1e6:.1f} MB)"] = seconds
    # As the panel asks: what changed since the preview on the screen, with what was learnt before; then, by a request of its own,
    # what the new strokes teach and where to draw next.
    live = {**grow, "next_slices": False, "keep_model": True}
    updates, sizes, settled = {"a stroke": [], "it was erased": []}, [], []
    for number in range(strokes):
        place = (middle[0] + 12 * (number + 1), middle[1] + 7 * number, middle[2] + number - 2)
        for what, segment in (("a stroke", 1 + number % 2), ("it was erased", 0)):
            drawing.stroke(*place, segment)
            seconds, summary, size = asked(live, summary["preview"])
            updates[what].append(seconds)
            sizes.append(size)
            seconds, summary, _ = asked(grow, summary["preview"])
            settled.append(seconds)
        drawing.stroke(*place, 1 + number % 2)
    summary = asked(live, summary["preview"])[1]
    for what, taken in updates.items():
        told[f"update after {what}, median of {strokes} (slowest {max(taken):.2f} s)"] = statistics.median(taken)
    told[f"settled after it: learnt anew where strokes teach otherwise, and where to draw next, median of {len(settled)} (slowest {max(settled):.2f} s)"] = statistics.median(settled)
    print(f"an update's answer: median {statistics.median(sizes) / 1e6:.2f} MB, largest {max(sizes) / 1e6:.2f} MB", flush=True)
    idle = []
    for _ in range(strokes):
        seconds, summary, size = asked(live, summary["preview"])
        if size != 0:
            raise RuntimeError("a preview changed without a stroke")
        idle.append(seconds)
    told[f"asked again, nothing drawn: all but the engine, median of {strokes}"] = statistics.median(idle)
    if not classifies:
        return
    told["classify, three slices"] = asked({"kind": "classify", "background": 2, "axis": 2, "first": middle[2] - 1, "last": middle[2] + 1})[0]
    told["classify, the whole volume"] = asked({"kind": "classify", "background": 2})[0]
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(drawing.operate({"kind": "classify", "background": 2})))
    waiting.start()
    time.sleep(0.5)
    begin = time.perf_counter()
    drawing.cancel()
    waiting.join()
    if answers[0][0] not in (200, 409):
        raise RuntimeError(f"cancelled: {answers[0][0]}")
    told[f"from cancel to the answer {answers[0][0]}"] = time.perf_counter() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strokes", type=int, default=5)
    parser.add_argument("--only-grow", action="store_true", help="leave the pixel classifier and cancelling out")
    parser.add_argument("--binary", default=os.environ.get("CONSILIUM_BINARY", DEFAULT_BINARY))
    options = parser.parse_args()
    with sample_server(options.binary, "consilium-grow-") as server:
        server.start("demo")
        client = sign_in(server)
        base, volume = find_scan(client)
        dims = volume["dims"] if "dims" in volume else volume["grid"]["dims"]
        told = {}
        health = Health(server.port)
        health.start()
        measure(Drawing(client, base, volume["grid_id"], dims), dims, options.strokes, told, not options.only_grow)
        health.done.set()
        health.join()
        for what, seconds in told.items():
            print(f"{what}: {seconds:.2f} s", flush=True)
        median, slowest = statistics.median(health.took) * 1000, max(health.took) * 1000
        print(f"{dims[0]} x {dims[1]} x {dims[2]}; health meanwhile, {len(health.took)} requests: median {median:.1f} ms, slowest {slowest:.0f} ms; "
              f"load {os.getloadavg()[0]:.1f}")
        if median > 50:
            raise SystemExit("the server was not answerable while operations ran")


if __name__ == "__main__":
    main()
