#!/usr/bin/env python3
"""`consilium detect --what beats` on the MIT-BIH records of the shared data, judged by an independent matcher.

Three limits (errors over all records, the median distance from the cardiologists' marks, the error of RR intervals), for
one lead and for both together, and one property that only the whole program shows: the annotation file is one that
wfdb-python reads to the same beats. The detector's constants were set on these records; bench/signals/held_out.py says
what they are worth on records held out. With --records: the errors of each record.
"""
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy
import wfdb

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
from tally import Tally  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data"))
BINARY = os.environ.get("CONSILIUM_BINARY", str(ROOT / "build" / "release" / "src" / "consilium"))
RECORDS = SHARED / "signals" / "mitdb"
JUDGE = SHARED.parent / "judges" / "beats.py"
# Lead 0 alone, and all leads together: errors at most, and the root mean square error of the RR intervals.
GOALS = {"lead 0": (["--channel", "0"], 110), "both leads": ([], 70)}
MEDIAN_MS_MAX = 10.0
RR_MS_MAX = 35.0


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
    tally = Tally()

    for name, (options, errors_max) in GOALS.items():
        total = [0, 0, 0]
        offsets_ms = []
        rr_ms = []
        with tempfile.TemporaryDirectory() as out:
            for header in sorted(RECORDS.glob("*.hea")):
                record = header.stem
                done = subprocess.run([BINARY, "detect", str(header), "--annotator", "csl", *options, "--out", out],
                                      capture_output=True, text=True, check=False)
                tally.check(f"{record}: {done.stderr}", done.returncode == 0)
                if done.returncode != 0:
                    continue
                found = judge.annotations(f"{out}/{record}.csl")[0]
                read = wfdb.rdann(f"{out}/{record}", "csl")
                tally.check(f"{record}: wfdb-python reads the same beats", list(read.sample) == found)
                tally.check(f"{record}: all are beats", set(read.symbol) <= {"N"})
                reference, flutter = judge.annotations(str(RECORDS / f"{record}.atr"))
                row = judge.compare(reference, flutter, found, 360)
                total = [a + b for a, b in zip(total, row)]
                if "--records" in sys.argv:
                    print(f"  {record}: FN {row[1]} FP {row[2]}")
                before = None
                for at, i in zip(reference, numpy.searchsorted(found, reference)):
                    near = min((found[j] for j in (i - 1, i) if 0 <= j < len(found)), key=lambda t: abs(t - at))
                    if abs(near - at) > 54:
                        before = None
                        continue
                    offsets_ms.append((near - at) / 0.36)
                    if before is not None:
                        rr_ms.append(offsets_ms[-1] - before)
                    before = offsets_ms[-1]
        matched, missed, extra = total
        median = float(numpy.median(numpy.abs(offsets_ms)))
        rr_rms = float(numpy.sqrt(numpy.mean(numpy.square(rr_ms))))
        print(f"{name}: FN {missed} FP {extra}: {missed + extra} errors in {matched + missed} beats (limit {errors_max}); "
              f"median distance {median:.1f} ms (goal {MEDIAN_MS_MAX:.0f}); RR error {rr_rms:.1f} ms rms (goal {RR_MS_MAX:.0f})")
        tally.check(f"{name}: {missed + extra} errors", missed + extra <= errors_max)
        tally.check(f"{name}: median distance {median:.1f} ms", median <= MEDIAN_MS_MAX)
        tally.check(f"{name}: RR error {rr_rms:.1f} ms", rr_rms <= RR_MS_MAX)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
