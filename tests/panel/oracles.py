#!/usr/bin/env python3
"""Judges `consilium agree` and `consilium panel` by other software, through the real binary.

Agreement: krippendorff (alpha on four scales), statsmodels (Fleiss' and Cohen's kappa, weighted too), on
random votes, some missing. Consensus: majority and Dawid-Skene written here in numpy, on random votes and on
the public crowd sets. The binary is CONSILIUM_BINARY; the sets are under CONSILIUM_DATA. Prints "N passed, M failed".
"""
import csv
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import krippendorff
import numpy
from statsmodels.stats import inter_rater

BINARY = os.environ.get("CONSILIUM_BINARY", str(pathlib.Path(__file__).resolve().parents[2] / "build/release/src/consilium"))
DATA = pathlib.Path(os.environ.get("CONSILIUM_DATA", pathlib.Path(__file__).resolve().parents[3] / "shared" / "data")) / "crowd"
CROWD_SETS = ["bluebird", "dog", "face_sentiment", "rte", "weather_sentiment_amt", "zencrowd_in"]
passed = failed = 0


def check(name, ours, theirs, tolerance=1e-9):
    global passed, failed
    if math.isclose(ours, theirs, rel_tol=0, abs_tol=tolerance):
        passed += 1
    else:
        failed += 1
        print(f"{name}: ours {ours!r}, theirs {theirs!r}")


def run(*arguments):
    done = subprocess.run([BINARY, *map(str, arguments), "--json"], capture_output=True, check=True, timeout=300)
    return json.loads(done.stdout)


def write_votes(path, votes):
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["item", "rater", "label"])
        rows.writerows(votes)


def random_table(random, items, raters, classes, missing):
    truth = random.integers(1, classes + 1, items)
    table = numpy.where(random.random((raters, items)) < 0.6, truth, random.integers(1, classes + 1, (raters, items))).astype(float)
    table[random.random((raters, items)) < missing] = numpy.nan
    return table


def votes_of(table):
    return [(f"i{i}", f"r{r}", int(table[r, i])) for i in range(table.shape[1]) for r in range(table.shape[0])
            if not math.isnan(table[r, i])]


def agreement(folder, random):
    path = folder / "votes.csv"
    for trial in range(6):
        table = random_table(random, 60 + 20 * trial, 2 + trial, 2 + trial % 4, 0.2)
        write_votes(path, votes_of(table))
        names = {"alpha": "nominal", "alpha-ordinal": "ordinal", "alpha-interval": "interval", "alpha-ratio": "ratio"}
        answer = run("agree", path, "--metric", ",".join(names))
        for found, level in zip(answer["results"], names.values()):
            check(f"alpha {level} {trial}", found["coefficient"],
                  krippendorff.alpha(reliability_data=table, level_of_measurement=level))
        whole = random_table(random, 80, 4, 3, 0)
        write_votes(path, votes_of(whole))
        counts, _ = inter_rater.aggregate_raters(whole.T.astype(int))
        check(f"fleiss {trial}", run("agree", path, "--metric", "fleiss")["results"][0]["coefficient"],
              inter_rater.fleiss_kappa(counts))
        square = numpy.zeros((3, 3))
        for first, second in whole[:2].T.astype(int) - 1:
            square[first, second] += 1
        for weights, theirs in (("identity", None), ("linear", "linear"), ("quadratic", "quadratic")):
            kappa = inter_rater.cohens_kappa(square, wt=theirs)
            found = run("agree", path, "--metric", "cohen", "--pair", "r0,r1", "--weights", weights)["results"][0]
            check(f"cohen {weights} {trial}", found["coefficient"], kappa.kappa)
            check(f"cohen {weights} {trial}, standard error", found["standard_error"], kappa.std_kappa)


