#!/usr/bin/env python3
"""Judges our exports: other programs read them and must find the truth, voxel by voxel.

usage: exports.py [--make csl_make_exports] [--keep FOLDER]

csl_make_exports writes a made case, its exports and its truth as raw voxels. Judges: dciodvfy (dicom3tools) and dcmdump
(DCMTK), pydicom, highdicom, nibabel, pycocotools, and Python's zipfile. Prints one line a check and at last
"N passed, N failed". Exit 1 when a check fails.
"""

import argparse
import contextlib
import glob
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import traceback
import warnings
import zipfile

import numpy as np
import pydicom

warnings.simplefilter("ignore")
ROOT = pathlib.Path(__file__).resolve().parents[2]
CT_SHAPE = (40, 180, 200)  # slices, rows, columns: as tests/formats/export_samples.cpp makes them
MR_SHAPE = (12, 111, 121)
SEGMENT_COUNT = 4
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def raw(folder, name, kind, shape):
    return np.fromfile(folder / name, dtype=kind).reshape(shape)


def slices(folder, series):
    files = sorted(glob.glob(str(folder / series / "*.dcm")))
    return [pydicom.dcmread(name) for name in files]


def lps_affine(datasets):
    """The affine from the objects themselves, written without regard to our code."""
    first, last = datasets[0], datasets[-1]
    cosines = np.array(first.ImageOrientationPatient, float)
    row_spacing, column_spacing = map(float, first.PixelSpacing)
    start = np.array(first.ImagePositionPatient, float)
    step = (np.array(last.ImagePositionPatient, float) - start) / (len(datasets) - 1)
    affine = np.eye(4)
    affine[:3, 0] = cosines[:3] * column_spacing
    affine[:3, 1] = cosines[3:] * row_spacing
    affine[:3, 2] = step
    affine[:3, 3] = start
    return affine


@check
def dciodvfy_finds_no_error(folder):
    objects = [*sorted(glob.glob(str(folder / "*" / "*.dcm")))[::7], *glob.glob(str(folder / "seg_*.dcm"))]
    assert len(objects) > 6
    for name in objects:
        _, said = run("dciodvfy", "-new", name)
        errors = [line for line in said.splitlines() if line.startswith("Error")]
        assert not errors, f"{os.path.basename(name)}: {errors[:4]}"


@check
def dcmdump_reads_every_object(folder):
    for name in [*glob.glob(str(folder / "ct" / "*.dcm"))[::13], *glob.glob(str(folder / "seg_*.dcm"))]:
        code, said = run("dcmdump", "-q", name)
        assert code == 0 and "E:" not in said and "W:" not in said, said[:300]


@check
def pydicom_finds_the_pixels_of_the_series(folder):
    for series, shape in (("ct", CT_SHAPE), ("mr", MR_SHAPE)):
        truth = raw(folder, f"{series}.raw", "<i2", shape)
        datasets = slices(folder, series)
        assert len(datasets) == shape[0]
        for k, dataset in enumerate(datasets):
            assert dataset.InstanceNumber == k + 1
            assert np.array_equal(dataset.pixel_array, truth[k])


@check
def made_objects_say_that_they_are_made(folder):
    for dataset in (slices(folder, "ct")[0], slices(folder, "mr")[0]):
        assert str(dataset.PatientName).startswith("SYNTHETIC^Ärla")
        assert "SYNTHETIC" in dataset.PatientComments and "SYNTHETIC" in dataset.ImageComments
        assert dataset.BurnedInAnnotation == "NO" and "SYNTHETIC" in dataset.DerivationDescription
        assert dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"


def seg_truth(folder, name):
    if name == "seg_ct":
        labels = raw(folder, "ct_truth.raw", "<u2", CT_SHAPE)
        return "ct", np.stack([labels == n + 1 for n in range(SEGMENT_COUNT)])
    return "mr", raw(folder, "seg_mr_truth.raw", "u1", (2, *MR_SHAPE)) > 0


