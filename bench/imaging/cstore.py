#!/usr/bin/env python3
"""C-STORE of 600 made CT slices (512 x 512, 16 bit) over one association of an unmodified storescu: into Consilium, into
DCMTK's storescp and into Orthanc, in turn, on the same machine.

    bench/imaging/cstore.py [--slices 600] [--rounds 3]

Consilium answers an image when it is fsynced; the others do not sync. Orthanc is measured where it is installed
(apt-get install orthanc). Prints images per second: the median, and each round.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "dimse"))
from node import Node, free_port, make_slices  # noqa: E402


def send(port: int, called: str, folder: pathlib.Path) -> float:
    os.sync()  # what was written before is not this receiver's debt
    begin = time.monotonic()
    done = subprocess.run(["storescu", "-aet", "STORESCU", "-aec", called, "+sd", "127.0.0.1", str(port), str(folder)], capture_output=True,
                          text=True, timeout=600, check=False)
    seconds = time.monotonic() - begin
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)
    return seconds


def ours(folder):
    with Node() as node:
        return send(node.dicom_port, "CONSILIUM", folder)


def storescp(folder):
    port = free_port()
    with tempfile.TemporaryDirectory() as target, subprocess.Popen(["storescp", "-od", target, str(port)]) as receiver:
        try:
            time.sleep(1)
            return send(port, "STORESCP", folder)
        finally:
            receiver.terminate()


def orthanc(folder):
    port, web = free_port(), free_port()
    with tempfile.TemporaryDirectory() as target:
        settings = pathlib.Path(target) / "orthanc.json"
        settings.write_text(json.dumps({"Name": "bench", "StorageDirectory": target, "IndexDirectory": target, "DicomPort": port,
                                        "HttpPort": web, "DicomAet": "ORTHANC", "DicomCheckCalledAet": False, "Plugins": [],
                                        "AuthenticationEnabled": False}))
        with subprocess.Popen(["Orthanc", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as receiver:
            try:
                time.sleep(4)
                return send(port, "ORTHANC", folder)
            finally:
                receiver.terminate()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--slices", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    receivers = {"Consilium (fsynced)": ours, "storescp of DCMTK": storescp}
    if shutil.which("Orthanc"):
        receivers["Orthanc"] = orthanc
    rates = {name: [] for name in receivers}
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="consilium-cstore-") as name:
            folder = pathlib.Path(name)
            make_slices(folder, options.slices, seed=number + 1, edge=512)
            for receiver, measure in receivers.items():
                rates[receiver].append(options.slices / measure(folder))
    for receiver, found in rates.items():
        rounds = ", ".join(f"{each:.0f}" for each in found)
        print(f"{receiver}: {statistics.median(found):.0f} images/s ({rounds})")


if __name__ == "__main__":
    main()
