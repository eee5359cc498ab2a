#!/usr/bin/env python3
"""Synthetic identifiers planted into real DICOM files, an answer table, and two scores.

usage: planted.py [--keep DIR] [--rivals]   (CONSILIUM_BINARY, CONSILIUM_DATA)

Plants names, numbers, addresses, dates and references into copies of the data folder's files: at the top, in sequences,
in private blocks, in free text beside words that are to stay, in the preamble and after the pixels. What must be true of
each result is written as the MIDI-B validation scripts want it: SQLite, table answer_data, one row an instance with
StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, scope and AnswerData (JSON: action, action_text, value, tag, tag_ds,
tag_name, answer_category_v2), beside uid_mapping.csv and patid_mapping.csv (id_old, id_new).

Two scores: `as MIDI-B` counts actions by its rules, in which a result that is not there passes what asks for removal.
`strict` also asks that the file is there, that shifted dates keep their intervals, that no planted identifier is in the
bytes of the file or its name in UTF-8, Latin-1, ISO 2022 or UTF-16, and that pixels are as they were.
"""
import argparse
import csv
import datetime
import json
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import warnings

import pydicom
import pydicom.encaps
from pydicom.dataset import Dataset

warnings.filterwarnings("ignore")
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import rivals

BINARY = os.environ.get("CONSILIUM_BINARY", str(ROOT / "build/release/src/consilium"))
DATA = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data"))
OPTIONS = ["modified-dates", "clean-descriptors", "clean-structured-content"]
FAMILY = ["Zwickelbauer", "Oyelaran", "Quarmby", "Müllerstein", "Thistlewood", "Vandervoort", "Brzęczyk", "Nakamurai"]
GIVEN = ["Peregrine", "Ottoline", "Ignatius", "Wilhelmina", "Barnabus", "Seraphina", "Cornelius", "Mirabelle"]
DAY = "%Y%m%d"


