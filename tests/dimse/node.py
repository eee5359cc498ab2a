"""A server with a DICOM node of its own, and DICOM files made for it."""
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile

import numpy
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
from client import BINARY, ROOT, Client, new_id  # noqa: E402

PROTOCOL = ROOT / "protocols" / "chest-ct-nodule.yaml"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_slices(folder: pathlib.Path, count: int, seed: int = 1, edge: int = 64, patient: str = "T1") -> list[pydicom.Dataset]:
    """A CT series of `count` slices, all of one made patient."""
    folder.mkdir(parents=True, exist_ok=True)
    noise = numpy.random.default_rng(seed)
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    made = []
    for index in range(count):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = study, series, frame
        data.PatientID, data.PatientName, data.PatientBirthDate, data.PatientSex = patient, "Test^One", "19700101", "O"
        data.StudyDate, data.StudyTime, data.AccessionNumber, data.StudyID = "20240101", "120000", "", "1"
        data.ReferringPhysicianName, data.Modality, data.SeriesNumber, data.InstanceNumber = "", "CT", 1, index + 1
        data.ImagePositionPatient, data.ImageOrientationPatient = [0, 0, float(index)], [1, 0, 0, 0, 1, 0]
        data.PixelSpacing, data.SliceThickness = [0.7, 0.7], 1
        data.Rows = data.Columns = edge
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated = data.BitsStored = 16
        data.HighBit, data.PixelRepresentation, data.RescaleSlope, data.RescaleIntercept = 15, 1, 1, 0
        data.PixelData = noise.normal(40, 20, (edge, edge)).astype("<i2").tobytes()
        data.save_as(folder / f"{index:04d}.dcm", enforce_file_format=True)
        made.append(data)
    return made


class Node:
    """`consilium serve --dicom` on a data folder of its own. Peers: STORESCU may do everything, READONLY may only find."""

    def __init__(self, report_port: int = 0, tls: tuple | None = None, data: str | None = None):
        self.folder = None if data else tempfile.TemporaryDirectory(prefix="consilium-dimse-")
        self.data = data or f"{self.folder.name}/data"
        if not data:
            subprocess.run([BINARY, "project", "add", "--data", self.data, "--name", "CT", "--protocol", PROTOCOL], check=True,
                           capture_output=True)
        self.dicom_port = free_port()
        settings = pathlib.Path(self.data).parent / "node.yaml"
        secure = f"certificate: {tls[0]}\nkey: {tls[1]}\n" if tls else ""
        settings.write_text(
            f"ae_title: CONSILIUM\nlisten: 127.0.0.1:{self.dicom_port}\n{secure}peers:\n"
            f"  - {{ae_title: STORESCU, address: 127.0.0.1, port: {report_port}, project: CT, may: [store, commit, find, get, move]}}\n"
            "  - {ae_title: READONLY, project: CT, may: [find]}\n")
        self.process = subprocess.Popen([BINARY, "serve", "--data", self.data, "--listen", "127.0.0.1:0", "--dicom", settings],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.port = None
        while self.port is None:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError("the server ended: " + self.process.stderr.read())
            if found := re.search(r"http://localhost:(\d+)", line):
                self.port = int(found.group(1))

    def administrator(self) -> Client:
        """Signed in by the one-time link, which is told while nobody has a password. Once."""
        link = None
        while not link:
            link = re.search(r"link=(\S+)", self.process.stdout.readline())
        person = Client(self.port)
        assert person.use_link(link.group(1)).status == 200
        return person

    def helpers(self) -> list[int]:
        listed = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False).stdout.split()
        return [int(pid) for pid in listed if b"dimse" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()]

    def command(self, *words, input=None):
        """A command of the product on the closed data folder."""
        return subprocess.run([BINARY, *words, "--data", self.data], capture_output=True, text=True, check=False, input=input)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=30)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(timeout=30) == 0, self.process.stderr.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()
        if self.folder:
            self.folder.cleanup()


__all__ = ["BINARY", "ROOT", "Client", "Node", "free_port", "make_slices", "new_id"]
