#!/usr/bin/env python3
"""How good a segmentation a person gets from few strokes: `consilium segment` beside other methods, with one scripted user.

    ninja -C build/release consilium && bench/imaging/accuracy.py        # --images 4 --clicks 5: some minutes

Makes its own environment for the rivals in build/imaging/venv (requirements.txt). Prints Markdown tables; everything measured
is in build/imaging/accuracy.json. Images with labels: CONSILIUM_DATA (default ../shared/data), imaging/volumes/msd_hippocampus.

The user (the same for every method, without chance; lengths in voxels of a slice):
1. Each label gets one dot, a disc of radius 2 at most and inside the label, in the slice where the label is largest, at the place
   farthest from its border. The background gets a ring at 4 voxels from the labels in the slice where they are largest together,
   and a dot in the volume's two end slices. That is interaction 0.
2. Then, as often as asked: of all voxels whose label is wrong the largest connected part (26 neighbours) is taken, its voxel that
   is deepest inside (in mm; the first of equals), and there a dot of the right label is drawn in the slice, inside the part and
   at most of radius 2. One dot is one interaction.

The methods get the same image and seeds:
- ours: the binary, default options, through NIfTI files; "ours by classifier" grows by what a pixel classifier learns from the seeds
  (--likelihood classifier), "classifier alone" takes its word as it is (--method classifier).
- grow-cut: shortest paths over |difference of intensity| between 26 neighbours (Zhu et al. 2014, what 3D Slicer's grow from seeds
  does), solved by scipy's Dijkstra.
- random walker, watershed: scikit-image; beta 130 as its default, preconditioned solver, spacing given; watershed on the gradient
  at one voxel.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / "build" / "imaging"
BINARY = pathlib.Path(os.environ.get("CONSILIUM_BINARY", ROOT / "build" / "release" / "src" / "consilium"))
DATA = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data")) / "imaging" / "volumes"
BACKGROUND = 255


def environment():
    """Runs this file again with the rivals' own Python; made at the first run."""
    folder = WORK / "venv"
    python = folder / "bin" / "python"
    if pathlib.Path(sys.executable).parent == python.parent:
        return
    stamp = folder / "requirements.txt"
    wanted = (HERE / "requirements.txt").read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"], check=True)
        stamp.write_text(wanted)
    os.execv(python, [str(python), __file__, *sys.argv[1:]])


environment()
import numpy as np  # noqa: E402
import SimpleITK as sitk  # noqa: E402
from scipy import ndimage, sparse  # noqa: E402
from scipy.sparse import csgraph  # noqa: E402
from skimage import segmentation  # noqa: E402

WHOLE = np.ones((3, 3, 3), bool)


class Ours:
    """The binary, with the answer's own seconds of computing."""

    options = ()

    def __init__(self, image, spacing):
        self.folder = tempfile.TemporaryDirectory()
        self.spacing = spacing
        self.image = self.save("image.nii", image.astype(np.float32))

    def save(self, name, array):
        path = pathlib.Path(self.folder.name) / name
        image = sitk.GetImageFromArray(np.ascontiguousarray(array.T))
        image.SetSpacing(self.spacing)
        sitk.WriteImage(image, str(path))
        return path

    def __call__(self, seeds):
        seed_file = self.save("seeds.nii", seeds)
        out = pathlib.Path(self.folder.name) / "mask.nii"
        done = subprocess.run([BINARY, "segment", self.image, "--seeds", seed_file, "--out", out, "--json", *self.options],
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stderr)
        self.seconds = json.loads(done.stdout)["seconds"]["compute"]
        return sitk.GetArrayFromImage(sitk.ReadImage(str(out))).T.astype(np.uint8)


class OursClassifier(Ours):
    options = ("--likelihood", "classifier")


class ClassifierAlone(Ours):
    options = ("--method", "classifier")


class GrowCut:
    def __init__(self, image, spacing):
        del spacing  # the published cost does not know it
        index = np.arange(image.size).reshape(image.shape)
        rows, columns, weights = [], [], []
        steps = [(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1) if (x, y, z) > (0, 0, 0)]
        for step in steps:
            here = tuple(slice(max(0, -s), n - max(0, s)) for s, n in zip(step, image.shape))
            there = tuple(slice(max(0, s), n - max(0, -s)) for s, n in zip(step, image.shape))
            rows.append(index[here].ravel())
            columns.append(index[there].ravel())
            weights.append(np.abs(image[here] - image[there]).ravel() + 1e-4)
        graph = sparse.coo_matrix((np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))),
                                  shape=(image.size, image.size)).tocsr()
        self.graph = graph + graph.T

    def __call__(self, seeds):
        flat = seeds.ravel()
        _, _, source = csgraph.dijkstra(self.graph, indices=np.flatnonzero(flat), min_only=True, return_predecessors=True)
        return flat[source].reshape(seeds.shape)


