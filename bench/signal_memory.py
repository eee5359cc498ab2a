#!/usr/bin/env python3
"""Memory of the server while a recording of a day is open and panned, and how long a window takes.

The sample installation is made, the server is started anew on it (so that nothing of the making is counted), the
longest recording is opened, and windows of it are asked for as a reader pans and zooms: from ten seconds to the whole
day, at random places, 1,600 pixels wide.

    bench/signal_memory.py [--windows 400] [--binary build/release/src/consilium]
"""
import argparse
import pathlib
import random
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "crash"))
from kill_loop import DEFAULT_BINARY, sample_server, sign_in  # noqa: E402


def resident_mb(process, field):
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {field}")


def longest_recording(client):
    best = None
    for project in client.must("GET", "/api/v1/projects")["items"]:
        base = f"/api/v1/projects/{project['id']}"
        for item in client.must("GET", f"{base}/items?kind=signal&limit=500")["items"]:
            recording = client.must("GET", f"{base}/items/{item['id']}")["source"]["recordings"][0]
            if best is None or recording["duration_s"] > best[1]["duration_s"]:
                best = (f"{base}/items/{item['id']}/recordings/{recording['id']}", recording)
    return best


def pan(client, path, recording, count):
    rate = recording["tick_rate"]["num"] / recording["tick_rate"]["den"]
    took, chance = [], random.Random(1)
    for _ in range(count):
        length = min(recording["length_ticks"], int(rate * 10 ** chance.uniform(1, 4.94)))
        begin = chance.randrange(0, recording["length_ticks"] - length + 1)
        asked = time.perf_counter()
        status, _ = client.ask("GET", f"{path}/window?from={begin}&to={begin + length}&pixels=1600")
        took.append((time.perf_counter() - asked) * 1000)
        if status != 200:
            raise SystemExit(f"a window was answered with {status}")
    took.sort()
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--windows", type=int, default=400)
    parser.add_argument("--binary", default=DEFAULT_BINARY)
    options = parser.parse_args()
    with sample_server(options.binary, "consilium-memory-") as server:
        first = server.start("demo")
        server.end()
        second = server.start("demo")
        print(f"first start {first:.1f} s, second start {second:.2f} s")
        client = sign_in(server)
        before = resident_mb(server.process, "VmRSS")
        path, recording = longest_recording(client)
        took = pan(client, path, recording, options.windows)
        print(f"{recording['duration_s'] / 3600:.1f} h, {len(recording['channels'])} channels: resident {before:.0f} MB before, "
              f"{resident_mb(server.process, 'VmRSS'):.0f} MB after {options.windows} windows, "
              f"highest {resident_mb(server.process, 'VmHWM'):.0f} MB")
        print(f"a window of 1,600 pixels: p50 {took[len(took) // 2]:.1f} ms, p99 {took[len(took) * 99 // 100]:.1f} ms")


if __name__ == "__main__":
    main()
