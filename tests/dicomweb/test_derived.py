#!/usr/bin/env python3
"""Labels over DICOMweb, asked by dicomweb-client and read by pydicom and highdicom: our own as derived series of the study, as each
caller may see them; other tools' objects as they were received.

    CONSILIUM_BINARY=build/release/src/consilium tests/dicomweb/test_derived.py
"""
import io
import pathlib
import sys
import traceback
import warnings

import numpy as np
import pydicom

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from client import Server  # noqa: E402
from derived_world import DCMQI, SEG, DerivedWorld  # noqa: E402

warnings.simplefilter("ignore")
CLASSES = {"SEG": "1.2.840.10008.5.1.4.1.1.66.4", "RTSTRUCT": "1.2.840.10008.5.1.4.1.1.481.3", "SR": "1.2.840.10008.5.1.4.1.1.88.34"}


def value(attributes, key):
    return attributes[key]["Value"][0]


def uids(world, name="lead"):
    return {(i["00080060"]["Value"][0], value(i, "0020000E"), value(i, "00080018"))
            for i in world.client(name).search_for_instances(world.study) if value(i, "00080060") != "CT"}


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
    assert len(world.label_series()) == before + 3
    kinds = modalities(world, "first")
    assert kinds.count("SEG") >= 1 and kinds.count("SR") >= 1, kinds


def test_blinded_readers_get_their_own_alone(world):
    first = uids(world, "first")
    world.read("second")
    assert uids(world, "first") == first
    second = uids(world, "second")
    assert len(first - second) == 3 and len(second - first) == 3
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
        assert set(evidence) <= served | segments and set(evidence) & segments, "the report names its segmentation"


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
    assert len(series) == 3 and all(value(s, "00080060") == "SR" and value(s, "00201209") == 1 for s in series)
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
        assert len(groups) == 5, len(groups)


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
    assert len(changed) == 3, changed


def main():
    if not DCMQI.exists():
        print("1 skipped: the shared data are absent (set CONSILIUM_DATA)")
        return 0
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    failed = 0
    with Server() as server:
        world = DerivedWorld(server)
        world.import_ct()
        for name, test in tests:
            try:
                test(world)
                print(f"{name}: ok", flush=True)
            except Exception:
                failed += 1
                print(f"{name}: FAILED")
                traceback.print_exc(file=sys.stdout)
        code = server.stop()
        if code != 0:
            failed += 1
            print(f"the server ended with {code}")
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
