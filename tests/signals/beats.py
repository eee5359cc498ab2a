#!/usr/bin/env python3
"""`consilium detect --what beats` on the MIT-BIH records of the shared data, judged by an independent matcher.

Two goals (errors over all records, and the median distance from the cardiologists' marks) and one property that only
the whole program shows: the annotation file is one that wfdb-python reads to the same beats.
"""
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy
import wfdb

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data"))
BINARY = os.environ.get("CONSILIUM_BINARY", str(ROOT / "build" / "release" / "src" / "consilium"))
RECORDS = SHARED / "signals" / "mitdb"
JUDGE = SHARED.parent / "judges" / "beats.py"
ERRORS_MAX = 110
MEDIAN_MS_MAX = 10.0


def load_judge():
    spec = importlib.util.spec_from_file_location("beats_judge", JUDGE)
    judge = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(judge)
    return judge


def main():
    if not RECORDS.is_dir() or not JUDGE.is_file():
        print("skipped: shared data absent")
        print("1 skipped: the MIT-BIH records are absent")
        return 0
    judge = load_judge()
    passed = failed = 0

    def check(name, good):
        nonlocal passed, failed
        passed, failed = passed + bool(good), failed + (not good)
        if not good:
            print(f"FAILED: {name}")

    total = [0, 0, 0]
    offsets_ms = []
    with tempfile.TemporaryDirectory() as out:
        for header in sorted(RECORDS.glob("*.hea")):
            record = header.stem
            done = subprocess.run([BINARY, "detect", str(header), "--annotator", "csl", "--channel", "0", "--out", out],
                                  capture_output=True, text=True, check=False)
            check(f"{record}: {done.stderr}", done.returncode == 0)
            if done.returncode != 0:
                continue
            found = judge.annotations(f"{out}/{record}.csl")[0]
            read = wfdb.rdann(f"{out}/{record}", "csl")
            check(f"{record}: wfdb-python reads the same beats", list(read.sample) == found)
            check(f"{record}: all are beats", set(read.symbol) <= {"N"})
            reference, flutter = judge.annotations(str(RECORDS / f"{record}.atr"))
            total = [a + b for a, b in zip(total, judge.compare(reference, flutter, found, 360))]
            nearest = numpy.searchsorted(found, reference)
            for at, i in zip(reference, nearest):
                off = min((found[j] - at for j in (i - 1, i) if 0 <= j < len(found)), key=abs)
                if abs(off) <= 54:
                    offsets_ms.append(off / 0.36)
    matched, missed, extra = total
    median = float(numpy.median(numpy.abs(offsets_ms)))
    print(f"FN {missed} FP {extra}: {missed + extra} errors in {matched + missed} beats (goal {ERRORS_MAX}); "
          f"median distance {median:.1f} ms (goal {MEDIAN_MS_MAX:.0f})")
    check(f"{missed + extra} errors", missed + extra <= ERRORS_MAX)
    check(f"median distance {median:.1f} ms", median <= MEDIAN_MS_MAX)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
