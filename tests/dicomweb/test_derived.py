#!/usr/bin/env python3
"""Labels over DICOMweb, asked by dicomweb-client and read by pydicom and highdicom: our own as derived series of the study, as each
caller may see them; other tools' objects as they were received.

    CONSILIUM_BINARY=build/release/src/consilium tests/dicomweb/test_derived.py
"""
import io
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import pydicom

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import test_dicomweb as plain  # noqa: E402
from client import Server  # noqa: E402
from derived_world import COLOURS, DCMQI, SEG, DerivedWorld  # noqa: E402
from tally import Tally, tests_of  # noqa: E402

warnings.simplefilter("ignore")
CLASSES = {"SEG": "1.2.840.10008.5.1.4.1.1.66.4", "RTSTRUCT": "1.2.840.10008.5.1.4.1.1.481.3", "SR": "1.2.840.10008.5.1.4.1.1.88.34"}


def value(attributes, key):
    return attributes[key]["Value"][0]


def uids(world, name="lead"):
    return {(i["00080060"]["Value"][0], value(i, "0020000E"), value(i, "00080018"))
            for i in world.client(name).search_for_instances(world.study) if is_ours(i)}


def is_ours(instance):
    """Series of ours have numbers from 1000; those that the tests send do not."""
    return value(instance, "00080060") != "CT" and 1000 <= instance.get("00200011", {}).get("Value", [0])[0] <= 1004


def modalities(world, name="lead"):
    return sorted(value(one, "00080060") for one in world.label_series(name))


def objects(world, name="lead"):
    found = {}
    for modality, series, sop in uids(world, name):
        found.setdefault(modality, []).append(world.client(name).retrieve_instance(world.study, series, sop))
    return found


