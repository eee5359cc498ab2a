#!/usr/bin/env python3
"""Measures the tagger beside sklearn-crfsuite on public sets, and what the order of the notes is worth.

    cmake --preset release && ninja -C build/release csl_bench_tagger
    bench/text/tagger.py            # some minutes; --dry prints only

Makes its own environment for the rival in build/text/venv. Learns from the sets' train files, scores exact typed spans on
their dev files, CPU seconds of one thread. Unless --dry, writes the section of docs/BENCHMARKS.md between its marks.
The sets are read from CONSILIUM_DATA (default ../shared/data beside the source tree).
"""
import argparse
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
WORK = ROOT / "build" / "text"
OURS = ROOT / "build" / "release" / "bench" / "csl_bench_tagger"
DATA = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data")) / "text"
BEGIN, END = "<!-- tagger: begin -->", "<!-- tagger: end -->"
SETS = [("NCBI-disease", "ncbi_disease/train.iob.tsv", "ncbi_disease/dev.iob.tsv", None),
        ("NCBI-disease, first 2,000 sentences", "ncbi_disease/train.iob.tsv", "ncbi_disease/dev.iob.tsv", 2000),
        ("BC5CDR, chemicals and diseases", "bc5cdr/train.tsv", "bc5cdr/devel.tsv", None)]
CURVE_AT = [40, 80, 120, 160, 200, 300, 400]


def environment() -> pathlib.Path:
    python = WORK / "venv" / "bin" / "python"
    stamp = WORK / "venv" / "requirements.txt"
    wanted = (HERE / "requirements_tagger.txt").read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(WORK / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", HERE / "requirements_tagger.txt"], check=True)
        stamp.write_text(wanted)
    return python


def measured(command: list) -> list[dict]:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def minutes_to(curve: list[dict], f1: float) -> float | None:
    """Minutes of reading until the curve reaches the F1, between batches along a line."""
    before = None
    for point in curve:
        if point["f1"] >= f1:
            if before is None:
                return point["minutes"]
            share = (f1 - before["f1"]) / (point["f1"] - before["f1"])
            return before["minutes"] + share * (point["minutes"] - before["minutes"])
        before = point
    return None


def curves() -> list[str]:
    points = measured([OURS, "curve", DATA / "ncbi_disease/train.pubtator", DATA / "ncbi_disease/dev.pubtator"])
    lines = ["", "Notes read in batches of 20, F1 on dev after each (mean of three first batches, least and most); minutes by the "
             "reading model's defaults:", "",
             "| notes | random: minutes | F1 | by gain: minutes | F1 |", "|---|---|---|---|---|"]
    for notes in CURVE_AT:
        cells = []
        for order in ("random", "gain"):
            at = [point for point in points if point["order"] == order and point["notes"] == notes]
            f1 = [point["f1"] for point in at]
            cells += [f"{statistics.mean(point['minutes'] for point in at):.0f}",
                      f"{statistics.mean(f1):.3f} ({min(f1):.3f} to {max(f1):.3f})"]
        lines.append(f"| {notes} | {' | '.join(cells)} |")
    for f1 in (0.65, 0.70, 0.75):
        spent = {order: [minutes_to([p for p in points if p["order"] == order and p["seed"] == seed], f1) for seed in (1, 2, 3)]
                 for order in ("random", "gain")}
        if any(minutes is None for of_order in spent.values() for minutes in of_order):
            continue
        random, gain = (statistics.mean(spent[order]) for order in ("random", "gain"))
        lines.append(f"{'' if f1 > 0.65 else chr(10)}F1 {f1:.2f} takes {random:.0f} minutes of reading at random, {gain:.0f} by gain. ")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--dry", action="store_true", help="print, write nothing")
    dry = parser.parse_args().dry
    python = environment()
    lines = [f"{platform.machine()}, {os.cpu_count()} cores, g++ release build; sklearn-crfsuite 0.5.0. `bench/text/tagger.py`. Ours is "
             "calibrated: it trains two models in the seconds shown.", "",
             "| set | | exact P | R | F1 | train, CPU s | tokens/s of one thread |", "|---|---|---|---|---|---|---|"]
    for name, train, dev, count in SETS:
        more = [count] if count else []
        rows = [("ours", measured([OURS, "speed", DATA / train, DATA / dev, *more])[0]),
                ("sklearn-crfsuite", measured([python, HERE / "tagger_rival.py", DATA / train, DATA / dev, *more])[0])]
        for who, row in rows:
            lines.append(f"| {name} | {who} | {row['precision']:.3f} | {row['recall']:.3f} | {row['f1']:.3f} | {row['train_cpu_s']:.2f} | "
                         f"{row['tokens_per_cpu_s']:,} |")
    lines += curves()
    text = "\n".join(lines)
    print(text)
    if dry:
        return
    page = ROOT / "docs" / "BENCHMARKS.md"
    old = page.read_text()
    section = f"{BEGIN}\n{text}\n{END}"
    if BEGIN in old:
        old = re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: section, old, flags=re.S)
    else:
        old = old.rstrip("\n") + f"\n\n## Tagger of clinical text\n\n{section}\n"
    page.write_text(old)


if __name__ == "__main__":
    main()
