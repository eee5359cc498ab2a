"""Objects of labels on made slices: a segmentation by highdicom, and what the catalog holds of such objects."""
import pathlib
import sqlite3

import highdicom
import numpy
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid


def made_segmentation(images, path: pathlib.Path, label: str = "Nodule"):
    """One segment, a square of 20 x 20 pixels on every second slice."""
    pixels = numpy.zeros((len(images), images[0].Rows, images[0].Columns), dtype=numpy.uint8)
    pixels[::2, 20:40, 10:30] = 1
    segment = highdicom.seg.SegmentDescription(
        segment_number=1, segment_label=label, segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Nodule, algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.MANUAL)
    made = highdicom.seg.Segmentation(
        source_images=images, pixel_array=pixels, segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[segment], series_instance_uid=generate_uid(), series_number=7, sop_instance_uid=generate_uid(),
        instance_number=1, manufacturer="Maker", manufacturer_model_name="Tool", software_versions="1.0", device_serial_number="1")
    made.save_as(path, enforce_file_format=True)
    return made


def rows(node, table: str, column: str = "sop_uid") -> list:
    """Read beside the server, as backups are."""
    with sqlite3.connect(f"file:{node.data}/catalog.db?mode=ro", uri=True) as catalog:
        return [row[0] for row in catalog.execute(f"SELECT {column} FROM {table}")]
