#!/usr/bin/env python3
"""`consilium context` on the half of the NegEx kit that is here: what it is right in, and the goals.

Our rules were written with this half in sight, so these are figures of a training set; the other half, which would tell how
they do on sentences that nobody looked at, is not here. Of the findings in NegBio's example reports one is marked as
negated or not: it is asked too, as the only finding that the rules were not written on.
"""
import csv
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "text"))
import made_text  # noqa: E402

TEXT = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data")) / "text"
BINARY = os.environ.get("CONSILIUM_BINARY", str(ROOT / "build" / "release" / "src" / "consilium"))
KIT = TEXT / "negex" / "rsAnnotations_half_A.txt"
# The experiencer is another person's in so few sentences that the goal is to find most of them.
GOALS = {"negation": 0.97, "historical": 0.75, "hypothetical": 0.90, "other experiencer": 0.60}


def answered(folder):
    subprocess.run([BINARY, "context", "--in", folder / "kit.csv", "--out", folder / "out.csv"], check=True, stdout=subprocess.DEVNULL)
    return folder / "out.csv"


def negbio_cases():
    """Sentence, finding, whether negated: of findings that the file says it of."""
    cases = []
    for passage in xml.etree.ElementTree.parse(TEXT / "negbio" / "1.xml").getroot().iter("passage"):
        text = passage.findtext("text")
        for one in passage.iter("annotation"):
            marks = [infon.text for infon in one.iter("infon") if infon.get("key") == "neg"]
            if marks:
                at = int(one.find("location").get("offset"))
                sentence = text[text.rfind(". ", 0, at) + 2:text.find(". ", at)].replace("\n", " ")
                cases.append((sentence, one.findtext("text"), marks[0] == "True"))
    return cases


def main():
    if not KIT.exists():
        print("1 skipped: the NegEx kit is absent")
        return 0
    rows = made_text.kit_rows(KIT)
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        made_text.write_kit(rows, folder)
        scores = made_text.kit_f1(rows, answered(folder))
        print(f"NegEx kit, half A, {len(rows):,} sentences (the rules were written with it in sight):")
        for name, goal in GOALS.items():
            one = scores[name]
            print(f"  {name:<18} precision {one['precision']:.3f}  recall {one['recall']:.3f}  F1 {one['f1']:.3f}  of {one['cases']} (goal {goal:.2f})")
            failed += one["f1"] < goal
        cases = negbio_cases()
        made_text.write_kit([["", phrase, sentence] for sentence, phrase, _ in cases], folder)
        with open(answered(folder), newline="", encoding="utf-8") as file:
            right = sum((row["negation"] == "negated") == is_negated for row, (_, _, is_negated) in zip(csv.DictReader(file), cases, strict=True))
        print(f"NegBio's examples: {right} right of {len(cases)} marked findings")
        failed += right < len(cases) or not cases
    print(f"{len(GOALS) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
