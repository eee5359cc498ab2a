#!/usr/bin/env python3
"""What a segmentation holds, read with pydicom alone: voxels of each segment, and how many it shares with the first.

usage: seg_segments.py EXPORT.zip   (with one segmentation object)
"""
import io
import json
import sys
import zipfile

import numpy as np
import pydicom

with zipfile.ZipFile(sys.argv[1]) as archive:
    names = [name for name in archive.namelist() if name.endswith(".dcm")]
    data = pydicom.dcmread(io.BytesIO(archive.read(names[0])))
frames = data.pixel_array.reshape(-1, data.Rows, data.Columns)
segments = {int(segment.SegmentNumber): {} for segment in data.SegmentSequence}
for frame, facts in zip(frames, data.PerFrameFunctionalGroupsSequence, strict=True):
    place = tuple(round(float(part), 3) for part in facts.PlanePositionSequence[0].ImagePositionPatient)
    if "SegmentIdentificationSequence" in facts:
        segments[int(facts.SegmentIdentificationSequence[0].ReferencedSegmentNumber)][place] = frame != 0
    else:
        for number in segments:
            segments[number][place] = frame == number
first = segments[min(segments)]
print(json.dumps([
    {
        "segment": number,
        "voxels": int(sum(frame.sum() for frame in frames_of.values())),
        "shared_with_first": int(sum(np.count_nonzero(frame & first[place]) for place, frame in frames_of.items() if place in first)),
    }
    for number, frames_of in sorted(segments.items())
]))
