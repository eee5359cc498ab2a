"""The other programs: each takes a folder of DICOM files and writes one, with the names of the input.

Every one is run as its documentation says for the basic profile, with its defaults. What is not installed is told.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings

warnings.filterwarnings("ignore")


def gdcmanon(source, out):
    """GDCM's de-identifier in its default mode, which encrypts what it takes out for the given certificate."""
    if not shutil.which("gdcmanon", path="/usr/bin"):
        return "not installed (Debian: libgdcm-tools)"
    with tempfile.TemporaryDirectory() as keys:
        certificate = pathlib.Path(keys) / "c.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=bench", "-days", "2",
                        "-keyout", f"{keys}/k.pem", "-out", str(certificate)], check=True, capture_output=True)
        for file in sorted(source.iterdir()):
            subprocess.run(["/usr/bin/gdcmanon", "-c", str(certificate), "-e", str(file), str(out / file.name)],
                           check=False, capture_output=True, timeout=60)
    return ""


def orthanc(source, out):
    """Orthanc's /anonymize with its default profile."""
    program = shutil.which("Orthanc", path="/usr/sbin:/usr/bin")
    if not program:
        return "not installed (Debian: orthanc)"
    with tempfile.TemporaryDirectory() as folder:
        settings = {"StorageDirectory": folder, "IndexDirectory": folder, "HttpPort": 18042, "DicomServerEnabled": False,
                    "RemoteAccessAllowed": False, "AuthenticationEnabled": False, "Plugins": [], "HttpBindAddresses": ["127.0.0.1"]}
        (pathlib.Path(folder) / "o.json").write_text(json.dumps(settings))
        server = subprocess.Popen([program, f"{folder}/o.json"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        base = "http://127.0.0.1:18042"

        def ask(path, body):
            return urllib.request.urlopen(urllib.request.Request(base + path, data=body), timeout=60).read()

        try:
            for _ in range(100):
                try:
                    urllib.request.urlopen(base + "/system", timeout=1)
                    break
                except OSError:
                    time.sleep(0.2)
            for file in sorted(source.iterdir()):
                try:
                    stored = json.loads(ask("/instances", file.read_bytes()))
                    (out / file.name).write_bytes(ask(f"/instances/{stored['ID']}/anonymize", b"{}"))
                except OSError as problem:
                    print(f"  orthanc, {file.name}: {problem}", file=sys.stderr)
        finally:
            server.terminate()
            server.wait()
    return ""


def dicom_anonymizer(source, out):
    """Kitware's dicom-anonymizer with its default rules."""
    try:
        from dicomanonymizer import anonymize_dicom_file
    except ImportError:
        return "not installed (requirements.txt)"
    for file in sorted(source.iterdir()):
        try:
            anonymize_dicom_file(str(file), str(out / file.name))
        except Exception as problem:  # noqa: BLE001 - whatever it raises, the file is not written
            print(f"  dicom-anonymizer, {file.name}: {type(problem).__name__}", file=sys.stderr)
    return ""


def pydicom_deid(source, out):
    """pydicom's deid with the recipe that comes with it."""
    try:
        from deid.config import DeidRecipe
        from deid.dicom import get_identifiers, replace_identifiers
    except ImportError:
        return "not installed (requirements.txt)"
    for file in sorted(source.iterdir()):
        try:
            recipe = DeidRecipe(base=True)
            done = replace_identifiers(dicom_files=[str(file)], deid=recipe, save=False,
                                       ids=get_identifiers([str(file)]))
            done[0].save_as(out / file.name)
        except Exception as problem:  # noqa: BLE001
            print(f"  deid, {file.name}: {type(problem).__name__}: {problem}", file=sys.stderr)
    return ""


RIVALS = {"gdcmanon": gdcmanon, "Orthanc": orthanc, "dicom-anonymizer": dicom_anonymizer, "pydicom deid": pydicom_deid}
