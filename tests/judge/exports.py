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
    objects = [*sorted(glob.glob(str(folder / "*" / "*.dcm")))[::7], *glob.glob(str(folder / "seg_*.dcm")),
               *glob.glob(str(folder / "sr_*.dcm")), folder / "rtstruct.dcm", folder / "gsps.dcm"]
    assert len(objects) > 10
    for name in objects:
        _, said = run("dciodvfy", "-new", name)
        errors = [line for line in said.splitlines() if line.startswith("Error")]
        assert not errors, f"{os.path.basename(name)}: {errors[:4]}"


@check
def dciodvfy_knows_all_of_a_label_map_but_its_class(folder):
    # dicom3tools of Debian 12 is older than Supplement 243: told that the object is a Segmentation Storage, it may object to
    # LABELMAP, to a segment numbered 0, to the missing segment of a frame and to more than one bit, and to nothing else.
    dataset = pydicom.dcmread(folder / "labelmap_ct.dcm")
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.66.4"
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    with tempfile.NamedTemporaryFile(suffix=".dcm") as copy:
        dataset.save_as(copy.name)
        _, said = run("dciodvfy", "-new", copy.name)
    errors = [line for line in said.splitlines() if line.startswith("Error")]
    known = ("LABELMAP", "SegmentNumber", "Segment Number", "SegmentIdentification", "ReferencedSegmentNumber", "Bits",
             "HighBit", "0x0028,0x010", "PixelPaddingValue", "Pixel Padding Value")
    unknown = [line for line in errors if not any(word in line for word in known)]
    assert errors and not unknown, unknown[:4]


@check
def highdicom_reads_the_label_map_and_the_fractions(folder):
    import highdicom

    source_uids = [dataset.SOPInstanceUID for dataset in slices(folder, "ct")]
    _, truth = seg_truth(folder, "seg_ct")
    seg = highdicom.seg.segread(str(folder / "labelmap_ct.dcm"))
    assert seg.SegmentationType == "LABELMAP" and len(seg.segment_numbers) == len(truth)
    got = seg.get_pixels_by_source_instance(source_uids, assert_missing_frames_are_empty=True)
    assert np.array_equal(np.moveaxis(got, 3, 0) > 0, truth)
    combined = seg.get_pixels_by_source_instance(source_uids, combine_segments=True, assert_missing_frames_are_empty=True)
    assert np.array_equal(combined, raw(folder, "ct_truth.raw", "<u2", CT_SHAPE))
    fractions = raw(folder, "fractions_truth.raw", "u1", (SEGMENT_COUNT, *CT_SHAPE))
    seg = highdicom.seg.segread(str(folder / "seg_fractional.dcm"))
    got = seg.get_pixels_by_source_instance(source_uids, assert_missing_frames_are_empty=True, rescale_fractional=False)
    assert np.array_equal(np.moveaxis(got, 3, 0), fractions)