class RandomWalker:
    def __init__(self, image, spacing):
        self.image = (image - image.mean()) / image.std()
        self.spacing = np.asarray(spacing) / min(spacing)

    def __call__(self, seeds):
        labels = np.unique(seeds)  # it wants, and gives, consecutive numbers
        found = segmentation.random_walker(self.image, np.searchsorted(labels, seeds).astype(np.int32), beta=130, mode="cg_j",
                                           spacing=self.spacing, tol=1e-3)
        return labels[found].astype(np.uint8)


class Watershed:
    def __init__(self, image, spacing):
        del spacing
        self.gradient = ndimage.gaussian_gradient_magnitude(image.astype(float), 1)

    def __call__(self, seeds):
        return segmentation.watershed(self.gradient, seeds.astype(np.int32)).astype(np.uint8)


METHODS = {"ours": Ours, "ours by classifier": OursClassifier, "classifier alone": ClassifierAlone, "grow-cut": GrowCut, "random walker": RandomWalker, "watershed": Watershed}


def dot(seeds, place, label, allowed, radius=2):
    """A disc in the slice (last axis), of voxels that are allowed."""
    x, y = np.ogrid[:seeds.shape[0], :seeds.shape[1]]
    disc = ((x - place[0]) ** 2 + (y - place[1]) ** 2 <= radius ** 2) & allowed[:, :, place[2]]
    seeds[:, :, place[2]][disc] = label


def deepest(mask, spacing):
    padded = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=spacing)
    core = tuple(slice(1, -1) for _ in mask.shape)
    return np.unravel_index(np.argmax(padded[core]), mask.shape)


def first_seeds(truth, spacing):
    seeds = np.zeros(truth.shape, np.uint8)
    for label in np.unique(truth[truth > 0]):
        z = int(np.argmax((truth == label).sum((0, 1))))
        flat = truth[:, :, z] == label
        x, y = deepest(flat, spacing[:2])
        depth = ndimage.distance_transform_edt(np.pad(flat, 1))[x + 1, y + 1]
        dot(seeds, (x, y, z), label, truth == label, min(2, depth / 2))
    z = int(np.argmax((truth > 0).sum((0, 1))))
    away = ndimage.distance_transform_edt(truth[:, :, z] == 0)
    seeds[:, :, z][(away >= 3.5) & (away < 4.5)] = BACKGROUND
    for end in (0, truth.shape[2] - 1):
        empty = truth[:, :, end] == 0
        x, y = deepest(empty, spacing[:2])
        dot(seeds, (x, y, end), BACKGROUND, truth == 0)
    return seeds


def click(seeds, truth, found, spacing):
    """False when nothing is wrong."""
    parts, count = ndimage.label(truth != found, WHOLE)
    if count == 0:
        return False
    part = parts == np.argmax(np.bincount(parts.ravel())[1:]) + 1
    x, y, z = deepest(part, spacing)
    label = truth[x, y, z]
    dot(seeds, (x, y, z), label if label else BACKGROUND, part & (truth == label))
    return True


def scores(truth, found, spacing):
    """Means over the labels: Dice, and the 95th percentile of both directed distances between border voxels, in mm."""
    dices, distances = [], []
    for label in np.unique(truth[truth > 0]):
        a, b = truth == label, found == label
        dices.append(2 * (a & b).sum() / (a.sum() + b.sum()))
        if not b.any():
            distances.append(float(np.linalg.norm(np.multiply(truth.shape, spacing))))
            continue
        edge_a, edge_b = a & ~ndimage.binary_erosion(a), b & ~ndimage.binary_erosion(b)
        to_a = ndimage.distance_transform_edt(~edge_a, sampling=spacing)[edge_b]
        to_b = ndimage.distance_transform_edt(~edge_b, sampling=spacing)[edge_a]
        distances.append(float(max(np.percentile(to_a, 95), np.percentile(to_b, 95))))
    return float(np.mean(dices)), float(np.mean(distances))


