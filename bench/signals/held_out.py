#!/usr/bin/env python3
"""What the rules for beats of both leads are worth on records held out: the tuner of src/analysis/qrs_detection/qrs_fusion.cpp.

usage: held_out.py [ROUNDS]   (default 700; some minutes)
Makes candidates of the MIT-BIH records as the detector does (in floating point), searches the eight constants of its
dropping rule at random on all records, then anew for each record on the others. Prints errors in the sample and held
out, per record. The filters' widths and the level share were not searched again: they were set on all records.
"""
import importlib.util
import os
import pathlib
import sys

import numpy
import wfdb
from scipy.ndimage import median_filter, uniform_filter1d

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data"))
RECORDS = SHARED / "signals" / "mitdb"
RATE = 360
BLOCK = 2 * RATE
# of_sum, hardly, unlike, weak_beside, somewhat_unlike, beside_ms, weak_between, between_rr: as qrs_fusion.cpp names them.
START = numpy.array([0.25, 0.13, 0.79, 0.3, 0.9, 430, 0.33, 1.24])


def mean_over(values, width_ms):
    half = max(1, round((width_ms * RATE / 1000 - 1) / 2))
    return uniform_filter1d(values, 2 * half + 1, mode="constant")


def filtered(lead):
    lead = numpy.nan_to_num(lead - lead[0])
    low = mean_over(mean_over(mean_over(lead, 14), 14), 14)
    return low - mean_over(mean_over(low, 60), 60), mean_over(mean_over(lead, 8), 8) - low


