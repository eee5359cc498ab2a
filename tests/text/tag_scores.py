#!/usr/bin/env python3
"""`consilium tag score` against independent scorers, on every form that labelled texts come in.

A tagger learns from NCBI-disease's train part and tags its dev part in each form: a brat folder, PubTator, CoNLL in three
schemes, BioC XML and JSON, PubAnnotation, the JSONL of doccano, Prodigy and spaCy, Label Studio. The counts that `tag score`
prints must be those of the judge (brat and PubTator) or of the readers below, which share nothing with ours. The goal of
NCBI-disease (strict F1 .83) is checked in PubTator's form, that is in the words that our own tokens make; and that what a
span is called probable is what it is.
"""
import collections
import contextlib
import importlib.util
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data"))
BINARY = os.environ.get("CONSILIUM_BINARY", str(ROOT / "build" / "release" / "src" / "consilium"))
NCBI = SHARED / "text" / "ncbi_disease"
JUDGE = SHARED.parent / "judges" / "spans.py"
F1_MIN = 0.83
CALIBRATION_ERROR_MAX = 0.05
DOCUMENTS = 60  # of dev, in each form but the first


def run(*arguments):
    done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"FAILED: consilium {' '.join(map(str, arguments))}\n{done.stderr}")
    return done.stdout


# Readers: a set of (document, type, begin, end). A document is what the form calls it, else its place.


def pubtator(path):
    fields = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return {(f[0], f[4], int(f[1]), int(f[2])) for f in fields if len(f) >= 5 and f[1].isdigit()}


def brat(folder):
    found = set()
    for file in folder.glob("*.ann"):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("T"):
                kind, begin, end = line.split("\t")[1].split(" ")
                found.add((file.stem, kind, int(begin), int(end)))
    return found


def conll(path):
    """Word, begin, end, tag; a span is a begin and what goes on in the same type."""
    found, text, begun = set(), 0, None

    def close():
        if begun is not None:
            found.add((text, *begun))

    for line in [*path.read_text(encoding="utf-8").split("\n"), ""]:
        fields = line.split("\t")
        if line.startswith(("-DOCSTART-", "# ")):
            close()
            text, begun = text + 1, None
        elif len(fields) < 4 or fields[3] == "O":
            close()
            begun = None
        else:
            part, kind = fields[3].split("-", 1)
            if part in "BUS" or begun is None or begun[0] != kind:
                close()
                begun = (kind, int(fields[1]), int(fields[2]))
            else:
                begun = (kind, begun[1], int(fields[2]))
    close()
    return found


def bioc_json(path):
    return {(document["id"], one["infons"]["type"], place["offset"], place["offset"] + place["length"])
            for document in json.loads(path.read_text(encoding="utf-8"))["documents"]
            for passage in document["passages"]
            for holder in [passage, *passage.get("sentences", [])]
            for one in holder.get("annotations", []) for place in one["locations"]}


def bioc_xml(path):
    found = set()
    for document in xml.etree.ElementTree.parse(path).getroot().iter("document"):
        for one in document.iter("annotation"):
            kind = next(i.text for i in one.iter("infon") if i.get("key") == "type")
            for place in one.iter("location"):
                begin = int(place.get("offset"))
                found.add((document.findtext("id"), kind, begin, begin + int(place.get("length"))))
    return found


def lines_of(path):
    return enumerate(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line)


def doccano(path):
    found = set()
    for place, document in lines_of(path):
        for one in document.get("label") or document.get("entities") or []:
            kind, begin, end = (one["label"], one["start_offset"], one["end_offset"]) if isinstance(one, dict) else (one[2], one[0], one[1])
            found.add((place, kind, begin, end))
    return found


def prodigy(path):
    return {(place, one["label"], one["start"], one["end"]) for place, document in lines_of(path) for one in document.get("spans", [])}


def spacy(path):
    return {(place, one["label"], one["start"], one["end"]) for place, document in lines_of(path) for one in document.get("ents", [])}


def pubannotation(path):
    whole = json.loads(path.read_text(encoding="utf-8"))
    return {(place, one["obj"], one["span"]["begin"], one["span"]["end"])
            for place, document in enumerate(whole if isinstance(whole, list) else [whole]) for one in document.get("denotations", [])}


def label_studio(path):
    found = set()
    for place, task in enumerate(json.loads(path.read_text(encoding="utf-8"))):
        for opinion in [*task.get("annotations", []), *task.get("predictions", [])]:
            found |= {(place, one["value"]["labels"][0], one["value"]["start"], one["value"]["end"])
                      for one in opinion["result"] if one["type"] == "labels"}
    return found


FORMS = {"pubtator": (".pubtator", pubtator), "conll": (".conll", conll), "conll-bilou": (".conll", conll), "conll-iobes": (".conll", conll),
         "bioc-xml": (".xml", bioc_xml), "bioc-json": (".json", bioc_json), "doccano": (".jsonl", doccano), "prodigy": (".jsonl", prodigy),
         "spacy": (".jsonl", spacy), "pubannotation": (".json", pubannotation), "label-studio": (".json", label_studio)}


def counts(gold, predicted):
    return {"gold": len(gold), "predicted": len(predicted), "gold_hit": len(gold & predicted), "predicted_hit": len(gold & predicted)}


