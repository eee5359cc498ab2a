#!/usr/bin/env python3
"""`consilium deid` on made and real DICOM files: every attribute of Table E.1-1, options, keys, refusals, the report.

usage: test_deid.py   (CONSILIUM_BINARY, CONSILIUM_DATA)
"""
import ctypes
import ctypes.util
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

import pydicom

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import made

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("CONSILIUM_BINARY", str(ROOT / "build/release/src/consilium"))
DATA = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data"))
RULES = ROOT / "src/format/dicom_deid/rules/2024e.rules"
OPTIONS = ["retain-uids", "retain-device", "retain-institution", "retain-patient-characteristics", "retain-full-dates",
           "modified-dates", "clean-descriptors", "clean-structured-content", "clean-graphics"]


def deid(source, out, *options):
    done = subprocess.run([BINARY, "deid", str(source), str(out), "--json", *options], capture_output=True, text=True,
                          check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else None, done.stderr


def written(folder):
    return sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file())


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def save(self, dataset, name="in.dcm"):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(path)
        return path


class EveryAttribute(Case):
    def run_with(self, *options):
        dataset, places = made.every_attribute(RULES)
        source = self.save(dataset)
        out = self.path / ("-".join(options) + "out.dcm")
        extra = [part for option in options for part in ("--option", option)]
        code, _, err = deid(source, out, *extra)
        self.assertEqual(code, 0, err)
        return pydicom.dcmread(out), out.read_bytes(), places

    def test_every_action_is_done_at_every_depth(self):
        result, raw, places = self.run_with()
        gone, exact, wrong, left = made.score(result, raw, places, made.Types().required)
        print(f"Table E.1-1: {gone} of {len(places)} values gone, {exact} of {len(places)} actions to the letter, "
              f"{len(left)} canaries left")
        self.assertGreater(len(places), 1800)
        self.assertEqual(wrong, [])
        self.assertEqual(gone, len(places))
        self.assertEqual(left, [])

    def test_every_option_does_what_its_column_says(self):
        types = made.Types()
        for option in OPTIONS:
            with self.subTest(option=option):
                result, _, places = self.run_with(option)

                def required(row, depth, option=option):
                    # Content that only counts below a sequence which this option does not keep is judged above.
                    return row[option] if row[option] != "-" else types.required(row, depth)

                listed = [place for place in places if place[1][option] != "-"]
                # Bits in which text cannot be told from drawing go, whatever is asked.
                listed = [p for p in listed if not (option == "clean-graphics" and p[2] != 0x00700001)]
                uids = {}
                wrong = []
                for place in listed:
                    action = required(place[1], place[0])
                    number = place[2]
                    if action == "C" and made.vr_of(number) in ("TM", "OB", "OW"):
                        continue  # times of day stay with a moved date; bits fall back to the basic action
                    if not made.is_done(result, place, action, uids):
                        wrong.append(f"{place[1]['keyword']} at depth {place[0]}: {action}")
                self.assertEqual(wrong, [])
                self.assertGreater(len(listed), 2)

    def test_what_was_done_stands_in_the_object(self):
        result, _, _ = self.run_with("modified-dates", "retain-device", "clean-descriptors")
        self.assertEqual(result.PatientIdentityRemoved, "YES")
        self.assertEqual(result.LongitudinalTemporalInformationModified, "MODIFIED")
        self.assertEqual({item.CodeValue for item in result.DeidentificationMethodCodeSequence},
                         {"113100", "113105", "113107", "113109"})


