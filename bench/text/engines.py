#!/usr/bin/env python3
"""Measures the engines of automatic text labelling beside what is used today, on the same data, in the same run.

    cmake --preset release && ninja -C build/release csl_bench_text_engines consilium
    bench/text/engines.py [--dry] [--python FILE]

Makes 112,000 terms and a text of 8 MB from a seed and takes sentences from the NegEx kit (CONSILIUM_DATA). Rivals are
installed into build/text/venv (requirements.txt); --python names an interpreter that has them. A rival that is not
there is left out and said to be. One thread, processor time. Prints a table and, unless --dry, writes the section of
docs/BENCHMARKS.md between its marks.
"""
import argparse
import csv
import datetime
import json
import os
import pathlib
import platform
import random
import re
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / "build" / "text"
OURS = ROOT / "build" / "release" / "bench" / "csl_bench_text_engines"
DATA = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data")) / "text"
BINARY = pathlib.Path(os.environ.get("CONSILIUM_BINARY", ROOT / "build" / "release" / "src" / "consilium"))
BEGIN, END = "<!-- text engines: begin -->", "<!-- text engines: end -->"
TERMS, BYTES = 112_000, 8_000_000
STARTS = "car neph hep my ost pul der gas ren vas lym en thy cer col spl".split()
MIDDLES = "di ro a o eo mo ma tro al cu pho ce ri bra i eno".split()
ENDS = "itis oma osis al ic pathy ectomy us ia ar or in ol ate ide gram".split()
PLAIN = """the patient was seen and has with no for in of to denies on left right pain noted given daily improved without
any history normal since after he she reports today mild""".split()


