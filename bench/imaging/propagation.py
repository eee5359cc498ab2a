#!/usr/bin/env python3
"""How well labels of an earlier volume follow into a later one: `consilium segment --method propagate` beside SimpleITK.

    ninja -C build/release consilium && .tools/python/bin/python bench/imaging/propagation.py [--pairs 8] [--skip-large]

Needs SimpleITK and numpy, as the tests' Python has them. Prints Markdown; all figures are in build/imaging/propagation.json.
Data (CONSILIUM_DATA, default ../shared/data, imaging/volumes):
- between people: msd_hippocampus, each volume's labels carried to the next one; harder than a follow-up of one patient.
- made follow-up: pyradiomics brain1 (MR, a tumour) is turned, shifted, bent by smooth bumps of some millimetres, shaded, and made
  noisy; place by place it is known where everything went, so there is a target registration error (TRE) in mm too. Its labels are
  the tumour and boxes on a lattice through the head.
- large: the made follow-up's way of bending on a phantom of 512 x 512 x 300 voxels: time and memory alone, ours.
Rivals, two threads, as their examples set them up: SimpleITK rigid (Euler3D, Mattes mutual information, 3 levels, regular-step
descent from centred moments), from there diffeomorphic demons on matched histograms (3 levels, 30 steps each), or a B-spline of
20 mm (LBFGSB, Mattes). Labels by linear interpolation of labels. Seconds of CPU: ours with reading and writing of the files.
"""
import argparse
import json
import os
import pathlib
import resource
import subprocess
import tempfile
import time

import numpy as np
import SimpleITK as sitk

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("CONSILIUM_BINARY", ROOT / "build" / "release" / "src" / "consilium"))
DATA = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data")) / "imaging" / "volumes"
sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)


def ours(fixed, moving, labels, *options):
    """Labels in fixed, CPU seconds, what the command told."""
    with tempfile.TemporaryDirectory() as folder:
        names = {name: os.path.join(folder, f"{name}.nii") for name in ("now", "before", "mask", "out")}
        for name, image in (("now", fixed), ("before", moving), ("mask", labels)):
            sitk.WriteImage(image, names[name])
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        told = subprocess.run([BINARY, "segment", names["now"], "--method", "propagate", "--from", names["before"], "--seeds",
                               names["mask"], "--out", names["out"], "--json", *options], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return sitk.ReadImage(names["out"], sitk.sitkUInt8), cpu, json.loads(told.stdout)


def rigid(fixed, moving):
    start = sitk.CenteredTransformInitializer(fixed, moving, sitk.Euler3DTransform(),
                                              sitk.CenteredTransformInitializerFilter.MOMENTS)
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(50)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(0.2, 1)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-3, 100)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([2, 1, 0])
    method.SetInitialTransform(start, inPlace=False)
    return method.Execute(fixed, moving)


