#!/usr/bin/env python3
"""Heart rate variability against others: the windows that PhysioNet's Cardiovascular Signal Toolbox prints for its own
demo record, and NeuroKit2 on the MIT-BIH records where it is installed.

The toolbox counts the record nsr004 at 125 Hz, and time from its first beat; so it is read here. It leaves out intervals that change
by more than a fifth, which these windows have none or few of; it puts its windows every 30 s, of which those that begin
at whole five minutes are ours. Its periodogram counts one interval a second: its powers are ours times the mean rate. Where its own filter took out
intervals near ectopic beats that the labels do not name (2,400 s), shares of differences differ a little.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy
import wfdb

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "api"))
from tally import Tally  # noqa: E402

SHARED = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data"))
BINARY = pathlib.Path(os.environ.get("CONSILIUM_BINARY", ROOT / "build" / "release" / "src" / "consilium"))
SIGNALS = SHARED / "signals"

# begin: intervals' mean, SDNN, RMSSD, pNN50, VLF, LF, HF, SD2, as printed by the toolbox (BSD-3) for nsr004.
TOOLBOX = {
    2400: (918.0186, 38.39303, 28.1716, 0.059006, 870.85274, 368.81827, 249.1798, 50.4976),
    2700: (946.5741, 34.0816, 25.4459, 0.031646, 510.29586, 396.2162, 209.9707, 44.70279),
    3000: (909.7212, 52.99488, 36.6075, 0.12766, 1244.6562, 1357.1489, 479.0127, 70.31939),
    3600: (836.4022, 83.36088, 33.9438, 0.095238, 4878.531, 1990.6497, 502.4787, 115.4142),
    3900: (945.0314, 41.27853, 29.7608, 0.069401, 889.13798, 644.90073, 274.3827, 54.43878),
    4200: (835.9443, 101.1343, 26.0296, 0.047486, 6061.416, 720.56529, 236.3077, 141.8331),
}


def variability(header, beats):
    done = subprocess.run([BINARY, "variability", header, "--beats", beats, "--json"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"FAILED: {done.stderr}\n0 passed, 1 failed")
    return json.loads(done.stdout)


def near(tally, what, ours, theirs, share):
    off = abs(ours - theirs) / abs(theirs)
    tally.check(f"{what}: {ours:.4g}, expected {theirs:.4g} ({100 * off:.2f} % off)", off <= share)
    return off


def against_toolbox(tally, folder):
    (folder / "nsr004.hea").write_text("nsr004 0 125 0\n", encoding="ascii")
    shutil.copy(SIGNALS / "nsr2db" / "nsr004.ecg", folder)
    windows = variability(folder / "nsr004.hea", "ecg")["windows"]
    windows = {round(w["begin_s"] - windows[0]["begin_s"]): w for w in windows}
    worst = {"times": 0, "powers": 0}
    for begin, (mean, sdnn, rmssd, pnn50, vlf, lf, hf, sd2) in TOOLBOX.items():
        w = windows[begin]
        for name, expected, share, kind in (
                ("mean_ms", mean, 0.005, "times"), ("sdnn_ms", sdnn, 0.02, "times"), ("rmssd_ms", rmssd, 0.03, "times"),
                ("pnn50", pnn50, 0.1, "times"), ("vlf_ms2", vlf, 0.06, "powers"), ("lf_ms2", lf, 0.06, "powers"), ("hf_ms2", hf, 0.06, "powers")):
            ours = w[name] * (1000 / w["mean_ms"] if kind == "powers" else 1)
            worst[kind] = max(worst[kind], near(tally, f"nsr004 from {begin} s, {name}", ours, expected, share))
        our_sd2 = (2 * w["sdnn_ms"] ** 2 - w["sdsd_ms"] ** 2 / 2) ** 0.5
        worst["times"] = max(worst["times"], near(tally, f"nsr004 from {begin} s, SD2", our_sd2, sd2, 0.02))
    print(f"against the toolbox, {len(TOOLBOX)} windows of five minutes: times within {100 * worst['times']:.2f} %, "
          f"powers within {100 * worst['powers']:.1f} %")


def fluctuation(intervals, sizes):
    """Peng's detrended fluctuation, boxes without overlap."""
    profile = numpy.cumsum(intervals - intervals.mean())
    found = []
    for size in sizes:
        boxes = profile[:len(profile) // size * size].reshape(-1, size)
        x = numpy.arange(size)
        rest = [box - numpy.polyval(numpy.polyfit(x, box, 1), x) for box in boxes]
        found.append(numpy.sqrt(numpy.mean(numpy.square(rest))))
    return numpy.polyfit(numpy.log(sizes), numpy.log(found), 1)[0]


def against_python(tally):
    """The same from the paper's formulas in numpy, and NeuroKit2's where it is there, on records of normal beats alone."""
    try:
        import neurokit2
    except ImportError:
        neurokit2 = None
        print("1 skipped: NeuroKit2 is not installed")
    worst = judged = 0
    for record in ("101", "112", "115", "122"):
        path = SIGNALS / "mitdb" / record
        read = wfdb.rdann(str(path), "atr")
        beats = [(at, s) for at, s in zip(read.sample, read.symbol) if s in set("NLRBAaJSVrFejnE/fQ?")]
        ours = variability(path.with_suffix(".hea"), "atr")
        kept = [(b[0] - a[0]) / 360 * 1000 for a, b in zip(beats, beats[1:])
                if a[1] in "NLRB" and b[1] in "NLRB" and 300 <= (b[0] - a[0]) / 360 * 1000 <= 2000]
        nn = numpy.array(kept)
        near(tally, f"{record} SDNN", ours["sdnn_ms"], nn.std(ddof=1), 1e-9)
        near(tally, f"{record} alpha 1", ours["alpha1"], fluctuation(nn, range(4, 17)), 1e-6)
        near(tally, f"{record} alpha 2", ours["alpha2"], fluctuation(nn, range(16, 65)), 1e-6)
        if neurokit2 is None or ours["left_out"]:
            continue
        judged += 1
        peaks = neurokit2.intervals_to_peaks(nn, sampling_rate=360)
        times = neurokit2.hrv_time(peaks, sampling_rate=360)
        first = ours["windows"][0]
        some = nn[:first["intervals"]]
        entropy = neurokit2.entropy_sample(some, delay=1, dimension=2, tolerance=0.2 * some.std(ddof=1))[0]
        for name, key in (("mean_ms", "HRV_MeanNN"), ("sdnn_ms", "HRV_SDNN"), ("rmssd_ms", "HRV_RMSSD"), ("sdsd_ms", "HRV_SDSD")):
            worst = max(worst, near(tally, f"{record} {name} of NeuroKit2", ours[name], float(times[key].iloc[0]), 0.002))
        near(tally, f"{record}: sample entropy of five minutes", first["sample_entropy"], entropy, 0.05)
        # In samples, where exactly 50 ms is no more than 50 ms.
        steps = abs(numpy.diff(numpy.diff([at for at, _ in beats])))
        tally.check(f"{record} pNN50: {ours['pnn50']:.4f}", abs(ours["pnn50"] - (steps > 18).mean()) < 1e-12)
    if judged:
        print(f"against NeuroKit2, {judged} records: times within {100 * worst:.3f} %")


def main():
    if not SIGNALS.is_dir():
        print("skipped: shared data absent")
        print("1 skipped: the recordings are absent")
        return 0
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        against_toolbox(tally, pathlib.Path(folder))
    against_python(tally)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