def judged(gold, predicted):
    """What the judge prints: precision, recall, F1 to four digits, gold and predicted."""
    spec = importlib.util.spec_from_file_location("spans_judge", JUDGE)
    judge = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(judge)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        judge.main(str(gold), str(predicted))
    return [float(number) for number in re.findall(r"\d+\.\d+|\d+", said.getvalue().splitlines()[0].replace("F1", ""))]


def first_documents(path, count, out):
    blocks = path.read_text(encoding="utf-8").strip("\n").split("\n\n")[:count]
    # One type: of the modifiers, composites and classes that the set tells apart none is asked for.
    blocks = [re.sub(r"^(\d+\t\d+\t\d+\t[^\t\n]*)\t[^\t\n]*", r"\1\tDisease", block, flags=re.M) for block in blocks]
    out.write_text("\n\n".join(blocks) + "\n\n", encoding="utf-8")
    return blocks


def write_brat(blocks, folder):
    folder.mkdir()
    for block in blocks:
        title, abstract, *mentions = block.split("\n")
        name = title.split("|")[0]
        (folder / f"{name}.txt").write_text(title.split("|", 2)[2] + "\n" + abstract.split("|", 2)[2], encoding="utf-8")
        (folder / f"{name}.ann").write_text("".join(f"T{number}\t{f[4]} {f[1]} {f[2]}\t{f[3]}\n" for number, f in enumerate(
            (mention.split("\t") for mention in mentions), 1)), encoding="utf-8")


def main():
    if not NCBI.is_dir() or not JUDGE.is_file():
        print("1 skipped: NCBI-disease or the judge is absent")
        return 0
    tally = collections.Counter()

    def check(name, good):
        tally[bool(good)] += 1
        if not good:
            print(f"FAILED: {name}")

    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        first_documents(NCBI / "train.pubtator", None, folder / "train.pubtator")
        blocks = first_documents(NCBI / "dev.pubtator", None, folder / "dev.pubtator")
        model = folder / "disease.tagger"
        run("tag", "train", "--in", folder / "train.pubtator", "--model", model)

        def scored(gold, predicted, form):
            return json.loads(run("tag", "score", "--gold", gold, "--pred", predicted, "--format", form, "--json"))

        def agree(name, ours, by_reader):
            strict = {key: ours["micro"]["strict"][key] for key in by_reader}
            check(f"{name}: {strict}, the independent reader has {by_reader}", strict == by_reader and by_reader["gold_hit"] > 0)

        def agree_with_judge(name, ours, gold, predicted):
            strict = ours["micro"]["strict"]
            due = [round(strict[key], 4) for key in ("precision", "recall", "f1")] + [strict["gold"], strict["predicted"]]
            said = judged(gold, predicted)
            check(f"{name}: {due}, the judge has {said}", all(abs(a - b) < 1.01e-4 for a, b in zip(due, said)) and len(said) == 5)

        gold, predicted = folder / "dev.pubtator", folder / "said.pubtator"
        run("tag", "run", "--model", model, "--in", gold, "--out", predicted)
        ours = scored(gold, predicted, "pubtator")
        agree_with_judge("all of dev", ours, gold, predicted)
        f1 = ours["micro"]["strict"]["f1"]
        print(f"NCBI-disease, train to dev, strict F1 {f1:.4f}")
        check(f"NCBI-disease reaches F1 {F1_MIN}", f1 >= F1_MIN)

        run("convert", gold, folder / "dev.label-studio.json", "--to", "label-studio", "--overlaps", "split")
        run("tag", "run", "--model", model, "--in", folder / "dev.label-studio.json", "--out", folder / "sure.json")
        sure = scored(folder / "dev.label-studio.json", folder / "sure.json", "label-studio")["reliability"]
        print(f"expected calibration error {sure['expected_calibration_error']:.4f}")
        check("as probable as they are right", sure["expected_calibration_error"] <= CALIBRATION_ERROR_MAX)
        check("every predicted span has its probability", sum(one["spans"] for one in sure["bins"]) == ours["micro"]["strict"]["predicted"])

        write_brat(blocks[:DOCUMENTS], folder / "brat")
        run("tag", "run", "--model", model, "--in", folder / "brat", "--out", folder / "brat_said", "--format", "brat")
        ours = scored(folder / "brat", folder / "brat_said", "brat")
        agree_with_judge("brat", ours, folder / "brat", folder / "brat_said")
        agree("brat", ours, counts(brat(folder / "brat"), brat(folder / "brat_said")))

        first_documents(NCBI / "dev.pubtator", DOCUMENTS, folder / "few.pubtator")
        for form, (ending, read) in FORMS.items():
            one = ["--overlaps", "split"]
            gold, predicted = folder / f"gold-{form}{ending}", folder / f"said-{form}{ending}"
            run("convert", folder / "few.pubtator", gold, "--to", form, *one)
            run("tag", "run", "--model", model, "--in", gold, "--out", predicted, "--format", form)
            agree(form, scored(gold, predicted, form), counts(read(gold), read(predicted)))
    print(f"{tally[True]} passed, {tally[False]} failed")
    return 1 if tally[False] else 0


if __name__ == "__main__":
    sys.exit(main())
