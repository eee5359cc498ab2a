#!/usr/bin/env python3
"""Makes the data of the panel's comparison from seeds, once: make_data.py FOLDER quick|whole. Run by run.py."""
import pathlib
import sys

import numpy as np


def folder_of(root: pathlib.Path, name: str, stamp: str) -> pathlib.Path | None:
    """The folder to fill; none when it is there already."""
    folder = root / name
    mark = folder / "made"
    if mark.exists() and mark.read_text() == stamp:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text(stamp)
    return folder


def votes(root: pathlib.Path, size: str) -> None:
    folder = folder_of(root, "made_votes", size)
    if folder is None:
        return
    random = np.random.default_rng(1)
    items, each, raters, classes = (20_000 if size == "quick" else 200_000), 10, 100, 4
    truth = random.integers(classes, size=items)
    skill = random.uniform(0.5, 0.9, size=raters)
    item = np.repeat(np.arange(items), each)
    rater = np.argsort(random.random((items, raters)), axis=1)[:, :each].ravel()
    right = random.random(items * each) < skill[rater]
    label = np.where(right, truth[item], random.integers(classes, size=items * each))
    np.savetxt(folder / "label.csv", np.column_stack([item, rater, label]), fmt="%d", delimiter=",",
               header="item,worker,label", comments="")


def ratings(root: pathlib.Path) -> None:
    folder = folder_of(root, "ratings", "1")
    if folder is None:
        return
    random = np.random.default_rng(2)
    truth = random.integers(5, size=(1_000_000, 1))
    said = np.where(random.random((1_000_000, 5)) < 0.7, truth, random.integers(5, size=(1_000_000, 5))).astype(np.uint8)
    said[random.random(said.shape) < 0.1] = 255
    said.tofile(folder / "ratings.u8")


def masks(root: pathlib.Path, edge: int = 256) -> None:
    """Wavy balls, each a voxel or two from the next: what five readers draw of one organ."""
    folder = folder_of(root, "masks", str(edge))
    if folder is None:
        return
    z, y, x = np.ogrid[:edge, :edge, :edge]
    for r in range(5):
        dx, dy, dz = x - (126 + r), y - (129 - r), z - 128
        radius = 90 + r + (3 + r) * np.sin(dx * 0.1) * np.cos(dy * 0.13) * np.sin(dz * 0.09)
        (dx * dx + dy * dy + dz * dz < radius * radius).astype(np.uint8).tofile(folder / f"mask{r}.u8")


def predictions(root: pathlib.Path) -> None:
    folder = folder_of(root, "predictions", "1")
    if folder is None:
        return
    random = np.random.default_rng(3)
    rows, classes = 1_000_000, 10
    truth = random.integers(classes, size=rows)
    scores = 1.2 * random.standard_normal((rows, classes))
    scores[np.arange(rows), truth] += 3
    shares = np.exp(scores)
    (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32).tofile(folder / "probabilities.f32")
    labels = np.where(random.random(rows) < 0.2, random.integers(classes, size=rows), truth)
    labels.astype(np.uint16).tofile(folder / "labels.u16")


def label_matrix(root: pathlib.Path) -> None:
    folder = folder_of(root, "label_matrix", "1")
    if folder is None:
        return
    random = np.random.default_rng(4)
    items, functions = 100_000, 20
    truth = random.integers(2, size=items)
    accuracy = random.uniform(0.55, 0.95, size=functions)
    said = np.where(random.random((items, functions)) < accuracy, truth[:, None], 1 - truth[:, None]).astype(np.int8)
    said[random.random(said.shape) >= 0.3] = -1
    said.tofile(folder / "votes.i8")
    truth.astype(np.uint8).tofile(folder / "truth.u8")


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1])
    votes(target, sys.argv[2])
    ratings(target)
    masks(target)
    predictions(target)
    label_matrix(target)