def contrast(energy):
    blocks = energy[:len(energy) // BLOCK * BLOCK].reshape(-1, BLOCK)
    peak = median_filter(blocks.max(1), 17, mode="nearest")
    return peak, peak / numpy.maximum(median_filter(numpy.median(blocks, 1), 17, mode="nearest"), 1e-9)


def candidates(energy, high):
    qrs, high = mean_over(energy, 97), mean_over(high, 97)
    above = qrs > mean_over(energy, 720) + 0.1 * mean_over(energy, 10_000)
    edges = numpy.diff(numpy.r_[0, above.astype("i1"), 0])
    found = []
    for begin, end in zip(numpy.flatnonzero(edges == 1), numpy.flatnonzero(edges == -1)):
        if (end - begin) * 1000 / RATE < 59:
            continue
        one = (begin + int(numpy.argmax(energy[begin:end])), numpy.sqrt(qrs[begin:end].max()))
        if found and (one[0] - found[-1][0]) * 1000 / RATE < 250:
            if one[1] > found[-1][1]:
                found[-1] = one
        else:
            found.append(one)
    return found


def share(values, i):
    near = numpy.delete(values[max(0, i - 6):i + 7], i - max(0, i - 6))
    return values[i] / max(1e-9, numpy.median(near))


def likeness(band, places):
    half, shifts = 36, (-6, -3, 0, 3, 6)
    padded = numpy.pad(band, half + 8)
    cut = lambda at, shift: padded[at + 8 + shift:at + 9 + shift + 2 * half]
    unit = lambda shape: shape / max(1e-9, numpy.linalg.norm(shape))
    shapes = numpy.stack([unit(cut(at, 0)) for at in places])
    out = numpy.empty(len(places))
    for i, at in enumerate(places):
        begin = max(0, i - 8)
        like = numpy.max([shapes[begin:i + 9] @ unit(cut(at, shift)) for shift in shifts], axis=0)
        out[i] = numpy.median(numpy.delete(like, i - begin))
    return out


def features(signal):
    """A row a candidate: share of the sum, of lead 0, of lead 1, weight of lead 0, likeness, interval before, after, usual."""
    bands = [filtered(signal[:, lead]) for lead in (0, 1)]
    energies = [mean_over(band ** 2, 97) for band, _ in bands]
    peaks, contrasts = zip(*(contrast(energy) for energy in energies))
    middles = (numpy.arange(len(peaks[0])) + 0.5) * BLOCK
    time = numpy.arange(len(signal))
    weights = [numpy.interp(time, middles, one / sum(contrasts)) for one in contrasts]
    gains = [weight * numpy.interp(time, middles, 1 / numpy.maximum(peak, 1e-9)) for weight, peak in zip(weights, peaks)]
    found = candidates(sum(g * band ** 2 for g, (band, _) in zip(gains, bands)), sum(g * high ** 2 for g, (_, high) in zip(gains, bands)))
    places = [at for at, _ in found]
    strengths = [numpy.array([one for _, one in found])]
    strengths += [numpy.sqrt([max(0, energy[max(0, at - 18):at + 19].max()) for at in places]) for energy in energies]
    like = numpy.maximum(*(likeness(band, places) for band, _ in bands))
    ms = numpy.array(places) * 1000 / RATE
    rows = []
    for i in range(len(places)):
        rows.append([*(share(one, i) for one in strengths), weights[0][places[i]], like[i], ms[i] - ms[i - 1] if i else 1e9,
                     ms[i + 1] - ms[i] if i + 1 < len(ms) else 1e9, numpy.median(numpy.diff(ms[max(0, i - 7):i + 8]))])
    return numpy.array(places), numpy.array(rows)


def truth(places, reference):
    """Which candidates the judge would match were all of them given."""
    right, i, j = numpy.zeros(len(places), bool), 0, 0
    while i < len(reference) and j < len(places):
        off = abs(reference[i] - places[j])
        if off <= 54:
            if j + 1 < len(places) and abs(reference[i] - places[j + 1]) < off:
                j += 1
                continue
            right[j] = True
            i, j = i + 1, j + 1
        elif reference[i] < places[j]:
            i += 1
        else:
            j += 1
    return right


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 700
    spec = importlib.util.spec_from_file_location("beats_judge", SHARED.parent / "judges" / "beats.py")
    judge = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(judge)
    names = sorted(path.stem for path in RECORDS.glob("*.hea"))
    rows, right, record, never_found = [], [], [], []
    for r, name in enumerate(names):
        places, features_of = features(wfdb.rdrecord(str(RECORDS / name)).p_signal)
        reference, flutter = judge.annotations(str(RECORDS / f"{name}.atr"))
        good = truth(places, reference)
        never_found.append(judge.compare(reference, flutter, places[good].tolist(), RATE)[1])
        used = (places >= 300 * RATE - 54) & ~numpy.any([(places >= a) & (places <= b) for a, b in flutter] or [places < 0], axis=0)
        rows.append(features_of[used])
        right.append(good[used])
        record.append(numpy.full(used.sum(), r))
    table, right, record = numpy.nan_to_num(numpy.concatenate(rows), posinf=1e9), numpy.concatenate(right), numpy.concatenate(record)
    of_sum, lead_0, lead_1, weight, like, before, after, usual = table.T
    least = numpy.minimum(of_sum, numpy.minimum(numpy.where(weight > 0.1, lead_0, 9), numpy.where(weight < 0.9, lead_1, 9)))

    def errors(rule):
        never, hardly, unlike, beside, somewhat, beside_ms, between, between_rr = rule
        dropped = (of_sum < never) | ((least < hardly) & (like < unlike)) | ((like < somewhat) & (
            ((least < beside) & (numpy.minimum(before, after) < beside_ms)) | ((least < between) & (before + after < between_rr * usual))))
        return numpy.bincount(record, weights=dropped == right, minlength=len(names)) + never_found

    def search(mask, seed):
        random = numpy.random.default_rng(seed)
        best, fewest = START, (errors(START) * mask).sum()
        for _ in range(rounds):
            tried = best * numpy.where(random.random(8) < 0.35, numpy.exp(random.normal(0, 0.2, 8)), 1)
            here = (errors(tried) * mask).sum()
            if here <= fewest:
                best, fewest = tried, here
        return best

    rule = search(numpy.ones(len(names)), 0)
    within = errors(rule)
    held = numpy.array([errors(search(numpy.arange(len(names)) != r, r))[r] for r in range(len(names))])
    for name, inside, outside in zip(names, within, held):
        if inside or outside:
            print(f"{name}: {inside:.0f} errors in the sample, {outside:.0f} held out")
    print(f"sum: {within.sum():.0f} in the sample, {held.sum():.0f} held out, of {sum(never_found)} that no rule can mend")
    print("rule:", *(f"{value:.3f}" for value in rule))


if __name__ == "__main__":
    main()
