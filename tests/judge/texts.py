#!/usr/bin/env python3
"""Judges the text formats that we write: other programs read them and must find what they found in the original.

usage: texts.py [--keep FOLDER]

Each annotated text of the shared data (formats_bconv, formats_webanno) and one made here, with every kind of character,
is turned by `consilium convert` into BioC, UIMA CAS, FHIR, OMOP and spaCy's form. Judges: bioc (BioC XML and JSON),
dkpro-cassis (XMI with its type system, JSON CAS), fhir.resources (R4B models), Python's csv and json. The truth is taken
from the source by the judge or by Python here, never by us. Prints one line a check and at last "N passed, N failed".
"""

import argparse
import csv
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("CONSILIUM_BINARY", ROOT / "build/release/src/consilium"))
DATA = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared/data")) / "text"
CHECKS = []
SKIPPED = {}

# Offsets of brat count code points; a character beyond the BMP, combining marks, CR LF, tabs and XML's marks.
MADE_TEXT = "\U0001F9E0 Co\u0301lica <renal> & \"fever\";\r\nno\tstroke. \u3042\U0001F600 Mother: asthma|_*[1]\n"


def made_ann():
    lines = []
    for number, (label, words) in enumerate(
            [("Problem", "Co\u0301lica <renal>"), ("Problem", "stroke"), ("Problem", "asthma"), ("Mark", "|_*[1]"),
             ("Mark", "\U0001F600"), ("Problem", "\"fever\"")], 1):
        begin = MADE_TEXT.index(words)
        lines.append(f"T{number}\t{label} {begin} {begin + len(words)}\t{words}")
    lines += ["A1\tassertion T2 negated", "A2\tsubject T3 family", "N1\tReference T1 SCT:7093002\tRenal colic",
              "R1\tShows Arg1:T4 Arg2:T1", "*\tSame T2 T3"]
    return "\n".join(lines) + "\n"


def spans_of_ann(ann):
    """(label, begin, end) of brat's lines T, as Python reads them; fragments as they are."""
    spans = []
    for line in ann.splitlines():
        if not line.startswith("T"):
            continue
        label, places = line.split("\t")[1].split(" ", 1)
        fragments = [tuple(map(int, part.split())) for part in places.split(";")]
        spans.append((label, fragments))
    return spans


def check(needs=None):
    def add(function):
        CHECKS.append((function, needs))
        return function
    return add


