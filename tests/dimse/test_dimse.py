#!/usr/bin/env python3
"""The DICOM node against programs that are not ours: DCMTK's storescu, dcmsend, echoscu, findscu, getscu, movescu, and
pynetdicom.

    CONSILIUM_BINARY=build/release/src/consilium tests/dimse/test_dimse.py

Everything stays on this machine's loopback. Real files are read from CONSILIUM_DATA (default ../shared/data).
"""
import os
import pathlib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import pydicom
from labels import made_segmentation, rows
from node import ROOT, Node, free_port, make_slices, new_id
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless
from pynetdicom import AE, evt
from pynetdicom.sop_class import (CTImageStorage, StorageCommitmentPushModel, StorageCommitmentPushModelInstance,
                                  StudyRootQueryRetrieveInformationModelFind, Verification)
from tally import Tally, tests_of

DATA = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data")) / "imaging" / "dicom"


def run(program, node, *words, title="STORESCU", called="CONSILIUM"):
    return subprocess.run([program, "-aet", title, "-aec", called, *map(str, words[:0]), "127.0.0.1", str(node.dicom_port), *map(str, words)],
                          capture_output=True, text=True, timeout=120, check=False)


def send(node, *words, title="STORESCU"):
    return subprocess.run(["storescu", "-v", "-aet", title, "-aec", "CONSILIUM", "+sd", *map(str, words[:-1]), "127.0.0.1",
                           str(node.dicom_port), str(words[-1])], capture_output=True, text=True, timeout=120, check=False)


def instances(node) -> set:
    """SOP Instance UIDs in the catalog; read beside the server, as backups are."""
    with sqlite3.connect(f"file:{node.data}/catalog.db?mode=ro", uri=True) as catalog:
        return {row[0] for row in catalog.execute("SELECT sop_uid FROM instances")}


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_who_may_connect():
    with Node() as node:
        assert run("echoscu", node).returncode == 0
        assert "Calling AE Title Not Recognized" in run("echoscu", node, title="STRANGER").stderr
        assert "Called AE Title Not Recognized" in run("echoscu", node, called="ELSEWHERE").stderr
        with tempfile.TemporaryDirectory() as folder:
            make_slices(pathlib.Path(folder), 1)
            refused = send(node, folder, title="READONLY")
            assert "0x0124" in refused.stdout + refused.stderr or refused.returncode != 0, refused
            assert instances(node) == set()


def test_stores_a_series_durably_and_once():
    with Node() as node, tempfile.TemporaryDirectory() as folder:
        made = make_slices(pathlib.Path(folder), 12)
        uids = {str(each.SOPInstanceUID) for each in made}
        assert send(node, folder).returncode == 0
        assert wait_for(lambda: instances(node) == uids), instances(node)
        assert send(node, folder).returncode == 0, "the same again is no error"
        # Nor is the same dataset behind another file's head.
        stored = pydicom.dcmread(pathlib.Path(folder) / "0001.dcm")
        stored.file_meta.ImplementationVersionName = "ANOTHER"
        stored.save_as(pathlib.Path(folder) / "0001.dcm")
        assert send(node, folder).returncode == 0
        # The same instance with other pixels is one.
        changed = pydicom.dcmread(pathlib.Path(folder) / "0003.dcm")
        changed.PixelData = b"\1\0" * (64 * 64)
        changed.save_as(pathlib.Path(folder) / "0003.dcm")
        answer = send(node, pathlib.Path(folder))
        assert "0x111" in answer.stdout + answer.stderr, answer.stdout + answer.stderr
        assert instances(node) == uids


def test_keeps_every_transfer_syntax_as_it_came():
    folder = DATA / "ct_all_syntaxes"
    if not folder.is_dir():
        print("skipped: shared data absent")
        return
    with Node() as node:
        for file in sorted(folder.glob("*.dcm")):
            original = pydicom.dcmread(file)
            syntax = original.file_meta.TransferSyntaxUID
            entity = AE("STORESCU")
            entity.add_requested_context(original.SOPClassUID, syntax)
            association = entity.associate("127.0.0.1", node.dicom_port, ae_title="CONSILIUM")
            assert association.is_established, file.name
            # The files are one image in several syntaxes; each needs a UID of its own.
            original.SOPInstanceUID = original.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
            status = association.send_c_store(original)
            association.release()
            assert status.Status == 0, (file.name, hex(status.Status), status.get("ErrorComment"))
            assert wait_for(lambda: str(original.SOPInstanceUID) in instances(node)), file.name