def dawid_skene(votes, item_count, rater_count, class_count):
    """Plain EM from vote shares, until the log-likelihood rests."""
    item, rater, label = votes.T
    share = numpy.zeros((item_count, class_count))
    numpy.add.at(share, (item, label), 1)
    share /= share.sum(1, keepdims=True)
    last = -math.inf
    for _ in range(20000):
        counts = numpy.zeros((rater_count, class_count, class_count))
        numpy.add.at(counts, (rater, slice(None), label), share[item])
        rows = counts.sum(2, keepdims=True)
        confusion = numpy.divide(counts, rows, out=numpy.full_like(counts, 1 / class_count), where=rows > 0)
        prevalence = share.mean(0)
        with numpy.errstate(divide="ignore"):
            logs = numpy.tile(numpy.log(prevalence), (item_count, 1))
            numpy.add.at(logs, item, numpy.log(confusion[rater, :, label]))
        top = logs.max(1, keepdims=True)
        share = numpy.exp(logs - top)
        total = share.sum(1, keepdims=True)
        share /= total
        likelihood = float((top + numpy.log(total)).sum())
        if likelihood - last < 1e-9:
            break
        last = likelihood
    return likelihood


def consensus_of(path, folder, item_count):
    out = folder / "consensus.csv"
    answer = run("panel", path, "--method", "majority", "--out", out, "--posteriors")
    with open(out, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    check("items", len(rows), item_count)
    return answer, rows


def panel(folder, name, votes, gold):
    path = folder / "votes.csv"
    votes = list(dict.fromkeys(votes))  # exact repeats count once
    write_votes(path, votes)
    items = {n: k for k, n in enumerate(dict.fromkeys(v[0] for v in votes))}
    raters = {n: k for k, n in enumerate(dict.fromkeys(v[1] for v in votes))}
    labels = sorted({v[2] for v in votes})
    table = numpy.array([(items[i], raters[r], labels.index(k)) for i, r, k in votes])
    shares = numpy.zeros((len(items), len(labels)))
    numpy.add.at(shares, (table[:, 0], table[:, 2]), 1)
    shares /= shares.sum(1, keepdims=True)
    _, rows = consensus_of(path, folder, len(items))
    for row in rows[:: max(1, len(rows) // 20)]:
        for k, label in enumerate(labels):
            check(f"{name}: share of {label}", float(row[f"p({label})"]), shares[items[row["item"]], k])
    ours = run("panel", path, "--method", "dawid-skene", "--tol", "1e-9", "--max-iter", 20000)
    # EM that is accelerated may come to rest a little higher, never lower.
    theirs = dawid_skene(table, len(items), len(raters), len(labels))
    check(f"{name}: Dawid-Skene is not lower", min(0.0, ours["log_likelihood"] - theirs + 0.01), 0.0)
    if gold:
        gold_path = folder / "gold.csv"
        with open(gold_path, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("item", "label"), *gold.items()])
        best = numpy.isclose(shares, shares.max(1, keepdims=True), rtol=0, atol=1e-9)
        right = sum(best[items[i], labels.index(k)] / best[items[i]].sum() for i, k in gold.items() if k in labels)
        found = run("panel", path, "--method", "majority", "--gold-eval", gold_path)["accuracy"]
        check(f"{name}: majority against gold", found["value"], right / len(gold))


def crowd_rows(path):
    with open(path, encoding="utf-8") as file:
        return list(csv.reader(file))[1:]


def main():
    random = numpy.random.default_rng(20261128)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        agreement(folder, random)
        for trial in range(3):
            panel(folder, f"random {trial}", votes_of(random_table(random, 200, 6, 3, 0.3)), {})
        if DATA.is_dir():
            for one in CROWD_SETS:
                votes = [(i, r, int(k)) for i, r, k in crowd_rows(DATA / one / "label.csv")]
                panel(folder, one, votes, {i: int(k) for i, k in crowd_rows(DATA / one / "truth.csv")})
        else:
            print("skipped: shared data absent")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
