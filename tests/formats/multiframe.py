#!/usr/bin/env python3
"""Multi-frame DICOM through the real import and the HTTP interface, judged by pydicom: ultrasound clips (colour, YBR, JPEG) with
their frame times and pixel size, enhanced CT and MR, and enhanced MR in time and by b-value, whose frames come in any order.

    CONSILIUM_BINARY=build/release/src/consilium tests/formats/multiframe.py
"""
import io
import pathlib
import sys
import tempfile

import numpy
import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit, generate_uid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from client import Server  # noqa: E402
from photos import DATA, TYPES, scene  # noqa: E402
from tally import Tally  # noqa: E402
from world import World  # noqa: E402

US_CLIP, ENHANCED_CT, ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.3.1", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.4.1"


def base(sop_class, modality, syntax=ExplicitVRLittleEndian):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, generate_uid()
    meta.TransferSyntaxUID = syntax
    made = FileDataset("made", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = generate_uid(), generate_uid(), generate_uid()
    made.PatientID, made.PatientName, made.Modality = "MADE-1", "MADE^ONE", modality
    made.StudyDate, made.InstanceNumber = "20200101", 1
    return made


def pixels_of(made, frames, bits):
    made.NumberOfFrames, made.Rows, made.Columns = frames.shape[:3]
    made.SamplesPerPixel = 3 if frames.ndim == 4 else 1
    made.BitsAllocated = made.BitsStored = bits
    made.HighBit, made.PixelRepresentation = bits - 1, 0


def clip(count=12):
    return numpy.stack([numpy.roll(scene(48, 64, 3), 3 * n, axis=1) for n in range(count)])


def region(delta_cm, kind=1):
    one = Dataset()
    one.RegionSpatialFormat, one.RegionDataType, one.RegionFlags = kind, 1, 0
    one.RegionLocationMinX0, one.RegionLocationMinY0, one.RegionLocationMaxX1, one.RegionLocationMaxY1 = 4, 4, 60, 44
    one.PhysicalUnitsXDirection = one.PhysicalUnitsYDirection = 3 if kind == 1 else 4
    one.PhysicalDeltaX, one.PhysicalDeltaY = delta_cm
    return one


def rgb_clip():
    made = base(US_CLIP, "US")
    frames = clip()
    pixels_of(made, frames, 8)
    made.PhotometricInterpretation, made.PlanarConfiguration = "RGB", 0
    made.FrameTime = "40"
    made.SequenceOfUltrasoundRegions = Sequence([region((0.02, 0.025)), region((0.001, 1), kind=3)])
    made.PixelData = frames.tobytes()
    return made, frames, {"times": [40.0 * n for n in range(12)], "spacing": [0.2, 0.25]}


def ybr_jpeg_clip():
    made = base(US_CLIP, "US", JPEGBaseline8Bit)
    frames = clip()
    pixels_of(made, frames, 8)
    made.PhotometricInterpretation, made.PlanarConfiguration = "YBR_FULL_422", 0
    made.CineRate = "30"
    coded = []
    for frame in frames:
        out = io.BytesIO()
        Image.fromarray(frame).save(out, "JPEG", quality=90, subsampling="4:2:2")
        coded.append(out.getvalue())
    decoded = numpy.stack([numpy.asarray(Image.open(io.BytesIO(each))) for each in coded])
    made.PixelData = encapsulate(coded)
    made["PixelData"].is_undefined_length = True
    return made, decoded, {"times": [1000 / 30 * n for n in range(12)], "tolerance": 4}


def ybr_raw_clip():
    made = base(US_CLIP, "US")
    frames = clip()
    ybr = numpy.stack([numpy.asarray(Image.fromarray(frame).convert("YCbCr")) for frame in frames])
    pixels_of(made, frames, 8)
    made.PhotometricInterpretation, made.PlanarConfiguration = "YBR_FULL", 0
    steps = [0] + [30 + n for n in range(11)]
    made.FrameTimeVector, made.FrameIncrementPointer = [str(step) for step in steps], 0x00181065
    made.PixelData = ybr.tobytes()
    return made, frames, {"times": numpy.cumsum(steps).tolist(), "tolerance": 3}


def planar_clip():
    made, frames, facts = rgb_clip()
    made.PlanarConfiguration = 1
    made.PixelData = frames.transpose(0, 3, 1, 2).tobytes()
    return made, frames, facts


def groups(position, stack=None, time=None, b=None, direction=None):
    one = Dataset()
    plane = Dataset()
    plane.ImagePositionPatient = [str(each) for each in position]
    one.PlanePositionSequence = Sequence([plane])
    content = Dataset()
    if stack is not None:
        content.StackID = stack
    if time is not None:
        content.TemporalPositionIndex = time
    one.FrameContentSequence = Sequence([content])
    if b is not None:
        diffusion = Dataset()
        diffusion.DiffusionBValue = b
        if direction is not None:
            gradient = Dataset()
            gradient.DiffusionGradientOrientation = direction
            diffusion.DiffusionGradientDirectionSequence = Sequence([gradient])
        one.MRDiffusionSequence = Sequence([diffusion])
    return one


def shared(made, slope, intercept):
    orientation, measures, values = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    measures.PixelSpacing, measures.SliceThickness = ["0.7", "0.7"], "2.5"
    values.RescaleSlope, values.RescaleIntercept, values.RescaleType = slope, intercept, "HU" if made.Modality == "CT" else "US"
    one = Dataset()
    one.PlaneOrientationSequence, one.PixelMeasuresSequence = Sequence([orientation]), Sequence([measures])
    one.PixelValueTransformationSequence = Sequence([values])
    made.SharedFunctionalGroupsSequence = Sequence([one])


def enhanced(sop_class, modality, frames, per_frame, slope="1", intercept="0"):
    made = base(sop_class, modality)
    pixels_of(made, frames, 16)
    made.PhotometricInterpretation = "MONOCHROME2"
    shared(made, slope, intercept)
    made.PerFrameFunctionalGroupsSequence = Sequence(per_frame)
    made.PixelData = frames.astype("<u2").tobytes()
    return made


def enhanced_ct():
    """Its frames are stored in no order."""
    volume = numpy.stack([scene(20, 30, 1, numpy.uint16) // (k + 1) for k in range(9)])
    order = numpy.random.default_rng(4).permutation(9)
    made = enhanced(ENHANCED_CT, "CT", volume[order], [groups((-10, -20, 2.5 * k), "1") for k in order], "1", "-1024")
    return made, volume, {"origin": [-10, -20, 0], "intercept": -1024, "stacks": [volume]}


def enhanced_in_time():
    """Twelve times, so that the tenth must not come before the second; slices and times shuffled."""
    stacks = [numpy.stack([scene(20, 30, 1, numpy.uint16) // (k + 1) + 100 * t for k in range(4)]) for t in range(12)]
    keys = [(t, k) for t in range(12) for k in range(4)]
    keys = [keys[n] for n in numpy.random.default_rng(4).permutation(len(keys))]
    made = enhanced(ENHANCED_MR, "MR", numpy.stack([stacks[t][k] for t, k in keys]),
                    [groups((0, 0, 2.5 * k), "1", time=t + 1) for t, k in keys])
    return made, None, {"stacks": stacks}


def enhanced_by_b():
    """b = 0 once, b = 50 and 1000 in three directions each, in another order at every slice."""
    weights = [(0, None)] + [(b, d) for b in (50, 1000) for d in ([1, 0, 0], [0, 1, 0], [0, 0, 1])]
    stacks = [numpy.stack([scene(20, 30, 1, numpy.uint16) // (k + 1) + 1000 * w for k in range(4)]) for w in range(len(weights))]
    keys = [(w, k) for k in range(4) for w in numpy.random.default_rng(k).permutation(len(weights))]
    made = enhanced(ENHANCED_MR, "MR", numpy.stack([stacks[w][k] for w, k in keys]),
                    [groups((0, 0, 2.5 * k), "1", b=weights[w][0], direction=weights[w][1]) for w, k in keys])
    return made, None, {"stacks": stacks, "any_order": True}


def frames_of(world, path, item):
    series = world.detail(path, item)["source"]["studies"][0]["series"][0]
    address = f"{path}/items/{item}/series/{series['id']}"
    found = []
    wanted = ([(series["volume"], f"{address}/frames?from=0&count={series['volume']['grid']['dims'][2]}")] if series["volume"] else [])
    wanted += [(volume, f"{address}/images/{n}") for n, volume in enumerate(series["images"])]
    for volume, url in wanted:
        answer = world.client.get(url)
        assert answer.status == 200, answer.body[:300]
        layout = volume["layout"]
        shape = [len(volume["slices"]), layout["rows"], layout["columns"]] + ([3] if layout["samples_per_pixel"] == 3 else [])
        kind = numpy.dtype(TYPES[layout["sample_type"]])
        found.append((volume, numpy.frombuffer(answer.body[-int(numpy.prod(shape)) * kind.itemsize:], kind).reshape(shape)))
    return found


def check(world, made, expected, facts, folder, name):
    file = folder / f"{name}.dcm"
    if made is not None:
        made.save_as(file, enforce_file_format=True)
    path = world.project(name)
    state = world.imported(path, [file])
    assert state["state"] == "done" and not state["refused"], state
    items = world.client.get(f"{path}/items").json()["items"]
    assert len(items) == 1, items
    found = frames_of(world, path, items[0]["id"])
    if "stacks" not in facts:
        assert len(found) == 1, [volume["grid"] for volume, _ in found]
        volume, pixels = found[0]
        assert pixels.shape == expected.shape, (pixels.shape, expected.shape)
        worst = numpy.abs(pixels.astype(int) - expected.astype(int)).max()
        assert worst <= facts.get("tolerance", 0), worst
        assert numpy.allclose(volume["frame_times_ms"], facts["times"]), volume.get("frame_times_ms")
        if "spacing" in facts:
            assert numpy.allclose(volume["spacing_mm"][:2], facts["spacing"]), volume["spacing_mm"]
        return
    stacks = facts["stacks"]
    assert len(found) == len(stacks), (len(found), len(stacks))
    for volume, pixels in found:
        assert volume["has_patient_geometry"] and pixels.shape == stacks[0].shape, (pixels.shape, volume["notes"])
        assert numpy.allclose(volume["spacing_mm"], [0.7, 0.7, 2.5]), volume["spacing_mm"]
        assert "intercept" not in facts or volume["transform"]["intercept"] == facts["intercept"]
    if facts.get("any_order"):
        for _, pixels in found:
            assert any(numpy.array_equal(pixels, stack) for stack in stacks), "no stack of one weight and direction"
        assert all(any(numpy.array_equal(pixels, stack) for _, pixels in found) for stack in stacks)
    else:
        for n, (stack, (_, pixels)) in enumerate(zip(stacks, found)):
            assert numpy.array_equal(pixels, stack), f"stack {n + 1} is another's"


def check_file(world, file, folder):
    """A real object: the same frames as pydicom's, whatever their order."""
    truth = pydicom.dcmread(file)
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):  # the same in each encoding
        setattr(truth, keyword, generate_uid())
    truth.file_meta.MediaStorageSOPInstanceUID = truth.SOPInstanceUID
    truth.save_as(folder / file.name)
    path = world.project(file.name)
    state = world.imported(path, [folder / file.name])
    assert state["state"] == "done" and not state["refused"], state
    item = world.client.get(f"{path}/items").json()["items"][0]["id"]
    theirs = {frame.tobytes() for frame in truth.pixel_array}
    ours = [frame for _, pixels in frames_of(world, path, item) for frame in pixels]
    assert len(ours) == truth.NumberOfFrames and {frame.tobytes() for frame in ours} == theirs


def main() -> int:
    tally = Tally()
    with tempfile.TemporaryDirectory() as name, Server() as server:
        folder, world = pathlib.Path(name), World(server)
        cases = {make.__name__: make for make in (rgb_clip, ybr_jpeg_clip, ybr_raw_clip, planar_clip, enhanced_ct, enhanced_in_time,
                                                  enhanced_by_b)}
        for title, make in cases.items():
            tally.case(title, lambda: check(world, *make(), folder, title))
        for file in sorted(DATA.glob("dicom/pydicom-data/emri_small*.dcm")) + sorted(DATA.glob("dicom/dcmqi/24x38x3/multiframe/mf.dcm")):
            tally.case(file.name, check_file, world, file, folder)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