class Person:
    def __init__(self, number, rng):
        self.family, self.given = FAMILY[number % 8] + "qx"[number % 2], GIVEN[number // 8 % 8] + "zk"[number % 2]
        self.id = f"MRN{rng.randrange(10**7, 10**8)}"
        self.phone = f"555-{rng.randrange(100, 1000)}-{rng.randrange(1000, 10000)}"
        self.accession = f"ACC{rng.randrange(10**6, 10**7)}"
        self.doctor = FAMILY[(number + 3) % 8] + "berg"
        self.hospital = f"St Quibble Infirmary {number}"
        self.street = f"{rng.randrange(10, 99)} Wobbleton Crescent"
        self.birth = datetime.date(1930, 1, 1) + datetime.timedelta(rng.randrange(20000))
        self.scanned = datetime.date(2015, 1, 1) + datetime.timedelta(rng.randrange(2000))

    def words(self):
        return [self.family, self.given, self.id, self.phone, self.accession, self.doctor, "Quibble", "Wobbleton",
                self.birth.strftime(DAY)]


def plant(dataset, person, answers):
    """Writes the person into the dataset and what must be true afterwards into `answers`."""
    def answer(action, tag, value, text="", category="HIPAA-A", name=""):
        key = "".join(f"<({int(t) >> 16:04x},{int(t) & 0xFFFF:04x})>" for t in tag)
        answers.append({"action": f"<{action}>", "action_text": f"<{text}>" if text else None, "value": f"<{value}>",
                        "tag": key, "tag_ds": key, "tag_name": f"<{name}>", "answer_category_v2": [category]})

    def put(keyword, value, remove=(), keep=(), category="HIPAA-A"):
        tag = pydicom.datadict.tag_for_keyword(keyword)
        setattr(dataset, keyword, value)
        for text in remove:
            answer("text_removed", [tag], value, text, category, keyword)
        for text in keep:
            answer("text_retained", [tag], value, text, "DICOM-P15-BASIC-C", keyword)

    day = person.scanned.strftime(DAY)
    name = f"{person.family}^{person.given}"
    put("PatientName", name, [person.family, person.given])
    answer("patid_consistent", [0x00100020], person.id, "", "DICOM-P15-BASIC-U", "PatientID")
    put("PatientID", person.id, [person.id], category="HIPAA-H")
    answer("text_notnull", [0x00100020], person.id, "", "DICOM-IOD-2", "PatientID")
    put("PatientBirthDate", person.birth.strftime(DAY), [person.birth.strftime(DAY)], category="HIPAA-C")
    put("AccessionNumber", person.accession, [person.accession], category="HIPAA-R")
    put("ReferringPhysicianName", f"{person.doctor}^Dr", [person.doctor])
    put("InstitutionName", person.hospital, ["Quibble"], category="HIPAA-B")
    put("PatientAddress", person.street, ["Wobbleton"], category="HIPAA-B")
    put("PatientTelephoneNumbers", person.phone, [person.phone], category="HIPAA-D")
    put("StudyDescription", f"CT CHEST of {person.family}", [person.family], ["CHEST"])
    put("SeriesDescription", f"{person.phone} axial lung {person.id}", [person.phone, person.id], ["axial", "lung"])
    put("ImageComments", f"Call {person.given} {person.family}, {person.street}, mail {person.given}@example.org",
        [person.given, person.family, "Wobbleton"])
    put("PatientComments", f"Mother of {person.given}", [person.given])
    for keyword in ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"):
        later = person.scanned + datetime.timedelta({"StudyDate": 0, "SeriesDate": 1}.get(keyword, 3))
        setattr(dataset, keyword, later.strftime(DAY))
        answer("date_shifted", [pydicom.datadict.tag_for_keyword(keyword)], later.strftime(DAY), "", "HIPAA-C", keyword)
    request = Dataset()
    request.ScheduledProcedureStepDescription = f"Follow up, Mrs {person.family} {day}"
    request.RequestedProcedureID = person.accession
    dataset.RequestAttributesSequence = [request]
    answer("text_removed", [0x00400275, 0x00400007], "", person.family, "HIPAA-A", "ScheduledProcedureStepDescription")
    answer("text_removed", [0x00400275, 0x00401001], "", person.accession, "HIPAA-R", "RequestedProcedureID")
    block = dataset.private_block(0x0099, "PLANTED", create=True)
    block.add_new(0x01, "LO", f"{person.family} {person.id}")
    answer("text_removed", [0x00990001 | 0x1000], "", person.family, "HIPAA-A", "private")
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        value = str(dataset.get(keyword, ""))
        if not value:
            continue
        for action in ("uid_changed", "uid_consistent"):
            answer(action, [pydicom.datadict.tag_for_keyword(keyword)], value, "", "DICOM-P15-BASIC-U", keyword)
    for keyword in ("Modality", "SOPClassUID"):
        if keyword in dataset:
            answer("tag_retained", [pydicom.datadict.tag_for_keyword(keyword)], str(dataset.get(keyword)), "",
                   "DICOM-IOD-1", keyword)
    if "PixelData" in dataset:
        answer("pixels_retained", [0x7FE00010], "", "", "DICOM-IOD-1", "PixelData")


def make(source, target, seed=7):
    """Planted copies; returns for each its person, answers and original."""
    rng = random.Random(seed)
    target.mkdir(parents=True)
    people = [Person(i, rng) for i in range(24)]
    made = []
    for path in sorted(source.rglob("*")):
        if not path.is_file() or len(made) >= 400:
            continue
        try:
            dataset = pydicom.dcmread(path)
            if "SOPInstanceUID" not in dataset or "DirectoryRecordSequence" in dataset:
                continue
            dataset.SpecificCharacterSet = ["ISO_IR 192", "ISO_IR 100", "ISO_IR 101"][len(made) % 3]
            person = people[rng.randrange(len(people))]
            if len(made) % 3 == 1 and "ę" in person.family:
                dataset.SpecificCharacterSet = "ISO_IR 192"
            elif len(made) % 3 == 2 and "ü" not in person.family:
                dataset.SpecificCharacterSet = "ISO_IR 101"
            answers = []
            plant(dataset, person, answers)
            dataset.preamble = f"planted {person.family}".encode()[:128].ljust(128, b"\0")
            name = f"{person.family}_{len(made):03d}.dcm"
            dataset.save_as(target / name)
            pydicom.dcmread(target / name)
        except Exception:  # noqa: BLE001 - files that pydicom cannot write again are no source
            continue
        made.append({"name": name, "person": person, "answers": answers, "dataset": dataset})
    return made


def write_answers(made, results, folder):
    with sqlite3.connect(folder / "answers.db") as db:
        db.execute("CREATE TABLE answer_data (StudyInstanceUID TEXT, SeriesInstanceUID TEXT, SOPInstanceUID TEXT,"
                   " scope TEXT, AnswerData TEXT)")
        for one in made:
            d = one["dataset"]
            db.execute("INSERT INTO answer_data VALUES (?,?,?,?,?)",
                       (str(d.get("StudyInstanceUID", "")), str(d.get("SeriesInstanceUID", "")), str(d.SOPInstanceUID),
                        "<Instance>", json.dumps({str(i): a for i, a in enumerate(one["answers"])})))
    uids, patients = {}, {}
    for one in made:
        result = results.get(one["name"])
        if result is None:
            continue
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
            uids[str(one["dataset"].get(keyword, ""))] = str(result["dataset"].get(keyword, ""))
        patients[one["person"].id] = str(result["dataset"].get("PatientID", ""))
    for name, table in (("uid_mapping.csv", uids), ("patid_mapping.csv", patients)):
        with open(folder / name, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("id_old", "id_new"), *sorted(table.items())])
    return uids, patients


