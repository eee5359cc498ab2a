#!/usr/bin/env python3
"""Defects planted into the de-identifier: the leak checker must find each.

usage: mutants.py [NUMBER...]   (builds from build/release; CONSILIUM_BUILD for another)

All defects go into one copy of the sources, each behind a switch that the environment turns on, so the program is built
once. Without a defect every file is released; with one, at least one file must be held back.
"""
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import numpy
import pydicom
import pydicom.encaps
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CONSILIUM_BUILD", ROOT / "build/release"))
WALK, OBJECT, PART10 = "format/dicom_deid/deid_walk.cpp", "format/dicom_deid/deidentify.cpp", "format/dicom_deid/deid_part10.cpp"
KNOWN, KEY, FILE = "format/dicom_deid/known_identifiers.cpp", "format/dicom_deid/deid_key.cpp", "transport/cli_deid/deid_file.cpp"
EDF = "format/file_deid/edf_deid.cpp"
CLEANING = ["modified-dates", "clean-descriptors", "clean-structured-content"]

# What is wrong, the file, the text there, the text with the defect behind PLANTED, options where not the usual ones.
DEFECTS = [
    ("private elements stay", WALK, "if (tag.is_private()) return choose_private(at);",
     "if (PLANTED && tag.is_private()) return {.action = DeidAction::Keep, .rule = \"\"};\n  if (tag.is_private()) return choose_private(at);"),
    ("items of sequences are not walked", WALK, "items.push_back(\n        dataset(at.element.items[i],",
     "items.push_back(PLANTED ? at.element.items[i] : \n        dataset(at.element.items[i],"),
    ("attributes that PS3.6 does not know stay", WALK, "if (!entry) return", "if (PLANTED && !entry) return {.action = DeidAction::Keep, .rule = \"\"};\n  if (!entry) return"),
    ("overlays stay but for their data", WALK, "if (is_overlay(tag)) return", "if (!PLANTED && is_overlay(tag)) return"),
    ("moved dates stay", WALK, "std::string moved = shifted_dicom_date(parts->date, shift_days_);",
     "std::string moved = shifted_dicom_date(parts->date, PLANTED ? 0 : shift_days_);"),
    ("dates move by what they are", WALK, "std::string moved = shifted_dicom_date(parts->date,",
     "std::string moved = shifted_dicom_date(parts->date, PLANTED ? shift_days_ + parts->date[7] :"),
    ("UIDs stay", WALK, "return uid.empty() || uid.starts_with(standard_root)", "return PLANTED || uid.empty() || uid.starts_with(standard_root)"),
    ("UIDs of references stay", WALK, "text += mapped_uid(at.from.ascii(at.element.tag, i));",
     "text += PLANTED && at.parent != DicomTag{} ? std::string(at.from.ascii(at.element.tag, i)) : mapped_uid(at.from.ascii(at.element.tag, i));"),
    ("encrypted attributes stay", WALK, "if (tag.group == 0x0400) return", "if (PLANTED && tag.group == 0x0400) return {.action = DeidAction::Keep, .rule = \"\"};\n  if (tag.group == 0x0400) return"),
    ("a dummy is the value itself", WALK, "if (at.element.vr != Vr::Sq) return put_dummy(to, tag, at.element.vr);",
     "if (PLANTED && at.element.vr != Vr::Sq) return to.append(tag, at.element.vr, at.element.value);\n  if (at.element.vr != Vr::Sq) return put_dummy(to, tag, at.element.vr);"),
    ("emptied attributes keep their value", WALK, "return to.append(tag, at.element.vr, {});",
     "return to.append(tag, at.element.vr, PLANTED ? at.element.value : DicomValue{});"),
    ("cleaned text is the text itself", WALK, "value = known_.cleaned(value);", "value = PLANTED ? value : known_.cleaned(value);"),
    ("texts that stay are not scrubbed", WALK, "is_structure ? before : known_.scrubbed(before)",
     "is_structure || PLANTED ? before : known_.scrubbed(before)"),
    ("dummy items keep their values", WALK, "put_dummy(to, tag, element.vr);\n    }",
     "if (PLANTED) to.append(tag, element.vr, element.value); else put_dummy(to, tag, element.vr);\n    }", []),
    ("unlisted dates stay", WALK, "return {.action = DeidAction::Remove, .rule = \"date\"};",
     "return {.action = PLANTED ? DeidAction::Keep : DeidAction::Remove, .rule = \"date\"};", []),
    ("numbers that are none stay", WALK, "if (!fits_vr(value, vr)) return", "if (!PLANTED && !fits_vr(value, vr)) return"),
    ("bytes in a number's attribute stay", WALK, "if (is_wrong_form) return",
     "if (PLANTED && is_wrong_form) return {.action = DeidAction::Keep, .rule = \"\"};\n  if (is_wrong_form) return"),
    ("removal empties instead, with the value", WALK, "case DeidAction::Remove:\n      return note(at, choice);",
     "case DeidAction::Remove:\n      if (PLANTED && at.element.vr == Vr::Pn) return to.append(tag, Vr::Pn, at.element.value);\n      return note(at, choice);"),
    ("the patient's id is left empty", OBJECT, "dataset.put_text(tags::patient_id, Vr::Lo, patient);",
     "dataset.put_text(tags::patient_id, Vr::Lo, PLANTED ? std::string() : patient);"),
    ("all patients have one pseudonym", OBJECT, ".patient = key.patient(identity)", ".patient = PLANTED ? std::string(\"P-1\") : key.patient(identity)"),
    ("each object has a pseudonym of its own", OBJECT, "key.patient(identity),",
     "key.patient(PLANTED ? std::string(file.dataset.ascii(tags::sop_instance_uid)) : identity),"),
    ("it does not say that it is de-identified", OBJECT, "dataset.put_text(tags::patient_identity_removed, Vr::Cs, \"YES\");",
     "dataset.put_text(tags::patient_identity_removed, Vr::Cs, PLANTED ? \"NO\" : \"YES\");"),
    ("names of items are not sought elsewhere", OBJECT, "for (const DicomDataset& item : element.items) add_identifiers",
     "if (!PLANTED) for (const DicomDataset& item : element.items) add_identifiers"),
    ("the offset is the object's, not the patient's", OBJECT, "key.shift_days(identity)",
     "key.shift_days(PLANTED ? std::string(file.dataset.ascii(tags::sop_instance_uid)) : identity)"),
    ("comments of codestreams stay", PART10, "if (is_comment(*marker, is_jpeg_2000)) continue;", "if (!PLANTED && is_comment(*marker, is_jpeg_2000)) continue;"),
    ("bytes after the last frame stay", PART10, "length = std::min(length, *filled);", "length = PLANTED ? length : std::min(length, *filled);"),
    ("the preamble stays", PART10, "if (file.pixel_data.kind == PixelDataKind::None) return out;",
     "if (PLANTED) std::copy_n(file.bytes.begin(), 128, out.begin());\n  if (file.pixel_data.kind == PixelDataKind::None) return out;"),
    ("what follows the pixels stays", PART10, "CSL_TRY(file.pixel_data.is_encapsulated ? append_encapsulated(out, file)",
     "if (PLANTED) out.insert(out.end(), file.bytes.end() - 64, file.bytes.end());\n  CSL_TRY(file.pixel_data.is_encapsulated ? append_encapsulated(out, file)"),
    ("only the first part of a name is sought", KNOWN, "for (Word& word : words_of(utf8)) {",
     "for (Word& word : words_of(utf8)) {\n    if (PLANTED && word.begin > 0) break;"),
    ("names are sought in one case alone", KNOWN, "UErrorCode problem = U_ZERO_ERROR;\n  static", "if (PLANTED) return std::string(utf8);\n  UErrorCode problem = U_ZERO_ERROR;\n  static"),
    ("numbers are not sought in texts", KNOWN, "if (phrases_.contains(joined)) cut(i, j);", "if (!PLANTED && phrases_.contains(joined)) cut(i, j);"),
    ("two objects get one UID", KEY, "return uid_from_name(to_hex(derived(\"uid\", original)));",
     "return uid_from_name(to_hex(derived(\"uid\", PLANTED ? original.substr(0, 12) : original)));"),
    ("files are named after patients", FILE, "return fmt::format(\"{}/{}/{}/{}.dcm\",",
     "if (PLANTED) return dataset.text(tags::patient_name) + key.token(\"x\", dataset.ascii(tags::sop_instance_uid), 5) + \".dcm\";\n  return fmt::format(\"{}/{}/{}/{}.dcm\","),
    ("years alone are whole dates", WALK, "if (profile_.keeps_years_only) return std::string(parts->date.substr(0, 4)) + \"0101\";",
     "if (profile_.keeps_years_only) return PLANTED ? std::string(parts->date) : std::string(parts->date.substr(0, 4)) + \"0101\";", ["--profile", "safe-harbor"]),
    ("EDF's recording field stays", EDF, "put(result.bytes, recording_at, field_size,", "if (!PLANTED) put(result.bytes, recording_at, field_size,"),
    ("EDF's patient field stays behind the pseudonym", EDF, "result.patient + \" X X X\"",
     "PLANTED ? result.patient + \" \" + std::string(field(source, patient_at, 60)) : result.patient + \" X X X\""),
]


