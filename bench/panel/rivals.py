#!/usr/bin/env python3
"""One task of the panel's comparison, done by the software that people use for it today, on one thread.

    rivals.py TASK FOLDER RUNS [ARGUMENT]

Reads the files that run.py made and prints the line of JSON that bench/panel/ours.cpp prints. Run by run.py, in its
own environment (requirements.txt). Imports are not measured.
"""
import json
import sys
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")


def measure(runs, read, work):
    """Reads once, works several times; processor and wall seconds of each."""
    start = time.process_time(), time.perf_counter()
    data = read()
    read_times = [time.process_time() - start[0], time.perf_counter() - start[1]]
    times, value = [], None
    for _ in range(runs):
        start = time.process_time(), time.perf_counter()
        value = work(data)
        times.append([time.process_time() - start[0], time.perf_counter() - start[1]])
    return {"read": read_times, "runs": times, "value": value() if callable(value) else value}


def log_likelihood(votes, priors, errors):
    """Observed-data log-likelihood of the votes under Dawid and Skene's model, nats."""
    items = votes["task"].to_numpy()
    table = errors.reindex(list(zip(votes["worker"], votes["label"])))[priors.index].to_numpy()
    scores = np.tile(np.log(priors.to_numpy()), (items.max() + 1, 1))
    np.add.at(scores, items, np.log(np.maximum(np.nan_to_num(table), 1e-300)))
    peak = scores.max(axis=1)
    return float((peak + np.log(np.exp(scores - peak[:, None]).sum(axis=1))).sum())


def consensus(folder, runs, method):
    """crowd-kit with its defaults; the two Dawid-Skene models are given 100 iterations, as its documentation does."""
    import pandas
    from crowdkit import aggregation as kit

    makers = {
        "majority": kit.MajorityVote,
        "dawid_skene": lambda: kit.DawidSkene(n_iter=100),
        "one_coin": lambda: kit.OneCoinDawidSkene(n_iter=100),
        "wawa": kit.Wawa,
        "zero_based": kit.ZeroBasedSkill,
        "glad": kit.GLAD,
        "mace": lambda: kit.MACE(random_state=0),
        "mace_em": lambda: kit.MACE(method="em", random_state=0),
    }

    def read():
        votes = pandas.read_csv(f"{folder}/label.csv").drop_duplicates()
        votes.columns = ["task", "worker", "label"]
        return votes

    def work(votes):
        model = makers[method]()
        if method == "majority":
            model.fit_predict(votes)
            return lambda: {}
        if method in ("wawa", "zero_based"):
            model.fit(votes)
            shares = model.predict_proba(votes)
        else:
            model.fit(votes)
            shares = model.probas_
        last[0] = shares, model
        return lambda: {}

    last = [None]
    answer = measure(runs, read, work)
    votes = read()
    if method == "majority":
        shares = votes.groupby(["task", "label"]).size().unstack(fill_value=0)
        shares = shares.div(shares.sum(axis=1), axis=0)
    else:
        shares, model = last[0]
        if method == "dawid_skene":
            answer["value"] = {
                "log_likelihood": log_likelihood(votes, model.priors_, model.errors_),
                "iterations": len(model.loss_history_),
            }
    classes = int(votes["label"].max()) + 1
    full = shares.reindex(index=range(int(votes["task"].max()) + 1), columns=range(classes)).fillna(0)
    full.to_numpy(dtype=np.float64).tofile(f"{folder}/rival_{method}.f64")
    return answer


def alpha(folder, runs, _):
    import krippendorff

    def read():
        return np.fromfile(f"{folder}/ratings.u8", dtype=np.uint8).reshape(-1, 5)

    def work(ratings):
        matrix = ratings.T.astype(np.float64)
        matrix[matrix == 255] = np.nan
        return {"alpha": float(krippendorff.alpha(reliability_data=matrix, level_of_measurement="nominal"))}

    return measure(runs, read, work)


def masks(folder, edge, names):
    return [np.fromfile(f"{folder}/{name}.u8", dtype=np.uint8).reshape(edge, edge, edge) for name in names]


def staple(folder, runs, edge):
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)

    def work(images):
        chosen = SimpleITK.STAPLEImageFilter()
        chosen.SetForegroundValue(1)
        image = chosen.Execute(images)
        shares = SimpleITK.GetArrayViewFromImage(image)
        return {"sensitivity": chosen.GetSensitivity()[0], "specificity": chosen.GetSpecificity()[0],
                "sum": float(shares.sum(dtype=np.float64))}

    def read():
        return [SimpleITK.GetImageFromArray(mask) for mask in masks(folder, int(edge), [f"mask{r}" for r in range(5)])]

    return measure(runs, read, work)


def surface(folder, runs, edge):
    import surface_distance

    def work(pair):
        first, second = pair
        distances = surface_distance.compute_surface_distances(first, second, spacing_mm=(1, 1, 1))
        return {
            "dice": float(surface_distance.compute_dice_coefficient(first, second)),
            "hausdorff": float(surface_distance.compute_robust_hausdorff(distances, 100)),
            "hd95": float(surface_distance.compute_robust_hausdorff(distances, 95)),
            "nsd": float(surface_distance.compute_surface_dice_at_tolerance(distances, 2)),
            "average": float(surface_distance.compute_average_surface_distance(distances)[0]),
        }

    return measure(runs, lambda: [m.astype(bool) for m in masks(folder, int(edge), ["mask0", "mask4"])], work)


def label_errors(folder, runs, what):
    from cleanlab import count, filter as cleanlab_filter

    def read():
        return (np.fromfile(f"{folder}/probabilities.f32", dtype=np.float32).reshape(-1, 10),
                np.fromfile(f"{folder}/labels.u16", dtype=np.uint16).astype(np.int64))

    def work(data):
        probabilities, labels = data
        if what == "joint":
            joint = count.compute_confident_joint(labels, probabilities, calibrate=False)
            return {"off_diagonal": int(joint.sum() - np.trace(joint))}
        flagged = cleanlab_filter.find_label_issues(labels, probabilities, filter_by="prune_by_noise_rate", n_jobs=1)
        return {"flagged": int(flagged.sum())}

    return measure(runs, read, work)


def label_model(folder, runs, _):
    import torch
    from snorkel.labeling.model import LabelModel

    torch.set_num_threads(1)
    truth = np.fromfile(f"{folder}/truth.u8", dtype=np.uint8)

    def work(matrix):
        model = LabelModel(cardinality=2, verbose=False)
        model.fit(matrix, seed=1, progress_bar=False)
        return {"right": float((model.predict(matrix, tie_break_policy="random") == truth).mean())}

    return measure(runs, lambda: np.fromfile(f"{folder}/votes.i8", dtype=np.int8).reshape(-1, 20).astype(np.int64), work)


TASKS = {"consensus": consensus, "alpha": alpha, "staple": staple, "surface": surface, "label_errors": label_errors,
         "label_model": label_model}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](sys.argv[2], int(sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else "")))