def test_refuses_what_cannot_be_kept_and_goes_on():
    with Node() as node, tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        good, report, broken, odd = make_slices(folder, 4)
        entity = AE("STORESCU")
        entity.add_requested_context(CTImageStorage)
        entity.add_requested_context("1.2.840.10008.5.1.4.1.1.104.1")  # Encapsulated PDF
        association = entity.associate("127.0.0.1", node.dicom_port, ae_title="CONSILIUM")
        assert association.is_established
        report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"
        status = association.send_c_store(report)
        assert status.Status >> 12 == 0xC and status.ErrorComment, status
        del broken.Rows
        assert association.send_c_store(broken).Status >> 12 == 0xC
        assert association.send_c_store(good).Status == 0, "a refusal does not end the association"
        association.release()
        assert wait_for(lambda: instances(node) == {str(good.SOPInstanceUID)}), instances(node)
        del odd


def commit(node, wanted, association=None, same=True, report_port=0):
    """Asks for a commitment; returns what the report says: (event type, good UIDs, failed UIDs with reasons)."""
    reported = {}
    done = threading.Event()

    def on_report(event):
        information = event.event_information
        reported["type"] = event.event_type
        reported["good"] = {str(each.ReferencedSOPInstanceUID) for each in information.get("ReferencedSOPSequence", [])}
        reported["failed"] = {str(each.ReferencedSOPInstanceUID): each.FailureReason
                              for each in information.get("FailedSOPSequence", [])}
        done.set()
        return 0x0000

    entity = AE("STORESCU")
    entity.add_requested_context(StorageCommitmentPushModel)
    entity.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
    server = entity.start_server(("127.0.0.1", report_port), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, on_report)]) if report_port else None
    association = entity.associate("127.0.0.1", node.dicom_port, ae_title="CONSILIUM", evt_handlers=[(evt.EVT_N_EVENT_REPORT, on_report)])
    assert association.is_established
    request = pydicom.Dataset()
    request.TransactionUID = pydicom.uid.generate_uid()
    request.ReferencedSOPSequence = []
    for sop_class, uid in wanted:
        item = pydicom.Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
        request.ReferencedSOPSequence.append(item)
    status, _ = association.send_n_action(request, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
    assert status.Status == 0, status
    if not same:
        association.release()
    assert done.wait(60), "no report came"
    if same:
        association.release()
    if server:
        server.shutdown()
    return reported


def test_commits_what_it_can_read_back():
    port = free_port()
    with Node(report_port=port) as node, tempfile.TemporaryDirectory() as folder:
        made = make_slices(pathlib.Path(folder), 8)
        assert send(node, folder).returncode == 0
        uids = [str(each.SOPInstanceUID) for each in made]
        wanted = [(CTImageStorage, uid) for uid in uids]
        report = commit(node, wanted)
        assert report == {"type": 1, "good": set(uids), "failed": {}}, report
        stranger, other = str(pydicom.uid.generate_uid()), uids[0]
        report = commit(node, [*wanted[1:], (CTImageStorage, stranger), ("1.2.840.10008.5.1.4.1.1.4", other)])
        assert report["type"] == 2 and report["good"] == set(uids[1:]), report
        assert report["failed"] == {stranger: 0x0112, other: 0x0119}, report
        # A device that hangs up at once is called back.
        assert commit(node, wanted, same=False, report_port=port)["good"] == set(uids)


def find(node, level, title="READONLY", **keys):
    """C-FIND in the Study Root model; the matches as datasets."""
    entity = AE(title)
    entity.add_requested_context(StudyRootQueryRetrieveInformationModelFind)
    association = entity.associate("127.0.0.1", node.dicom_port, ae_title="CONSILIUM")
    assert association.is_established
    question = pydicom.Dataset()
    question.QueryRetrieveLevel = level
    for name, value in keys.items():
        setattr(question, name, value)
    answers = [(status.Status, match) for status, match in association.send_c_find(question, StudyRootQueryRetrieveInformationModelFind)]
    association.release()
    assert answers[-1][0] == 0, hex(answers[-1][0])
    return [match for status, match in answers if status in (0xFF00, 0xFF01)]


def stored_series(node, folder, count=6):
    made = make_slices(pathlib.Path(folder), count)
    assert send(node, folder).returncode == 0
    assert wait_for(lambda: len(instances(node)) == count)
    assert wait_for(lambda: len(find(node, "STUDY", StudyInstanceUID="")) == 1)
    return made


def test_finds_under_the_pseudonym():
    with Node() as node, tempfile.TemporaryDirectory() as folder:
        made = stored_series(node, folder)
        [study] = find(node, "STUDY", StudyInstanceUID="", PatientID="", PatientName="", StudyDate="", ModalitiesInStudy="",
                       NumberOfStudyRelatedInstances="")
        assert study.PatientID.startswith("P-") and "Test" not in str(study.PatientName), study
        assert study.StudyInstanceUID != made[0].StudyInstanceUID and study.StudyDate != "20240101", study
        assert study.NumberOfStudyRelatedInstances == 6, study
        [series] = find(node, "SERIES", StudyInstanceUID=study.StudyInstanceUID, SeriesInstanceUID="", Modality="CT")
        images = find(node, "IMAGE", StudyInstanceUID=study.StudyInstanceUID, SeriesInstanceUID=series.SeriesInstanceUID,
                      SOPInstanceUID="", InstanceNumber="")
        assert sorted(int(each.InstanceNumber) for each in images) == [1, 2, 3, 4, 5, 6]
        assert find(node, "SERIES", StudyInstanceUID=study.StudyInstanceUID, SeriesInstanceUID="", Modality="MR") == []
        assert find(node, "STUDY", StudyInstanceUID="", PatientID="T1") == [], "a true id finds nothing"
        # DCMTK's own program, in implicit little endian too.
        for syntax in ([], ["-xi"]):
            done = subprocess.run(["findscu", "-S", *syntax, "-aet", "READONLY", "-aec", "CONSILIUM",
                                   "127.0.0.1", str(node.dicom_port), "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID", "-k",
                                   "PatientID"], capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0 and study.PatientID in done.stdout + done.stderr, done


def check_retrieved(folder, made):
    """The files hold the same pixels as were stored, and nothing of the patient."""
    files = [pydicom.dcmread(each) for each in pathlib.Path(folder).iterdir()]
    assert len(files) == len(made), len(files)
    originals = {each.PixelData: each for each in made}
    for each in files:
        assert each.PixelData in originals
        assert each.PatientName != "Test^One" and each.PatientID != "T1"
        assert int(each.InstanceNumber) == int(originals[each.PixelData].InstanceNumber)
        assert b"Test^One" not in pathlib.Path(each.filename).read_bytes()


def test_gives_and_moves_images():
    port = free_port()
    with Node(report_port=port) as node, tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as got, \
            tempfile.TemporaryDirectory() as moved:
        made = stored_series(node, folder)
        [study] = find(node, "STUDY", StudyInstanceUID="")
        keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study.StudyInstanceUID}"]
        done = subprocess.run(["getscu", "-S", "-aet", "STORESCU", "-aec", "CONSILIUM", "-od", got, "127.0.0.1", str(node.dicom_port), *keys],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done
        check_retrieved(got, made)
        with subprocess.Popen(["storescp", "-aet", "STORESCU", "-od", moved, str(port)], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as receiver:
            try:
                time.sleep(0.5)
                done = subprocess.run(["movescu", "-v", "-S", "-aet", "STORESCU", "-aec", "CONSILIUM", "-aem", "STORESCU", "127.0.0.1",
                                       str(node.dicom_port), *keys], capture_output=True, text=True, timeout=60, check=False)
                assert done.returncode == 0, done
                check_retrieved(moved, made)
                elsewhere = subprocess.run(["movescu", "-v", "-S", "-aet", "STORESCU", "-aec", "CONSILIUM", "-aem", "NOBODY", "127.0.0.1",
                                            str(node.dicom_port), *keys], capture_output=True, text=True, timeout=60, check=False)
                assert "MoveDestinationUnknown" in elsewhere.stdout + elsewhere.stderr or "0xa801" in (
                    elsewhere.stdout + elsewhere.stderr).lower(), elsewhere
            finally:
                receiver.terminate()
        with tempfile.TemporaryDirectory() as nothing:
            refused = subprocess.run(["getscu", "-v", "-S", "-aet", "READONLY", "-aec", "CONSILIUM", "-od", nothing, "127.0.0.1",
                                      str(node.dicom_port), *keys], capture_output=True, text=True, timeout=60, check=False)
            assert not list(pathlib.Path(nothing).iterdir()), refused


def test_acknowledged_means_there_after_kill_9():
    with Node() as node, tempfile.TemporaryDirectory() as folder:
        make_slices(pathlib.Path(folder), 60, edge=128)
        entity = AE("STORESCU")
        entity.add_requested_context(CTImageStorage)
        association = entity.associate("127.0.0.1", node.dicom_port, ae_title="CONSILIUM")
        acknowledged = set()
        for file in sorted(pathlib.Path(folder).glob("*.dcm"))[:40]:
            data = pydicom.dcmread(file)
            assert association.send_c_store(data).Status == 0
            acknowledged.add(str(data.SOPInstanceUID))
        node.kill()
        association.abort()
        with Node(data=node.data) as again:
            assert wait_for(lambda: acknowledged <= instances(again)), len(acknowledged - instances(again))
            again.stop()
            verified = again.command("verify")
            assert verified.returncode == 0, verified.stderr


def test_labels_wait_for_their_images():
    """A segmentation sent by storescu before its images is acknowledged, committed, there after kill -9, and taken in when they come."""
    with Node() as node, tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        images = make_slices(folder / "images", 6)
        seg = made_segmentation(images, folder / "seg.dcm")
        assert send(node, "-R", folder / "seg.dcm").returncode == 0
        assert wait_for(lambda: rows(node, "waiting_objects") == [seg.SOPInstanceUID]), rows(node, "waiting_objects")
        [reason] = rows(node, "waiting_objects", "what || ' | ' || place || ' | ' || remedy")
        assert reason.startswith("none of the 6 images that it refers to is in the project") and "it is kept" in reason, reason
        assert rows(node, "import_refusals", "what") == [] and rows(node, "received_objects") == []
        assert send(node, "-R", folder / "seg.dcm").returncode == 0, "the same again is no error"
        report = commit(node, [(seg.SOPClassUID, str(seg.SOPInstanceUID))])
        assert report == {"type": 1, "good": {str(seg.SOPInstanceUID)}, "failed": {}}, report
        # Other content under its UID cannot be kept beside it: that is said before it is acknowledged.
        other = pydicom.dcmread(folder / "seg.dcm")
        other.SegmentSequence[0].SegmentLabel = "Another"
        other.save_as(folder / "other.dcm")
        refused = send(node, "-R", folder / "other.dcm")
        assert "0x111" in refused.stdout + refused.stderr, refused.stdout + refused.stderr
        node.kill()
        with Node(data=node.data) as again:
            assert rows(again, "waiting_objects") == [seg.SOPInstanceUID]
            assert send(again, folder / "images").returncode == 0
            assert wait_for(lambda: rows(again, "received_objects") == [seg.SOPInstanceUID]), rows(again, "waiting_objects", "what")
            assert wait_for(lambda: rows(again, "waiting_objects") == [])
            assert rows(again, "annotations", "label") == ["nodule"] and rows(again, "import_refusals", "what") == []
            assert commit(again, [(seg.SOPClassUID, str(seg.SOPInstanceUID))])["type"] == 1
            again.stop()
            verified = again.command("verify")
            assert verified.returncode == 0, verified.stdout + verified.stderr


def test_labels_that_do_not_fit_are_not_dropped():
    """Acknowledged before they were read: they are kept with the reason, never as labels."""
    with Node() as node, tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        images = make_slices(folder / "images", 6)
        assert send(node, folder / "images").returncode == 0
        assert wait_for(lambda: len(instances(node)) == 6)
        made_segmentation(images, folder / "seg.dcm")
        moved = pydicom.dcmread(folder / "seg.dcm")
        moved.FrameOfReferenceUID = pydicom.uid.generate_uid()
        moved.save_as(folder / "seg.dcm")
        assert send(node, "-R", folder / "seg.dcm").returncode == 0
        assert wait_for(lambda: rows(node, "waiting_objects") == [moved.SOPInstanceUID])
        assert rows(node, "waiting_objects", "what") == ["it lies in another frame of reference than the images it refers to"]
        assert rows(node, "annotations", "label") == []


def test_an_image_that_cannot_be_taken_in_is_kept():
    """Acknowledged before it was decoded: kept sealed with the reason, there after kill -9, tried again, and gone at a person's word."""
    with Node() as node, tempfile.TemporaryDirectory() as name:
        broken, fine = make_slices(pathlib.Path(name), 2)
        broken.file_meta.TransferSyntaxUID = JPEG2000Lossless
        broken.PixelData = encapsulate([b"\xff\x4f\xff\x51 no more of it "])
        broken["PixelData"].is_undefined_length = True
        entity = AE("STORESCU")
        entity.add_requested_context(CTImageStorage, JPEG2000Lossless)
        entity.add_requested_context(CTImageStorage)
        association = entity.associate("127.0.0.1", node.dicom_port, ae_title="CONSILIUM")
        uid = str(broken.SOPInstanceUID)
        for image in (broken, fine):
            assert association.send_c_store(image).Status == 0
        association.release()
        assert wait_for(lambda: instances(node) == {str(fine.SOPInstanceUID)}), instances(node)
        assert wait_for(lambda: rows(node, "waiting_objects") == [uid]), rows(node, "import_refusals", "what")
        [reason] = rows(node, "waiting_objects", "what || ' | ' || remedy")
        assert "it is kept as it came" in reason, reason
        assert rows(node, "import_refusals", "what") == []
        # What was promised holds; other content under its UID is refused before it is acknowledged.
        wanted = [(CTImageStorage, uid)]
        assert commit(node, wanted) == {"type": 1, "good": {uid}, "failed": {}}
        node.kill()
        with Node(data=node.data) as again:
            assert rows(again, "waiting_objects") == [uid]
            person = again.administrator()
            [project] = person.get("/api/v1/projects").json()["items"]
            imports = f"/api/v1/projects/{project['id']}/imports"
            assert person.get(imports).status == 403, "it is for a lead of the project"
            member = f"/api/v1/projects/{project['id']}/members/{person.me['person']['id']}"
            assert person.put(member, {"roles": ["lead"]}).status == 200
            [told] = [made for made in person.get(imports).json()["items"] if made["waiting"]]
            [kept] = told["waiting"]
            assert (kept["holds"], kept["kind"]) == ("image", "CT") and kept["what"] and kept["remedy"], kept
            place = f"{imports}/{told['id']}/waiting/{kept['file_number']}"
            retry = new_id()
            assert person.post(f"{place}/retry", {"id": retry}).status == 200
            assert wait_for(lambda: person.get(f"{imports}/{retry}").json()["state"] == "done")
            [still] = person.get(f"{imports}/{retry}").json()["waiting"]
            assert still["what"] == kept["what"], still
            assert person.post(f"{place}/retry", {"id": new_id()}).status == 404, "it waits under the import that tried it last"
            assert commit(again, wanted)["type"] == 1
            assert person.delete(f"{imports}/{retry}/waiting/{still['file_number']}").status == 204
            assert rows(again, "waiting_objects") == []
            assert commit(again, wanted)["failed"] == {uid: 0x0112}
            again.stop()
            verified = again.command("verify")
            assert verified.returncode == 0, verified.stdout + verified.stderr


def test_helper_is_confined():
    with Node() as node:
        entity = AE("STORESCU")
        entity.add_requested_context(Verification)
        association = entity.associate("127.0.0.1", node.dicom_port, ae_title="CONSILIUM")
        assert association.send_c_echo().Status == 0
        helpers = node.helpers()
        assert wait_for(lambda: len(node.helpers()) == 2), helpers  # the one that serves, and the next
        for pid in node.helpers():
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            assert "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status, status
            opened = [os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")]
            assert opened and all(each.startswith("socket:") for each in opened), opened
        association.release()


def test_strangers_bytes_do_no_harm():
    with Node() as node:
        for noise in (b"GET / HTTP/1.1\r\n\r\n", b"\1\0\xff\xff\xff\xff" + b"\0" * 64, b"\4\0\0\0\0\4abcd", os.urandom(4096)):
            with socket.create_connection(("127.0.0.1", node.dicom_port), timeout=10) as connection:
                connection.sendall(noise)
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(40)
                try:
                    while connection.recv(4096):
                        pass
                except ConnectionResetError:
                    pass
        assert run("echoscu", node).returncode == 0


def test_tls():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        certificate, key = folder / "certificate.pem", folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
        make_slices(folder / "slices", 3)
        with Node(tls=(certificate, key)) as node:
            plain = run("echoscu", node)
            assert plain.returncode != 0
            secure = subprocess.run(["storescu", "-aet", "STORESCU", "-aec", "CONSILIUM", "+sd", "+tla", "+cf", str(certificate),
                                     "127.0.0.1", str(node.dicom_port), str(folder / "slices")], capture_output=True, text=True,
                                    timeout=60, check=False)
            assert secure.returncode == 0, secure.stderr
            assert wait_for(lambda: len(instances(node)) == 3)


def main() -> int:
    tally = Tally()
    for name, test in sorted(tests_of(globals())):
        tally.case(name, test)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
