#!/usr/bin/env python3
"""Reads what tests/e2e/radiologist.mjs exported with highdicom, and compares it with numpy on the frames and the mask.

usage: radiologist.py FOLDER   (holds the zips, frames.raw, mask.raw and expected.json)

Prints "ok ..." or "FAIL ..." for each comparison.
"""
import csv
import io
import json
import sys
import tempfile

import highdicom
import numpy as np
from exported import EXPECTED, FOLDER, check, failures, unpacked

VOLUME = EXPECTED["volume"]
NX, NY, NZ = VOLUME["grid"]["dims"]
TYPES = {"u8": "u1", "i8": "i1", "u16": "<u2", "i16": "<i2", "f32": "<f4"}
VALUES = np.fromfile(FOLDER / "frames.raw", dtype=TYPES[VOLUME["layout"]["sample_type"]]).reshape(NZ, NY, NX)
VALUES = VALUES * VOLUME["transform"]["slope"] + VOLUME["transform"]["intercept"]
MASK = np.fromfile(FOLDER / "mask.raw", dtype="<u2").reshape(NZ, NY, NX)
DERIVATIONS = {"373098007": np.mean, "386136009": np.std, "255605001": np.min, "56851009": np.max, "373099004": np.median}


def files_of(name, folder):
    return sorted(path for path in unpacked(name, folder).rglob("*") if path.is_file())


def judge_seg(paths):
    affine = np.array(VOLUME["grid"]["affine"]).reshape(3, 4)
    for path in (one for one in paths if one.suffix == ".dcm"):
        seg = highdicom.seg.segread(path)
        found = {}
        for frame, facts in zip(seg.pixel_array.reshape(-1, NY, NX), seg.PerFrameFunctionalGroupsSequence, strict=True):
            position = np.array(facts.PlanePositionSequence[0].ImagePositionPatient, dtype=float)
            k = round(float(np.dot(position - affine[:, 3], affine[:, 2]) / np.dot(affine[:, 2], affine[:, 2])))
            number = facts.SegmentIdentificationSequence[0].ReferencedSegmentNumber
            found.setdefault(number, np.zeros(MASK.shape, bool))[k] |= frame.astype(bool)
        for segment in seg.SegmentSequence:
            own = int(segment.SegmentLabel.rsplit(" ", 1)[-1])
            check(f"highdicom reads segment {segment.SegmentLabel} voxel by voxel", np.array_equal(found.get(segment.SegmentNumber), MASK == own))
            check(f"segment {segment.SegmentLabel} is tracked as a lesion", segment.TrackingID.startswith("lesion "), segment.TrackingID)


def statistics_of(group):
    """Derivation code -> (value, unit), of the attenuation."""
    found = {}
    for item in group:
        for number in item.ContentSequence:
            if number.ValueType != "NUM" or number.ConceptNameCodeSequence[0].CodeValue != "112031":
                continue
            measured = number.MeasuredValueSequence[0]
            derivation = number.ContentSequence[0].ConceptCodeSequence[0].CodeValue
            found[derivation] = (float(measured.NumericValue), measured.MeasurementUnitsCodeSequence[0].CodeValue)
    return found


def compare_statistics(name, found, values):
    check(f"{name}: five statistics in HU", len(found) == 5 and all(unit == "[hnsf'U]" for _, unit in found.values()), str(found))
    for code, function in DERIVATIONS.items():
        value = found.get(code, (np.nan, ""))[0]
        check(f"{name}: {function.__name__} is numpy's", abs(value - function(values)) < 2e-3, f"{value} and {function(values)}")


def ellipse_pixels(points):
    """Pixels whose centre lies inside, of the ends of the two axes."""
    a, b, c, d = (np.array(point) for point in points)
    centre, u, v = (a + b) / 2, (b - a) / 2, (d - c) / 2
    y, x = np.mgrid[0:NY, 0:NX]
    offset = np.stack([x - centre[0], y - centre[1]], axis=-1)
    return (offset @ u / (u @ u)) ** 2 + (offset @ v / (v @ v)) ** 2 <= 1


