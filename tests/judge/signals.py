#!/usr/bin/env python3
"""Judges our readers of recordings: the same samples and annotations as wfdb-python, EDFlib and edfio.

usage: signals.py --dump csl_dump_record [--quick] PATH...

PATHs are recordings or folders. Prints one JSON line for each file: {"file", "verdict", "detail"} with the verdict
  equal              both read it and every sample (or annotation) is the same
  refused            we refuse it; `detail` says why, and whether the judge reads it
  differs            both read it, and something is not the same
  judge cannot read  no judge reads it
and a table of the verdicts on stderr. Exit 1 when anything differs.

WFDB is compared with rdrecord(physical=False, smooth_frames=False), segments joined; annotation files with rdann, and
each must be written as the bytes it was read from. EDF and BDF are compared with EDFlib (by pyedflib); where that
refuses, with edfio; where both do, with the numbers unpacked here. The other formats are compared, lead by lead as
stored, with ecg_formats.py. --quick takes 40 records of a large folder.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import wfdb

import ecg_formats

warnings.simplefilter("ignore")
QUICK_RECORDS = 40
MISSING = -(2**31)
NOT_ANNOTATIONS = {".hea", ".dat", ".mat", ".csv", ".txt", ".htm", ".xml", ".edf", ".bdf", ".scp", ".eeg", ".vhdr", ".vmrk", ".dcm"}
WFDB_MISSING = {"8": None, "16": -32768, "24": -(2**23), "32": -(2**31), "61": -32768, "80": -128, "160": -32768,
                "212": -2048, "310": -512, "311": -512, "508": -128, "516": -32768, "524": -(2**23)}


def is_annotation_file(path):
    extension = os.path.splitext(path)[1].lower()
    return extension not in NOT_ANNOTATIONS and not (len(extension) == 3 and extension[1] == "d")


def split_samples(header, path):
    samples = np.fromfile(path, dtype="<i4")
    ends = np.cumsum([channel["sample_count"] for channel in header["channels"]])
    return np.split(samples, ends[:-1]) if len(ends) else []


def one_form(samples, missing):
    """Samples with one value for what was not measured."""
    wide = np.asarray(samples).astype(np.int64)
    return wide if missing is None else np.where(wide == missing, MISSING, wide)


def first_difference(ours, theirs, missing):
    ours = np.where(ours == missing[0], MISSING, ours.astype(np.int64))
    theirs = one_form(theirs, missing[1])
    if len(ours) != len(theirs):
        return f"{len(ours)} samples, the judge has {len(theirs)}"
    where = np.flatnonzero(ours != theirs)
    if len(where) == 0:
        return None
    return f"sample {where[0]} is {ours[where[0]]}, the judge has {theirs[where[0]]} ({len(where)} differ)"


def judge_wfdb(path):
    """[(samples, missing)] of each signal."""
    name = path[: -len(".hea")]
    try:
        record = wfdb.rdrecord(name, physical=False, smooth_frames=False, m2s=False)
    except ValueError:  # it cannot keep the frames of some records that it can smooth: one sample each
        record = wfdb.rdrecord(name, physical=False)
        if any(count != 1 for count in record.samps_per_frame):
            raise
        return [(record.d_signal[:, c], WFDB_MISSING[fmt]) for c, fmt in enumerate(record.fmt)]
    if not isinstance(record, wfdb.MultiRecord):
        return [(samples, WFDB_MISSING[fmt]) for samples, fmt in zip(record.e_d_signal or [], record.fmt or [])]
    parts = [segment for segment in record.segments if segment is not None]
    if len(parts) != len(record.segments) or record.layout != "fixed":
        raise ValueError("a record of segments with gaps")
    return [(np.concatenate([part.e_d_signal[c] for part in parts]), WFDB_MISSING[parts[0].fmt[c]])
            for c in range(record.n_sig)]


def judge_edflib(path):
    import pyedflib

    reader = pyedflib.EdfReader(path)
    try:
        signals = [reader.readSignal(c, digital=True) for c in range(reader.signals_in_file)]
        onsets, _, texts = reader.readAnnotations()
        annotations = list(zip(onsets, texts))
    finally:
        reader.close()
    return signals, annotations


def judge_edfio(path):
    import edfio

    read = edfio.read_bdf if path.lower().endswith(".bdf") and hasattr(edfio, "read_bdf") else edfio.read_edf
    edf = read(path)
    signals = [signal.digital for signal in edf.signals]
    return signals, [(annotation.onset, annotation.text) for annotation in edf.annotations]


def unpack_edf(path):
    """The numbers as they lie in the file, by the fields of the header alone."""
    with open(path, "rb") as file:
        data = file.read()
    count = int(data[252:256])
    width = 3 if data[0] == 255 else 2
    field = lambda at, size: [data[256 + count * at + i * size : 256 + count * at + (i + 1) * size] for i in range(count)]
    labels = [text.decode("latin-1").strip() for text in field(0, 16)]
    lengths = [int(text) for text in field(216, 8)]
    body = data[(count + 1) * 256 :]
    size = sum(lengths) * width
    records = len(body) // size
    if int(data[236:244]) >= 0:
        records = min(records, int(data[236:244]))
    table = np.frombuffer(body[: records * size], dtype=np.uint8).reshape(records, size)
    signals = []
    at = 0
    for label, length in zip(labels, lengths):
        part = table[:, at : at + length * width].reshape(-1, width).astype(np.int64)
        at += length * width
        if label in ("EDF Annotations", "BDF Annotations") or length == 0:
            continue
        value = part[:, 0] + (part[:, 1] << 8) + ((part[:, 2] << 16) if width == 3 else 0)
        signals.append(np.where(value >= 1 << (8 * width - 1), value - (1 << (8 * width)), value))
    return signals, None


def judge_edf(path):
    problems = []
    for name, read in (("EDFlib", judge_edflib), ("edfio", judge_edfio), ("unpacked", unpack_edf)):
        try:
            return name, read(path)
        except Exception as problem:  # a judge that fails is no judge of this file
            problems.append(f"{name}: {problem}")
    raise ValueError("; ".join(problems))


def without_missing(samples, missing):
    return samples[samples != missing]


def compare_edf(path, ours, signals):
    name, (theirs, annotations) = judge_edf(path)
    if len(theirs) != len(signals):
        return "differs", f"{len(signals)} channels, {name} has {len(theirs)}"
    for c, (mine, other) in enumerate(zip(signals, theirs)):
        if ours["header"]["gaps"]:  # judges join the parts
            mine = without_missing(mine, MISSING)
        difference = first_difference(mine, other, (MISSING, None))
        if difference:
            return "differs", f"channel {c}: {difference} ({name})"
    if annotations is not None:
        mine = [(row[0] / 1e9, row[2]) for row in ours["annotations"]]
        if len(mine) != len(annotations):
            return "differs", f"{len(mine)} annotations, {name} has {len(annotations)}"
        shifts = {round(float(b[0]) - a[0], 4) for a, b in zip(mine, annotations)}
        if [a[1].strip() for a in mine] != [str(b[1]).strip() for b in annotations]:
            return "differs", f"the annotations' texts ({name})"
        # A judge may count from the start time, we count from the first sample: one shift for all.
        if len(shifts) > 1:
            return "differs", f"the annotations' times ({name}): shifts {sorted(shifts)[:3]}"
    samples = sum(len(s) for s in signals)
    return "equal", f"{name}: {len(signals)} channels, {samples} samples, {len(ours['annotations'])} annotations"


def compare_wfdb(path, ours, signals):
    try:
        theirs = judge_wfdb(path)
    except Exception as problem:
        return "judge cannot read", str(problem)
    if len(theirs) != len(signals):
        return "differs", f"{len(signals)} channels, the judge has {len(theirs)}"
    for c, (mine, (other, missing)) in enumerate(zip(signals, theirs)):
        difference = first_difference(mine, other, (ours["header"]["channels"][c]["missing"], missing))
        if difference:
            return "differs", f"channel {c}: {difference}"
    if ours["wrong_checksums"]:
        return "differs", f"checksums of channels {ours['wrong_checksums']}"
    return "equal", f"{len(signals)} channels, {sum(len(s) for s in signals)} samples"


def compare_annotations(path, ours):
    if "error" in ours:
        return "refused", ours["error"]["what"]
    if not ours["round_trip"]:
        return "differs", "it is not written as it was read"
    stem, extension = os.path.splitext(path)
    try:
        judge = wfdb.rdann(stem, extension[1:])
    except Exception as problem:
        return "judge cannot read", f"{len(ours['rows'])} annotations; the judge: {problem}"
    # rdann takes the notes at time 0 for notes on the file, and leaves all of them out.
    rows = [row for row in ours["rows"] if not (row[0] == 0 and row[1] in (0, 22))]
    theirs = list(zip(judge.sample, judge.symbol, judge.subtype, judge.chan, judge.num, judge.aux_note))
    theirs = [row for row in theirs if not (row[0] == 0 and row[1] in ('"', " "))]
    if len(rows) != len(theirs):
        return "differs", f"{len(rows)} annotations, the judge has {len(theirs)}"
    signs = {row.label_store: row.symbol for row in wfdb.io.annotation.ann_labels}
    for i, (mine, other) in enumerate(zip(rows, theirs)):
        # What rdann takes for the sign of a code beyond its table is its own affair.
        same = (mine[0] == other[0] and signs.get(mine[1], other[1]) == other[1] and mine[2] == other[2]
                and mine[3] == other[3] and mine[4] == other[4] and mine[5].rstrip("\0") == other[5].rstrip("\0"))
        if not same:
            return "differs", f"annotation {i}: {mine}, the judge has {other}"
    return "equal", f"{len(rows)} annotations, the same bytes again"


def files_under(paths, quick):
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        for folder, _, names in sorted(os.walk(path)):
            headers = sorted(name for name in names if name.endswith(".hea"))
            kept = set(headers[:: max(1, len(headers) // QUICK_RECORDS)]) if quick else set(headers)
            stems = {name[:-4] for name in headers if name not in kept}
            for name in sorted(names):
                if os.path.splitext(name)[0] not in stems:
                    yield os.path.join(folder, name)


def verdict_on(path, ours, samples_path):
    if "error" in ours:
        what = ours["error"]["what"]
        try:
            (judge_wfdb if path.endswith(".hea") else judge_edf)(path)
            return "refused", f"{what}; the judge reads it"
        except Exception as problem:
            return "refused", f"{what}; the judge: {problem}"
    signals = split_samples(ours["header"], samples_path)
    if ours["kind"] in ecg_formats.READERS:
        return ecg_formats.compare(path, ours, signals)
    if ours["kind"] == "WFDB":
        return compare_wfdb(path, ours, signals)
    return compare_edf(path, ours, signals)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dump", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("paths", nargs="+")
    arguments = parser.parse_args()
    verdicts = collections.Counter()

    def say(path, verdict, detail):
        verdicts[verdict] += 1
        print(json.dumps({"file": path, "verdict": verdict, "detail": detail}), flush=True)

    files = list(files_under(arguments.paths, arguments.quick))
    by_stem = collections.defaultdict(list)
    for path in files:
        if is_annotation_file(path):
            by_stem[os.path.splitext(path)[0]].append(path)
    # A signal file of WFDB is compared with its header; what else there is, is opened by itself.
    records = [path for path in files if not is_annotation_file(path) and os.path.splitext(path)[1].lower() not in
               (".dat", ".mat", ".htm", ".txt", ".eeg", ".vmrk") and (path.endswith(".dcm") or not os.path.splitext(path)[1].startswith(".d"))]
    stems = {os.path.splitext(path)[0] for path in records if path.endswith(".hea")}
    alone = [path for stem, paths in by_stem.items() if stem not in stems for path in paths]
    with tempfile.TemporaryDirectory() as folder:
        samples_path = os.path.join(folder, "samples")
        process = subprocess.Popen([arguments.dump, "--list"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def dumped(path, annotations):
            process.stdin.write("\t".join([path, samples_path, *annotations]) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        for path in records:
            annotations = by_stem[os.path.splitext(path)[0]] if path.endswith(".hea") else []
            ours = dumped(path, annotations)
            say(path, *verdict_on(path, ours, samples_path))
            for annotation_path, read in ours["annotation_files"].items():
                say(annotation_path, *compare_annotations(annotation_path, read))
        for path in alone:
            say(path, *compare_annotations(path, dumped(path, [path])["annotation_files"][path]))
        process.stdin.close()
        process.wait()
    for verdict, count in sorted(verdicts.items()):
        print(f"{count:6} {verdict}", file=sys.stderr)
    return 1 if verdicts["differs"] else 0


if __name__ == "__main__":
    sys.exit(main())