def convert(source, target, form, *more):
    done = subprocess.run([BINARY, "convert", source, target, "--to", form, "--json", *more], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def sources(folder):
    """Name, .ann file, text, spans: brat twins that count in their own text, and the made one."""
    (folder / "made.txt").write_text(MADE_TEXT, encoding="utf-8", newline="")
    (folder / "made.ann").write_text(made_ann(), encoding="utf-8")
    found = [("made", folder / "made.ann", MADE_TEXT, spans_of_ann(made_ann()))]
    bconv = DATA / "formats_bconv"
    for name in ("BC5CDR-example", "CRAFT-example", "tutorial-example"):
        ann, txt = bconv / "brat" / f"{name}.ann", bconv / "txt" / f"{name}.txt"
        if not ann.exists():
            SKIPPED["the shared data are absent (set CONSILIUM_DATA)"] = 1
            continue
        # The short ones count in BioC's text, which has one line end less between title and abstract.
        text = txt.read_bytes().decode()
        if not name.startswith("CRAFT"):
            text = text.replace("\n\n", "\n")
        assert name.startswith("CRAFT") or all(text[f[0][0]:f[-1][1]] == line.split("\t")[2] for (_, f), line in zip(
            spans_of_ann(ann.read_text(encoding="utf-8")),
            [one for one in ann.read_text(encoding="utf-8").splitlines() if one.startswith("T")], strict=True))
        (folder / f"{name}.ann").write_bytes(ann.read_bytes())
        (folder / f"{name}.txt").write_text(text, encoding="utf-8", newline="")
        found.append((name, folder / f"{name}.ann", text, spans_of_ann(ann.read_text(encoding="utf-8"))))
    return found


def joined(text, fragments):
    return " ".join(text[begin:end] for begin, end in fragments)


@check("bioc")
def bioc_xml_and_json(folder, name, ann, text, spans):
    from bioc import biocjson, biocxml
    convert(ann, folder / f"{name}.xml", "bioc-xml")
    convert(ann, folder / f"{name}.json", "bioc-json")
    with open(folder / f"{name}.xml", "rb") as file:
        by_xml = biocxml.load(file)
    with open(folder / f"{name}.json", encoding="utf-8") as file:
        by_json = biocjson.load(file)
    for collection in (by_xml, by_json):
        document, = collection.documents
        whole = "".join(passage.text for passage in document.passages)
        assert whole == text, "the text differs"
        got = []
        for passage in document.passages:
            for one in passage.annotations:
                places = sorted((at.offset, at.offset + at.length) for at in one.locations)
                got.append((one.infons["type"], places))
        assert sorted(got) == sorted((label, sorted(f)) for label, f in spans), got


def cas_checks(cas, text, spans):
    assert cas.sofa_string == text, "the text differs"
    entity = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
    got = sorted((one.value, one.begin, one.end) for one in cas.select(entity))
    want = sorted((label, begin, end) for label, fragments in spans for begin, end in fragments)
    assert got == want, (got[:4], want[:4])
    for one in cas.select(entity):
        assert one.get_covered_text() == text[one.begin:one.end]
    if name_has_relation(text):
        relation, = cas.select("webanno.custom.Relation")
        assert relation.label == "Shows"
        assert relation.Governor.get_covered_text() == "|_*[1]"
        assert relation.Dependent.identifier == "SCT:7093002"
        coref = "de.tudarmstadt.ukp.dkpro.core.api.coref.type.Coreference"
        chain, = cas.select(coref + "Chain")
        links = [chain.first]
        while links[-1].next is not None:
            links.append(links[-1].next)
        assert [one.get_covered_text() for one in links] == ["stroke", "asthma"], links
        assert {one.referenceType for one in links} == {"Same"} and len(cas.select(coref + "Link")) == 2


def name_has_relation(text):
    return text == MADE_TEXT


@check("cassis")
def uima_xmi(folder, name, ann, text, spans):
    import cassis
    convert(ann, folder / f"{name}.xmi", "uima-xmi", "--overlaps", "split")
    with open(folder / f"{name}.TypeSystem.xml", "rb") as file:
        types = cassis.load_typesystem(file)
    with open(folder / f"{name}.xmi", "rb") as file:
        cas_checks(cassis.load_cas_from_xmi(file, typesystem=types), text, spans)


@check("cassis")
def uima_json(folder, name, ann, text, spans):
    import cassis
    convert(ann, folder / f"{name}.cas.json", "uima-json", "--overlaps", "split")
    with open(folder / f"{name}.cas.json", "rb") as file:
        cas_checks(cassis.load_cas_from_json(file), text, spans)


@check("cassis")
def what_cassis_writes_we_read(folder, name, ann, text, spans):
    """Our XMI, read and written by dkpro-cassis, and back to brat by us."""
    import cassis
    with open(folder / f"{name}.TypeSystem.xml", "rb") as file:
        types = cassis.load_typesystem(file)
    with open(folder / f"{name}.xmi", "rb") as file:
        cas = cassis.load_cas_from_xmi(file, typesystem=types)
    again = folder / "again"
    again.mkdir(exist_ok=True)
    cas.to_xmi(again / f"{name}.xmi")
    cas.to_json(again / f"{name}.json")
    want = sorted((label, begin, end) for label, fragments in spans for begin, end in fragments)
    for source, form in ((f"{name}.xmi", "uima-xmi"), (f"{name}.json", "uima-json")):
        convert(again / source, again / f"{name}-{form}.ann", "brat", "--from", form)
        got = spans_of_ann((again / f"{name}-{form}.ann").read_text(encoding="utf-8"))
        # brat's fragments stop at line ends; whole lengths are what is compared.
        assert sorted((label, f[0][0], f[-1][1]) for label, f in got) == want
        chains = [line for line in (again / f"{name}-{form}.ann").read_text(encoding="utf-8").splitlines() if line.startswith("*")]
        assert len(chains) == name_has_relation(text) and all(line.startswith("*\tSame T") for line in chains), chains


@check()
def webanno_tsv(folder, name, ann, text, spans):
    """Offsets of the table count UTF-16 units; its texts and tokens, as the format's description has them."""
    convert(ann, folder / f"{name}.tsv", "webanno-tsv", "--overlaps", "split")
    units = text.encode("utf-16-le")
    lines = (folder / f"{name}.tsv").read_text(encoding="utf-8").split("\n")
    assert lines[0] == "#FORMAT=WebAnno TSV 3.3"
    columns = []
    for line in lines[1:]:
        if line.startswith("#T_"):
            layer, *features = line.split("|")
            columns += [(layer.split("=")[1], feature) for feature in features]
    value_at = 3 + columns.index(("de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity", "value"))
    places = {}
    alone = []
    for line in lines:
        if line.startswith("#") or not line:
            continue
        cells = line.split("\t")
        begin, end = map(int, cells[1].split("-"))
        surface = units[2 * begin:2 * end].decode("utf-16-le")
        written = cells[2].replace("\\t", "\t").replace("\\r", "\r").replace("\\n", "\n").replace("\\\\", "\\")
        assert written == surface, (cells[2], surface)
        if cells[value_at] == "_":
            continue
        for value in cells[value_at].split("|"):
            label, _, number = value.partition("[")
            if number:
                old = places.get(number, (label, begin, end))
                places[number] = (label, min(old[1], begin), max(old[2], end))
            else:
                alone.append((label, begin, end))
    if name_has_relation(text):
        link_at = 3 + columns.index(("de.tudarmstadt.ukp.dkpro.core.api.coref.type.CoreferenceLink", "referenceType"))
        links = [line.split("\t") for line in lines if line and not line.startswith("#") and line.split("\t")[link_at] != "_"]
        assert [(cells[2], cells[link_at], cells[link_at + 1]) for cells in links] == [
            ("stroke", "Same[1]", "*->1-1"), ("asthma", "Same[1]", "*->1-2")], links
    got = sorted((label, units[2 * b:2 * e].decode("utf-16-le")) for label, b, e in alone + list(places.values()))
    want = sorted((label, text[begin:end]) for label, fragments in spans for begin, end in fragments)
    assert got == want, (got, want)


@check("fhir")
def fhir(folder, name, ann, text, spans):
    import base64
    from fhir.resources.R4B.bundle import Bundle
    convert(ann, folder / f"{name}.fhir.json", "fhir")
    content = (folder / f"{name}.fhir.json").read_text(encoding="utf-8")
    bundle = Bundle.model_validate_json(content)
    resources = {}
    for entry in bundle.entry:
        resources.setdefault(type(entry.resource).__name__, []).append(entry)
    document = resources["DocumentReference"][0]
    data = json.loads(content)
    raw = next(one["resource"] for one in data["entry"] if one["resource"]["resourceType"] == "DocumentReference")
    assert base64.b64decode(raw["content"][0]["attachment"]["data"]).decode() == text
    found = []
    said = {}
    for entry in data["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] not in ("Condition", "Observation"):
            continue
        places = []
        for extension in resource["extension"]:
            parts = {one["url"]: one for one in extension["extension"]}
            assert parts["reference"]["valueReference"]["reference"] == document.fullUrl
            begin = parts["offset"]["valueInteger"]
            places.append((begin, begin + parts["length"]["valueInteger"]))
        is_condition = resource["resourceType"] == "Condition"
        label = resource["category"][0]["text"] if is_condition else resource["code"]["text"]
        found.append((label, places))
        said[text[places[0][0]:places[0][1]]] = resource
    assert sorted(found) == sorted(spans)
    targets = {one.resource.target[0].reference for one in resources["Provenance"]}
    assert targets == {entry.fullUrl for kind in ("Condition", "Observation") for entry in resources.get(kind, [])}
    if text == MADE_TEXT:
        assert said["stroke"]["verificationStatus"]["coding"][0]["code"] == "refuted"
        assert said["asthma"]["resourceType"] == "Observation", "a relative's illness is no condition of the patient"
        assert said["Co\u0301lica <renal>"]["code"]["coding"][0]["system"] == "http://snomed.info/sct"


@check()
def omop(folder, name, ann, text, spans):
    convert(ann, folder / f"{name}.csv", "omop-note-nlp", "--overlaps", "split")
    with open(folder / f"{name}.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    want = sorted((begin, text[begin:end]) for _, fragments in spans for begin, end in fragments)
    blank = str.maketrans("\r\n\t", "   ")
    got = sorted((int(row["offset"]), row["lexical_variant"]) for row in rows)
    assert got == [(begin, words.translate(blank)) for begin, words in want]
    if text == MADE_TEXT:
        exists = {row["lexical_variant"]: row["term_exists"] for row in rows}
        assert exists["stroke"] == "N" and exists["asthma"] == "N" and exists["\"fever\""] == "Y", exists


@check()
def spacy_lines(folder, name, ann, text, spans):
    """The fields that spaCy's own converter wants; offsets are Python's."""
    convert(ann, folder / f"{name}.spacy.jsonl", "spacy", "--overlaps", "split")
    row = json.loads((folder / f"{name}.spacy.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert row["text"] == text
    everything = row.get("ents", []) + [one for group in row.get("spans", {}).values() for one in group]
    got = sorted({(one["label"], one["start"], one["end"]) for one in everything})
    assert got == sorted({(label, b, e) for label, fragments in spans for b, e in fragments})


def main():
    parser = argparse.ArgumentParser(description="Judges the text formats that we write.")
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name, ann, text, spans in sources(folder):
            for function, needs in CHECKS:
                if needs and importlib.util.find_spec(needs) is None:
                    reason = f"the judge {needs} is not installed (tests/judge/requirements.txt)"
                    SKIPPED[reason] = SKIPPED.get(reason, 0) + 1
                    continue
                try:
                    function(folder, name, ann, text, spans)
                    passed += 1
                    print(f"ok: {function.__name__}, {name}")
                except Exception:  # a judge may raise anything; each check stands alone
                    failed += 1
                    print(f"FAILED: {function.__name__}, {name}\n{traceback.format_exc()}")
    for reason, count in sorted(SKIPPED.items()):
        print(f"{count} skipped: {reason}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
