#!/usr/bin/env python3
"""Reads the exports of tests/e2e/main_job.mjs with readers that are not ours and compares them with what was drawn.

usage: main_job.py FOLDER   (holds the zips and expected.json)

Prints "ok ..." or "FAIL ..." for each comparison.
"""
import csv
import io
import json
import subprocess
import sys
import tempfile

import highdicom
import nibabel
import numpy as np
import pydicom
import wfdb
from pycocotools.coco import COCO
from exported import EXPECTED, check, failures, unpacked


def expected_mask():
    nx, ny, nz = EXPECTED["grid"]["dims"]
    mask = np.zeros((nz, ny, nx), dtype=bool)
    for voxel in EXPECTED["voxels"]:
        x, y, z, _ = map(int, voxel.split(","))
        mask[z, y, x] = True
    return mask


def judge_seg(folder):
    files = sorted(unpacked("dicom_seg", folder).rglob("*.dcm"))
    check("a segmentation object is there", len(files) >= 1, str(len(files)))
    for path in files:
        seg = highdicom.seg.segread(path)
        mask = expected_mask()
        affine = np.array(EXPECTED["grid"]["affine"]).reshape(3, 4)
        pixels = seg.pixel_array.reshape(-1, *mask.shape[1:])
        found = np.zeros_like(mask)
        for frame, facts in zip(pixels, seg.PerFrameFunctionalGroupsSequence, strict=True):
            position = np.array(facts.PlanePositionSequence[0].ImagePositionPatient, dtype=float)
            k = round(float(np.dot(position - affine[:, 3], affine[:, 2]) / np.dot(affine[:, 2], affine[:, 2])))
            found[k] |= frame.astype(bool)
        check("highdicom reads the mask as it was painted", np.array_equal(found, mask), f"{found.sum()} of {mask.sum()} voxels")
        check("its segment carries a code", bool(seg.SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0].CodeValue))
        said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        errors = [line for line in (said.stdout + said.stderr).splitlines() if line.startswith("Error")]
        check("dciodvfy finds no error", not errors, "; ".join(errors[:3]))
        check("no name of a patient is in it", str(seg.PatientID).startswith("P-"), str(seg.PatientID))


def judge_nifti(folder):
    found = [path for path in unpacked("nifti", folder).rglob("*.nii*")]
    check("a NIfTI mask is there", len(found) >= 1)
    for path in found:
        image = nibabel.load(path)
        mask = np.asarray(image.dataobj) != 0
        check("nibabel reads the mask as it was painted", np.array_equal(mask.transpose(2, 1, 0), expected_mask()))
        lps = np.diag([-1, -1, 1, 1]) @ image.affine
        check("its affine is the series'", np.allclose(lps[:3], np.array(EXPECTED["grid"]["affine"]).reshape(3, 4), atol=1e-3))


def judge_coco(folder):
    path = next(unpacked("coco", folder).rglob("annotations.json"))
    coco = COCO(str(path))
    annotations = coco.loadAnns(coco.getAnnIds())
    masks = [coco.annToMask(one) for one in annotations if isinstance(one["segmentation"], dict)]
    check("pycocotools reads the mask as it was painted", sum(int(mask.sum()) for mask in masks) == len(EXPECTED["voxels"]),
          f"{sum(int(mask.sum()) for mask in masks)} of {len(EXPECTED['voxels'])}")
    (x0, y0), (x1, y1) = EXPECTED["box"]
    boxes = [one["bbox"] for one in annotations]
    check("and the box as it was drawn", any(abs(b[2] - (x1 - x0)) <= 1.01 and abs(b[3] - (y1 - y0)) <= 1.01 and abs(b[0] - x0) <= 1.01 and abs(b[1] - y0) <= 1.01 for b in boxes), f"{boxes} for {EXPECTED['box']}")


