#!/usr/bin/env python3
"""Volumes in research formats through the real import and the HTTP interface, judged by nibabel and SimpleITK: every voxel's
place in the patient (to 1e-5) and every voxel's value.

    CONSILIUM_BINARY=build/release/src/consilium tests/formats/volumes.py
"""
import os
import pathlib
import sys
import tempfile
import time
import traceback

import nibabel
import numpy
import SimpleITK

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
from client import ROOT, Server, new_id  # noqa: E402

DATA = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data")) / "imaging" / "volumes"
TYPES = {"u8": "u1", "i8": "i1", "u16": "<u2", "i16": "<i2", "u32": "<u4", "i32": "<i4", "f32": "<f4"}


def made_files(folder: pathlib.Path):
    """Volumes whose geometry no real file here has: oblique, anisotropic, mirrored, float, in time, with detached data."""
    random = numpy.random.default_rng(7)
    turn = numpy.linalg.qr(random.normal(size=(3, 3)))[0]
    affine = numpy.eye(4)
    affine[:3, :3] = turn @ numpy.diag([0.7, 1.1, 3.0])
    affine[:3, 3] = [-31.5, 12.25, 80]
    values = random.integers(-1000, 2000, (20, 17, 9)).astype(numpy.int16)
    nibabel.save(nibabel.Nifti1Image(values, affine), folder / "oblique.nii.gz")
    mirrored = affine.copy()
    mirrored[:3, 0] *= -1
    nibabel.save(nibabel.Nifti1Image(values, mirrored), folder / "mirrored.nii")
    nibabel.save(nibabel.Nifti2Image(values, affine), folder / "second.nii")
    nibabel.save(nibabel.Nifti2Image(values, mirrored), folder / "second_packed.nii.gz")
    swapped = nibabel.Nifti2Image(values, affine)
    nibabel.Nifti2Image(values.astype(">i2"), affine, header=swapped.header.as_byteswapped(">")).to_filename(folder / "second_big.nii")
    nibabel.save(nibabel.Nifti2Image(random.integers(0, 99, (6, 7, 5, 12)).astype(numpy.int16), affine), folder / "second_times.nii.gz")
    nibabel.save(nibabel.Nifti1Image(random.normal(size=(8, 9, 10)).astype(numpy.float64), affine), folder / "float64.nii")
    nibabel.save(nibabel.Nifti1Image(random.integers(0, 99, (6, 7, 5, 4)).astype(numpy.int16), affine), folder / "times.nii.gz")
    image = SimpleITK.GetImageFromArray(values.transpose(2, 1, 0))
    image.SetSpacing([0.7, 1.1, 3.0])
    image.SetDirection(turn.flatten().tolist())
    image.SetOrigin([1.5, -2.5, 30])
    for name in ("attached.nrrd", "detached.nhdr", "attached.mha", "detached.mhd"):
        SimpleITK.WriteImage(image, str(folder / name), name.endswith("nrrd"))


def truth_of(file: pathlib.Path):
    """Volumes as (affine in LPS, values[i, j, k])."""
    if ".nii" in file.name:
        image = nibabel.load(file)
        affine = numpy.diag([-1, -1, 1, 1]) @ image.affine
        values = numpy.asarray(image.dataobj)
        return [(affine, each) for each in (numpy.moveaxis(values, 3, 0) if values.ndim == 4 else [values])]
    image = SimpleITK.ReadImage(str(file))
    affine = numpy.eye(4)
    affine[:3, :3] = numpy.array(image.GetDirection()).reshape(3, 3) @ numpy.diag(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return [(affine, SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0))]