def mutated(folder):
    """Writes the sources with all defects; answers the changed files."""
    texts = {}
    for number, (what, file, old, new, *_) in enumerate(DEFECTS, 1):
        text = texts.setdefault(file, (ROOT / "src" / file).read_text(encoding="utf-8"))
        # Line breaks and indents are the formatter's.
        pattern = re.compile(r"\s+".join(re.escape(part) for part in old.split()))
        if len(pattern.findall(text)) != 1:
            sys.exit(f"defect {number} ({what}): its place is not there once")
        texts[file] = pattern.sub(lambda _, t=new.replace("PLANTED", f"planted({number})"): t, text)
    switch = folder / "planted.hpp"
    switch.write_text("#include <cstdlib>\ninline bool planted(int n) {\n  static const char* const which = std::getenv(\"CSL_PLANTED\");\n"
                      "  return which != nullptr && std::atoi(which) == n;\n}\n")
    for file, text in texts.items():
        path = folder / pathlib.Path(file).name
        path.write_text(f"#include \"{switch}\"\n{text}", encoding="utf-8")
    return list(texts)


def build(folder):
    files = mutated(folder)
    commands = subprocess.run(["ninja", "-C", str(BUILD), "-t", "commands", "src/consilium"], capture_output=True, text=True,
                              check=True).stdout.splitlines()
    objects = []
    for file in files:
        command = next(c for c in commands if c.endswith(f"src/{file}"))
        words = shlex.split(command)
        out = folder / (pathlib.Path(file).stem + ".o")
        words[words.index("-o") + 1] = str(out)
        words[-1] = str(folder / pathlib.Path(file).name)
        for flag in ("-MF", "-MT"):
            words[words.index(flag) + 1] = str(out) + ".d"
        words = [w for w in words if w not in ("-Werror", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wduplicated-cond")]
        subprocess.run(["nice", "-n", "5", *words], cwd=BUILD, check=True)
        objects.append(str(out))
    link = next(c for c in reversed(commands) if "-o src/consilium" in c)
    words = shlex.split(link.split("&&")[1] if "&&" in link else link)
    at = words.index("-o")
    words[at + 1] = str(folder / "consilium")
    # Objects come before the archives, so theirs of the same name are not taken.
    words[at:at] = objects
    subprocess.run(words, cwd=BUILD, check=True)
    return folder / "consilium"


def image(name, patient, number, day, compressed=False):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = JPEGBaseline8Bit if compressed else ExplicitVRLittleEndian
    d = FileDataset("", {}, file_meta=meta, preamble=f"seen {name}".encode().ljust(128, b"\0"))
    d.SOPClassUID = meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    d.SOPInstanceUID = meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.97.{number}"
    d.StudyInstanceUID, d.SeriesInstanceUID = f"1.2.826.0.1.97.{patient}.1", f"1.2.826.0.1.97.{patient}.2"
    d.SpecificCharacterSet, d.Modality, d.BurnedInAnnotation = "ISO_IR 192", "OT", "NO"
    family, given = name.split("^")
    d.PatientName, d.PatientID, d.PatientBirthDate = name, f"MRN{patient}", "19500101"
    d.ReferringPhysicianName, d.AccessionNumber = "Doktorowitz^Emil", f"ACC{number}77"
    d.StudyDate = d.SeriesDate = day
    d.ContentDate = day[:6] + f"{int(day[6:]) % 27 + 2:02d}"
    d.StudyDescription = f"Chest of {given.upper()} {family.upper()}, MRN{patient}"
    d.Manufacturer = f"ACME for {given.upper()} {family} no MRN{patient} nurse Nightingalex"
    d.ImageComments = f"{family} again"
    d.PerformingPhysicianName = "Doktorowitz^Emil"
    d.add_new(0x00142006, "PN", name)
    d.add_new(0x00141020, "DA", day)
    d.add_new(0x00080099, "UN", name.encode())
    d.add_new(0x04000520, "OB", f"plain {name} ".encode())
    d.add_new(0x00189073, "OB", f"bytes {name} ".encode())
    d.add_new(0x00180050, "LO", family)
    d.add_new(0x00181111, "DS", "1.5")
    d["DistanceSourceToPatient"]._value = family
    d.private_block(0x0099, "OURS", create=True).add_new(1, "LO", name)
    d.add_new(0x60000010, "US", 2)
    d.add_new(0x60003000, "OW", b"\0\0")
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = d.SOPClassUID, f"1.2.826.0.1.97.{number}"
    reference.add_new(0x00142006, "PN", "Nightingalex^Flo")
    d.ReferencedInstanceSequence = [reference]
    text, person = Dataset(), Dataset()
    text.RelationshipType, text.ValueType, text.TextValue = "CONTAINS", "TEXT", f"Nodule of {family}"
    person.RelationshipType, person.ValueType, person.PersonName = "CONTAINS", "PNAME", name
    d.ContentSequence = [text, person]
    d.Rows = d.Columns = 2
    d.SamplesPerPixel, d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 1, 8, 8, 7, 0
    d.PhotometricInterpretation = "MONOCHROME2"
    comment = f"taken of {family}".encode()
    jpeg = b"\xff\xd8\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + b"\xff\xda\0\2\1\2\xff\xd9"
    d.PixelData = pydicom.encaps.encapsulate([jpeg]) if compressed else b"\1\2\3\4" + f" copy of {family} ".encode()
    d["PixelData"].VR = "OB"
    return d


def inputs(folder):
    folder.mkdir()
    for i, (name, patient, day, compressed) in enumerate([
            ("Quillington^Perpetua", 4711, "20240105", False), ("Quillington^Perpetua", 4711, "20240219", True),
            ("Zwickelbauer^Ottokar", 4712, "20240105", False)]):
        path = folder / f"{i}.dcm"
        image(name, patient, 100000 + i, day, compressed).save_as(path)
        with open(path, "ab") as file:  # data set trailing padding
            body = f"padding of {name} ".encode().ljust(64, b" ")
            file.write(b"\xfc\xff\xfc\xffOB\0\0" + len(body).to_bytes(4, "little") + body)
    import edfio
    signal = edfio.EdfSignal(numpy.arange(100) / 10, 100, label="EEG")
    edfio.Edf([signal], patient=edfio.Patient(code="KH998877", name="Quillington_Perpetua"),
              recording=edfio.Recording(hospital_administration_code="PSG9912", investigator_technician_code="Doktorowitz")
              ).write(folder / "r.edf")


def main():
    chosen = [int(a) for a in sys.argv[1:]] or range(1, len(DEFECTS) + 1)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        program = build(folder)
        source = folder / "in"
        inputs(source)

        def run(number, options):
            arguments = [part for option in options for part in ("--option", option)] if "--profile" not in options else options
            done = subprocess.run([str(program), "deid", str(source), str(folder / f"out{number}-{len(arguments)}"), "--json", *arguments],
                                  capture_output=True, text=True, env={**os.environ, "CSL_PLANTED": str(number)}, check=False)
            return json.loads(done.stdout), done.stderr

        for options in (CLEANING, [], ["--profile", "safe-harbor"]):
            answer, err = run(0, options)
            if answer["held_back"] or answer["released"] != 4:
                sys.exit(f"without a defect something is held back:\n{err}")
        for number in chosen:
            what, _, _, _, *options = DEFECTS[number - 1]
            answer, err = run(number, options[0] if options else CLEANING)
            is_caught = answer["held_back"] > 0 and "still holds" in err
            passed, failed = passed + is_caught, failed + (not is_caught)
            print(f"{number:3} {'caught' if is_caught else 'NOT CAUGHT':10} {what}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