def make_data():
    """Terms of one to five words of 60,000, and sentences in which about every 15th word begins one."""
    rng = random.Random(7)
    words = ["".join([rng.choice(STARTS), *rng.choices(MIDDLES, k=rng.randint(1, 3)), rng.choice(ENDS)]) for _ in range(60_000)]
    terms = []
    for _ in range(TERMS):
        terms.append(" ".join(rng.choices(words, k=1 + rng.randrange(100) * rng.randrange(100) // 2000)))
    parts, size, length = [], 0, 0
    while size < BYTES:
        part = rng.choice(terms) if rng.randrange(15) == 0 else rng.choice(PLAIN)
        length += 1
        if length > 8 and rng.randrange(6) == 0:
            part, length = part + ("." if rng.randrange(6) else ".\n"), 0
        parts.append(part)
        size += len(part) + 1
    (WORK / "terms.txt").write_text("\n".join(terms) + "\n")
    (WORK / "note.txt").write_text(" ".join(parts))


def kit_rows():
    path = DATA / "negex" / "rsAnnotations_half_A.txt"
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[1:]
    return [line.split("\t") for line in lines if line.count("\t") == 5]


def f1(pairs):
    right = sum(due and said for due, said in pairs)
    total = sum(due for due, _ in pairs) + sum(said for _, said in pairs)
    return 2 * right / total if total else float("nan")


def our_f1(rows):
    with open(WORK / "kit.csv", "w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([["sentence", "phrase"], *[[row[2], row[1]] for row in rows]])
    subprocess.run([BINARY, "context", "--in", WORK / "kit.csv", "--out", WORK / "kit_out.csv"], check=True,
                   stdout=subprocess.DEVNULL)
    with open(WORK / "kit_out.csv", newline="", encoding="utf-8") as file:
        said = list(csv.DictReader(file))
    return {"negation": f1([(r[3] == "Negated", s["negation"] == "negated") for r, s in zip(rows, said)]),
            "historical": f1([(r[4] == "Historical", s["temporality"] == "historical") for r, s in zip(rows, said)]),
            "hypothetical": f1([(r[4] == "Not particular", s["temporality"] == "hypothetical") for r, s in zip(rows, said)]),
            "experiencer": f1([(r[5] != "Patient", s["experiencer"] == "other") for r, s in zip(rows, said)])}


def rivals(python, name):
    done = subprocess.run([python, HERE / "rivals.py", name, WORK], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, env={**os.environ, "OMP_NUM_THREADS": "1"})
    if done.returncode != 0:
        print(f"{name}: left out: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'failed'}", file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def environment():
    folder = WORK / "venv"
    if not folder.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([folder / "bin" / "pip", "-q", "install", "--prefer-binary", "-r", HERE / "requirements.txt"], check=True)
        subprocess.run([folder / "bin" / "pip", "-q", "install", "--no-deps", "negspacy==1.1.0"], check=True)
    return folder / "bin" / "python"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--dry", action="store_true", help="do not write docs/BENCHMARKS.md")
    options.add_argument("--python", help="an interpreter with the rivals, instead of an environment of our own")
    options = options.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    make_data()
    rows = kit_rows()
    (WORK / "sentences.tsv").write_text("".join(f"{row[1]}\t{row[2]}\n" for row in rows), encoding="utf-8")
    (WORK / "kit.json").write_text(json.dumps(rows))
    ours = json.loads(subprocess.run([OURS, WORK / "terms.txt", WORK / "note.txt", WORK / "sentences.tsv"], check=True,
                                     stdout=subprocess.PIPE, text=True).stdout)
    python = options.python or environment()
    table = ["| Task | Consilium | Goal | Rivals, same data and run |", "|---|---|---|---|"]

    def row(task, value, goal, unit, names):
        others = []
        for name in names:
            got = rivals(python, name)
            if got is None:
                others.append(f"{name} not measured (not installed)")
            else:
                others.append(f"{got['what']} {got['value']:.3g} {unit}" + (f", F1 {got['f1']:.3f}" if "f1" in got else ""))
        table.append(f"| {task} | {value} | {goal} | {'; '.join(others) or 'none'} |")

    row(f"dictionary of {TERMS:,} terms: tokens, hashes and longest match", f"{ours['dictionary_mb_s']} MB/s "
        f"(match alone {ours['find_mb_s']})", "50 MB/s", "MB/s", ["flashtext", "ahocorasick", "phrase_matcher"])
    table.append(f"| building it | {ours['build_s']} s, {ours['size_mb']} MB | | |")
    table.append(f"| sections, sentences, tokens | {ours['structure_mb_s']} MB/s | | |")
    row("full chain: structure, dictionary, 6 rules, ConText", f"{ours['chain_mb_s']} MB/s; as suggestions "
        f"{ours['suggest_mb_s']}", "20 MB/s", "MB/s", [])
    if rows:
        scores = our_f1(rows)
        row(f"ConText, {len(rows):,} sentences of the NegEx kit (half A, on which our rules were tuned)",
            f"{ours['context_step_s']:,.0f} sentences/s; from two strings, cut anew {ours['context_strings_s']:,.0f}; negation F1 "
            f"{scores['negation']:.3f}", "200,000/s; F1 .97", "sentences/s", ["medspacy", "negspacy"])
        table.append(f"| the same: historical, hypothetical, other experiencer (4 cases) | F1 {scores['historical']:.3f}, "
                     f"{scores['hypothetical']:.3f}, {scores['experiencer']:.3f} | .75 | |")
    text = "\n".join(table)
    print(text)
    if not options.dry:
        page = ROOT / "docs" / "BENCHMARKS.md"
        old = page.read_text(encoding="utf-8")
        stamp = f"{datetime.date.today()}, {platform.machine()}, one thread, processor time; `bench/text/engines.py`."
        section = f"{BEGIN}\n## Engines of automatic text labelling\n\n{stamp}\n\n{text}\n{END}"
        new = re.sub(re.escape(BEGIN) + ".*" + re.escape(END), lambda _: section, old, flags=re.S) if BEGIN in old \
            else old.rstrip("\n") + "\n\n" + section + "\n"
        page.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