def demons(fixed, moving, start):
    """As SimpleITK's demons example: coarse to fine, the field carried along."""
    moved = sitk.Resample(moving, fixed, start, sitk.sitkLinear)
    moved = sitk.HistogramMatching(moved, fixed, 128, 10, True)
    demon = sitk.DiffeomorphicDemonsRegistrationFilter()
    demon.SetNumberOfIterations(30)
    demon.SetSmoothDisplacementField(True)
    demon.SetStandardDeviations(1.5)
    field = None
    for shrink in (4, 2, 1):
        size = [max(8, n // shrink) for n in fixed.GetSize()]
        grid = sitk.Image(size, sitk.sitkFloat32)
        grid.SetOrigin(fixed.GetOrigin())
        grid.SetDirection(fixed.GetDirection())
        grid.SetSpacing([s * n / m for s, n, m in zip(fixed.GetSpacing(), fixed.GetSize(), size)])
        blur = [0.5 * s for s in grid.GetSpacing()] if shrink > 1 else None
        one = sitk.Resample(sitk.SmoothingRecursiveGaussian(fixed, blur) if blur else fixed, grid)
        two = sitk.Resample(sitk.SmoothingRecursiveGaussian(moved, blur) if blur else moved, grid)
        if field is None:
            field = demon.Execute(one, two)
        else:
            field = demon.Execute(one, two, sitk.Resample(field, grid))
    bend = sitk.DisplacementFieldTransform(sitk.Cast(field, sitk.sitkVectorFloat64))
    return sitk.CompositeTransform([start, bend])


def bspline(fixed, moving, start):
    mesh = [max(2, int(round(n * s / 20))) for n, s in zip(fixed.GetSize(), fixed.GetSpacing())]
    spline = sitk.BSplineTransformInitializer(fixed, mesh)
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(50)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(0.2, 1)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsLBFGSB(numberOfIterations=50)
    method.SetMovingInitialTransform(start)
    method.SetInitialTransform(spline, inPlace=True)
    method.Execute(fixed, moving)
    return sitk.CompositeTransform([start, spline])


def carried(labels, fixed, transform):
    return sitk.Resample(labels, fixed, transform, sitk.sitkLabelLinear)


def dice(found, truth):
    a, b = sitk.GetArrayFromImage(found), sitk.GetArrayFromImage(truth)
    values = [v for v in np.unique(b) if v != 0]
    return float(np.mean([2 * np.sum((a == v) & (b == v)) / (np.sum(a == v) + np.sum(b == v)) for v in values]))


def timed(work):
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def compare(fixed, truth, moving, labels):
    """Dice, CPU seconds and places by method."""
    fixed, moving = sitk.Cast(fixed, sitk.sitkFloat32), sitk.Cast(moving, sitk.sitkFloat32)
    still = sitk.Transform(3, sitk.sitkIdentity)
    rows = {"nothing done": (dice(carried(labels, fixed, still), truth), 0.0, still)}
    for name, options in (("ours, rigid", ["--rigid"]), ("ours, deformable", [])):
        found, cpu, told = ours(fixed, moving, labels, *options)
        rows[name] = (dice(found, truth), cpu, told)
    start, cpu = timed(lambda: rigid(fixed, moving))
    rows["SimpleITK, rigid"] = (dice(carried(labels, fixed, start), truth), cpu, start)
    for name, bend in (("SimpleITK, demons", demons), ("SimpleITK, B-spline", bspline)):
        transform, more = timed(lambda: bend(fixed, moving, start))
        rows[name] = (dice(carried(labels, fixed, transform), truth), cpu + more, transform)
    return rows


def hippocampi(count):
    folder = DATA / "msd_hippocampus"
    names = sorted(path.name for path in (folder / "images").glob("*.nii.gz"))
    read = lambda kind, name: sitk.ReadImage(str(folder / kind / name))
    for one, two in list(zip(names, names[1:]))[:count]:
        yield (read("images", two), read("labels", two), read("images", one), read("labels", one))


def bump_field(image, height_mm):
    """Smooth displacements of that size, without chance."""
    size = image.GetSize()
    i, j, k = np.meshgrid(*[np.arange(n) / n for n in size], indexing="ij")
    waves = [np.sin(2 * np.pi * (1.1 * j + 0.7 * k) + 0.4), np.sin(2 * np.pi * (0.9 * i - 0.8 * k) + 1.3),
             np.sin(2 * np.pi * (0.8 * i + 1.2 * j) + 2.1)]
    edge = np.minimum.reduce([np.sin(np.pi * np.clip(x, 0, 1)) for x in (i, j, k)])
    field = np.stack([height_mm * w * edge for w in waves], axis=-1).transpose(2, 1, 0, 3)
    result = sitk.GetImageFromArray(field, isVector=True)
    result.CopyInformation(image)
    return sitk.DisplacementFieldTransform(result)


def made_follow_up():
    """fixed, its labels, moving, its labels, truth (fixed place to moving place)."""
    moving = sitk.Cast(sitk.ReadImage(str(DATA / "pyradiomics" / "brain1_image.nrrd")), sitk.sitkFloat32)
    tumour = sitk.GetArrayFromImage(sitk.ReadImage(str(DATA / "pyradiomics" / "brain1_label.nrrd"))) != 0
    boxes = np.zeros(tumour.shape, np.uint8)
    head = sitk.GetArrayFromImage(sitk.OtsuThreshold(moving, 0, 1)) != 0
    step = [max(4, n // 5) for n in boxes.shape]
    number = 2
    for z in range(step[0] // 2, boxes.shape[0], step[0]):
        for y in range(step[1] // 2, boxes.shape[1], step[1]):
            for x in range(step[2] // 2, boxes.shape[2], step[2]):
                place = np.s_[max(0, z - 1):z + 2, y - 8:y + 8, x - 8:x + 8]
                if head[place].mean() > 0.95:
                    boxes[place] = number
                    number += 1
    boxes[tumour] = 1
    labels = sitk.GetImageFromArray(boxes)
    labels.CopyInformation(moving)
    centre = moving.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in moving.GetSize()])
    turn = sitk.Euler3DTransform(centre, 0.05, -0.04, 0.12, (6.0, -8.0, 5.0))
    truth = sitk.CompositeTransform([turn, bump_field(moving, 4.0)])
    fixed = sitk.GetArrayFromImage(sitk.Resample(moving, moving, truth, sitk.sitkLinear))
    shade = 1 + 0.2 * np.linspace(-1, 1, fixed.shape[2])[None, None, :]
    noise = np.random.default_rng(1).normal(0, 0.03 * fixed.std(), fixed.shape)
    later = sitk.GetImageFromArray((fixed * shade * 0.7 + noise).astype(np.float32))
    later.CopyInformation(moving)
    return later, carried(labels, later, truth), moving, labels, truth


def target_error(rows, fixed, truth_labels, truth):
    """Mean distance in mm over labelled voxels between where a method and where the truth leads."""
    places = np.argwhere(sitk.GetArrayFromImage(truth_labels) > 0)[::97]
    points = [fixed.TransformIndexToPhysicalPoint([int(n) for n in place[::-1]]) for place in places]
    errors = {}
    for name, (_, _, how) in rows.items():
        if isinstance(how, dict):
            if name != "ours, rigid":
                continue  # the command tells no field; its Dice speaks
            m = np.array(how["rigid"]["to_prior_mm"]).reshape(3, 4)
            there = [m[:, :3] @ p + m[:, 3] for p in map(np.array, points)]
        else:
            there = [np.array(how.TransformPoint(p)) for p in points]
        errors[name] = float(np.mean([np.linalg.norm(t - np.array(truth.TransformPoint(p)))
                                      for t, p in zip(there, points)]))
    return errors


def large():
    size = (512, 512, 300)
    k, j, i = np.ogrid[0:300, 0:512, 0:512]
    before = np.full(size[::-1], -1000, np.int16)
    labels = np.zeros(size[::-1], np.uint8)
    for label, value, (x, y, z), (a, b, c) in ((0, 40, (256, 256, 150), (200, 150, 170)), (1, 110, (180, 230, 140), (60, 50, 60)),
                                               (2, 160, (330, 240, 150), (45, 55, 70)), (3, 400, (256, 330, 150), (30, 25, 140)),
                                               (0, -700, (250, 180, 240), (70, 40, 50))):
        within = ((i - x) / a) ** 2 + ((j - y) / b) ** 2 + ((k - z) / c) ** 2 < 1
        before[within] = value
        labels[within] = label
    before += np.random.default_rng(2).normal(0, 15, before.shape).astype(np.int16)
    moving, mask = sitk.GetImageFromArray(before), sitk.GetImageFromArray(labels)
    for image in (moving, mask):
        image.SetSpacing((0.75, 0.75, 1.0))
    centre = moving.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in size])
    turn = sitk.Euler3DTransform(centre, 0.03, 0.02, -0.08, (9.0, -5.0, 12.0))
    coarse = sitk.Image((64, 64, 38), sitk.sitkFloat32)
    coarse.SetSpacing((6.0, 6.0, 8.0))
    truth = sitk.CompositeTransform([turn, bump_field(coarse, 6.0)])
    fixed = sitk.Resample(moving, moving, truth, sitk.sitkLinear, -1000)
    target = carried(mask, fixed, truth)
    rows = {"nothing done": (dice(mask, target), 0.0, {})}
    for name, options in (("ours, rigid", ["--rigid"]), ("ours, deformable", [])):
        found, cpu, told = ours(fixed, moving, mask, *options)
        rows[name] = (dice(found, target), cpu, told)
    return rows


def table(title, header, rows):
    print(f"\n{title}\n\n| {' | '.join(header)} |\n|{'---|' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--pairs", type=int, default=8)
    options.add_argument("--skip-large", action="store_true")
    options = options.parse_args()
    report = {}
    pairs = [compare(*each) for each in hippocampi(options.pairs)]
    methods = list(pairs[0])
    report["between_people"] = {m: [(p[m][0], p[m][1]) for p in pairs] for m in methods}
    table(f"Between people, {len(pairs)} pairs of hippocampus volumes", ("method", "mean Dice", "least", "median CPU s"),
          [(m, f"{np.mean([p[m][0] for p in pairs]):.3f}", f"{min(p[m][0] for p in pairs):.3f}",
            f"{np.median([p[m][1] for p in pairs]):.2f}") for m in methods])
    fixed, truth_labels, moving, labels, truth = made_follow_up()
    rows = compare(fixed, truth_labels, moving, labels)
    errors = target_error(rows, fixed, truth_labels, truth)
    report["made_follow_up"] = {m: {"dice": rows[m][0], "cpu_s": rows[m][1], "tre_mm": errors.get(m)} for m in rows}
    report["told"] = rows["ours, deformable"][2]
    table(f"Made follow-up, {' x '.join(map(str, fixed.GetSize()))} voxels", ("method", "mean Dice", "TRE, mm", "CPU s"),
          [(m, f"{rows[m][0]:.3f}", f"{errors[m]:.2f}" if m in errors else "", f"{rows[m][1]:.2f}") for m in rows])
    if not options.skip_large:
        rows = large()
        report["large"] = {m: {"dice": rows[m][0], "cpu_s": rows[m][1], "told": rows[m][2]} for m in rows}
        table("512 x 512 x 300, two threads", ("method", "mean Dice", "CPU s", "of it computing, wall s", "MiB"),
              [(m, f"{d:.3f}", f"{cpu:.2f}", f"{told['seconds']['compute']:.2f}" if told else "",
                f"{told['peak_memory_mib']:.0f}" if told else "") for m, (d, cpu, told) in rows.items()])
    out = ROOT / "build" / "imaging" / "propagation.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