def masks(dataset):
    """Segment label -> the set of (source image, row, column) that it marks."""
    found = {}
    frames = np.atleast_3d(dataset.pixel_array)
    for frame, groups in zip(frames, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        number = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        z = round(float(groups.PlanePositionSequence[0].ImagePositionPatient[2]), 2)
        rows, columns = np.nonzero(frame)
        found.setdefault(number, set()).update((z, int(r), int(c)) for r, c in zip(rows, columns, strict=True))
    return found


def test_what_nobody_said_is_no_series(world):
    assert world.label_series() == [] and world.client().search_for_series(world.study) != []


def test_a_tools_labels_are_series_for_those_who_may_see_them(world):
    made = world.import_files([("seg.dcm", SEG.read_bytes())])
    assert made["state"] == "done", made
    assert set(modalities(world)) == {"SEG", "RTSTRUCT", "SR"}, modalities(world)
    # Suggestions show while one holds the item: not to a reader who has not taken it.
    assert modalities(world, "first") == []


def test_a_readers_opinion_is_offered_from_its_submission_on(world):
    before = len(world.label_series())
    task = world.take("first")
    world.take_suggestion("first")
    world.put("first", label="diameter", target=world.region("length", [[100, 100], [140, 130]]))
    world.put("first", question="quality", value=True)
    assert len(world.label_series()) == before, "a draft is nobody's to see"
    world.submit("first", task)
    assert len(world.label_series()) == before + 4
    kinds = modalities(world, "first")
    assert kinds.count("SEG") >= 1 and kinds.count("SR") >= 1, kinds


def test_blinded_readers_get_their_own_alone(world):
    first = uids(world, "first")
    world.read("second")
    assert uids(world, "first") == first
    second = uids(world, "second")
    assert len(first - second) == 4 and len(second - first) == 4
    assert uids(world) >= first | second == uids(world, "reviewer")
    # Not by their addresses either.
    modality, series, sop = sorted(first - second)[0]
    place = f"/studies/{world.study}/series/{series}/instances/{sop}"
    for path in (place, place + "/metadata", place + "/bulkdata/7FE00010", place + "/frames/1", place.split("/instances")[0] + "/metadata"):
        assert world.get(path, "second").status_code == 404, path
    assert world.get(place, "first", "application/dicom").status_code == 200
    assert world.get(place, "exporter").status_code in (403, 404)


def test_the_same_labels_have_the_same_uids_and_bytes(world):
    one, other = objects(world), objects(world)
    for modality, datasets in one.items():
        assert [d.SOPInstanceUID for d in datasets] != [] and len(datasets) == len(other[modality])
        mine = {d.SOPInstanceUID: d for d in datasets}
        for dataset in other[modality]:
            assert dataset == mine[dataset.SOPInstanceUID], modality
    assert len({d.SOPInstanceUID for datasets in one.values() for d in datasets}) == sum(map(len, one.values()))
    assert len({d.SeriesInstanceUID for datasets in one.values() for d in datasets}) == sum(map(len, one.values()))


def test_they_fit_the_images_that_are_served(world):
    client = world.client()
    images = [client.retrieve_instance(world.study, value(i, "0020000E"), value(i, "00080018"))
              for i in client.search_for_instances(world.study) if value(i, "00080060") == "CT"]
    served = {d.SOPInstanceUID for d in images}
    found = objects(world)
    wanted = masks(pydicom.dcmread(SEG))
    for dataset in found["SEG"]:
        assert dataset.SOPClassUID == CLASSES["SEG"] and dataset.StudyInstanceUID == world.study
        assert str(dataset.PatientID).startswith("P-") and dataset.PatientID == images[0].PatientID
        assert dataset.FrameOfReferenceUID == images[0].FrameOfReferenceUID
        assert {i.ReferencedSOPInstanceUID for i in dataset.ReferencedSeriesSequence[0].ReferencedInstanceSequence} <= served
        got = masks(dataset)
        shift = {s.SegmentNumber: s.SegmentLabel for s in dataset.SegmentSequence}
        assert sorted(map(sorted, got.values())) == sorted(map(sorted, wanted.values())), shift
    for dataset in found["RTSTRUCT"]:
        assert dataset.SOPClassUID == CLASSES["RTSTRUCT"] and len(dataset.ROIContourSequence) == 5
    segments = {d.SOPInstanceUID for d in found["SEG"]}
    for dataset in found["SR"]:
        assert dataset.SOPClassUID == CLASSES["SR"]
        evidence = [i.ReferencedSOPInstanceUID for study in dataset.CurrentRequestedProcedureEvidenceSequence
                    for s in study.ReferencedSeriesSequence for i in s.ReferencedSOPSequence]
        assert set(evidence) <= served | segments
        # One report names its segmentation, the other is of what was drawn on images.
        assert bool(set(evidence) & segments) == (dataset.SeriesNumber == 1003), evidence


def test_metadata_frames_and_bulk(world):
    client = world.client()
    for modality, series, sop in sorted(uids(world)):
        place = f"/studies/{world.study}/series/{series}/instances/{sop}"
        dataset = client.retrieve_instance(world.study, series, sop)
        told = pydicom.Dataset.from_json(client.retrieve_instance_metadata(world.study, series, sop), lambda *_: b"")
        for key in ("SOPInstanceUID", "SOPClassUID", "Modality", "SeriesDescription", "PatientID"):
            assert told[key].value == dataset[key].value, key
        if modality == "SR":
            assert told.ContentSequence == dataset.ContentSequence
        if modality == "RTSTRUCT":
            assert told.ROIContourSequence == dataset.ROIContourSequence
            assert world.get(place, accept="application/dicom; transfer-syntax=1.2.840.10008.1.2.1").status_code == 200
        octets = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
        if modality != "SEG":
            assert world.get(place + "/frames/1", accept=octets).status_code == 404
            continue
        frames = dataset.pixel_array
        for number in (1, dataset.NumberOfFrames):
            data = client.retrieve_instance_frames(world.study, series, sop, [number], media_types=(("application/octet-stream", "*"),))[0]
            bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[: dataset.Rows * dataset.Columns]
            assert np.array_equal(bits.reshape(dataset.Rows, dataset.Columns), frames[number - 1]), number
        assert world.get(f"{place}/frames/{dataset.NumberOfFrames + 1}", accept=octets).status_code == 404
        bulk = told["PixelData"] if "PixelData" in told else None
        assert bulk is not None and world.get(place + "/bulkdata/7FE00010", accept=octets).status_code == 200
    series = client.search_for_series(world.study, search_filters={"Modality": "SR"})
    assert len(series) == 5 and all(value(s, "00080060") == "SR" and value(s, "00201209") == 1 for s in series)
    everything = client.retrieve_study_metadata(world.study)
    assert {value(i, "00080060") for i in everything} == {"CT", "SEG", "RTSTRUCT", "SR"}
    whole = world.client().retrieve_study(world.study)
    assert len(whole) == len(everything)


def test_highdicom_reads_them(world):
    import highdicom

    found = objects(world)
    for dataset in found["SEG"]:
        seg = highdicom.seg.segread(io.BytesIO(written(dataset)))
        assert seg.number_of_segments == 5
    for dataset in found["SR"]:
        report = highdicom.sr.srread(io.BytesIO(written(dataset)))
        groups = report.content.get_volumetric_roi_measurement_groups() + report.content.get_planar_roi_measurement_groups()
        assert len(groups) == (5 if dataset.SeriesNumber == 1003 else 0), len(groups)  # a line is no region


def written(dataset):
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def test_another_opinion_is_another_instance_of_the_same_series(world):
    before = {series: sop for _, series, sop in uids(world, "second")}
    task = [t for t in [world.people["second"].get(world.item).json()["mine"]] if t][0]
    reopened = world.people["second"].post(f"{world.path}/tasks/{task['task_id'] if 'task_id' in task else task['id']}/reopen", {"reason": "a line was missed"})
    assert reopened.status == 200, reopened.body
    world.put("second", label="diameter", target=world.region("length", [[10, 10], [14, 13]]))
    world.submit("second", reopened.json()["id"])
    after = {series: sop for _, series, sop in uids(world, "second")}
    assert after.keys() == before.keys()
    changed = [series for series in before if before[series] != after[series]]
    assert len(changed) == 4, changed


def received(world, name="lead"):
    """Modality -> place of what is there and not ours: our series have numbers from 1000."""
    return {value(i, "00080060"): (world.study, value(i, "0020000E"), value(i, "00080018")) for i in world.client(name).search_for_instances(world.study)
            if value(i, "00080060") != "CT" and not is_ours(i)}


def made_presentation_state(images, uids_of):
    """A GSPS with a patient's name in its drawing, made by hand on the given images."""
    state = pydicom.Dataset()
    state.file_meta = pydicom.dataset.FileMetaDataset()
    state.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    state.SOPClassUID = state.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.11.1"
    state.SOPInstanceUID = state.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    state.SeriesInstanceUID, state.Modality, state.SeriesNumber = pydicom.uid.generate_uid(), "PR", 77
    state.StudyInstanceUID, state.PatientID, state.PatientName = uids_of.StudyInstanceUID, uids_of.PatientID, "Doe^Jane"
    state.ContentLabel, state.ContentDescription, state.ContentCreatorName = "DRAWN", "for Jane Doe", "House^Greg"
    series, reference = pydicom.Dataset(), []
    for image in images:
        item = pydicom.Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
        reference.append(item)
    series.SeriesInstanceUID, series.ReferencedImageSequence = images[0].SeriesInstanceUID, reference
    state.ReferencedSeriesSequence = [series]
    text, note = pydicom.Dataset(), pydicom.Dataset()
    text.UnformattedTextValue, text.AnchorPointAnnotationUnits, text.AnchorPoint, text.AnchorPointVisibility = "Jane", "PIXEL", [10, 10], "Y"
    note.GraphicLayer, note.TextObjectSequence = "LAYER", [text]
    state.GraphicAnnotationSequence = [note]
    return state


def without_names(dataset, *words):
    text = str(dataset) + " ".join(str(e.value) for e in dataset.iterall() if e.VR != "SQ" and e.tag != 0x7FE00010)
    return [word for word in words if word.lower() in text.lower()]


def test_another_tools_segmentation_comes_back_as_received(world):
    original = pydicom.dcmread(SEG)
    place = received(world)["SEG"]
    back = world.client().retrieve_instance(*place)
    assert back.StudyInstanceUID == world.study and back.PatientID.startswith("P-") and back.SOPInstanceUID != original.SOPInstanceUID
    assert bytes(back.PixelData) == bytes(original.PixelData) and back.NumberOfFrames == original.NumberOfFrames
    assert [s.SegmentNumber for s in back.SegmentSequence] == [s.SegmentNumber for s in original.SegmentSequence]
    assert all(s.SegmentLabel for s in back.SegmentSequence)
    images = {value(i, "00080018") for i in world.client().search_for_instances(world.study) if value(i, "00080060") == "CT"}
    assert {i.ReferencedSOPInstanceUID for i in back.ReferencedSeriesSequence[0].ReferencedInstanceSequence} <= images
    frame = world.client().retrieve_instance_frames(*place, [1], media_types=(("application/octet-stream", "*"),))[0]
    bits = np.unpackbits(np.frombuffer(frame, np.uint8), bitorder="little")[: back.Rows * back.Columns]
    assert np.array_equal(bits.reshape(back.Rows, back.Columns), original.pixel_array[0])
    assert world.client().retrieve_instance_metadata(*place)["00080016"]["Value"] == [original.SOPClassUID]
    # The protocol shows tools' labels before: whoever holds or held the item sees them, others nothing.
    assert "SEG" in received(world, "first") and "SEG" in received(world, "reviewer")


def test_what_comes_by_stow_is_answered_with_its_address(world):
    images = [pydicom.dcmread(f) for f in sorted(plain.CT.glob("*.dcm"))]
    state = made_presentation_state(images, images[0])
    for _ in range(2):  # the same again changes nothing
        answer = world.store([plain.bytes_of(state)])
        assert answer.status_code == 200, answer.text
        (item,) = answer.json()["00081199"]["Value"]
        address = value(item, "00081190")
        assert address.startswith(world.url + "/studies/" + world.study), address
    whole = world.get(address[len(world.url):], accept="application/dicom")
    assert whole.status_code == 200, whole.text
    back = pydicom.dcmread(io.BytesIO(whole.content))
    assert back.SOPClassUID == state.SOPClassUID and back.StudyInstanceUID == world.study
    assert not without_names(back, "jane", "doe", "house", images[0].PatientID), back
    assert back.GraphicAnnotationSequence[0].TextObjectSequence[0].AnchorPoint == [10, 10]
    served = {value(i, "00080018") for i in world.client().search_for_instances(world.study) if value(i, "00080060") == "CT"}
    assert {i.ReferencedSOPInstanceUID for i in back.ReferencedSeriesSequence[0].ReferencedImageSequence} == served
    state.ContentLabel = "OTHER"
    refused = world.store([plain.bytes_of(state)])
    assert refused.status_code == 409 and refused.json()["00081198"]["Value"][0]["00081197"]["Value"] == [0x0111], refused.text
    elsewhere = made_presentation_state(images, images[0])
    elsewhere.StudyInstanceUID = pydicom.uid.generate_uid()
    answer = world.store([plain.bytes_of(elsewhere)])  # it waits for its images
    assert answer.status_code == 200 and "Value" not in answer.json()["00081199"]["Value"][0]["00081190"], answer.text


def test_labels_wait_for_their_images(world):
    """Sent to another project before the images: kept, shown to the lead with why, taken in when the images come."""
    other = DerivedWorld.beside(world, "late")
    sent = [plain.bytes_of(without_uid(pydicom.dcmread(SEG)))]
    made = objects(world)
    drawn = next(report for report in made["SR"] if b"SCOORD" in plain.bytes_of(report))  # the other one has no measures
    sent += [plain.bytes_of(without_uid(one)) for one in (made["RTSTRUCT"][0], drawn)]
    answer = other.store(sent)
    assert answer.status_code == 200 and len(answer.json()["00081199"]["Value"]) == 3, answer.text
    assert all("Value" not in item["00081190"] for item in answer.json()["00081199"]["Value"]), answer.text
    [made] = other.lead.get(f"{other.path}/imports").json()["items"]
    assert [one["kind"] for one in made["waiting"]] == ["SEG", "RTSTRUCT", "SR"] and made["refused"] == [], made
    assert all(one["code"] == "not_found" and "it is kept" in one["remedy"] for one in made["waiting"]), made
    assert made["waiting"][0]["what"] == "none of the 3 images that it refers to is in the project", made
    assert other.client().search_for_studies() == [] and other.lead.get(f"{other.path}/items").json()["items"] == []
    stored = other.store([f.read_bytes() for f in sorted(plain.CT.glob("*.dcm"))])
    assert stored.status_code == 200, stored.text
    imports = other.lead.get(f"{other.path}/imports").json()["items"]
    assert [one["waiting"] for one in imports] == [[], []], imports
    study = other.client().search_for_studies()[0]["0020000D"]["Value"][0]
    there = {value(i, "00080060") for i in other.client().search_for_instances(study) if not is_ours(i)}
    assert there == {"CT", "SEG", "RTSTRUCT", "SR"}, there
    item = other.lead.get(f"{other.path}/items").json()["items"][0]["id"]
    labels = {one["label"] for tool in other.lead.get(f"{other.path}/items/{item}/suggestions").json()["items"] for one in tool["labels"]}
    assert {colour.lower() for colour in COLOURS} | {"diameter"} <= labels, labels


def test_highdicom_reads_drawings_in_the_patient(world):
    """SCOORD3D: a turned polygon, an ellipse, a point, a length and a box in space, with their places and measures."""
    import highdicom

    other = DerivedWorld.beside(world, "space")
    other.import_ct()
    series = other.lead.get(other.item).json()["source"]["studies"][0]["series"][0]
    polygon = [[-30, -200, -150], [-10, -200, -140], [-10, -180, -140], [-30, -180, -150]]
    ellipse = [[0, -200, -150], [20, -200, -150], [10, -205, -150], [10, -195, -150]]
    cuboid = [[30, -200, -150], [42, -200, -150], [30, -192, -150], [30, -200, -140]]
    drawn = {"polygon": polygon, "ellipse": ellipse, "point": [[5, -210, -145]], "cuboid": cuboid, "length": [[0, 0, -150], [3, 4, -138]]}
    task = other.take("first")
    for kind, points in drawn.items():
        target = {"type": "space", "series_id": series["id"], "geometry": {"kind": kind, "points": points}}
        other.put("first", label="diameter" if kind == "length" else "solid", target=target)
    other.put("first", question="quality", value=True)
    other.submit("first", task)
    (dataset,) = objects(other)["SR"]
    report = highdicom.sr.srread(io.BytesIO(plain.bytes_of(dataset))).content
    images = [other.client().retrieve_instance(*place) for place in
              [(other.study, value(i, "0020000E"), value(i, "00080018")) for i in other.client().search_for_instances(other.study)
               if value(i, "00080060") == "CT"]]
    frame = images[0].FrameOfReferenceUID
    planar = {group.roi.graphic_type.value: group for group in report.get_planar_roi_measurement_groups()}
    assert set(planar) == {"POLYGON", "ELLIPSE", "POINT"}, planar
    assert all(group.roi.frame_of_reference_uid == frame for group in planar.values())
    assert np.allclose(planar["POLYGON"].roi.value, [*polygon, polygon[0]]) and np.allclose(planar["ELLIPSE"].roi.value, ellipse)
    assert np.allclose(np.atleast_2d(planar["POINT"].roi.value), drawn["point"])
    measures = {kind: {m.name.meaning: (m.value, m.unit.value) for m in group.get_measurements()} for kind, group in planar.items()}
    assert np.isclose(measures["POLYGON"]["Area"][0], 20 * np.hypot(20, 10)) and measures["POLYGON"]["Area"][1] == "mm2", measures
    assert np.isclose(measures["ELLIPSE"]["Area"][0], np.pi * 10 * 5), measures
    (box,) = report.get_volumetric_roi_measurement_groups()
    sides = box.roi.graphic_data
    assert len(sides) == 6 and box.roi.frame_of_reference_uid == frame
    corners = {tuple(np.round(corner, 3)) for side in sides for corner in side}
    assert corners == {(x, y, z) for x in (30, 42) for y in (-200, -192) for z in (-150, -140)}, corners
    ((volume, unit),) = [(m.value, m.unit.value) for m in box.get_measurements() if m.name.meaning == "Volume"]
    assert np.isclose(volume, 12 * 8 * 10) and unit == "mm3"
    lengths = [m for group in report.get_image_measurement_groups() for m in group.get_measurements() if m.name.meaning == "Length"]
    assert len(lengths) == 1 and np.isclose(lengths[0].value, 13), lengths
    (line,) = [item for item in lengths[0][0].ContentSequence if item.ValueType == "SCOORD3D"]
    assert np.allclose(line.GraphicData, np.ravel(drawn["length"])) and line.ReferencedFrameOfReferenceUID == frame
    # And dciodvfy has no objection.
    with tempfile.NamedTemporaryFile(suffix=".dcm") as file:
        file.write(plain.bytes_of(dataset))
        file.flush()
        done = subprocess.run(["dciodvfy", "-new", file.name], capture_output=True, text=True, check=False)
    assert not [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")], done.stderr[:600]


def without_uid(dataset):
    """As another object: an instance's UID is known once in a project, and may not be ours."""
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    dataset.SeriesInstanceUID, dataset.SeriesNumber = pydicom.uid.generate_uid(), 600
    return dataset


def test_what_was_made_on_what_we_gave_out_keeps_its_uids(world):
    (segmentation, *_), (structures, *_), (report, *_) = (objects(world)[kind] for kind in ("SEG", "RTSTRUCT", "SR"))
    for dataset, modality in ((segmentation, "SEG"), (structures, "RTSTRUCT"), (report, "SR")):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
        dataset.SeriesInstanceUID, dataset.SeriesNumber = pydicom.uid.generate_uid(), 500
        answer = world.store([plain.bytes_of(dataset)])
        assert answer.status_code in (200, 202), answer.text
        (item,) = answer.json()["00081199"]["Value"]
        address = value(item, "00081190")
        assert address.endswith(f"/series/{dataset.SeriesInstanceUID}/instances/{dataset.SOPInstanceUID}"), address
        back = pydicom.dcmread(io.BytesIO(world.get(address[len(world.url):], accept="application/dicom; transfer-syntax=*").content))
        assert back.Modality == modality and back.StudyInstanceUID == world.study == dataset.StudyInstanceUID
        if modality == "RTSTRUCT":
            assert [[c.ContourData for c in r.ContourSequence] for r in back.ROIContourSequence] == \
                   [[c.ContourData for c in r.ContourSequence] for r in dataset.ROIContourSequence]
        if modality == "SEG":
            assert bytes(back.PixelData) == bytes(dataset.PixelData)


def test_dciodvfy_finds_no_error_in_what_is_served(world):
    """Ours, and others' as they go out under the pseudonym."""
    import shutil
    import tempfile

    if shutil.which("dciodvfy") is None:
        print("    skipped: dciodvfy is absent")
        return
    count = 0
    everything = {(value(i, "00080060"), value(i, "0020000E"), value(i, "00080018")) for i in world.client().search_for_instances(world.study)
                  if value(i, "00080060") != "CT"}
    for modality, series, sop in sorted(everything):
        answer = world.get(f"/studies/{world.study}/series/{series}/instances/{sop}", accept="application/dicom; transfer-syntax=*")
        if pydicom.dcmread(io.BytesIO(answer.content)).get("SeriesNumber") == 77:
            continue  # made by hand, and not whole
        with tempfile.NamedTemporaryFile(suffix=".dcm") as file:
            file.write(answer.content)
            file.flush()
            said = subprocess.run(["dciodvfy", "-new", file.name], capture_output=True, text=True, check=False).stderr
        errors = [line for line in said.splitlines() if line.startswith("Error")]
        assert not errors, (modality, errors[:4])
        count += 1
    assert count >= 9


def main():
    if not DCMQI.exists():
        print("1 skipped: the shared data are absent (set CONSILIUM_DATA)")
        return 0
    tally = Tally()
    with Server() as server:
        world = DerivedWorld(server)
        world.import_ct()
        for name, test in tests_of(globals()):
            tally.case(name, test, world)
        tally.check("the server ends in order", server.stop() == 0)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
