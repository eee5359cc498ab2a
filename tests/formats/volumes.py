#!/usr/bin/env python3
"""Volumes in research formats through the real import and the HTTP interface, judged by nibabel and SimpleITK: every voxel's
place in the patient (to 1e-5) and every voxel's value.

    CONSILIUM_BINARY=build/release/src/consilium tests/formats/volumes.py
"""
import os
import pathlib
import sys
import tempfile

import nibabel
import numpy
import SimpleITK

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from client import ROOT, Server  # noqa: E402
from tally import Tally  # noqa: E402
from world import World  # noqa: E402

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


def check(world, path, item, truths):
    detail = world.detail(path, item)
    found = []
    for study in detail["source"]["studies"]:
        found += [(series, series["volume"]) for series in study["series"] if series.get("volume")]
    assert found, detail
    _, volume = found[0]
    grid = volume["grid"]
    affine = numpy.vstack([numpy.array(grid["affine"]).reshape(3, 4), [0, 0, 0, 1]])
    dims = grid["dims"]
    answer = world.client.get(f"{path}/items/{item}/series/{found[0][0]['id']}/frames?from=0&count={dims[2]}")
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


def check_file(world, folder, file):
    path = world.project(file.name)
    beside = [file] + ([each for each in folder.glob(file.stem + ".*raw*")] if file.suffix in (".mhd", ".nhdr") else [])
    state = world.imported(path, beside)
    if file.stem.endswith("_label"):  # labels by its values and name: of no image that is here
        assert [one["code"] for one in state["refused"]] == ["not_found"] and "import the images first" in state["refused"][0]["remedy"], state
        return
    assert state["state"] == "done" and not state["refused"], state
    items = world.client.get(f"{path}/items").json()["items"]
    assert len(items) == 1, items
    check(world, path, items[0]["id"], truth_of(file))


def main() -> int:
    tally = Tally()
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
        world = World(server)
        for file in files:
            tally.case(file.name, check_file, world, folder, file)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