def value_at(dataset, key):
    tags = [int(part.replace("(", "").replace(",", "").replace(")", ""), 16) for part in key.strip("<>").split("><")]
    for tag in tags[:-1]:
        element = dataset.get(tag)
        if element is None or not element.value:
            return None
        dataset = element.value[0]
    element = dataset.get(tags[-1])
    return None if element is None else "\\".join(map(str, element.value)) if element.VM > 1 else str(element.value)


def passes(answer, one, result, uids, patients):
    """By MIDI-B's rules; `result` is None where there is no file."""
    action = answer["action"].strip("<>")
    if result is None:
        return action in ("text_removed", "date_shifted", "uid_changed")
    value, text = value_at(result["dataset"], answer["tag_ds"]), (answer["action_text"] or "").strip("<>")
    before = answer["value"].strip("<>")
    if action == "text_removed":
        return value is None or text.lower() not in value.lower()
    if action == "text_retained":
        return value is not None and text.lower() in value.lower()
    if action in ("date_shifted", "uid_changed"):
        return value is None or before not in value
    if action == "uid_consistent":
        return value is not None and uids.get(before) == value
    if action == "patid_consistent":
        return value is not None and patients.get(before) == value
    if action == "pixels_retained":
        return has_same_pixels(one["dataset"], result["dataset"])
    return bool(value)


def has_same_pixels(before, after):
    if "PixelData" not in after:
        return False
    if before.file_meta.TransferSyntaxUID.is_compressed:
        return after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID and (
            frames(before) == frames(after))
    if not before.file_meta.TransferSyntaxUID.is_little_endian:
        return len(before.PixelData) == len(after.PixelData)
    size = min(len(before.PixelData), len(after.PixelData))
    return before.PixelData[:size] == after.PixelData[:size] and size > 0


def frames(dataset):
    """Of each frame what is coded: what stands before its first scan or tile may lose its comments."""
    count = int(dataset.get("NumberOfFrames", 1) or 1)
    coded = []
    for frame in pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=count):
        start = {b"\xff\xd8": b"\xff\xda", b"\xff\x4f": b"\xff\x90"}.get(frame[:2])
        coded.append(frame[frame.find(start) if start else 0:].rstrip(b"\0"))
    return coded


