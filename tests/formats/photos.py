#!/usr/bin/env python3
"""Photographs through the real import and the HTTP interface, judged by Pillow and tifffile: every pixel of JPEG, PNG and TIFF
of all kinds, Exif's eight orientations; damaged files refused one by one; labels exported as COCO, YOLO, VOC and CSV with the
pictures beside them; and nothing of Exif in anything that is served or exported.

    CONSILIUM_BINARY=build/release/src/consilium tests/formats/photos.py
"""
import io
import json
import os
import pathlib
import struct
import sys
import tempfile
import time
import zipfile
import zlib

import numpy
import tifffile
from PIL import Image, ImageOps

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from client import ROOT, Server, new_id  # noqa: E402
from tally import Tally  # noqa: E402
from world import World  # noqa: E402

DATA = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data")) / "imaging"
TYPES = {"u8": "u1", "i8": "i1", "u16": "<u2", "i16": "<i2", "u32": "<u4", "i32": "<i4", "f32": "<f4"}
SECRETS = [b"SERIAL-4711", b"2019:03:11", b"Canon EOS Secret", b"GPS-HERE", b"TITLE-OF-THE-PATIENT"]


def scene(rows, columns, channels, dtype=numpy.uint8):
    """Smooth colours with an edge and some noise: turned or swapped channels show at once."""
    y, x = numpy.mgrid[0:rows, 0:columns]
    most = numpy.iinfo(dtype).max
    planes = [(y / rows), (x / columns), ((x + y) % 37) / 37.0, (x > columns // 3) * 0.9][:channels]
    noise = numpy.random.default_rng(3).uniform(0, 0.1, (rows, columns, channels))
    image = (numpy.stack(planes, axis=-1) * 0.9 + noise) * most
    image = image.clip(0, most).astype(dtype)
    return image[..., 0] if channels == 1 else image


def exif_bytes(orientation):
    exif = Image.Exif()
    exif[274] = orientation
    exif[271], exif[272] = "Canon", SECRETS[2].decode()
    exif[306] = "2019:03:11 10:20:30"
    exif.get_ifd(0x8825)[29] = SECRETS[3].decode()
    exif.get_ifd(0x8769)[0xA431] = SECRETS[0].decode()
    return exif.tobytes()


def made_files(folder):
    """Name of each file -> what it must read as: (frames, rows, columns[, 3])."""
    truth = {}

    def pillow(name, image, **options):
        image.save(folder / name, **options)
        with Image.open(folder / name) as again:
            upright = ImageOps.exif_transpose(again)
            truth[name] = numpy.asarray(upright if upright.mode in ("L", "RGB", "I;16") else upright.convert("RGB"))[None]

    rgb = Image.fromarray(scene(61, 83, 3))
    for orientation in range(1, 9):
        pillow(f"turned_{orientation}.jpg", rgb, quality=92, exif=exif_bytes(orientation))
    pillow("grey.jpg", rgb.convert("L"), quality=80)
    pillow("progressive.jpg", rgb, quality=75, progressive=True)
    pillow("444.jpg", rgb, quality=95, subsampling=0)
    pillow("profile.jpg", rgb, quality=90, icc_profile=b"\0" * 128)
    pillow("rgb.png", rgb)
    pillow("grey.png", rgb.convert("L"))
    pillow("bits.png", rgb.convert("1"))
    truth["bits.png"] = (numpy.asarray(rgb.convert("1")).astype(numpy.uint8) * 255)[None]
    pillow("palette.png", rgb.quantize(17))
    pillow("turned.png", rgb, exif=exif_bytes(6))
    late = io.BytesIO()  # Exif behind the pixels, as exiftool adds it
    rgb.save(late, "PNG")
    block = exif_bytes(8)[6:]
    chunk = struct.pack(">I", len(block)) + b"eXIf" + block + struct.pack(">I", zlib.crc32(b"eXIf" + block))
    (folder / "late.png").write_bytes(late.getvalue()[:-12] + chunk + late.getvalue()[-12:])
    truth["late.png"] = numpy.rot90(numpy.asarray(rgb), 1)[None]
    pillow("grey16.png", Image.fromarray(scene(40, 50, 1, numpy.uint16)))
    rgba = Image.fromarray(scene(40, 50, 4), "RGBA")
    pillow("alpha.png", rgba)
    truth["alpha.png"] = numpy.asarray(rgba)[None, ..., :3]
    wide = scene(33, 47, 3, numpy.uint16)
    (folder / "wide.png").write_bytes(png16(wide))
    truth["wide.png"] = ((wide.astype(numpy.uint32) * 255 + 32895) >> 16).astype(numpy.uint8)[None]

    def tiff(name, array, expected=None, **options):
        tifffile.imwrite(folder / name, array, **options)
        truth[name] = expected if expected is not None else (array if array.ndim == 4 else array[None])

    tiff("grey8.tif", scene(40, 50, 1))
    tiff("grey16.tif", scene(40, 50, 1, numpy.uint16))
    tiff("grey16_big.tif", scene(40, 50, 1, numpy.uint16), byteorder=">")
    tiff("signed16.tif", (scene(40, 50, 1, numpy.uint16).astype(numpy.int32) - 30000).astype(numpy.int16))
    tiff("float.tif", scene(40, 50, 1).astype(numpy.float32) / 7)
    tiff("rgb8.tif", scene(40, 50, 3), photometric="rgb")
    tiff("planes.tif", scene(40, 50, 3).transpose(2, 0, 1).copy(), scene(40, 50, 3)[None], photometric="rgb",
         planarconfig="separate")
    tiff("tiled.tif", scene(70, 90, 3), photometric="rgb", tile=(16, 32))
    tiff("deflated.tif", scene(70, 90, 3), photometric="rgb", compression="zlib", predictor=True)
    tiff("bigtiff.tif", scene(40, 50, 1, numpy.uint16), bigtiff=True)
    tiff("white.tif", scene(40, 50, 1), (255 - scene(40, 50, 1))[None], photometric="miniswhite")
    four = scene(40, 50, 4)
    tiff("rgba8.tif", four, four[None, ..., :3], photometric="rgb", extrasamples=["unassalpha"])
    wide = scene(40, 50, 3, numpy.uint16)
    tiff("rgb16.tif", wide, ((wide.astype(numpy.uint32) * 255 + 32895) >> 16).astype(numpy.uint8)[None], photometric="rgb")
    colours = numpy.random.default_rng(5).integers(0, 256, (3, 256)).astype(numpy.uint16) * 257
    indices = scene(40, 50, 1)
    tiff("palette.tif", indices, (colours >> 8).astype(numpy.uint8)[:, indices].transpose(1, 2, 0)[None], photometric="palette",
         colormap=colours)
    pages = numpy.stack([scene(40, 50, 1, numpy.uint16) // (n + 1) for n in range(5)])
    tifffile.imwrite(folder / "pages.tif", pages, photometric="minisblack")
    truth["pages.tif"] = pages
    colour_pages = numpy.stack([scene(40, 50, 3) // (n + 1) for n in range(3)])
    tiff("colour_pages.tif", colour_pages, photometric="rgb")
    rgb.save(folder / "lzw.tif", compression="tiff_lzw")
    truth["lzw.tif"] = numpy.asarray(rgb)[None]
    rgb.save(folder / "jpeg.tif", compression="jpeg", quality=90)
    truth["jpeg.tif"] = numpy.asarray(Image.open(folder / "jpeg.tif"))[None]
    rgb.convert("1").save(folder / "fax.tif", compression="group4")
    truth["fax.tif"] = (numpy.asarray(rgb.convert("1")).astype(numpy.uint8) * 255)[None]
    tifffile.imwrite(folder / "turned.tif", scene(40, 50, 3), photometric="rgb", description=SECRETS[4].decode(),
                     extratags=[(274, "H", 1, 6, True)])
    truth["turned.tif"] = numpy.rot90(scene(40, 50, 3), -1)[None]
    return truth


def png16(image):
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in image)
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def bad_files(folder):
    """Name -> a word of the refusal."""
    rgb = Image.fromarray(scene(61, 83, 3))
    whole = io.BytesIO()
    rgb.save(whole, "JPEG")
    (folder / "cut.jpg").write_bytes(whole.getvalue()[:-700])
    damaged = bytearray(whole.getvalue())
    damaged[len(damaged) // 2] = 0xFF
    damaged[len(damaged) // 2 + 1] = 0xD9  # an end in the middle
    (folder / "ends.jpg").write_bytes(damaged)
    whole = io.BytesIO()
    rgb.save(whole, "PNG")
    (folder / "cut.png").write_bytes(whole.getvalue()[:-200])
    flipped = bytearray(whole.getvalue())
    flipped[len(flipped) // 2] ^= 0xFF
    (folder / "flipped.png").write_bytes(flipped)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    (folder / "bomb.png").write_bytes(bomb + b"\0\0\0\0" + struct.pack(">I", 4) + b"IDAT" + b"\0" * 40)
    whole = io.BytesIO()
    tifffile.imwrite(whole, scene(40, 50, 3), photometric="rgb", compression="zlib")
    (folder / "cut.tif").write_bytes(whole.getvalue()[:-500])
    with tifffile.TiffWriter(folder / "mixed.tif") as writer:
        writer.write(scene(40, 50, 1))
        writer.write(scene(20, 25, 1))
    rgb.convert("CMYK").save(folder / "print.jpg")
    tifffile.imwrite(folder / "double.tif", scene(40, 50, 1).astype(numpy.float64))
    (folder / "none.jpg").write_bytes(b"this is no picture at all, whatever its name says")
    return {"cut.jpg": "", "ends.jpg": "", "cut.png": "", "flipped.png": "", "bomb.png": "more pixels than", "cut.tif": "",
            "mixed.tif": "differ in size", "print.jpg": "CMYK", "double.tif": "64 bits", "none.jpg": "no JPEG, PNG or TIFF"}


def shown_pixels(world, path, item):
    """The frames that the page gets, and the volume's description."""
    series = world.detail(path, item)["source"]["studies"][0]["series"][0]
    address = f"{path}/items/{item}/series/{series['id']}"
    if series["volume"]:
        volume = series["volume"]
        answer = world.client.get(f"{address}/frames?from=0&count={volume['grid']['dims'][2]}")
    else:
        volume = series["images"][0]
        answer = world.client.get(f"{address}/images/0")
    assert answer.status == 200, answer.body[:300]
    layout = volume["layout"]
    shape = [len(volume["slices"]), layout["rows"], layout["columns"]] + ([3] if layout["samples_per_pixel"] == 3 else [])
    kind = numpy.dtype(TYPES[layout["sample_type"]])
    size = int(numpy.prod(shape)) * kind.itemsize
    return numpy.frombuffer(answer.body[-size:], kind).reshape(shape), series, volume


def check_pixels(world, path, item, expected):
    pixels, _, volume = shown_pixels(world, path, item)
    assert pixels.shape == expected.shape, (pixels.shape, expected.shape)
    assert pixels.dtype == expected.dtype, (pixels.dtype, expected.dtype)
    assert numpy.array_equal(pixels, expected), numpy.abs(pixels.astype(float) - expected).max()
    assert not volume["has_patient_geometry"]
    thumbnail = Image.open(io.BytesIO(world.client.get(f"{path}/items/{item}/thumbnail").body))
    assert thumbnail.size[1] <= 128
    assert thumbnail.mode == ("RGB" if expected.ndim == 4 else "L")


def all_that_is_served(world, path, item):
    series = world.detail(path, item)["source"]["studies"][0]["series"][0]
    address = f"{path}/items/{item}"
    answers = [world.client.get(each).body for each in
               (address, f"{path}/items", f"{address}/thumbnail", f"{address}/series/{series['id']}/images/0",
                "/dicomweb/studies", "/dicomweb/instances")]
    return b"".join(answers)


def export(world, path, form):
    address = f"{path}/exports/{new_id()}"
    made = world.client.put(address, {"format": form, "states": ["submitted", "draft"]})
    assert made.status in (200, 201, 202), made.body
    for _ in range(400):
        state = world.client.get(address).json()
        if state["state"] in ("done", "failed"):
            break
        time.sleep(0.05)
    assert state["state"] == "done", state
    return zipfile.ZipFile(io.BytesIO(world.client.get(f"{address}/file").body))


def check_labels(world, folder):
    """A box and a polygon on a turned photograph; exports hold them in the turned picture's pixels, beside that picture."""
    path = world.project("labels")
    photo = folder / "turned_6.jpg"
    state = world.imported(path, [photo, folder / "grey16.png"])
    assert not state["refused"], state
    protocol = (ROOT / "protocols/chest-ct-nodule.yaml").read_text()
    assert world.client.put(f"{path}/protocol", {"yaml": protocol}).status in (200, 201)
    truths = {numpy.asarray(ImageOps.exif_transpose(Image.open(photo))).tobytes(),
              numpy.asarray(Image.open(folder / "grey16.png")).astype("<u2").tobytes()}
    for item in [each["id"] for each in world.client.get(f"{path}/items").json()["items"]]:
        _, series, volume = shown_pixels(world, path, item)
        assert world.client.post(f"{path}/items/{item}/task").status in (200, 201)
        for geometry in ({"kind": "box", "points": [[4, 5], [20, 30]]}, {"kind": "polygon", "points": [[8, 8], [30, 9], [12, 35]]}):
            body = {"id": new_id(), "item_id": item, "protocol": {"id": "chest-ct-nodule", "version": "1.0.0"}, "label": "granuloma",
                    "attributes": {}, "target": {"type": "region", "series_id": series["id"], "frame": 0, "geometry": geometry,
                                                 "instance_uid": volume["slices"][0]["instance_uid"]}}
            put = world.client.put(f"{path}/items/{item}/annotations/{body['id']}", body)
            if put.status == 201 or geometry["kind"] == "box":
                assert put.status == 201, put.body
    everything = b""
    for form in ("coco", "yolo", "voc", "csv", "labels_csv"):
        archive = export(world, path, form)
        contents = {name: archive.read(name) for name in archive.namelist()}
        everything += b"".join(contents.values())
        if form == "labels_csv":
            continue
        pictures = {name: data for name, data in contents.items() if name.split("/")[-1].endswith(".png")}
        assert len(pictures) == 2, (form, list(contents))
        for name, data in pictures.items():
            picture = numpy.asarray(Image.open(io.BytesIO(data)))
            assert picture.astype("<u2" if picture.dtype.itemsize > 1 else "u1").tobytes() in truths, name
        if form == "coco":
            dataset = json.loads(next(data for name, data in contents.items() if name.endswith("annotations.json")))
            assert sorted(f"images/{image['file_name']}" for image in dataset["images"]) == sorted(
                name[name.index("images/"):] for name in pictures)
            for image in dataset["images"]:
                picture = Image.open(io.BytesIO(next(data for name, data in pictures.items() if name.endswith(image["file_name"]))))
                assert picture.size == (image["width"], image["height"])
    for secret in SECRETS:
        assert secret not in everything, secret


def foreign_labels(name, stem, size):
    """A box of "granuloma" on that picture as other programs write it: COCO, YOLO, VOC. None of them knows our UIDs."""
    width, height = size
    left, top, right, bottom = 4, 5, 20, 29  # of whole pixels
    coco = {"images": [{"id": 7, "file_name": f"train/{name}", "width": width, "height": height}], "categories": [{"id": 3, "name": "granuloma"}],
            "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "bbox": [left, top, right - left, bottom - top], "iscrowd": 0,
                             "area": (right - left) * (bottom - top), "segmentation": []}]}
    shares = [(left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width, (bottom - top) / height]
    voc = (f"<annotation><filename>{name}</filename><size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
           f"<object><name>granuloma</name><bndbox><xmin>{left + 1}</xmin><ymin>{top + 1}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object>"
           "</annotation>")
    return {"coco": [("annotations.json", json.dumps(coco).encode())],
            "yolo": [("data.yaml", b"names:\n  0: granuloma\n"), (f"labels/{stem}.txt", ("0 " + " ".join(f"{v:.6f}" for v in shares)).encode())],
            "voc": [(f"Annotations/{stem}.xml", voc.encode())]}


def check_named_labels(world, folder):
    """Labels of other programs find their photographs by the file's name, JPEG and PNG; masks go out as label images."""
    protocol = (ROOT / "protocols/chest-ct-nodule.yaml").read_text()
    for photo in (folder / "rgb.png", folder / "grey.jpg"):
        size = Image.open(photo).size
        for form, files in foreign_labels(photo.name, photo.stem, size).items():
            path = world.project(f"named {form} {photo.name}")
            assert world.client.put(f"{path}/protocol", {"yaml": protocol}).status in (200, 201)
            state = world.imported(path, [(photo.name, photo.read_bytes())] + files)
            assert state["state"] == "done" and not state["refused"], (form, state)
            item = world.client.get(f"{path}/items").json()["items"][0]["id"]
            found = world.client.get(f"{path}/items/{item}/annotations?rater=all").json()["items"]
            assert [each["label"] for each in found] == ["granuloma"], (form, found)
            points = numpy.array(found[0]["target"]["geometry"]["points"])
            assert abs(points - [[3.5, 4.5], [19.5, 28.5]]).max() < 0.51, (form, points)
    # Two masks that a program drew on a photograph, as its label image.
    photo = folder / "rgb.png"
    width, height = Image.open(photo).size
    masks = numpy.zeros((2, height, width), bool)
    masks[0, 3:9, 2:7] = True
    masks[1, 12:20, 5:30:2] = True
    annotations = []
    for number, mask in enumerate(masks, 1):
        flat = mask.T.ravel()
        edges = numpy.flatnonzero(numpy.diff(flat)) + 1
        counts = numpy.diff(numpy.concatenate(([0], edges, [flat.size]))).tolist()
        annotations.append({"id": number, "image_id": 1, "category_id": number, "iscrowd": 1, "area": int(mask.sum()), "bbox": [0, 0, 1, 1],
                            "segmentation": {"size": [height, width], "counts": ([0] if flat[0] else []) + counts}})
    coco = {"images": [{"id": 1, "file_name": photo.name, "width": width, "height": height}],
            "categories": [{"id": 1, "name": "granuloma"}, {"id": 2, "name": "mass"}], "annotations": annotations}
    path = world.project("label images")
    assert world.client.put(f"{path}/protocol", {"yaml": protocol}).status in (200, 201)
    state = world.imported(path, [(photo.name, photo.read_bytes()), ("annotations.json", json.dumps(coco).encode())])
    assert state["state"] == "done" and not state["refused"], state
    archive = export(world, path, "label_images")
    names = archive.namelist()
    labels = json.loads(archive.read(next(name for name in names if name.endswith("labels.json"))))
    drawn = numpy.zeros((height, width), int)
    for entry in labels["images"]:
        drawn += numpy.asarray(Image.open(io.BytesIO(archive.read(next(name for name in names if name.endswith(entry["file"])))))).astype(int)
        assert any(name.endswith(f"images/{entry['image']}.png") for name in names), names
    truth = masks[0] * labels["labels"]["granuloma"] + masks[1] * labels["labels"]["mass"]
    assert (drawn == truth).all() and labels["labels"]["granuloma"] != labels["labels"]["mass"], labels


def main() -> int:
    tally = Tally()
    with tempfile.TemporaryDirectory() as name, Server() as server:
        folder, bad = pathlib.Path(name) / "good", pathlib.Path(name) / "bad"
        folder.mkdir()
        bad.mkdir()
        truths = made_files(folder)
        files = {file: folder / file for file in truths}
        if DATA.is_dir():
            real = sorted((DATA / "bccd" / "JPEGImages").glob("*.jpg"))[:4] + sorted((DATA / "nuclei_dsb2018").glob("*/images/*.png"))[:3]
            for file in real:
                files[file.name] = file
                truths[file.name] = numpy.asarray(Image.open(file).convert("RGB"))[None]
        else:
            print("real photographs skipped: shared data absent")
        world = World(server)
        for file, expected in truths.items():
            def one(file=file, expected=expected):
                path = world.project(file)
                state = world.imported(path, [files[file]])
                assert state["state"] == "done" and not state["refused"], state
                items = world.client.get(f"{path}/items").json()["items"]
                assert len(items) == 1, items
                check_pixels(world, path, items[0]["id"], expected)
                if file == "turned_6.jpg":
                    served = all_that_is_served(world, path, items[0]["id"])
                    assert not [secret for secret in SECRETS if secret in served]
            tally.case(file, one)

        def refusals():
            words = bad_files(bad)
            path = world.project("refusals")
            given = [bad / each for each in words] + [folder / "rgb.png", folder / "grey.jpg"]
            state = world.imported(path, given)
            assert state["state"] == "done", state
            refused = {given[each["file_number"] - 1].name: each for each in state["refused"]}
            assert set(refused) == set(words), (set(words) ^ set(refused), state)
            for name_, word in words.items():
                text = json.dumps(refused[name_])
                assert word in text, text
                print(f"  {name_}: {text}")
            assert len(world.client.get(f"{path}/items").json()["items"]) == 2
        tally.case("damaged files are refused, the rest stays", refusals)
        tally.case("labels, and what is exported of them", check_labels, world, folder)
        tally.case("labels of other programs by the photograph's name", check_named_labels, world, folder)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
