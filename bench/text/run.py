#!/usr/bin/env python3
"""Measures everything that labels text by itself beside what is used today, on the same data, in one run.

    cmake --preset release
    ninja -C build/release consilium csl_bench_text_engines csl_bench_tagger csl_terminology_bench
    bench/text/run.py                # about half an hour; --only engines, tagger, curves or concepts does a part

Makes 112,000 terms and a text of 8 MB from a seed, a release in the shape of SNOMED CT's RF2 (350,000 concepts, 1,500,000
descriptions), and reads the NegEx kit, NCBI-disease and BC5CDR from CONSILIUM_DATA (default ../shared/data beside the
source tree). Rivals are installed into build/text/venv (requirements.txt; --python names an interpreter that has them);
one that is not there is left out and said to be. Ours and theirs run in turn, one thread each, processor time, medians of
--rounds. Prints tables and, unless --dry, writes docs/BENCHMARKS.md between its marks and two charts beside it. What was
measured is kept in build/text/results.json, from which parts not measured this time are taken.
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

import made_text
import report

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / "build" / "text"
BUILT = ROOT / "build" / "release"
BINARY = pathlib.Path(os.environ.get("CONSILIUM_BINARY", BUILT / "src" / "consilium"))
DATA = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data")) / "text"
KIT = DATA / "negex" / "rsAnnotations_half_A.txt"
SETS = [("NCBI-disease", "ncbi_disease/train.iob.tsv", "ncbi_disease/dev.iob.tsv", None),
        ("NCBI-disease, first 2,000 sentences", "ncbi_disease/train.iob.tsv", "ncbi_disease/dev.iob.tsv", 2000),
        ("BC5CDR, chemicals and diseases", "bc5cdr/train.tsv", "bc5cdr/devel.tsv", None)]
# Name, unit, our key, goal, rivals of rivals.py.
ENGINES = [("dictionary of 112,000 terms: tokens, hashes, longest match", "MB/s", "dictionary_mb_s", "50",
            ["flashtext", "ahocorasick", "phrase_matcher", "entity_ruler", "quickumls", "quickumls_exact"]),
           ("full chain: structure, dictionary, 6 rules, ConText", "MB/s", "chain_mb_s", "20", ["medspacy_chain"]),
           ("ConText, sentences of the NegEx kit as two strings", "sentences/s", "context_strings_s", "200,000", ["medspacy", "negspacy"])]
SLOW_S = 20  # a rival that takes longer is run once
PARTS = ["engines", "tagger", "curves", "concepts"]


def python_with_rivals():
    python, stamp = WORK / "venv" / "bin" / "python", WORK / "venv" / "requirements.txt"
    wanted = (HERE / "requirements.txt").read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(WORK / "venv", with_pip=True)
        install = [python, "-m", "pip", "install", "-q", "--prefer-binary"]
        subprocess.run([*install, "-r", HERE / "requirements.txt"], check=True)
        # What it says it needs is a model's weights that this comparison does without.
        subprocess.run([*install, "--no-deps", "negspacy==1.1.0"], check=True)
        stamp.write_text(wanted)
    return python


def printed(command, must=True):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False,
                          env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    if done.returncode == 0:
        return done.stdout
    last = (done.stderr.strip().splitlines() or ["failed"])[-1]
    if must:
        sys.exit(f"{command[0]}: {last}")
    print(f"{command[-2] if len(command) > 2 else command[0]} left out: {last}", file=sys.stderr)
    return None


def median_of(rounds, key):
    values = [one[key] for one in rounds]
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def kit_scores():
    """Of `consilium context` on the kit."""
    rows = made_text.kit_rows(KIT)
    made_text.write_kit(rows, WORK)
    printed([BINARY, "context", "--in", WORK / "kit.csv", "--out", WORK / "kit_out.csv"])
    return made_text.kit_f1(rows, WORK / "kit_out.csv")


def engines(python, rounds):
    made_text.write_terms_and_note(WORK)
    rows = made_text.kit_rows(KIT)
    made_text.write_kit(rows, WORK)
    ours, theirs = [], {}
    for _ in range(rounds):
        ours.append(json.loads(printed([BUILT / "bench" / "csl_bench_text_engines", WORK / "terms.txt", WORK / "note.txt",
                                        WORK / "sentences.tsv"])))
        for name in [name for *_, names in ENGINES for name in names]:
            said = printed([python, HERE / "rivals.py", name, WORK], must=False)
            if said is not None:
                theirs.setdefault(name, []).append(json.loads(said.splitlines()[-1]))
    table = []
    for name, unit, key, goal, names in ENGINES:
        rivals = [{"what": theirs[rival][0]["what"], **median_of(theirs[rival], "value"), "f1": theirs[rival][0].get("f1")}
                  for rival in names if rival in theirs]
        table.append({"name": name, "unit": unit, "goal": goal, "ours": median_of(ours, key), "rivals": rivals,
                      "absent": [rival for rival in names if rival not in theirs]})
    more = {key: median_of(ours, key)["median"] for key in ("build_s", "size_mb", "structure_mb_s", "find_mb_s", "suggest_mb_s", "context_step_s")}
    return {"rows": table, "more": more, "kit": kit_scores(), "kit_rows": len(rows)}


def tagger(python, rounds):
    table = []
    for name, train, dev, count in SETS:
        more = [DATA / train, DATA / dev, *([count] if count else [])]
        sides = [("Consilium", [BUILT / "bench" / "csl_bench_tagger", "speed", *more]),
                 *[(None, [python, HERE / "tagger_rival.py", algorithm, *more]) for algorithm in ("lbfgs", "ap")]]
        runs = [[] for _ in sides]
        for _ in range(rounds):
            for side, (_, command) in enumerate(sides):
                if side == 0 or not runs[side] or runs[side][0]["train_cpu_s"] < SLOW_S:
                    runs[side].append(json.loads(printed(command)))
        for (who, _), done in zip(sides, runs):
            table.append({"set": name, "who": who or done[0]["what"], **{key: done[0].get(key) for key in
                          ("precision", "recall", "f1", "calibration_error", "sentences")},
                          "rounds": len(done), "train_cpu_s": median_of(done, "train_cpu_s"), "tokens_per_cpu_s": median_of(done, "tokens_per_cpu_s")})
    return table


def curves(_python, _rounds):
    said = printed([BUILT / "bench" / "csl_bench_tagger", "curve", DATA / "ncbi_disease/train.pubtator", DATA / "ncbi_disease/dev.pubtator"])
    return [json.loads(line) for line in said.splitlines()]


def concepts(_python, _rounds):
    said = printed([BUILT / "src" / "service" / "terminology" / "csl_terminology_bench", WORK / "release"])
    found = re.findall(r"^(.+?), (prefixes of a word|a term key by key|cut words, any order|one typing error) +(\d+) queries, +([\d.]+) % "
                       r"answered; cpu p50 +([\d.]+) p95 +([\d.]+) max +([\d.]+) ms", said, re.M)
    return {"rows": [{"who": who, "what": what, "queries": int(queries), "answered": float(answered), "p50": float(p50), "p95": float(p95),
                      "max": float(slowest)} for who, what, queries, answered, p50, p95, slowest in found],
            "sqlite": re.search(r"SQLite ([\d.]+)", said)[1],
            "build": [line.strip() for line in said.splitlines() if " s cpu " in line or line.startswith("  ")]}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3, help="how often each pair is run (default 3)")
    options.add_argument("--only", choices=PARTS, action="append", help="measure this part; may be given again")
    options.add_argument("--dry", action="store_true", help="print, but leave docs/ alone")
    options.add_argument("--python", help="an interpreter with the rivals, instead of an environment of our own")
    options = options.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    python = options.python or python_with_rivals()
    kept = WORK / "results.json"
    for part in options.only or PARTS:
        before = os.getloadavg()[0]
        measured = globals()[part](python, options.rounds)
        results = json.loads(kept.read_text()) if kept.exists() else {}
        results[part] = {"measured": measured, "date": str(datetime.date.today()), "rounds": options.rounds,
                         "load": [round(before, 1), round(os.getloadavg()[0], 1)], "machine": platform.machine()}
        kept.write_text(json.dumps(results, indent=1))
    report.write(json.loads(kept.read_text()), ROOT / "docs", is_dry=options.dry)


if __name__ == "__main__":
    main()