class Keys(Case):
    def study(self, patient, name, uid, day):
        dataset, _ = made.every_attribute(RULES)
        for keyword in made.CHAIN[:1]:
            delattr(dataset, keyword)
        dataset.PatientID, dataset.PatientName, dataset.SOPInstanceUID = patient, name, uid
        dataset.file_meta.MediaStorageSOPInstanceUID = uid
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.StudyDate = uid + ".1", uid + ".2", day
        return dataset

    def test_one_key_gives_one_result_and_keeps_intervals(self):
        for i, (patient, day) in enumerate([("A1", "20240101"), ("A1", "20240131"), ("B2", "20240101")]):
            self.save(self.study(patient, f"Quill^{patient}x", f"1.2.826.0.1.98.{i + 1}", day), f"in/Quill {i}.dcm")
        outs = []
        for name, key in (("one", "k1"), ("two", "k1"), ("three", "k2")):
            code, answer, err = deid(self.path / "in", self.path / name, "--option", "modified-dates", "--key",
                                     str(self.path / key))
            self.assertEqual((code, answer["released"], answer["patients"]), (0, 3, 2), err)
            outs.append({str(p.relative_to(self.path / name)): p.read_bytes() for p in written(self.path / name)})
        self.assertEqual(outs[0], outs[1])
        self.assertNotEqual(set(outs[0]), set(outs[2]))
        self.assertFalse(any("Quill" in name for name in outs[0]))
        self.assertEqual(os.stat(self.path / "k1").st_mode & 0o777, 0o600)
        read = [pydicom.dcmread(p) for p in written(self.path / "one")]
        days = {}
        for d in read:
            days.setdefault(str(d.PatientID), []).append(d.StudyDate)
        from datetime import date
        two = sorted(date(int(t[:4]), int(t[4:6]), int(t[6:])) for t in next(v for v in days.values() if len(v) == 2))
        self.assertEqual((two[1] - two[0]).days, 30)


