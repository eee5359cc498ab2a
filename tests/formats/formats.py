#!/usr/bin/env python3
"""Reads every file of the shared data with our readers and with independent ones, and keeps the verdicts in docs/FORMATS.md.

usage: formats.py [--write]

Fails when a file differs from its judge, when one that the judge reads is refused for a reason other than those below,
or when docs/FORMATS.md is not what came out (--write renews it). Then the real binary imports the whole of the data: no
crash, no hang, one clear line for each refusal.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data"))
BUILD = ROOT / "build" / "release" / "src"
BINARY = pathlib.Path(os.environ.get("CONSILIUM_BINARY", BUILD / "consilium"))
TABLE = ROOT / "docs" / "FORMATS.md"

JUDGES = [
    ("Images: DICOM", "pydicom, pixel for pixel", "dicom.py",
     ["--dump", BUILD / "codec" / "csl_dump_dicom", "--worker", BUILD / "codec" / "csl_codec_worker"],
     ["imaging/dicom", "imaging/series", "malformed/cornerstone", "malformed/fo-dicom", "malformed/orthanc",
      "malformed/pydicom", "malformed/pydicom-data", "wsi/dicom_cmu1_small"]),
    ("Recordings", "wfdb-python, EDFlib, edfio, pydicom and decoders in Python, sample for sample", "signals.py",
     ["--dump", BUILD / "format" / "recording_file" / "csl_dump_record"], ["signals", "malformed/signals", "imaging/dicom/pydicom/waveform_ecg.dcm"]),
    ("Notes: text, CSV, JSON Lines, FHIR, brat", "Python's decoders, csv and json", "notes.py",
     ["--dump", BUILD / "format" / "note" / "csl_dump_note"], ["text", "fhir"]),
]
# Refusals that a user would accept although the judge reads the file; each is a reason in words.
ACCEPTED = ("later version", "not an image", "no image", "has no image", "no pixel data", "media directory")


def judged(script, options, folders):
    paths = [str(DATA / folder) for folder in folders if (DATA / folder).exists()]
    command = [sys.executable, str(ROOT / "tests" / "judge" / script), *map(str, options), *paths]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=1500, check=False)
    if done.returncode not in (0, 1):
        print(done.stderr.decode("utf-8", "replace")[-3000:])
        raise SystemExit(f"{script} failed")
    rows = [json.loads(line) for line in done.stdout.decode("utf-8").splitlines() if line.startswith("{")]
    for row in rows:
        row["file"] = os.path.relpath(row["file"], DATA) if os.path.isabs(row["file"]) else row["file"]
    return rows


def is_failure(row):
    if row["verdict"] == "differs":
        return True
    return row["verdict"] == "refused" and "the judge reads it" in row["detail"] and not any(reason in row["detail"] for reason in ACCEPTED)


def names_in_short(names):
    """Every name, numbered runs folded: 100, 101 … 124."""
    if len(names) <= 60:
        return " ".join(f"`{name}`" for name in names)
    return " ".join(f"`{name}`" for name in names[:3]) + f" … `{names[-1]}` ({len(names)} files, every file of the folder with these endings)"


def section(title, judge, rows):
    groups = collections.OrderedDict()
    for row in sorted(rows, key=lambda row: row["file"]):
        folder, name = os.path.split(row["file"])
        # A judge's message may hold the place of the data on this machine.
        told = row["detail"].replace(f"{DATA}/", "").replace("|", "/").replace("\n", " ")
        detail = "" if row["verdict"] == "equal" else told[:200].rstrip()
        groups.setdefault((folder, row["verdict"], detail), []).append(name)
    counts = collections.Counter(row["verdict"] for row in rows)
    lines = [f"## {title}", "", f"Judge: {judge}. " + ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()) + ".", "",
             "| folder | verdict | why | files |", "|---|---|---|---|"]
    for (folder, verdict, detail), names in groups.items():
        shown = "equal to the judge" if verdict == "equal" else verdict
        lines.append(f"| {folder} | {shown} | {detail} | {names_in_short(names)} |")
    return lines + [""]


def labelled_text_section():
    """What forms of labelled text lose: the golden lists that the unit tests of labelled_files check."""
    folder = ROOT / "src" / "format" / "labelled_files"
    rows = {name: re.findall(r'\{"([^"]+)",\s*"([^"]*)"\}', (folder / name).read_text(encoding="utf-8"))
            for name in ("losses_golden.inc", "files_golden.inc")}
    lines = ["## Labelled text: what a form cannot say", "",
             "One text that says everything (gaps, layers, attributes, concepts, comments, raters, relations, an event, a chain, sections,",
             "sentences, an answer, metadata), written with `consilium convert --overlaps split`: what is lost, counted by kind.",
             "Read alone: HL7 v2 (`hl7v2`), CDA (`cda`). Written alone: OMOP NOTE_NLP. Of FHIR the documents are read.", "",
             "| form | lost |", "|---|---|"]
    lines += [f"| {form} | {lost} |" for form, lost in rows["losses_golden.inc"]]
    lines += ["", "## Labelled text: every file of the test data, read, written in its own form and read again", "",
              "| file | outcome |", "|---|---|"]
    lines += [f"| {file} | {outcome} |" for file, outcome in rows["files_golden.inc"]]
    return lines + [""]


def import_everything():
    """(passed, problems): the real binary takes each part of the data; every refusal is one clear line."""
    problems = []
    passed = 0
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run([BINARY, "project", "add", "--data", folder, "--name", "everything", "--json"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
        if made.returncode != 0:
            return 0, ["project add failed: " + made.stderr.decode("utf-8", "replace")[-400:]]
        for part in ("imaging", "signals", "text", "malformed"):
            done = subprocess.run([BINARY, "import", "--data", folder, "--project", "everything", "--json", str(DATA / part)],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=1200, check=False)
            lines = [json.loads(line) for line in done.stdout.decode("utf-8", "replace").splitlines() if line.startswith("{")]
            refused = [line for line in lines if line.get("state") == "refused"]
            vague = [line for line in refused if not line.get("what")]
            if done.returncode not in (0, 1) or vague:
                problems.append(f"import of {part}: exit {done.returncode}, {len(vague)} refusals without a reason; " + done.stderr.decode("utf-8", "replace")[-400:])
            else:
                passed += 1
                print(f"import of {part}: {len(refused)} files refused with a reason")
        verified = subprocess.run([BINARY, "verify", "--data", folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False)
        if verified.returncode == 0:
            passed += 1
        else:
            problems.append("verify after the imports: " + verified.stdout.decode("utf-8", "replace")[-400:])
    return passed, problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if not DATA.exists():
        print("1 skipped: the shared data are absent (set CONSILIUM_DATA)")
        print("0 passed, 0 failed")
        return 0
    text = ["# Formats", "", "Made by `tests/formats/formats.py`: each file of the shared test data, read by us and by an independent judge.",
            "*equal to the judge*: the same pixels, samples, annotations or text. *refused*: not read, and why.", ""]
    failures, count = [], 0
    for title, judge, script, command, folders in JUDGES:
        rows = judged(script, command, folders)
        count += len(rows)
        failures += [row for row in rows if is_failure(row)]
        text += section(title, judge, rows)
    text += labelled_text_section()
    for row in failures:
        print(f"{row['file']}: {row['verdict']}: {row['detail']}")
    made = "\n".join(text)
    failed = len(failures)
    if options.write:
        TABLE.write_text(made, encoding="utf-8")
    elif not TABLE.exists() or TABLE.read_text(encoding="utf-8") != made:
        print("docs/FORMATS.md is not what came out: run tests/formats/formats.py --write and read the difference")
        failed += 1
    passed, problems = import_everything()
    for problem in problems:
        print(problem)
    print(f"{count - len(failures) + passed} passed, {failed + len(problems)} failed")
    return 1 if failed or problems else 0


if __name__ == "__main__":
    sys.exit(main())
