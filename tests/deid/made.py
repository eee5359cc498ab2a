"""A DICOM object with every attribute of PS3.15 Table E.1-1, made with pydicom, and how well a result of it does.

Each attribute stands at the top, inside one sequence and inside three, with a value that is found nowhere else. The
required action is worked out here from the table and from highdicom's lists of types, not from the product's rules.
"""
import csv
import io
import json
import pathlib

import highdicom
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
# Sequences that the table does not list: they stay, and so does what they hold unless it is listed.
CHAIN = ["SharedFunctionalGroupsSequence", "FrameAnatomySequence", "AnatomicRegionSequence"]
DEPTHS = (0, 1, 3)
COMMAND_GROUP = 0x0000


def table(rules):
    """The rows of a rule file: tag (hexadecimal), keyword, basic action, and the action of each option."""
    text = pathlib.Path(rules).read_text(encoding="utf-8")
    body = text.split("[actions]\n")[1].split("[types]")[0]
    return list(csv.DictReader(io.StringIO(body), delimiter="\t"))


def numbers(row):
    """The tags that stand for a row in our object."""
    tag = row["tag"]
    if tag == "private":
        return [0x00991001]
    if tag == "50xxxxxx":
        return [0x50003000]
    return [int(tag.replace("60xx", "6000"), 16)]


def vr_of(number):
    known = {0x00991001: "LO", 0x50003000: "OW", 0x60003000: "OW", 0x60004000: "LT"}
    if number in known:
        return known[number]
    return pydicom.datadict.dictionary_VR(number).split(" or ")[-1]


def value_of(vr, i):
    """A value of that VR which no other attribute has, and the bytes by which it would be found."""
    word = f"CNRY{i:05d}"
    day = f"{1901 + i // 336:04d}{1 + i // 28 % 12:02d}{1 + i % 28:02d}"
    if vr == "SQ":
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "C1", "99MADE", word
        return [item], [word]
    made = {
        "DA": day, "DT": day + "101112", "TM": f"{i // 3600 % 24:02d}{i // 60 % 60:02d}{i % 60:02d}.{i:06d}",
        "DS": f"7.{i:05d}", "IS": str(700000 + i), "AS": f"{100 + i % 800:03d}Y", "UI": f"1.2.826.0.1.99.{100000 + i}",
        "US": 20000 + i, "UL": 2000000 + i, "SS": 20000 + i, "FD": float(i) + 0.123, "FL": float(i) + 0.125,
        "UR": f"http://{word.lower()}.example", "AT": 0x00990000 + i,
    }
    value = made.get(vr, word)
    if vr in ("OB", "OW", "UN"):
        value = (word + " ").encode()
    return value, [str(value)] if vr in ("DA", "DT", "TM", "UI", "DS", "IS") else [word]


class Types:
    """The type of an attribute in Secondary Capture objects, from highdicom's tables."""

    def __init__(self):
        folder = pathlib.Path(highdicom.__file__).parent / "_standard"
        modules = json.loads((folder / "module_attribute_map.json").read_text())
        iod = json.loads((folder / "sop_class_iod_map.json").read_text())[SECONDARY_CAPTURE]
        self.types = {}
        for part in json.loads((folder / "iod_module_map.json").read_text())[iod]:
            for attribute in modules.get(part["key"], []):
                if not attribute["path"]:
                    kind = attribute["type"][0]
                    self.types[attribute["keyword"]] = min(kind, self.types.get(attribute["keyword"], "3"))

    def required(self, row, depth):
        """The action the standard asks for: by the type at the top, and the one that is never wrong elsewhere."""
        choices = row["basic"].split("/")
        kind = self.types.get(row["keyword"]) if depth == 0 else None
        if len(choices) == 1 or kind in (None, "1"):
            return choices[-1].rstrip("*")
        if kind == "3" and choices[0] == "X":
            return "X"
        return "Z" if "Z" in choices else choices[-1].rstrip("*")