class Refusals(Case):
    def test_what_cannot_be_done_is_held_back_and_the_rest_goes_on(self):
        good, _ = made.every_attribute(RULES)
        self.save(good, "in/good.dcm")
        burned, _ = made.every_attribute(RULES, 10000)
        burned.BurnedInAnnotation = "YES"
        self.save(burned, "in/burned.dcm")
        (self.path / "in/notes.xyz").write_text("Mrs Quill")
        whole = (self.path / "in/good.dcm").read_bytes()
        (self.path / "in/cut.dcm").write_bytes(whole[:len(whole) // 2])
        code, answer, err = deid(self.path / "in", self.path / "out", "--report", str(self.path / "r.json"))
        self.assertEqual((code, answer["released"], answer["held_back"]), (1, 1, 3), err)
        self.assertEqual(len(written(self.path / "out")), 1)
        for name in ("burned.dcm", "cut.dcm", "notes.xyz"):
            self.assertIn(name, err)
        report = json.loads((self.path / "r.json").read_text())
        self.assertEqual([f["result"] for f in report["files"]].count("held back"), 3)
        self.assertNotIn("burned", json.dumps(report["files"]).replace("retain-burned-in", ""))

    def test_known_people_are_sought_even_where_the_file_does_not_name_them(self):
        dataset, _ = made.every_attribute(RULES)
        dataset.Manufacturer = "ACME for Quillington"
        source = self.save(dataset)
        people = self.path / "people.csv"
        people.write_text("patient_name,mrn\nQuillington Peregrine,77-88-99\n")
        self.assertEqual(deid(source, self.path / "a.dcm", "--known", str(people))[0], 0)
        self.assertEqual(pydicom.dcmread(self.path / "a.dcm").Manufacturer, "ACME for")
        self.assertEqual(deid(source, self.path / "b.dcm")[0], 0)
        self.assertIn("Quillington", pydicom.dcmread(self.path / "b.dcm").Manufacturer)

    def test_places_and_choices_that_cannot_be_right_are_refused(self):
        dataset, _ = made.every_attribute(RULES)
        source = self.save(dataset, "in/a.dcm")
        (self.path / "full").mkdir()
        (self.path / "full/x").write_text("x")
        for arguments in ((self.path / "in", self.path / "in/out"), (self.path / "in", self.path / "full"),
                          (self.path / "gone", self.path / "out"),
                          (source, self.path / "o.dcm", "--profile", "loose"),
                          (source, self.path / "o.dcm", "--option", "retain-everything"),
                          (source, self.path / "o.dcm", "--option", "retain-full-dates", "--option", "modified-dates")):
            code, _, err = deid(*arguments)
            self.assertEqual(code, 1, err)
            self.assertIn("error:", err)
        self.assertFalse((self.path / "o.dcm").exists())


class Report(Case):
    def test_the_report_is_signed_and_names_each_action(self):
        dataset, _ = made.every_attribute(RULES)
        source = self.save(dataset)
        code, _, err = deid(source, self.path / "o.dcm", "--report", str(self.path / "r.json"), "--key",
                            str(self.path / "k"))
        self.assertEqual(code, 0, err)
        text = (self.path / "r.json").read_text()
        report = json.loads(text)
        self.assertNotIn("CNR", text)
        entry = report["files"][0]
        self.assertEqual(entry["sha256"], hashlib.sha256((self.path / "o.dcm").read_bytes()).hexdigest())
        removed = next(a for a in entry["actions"] if a["action"] == "X" and a["rule"] == "E.1-1")
        self.assertIn("(0008,1030)", removed["places"])
        signature = report.pop("signature")
        # Keys are sorted and all text is ASCII, so this is the canonical form.
        body = json.dumps(report, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
        arguments = (bytes.fromhex(signature["value"]), body, ctypes.c_ulonglong(len(body)),
                     bytes.fromhex(signature["public_key"]))
        self.assertEqual(sodium.crypto_sign_verify_detached(*arguments), 0)
        changed = (arguments[0], body.replace(b'"released":1', b'"released":2'), *arguments[2:])
        self.assertNotEqual(changed[1], body)
        self.assertNotEqual(sodium.crypto_sign_verify_detached(*changed), 0)


@unittest.skipUnless(DATA.exists(), "shared data absent")
class RealFiles(Case):
    def copies(self, pattern, count):
        """Each real file in a folder of its own: the command takes folders that are empty."""
        found = [p for p in sorted(DATA.glob(pattern)) if p.is_file()][:count]
        self.assertTrue(found, pattern)
        return found

    def test_a_directory_leads_to_the_files_new_names(self):
        from pydicom.fileset import FileSet
        code, answer, err = deid(DATA / "imaging/dicom/pydicom_dicomdir", self.path / "out", "--option", "modified-dates")
        self.assertEqual((code, answer["held_back"]), (1, 1), err)
        self.assertIn("README.txt", err)  # no DICOM
        self.assertGreater(answer["released"], 5)
        before, after = FileSet(DATA / "imaging/dicom/pydicom_dicomdir/DICOMDIR"), FileSet(self.path / "out/DICOMDIR")
        there = [i for i in before if pathlib.Path(i.path).exists()]
        self.assertEqual(len(list(after)), len(there))
        for instance in after:
            loaded = instance.load()
            self.assertEqual(loaded.SOPInstanceUID, instance.SOPInstanceUID)
            self.assertEqual(loaded.PatientID, instance.PatientID)
            self.assertEqual(loaded.get("StudyDate"), getattr(instance, "StudyDate", None))
        self.assertEqual(len(after.find_values("PatientID")), len(before.find_values("PatientID")))

    def test_cut_and_flipped_files_never_crash_and_never_leak(self):
        """What still reads is released clean, the rest is held back; the checker's word is in the exit code."""
        rng = random.Random(5)
        sources = [DATA / "imaging/dicom/pydicom" / name for name in ("CT_small.dcm", "JPEG2000.dcm", "reportsi.dcm")]
        sources += [next(DATA.glob(p)) for p in ("signals/**/*.edf", "imaging/**/*.nii*", "signals/**/*.hea")]
        if (DATA / "imaging/photo").exists():
            sources += sorted((DATA / "imaging/photo").glob("*.tif*"))[:1]
        folder = self.path / "broken"
        folder.mkdir()
        count = 0
        for source in sources:
            whole = source.read_bytes()[:200000]
            for i in range(40):
                data = bytearray(whole[:rng.randrange(len(whole))] if i % 2 else whole)
                for _ in range(rng.randrange(1, 12)):
                    if data:
                        data[rng.randrange(min(len(data), 2048))] = rng.randrange(256)
                (folder / f"{count:04d}{''.join(source.suffixes[-2:])}").write_bytes(data)
                count += 1
        code, answer, err = deid(folder, self.path / "out")
        self.assertIn(code, (0, 1), err[-300:])
        self.assertEqual(answer["released"] + answer["held_back"], count)

    def test_volumes_keep_their_voxels(self):
        import nibabel
        import numpy
        for path in self.copies("imaging/**/*.nii*", 12):
            out = self.path / ("v_" + path.name)
            code, _, err = deid(path, out)
            if code != 0:
                print("held back:", path.name, err.strip()[-120:])
                continue
            before, after = nibabel.load(path), nibabel.load(out)
            self.assertTrue(numpy.array_equal(numpy.asarray(before.dataobj), numpy.asarray(after.dataobj)), path)
            self.assertEqual(bytes(after.header["descrip"]).strip(b"\0"), b"")
            self.assertEqual(len(after.header.extensions), 0)

    def test_recordings_keep_their_samples(self):
        import edfio
        import numpy
        compared = 0
        for path in self.copies("signals/**/*.edf", 12):
            out = self.path / ("e_" + path.name)
            code, _, err = deid(path, out)
            if code != 0:
                print("held back:", path.name, err.strip()[-120:])
                continue
            try:
                before = edfio.read_edf(path)
            except Exception:  # noqa: BLE001 - what the judge cannot read is none
                continue
            after = edfio.read_edf(out)
            self.assertEqual([s.label for s in before.signals], [s.label for s in after.signals])
            for one, other in zip(before.signals, after.signals):
                self.assertTrue(numpy.array_equal(one.digital, other.digital), path)
            self.assertEqual(after.patient.name, "X")
            compared += 1
        self.assertGreater(compared, 2)

    def test_wfdb_records_are_renamed_together(self):
        import numpy
        import wfdb
        header = next(p for p in self.copies("signals/**/*.hea", 500)
                      if (p.parent / (p.stem + ".dat")).exists() and "/" not in p.read_text(errors="replace").split()[0])
        folder = self.path / "wfdb"
        folder.mkdir()
        for ending in (".hea", ".dat"):
            (folder / (header.stem + ending)).write_bytes((header.parent / (header.stem + ending)).read_bytes())
        code, answer, err = deid(folder, self.path / "out")
        self.assertEqual((code, answer["released"]), (0, 2), err)
        stem = written(self.path / "out")[0].with_suffix("")
        self.assertTrue(numpy.array_equal(wfdb.rdrecord(str(header.with_suffix("")), physical=False).d_signal,
                                          wfdb.rdrecord(str(stem), physical=False).d_signal))

    def test_pictures_keep_their_pixels(self):
        import io

        import numpy
        import tifffile
        from PIL import Image
        picture = numpy.random.default_rng(1).integers(0, 255, (16, 24, 3), dtype=numpy.uint8)
        exif = Image.Exif()
        exif[0x010E] = "Mrs Quill"
        stored = {}
        for form in ("JPEG", "PNG"):
            buffer = io.BytesIO()
            Image.fromarray(picture).save(buffer, form, exif=exif, comment=b"Quill")
            stored["a." + form.lower()] = buffer.getvalue()
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, picture, description="Mrs Quill", software="Quill", metadata=None)
        stored["a.tif"] = buffer.getvalue()
        for name, data in stored.items():
            self.assertIn(b"Quill", data, name)
            source, out = self.path / name, self.path / ("o_" + name)
            source.write_bytes(data)
            code, _, err = deid(source, out)
            self.assertEqual(code, 0, err)
            self.assertNotIn(b"Quill", out.read_bytes())
            self.assertTrue(numpy.array_equal(numpy.asarray(Image.open(source)), numpy.asarray(Image.open(out))), name)

    def test_real_files_are_released_clean_or_held_back_with_a_reason(self):
        code, answer, err = deid(DATA / "imaging/dicom", self.path / "out", "--option", "retain-full-dates")
        print("real DICOM files:", answer)
        self.assertIn(code, (0, 1), err)
        self.assertGreater(answer["released"], 140)
        files = written(self.path / "out")
        self.assertEqual(len(files), answer["released"])
        for path in files:
            if path.name == "DICOMDIR":
                continue
            d = pydicom.dcmread(path, force=True)
            self.assertEqual(d.PatientIdentityRemoved, "YES")
            self.assertTrue(str(d.PatientName).startswith("P-"))
        self.assertNotIn("still holds", err)


if __name__ == "__main__":
    program = unittest.main(exit=False, argv=sys.argv)
    result = program.result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed - len(result.skipped)} passed, {failed} failed")
    sys.exit(1 if failed else 0)