@check
def highdicom_reads_the_segmentations_voxel_for_voxel(folder):
    import highdicom

    for name in ("seg_ct", "seg_mr"):
        series, truth = seg_truth(folder, name)
        source_uids = [dataset.SOPInstanceUID for dataset in slices(folder, series)]
        seg = highdicom.seg.segread(str(folder / f"{name}.dcm"))
        assert seg.number_of_segments == len(truth)
        got = seg.get_pixels_by_source_instance(source_uids, assert_missing_frames_are_empty=True)
        assert got.shape == (*truth.shape[1:], truth.shape[0])
        assert np.array_equal(np.moveaxis(got, 3, 0) > 0, truth), name
        frames_wanted = int(truth.any(axis=(2, 3)).sum())
        assert seg.NumberOfFrames == frames_wanted, (seg.NumberOfFrames, frames_wanted)


@check
def highdicom_finds_the_geometry_of_the_source(folder):
    import highdicom

    for name in ("seg_ct", "seg_mr"):
        series, truth = seg_truth(folder, name)
        datasets = slices(folder, series)
        seg = highdicom.seg.segread(str(folder / f"{name}.dcm"))
        volume = seg.get_volume(segment_numbers=[1], combine_segments=False)
        used = np.flatnonzero(truth.any(axis=(0, 2, 3)))
        source = lps_affine(datasets)
        # highdicom's index runs (slice, row, column); which end is slice 0 is its own choice.
        def points(affine, shape):
            corners = np.array([[i, j, k, 1] for i in (0, shape[0] - 1) for j in (0, shape[1] - 1)
                                for k in (0, shape[2] - 1)], float)
            found = (affine @ corners.T).T[:, :3]
            return found[np.lexsort(found.T.round(3))]
        found = points(volume.affine, volume.spatial_shape)
        span = used[-1] - used[0] + 1
        cut = source.copy()
        cut[:3, 3] += source[:3, 2] * used[0]
        wanted = points(cut, (truth.shape[3], truth.shape[2], span))
        assert volume.spatial_shape[0] == span, (volume.spatial_shape, span)
        assert np.allclose(found, wanted, atol=1e-4), np.abs(found - wanted).max()
        assert seg.FrameOfReferenceUID == datasets[0].FrameOfReferenceUID
        assert seg.StudyInstanceUID == datasets[0].StudyInstanceUID


@check
def the_segmentation_says_who_what_and_by_which_rules(folder):
    seg = pydicom.dcmread(folder / "seg_ct.dcm")
    assert seg.ContentCreatorName.family_name == "RATER-07"
    assert "chest-ct-nodule 1.0.0" in seg.ContentDescription and "1.0.0" in seg.SeriesDescription
    assert seg.ContributingEquipmentSequence[0].Manufacturer == "Consilium"
    assert seg.SegmentsOverlap == "NO"
    second = seg.SegmentSequence[1]
    assert second.SegmentLabel == "nodule 2" and second.SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert second.SegmentedPropertyTypeCodeSequence[0].CodeValue == "27925004"
    assert second.TrackingUID.startswith("2.25.")
    group = seg.PerFrameFunctionalGroupsSequence[0]
    source = group.DerivationImageSequence[0].SourceImageSequence[0]
    assert source.ReferencedSOPInstanceUID in {d.SOPInstanceUID for d in slices(folder, "ct")}


@check
def nibabel_finds_voxels_and_affine(folder):
    import nibabel

    turn = np.diag([-1.0, -1.0, 1.0, 1.0])
    for series, shape in (("ct", CT_SHAPE), ("mr", MR_SHAPE)):
        truth = raw(folder, f"{series}.raw", "<i2", shape).transpose(2, 1, 0)
        affine = turn @ lps_affine(slices(folder, series))
        for suffix in (".nii", ".nii.gz"):
            image = nibabel.load(folder / f"{series}{suffix}")
            assert image.get_data_dtype() == np.int16
            assert np.array_equal(np.asanyarray(image.dataobj), truth)
            for form in (image.affine, image.get_qform(), image.get_sform()):
                # The header holds 32-bit floats: 1.5e-5 mm is the last bit of 180 mm.
                assert np.abs(form - affine).max() < 3e-5, np.abs(form - affine).max()
            assert np.abs(image.affine[:3, :3] - affine[:3, :3]).max() < 1e-5
            assert image.header["qform_code"] == 1 and image.header["sform_code"] == 1


