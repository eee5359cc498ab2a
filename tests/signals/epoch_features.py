#!/usr/bin/env python3
"""Features of epochs against SciPy's spectrum and numpy, on a made night of EEG (noise whose power falls with frequency,
spindles and slow waves on it) and on an ECG; and how many epochs a second they take."""
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy
import scipy.signal
import wfdb

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
from tally import Tally  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data"))
BINARY = pathlib.Path(os.environ.get("CONSILIUM_BINARY", ROOT / "build" / "release" / "src" / "consilium"))
EPOCHS_A_SECOND_MIN = 500
BANDS = {"delta": (0.5, 4), "theta": (4, 8), "alpha": (8, 12), "sigma": (12, 16), "beta": (16, 30)}


def features(header, out):
    done = subprocess.run([BINARY, "features", header, "--out", out, "--json"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"FAILED: {done.stderr}\n0 passed, 1 failed")
    rows = list(csv.DictReader(out.open(encoding="ascii")))
    return json.loads(done.stdout), {k: numpy.array([float(r[k]) for r in rows]) for k in rows[0]}


def expected(signal, rate):
    piece = 2 ** int(numpy.log2(4 * rate))
    hz, density = scipy.signal.welch(signal, rate, nperseg=piece, detrend="constant")
    out = {name: density[(hz >= low) & (hz < high)].sum() * (hz[1] - hz[0]) for name, (low, high) in BANDS.items()}
    steps, turns = numpy.diff(signal), numpy.diff(signal, 2)
    out["activity"] = signal.var()
    out["mobility"] = (steps.var() / signal.var()) ** 0.5
    out["complexity"] = (turns.var() / steps.var()) ** 0.5 / out["mobility"]
    out["line_length"] = abs(steps).mean()
    out["crossings"] = numpy.diff(signal < signal.mean()).mean()
    return out


def made_night(hours=8, rate=100):
    generator = numpy.random.default_rng(5)
    count = hours * 3600 * rate
    spectrum = numpy.fft.rfft(generator.normal(0, 1, count))
    spectrum[1:] /= numpy.sqrt(numpy.arange(1, spectrum.size)) / 300
    spectrum[0] = 0
    t = numpy.arange(count) / rate
    spindles = 15 * numpy.sin(2 * numpy.pi * 13 * t) * (t % 20 < 1)
    slow = 60 * numpy.sin(2 * numpy.pi * 0.9 * t) * (t // 1800 % 2)
    return numpy.fft.irfft(spectrum, count) + spindles + slow


def main():
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        wfdb.wrsamp("night", fs=100, units=["uV"], sig_name=["C3"], p_signal=made_night().reshape(-1, 1), fmt=["16"], write_dir=str(folder))
        records = {"a made night": (folder / "night", 0.001)}
        ecg = SHARED / "signals" / "mitdb" / "101"
        if ecg.with_suffix(".hea").is_file():
            records["MIT-BIH 101"] = (ecg, 1)
        for name, (path, scale) in records.items():
            answer, ours = features(path.with_suffix(".hea"), folder / "out.csv")
            record = wfdb.rdrecord(str(path), channels=[0])
            signal = numpy.float32(record.p_signal[:, 0] * scale).astype(float)
            epoch = int(30 * record.fs)
            worst = 0
            for e in range(0, answer["epochs"], max(1, answer["epochs"] // 40)):
                theirs = expected(signal[e * epoch:(e + 1) * epoch], record.fs)
                worst = max([worst] + [abs(ours[k][e] - v) / max(abs(v), 1e-12) for k, v in theirs.items()])
            tally.check(f"{name}: off by {worst:.1e}", worst < 1e-4)
            a_second = answer["epochs"] / answer["seconds"]
            print(f"{name}: {answer['epochs']} epochs, off SciPy's and numpy's by {worst:.1e} at most; {a_second:,.0f} epochs of 30 s at {record.fs} Hz a second")
            tally.check(f"{name}: {a_second:.0f} epochs a second", a_second >= EPOCHS_A_SECOND_MIN)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