def session(name, image, truth, spacing, clicks):
    """Dice, HD95 and CPU seconds (of the method alone) after 0, 1, ... interactions."""
    method = METHODS[name](image, spacing)
    seeds = first_seeds(truth, spacing)
    out = []
    for number in range(clicks + 1):
        start = time.process_time()
        found = method(seeds)
        seconds = getattr(method, "seconds", time.process_time() - start)
        found = np.where(found == BACKGROUND, 0, found).astype(np.uint8)
        out.append((*scores(truth, found, spacing), seconds))
        if number < clicks and not click(seeds, truth, found, spacing):
            out += [(1.0, 0.0, seconds)] * (clicks - number)
            break
    return out


def hippocampus(skip, count):
    for path in sorted((DATA / "msd_hippocampus" / "images").glob("*.nii.gz"))[skip:skip + count]:
        image = sitk.ReadImage(str(path))
        truth = sitk.ReadImage(str(DATA / "msd_hippocampus" / "labels" / path.name))
        yield (sitk.GetArrayFromImage(image).T.astype(np.float32), sitk.GetArrayFromImage(truth).T.astype(np.uint8),
               image.GetSpacing())


def phantom(noise, thickness):
    """Two organs of near intensity that touch, a bright one, a thin tube, a bias field: 80 x 80 x 60 mm."""
    shape = (80, 80, 60 // thickness)
    x, y, z = np.meshgrid(*(np.arange(n) + .5 for n in shape), indexing="ij")
    z = z * thickness

    def ball(at, radius):
        return ((x - at[0]) / radius[0]) ** 2 + ((y - at[1]) / radius[1]) ** 2 + ((z - at[2]) / radius[2]) ** 2 < 1

    truth = np.zeros(shape, np.uint8)
    values = np.zeros(shape, np.float32)
    values[ball((40, 40, 30), (37, 34, 45))] = 100
    for label, at, radius, value in ((1, (28, 38, 30), (13, 14, 16), 170), (2, (50, 38, 28), (10, 12, 14), 200),
                                     (3, (40, 58, 32), (12, 6, 18), 330)):
        inside = ball(at, radius) & (truth == 0)
        truth[inside], values[inside] = label, value
    tube = (x - 62 - 5 * np.sin(z / 8)) ** 2 + (y - 52 - 4 * np.cos(z / 8)) ** 2 < 2.2 ** 2
    truth[tube], values[tube] = 4, 260
    values = ndimage.gaussian_filter(values, 0.7) * (1 + 0.15 * (x - 40) / 40)
    rng = np.random.default_rng(5)
    return (values + noise * rng.standard_normal(shape)).astype(np.float32), truth, (1.0, 1.0, float(thickness))


def table(rows, head):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--skip", type=int, default=0, help="so many first images; our weights were chosen on the first 10")
    parser.add_argument("--clicks", type=int, default=10)
    parser.add_argument("--methods", default=",".join(METHODS))
    options = parser.parse_args()
    names = options.methods.split(",")
    result = {"hippocampus": {}, "sweep": {}}
    at = [n for n in (0, 1, 3, 5, 10, 15, 20) if n <= options.clicks]
    cases = list(hippocampus(options.skip, options.images))
    rows = []
    for name in names:
        runs = np.array([session(name, *case, options.clicks) for case in cases])
        if not len(runs):
            break
        result["hippocampus"][name] = runs.tolist()
        mean = np.mean(runs, 0)
        reach = [int(np.argmax(run[:, 0] >= .85)) if (run[:, 0] >= .85).any() else options.clicks + 1 for run in runs]
        rows.append([name, *(f"{mean[n, 0]:.3f}, {mean[n, 1]:.2f}" for n in at), f"{np.mean(reach):.1f}",
                     f"{np.median(runs[:, :, 2]):.3f}"])
        print(table(rows[-1:], ["method", *map(str, at), "to 0.85", "s"]).splitlines()[-1], file=sys.stderr)
    print(f"{len(cases)} images of the hippocampus, two labels: mean Dice, HD95 in mm after so many interactions; "
          f"interactions to a Dice of 0.85; median seconds of one run\n")
    print(table(rows, ["method", *map(str, at), "to 0.85", "s"]))
    settings = [(10, 1), (30, 1), (50, 1), (30, 3), (30, 6)]
    rows = []
    for name in names:
        found = [session(name, *phantom(*setting), 5) for setting in settings]
        result["sweep"][name] = found
        rows.append([name, *(f"{one[0][0]:.3f}, {one[5][0]:.3f}" for one in found)])
    print("\nmade phantom: mean Dice of four labels after 0 and 5 interactions\n")
    print(table(rows, ["method", *(f"noise {noise}, slices {thick} mm" for noise, thick in settings)]))
    WORK.mkdir(parents=True, exist_ok=True)
    (WORK / "accuracy.json").write_text(json.dumps(result))


main()
