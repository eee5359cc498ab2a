#!/usr/bin/env python3
"""Series metadata of 300 instances over DICOMweb: Consilium beside Orthanc (SQLite, DICOMweb plug-in), on the same files.

300 CT slices are made (512 x 512 x 16, one series), stored into both over STOW-RS, and asked for with
GET .../series/.../metadata on a kept connection. The median of the wall times, and the server's own CPU time an answer,
which tells on a busy machine.

    bench/imaging/metadata.py [--rounds 40] [--binary build/release/src/consilium]

Orthanc comes from Debian (orthanc, orthanc-dicomweb); without it only our own figure is printed.
"""
import argparse
import http.client
import io
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "api"))
PLUGIN = pathlib.Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def made_series(count=300):
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    pixels = np.random.default_rng(1).normal(0, 30, (512, 512)).astype(np.int16)
    for k in range(count):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, frame
        ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Made^Series", "M1", "", "O"
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        for name in ("Study", "Series", "Acquisition", "Content"):
            setattr(ds, name + "Date", "20240311")
            setattr(ds, name + "Time", "101500")
        ds.AccessionNumber, ds.Modality, ds.Manufacturer, ds.ReferringPhysicianName = "", "CT", "ACME", ""
        ds.ManufacturerModelName, ds.BodyPartExamined, ds.PatientPosition = "Model 1", "CHEST", "HFS"
        ds.SliceThickness, ds.KVP, ds.DataCollectionDiameter, ds.ReconstructionDiameter = 1.0, 120, 500, 360
        ds.DistanceSourceToDetector, ds.GantryDetectorTilt, ds.TableHeight = 1040, 0, 150
        ds.RotationDirection, ds.ExposureTime, ds.XRayTubeCurrent, ds.Exposure = "CW", 500, 220, 110
        ds.FilterType, ds.FocalSpots, ds.ConvolutionKernel = "BODY", 1.2, "B30f"
        ds.StudyID, ds.SeriesNumber, ds.AcquisitionNumber, ds.InstanceNumber = "1", 2, 1, k + 1
        ds.ImagePositionPatient, ds.ImageOrientationPatient, ds.SliceLocation = [-180, -180, float(k)], [1, 0, 0, 0, 1, 0], float(k)
        ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", 512, 512
        ds.PixelSpacing = [0.703125, 0.703125]
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
        ds.WindowCenter, ds.WindowWidth, ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = 40, 400, 0, 1, "HU"
        ds.PixelData = np.roll(pixels, k).tobytes()
        buffer = io.BytesIO()
        ds.save_as(buffer)
        yield buffer.getvalue()


def store(port, path, headers, files):
    connection = http.client.HTTPConnection("localhost", port, timeout=600)
    for at in range(0, len(files), 50):
        body = b"".join(b"--x\r\nContent-Type: application/dicom\r\n\r\n" + f + b"\r\n" for f in files[at : at + 50]) + b"--x--"
        connection.request("POST", path, body=body, headers={
            **headers, "Content-Type": 'multipart/related; type="application/dicom"; boundary=x', "Accept": "application/dicom+json"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {text[:300]}")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(name, pid, port, base, headers, rounds):
    connection = http.client.HTTPConnection("localhost", port, timeout=600)

    def get(path):
        connection.request("GET", path, headers={**headers, "Accept": "application/dicom+json"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {path}: {body[:300]}")
        return body

    series = json.loads(get(base + "/series"))[0]
    path = f"{base}/studies/{series['0020000D']['Value'][0]}/series/{series['0020000E']['Value'][0]}/metadata"
    body = get(path)
    count = len(json.loads(body))
    times, before = [], cpu_seconds(pid)
    for _ in range(rounds):
        begin = time.perf_counter()
        get(path)
        times.append((time.perf_counter() - begin) * 1000)
    cpu_ms = (cpu_seconds(pid) - before) * 1000 / rounds
    times.sort()
    print(f"{name:<10} {count} instances, {len(body) / 1000:.0f} kB: median {statistics.median(times):.1f} ms, least {times[0]:.1f} ms, "
          f"90% {times[int(0.9 * len(times))]:.1f} ms; CPU {cpu_ms:.1f} ms an answer", flush=True)


def ours(files, rounds):
    from client import Server, new_id
    with Server() as server:
        client = server.client()
        client.use_link(server.first_link)
        project, person = new_id(), client.me["id"] if "id" in client.me else client.me["person"]["id"]
        client.put(f"/api/v1/projects/{project}", {"name": "Bench", "description": "", "deid_at": "import", "readers_per_item": 1})
        client.put(f"/api/v1/projects/{project}/members/{person}", {"roles": ["lead"]})
        token = client.post("/api/v1/me/tokens", {"name": "bench", "scopes": ["read", "import"]}).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        store(server.port, f"/dicomweb/projects/{project}/studies", headers, files)
        measure("Consilium", server.process.pid, server.port, f"/dicomweb/projects/{project}", headers, rounds)


def orthanc(files, rounds):
    program = shutil.which("Orthanc")
    if program is None or not PLUGIN.exists():
        print("Orthanc    not installed (apt-get install orthanc orthanc-dicomweb)")
        return
    with tempfile.TemporaryDirectory(prefix="orthanc-") as folder:
        config = pathlib.Path(folder) / "orthanc.json"
        config.write_text(json.dumps({
            "StorageDirectory": f"{folder}/store", "IndexDirectory": f"{folder}/store", "HttpPort": 8795, "DicomServerEnabled": False,
            "Plugins": [str(PLUGIN)], "DicomWeb": {"Enable": True, "Root": "/dicom-web/"}, "RemoteAccessAllowed": False, "AuthenticationEnabled": False}))
        process = subprocess.Popen([program, str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(300):
                try:
                    http.client.HTTPConnection("localhost", 8795, timeout=5).request("GET", "/system")
                    break
                except OSError:
                    time.sleep(0.2)
            store(8795, "/dicom-web/studies", {}, files)
            measure("Orthanc", process.pid, 8795, "/dicom-web", {}, max(3, rounds // 4))
        finally:
            process.terminate()
            process.wait(30)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--binary")
    options = parser.parse_args()
    if options.binary:
        os.environ["CONSILIUM_BINARY"] = str(pathlib.Path(options.binary).resolve())
    files = list(made_series())
    ours(files, options.rounds)
    orthanc(files, options.rounds)


if __name__ == "__main__":
    main()
