#!/usr/bin/env python3
"""Measures the panel's engines beside the software that people use today, on the same data, in the same run.

    cmake --preset release && ninja -C build/release csl_bench_panel csl_routing_replay
    bench/panel/run.py                 # everything: about an hour on a quiet machine; --quick: some minutes

Makes its own environment for the rivals in build/panel/venv (requirements.txt), makes the data from seeds, runs ours
and theirs in turn, one thread each, and takes medians. Prints a table; unless --dry, writes the section of
docs/BENCHMARKS.md between its marks and docs/pictures/panel-bench.svg. Everything measured is in build/panel/results.json.
The crowd sets are read from CONSILIUM_DATA (default ../shared/data beside the source tree) and left out when absent.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))
import charts  # noqa: E402
WORK = ROOT / "build" / "panel"
OURS = ROOT / "build" / "release" / "bench" / "csl_bench_panel"
REPLAY = ROOT / "build" / "release" / "src" / "analysis" / "routing" / "csl_routing_replay"
CROWD = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data")) / "crowd"
SETS = ["bluebird", "dog", "face_sentiment", "rte", "weather_sentiment_amt", "zencrowd_in"]
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
                                     "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")}
BEGIN, END = "<!-- panel: begin -->", "<!-- panel: end -->"

# name, task, argument of the task, data, rival, goal in times or seconds ("x" or "s")
ROWS = [
    ("DS, {votes} votes", "consensus", "dawid_skene", "made_votes", "crowd-kit", (100, "x")),
    *[(f"DS, {name}", "consensus", "dawid_skene", name, "crowd-kit", (100, "x")) for name in SETS],
    *[(f"GLAD, {name}", "consensus", "glad", name, "crowd-kit", (100, "x")) for name in SETS],
    *[(f"MACE, {name}", "consensus", "mace", name, "crowd-kit", (100, "x")) for name in SETS],
    ("nominal alpha, 10^6 items x 5", "alpha", "", "ratings", "krippendorff", (0.05, "s")),
    ("STAPLE, 256^3 x 5", "staple", "256", "masks", "SimpleITK", (0.3, "s")),
    ("surface metrics, 256^3", "surface", "256", "masks", "surface-distance", (0.3, "s")),
    ("confident joint, 10^6 x 10", "label_errors", "joint", "predictions", "cleanlab", (0.1, "s")),
    ("label issues, 10^6 x 10", "label_errors", "issues", "predictions", "cleanlab", None),
    ("label model, 10^5 x 20", "label_model", "", "label_matrix", "snorkel", None),
]
# crowd-kit ends Dawid and Skene's EM early, makes no intervals and tries no rest: what is compared is said in the name,
# by what is added to the argument. {likelihood} is the one that the rival reached.
VARIANTS = {"dawid_skene": [("to the rival's likelihood", "={likelihood!r}"), ("to rest", "-plain"), ("with raters' intervals", "")]}
SLOW_S = 3  # a rival that takes longer is not warmed up
METHODS = {"ours": ["auto", "majority", "dawid_skene", "one_coin", "glad", "mace"],
           "rival": ["majority", "dawid_skene", "one_coin", "wawa", "zero_based", "glad", "mace"]}


def environment() -> pathlib.Path:
    """The rivals' own Python; made at the first run."""
    folder = WORK / "venv"
    python = folder / "bin" / "python"
    stamp = folder / "requirements.txt"
    wanted = (HERE / "requirements.txt").read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"], check=True)
        stamp.write_text(wanted)
    return python


def make_data(python: pathlib.Path, quick: bool) -> None:
    subprocess.run([python, HERE / "make_data.py", WORK / "data", "quick" if quick else "whole"], check=True)
    for name in SETS:
        if (CROWD / name / "label.csv").exists():
            folder = WORK / "data" / name
            folder.mkdir(parents=True, exist_ok=True)
            for file in ("label.csv", "truth.csv"):
                (folder / file).write_bytes((CROWD / name / file).read_bytes())


