#!/usr/bin/env python3
"""Folder ingest of 4 GiB of made CT (512 x 512, 16 bit, from a seed): Consilium's import with sealing and fsync on, beside
Orthanc over REST (POST /instances, kept connections), which stores plainly, on the same files, disk and machine.

    .tools/python/bin/python bench/imaging/ingest.py FOLDER [--slices 8192] [--rounds 1] [--connections 4]

FOLDER lies on the disk that is measured and needs about 10 GB; what is made there is removed. Orthanc is measured where it is
installed (apt-get install orthanc): as installed, where it syncs each file. Prints instances per second and the machine's load.
"""
import argparse
import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "dimse"))
from node import free_port  # noqa: E402


def load() -> str:
    return f"load {os.getloadavg()[0]:.1f}"


def ours(program, folder, slices, rounds):
    os.sync()
    said = subprocess.run([str(program), str(folder), str(slices), str(rounds)], capture_output=True, text=True, check=True).stdout
    return [float(rate) for rate in re.findall(r"(\d+) instances/s", said)]


def post_all(port, files):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for file in files:
        connection.request("POST", "/instances", body=file.read_bytes(), headers={"Content-Type": "application/dicom"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"Orthanc answers {answer.status}")
    connection.close()


def orthanc(folder, files, connections):
    target = folder / "orthanc"
    target.mkdir()
    port, dicom = free_port(), free_port()
    settings = target / "orthanc.json"
    settings.write_text(json.dumps({"Name": "ingest", "StorageDirectory": str(target), "IndexDirectory": str(target), "DicomPort": dicom,
                                    "HttpPort": port, "KeepAlive": True, "TcpNoDelay": True, "Plugins": [],
                                    "AuthenticationEnabled": False}))
    process = subprocess.Popen(["Orthanc", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                probe = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                probe.request("GET", "/system")
                probe.getresponse().read()
                break
            except OSError:
                time.sleep(0.2)
        os.sync()
        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(connections) as pool:
            for done in [pool.submit(post_all, port, files[n::connections]) for n in range(connections)]:
                done.result()
        return len(files) / (time.monotonic() - begin)
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(target)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/bench/csl_bench_import")
    parser.add_argument("--slices", type=int, default=8192)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--connections", type=int, default=4)
    options = parser.parse_args()
    folder = options.folder / "ingest"
    folder.mkdir(parents=True)
    try:
        begin = load()
        rates = ours(options.program, folder, options.slices, options.rounds)
        print(f"Consilium, sealed and fsynced: {', '.join(f'{rate:.0f}' for rate in rates)} instances/s ({begin} to {load()})", flush=True)
        files = sorted((folder / "in").rglob("*.dcm"))
        size = sum(file.stat().st_size for file in files)
        print(f"{len(files)} files, {size / 2**30:.2f} GiB")
        for store in folder.glob("store*"):
            shutil.rmtree(store)
        if shutil.which("Orthanc") is None:
            print("Orthanc    not installed (apt-get install orthanc)")
            return
        begin = load()
        beside = [orthanc(folder, files, options.connections) for _ in range(options.rounds)]
        print(f"Orthanc, REST, {options.connections} connections: {', '.join(f'{rate:.0f}' for rate in beside)} instances/s "
              f"({begin} to {load()})")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