def check(client, project, item, truths):
    detail = client.get(f"/api/v1/projects/{project}/items/{item}").json()
    found = []
    for study in detail["source"]["studies"]:
        found += [(series, series["volume"]) for series in study["series"] if series.get("volume")]
    assert found, detail
    _, volume = found[0]
    grid = volume["grid"]
    affine = numpy.vstack([numpy.array(grid["affine"]).reshape(3, 4), [0, 0, 0, 1]])
    dims = grid["dims"]
    answer = client.get(f"/api/v1/projects/{project}/items/{item}/series/{found[0][0]['id']}/frames?from=0&count={dims[2]}")
    assert answer.status == 200, answer.body[:300]
    samples = numpy.frombuffer(answer.body[-dims[0] * dims[1] * dims[2] * numpy.dtype(TYPES[volume["layout"]["sample_type"]]).itemsize:],
                               TYPES[volume["layout"]["sample_type"]]).reshape(dims[2], dims[1], dims[0]).transpose(2, 1, 0)
    values = samples * volume["transform"]["slope"] + volume["transform"]["intercept"]
    matching = []
    for theirs, expected in truths:
        if list(expected.shape) != dims:
            continue
        # Our k may run the other way, so voxels are compared by their place in the patient.
        corner = numpy.array([0, 0, dims[2] - 1, 1])
        is_turned = not numpy.allclose((affine @ [0, 0, 0, 1])[:3], (theirs @ [0, 0, 0, 1])[:3], atol=1e-3)
        if is_turned:
            flip = numpy.diag([1.0, 1, -1, 1])
            flip[2, 3] = dims[2] - 1
            theirs, expected = theirs @ flip, expected[:, :, ::-1]
        assert numpy.abs(affine - theirs).max() < 1e-5 * max(1, numpy.abs(theirs).max()), (affine, theirs)
        assert numpy.allclose(corner @ affine.T, corner @ theirs.T, atol=1e-3)
        if numpy.allclose(values, expected.astype(float), rtol=1e-6, atol=1e-6):
            matching.append(True)
    assert matching, "no volume of the file has these values"


def main() -> int:
    passed = failed = 0
    with tempfile.TemporaryDirectory() as name, Server() as server:
        folder = pathlib.Path(name) / "volumes"
        folder.mkdir()
        made_files(folder)
        files = sorted(each for each in folder.iterdir() if each.suffix not in (".raw", ".zraw", ".gz") or ".nii" in each.name)
        if DATA.is_dir():
            files += [DATA / "nibabel" / each for each in ("anatomical.nii", "functional.nii", "standard.nii.gz", "someones_anatomy.nii.gz",
                                                           "example4d.nii.gz")]
            files += sorted((DATA / "pyradiomics").glob("*.nrrd")) + sorted((DATA / "msd_hippocampus" / "images").glob("*.nii.gz"))[:3]
        else:
            print("1 skipped: shared data absent")
        admin = server.client()
        admin.use_link(server.first_link)
        lead = new_id()
        link = admin.put(f"/api/v1/people/{lead}", {"name": "lead", "display_name": "Lead", "roles": []}).json()["link"]["url"]
        client = server.client()
        client.use_link(link.split("link=")[1])
        for file in files:
            try:
                project = new_id()
                made = admin.put(f"/api/v1/projects/{project}", {"name": file.name, "description": "", "deid_at": "release", "readers_per_item": 1})
                assert made.status in (200, 201), made.body
                admin.put(f"/api/v1/projects/{project}/members/{lead}", {"roles": ["lead", "rater"]})
                ident = new_id()
                client.put(f"/api/v1/projects/{project}/imports/{ident}", {"name": "volumes"})
                beside = [file] + ([each for each in folder.glob(file.stem + ".*raw*")] if file.suffix in (".mhd", ".nhdr") else [])
                for number, each in enumerate(beside, 1):
                    sent = client.put(f"/api/v1/projects/{project}/imports/{ident}/files/{number}?path={each.name}", each.read_bytes(),
                                      headers={"Content-Type": "application/octet-stream"})
                    assert sent.status in (200, 201), sent.body
                client.post(f"/api/v1/projects/{project}/imports/{ident}/finish")
                state = {}
                for _ in range(600):
                    state = client.get(f"/api/v1/projects/{project}/imports/{ident}").json()
                    if state["state"] in ("done", "failed"):
                        break
                    time.sleep(0.05)
                if file.stem.endswith("_label"):  # labels by its values and name: of no image that is here
                    assert [one["code"] for one in state["refused"]] == ["not_found"] and "import the images first" in state["refused"][0]["remedy"], state
                    passed += 1
                    print(f"{file.name}: refused, as labels without their image", flush=True)
                    continue
                assert state["state"] == "done" and not state["refused"], state
                items = client.get(f"/api/v1/projects/{project}/items").json()["items"]
                assert len(items) == 1, items
                check(client, project, items[0]["id"], truth_of(file))
                passed += 1
                print(f"{file.name}: ok", flush=True)
            except Exception:  # noqa: BLE001
                failed += 1
                print(f"{file.name}: FAILED\n{traceback.format_exc()}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
