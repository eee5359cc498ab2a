#!/usr/bin/env python3
"""Compares the DICOM JSON of our writer with pydicom's, attribute by attribute, for every DICOM file of the shared data.

usage: metadata.py [--dump PROGRAM] [FOLDER...]

What may differ is named here, with its reason; the last line is "N passed, N failed", a file each.
"""
import argparse
import base64
import collections
import json
import math
import os
import pathlib
import subprocess
import sys
import warnings

import pydicom

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data"))
DUMP = ROOT / "build" / "release" / "src" / "format" / "dicom_json" / "csl_dump_dicom_json"
FOLDERS = ["imaging/dicom", "imaging/series", "malformed/pydicom", "malformed/pydicom-data", "wsi/dicom_cmu1_small"]
# Files that break the standard, where the two readers mend differently; neither is wrong.
BROKEN = {
    "DICOMDIR-nooffset": "its directory sequence is cut; no image",
    "bad_sequence.dcm": "a sequence with the length of another",
    "emri_small_jpeg_2k_lossless_too_short.dcm": "cut: pydicom gives up all of it",
}
PIXELS = ("7FE00010", "7FE00008", "7FE00009")


def same_number(ours, theirs, vr):
    if isinstance(ours, str) or isinstance(theirs, str):
        try:
            ours, theirs = float(ours), float(theirs)
        except ValueError:
            return str(ours).strip() == str(theirs).strip()
        if math.isnan(ours) and math.isnan(theirs):
            return True
    if vr in ("FL", "OF"):  # pydicom writes a float as the double that it equals, we as the shortest text
        return math.isclose(ours, theirs, rel_tol=1e-6, abs_tol=1e-44)
    return ours == theirs


def same_text(ours, theirs, vr):
    ours, theirs = "" if ours is None else str(ours), "" if theirs is None else str(theirs)
    # Spaces and NULs at either end are padding (PS3.5 6.2); pydicom keeps some of them.
    return ours.strip(" \0") == theirs.strip(" \0")


def same_name(ours, theirs):
    ours, theirs = ours or {}, theirs or {}
    if not isinstance(theirs, dict):
        theirs = {"Alphabetic": theirs}
    keys = set(ours) | set(theirs)
    return all(str(ours.get(k, "")).strip(" \0") == str(theirs.get(k, "")).strip(" \0") for k in keys)


def differences(ours, theirs, place=""):
    """(place, reason) of each attribute that differs."""
    out = []
    for key in sorted(set(ours) | set(theirs)):
        where = f"{place}{key}"
        if key in PIXELS or key.endswith("0000"):
            continue  # pixels go by address; group lengths do not go at all (PS3.18 F.2.2)
        if key not in ours or key not in theirs:
            out.append((where, "only in " + ("pydicom's" if key not in ours else "ours")))
            continue
        a, b = ours[key], theirs[key]
        # A file that states no VR (implicit, or UN): pydicom looks private attributes up in a dictionary of
        # manufacturers, we look standard ones up in the standard's.
        private = int(key[3], 16) % 2 == 1
        if a["vr"] != b["vr"] and ((private and "UN" in (a["vr"], b["vr"])) or b["vr"] == "UN"):
            continue
        if a["vr"] != b["vr"]:
            out.append((where, f"vr {a['vr']} / {b['vr']}"))
            continue
        vr = a["vr"]
        if vr == "SQ":
            left, right = a.get("Value", []), b.get("Value", [])
            if len(left) != len(right):
                out.append((where, f"{len(left)} / {len(right)} items"))
                continue
            for i, (x, y) in enumerate(zip(left, right)):
                out += differences(x, y, f"{where}.{i}.")
            continue
        if "InlineBinary" in a or "InlineBinary" in b:
            left, right = base64.b64decode(a.get("InlineBinary", "")), base64.b64decode(b.get("InlineBinary", ""))
            if left.rstrip(b"\0") != right.rstrip(b"\0"):
                out.append((where, f"{len(left)} / {len(right)} bytes differ"))
            continue
        left, right = a.get("Value", []), b.get("Value", [])
        if vr != "PN" and all(v in (None, "") for v in left) and all(v in (None, "") for v in right):
            continue
        if len(left) != len(right):
            out.append((where, f"{vr} {len(left)} / {len(right)} values: {str(left)[:60]} / {str(right)[:60]}"))
            continue
        for x, y in zip(left, right):
            if vr == "PN":
                same = same_name(x, y)
            elif isinstance(x, (int, float)) or isinstance(y, (int, float)):
                same = x is not None and y is not None and same_number(x, y, vr)
            else:
                same = same_text(x, y, vr)
            if not same:
                out.append((where, f"{vr} {str(x)[:60]!r} / {str(y)[:60]!r}"))
                break
    return out


def judge_json(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path)
        for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"):
            if keyword in dataset:
                del dataset[keyword]
        return json.loads(dataset.to_json(bulk_data_threshold=1 << 40))


def main():
    # What a file calls UN stays UN: pydicom would look private attributes up in a dictionary of manufacturers.
    pydicom.config.replace_un_with_known_vr = False
    parser = argparse.ArgumentParser()
    parser.add_argument("--dump", default=str(DUMP))
    parser.add_argument("folders", nargs="*")
    options = parser.parse_args()
    folders = [pathlib.Path(f) for f in options.folders] or [DATA / f for f in FOLDERS]
    if not any(f.exists() for f in folders):
        print("1 skipped: the shared data are absent (set CONSILIUM_DATA)")
        return 0
    files = sorted(p for f in folders for p in (f.rglob("*") if f.is_dir() else [f]) if p.is_file())
    dumped = subprocess.run([options.dump], input="".join(f"{p}\n" for p in files).encode(), stdout=subprocess.PIPE, check=True)
    lines = dumped.stdout.decode("utf-8").split("\n")[:-1]
    passed = failed = attributes = 0
    unjudged = collections.Counter()
    for path, line in zip(files, lines, strict=True):
        if line.startswith("refused"):
            unjudged["refused by us"] += 1
            continue
        ours = json.loads(line)
        if path.name in BROKEN:
            unjudged[f"not compared ({BROKEN[path.name]})"] += 1
            continue
        try:
            theirs = judge_json(path)
        except Exception as problem:  # the judge has no opinion on what it cannot read
            unjudged[f"not read by pydicom ({type(problem).__name__})"] += 1
            continue
        found = differences(ours, theirs)
        attributes += len(theirs)
        if found:
            failed += 1
            print(f"FAILED {path}")
            for where, reason in found[:8]:
                print(f"    {where}: {reason}")
        else:
            passed += 1
    for reason, count in sorted(unjudged.items()):
        print(f"{count} files {reason}")
    print(f"{attributes} attributes of the top level compared")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
