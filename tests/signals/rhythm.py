#!/usr/bin/env python3
"""`consilium detect --what rhythm|quality` on the MIT-BIH records against the cardiologists' rhythm marks.

Atrial fibrillation by time (sensitivity, specificity) over all records, from the reference's beats and from found ones.
Ventricular runs: every three or more ventricular beats in a row in the reference must lie in a run of ours, and no other
beats. Quality: which share of the time lead 0 is called poor, and which share of the errors on that lead alone lies there.
"""
import os
import pathlib
import shutil
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
BEATS = set("NLRBAaJSVrFejnE/fQ?")
AF_SENSITIVITY_MIN = AF_SPECIFICITY_MIN = 94.0
RATE, LENGTH = 360, 650_000


def run(*arguments):
    done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"FAILED: {done.stderr}\n0 passed, 1 failed")


def fibrillating(read):
    """By tenth of a second: whether the rhythm in force is atrial fibrillation."""
    out = numpy.zeros(LENGTH // 36, bool)
    for at, symbol, text in zip(read.sample, read.symbol, read.aux_note):
        if symbol == "+":
            out[at // 36:] = text.strip("\0").startswith("(AFIB")
    return out


def runs_of(read):
    """Sets of the beats that lie three or more ventricular ones in a row."""
    beats = [(at, symbol) for at, symbol in zip(read.sample.tolist(), read.symbol) if symbol in BEATS]
    out, run_now = set(), []
    for at, symbol in beats + [(0, "N")]:
        if symbol in "VE":
            run_now.append(at)
            continue
        if len(run_now) >= 3:
            out.update(run_now)
        run_now = []
    return out, [at for at, _ in beats]


def errors_of(found, reference):
    """Times of missed and extra beats, each matched to the nearest within 150 ms."""
    found, reference = numpy.array(found), numpy.array(reference)
    near = lambda these, those: [t for t in these if numpy.min(abs(those - t)) > 54]
    return near(reference, found) + near(found, reference)


def main():
    if not RECORDS.is_dir():
        print("skipped: shared data absent")
        print("1 skipped: the MIT-BIH records are absent")
        return 0
    tally = Tally()

    counts = {"atr": numpy.zeros(4), "found": numpy.zeros(4)}
    poor_time = all_time = caught = errors = 0
    with tempfile.TemporaryDirectory() as out:
        out = pathlib.Path(out)
        for header in sorted(RECORDS.glob("*.hea")):
            record = header.stem
            for file in RECORDS.glob(f"{record}.*"):
                shutil.copy(file, out)
            header = out / f"{record}.hea"
            reference = wfdb.rdann(str(out / record), "atr")
            truth = fibrillating(reference)
            run("detect", header, "--what", "rhythm", "--beats", "atr", "--annotator", "rha")
            run("detect", header, "--what", "rhythm", "--annotator", "rhf")
            for name, ending in (("atr", "rha"), ("found", "rhf")):
                said = fibrillating(wfdb.rdann(str(out / record), ending))
                counts[name] += [(truth & said).sum(), (truth & ~said).sum(), (~truth & ~said).sum(), (~truth & said).sum()]
            expected, beats = runs_of(reference)
            marks = wfdb.rdann(str(out / record), "rha")
            changes = [(at, text.strip("\0")) for at, symbol, text in zip(marks.sample, marks.symbol, marks.aux_note) if symbol == "+"]
            in_force = numpy.searchsorted([at for at, _ in changes], beats, side="right") - 1
            ours = {at for at, k in zip(beats, in_force) if changes[k][1] in ("(VT", "(IVR")}
            tally.check(f"{record}: ventricular runs differ in {len(ours ^ expected)} beats", ours == expected)

            run("detect", header, "--annotator", "one", "--channel", "0")
            run("detect", header, "--what", "quality", "--annotator", "qua")
            quality = wfdb.rdann(str(out / record), "qua")
            poor = numpy.zeros(LENGTH, bool)
            for at, subtype in zip(quality.sample, quality.subtype):
                poor[at:] = bool(subtype & 1)
            wrong = errors_of(wfdb.rdann(str(out / record), "one").sample, beats)
            poor_time += poor.sum()
            all_time += LENGTH
            errors += len(wrong)
            caught += sum(poor[min(at, LENGTH - 1)] for at in wrong)
    for name, (hit, missed, right, extra) in counts.items():
        sensitivity, specificity = 100 * hit / (hit + missed), 100 * right / (right + extra)
        print(f"atrial fibrillation, beats of {name}: sensitivity {sensitivity:.1f} %, specificity {specificity:.1f} % by time")
        tally.check(f"{name}: sensitivity {sensitivity:.1f}", sensitivity >= AF_SENSITIVITY_MIN)
        tally.check(f"{name}: specificity {specificity:.1f}", specificity >= AF_SPECIFICITY_MIN)
    print(f"quality: {100 * poor_time / all_time:.1f} % of the time poor in lead 0, with {100 * caught / errors:.0f} % of its {errors} errors")
    tally.check("poor time", poor_time <= 0.08 * all_time)
    tally.check("errors in poor time", caught >= 0.6 * errors)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