def strict_failures(one, result, offsets):
    """What the strict score asks beyond the answers: a list of failed checks, and how many there were."""
    if result is None:
        return ["the file is not there"], 1
    failed, count = [], 4
    raw, name = result["raw"].lower(), result["name"].lower()
    for word in one["person"].words():
        for encoding in ("utf-8", "latin-1", "iso2022_jp_2", "utf-16-le", "utf-16-be"):
            count += 1
            try:
                sought = word.lower().encode(encoding)
            except UnicodeEncodeError:
                continue
            if sought in raw or sought in name.encode():
                failed.append(f"an identifier in {encoding}")
    after = [result["dataset"].get(k) for k in ("StudyDate", "SeriesDate", "ContentDate")]
    moved = []
    for keyword, value in zip(("StudyDate", "SeriesDate", "ContentDate"), after):
        try:
            moved.append((datetime.datetime.strptime(value, DAY) -
                          datetime.datetime.strptime(one["dataset"].get(keyword), DAY)).days)
        except (TypeError, ValueError):
            failed.append(f"no date in {keyword}")
    if moved and (len(set(moved)) > 1 or offsets.setdefault(one["person"].id, moved[0]) != moved[0] or moved[0] == 0):
        failed.append("an interval changed")
    return failed, count


def report(name, made, results, folder):
    folder.mkdir(exist_ok=True)
    uids, patients = write_answers(made, results, folder)
    right = total = strict_right = strict_total = 0
    wrong, offsets = {}, {}
    for one in made:
        result = results.get(one["name"])
        for answer in one["answers"]:
            is_right = passes(answer, one, result, uids, patients)
            right, total = right + is_right, total + 1
            strict_right, strict_total = strict_right + (is_right and result is not None), strict_total + 1
            if not is_right and result is not None:
                what = f"{answer['action'].strip('<>')} {answer['tag_name'].strip('<>')}"
                wrong[what] = wrong.get(what, 0) + 1
        failed, count = strict_failures(one, result, offsets)
        strict_right, strict_total = strict_right + count - len(failed), strict_total + count
        for what in failed:
            wrong[what] = wrong.get(what, 0) + 1
    print(f"{name:18} {len(results)} of {len(made)} files written  as MIDI-B {100 * right / total:7.3f} % of {total}"
          f"  strict {100 * strict_right / strict_total:7.3f} % of {strict_total}")
    for what, number in sorted(wrong.items(), key=lambda item: -item[1])[:12]:
        print(f"    {number:5} {what}")
    return right / total, strict_right / strict_total


def read(path, name):
    return {"dataset": pydicom.dcmread(path, force=True), "raw": path.read_bytes(), "name": name}


def ours(source, out, folder):
    extra = [part for option in OPTIONS for part in ("--option", option)]
    done = subprocess.run([BINARY, "deid", str(source), str(out), "--report", str(folder / "report.json"), *extra],
                          capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    print(done.stdout.strip().replace("\n", "; "))
    for line in done.stderr.splitlines()[:10]:
        print("   ", line.split(": ", 2)[-1])
    names = sorted(p.name for p in source.iterdir())
    return {names[f["number"] - 1]: read(out / f["out"], f["out"])
            for f in json.loads((folder / "report.json").read_text())["files"] if f["result"] == "released"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--rivals", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        source = folder / "planted"
        made = make(DATA / "imaging/dicom", source)
        results = ours(source, folder / "consilium", folder)
        midi, strict = report("consilium", made, results, folder / "answers")
        if options.rivals:
            for name, program in rivals.RIVALS.items():
                out = folder / name.replace(" ", "_")
                out.mkdir()
                problem = program(source, out)
                if problem:
                    print(f"{name:18} {problem}")
                    continue
                found = {p.name: read(p, "") for p in out.iterdir()}
                report(name, made, found, folder / ("answers_" + out.name))
    return 0 if midi >= 0.9995 else 1


if __name__ == "__main__":
    sys.exit(main())