def run(command: list, what: str) -> dict:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env={**os.environ, **ONE_THREAD})
    if done.returncode != 0:
        sys.exit(f"{what} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def sides(python: pathlib.Path) -> dict:
    return {"ours": [OURS], "rival": [python, HERE / "rivals.py"]}


def summary(runs: list[dict]) -> dict:
    """Medians over processes of the medians of their runs: processor (user and system) and wall seconds."""
    counted = [one["runs"][1:] or one["runs"] for one in runs]
    seconds, wall = (statistics.median(statistics.median(pair[clock] for pair in one) for one in counted) for clock in (0, 1))
    processor = [pair[0] for one in counted for pair in one]
    return {"seconds": seconds, "wall": wall, "with_reading": seconds + statistics.median(one["read"][0] for one in runs),
            "value": runs[-1]["value"], "spread": [min(processor), max(processor)], "raw": runs}


def measure(python: pathlib.Path, row: tuple, rounds: int, quick: bool) -> list[dict]:
    """The rival and each of our variants in turn; in each process one run to warm up (not of a slow rival), then what counts."""
    name, task, argument, data, software, goal = row
    folder = WORK / "data" / data
    commands = sides(python)
    if data == "made_votes":
        votes = sum(1 for _ in open(folder / "label.csv")) - 1
        name = name.format(votes=f"{votes:,}")
    variants = VARIANTS.get(argument, [("", "")])
    theirs, ours = [], {variant: [] for variant, _ in variants}
    for _ in range(rounds):
        is_slow = quick or (theirs and theirs[0]["runs"][0][0] > SLOW_S)
        theirs.append(run([*commands["rival"], task, folder, 1 if is_slow else 2, argument], f"rival: {name}"))
        for variant, added in variants:
            asked = argument + (added.format(likelihood=theirs[0]["value"]["log_likelihood"]) if added else "")
            ours[variant].append(run([*commands["ours"], task, folder, 8, asked], f"ours: {name}"))
    results = []
    for variant, _ in variants:
        result = {"name": f"{name}, {variant}" if variant else name, "software": software, "goal": goal,
                  "ours": summary(ours[variant]), "rival": summary(theirs)}
        if data == "made_votes":
            result["votes"] = votes
        result["ratio"] = result["rival"]["seconds"] / result["ours"]["seconds"]
        results.append(result)
    return results


def credits(folder: pathlib.Path, file: str) -> list[float]:
    """What each item of known truth is worth: 1 when its likeliest class is right, shared among ties."""
    import array
    truth = dict(map(int, line.split(",")[:2]) for line in (folder / "truth.csv").read_text().split()[1:])
    voted = {int(line.split(",")[0]) for line in (folder / "label.csv").read_text().split()[1:]}
    values = array.array("d", (folder / file).read_bytes())
    classes = len(values) // (max(voted) + 1)
    result = []
    for item, right in sorted(truth.items()):
        if item not in voted:
            continue
        row = values[item * classes:(item + 1) * classes]
        winners = [c for c, share in enumerate(row) if share >= max(row) - 1e-9]
        result.append(1 / len(winners) if right in winners else 0.0)
    return result


def accuracy(python: pathlib.Path) -> list[dict]:
    """Mean accuracy over the crowd sets, with a bootstrap interval over the items of each."""
    import random
    rows = []
    for side, methods in METHODS.items():
        for method in methods:
            of_sets = []
            for name in SETS:
                run([*sides(python)[side], "consensus", WORK / "data" / name, 1, method], f"{side}: {method}")
                of_sets.append(credits(WORK / "data" / name, f"{side}_{method}.f64"))
            draw = random.Random(1)
            means = sorted(statistics.fmean(statistics.fmean(draw.choices(items, k=len(items))) for items in of_sets)
                           for _ in range(1000))
            rows.append({"side": side, "method": method, "sets": [statistics.fmean(items) for items in of_sets],
                         "mean": statistics.fmean(map(statistics.fmean, of_sets)), "interval": [means[25], means[974]]})
    return sorted(rows, key=lambda row: -row["mean"])


def routing(replays: int) -> list[list[str]]:
    """Lines of csl_routing_replay: set, plan, votes an item, share right, share of the fixed plan's votes."""
    text = subprocess.run([REPLAY, str(replays)], capture_output=True, text=True, check=True,
                          env={**os.environ, "CONSILIUM_DATA": str(CROWD.parent)}).stdout
    rows, name = [], ""
    for line in text.splitlines():
        if not line.startswith(" "):
            name = line.split(":")[0]
        plan = re.match(r"  (error 0\.[12] at 0\.8, most telling next|3 an item in all, where they tell most)\s+"
                        r"([\d.]+)\s+([\d.]+)\s+(.*)$", line)
        if plan:
            rows.append([name, plan[1], plan[2], plan[3], plan[4].split()[-2] + " %" if "%" in plan[4] else plan[4]])
    return rows


def shown(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


def goal_text(row: dict) -> str:
    if not row["goal"]:
        return ""
    amount, unit = row["goal"]
    met = row["ratio"] >= amount if unit == "x" else row["ours"]["seconds"] <= amount
    return f"{amount} {'times' if unit == 'x' else 's'}{'' if met else ' (missed)'}"


def note(row: dict) -> str:
    ours, theirs = row["ours"]["value"] or {}, row["rival"]["value"] or {}
    if "log_likelihood" in ours and "log_likelihood" in theirs:
        text = f"log-likelihood {ours['log_likelihood']:.1f} against {theirs['log_likelihood']:.1f}"
        if "votes" in row:
            rates = [row["votes"] * side["value"]["iterations"] / side["seconds"] / 1e6 for side in (row["ours"], row["rival"])]
            text += f"; {rates[0]:.0f} and {rates[1]:.1f} M votes/s a step, all told"
        return text
    same = [f"{key} {ours[key]:.6g} and {theirs[key]:.6g}" for key in ours if key in theirs and key != "iterations"]
    return "; ".join(same[:2])


def table(rows: list[dict]) -> list[str]:
    lines = ["| what | ours | rival | times | ours with reading | rival with reading | goal | result |",
             "|---|---|---|---|---|---|---|---|"]
    for row in rows:
        ours, rival = row["ours"], row["rival"]
        lines.append(f"| {row['name']} | {shown(ours['seconds'])} ({shown(ours['wall'])}) | "
                     f"{row['software']}: {shown(rival['seconds'])} ({shown(rival['wall'])}) | {row['ratio']:.0f} | "
                     f"{shown(ours['with_reading'])} | {shown(rival['with_reading'])} | {goal_text(row)} | {note(row)} |")
    return lines


def weaker(accuracy: list[dict]) -> list[str]:
    theirs = {row["method"]: row["sets"] for row in accuracy if row["side"] == "rival"}
    return [f"{row['method']} on {name} ({mine:.4f} against {other:.4f})"
            for row in accuracy if row["side"] == "ours" and row["method"] in theirs
            for name, mine, other in zip(SETS, row["sets"], theirs[row["method"]]) if mine < other - 0.005]


def merged(before: list[dict], rows: list[dict]) -> list[dict]:
    """Rows measured again take their old places."""
    new = {row["name"]: row for row in rows}
    return [new.pop(row["name"], row) for row in before] + list(new.values())


def section(results: dict) -> str:
    lines = [BEGIN, "## The panel beside what is used today", "",
             f"{results['date']}, {results['machine']}, load {results['load'][0]:.1f} at the start and {results['load'][1]:.1f} "
             "at the end. One thread on each side, the same files, in turn; medians of processor seconds (user and system; wall "
             "seconds in brackets, longer where other work ran), without and with the reading of the files. "
             f"Rivals: {results['versions']}. `bench/panel/run.py` makes all of it again."
             + "".join(f" Rows with {one} were measured again later." for one in results.get("again", [])), "",
             "DS is Dawid and Skene's model. crowd-kit often ends its EM early and makes no intervals of the raters' confusion "
             "matrices. The first row of each set is therefore like with like: no intervals, and as many steps as it takes to "
             "reach crowd-kit's log-likelihood; the second goes on until no posterior moves by 1e-6; the third is what the "
             "product does, intervals included. The likelihoods say what the further time is for.", "",
             "![times as quick as the rival](pictures/panel-bench.svg)", "", *table(results["rows"])]
    if results["accuracy"]:
        lines += ["", "Mean accuracy over six public crowd sets (ties share credit; 95 % bootstrap interval over items):", "",
                  "| method | mean | interval | " + " | ".join(SETS) + " |", "|---" * (3 + len(SETS)) + "|"]
        for row in results["accuracy"]:
            who = "Consilium" if row["side"] == "ours" else "crowd-kit"
            lines.append(f"| {who}: {row['method']} | {row['mean']:.4f} | {row['interval'][0]:.4f} to {row['interval'][1]:.4f} | "
                         + " | ".join(f"{value:.4f}" for value in row["sets"]) + " |")
        below = weaker(results["accuracy"])
        lines += ["", "Where ours is weaker than crowd-kit's of the same name by over half a point: " + (", ".join(below) or "nowhere") + "."]
    if results["routing"]:
        lines += ["", "Votes needed when each item stops by the rule or gets its next vote where it tells most, replayed on the "
                  "crowd sets; the last column is the share of the votes that a fixed number an item needs for the same accuracy:",
                  "", "| set | plan | votes an item | right | share of the fixed plan |", "|---|---|---|---|---|"]
        lines += ["| " + " | ".join(row) + " |" for row in results["routing"]]
    return "\n".join([*lines, END])


def chart(rows: list[dict]) -> str:
    return charts.ratios("Times as quick as the rival (logarithmic; one thread each)",
                         [(f"{row['name']} ({row['software']})", row["ratio"]) for row in rows if not row["name"].endswith("to rest")])


def write_docs(results: dict) -> None:
    page = ROOT / "docs" / "BENCHMARKS.md"
    text = page.read_text()
    part = section(results)
    if BEGIN in text:
        text = text[:text.index(BEGIN)] + part + text[text.index(END) + len(END):]
    else:
        text = text.rstrip() + "\n\n" + part + "\n"
    page.write_text(text)
    (ROOT / "docs" / "pictures" / "panel-bench.svg").write_text(chart(results["rows"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often each pair is run (default 5)")
    parser.add_argument("--only", default="", help="measure rows whose name has this text again, and keep the others")
    parser.add_argument("--quick", action="store_true", help="one round and small made votes: to see that it works")
    parser.add_argument("--dry", action="store_true", help="print, but leave docs/ alone")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    python = environment()
    load = os.getloadavg()[0]
    make_data(python, options.quick)
    have_sets = all((WORK / "data" / name / "label.csv").exists() for name in SETS)
    rows = []
    for row in ROWS:
        if options.only not in row[0] or (row[3] in SETS and not have_sets):
            continue
        measured = measure(python, row, 1 if options.quick else options.rounds, options.quick)
        rows += measured
        print("\n".join(table(measured)[2:]), flush=True)
    versions = subprocess.run([python, "-m", "pip", "freeze"], capture_output=True, text=True, check=True).stdout.splitlines()
    named = {line.split("==")[0].lower() for line in (HERE / "requirements.txt").read_text().splitlines() if "==" in line}
    results = {"date": datetime.date.today().isoformat(), "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
               "load": [load, os.getloadavg()[0]], "rows": rows,
               "versions": ", ".join(line.replace("==", " ") for line in versions if line.split("==")[0].lower() in named),
               "accuracy": [], "routing": []}
    known = WORK / "results.json"
    if options.only and known.exists():
        before = json.loads(known.read_text())
        again = f"\"{options.only}\" ({results['date']}, load {load:.1f})"
        results |= {"rows": merged(before["rows"], rows), "again": [*before.get("again", []), again]}
        results |= {key: before[key] for key in ("accuracy", "routing", "date", "load")}
    elif have_sets and not options.only:
        results |= {"accuracy": accuracy(python), "routing": routing(3 if options.quick else 20)}
    known.write_text(json.dumps(results, indent=1))
    print(section(results))
    if not options.dry:
        write_docs(results)


if __name__ == "__main__":
    main()
