#!/usr/bin/env python3
"""`consilium cluster` on the MIT-BIH records: how many beats a technician gets right who names 12 clusters a record.

Each cluster is named by the cardiologists' class (AAMI N, S, V, F, Q) of most of its beats; 25 clusters named by their
representative beat are 25 beats picked by us and labelled. Beats at the reference's places, and at those that `detect`
finds (matched within 150 ms; a beat that was not found counts as wrong). Paced records are left out (EC57).
"""
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import wfdb

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
from tally import Tally  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data"))
BINARY = os.environ.get("CONSILIUM_BINARY", str(ROOT / "build" / "release" / "src" / "consilium"))
RECORDS = SHARED / "signals" / "mitdb"
PACED = {"102", "104", "107", "217"}
CLASS = {**dict.fromkeys("NLRejnB", "N"), **dict.fromkeys("AaJS", "S"), **dict.fromkeys("VEr", "V"), "F": "F",
         **dict.fromkeys("/fQ?", "Q")}
MAJORITY_MIN, PICKED_MIN = 98.6, 98.7


def run(*arguments):
    done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"FAILED: {done.stderr}\n0 passed, 1 failed")


def truth_at(samples, reference, window):
    """The class of each sample, None where the reference has no beat; each reference beat once."""
    out, j = [], 0
    for at in samples:
        while j < len(reference) and reference[j][0] < at - window:
            j += 1
        near = [k for k in range(j, min(j + 3, len(reference))) if abs(reference[k][0] - at) <= window]
        best = min(near, key=lambda k: abs(reference[k][0] - at), default=None)
        out.append(None if best is None else reference[best][1])
        j = j if best is None else best + 1
    return out


def named_right(path, reference, window, by_majority):
    answer = json.loads(path.read_text())
    truth = truth_at([beat["sample"] for beat in answer["beats"]], reference, window)
    counts = [collections.Counter() for _ in answer["clusters"]]
    for beat, kind in zip(answer["beats"], truth):
        counts[beat["cluster"]][kind] += 1
    said = collections.Counter()
    for cluster, count in zip(answer["clusters"], counts):
        name = truth[cluster["representative"]]
        if by_majority:
            name = max((kind for kind in count if kind), key=lambda kind: count[kind], default=None)
        if name:
            said[name] += count[name]
    return said, len(answer["clusters"])


def main():
    if not RECORDS.is_dir():
        print("skipped: shared data absent")
        print("1 skipped: the MIT-BIH records are absent")
        return 0
    tally = Tally()

    with tempfile.TemporaryDirectory() as out:
        out = pathlib.Path(out)
        there = collections.Counter()
        right = collections.defaultdict(collections.Counter)
        begin = time.monotonic()
        for header in sorted(RECORDS.glob("*.hea")):
            record = header.stem
            if record in PACED:
                continue
            for file in RECORDS.glob(f"{record}.*"):
                shutil.copy(file, out)
            read = wfdb.rdann(str(out / record), "atr")
            reference = [(at, CLASS[symbol]) for at, symbol in zip(read.sample.tolist(), read.symbol) if symbol in CLASS]
            there.update(kind for _, kind in reference)
            run("detect", out / f"{record}.hea", "--annotator", "csl")
            for annotator in ("atr", "csl"):
                for clusters, by_majority in ((12, True), (25, False)):
                    to = out / "clusters.json"
                    run("cluster", out / f"{record}.hea", "--beats", annotator, "--clusters", clusters, "--out", to)
                    said, count = named_right(to, reference, 0 if annotator == "atr" else 54, by_majority)
                    right[annotator, clusters].update(said)
                    tally.check(f"{record}: {count} clusters", 1 <= count <= clusters)
        beats = sum(there.values())
        for (annotator, clusters), said in right.items():
            share = 100 * sum(said.values()) / beats
            kinds = ", ".join(f"{kind} {100 * said[kind] / there[kind]:.1f}" for kind in "NSVF")
            how = "clusters named by their majority" if clusters == 12 else "beats picked and labelled"
            print(f"beats of {annotator}: {clusters} {how}: {share:.2f} % of {beats} right (sensitivity {kinds})")
            if annotator == "atr":
                tally.check(f"{share:.2f} %", share >= (MAJORITY_MIN if clusters == 12 else PICKED_MIN))
        print(f"{time.monotonic() - begin:.0f} s")
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