@check
def nibabel_finds_the_labels(folder):
    import nibabel

    image = nibabel.load(folder / "ct_truth.nii.gz")
    truth = raw(folder, "ct_truth.raw", "<u2", CT_SHAPE).transpose(2, 1, 0)
    assert np.array_equal(np.asanyarray(image.dataobj), truth)
    content = image.header.extensions[0].get_content()
    content = content if isinstance(content, bytes) else content.encode()
    names = json.loads(content.rstrip(b"\0"))
    assert names["labels"][1] == {"value": 2, "name": "nodule 2"}


@check
def pycocotools_decodes_every_mask(folder):
    from pycocotools.coco import COCO
    from pycocotools import mask as mask_api

    truth = raw(folder, "ct_truth.raw", "<u2", CT_SHAPE)
    for name in ("coco.json", "coco_counts.json"):
        with contextlib.redirect_stdout(io.StringIO()):
            coco = COCO(str(folder / name))
        seen = np.zeros(CT_SHAPE, bool)
        for annotation in coco.loadAnns(coco.getAnnIds()):
            if isinstance(annotation["segmentation"], list):
                continue
            mask = coco.annToMask(annotation).astype(bool)
            assert mask.sum() == annotation["area"]
            rle = coco.annToRLE(annotation)
            assert list(mask_api.toBbox(rle)) == annotation["bbox"]
            seen[annotation["image_id"] - 1] |= mask
            assert annotation["rater"] == "RATER-07" and annotation["protocol_version"] == "1.0.0"
        assert np.array_equal(seen, truth > 0), name
        assert coco.loadCats([1])[0]["code"]["code"] == "27925004"


@check
def pycocotools_fills_boxes_and_polygons_where_we_do(folder):
    from pycocotools.coco import COCO

    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(folder / "coco.json"))
    shapes = [a for a in coco.loadAnns(coco.getAnnIds(imgIds=[1])) if isinstance(a["segmentation"], list)]
    assert [shape["bbox"] for shape in shapes] == [[10, 20, 20, 5], [10, 10, 20, 10]]
    for shape in shapes:
        x, y, width, height = map(int, shape["bbox"])
        wanted = np.zeros(CT_SHAPE[1:], np.uint8)
        wanted[y : y + height, x : x + width] = 1
        assert np.array_equal(coco.annToMask(shape), wanted)
        assert shape["area"] == width * height


@check
def zipfile_reads_the_archive(folder):
    with zipfile.ZipFile(folder / "all.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["labels/Größe.txt", "empty", "ct/volume.raw"]
        assert archive.read("ct/volume.raw") == (folder / "ct_truth.raw").read_bytes()
        assert archive.read("labels/Größe.txt") == b"made" and archive.read("empty") == b""
        assert archive.infolist()[0].date_time == (2026, 1, 1, 10, 15, 0)
    if shutil.which("unzip"):
        code, said = run("unzip", "-tq", str(folder / "all.zip"))
        assert code == 0, said


def main():
    parser = argparse.ArgumentParser(description="Judges our exports by other programs.")
    parser.add_argument("--make", default=str(ROOT / "build/release/src/service/made_data/csl_make_exports"))
    parser.add_argument("--keep", help="write the samples here and leave them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(options.keep or temporary)
        subprocess.run([options.make, str(folder)], check=True)
        failed = 0
        for function in CHECKS:
            name = function.__name__.replace("_", " ")
            try:
                function(folder)
                print(f"ok      {name}")
            except Exception as problem:  # a judge that fails is a finding, whatever it raised
                failed += 1
                print(f"FAILED  {name}: {type(problem).__name__} {problem}")
                traceback.print_exc()
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
