#!/usr/bin/env python3
"""QRS detection on lead 0 of MIT-BIH records: ours and the rivals of PyPI, in one run, judged by one matcher.

usage: rivals.py [RECORD...]   (default: all of the shared data; the slowest rival then takes some ten minutes)
One thread each. Times are processor seconds of the detection; ours include the start of the program, reading the file
and writing the annotations. A rival that fails on a record counts all its beats as missed.
"""
import importlib.util
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
import warnings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
import neurokit2
import wfdb
import wfdb.processing
from biosppy.signals import ecg as biosppy_ecg

warnings.filterwarnings("ignore")
ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data"))
BINARY = os.environ.get("CONSILIUM_BINARY", str(ROOT / "build" / "release" / "src" / "consilium"))
RECORDS = SHARED / "signals" / "mitdb"


def load_judge():
    spec = importlib.util.spec_from_file_location("beats_judge", SHARED.parent / "judges" / "beats.py")
    judge = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(judge)
    return judge


def xqrs(signal, rate):
    detector = wfdb.processing.XQRS(sig=signal, fs=rate)
    detector.detect(verbose=False)
    return detector.qrs_inds


def neurokit(signal, rate):
    return neurokit2.ecg_peaks(neurokit2.ecg_clean(signal, rate), rate)[1]["ECG_R_Peaks"]


def hamilton(signal, rate):
    found = biosppy_ecg.hamilton_segmenter(signal=signal, sampling_rate=rate)["rpeaks"]
    return biosppy_ecg.correct_rpeaks(signal=signal, rpeaks=found, sampling_rate=rate)["rpeaks"]


RIVALS = {"wfdb-python xqrs": xqrs, "NeuroKit2 default": neurokit, "BioSPPy hamilton": hamilton}


def ours(record, options, judge, out):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([BINARY, "detect", str(RECORDS / f"{record}.hea"), "--annotator", "csl", "--out", out, *options],
                   check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return judge.annotations(f"{out}/{record}.csl")[0], seconds


def main():
    judge = load_judge()
    records = sys.argv[1:] or sorted(path.stem for path in RECORDS.glob("*.hea"))
    rows = {}
    hours = 0
    with tempfile.TemporaryDirectory() as out:
        for record in records:
            reference, flutter = judge.annotations(str(RECORDS / f"{record}.atr"))
            read = wfdb.rdrecord(str(RECORDS / record), channels=[0])
            signal = read.p_signal[:, 0]
            hours += len(signal) / 360 / 3600
            found = {"ours, lead 0": ours(record, ["--channel", "0"], judge, out),
                     "ours, both leads": ours(record, [], judge, out)}
            for name, detect in RIVALS.items():
                begin = time.process_time()
                try:
                    beats = sorted(int(at) for at in detect(signal, 360))
                except Exception as error:
                    print(f"{name} on {record}: {error}")
                    beats = []
                found[name] = (beats, time.process_time() - begin)
            for name, (beats, seconds) in found.items():
                sums = rows.setdefault(name, [0, 0, 0, 0.0])
                for k, value in enumerate((*judge.compare(reference, flutter, beats, 360), seconds)):
                    sums[k] += value
            print(f"{record} done", file=sys.stderr, flush=True)
    print(f"{len(records)} records, {hours:.1f} h; load {os.getloadavg()[0]:.1f}")
    for name, (matched, missed, extra, seconds) in rows.items():
        print(f"{name:18} FN {missed:5} FP {extra:5}  errors {missed + extra:5} of {matched + missed}  "
              f"{hours / seconds:7.2f} h of ECG a second")


if __name__ == "__main__":
    main()