def judge_sr(paths):
    for path in (one for one in paths if one.name.endswith("_report.dcm")):
        report = highdicom.sr.srread(path)
        content = report.content
        segments = content.get_volumetric_roi_measurement_groups()
        drawn = [one for one in EXPECTED["annotations"] if one["target"]["type"] == "mask"]
        check("a group for each painted finding", len(segments) == len(drawn), f"{len(segments)} and {len(drawn)}")
        for group in segments:
            number = int(group.tracking_identifier.split()[-1])
            own = next(one for one in drawn if one["number"] == number)
            compare_statistics(own["label"], statistics_of(group), VALUES[MASK == own["target"]["segment"]])
        planar = content.get_planar_roi_measurement_groups()
        lesions = [one for one in EXPECTED["annotations"] if one["label"] == "lesion"]
        check("a group for each drawing", len(planar) == len(lesions), f"{len(planar)} and {len(lesions)}")
        check("the lesion's drawings share one tracking UID", len({str(group.tracking_uid) for group in planar}) == 1 and planar[0].tracking_identifier == f"lesion {lesions[0]['number']}", planar[0].tracking_identifier)
        for group in planar:
            found = statistics_of(group)
            if not found:
                axes = {one.name.value: one.value for one in group.get_measurements()}
                own = next(one for one in lesions if one["target"]["geometry"]["kind"] == "bidirectional")["measurements"]
                check("long and short axis are those that were shown", abs(axes["103339001"] - own["long_axis"]["number"]) < 2e-3 and abs(axes["103340004"] - own["short_axis"]["number"]) < 2e-3, f"{axes} and {own}")
                continue
            own = next(one for one in lesions if one["target"]["geometry"]["kind"] == "ellipse")
            inside = ellipse_pixels(own["target"]["geometry"]["points"])
            # The browser asks of an outline of straight lines: a few pixels on the edge may fall elsewhere.
            mean = VALUES[EXPECTED["slice"]][inside].mean()
            check("what the ellipse holds is near numpy's", abs(found["373098007"][0] - mean) < 0.02 * np.ptp(VALUES[EXPECTED["slice"]][inside]), f"{found['373098007'][0]} and {mean}")
        levels = {}
        for group in measurement_groups(report):
            names = {item.ConceptNameCodeSequence[0].CodeValue: item for item in group.ContentSequence}
            if "level" in names:
                levels[names["level"].ConceptCodeSequence[0].CodeValue] = group
        check("the report has a group for each level that was answered", sorted(levels) == ["frame", "instance", "patient", "series", "study"], str(sorted(levels)))
        images = {level: [item for item in group.ContentSequence if item.ValueType == "IMAGE"] for level, group in levels.items()}
        check("series, image and frame refer to their images", (len(images["series"]), len(images["instance"]), len(images["frame"])) == (NZ, 1, 1), str({level: len(of) for level, of in images.items()}))


def measurement_groups(dataset):
    for item in dataset.get("ContentSequence", []):
        if item.get("ValueType") == "CONTAINER" and item.ConceptNameCodeSequence[0].CodeValue == "125007":
            yield item
        yield from measurement_groups(item)


def judge_tables(csv_paths, json_paths):
    rows = list(csv.DictReader(io.StringIO(csv_paths[0].read_text(encoding="utf-8"))))
    by_question = {row["question"]: row for row in rows if row["question"]}
    levels = {question: row["level"] for question, row in by_question.items()}
    check("the CSV says the level of each answer", levels == {"known_cancer": "patient", "study_quality": "study", "contrast": "series", "key_image": "instance", "motion": "frame"}, str(levels))
    check("and what it is about", by_question["known_cancer"]["reference"].startswith("P-") and by_question["motion"]["reference"] == by_question["key_image"]["reference"] + "#1", str({question: row["reference"] for question, row in by_question.items()}))
    uids = {slice_["instance_uid"] for slice_ in VOLUME["slices"]}
    check("no UID of the archive goes out", not any(uid in row["target"] + row["reference"] for row in rows for uid in uids))
    lesions = [row for row in rows if row["label"] == "lesion"]
    check("lesions have number, date and measurements", all(row["reference"] == f"lesion {row['number']}" and json.loads(row["measurements"]) for row in lesions) and len({row["number"] for row in lesions}) == 1, str([row["reference"] for row in lesions]))
    lines = [json.loads(line) for line in json_paths[0].read_text(encoding="utf-8").splitlines()]
    check("the JSON Lines say the same", [line["level"] for line in lines] == [row["level"] for row in rows])


with tempfile.TemporaryDirectory() as folder:
    judge_seg(files_of("dicom_seg", folder))
    judge_sr(files_of("sr", folder))
    judge_tables(files_of("labels_csv", folder), files_of("labels_jsonl", folder))
sys.exit(1 if failures else 0)