def even_odd(points, shape):
    """Pixels whose centre is inside, by the crossings of each row: written without regard to our code."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    inside = np.zeros(shape, bool)
    for (xa, ya), (xb, yb) in zip(points, np.roll(points, 1, axis=0)):
        if ya == yb:
            continue
        spans = (ya > rows) != (yb > rows)
        inside ^= spans & (columns < (xb - xa) * (rows - ya) / (yb - ya) + xa)
    return inside


@check
def pydicom_fills_the_contours_to_the_same_voxels(folder):
    dataset = pydicom.dcmread(folder / "rtstruct.dcm")
    truth = raw(folder, "ct_truth.raw", "<u2", CT_SHAPE)
    inverse = np.linalg.inv(lps_affine(slices(folder, "ct")))
    uids = [source.SOPInstanceUID for source in slices(folder, "ct")]
    names = {roi.ROINumber: roi.ROIName for roi in dataset.StructureSetROISequence}
    assert names[1] == "nodule 1" and len(names) == SEGMENT_COUNT
    for roi in dataset.ROIContourSequence:
        found = np.zeros(CT_SHAPE, bool)
        for contour in roi.ContourSequence:
            points = np.array(contour.ContourData, float).reshape(-1, 3)
            assert len(points) == contour.NumberOfContourPoints
            index = (inverse @ np.c_[points, np.ones(len(points))].T).T[:, :3]
            k = round(index[0, 2])
            assert np.abs(index[:, 2] - k).max() < 1e-6
            assert contour.ContourImageSequence[0].ReferencedSOPInstanceUID == uids[k]
            found[k] ^= even_odd(index[:, :2], CT_SHAPE[1:])
        assert np.array_equal(found, truth == roi.ReferencedROINumber), roi.ReferencedROINumber


@check
def rt_utils_reads_the_contours(folder):
    try:
        from rt_utils import RTStructBuilder
    except ImportError:  # wants a desktop's OpenCV; the check above says more
        print("1 skipped: rt-utils absent")
        return
    with contextlib.redirect_stdout(io.StringIO()):
        structures = RTStructBuilder.create_from(str(folder / "ct"), str(folder / "rtstruct.dcm"))
    truth = raw(folder, "ct_truth.raw", "<u2", CT_SHAPE)
    for number, name in enumerate(structures.get_roi_names(), 1):
        # It rounds contours to whole pixels: its masks are larger by about half a pixel all round. Of pictures that are not
        # square it swaps the sides and fills what fits.
        side = min(CT_SHAPE[1:])
        mask = np.moveaxis(structures.get_roi_mask_by_name(name), 2, 0)[:, :side, :side]
        wanted = (truth == number)[:, :side, :side]
        if not np.array_equal(mask.any(axis=(1, 2)), wanted.any(axis=(1, 2))):
            mask = mask[::-1]
        near = np.zeros_like(wanted)
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                near |= np.roll(wanted, (dy, dx), axis=(1, 2))
        assert wanted.any() and not (mask & ~near).any() and (mask & wanted).sum() > 0.9 * wanted.sum(), name


@check
def highdicom_and_dsrdump_read_the_reports(folder):
    import highdicom

    for name in ("sr_person.dcm", "sr_device.dcm"):
        code, said = run("dsrdump", str(folder / name))
        assert code == 0 and not [line for line in said.splitlines() if line.startswith("E:")], said[:400]
        assert "Measurement Group" in said and "Long Axis" in said
        report = highdicom.sr.srread(str(folder / name)).content
        planar = report.get_planar_roi_measurement_groups()
        volumetric = report.get_volumetric_roi_measurement_groups()
        whole = report.get_image_measurement_groups()
        assert (len(planar), len(volumetric), len(whole)) == (1, 1, 1)
        assert planar[0].tracking_identifier == "planar lesion" and planar[0].finding_type.value == "27925004"
        assert abs(planar[0].get_measurements()[0].value - 32 * 0.49) < 1e-6
        assert np.allclose(planar[0].roi.value[1], [9.5, 1.5])
        assert volumetric[0].referenced_segment[0].ReferencedSOPSequence[0].ReferencedSegmentNumber == 2
        values = {m.name.meaning: (m.value, m.unit.value) for m in whole[0].get_measurements()}
        assert values == {"Long Axis": (14.25, "mm"), "Short Axis": (7.5, "mm"), "Angle": (90, "deg")}
        observer = report.get_observer_contexts()[0]
        assert observer.observer_type.meaning == ("Person" if name == "sr_person.dcm" else "Device")


@check
def highdicom_reads_the_places_in_the_patient(folder):
    import highdicom

    code, said = run("dsrdump", str(folder / "sr_space.dcm"))
    assert code == 0 and not [line for line in said.splitlines() if line.startswith("E:")], said[:400]
    report = highdicom.sr.srread(str(folder / "sr_space.dcm")).content
    frame = slices(folder, "ct")[0].FrameOfReferenceUID
    planar = {group.tracking_identifier: group for group in report.get_planar_roi_measurement_groups()}
    assert set(planar) == {"an ellipse in space", "a point in space"}
    ellipse = planar["an ellipse in space"].roi
    assert ellipse.graphic_type.value == "ELLIPSE" and ellipse.frame_of_reference_uid == frame
    assert np.array_equal(ellipse.value, [[-10, 0, 5], [10, 0, 5], [0, -6, 5], [0, 6, 5]])
    assert np.array_equal(np.ravel(planar["a point in space"].roi.value), [1.5, -2.25, 3.125])
    assert planar["an ellipse in space"].get_measurements()[0].value == 188.5
    (solid,) = report.get_volumetric_roi_measurement_groups()
    assert solid.roi.graphic_type.value == "POLYGON" and solid.roi.frame_of_reference_uid == frame
    corners = {tuple(corner) for side in solid.roi.graphic_data for corner in side}
    assert len(solid.roi.graphic_data) == 4 and corners == {(0, 0, 0), (12, 0, 0), (0, 9, 0), (0, 0, 6)}
    assert solid.get_measurements()[0].value == 108
    (line,) = report.get_image_measurement_groups()
    (length,) = line.get_measurements()
    assert length.value == 13 and length.unit.value == "mm"
    (drawn,) = [item for item in length[0].ContentSequence if item.ValueType == "SCOORD3D"]
    assert list(drawn.GraphicData) == [0, 0, 0, 3, 4, 12] and drawn.GraphicType == "POLYLINE"


@check
def dcmpschk_finds_no_error_in_the_presentation_state(folder):
    # DCMTK 3.6.7 checks values of ISO_IR 192 as if they were ASCII, and takes no zone after a DT's seconds: it may object to
    # these two attributes and to nothing else.
    _, said = run("dcmpschk", str(folder / "gsps.dcm"))
    affected = [line.split(":")[2].split()[0] for line in said.splitlines() if "Affected attribute" in line]
    assert "W:" in said and set(affected) <= {"PatientName", "ContributionDateTime"}, said[-800:]
    assert said.count("E: Error") == len(affected), said[-800:]
    state = pydicom.dcmread(folder / "gsps.dcm")
    assert state.SoftcopyVOILUTSequence[0].WindowCenter == -600
    assert {layer.GraphicLayerDescription for layer in state.GraphicLayerSequence} == {"nodule", "calcification"}


@check
def simpleitk_finds_voxels_and_affine_of_nrrd_and_metaimage(folder):
    import SimpleITK

    truth = raw(folder, "ct_truth.raw", "<u2", CT_SHAPE)
    affine = lps_affine(slices(folder, "ct"))
    for name in ("truth.seg.nrrd", "truth_raw.nrrd", "truth.nhdr", "truth.mha", "truth.mhd"):
        image = SimpleITK.ReadImage(str(folder / name))
        assert np.array_equal(SimpleITK.GetArrayFromImage(image), truth), name
        found = np.eye(4)
        found[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) @ np.diag(image.GetSpacing())
        found[:3, 3] = image.GetOrigin()
        assert np.abs(found - affine).max() < 1e-5, (name, np.abs(found - affine).max())
    image = SimpleITK.ReadImage(str(folder / "truth.seg.nrrd"))
    assert image.GetMetaData("Segment1_Name") == "nodule 2" and image.GetMetaData("Segment1_LabelValue") == "2"
    assert "SCT^27925004^Nodule" in image.GetMetaData("Segment0_Tags")


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