def judge_tables(folder):
    rows = list(csv.DictReader(io.StringIO(next(unpacked("labels_csv", folder).rglob("*.csv")).read_text(encoding="utf-8"))))
    check("the CSV has a row for each answer", len(rows) >= 1, str(len(rows)))
    lines = next(unpacked("labels_jsonl", folder).rglob("*.jsonl")).read_text(encoding="utf-8").splitlines()
    check("the JSON Lines say the same", len([json.loads(line) for line in lines]) == len(rows), f"{len(lines)} and {len(rows)}")


def judge_spans(folder):
    root = unpacked("brat", folder)
    # The tagger, a rater of kind model, has labelled the notes that come next; theirs are told by their provenance.
    anns = [path for path in root.rglob("*.ann") if '"rater_kind":"human"' in path.read_text(encoding="utf-8").replace('": "', '":"')]
    check("brat files are there", len(anns) == 1, str(len(anns)))
    for ann in anns:
        text = ann.with_suffix(".txt").read_bytes().decode("utf-8")
        check("the note is the canonical text", text == EXPECTED["note"])
        found = []
        for line in ann.read_text(encoding="utf-8").splitlines():
            if not line.startswith("T"):
                continue
            _, place, surface = line.split("\t")
            ranges = [tuple(map(int, part.split())) for part in place.split(" ", 1)[1].split(";")]
            if " ".join(text[a:b] for a, b in ranges) != surface:
                found.append(("surface differs", surface))
            found.append(tuple(ranges))
        wanted = sorted(tuple(map(tuple, span["ranges"])) for span in EXPECTED["spans"])
        check("its spans are those that were marked", sorted(found) == wanted, f"{found} for {wanted}")
    lines = [json.loads(line) for path in unpacked("spans_jsonl", folder).rglob("*.jsonl") for line in path.read_text(encoding="utf-8").splitlines()]
    check("the JSON Lines have the spans", len(json.dumps(lines)) > 0 and len(lines) >= 1, str(len(lines)))


def judge_signals(folder):
    root = unpacked("wfdb", folder)
    annotations = [path for path in root.rglob("*") if path.is_file() and path.suffix not in (".hea", ".dat", ".json", ".txt", ".csv", "")]
    check("WFDB annotations are there", len(annotations) >= 1, str([str(path) for path in root.rglob("*")][:8]))
    wanted = [beat["tick"] for beat in EXPECTED["beats"]]
    for path in annotations[:1]:
        read = wfdb.rdann(str(path.with_suffix("")), path.suffix[1:])
        rate = read.fs or EXPECTED["ticks_per_second"]
        beats = [int(round(sample / rate * EXPECTED["ticks_per_second"])) for sample, symbol in zip(read.sample, read.symbol, strict=True) if symbol in "NLRAaJSVFejE/fQ?"]
        check("wfdb-python reads the beats where they were placed", beats == wanted, f"{beats} for {wanted}")
    rows = [row for path in unpacked("signal_csv", folder).rglob("*.csv") for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))]
    check("the CSV has beats and interval", len(rows) == len(wanted) + 1, str(len(rows)))
    edf = list(unpacked("edf", folder).rglob("*.edf"))
    check("EDF+ annotations are there", len(edf) >= 1)
    for path in edf[:1]:
        import pyedflib
        reader = pyedflib.EdfReader(str(path))
        onsets, _, texts = reader.readAnnotations()
        reader.close()
        seconds = [tick / EXPECTED["ticks_per_second"] for tick in wanted]
        check("EDFlib reads the beats where they were placed", all(any(abs(onset - second) < 0.0011 for onset in onsets) for second in seconds), f"{list(onsets)[:6]} for {seconds}; {list(texts)[:3]}")


def main():
    print(f"pydicom {pydicom.__version__}, highdicom {highdicom.__version__}, nibabel {nibabel.__version__}, wfdb {wfdb.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        for judge in (judge_seg, judge_nifti, judge_coco, judge_tables, judge_spans, judge_signals):
            try:
                judge(folder)
            except Exception as problem:  # one export that cannot be read must not hide the others
                check(f"{judge.__name__} reads the export", False, f"{type(problem).__name__}: {problem}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
