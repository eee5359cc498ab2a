#!/usr/bin/env python3
"""Durable saves over HTTP: how many a second, and how long one takes, with many writers at once.

Each writer keeps one connection and puts new annotations on notes of the sample installation: as fast as it is
answered, or with --pace as often as a quick reader would. A 200 or 201 means that the annotation is fsynced and chained into the log. Writers run in a few processes, so
that the client's own interpreter is not what is measured; on a machine of few cores they still take their share of it.

    bench/saves.py [--writers 50] [--pace 0] [--seconds 10] [--runs 3] [--binary build/release/src/consilium]
"""
import argparse
import multiprocessing
import os
import pathlib
import statistics
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "crash"))
from kill_loop import DEFAULT_BINARY, Client, find_work, sample_server, sign_in, uuid7  # noqa: E402


def write_until(end, client, work, number, pace, took, refused):
    own = Client(client.port, client.cookie, client.csrf)
    item = work["items"][number % len(work["items"])]
    due = time.monotonic() + (number % 50) / 50 / pace if pace else 0.0
    while time.monotonic() < end:
        if pace:  # writers keep their rhythm, whatever the server does
            time.sleep(max(0.0, due - time.monotonic()))
            due += 1 / pace
        name, begin = uuid7(), number % 30
        body = {"id": name, "item_id": item, "protocol": work["protocol"], "label": work["label"],
                "target": {"type": "spans", "ranges": [[begin, begin + 3]]}, "attributes": work["attributes"]}
        asked = time.perf_counter()
        status, _ = own.ask("PUT", f"{work['base']}/items/{item}/annotations/{name}", body, {"If-None-Match": "*"})
        if status in (200, 201):
            took.append(time.perf_counter() - asked)
        else:
            refused.append(status)


def write_in_threads(end, client, work, numbers, pace, results):
    took, refused = [], []
    threads = [threading.Thread(target=write_until, args=(end, client, work, number, pace, took, refused)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put((took, refused))


def one_run(client, work, options):
    results = multiprocessing.Queue()
    end = time.monotonic() + options.seconds
    shares = [range(first, options.writers, options.processes) for first in range(options.processes)]
    processes = [multiprocessing.get_context("fork").Process(target=write_in_threads, args=(end, client, work, share, options.pace, results))
                 for share in shares if len(share) > 0]
    for process in processes:
        process.start()
    took, refused = [], []
    for _ in processes:
        more, not_taken = results.get()
        took += more
        refused += not_taken
    for process in processes:
        process.join()
    if refused or not took:
        raise SystemExit(f"{len(refused)} saves were refused, the first with {refused[:1]}")
    took.sort()
    return {"saves_per_s": len(took) / options.seconds,
            **{f"p{share}_ms": took[min(len(took) - 1, len(took) * share // 100)] * 1000 for share in (50, 95, 99)}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--writers", type=int, default=50)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--pace", type=float, default=0, help="saves a second of each writer; 0: as fast as answered")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", help="on the disk to measure; a temporary one when not given")
    parser.add_argument("--binary", default=DEFAULT_BINARY)
    options = parser.parse_args()
    with sample_server(options.binary, "consilium-saves-", options.folder) as server:
        server.start("demo")
        client = sign_in(server)
        work = find_work(client)
        runs = []
        for number in range(options.runs):
            runs.append(one_run(client, work, options))
            told = ", ".join(f"{name} {value:.1f}" for name, value in runs[-1].items())
            print(f"run {number + 1}: {options.writers} writers, {told}, load {os.getloadavg()[0]:.1f}", flush=True)
        medians = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        print("median: " + ", ".join(f"{name} {value:.1f}" for name, value in medians.items()))


if __name__ == "__main__":
    main()