def every_attribute(rules, seed=0):
    """The object, and what stands where: (depth, row, tag, value, words)."""
    places = []
    items = {depth: Dataset() for depth in (0, 1, 2, 3)}
    i = seed
    for row in table(rules):
        for number in numbers(row):
            if number >> 16 in (COMMAND_GROUP, 0x0002):
                continue  # not of datasets
            for depth in DEPTHS:
                i += 1
                if depth and number >> 16 == 0x0004:
                    continue
                value, words = value_of(vr_of(number), i)
                if number == 0x00991001:
                    items[depth].add_new(0x00990010, "LO", f"MADE CREATOR {i:05d}")
                items[depth].add_new(Tag(number), vr_of(number), value)
                places.append((depth, row, number, value, words))
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = SECONDARY_CAPTURE
    meta.SourceApplicationEntityTitle = "CNRYAE"
    meta.PrivateInformationCreatorUID = "1.2.826.0.1.99.1"
    meta.PrivateInformation = b"CNRYMETA"
    top = FileDataset("", items[0], file_meta=meta, preamble=b"CNRYPREAMBLE" + b"\0" * 116)
    top.SOPClassUID = SECONDARY_CAPTURE
    meta.MediaStorageSOPInstanceUID = top.SOPInstanceUID
    top.Modality, top.SpecificCharacterSet = "OT", "ISO_IR 192"
    top.BurnedInAnnotation = "NO"
    top.Rows = top.Columns = 2
    top.SamplesPerPixel, top.BitsAllocated, top.BitsStored, top.HighBit = 1, 8, 8, 7
    top.PixelRepresentation, top.PhotometricInterpretation = 0, "MONOCHROME2"
    top.PixelData = b"\1\2\3\4"
    deepest = items[3]
    for depth, keyword in ((2, CHAIN[2]), (1, CHAIN[1]), (0, CHAIN[0])):
        setattr(items[depth] if depth else top, keyword, [items[depth + 1]])
    assert deepest is not top
    return top, places


def item_at(dataset, depth):
    for keyword in CHAIN[:depth]:
        sequence = dataset.get(keyword)
        if not sequence:
            return None
        dataset = sequence[0]
    return dataset


def holds(element, words):
    text = element.to_json() if element.VR == "SQ" else str(element.value)
    if element.VR in ("OB", "OW", "UN") and isinstance(element.value, bytes):
        text = element.value.decode("latin-1")
    return any(word in text for word in words)


def is_done(result, place, action, uids):
    """Whether the attribute's action was done, to the letter."""
    depth, _, number, value, words = place
    item = item_at(result, depth)
    if item is None:
        return action == "X"
    element = item.get(Tag(number))
    if action == "X":
        return element is None
    if element is None:
        return False
    if action in ("Z", "D") and holds(element, words):
        return False
    is_empty = element.value is None or element.is_empty or len(str(element.value)) == 0
    if action == "Z":
        return is_empty or element.value != value
    if action == "D":
        return not is_empty and element.value != value
    if action == "U":
        if element.VR == "SQ":
            return len(element.value) > 0
        new = str(element.value)
        return new.startswith(("1.", "2.")) and new != value and uids.setdefault(value, new) == new
    if action == "K":
        return element.VR == "SQ" or element.value == value
    return not holds(element, words)  # C


def score(result, raw, places, required):
    """(values gone, actions to the letter, of how many; canaries left in the bytes)."""
    gone = exact = 0
    wrong = []
    uids = {}
    for place in places:
        item = item_at(result, place[0])
        element = None if item is None else item.get(Tag(place[2]))
        if element is None or not holds(element, place[4]):
            gone += 1
        action = required(place[1], place[0])
        if is_done(result, place, action, uids):
            exact += 1
        else:
            wrong.append(f"{place[1]['keyword']} at depth {place[0]}: {action}")
    text = raw.decode("latin-1")
    left = sorted({word for place in places for word in place[4] if word.startswith("CNR") and word in text})
    left += [word for word in ("CNRYAE", "CNRYMETA", "CNRYPREAMBLE") if word in text]
    return gone, exact, wrong, left
