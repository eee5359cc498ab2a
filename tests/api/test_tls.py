#!/usr/bin/env python3
"""Who may connect: beyond loopback only over TLS and with an administrator; and what TLS gives and refuses.

    CONSILIUM_BINARY=build/release/src/consilium tests/api/test_tls.py

The addresses are this machine's own loopback; the server told to listen on all addresses must refuse to start.
"""
import http.client
import json
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import warnings

import requests

from client import BINARY, PASSWORD, Client, Server, new_id
from tally import Tally, tests_of


def make_certificate(folder: pathlib.Path):
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
                   check=True, capture_output=True)
    return certificate, key


def refused(data, *options) -> str:
    done = subprocess.run([str(BINARY), "serve", "--data", str(data), *map(str, options)], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    return done.stderr


class TlsServer:
    def __init__(self, data, certificate, key):
        self.process = subprocess.Popen(
            [str(BINARY), "serve", "--data", str(data), "--listen", "127.0.0.1:0", "--certificate", str(certificate), "--key", str(key)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"https://localhost:(\d+)", line)
        if not found:
            raise RuntimeError(f"the server said: {line}{self.process.stderr.read()}")
        self.port = int(found.group(1))
        self.trust = ssl.create_default_context(cafile=str(certificate))

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPSConnection("localhost", self.port, context=self.trust, timeout=30)
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        answer = (response.status, response.headers, response.read())
        connection.close()
        return answer

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=30) == 0


class World:
    def __init__(self, folder: pathlib.Path):
        self.certificate, self.key = make_certificate(folder)
        self.empty = folder / "empty"
        with Server() as first:  # an administrator is made over loopback, then the folder moves to the TLS server
            assert Client(first.port).use_link(first.first_link).status == 200
            first.process.send_signal(signal.SIGTERM)
            assert first.process.wait(timeout=30) == 0
            self.data = folder / "data"
            pathlib.Path(first.folder.name, "data").rename(self.data)
        self.server = TlsServer(self.data, self.certificate, self.key)


def test_no_exposure_without_tls(world: World):
    said = refused(world.empty, "--listen", "0.0.0.0:0")
    assert "only over TLS" in said and "remedy" in said, said


def test_no_exposure_without_administrator(world: World):
    said = refused(world.empty, "--listen", "0.0.0.0:0", "--certificate", world.certificate, "--key", world.key)
    assert "administrator" in said and "remedy" in said, said


def test_wrong_key_is_said(world: World):
    said = refused(world.empty, "--listen", "127.0.0.1:0", "--certificate", world.certificate, "--key", world.certificate)
    assert "certificate or its key" in said, said


def test_answers_over_tls(world: World):
    status, headers, _ = world.server.request("GET", "/api/v1/health", headers={"Host": "labels.hospital.example"})
    assert status == 200
    assert "max-age=" in headers["Strict-Transport-Security"]
    assert world.server.request("GET", "/api/v1/health")[1]["Strict-Transport-Security"] is None, "plain HTTP on localhost is others' too"
    status, headers, body = world.server.request(
        "POST", "/api/v1/sign_in", body=f'{{"name": "admin", "password": "{PASSWORD}"}}', headers={"Content-Type": "application/json"})
    assert status == 200, body
    cookie = headers["Set-Cookie"]
    assert cookie.startswith("__Host-consilium=") and "Secure" in cookie and "HttpOnly" in cookie and "SameSite" in cookie, cookie
    assert world.server.request("GET", "/api/v1/me", headers={"Cookie": cookie.split(";")[0]})[0] == 200


def test_dicomweb_over_tls(world: World):
    """dicomweb-client stores, searches and retrieves with a token, trusting the certificate and no other."""
    from dicomweb_client.api import DICOMwebClient
    from dicomweb_client.session_utils import create_session

    status, headers, body = world.server.request(
        "POST", "/api/v1/sign_in", body=json.dumps({"name": "admin", "password": PASSWORD}), headers={"Content-Type": "application/json"})
    assert status == 200, body
    me = json.loads(body)
    signed_in = {"Cookie": headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": me["csrf_token"], "Content-Type": "application/json"}
    project = new_id()
    for path, sent in ((f"/api/v1/projects/{project}", {"name": "Over TLS", "description": "", "deid_at": "import", "readers_per_item": 1}),
                       (f"/api/v1/projects/{project}/members/{me['person']['id']}", {"roles": ["lead"]})):
        status, _, body = world.server.request("PUT", path, body=json.dumps(sent), headers=signed_in)
        assert status in (200, 201), body
    status, _, body = world.server.request("POST", "/api/v1/me/tokens", body=json.dumps({"name": "viewer", "scopes": ["read", "import"]}),
                                           headers=signed_in)
    assert status in (200, 201), body
    url = f"https://localhost:{world.server.port}/dicomweb/projects/{project}"

    session = create_session()
    session.verify = str(world.certificate)
    session.trust_env = False  # else REQUESTS_CA_BUNDLE counts more
    session.headers["Authorization"] = f"Bearer {json.loads(body)['token']}"
    ours = DICOMwebClient(url=url, session=session)
    image = made_image()
    assert len(ours.store_instances([image]).ReferencedSOPSequence) == 1
    (study,) = ours.search_for_studies()
    (instance,) = ours.search_for_instances(study["0020000D"]["Value"][0])
    place = [instance[key]["Value"][0] for key in ("0020000D", "0020000E", "00080018")]
    assert instance["00081190"]["Value"][0].startswith("https://"), instance["00081190"]
    assert ours.retrieve_instance(*place).PixelData == image.PixelData
    frames = ours.retrieve_instance_frames(*place, [1], media_types=(("application/octet-stream", "*"),))
    assert frames == [image.PixelData]
    try:
        requests.get(url + "/studies", timeout=30)  # the machine's own authorities do not know this certificate
    except requests.exceptions.SSLError:
        return
    raise AssertionError("a certificate that nobody vouches for was taken")


def made_image():
    """One CT slice of 16 x 16 pixels."""
    import pydicom

    image = pydicom.Dataset()
    image.file_meta = pydicom.dataset.FileMetaDataset()
    image.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    image.StudyInstanceUID, image.SeriesInstanceUID = pydicom.uid.generate_uid(), pydicom.uid.generate_uid()
    image.PatientID, image.PatientName, image.Modality = "MADE-1", "Made^Slice", "CT"
    image.Rows = image.Columns = 16
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit, image.PixelRepresentation = 15, 0
    image.PixelData = bytes(range(256)) * 2
    return image


def test_old_versions_are_refused(world: World):
    warnings.simplefilter("ignore", DeprecationWarning)  # what is old is asked for on purpose
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", world.server.port), timeout=10) as plain:
        try:
            old.wrap_socket(plain)
        except (ssl.SSLError, ConnectionError):
            return
    raise AssertionError("TLS 1.1 was accepted")


def test_plain_http_gets_no_answer(world: World):
    """And a connection that never ends its handshake keeps nobody else out."""
    idle = [socket.create_connection(("127.0.0.1", world.server.port), timeout=10) for _ in range(20)]
    with socket.create_connection(("127.0.0.1", world.server.port), timeout=10) as plain:
        plain.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"HTTP/1.1 200" not in plain.recv(4096)
    assert world.server.request("GET", "/api/v1/health")[0] == 200
    for connection in idle:
        connection.close()


def main() -> int:
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="consilium-tls-") as folder:
        world = World(pathlib.Path(folder))
        for name, test in tests_of(globals()):
            tally.case(name, test, world)
        world.server.stop()
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
