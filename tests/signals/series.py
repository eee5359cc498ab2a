#!/usr/bin/env python3
"""MiniRocket's features against an implementation of its own here, written from the paper, and against the published one
where a package with it is installed; and how it does on beats of the MIT-BIH records.

Fitted on one series, so that nothing depends on which example a generator draws; beats in whole units of their recorder,
so that every order of a sum gives the same.
"""
import itertools
import json
import os
import pathlib
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
RECORDS = SHARED / "signals" / "mitdb"
FEATURES = 10_000


def dilations_of(length):
    per_kernel = FEATURES // 84
    count = min(per_kernel, 32)
    values = (2 ** numpy.linspace(0, numpy.log2((length - 1) / 8), count)).astype(int)
    steps, times = numpy.unique(values, return_counts=True)
    times = (times * (per_kernel / count)).astype(int)
    i = 0
    while times.sum() < per_kernel:
        times[i % len(times)] += 1
        i += 1
    return list(zip(steps, times))


def convolution(series, weights, step):
    padded = numpy.pad(series.astype(numpy.float32), 4 * step)
    return sum(w * padded[j * step:j * step + len(series)] for j, w in enumerate(weights)).astype(numpy.float32)


def expected_features(example, series):
    """As the paper says it, one kernel after another, without any of its short cuts."""
    plan, n = [], 0
    for d, (step, count) in enumerate(dilations_of(len(example))):
        for k, twos in enumerate(itertools.combinations(range(9), 3)):
            weights = numpy.full(9, -1)
            weights[list(twos)] = 2
            shares = numpy.array([((n + i + 1) * (5 ** 0.5 + 1) / 2) % 1 for i in range(count)], numpy.float32)
            biases = numpy.quantile(convolution(example, weights, step), shares.astype(float)).astype(numpy.float32)
            plan.append((weights, step, biases, (d + k) % 2 == 1))
            n += count
    rows = []
    for one in series:
        row = []
        for weights, step, biases, is_inside in plan:
            values = convolution(one, weights, step)
            if is_inside:
                values = values[4 * step:-4 * step]
            row += [(values > b).mean() for b in biases]
        rows.append(row)
    return numpy.array(rows, numpy.float32)


def beats_of(record, samples=360):
    """Windows of a second round each normal or ventricular beat, in units of the recorder."""
    path = str(RECORDS / record)
    signal = wfdb.rdrecord(path, channels=[0], physical=False).d_signal[:, 0]
    read = wfdb.rdann(path, "atr")
    return [(s, signal[at - samples // 2:at + samples // 2]) for at, s in zip(read.sample, read.symbol)
            if s in "NLRV" and samples // 2 <= at <= len(signal) - samples // 2]


def write_table(path, beats):
    path.write_text("".join("\t".join([label, *map(str, one)]) + "\n" for label, one in beats), encoding="ascii")


def learn(*arguments):
    done = subprocess.run([BINARY, "learn", *map(str, arguments), "--json"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"FAILED: {done.stderr}\n0 passed, 1 failed")
    return json.loads(done.stdout)


def against_published(beats, example):
    """Of whatever package of the method is installed; none of them is asked for."""
    series = numpy.array([one for _, one in beats], numpy.float32)
    try:
        from sktime.transformations.panel.rocket import MiniRocket
    except ImportError:
        return None
    rocket = MiniRocket(num_kernels=FEATURES, random_state=1)
    rocket.fit(numpy.array(example, numpy.float32).reshape(1, 1, -1))
    return numpy.array(rocket.transform(series.reshape(len(series), 1, -1)), numpy.float32)


def main():
    if not RECORDS.is_dir():
        print("skipped: shared data absent")
        print("1 skipped: the MIT-BIH records are absent")
        return 0
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        judged = [beat for record in ("106", "119", "208", "223") for beat in beats_of(record)[100:105]]
        example = beats_of("101")[50][1]
        # Two series of one shape, so that there are two classes; the second draws no bias where it is the first again.
        write_table(folder / "one.tsv", [("N", example), ("V", example)])
        write_table(folder / "judged.tsv", judged)
        learn(folder / "one.tsv", "--test", folder / "judged.tsv", "--features", folder / "f.tsv", "--as-they-are")
        ours = numpy.loadtxt(folder / "f.tsv", dtype=numpy.float32)
        theirs = expected_features(example, [one for _, one in judged])
        off = abs(ours - theirs).max()
        tally.check(f"features differ by up to {off:.2e}", ours.shape == theirs.shape == (len(judged), 9_996) and off <= 1e-6)
        print(f"{ours.size:,} features of {len(judged)} beats against the paper's definition: largest difference {off:.1e}")
        published = against_published(judged, example)
        if published is None:
            print("the published implementation is not installed: compared with the definition alone")
        else:
            off = abs(ours - published).max()
            tally.check(f"the published implementation's differ by up to {off:.2e}", off <= 1e-6)
            print(f"against the published implementation: largest difference {off:.1e}")

        train = [beat for record in ("106", "119", "208") for beat in beats_of(record)[::6]]
        test = [beat for record in ("106", "119", "208") for beat in beats_of(record)[3::6]]
        write_table(folder / "train.tsv", train)
        write_table(folder / "test.tsv", test)
        one = learn(folder / "train.tsv", "--test", folder / "test.tsv")
        more = learn(folder / "train.tsv", "--test", folder / "test.tsv", "--threads", 3)
        tally.check("threads make a difference", all(one[k] == more[k] for k in ("right", "right_left_out", "ridge")))
        print(f"{one['series']} beats of three records: {100 * one['right_left_out']:.2f} % right where left out, {100 * one['right']:.2f} % of "
              f"{one['judged']} others; {one['transform_seconds']:.2f} s for features, {one['learn_seconds']:.2f} s to learn")
        tally.check("right", one["right"] >= 0.97)
        tally.check("left out says how it will do", abs(one["right"] - one["right_left_out"]) <= 0.02)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
