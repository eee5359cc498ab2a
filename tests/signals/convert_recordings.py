#!/usr/bin/env python3
"""consilium convert on recordings, judged by others: EDF+ and BDF+ by EDFlib, WFDB by wfdb-python, the table and
SampledData by their numbers, BIDS by its columns; and nothing of the patient goes along.

usage: convert_recordings.py   (CONSILIUM_BINARY, CONSILIUM_DATA)
"""
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import pyedflib
import wfdb

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data"))
BINARY = os.environ.get("CONSILIUM_BINARY", str(ROOT / "build" / "release" / "src" / "consilium"))
failures = []
passed = 0


def check(what, is_right, told=""):
    global passed
    if is_right:
        passed += 1
    else:
        failures.append(f"{what} {told}")


def convert(source, target, *options):
    done = subprocess.run([BINARY, "convert", str(source), str(target), *options, "--json"], capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise SystemExit(f"convert {source} {target}: {done.stderr}")
    return json.loads(done.stdout)


def main():
    if not DATA.exists():
        print("1 skipped: the shared data are absent (set CONSILIUM_DATA)\n0 passed, 0 failed")
        return 0
    record = DATA / "signals" / "mitdb" / "101.hea"
    truth = wfdb.rdrecord(str(record)[:-4], physical=False)
    marks = wfdb.rdann(str(record)[:-4], "atr")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for ending in ("edf", "bdf"):
            out = folder / f"a.{ending}"
            told = convert(record, out, "--annotator", "atr")
            reader = pyedflib.EdfReader(str(out))
            for c in range(2):
                samples = reader.readSignal(c, digital=True)[:truth.sig_len]
                check(f"{ending} channel {c}", np.array_equal(samples, truth.d_signal[:, c]))
            onsets, _, texts = reader.readAnnotations()
            check(f"{ending} annotations", len(onsets) == len(marks.sample) == told["events"], f"{len(onsets)} {len(marks.sample)}")
            check(f"{ending} onset", abs(onsets[5] - marks.sample[5] / 360) < 1e-6)
            check(f"{ending} patient", {reader.getPatientCode(), reader.getPatientName()} <= {"", "X"})
            reader.close()
        convert(record, folder / "b.hea", "--annotator", "atr")
        again = wfdb.rdrecord(str(folder / "b"), physical=False)
        check("wfdb samples", np.array_equal(again.d_signal, truth.d_signal))
        check("wfdb annotations", np.array_equal(wfdb.rdann(str(folder / "b"), "atr").sample, marks.sample))
        check("wfdb comments", not again.comments and again.base_time is None)
        convert(record, folder / "c_events.tsv", "--annotator", "atr")
        with open(folder / "c_events.tsv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        check("bids rows", len(rows) == len(marks.sample))
        check("bids sample", [int(row["sample"]) for row in rows[:50]] == list(marks.sample[:50]))
        check("bids description", "trial_type" in json.loads((folder / "c_events.json").read_text(encoding="utf-8")))
        ecg = DATA / "signals" / "hl7_aecg" / "Example aECG.xml"
        convert(ecg, folder / "d.json")
        text = (folder / "d.json").read_text(encoding="utf-8")
        observation = json.loads(text)
        lead = observation["component"][0]["valueSampledData"]
        check("sampled data", len(lead["data"].split()) == 5000 and lead["period"] == 2 and lead["factor"] == 2.5)
        check("no name goes along", "Clark" not in text and "SBJ-123" not in text and "1953" not in text)
        convert(ecg, folder / "e.csv")
        table = np.genfromtxt(folder / "e.csv", delimiter=",", skip_header=2)
        check("table", table.shape == (5000, 13) and abs(table[7, 1] - 2.5 * int(lead["data"].split()[7])) < 1e-6)
        for source in ("scp_ecg/Example.scp", "ge_muse_xml/example1.xml", "philips_sierra_xml/129DYPRG.XML", "brainvision/test.vhdr"):
            out = folder / "f.bdf"
            told = convert(DATA / "signals" / source, out)
            reader = pyedflib.EdfReader(str(out))
            check(f"{source} to BDF+", reader.signals_in_file == told["channels"])
            reader.close()
    print(f"{passed} passed, {len(failures)} failed")
    for failure in failures:
        print("failed:", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
