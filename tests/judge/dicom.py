#!/usr/bin/env python3
"""Judges our DICOM reader by pydicom: same pixels, same text, same geometry.

usage: dicom.py --dump csl_dump_dicom --worker csl_codec_worker PATH...
       dicom.py --dump csl_dump_dicom --worker csl_codec_worker --series DIR...

Prints one JSON line for each file: {"file", "verdict", "detail"} with the verdict
  equal              both read it and every pixel of every frame is the same
  refused            we refuse it; `detail` says why, and whether the judge reads it
  differs            both read it, and something is not the same
  judge cannot read  pydicom refuses or fails
and a table of the verdicts on stderr. Exit 1 when anything differs.

Lossy JPEG leaves the inverse transform to the decoder (ITU-T T.83 allows one step of error), so
`equal` there means that no sample is further off than LOSSY_STEPS; `detail` has the difference.
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
import pydicom
import pydicom.encaps
from pydicom.pixels import apply_color_lut, pixel_array

warnings.simplefilter("ignore")
LOSSY_JPEG = {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 52, 53, 54, 55, 56)}
LOSSY_J2K = {"1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.203"}
LOSSY_STEPS = 2
NEVER_IMAGES = "comes with a later version", "come with a later version", "not an image", "no image"


def files_under(paths):
    for path in paths:
        if os.path.isdir(path):
            for folder, _, names in sorted(os.walk(path)):
                yield from (os.path.join(folder, name) for name in sorted(names))
        else:
            yield path


def holds_rgb(dataset):
    """Whether the JPEG itself says that its three components are RGB (Adobe's marker, transform 0), whatever the dataset
    calls them: slides of Aperio are written so. The judge believes the dataset and would turn them once more."""
    if str(dataset.file_meta.TransferSyntaxUID) not in LOSSY_JPEG or dataset.get("SamplesPerPixel", 1) != 3:
        return False
    frame = next(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=int(dataset.get("NumberOfFrames", 1))))
    marker = frame.find(b"Adobe", 0, frame.find(b"\xff\xda"))
    return marker > 0 and frame[marker + 11] == 0


def judge_pixels(dataset):
    """Ready samples by pydicom: RGB, palette applied, foreign high bits gone."""
    # JPEG by the IJG code in GDCM, where it is there: as most viewers have it.
    uid = str(dataset.file_meta.TransferSyntaxUID)
    try:
        array = pixel_array(dataset, decoding_plugin="gdcm" if uid in LOSSY_JPEG else "",
                            raw=holds_rgb(dataset))
    except Exception:
        array = pixel_array(dataset)
    interpretation = dataset.PhotometricInterpretation
    if interpretation == "PALETTE COLOR":
        return apply_color_lut(array, dataset)
    if dataset.get("SamplesPerPixel", 1) == 1 and array.dtype.kind in "iu":
        allocated, stored = dataset.BitsAllocated, dataset.get("BitsStored", dataset.BitsAllocated)
        shift = allocated - stored
        if shift > 0 and allocated in (8, 16, 32):
            array = np.right_shift(np.left_shift(array, shift), shift)
    return array


def compare_pixels(dataset, image, frames_path):
    expected = judge_pixels(dataset)
    ours = np.fromfile(frames_path, dtype="<" + image["type"])
    if ours.size != expected.size:
        return "differs", f"{ours.size} samples, judge {expected.size}"
    ours = ours.reshape(expected.shape)
    if np.array_equal(ours, expected, equal_nan=expected.dtype.kind == "f"):
        return "equal", ""
    apart = np.abs(ours.astype(np.float64) - expected.astype(np.float64))
    detail = f"largest difference {apart.max():g}, {np.mean(apart > 0):.1%} of the samples"
    uid = str(dataset.file_meta.TransferSyntaxUID)
    if uid in LOSSY_JPEG | LOSSY_J2K and apart.max() <= LOSSY_STEPS:
        return "equal", "lossy: " + detail
    return "differs", detail


def text_of(element):
    value = element.value
    if element.VM > 1:
        return "\\".join(str(part) for part in value)
    return "" if value is None else str(value)


def compare_text(dataset, ours, path=""):
    """Text of every element that both have, in depth."""
    for element in dataset:
        key = f"({element.tag.group:04X},{element.tag.element:04X})"
        mine = ours.get(key)
        if mine is None:
            continue
        if element.VR == "SQ" and "items" in mine:
            if len(element.value) != len(mine["items"]):
                return f"{path}{key}: {len(mine['items'])} items, judge {len(element.value)}"
            for item, my_item in zip(element.value, mine["items"]):
                problem = compare_text(item, my_item, path + key)
                if problem:
                    return problem
        elif "text" in mine and element.VR in ("LO", "PN", "LT", "SH", "ST", "UC", "UT"):
            # Empty components at the end of a name say nothing, and pydicom drops them.
            unseen = " \0=^" if element.VR == "PN" else " \0"
            expected = "\\".join(part.rstrip(unseen) for part in text_of(element).split("\\"))
            found = "\\".join(part.rstrip(unseen) for part in mine["text"].split("\\"))
            if expected != found:
                return f"{path}{key}: text differs"
    missing = [t for t in dataset.keys()
               if f"({t.group:04X},{t.element:04X})" not in ours
               and t not in (0x7FE00010, 0x7FE00008, 0x7FE00009) and t.group >= 8]
    return f"{path}: {missing[0]} is missing" if missing else ""


def judge_file(path, dump, frames_path):
    refused = dump.get("refused")
    try:
        dataset = pydicom.dcmread(path, force=True)
        if not len(dataset):
            raise ValueError("no elements")
        if not getattr(dataset, "file_meta", None) or "TransferSyntaxUID" not in dataset.file_meta:
            dataset.ensure_file_meta()
            dataset.file_meta.TransferSyntaxUID = dump.get("transfer_syntax", "1.2.840.10008.1.2")
        list(dataset.iterall())
    except Exception as problem:
        if refused:
            return "judge cannot read", f"refused by us too: {refused['what']}"
        return "judge cannot read", f"{type(problem).__name__}"
    text_problem = compare_text(dataset, dump["dataset"]) if "dataset" in dump else ""
    if text_problem:
        return "differs", text_problem
    if refused and any(words in refused["what"] for words in NEVER_IMAGES):
        return "refused", refused["what"] + " (dataset equal)"
    try:
        expected = judge_pixels(dataset)
    except Exception as problem:
        if refused:
            same = "dataset equal; " if "dataset" in dump else ""
            return "judge cannot read", f"{same}refused by us too: {refused['what']}"
        return "judge cannot read", f"pixels: {type(problem).__name__}: {str(problem)[:120]}"
    del expected
    if refused:
        return "refused", f"{refused['code']}: {refused['what']}; the judge reads it"
    return compare_pixels(dataset, dump["image"], frames_path)


def judge_files(arguments):
    paths = list(files_under(arguments.paths))
    table = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        frames_path = os.path.join(folder, "frames.raw")
        reader = subprocess.Popen([arguments.dump, "--worker", arguments.worker, "--list"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for path in paths:
            reader.stdin.write(f"{path}\t{frames_path}\n")
            reader.stdin.flush()
            line = reader.stdout.readline()
            if not line:
                print(json.dumps({"file": path, "verdict": "differs", "detail": "we crashed"}))
                return 1
            dump = json.loads(line)
            verdict, detail = judge_file(path, dump, frames_path)
            notes = dump.get("notes") or []
            table[verdict] += 1
            print(json.dumps({"file": path, "verdict": verdict, "detail": detail, "notes": notes}))
        reader.stdin.close()
        reader.wait()
    for verdict, count in sorted(table.items()):
        print(f"{count:5} {verdict}", file=sys.stderr)
    return 1 if table["differs"] else 0


def expected_affine(datasets):
    """Computed afresh: first and last place along the normal, mean step between."""
    orientation = np.array(datasets[0].ImageOrientationPatient, dtype=float)
    row, column = orientation[:3], orientation[3:]
    normal = np.cross(row, column)
    places = np.array([d.ImagePositionPatient for d in datasets], dtype=float)
    places = places[np.argsort(places @ normal)]
    between_rows, between_columns = (float(v) for v in datasets[0].PixelSpacing)
    affine = np.eye(4)
    affine[:3, 0] = row * between_columns
    affine[:3, 1] = column * between_rows
    affine[:3, 2] = (places[-1] - places[0]) / (len(places) - 1)
    affine[:3, 3] = places[0]
    return affine


def judge_series(arguments):
    failures = 0
    for folder in arguments.series:
        answer = subprocess.run([arguments.dump, "--worker", arguments.worker, "--series", folder],
                                capture_output=True, text=True, check=True)
        volumes = json.loads(answer.stdout)["volumes"]
        for volume in volumes:
            slices = [path for path, _ in volume["slices"]]
            if len(slices) < 2:
                continue
            datasets = [pydicom.dcmread(path, stop_before_pixels=True) for path in slices]
            expected = expected_affine(datasets)
            ours = np.array(volume["affine"]).reshape(4, 4)
            apart = float(np.abs(ours - expected).max())
            # Each slice's own place must be where the affine puts it.
            worst = max(float(np.abs(ours[:3, 3] + k * ours[:3, 2]
                                     - np.array(d.ImagePositionPatient, dtype=float)).max())
                        for k, d in enumerate(datasets))
            verdict = "equal" if apart < 1e-5 else "differs"
            failures += verdict == "differs"
            print(json.dumps({"file": folder, "verdict": verdict, "detail":
                              f"dims {volume['dims']}, affine within {apart:.1e}, slices within "
                              f"{worst:.1e} mm, notes {volume['notes']}"}))
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dump", required=True)
    parser.add_argument("--worker", required=True)
    parser.add_argument("--series", nargs="*", default=[])
    parser.add_argument("paths", nargs="*")
    arguments = parser.parse_args()
    return max(judge_files(arguments) if arguments.paths else 0, judge_series(arguments))


sys.exit(main())
