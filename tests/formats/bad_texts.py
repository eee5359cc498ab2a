#!/usr/bin/env python3
"""Bad input of labelled text through the real binary: each is refused with a reason and a place, or its losses counted.

usage: bad_texts.py

Wrong encodings (with the byte where it goes wrong), places past the end, overlaps that a form cannot say, broken XML
and XML that reaches outside or grows, cut files of every form, a note of 50 MB. Prints one line a check and at last
"N passed, N failed".
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("CONSILIUM_BINARY", ROOT / "build/release/src/consilium"))
CHECKS = []
TEXT = "Fi\u00e8vre et toux \U0001F9E0 hier.\nPas de douleur.\n"
ANN = "T1\tProblem 0 6\tFi\u00e8vre\nT2\tProblem 10 14\ttoux\nT3\tProblem 30 37\tdouleur\n"
# Form -> what its files are called here.
FORMS = {"conll": "conll", "pubtator": "pubtator", "bioc-xml": "xml", "bioc-json": "json", "pubannotation": "json",
         "doccano": "jsonl", "prodigy": "jsonl", "spacy": "jsonl", "label-studio": "json", "webanno-tsv": "tsv",
         "uima-xmi": "xmi", "uima-json": "json", "fhir": "json"}


def check(function):
    CHECKS.append(function)
    return function


def convert(source, target, form, *more, ok=True):
    done = subprocess.run([BINARY, "convert", source, target, "--to", form, "--json", *more], capture_output=True, check=False,
                          timeout=600)
    error = done.stderr.decode("utf-8", "replace")
    assert done.returncode in (0, 1), f"exit {done.returncode}: {error}"
    if ok:
        assert done.returncode == 0, error
        return json.loads(done.stdout)
    assert done.returncode == 1, f"taken, and should have been refused: {done.stdout[:200]}"
    return error


def brat(folder, text=TEXT, ann=ANN, name="note"):
    (folder / f"{name}.txt").write_bytes(text.encode() if isinstance(text, str) else text)
    (folder / f"{name}.ann").write_bytes(ann.encode() if isinstance(ann, str) else ann)
    return folder / f"{name}.ann"


def made_files(folder):
    """A sound file of each form."""
    ann = brat(folder)
    for form, ending in FORMS.items():
        file = folder / f"{form}.{ending}"
        convert(ann, file, form)
        yield form, file


@check
def a_wrong_byte_is_refused_with_its_place(folder):
    for form, file in made_files(folder):
        good = file.read_bytes()
        mark = b"toux" if form != "fhir" else b"Problem"
        at = good.index(mark)
        broken = folder / f"broken.{FORMS[form]}"
        for bad in (b"\xff", b"\xe8", b"\xed\xa0\x80"):  # no byte of UTF-8, Latin-1, half a surrogate pair
            broken.write_bytes(good[:at] + bad + good[at:])
            error = convert(broken, folder / "out.ann", "brat", "--from", form, ok=False)
            found = re.search(r"byte (\d+)", error)
            assert found, f"{form}: no byte said: {error}"
            assert at - 1 <= int(found.group(1)) <= at + 3, f"{form}: byte {found.group(1)}, it was {at}"
    error = convert(brat(folder, text=TEXT.encode("latin-1", "replace")), folder / "out.xml", "bioc-xml", ok=False)
    assert "byte 2" in error, error
    error = convert(brat(folder, ann=ANN.encode("utf-16")), folder / "out.xml", "bioc-xml", ok=False)
    assert "byte 0" in error, error


@check
def places_past_the_end_are_left_out_and_counted(folder):
    cases = {
        "a.ann": ("brat", "T1\tProblem 0 6\tFi\u00e8vre\nT2\tProblem 10 400\tx\nT3\tProblem 9 3\tx\n"),
        "p.pubtator": ("pubtator", "1|t|Fever\n1|a|and cough\n1\t0\t5\tFever\tProblem\n1\t6\t900\tx\tProblem\n"),
        "p.json": ("pubannotation", '{"text": "Fever", "denotations": [{"id": "T1", "span": {"begin": 0, "end": 5}, "obj": "P"}, '
                   '{"id": "T2", "span": {"begin": 2, "end": 99}, "obj": "P"}]}'),
        "d.jsonl": ("doccano", '{"text": "Fever", "label": [[0, 5, "P"], [3, 99, "P"]]}\n'),
        "s.jsonl": ("prodigy", '{"text": "Fever", "spans": [{"start": 0, "end": 5, "label": "P"}, {"start": 0, "end": 99, "label": "P"}]}\n'),
        "x.xmi": ("uima-xmi", '<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore" '
                  'xmlns:c="http:///webanno/custom.ecore"><cas:Sofa xmi:id="1" sofaID="_InitialView" sofaString="Fever"/>'
                  '<c:P xmi:id="2" sofa="1" begin="0" end="5"/><c:P xmi:id="3" sofa="1" begin="0" end="99"/></xmi:XMI>'),
        "w.tsv": ("webanno-tsv", "#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.P|\n\n\n#Text=Fever\n1-1\t0-5\tFever\t*\t\n"
                  "1-2\t5-99\tx\t*\t\n"),
        "b.xml": ("bioc-xml", "<collection><source/><date/><key/><document><id>1</id><passage><offset>0</offset><text>Fever</text>"
                  '<annotation id="1"><infon key="type">P</infon><location offset="0" length="5"/><text>Fever</text></annotation>'
                  '<annotation id="2"><infon key="type">P</infon><location offset="2" length="99"/><text>x</text></annotation>'
                  "</passage></document></collection>"),
    }
    brat(folder, name="a")
    for name, (form, content) in cases.items():
        (folder / name).write_text(content, encoding="utf-8")
        said = convert(folder / name, folder / "out.json", "bioc-json", "--from", form)
        assert said["mentions"] == 1, f"{form}: {said}"
        assert sum(said["problems"].values()) >= 1, f"{form}: {said}"


@check
def overlaps_are_refused_or_split_and_counted(folder):
    ann = brat(folder, ann=ANN + "T4\tProblem 0 14\tx\nT5\tProblem 0 6;10 14\tx\n")
    refusing = {"conll": True, "conll2002": True, "pubtator": True, "doccano": True, "prodigy": True, "label-studio": True,
                "webanno-tsv": True, "uima-xmi": True, "uima-json": True, "omop-note-nlp": True, "spacy": True,
                "bioc-xml": False, "bioc-json": False, "pubannotation": False, "fhir": False, "brat": False}
    for form, refuses in refusing.items():
        target = folder / f"overlap.{form}"
        if refuses:
            error = convert(ann, target, form, ok=False)
            assert "cannot say mentions that" in error, f"{form}: {error}"
            assert not target.exists(), f"{form}: a refused conversion left a file"
            lost = convert(ann, target, form, "--overlaps", "split")["lost"]
            assert lost.get("discontinuous mentions split") == 1, f"{form}: {lost}"
        else:
            said = convert(ann, target, form)
            assert said["mentions"] == 5 and "discontinuous mentions split" not in said["lost"], f"{form}: {said}"


@check
def xml_reaches_nowhere_and_does_not_grow(folder):
    secret = folder / "secret.txt"
    secret.write_text("SECRETWORD")
    bomb = '<!DOCTYPE collection [<!ENTITY a "lol">' + "".join(
        f'<!ENTITY {chr(98 + i)} "' + f"&{chr(97 + i)};" * 10 + '">' for i in range(9)) + "]>"
    heads = {"external": f'<!DOCTYPE collection [<!ENTITY e SYSTEM "file://{secret}">]>', "bomb": bomb,
             "parameter": f'<!DOCTYPE collection [<!ENTITY % p SYSTEM "file://{secret}"> %p;]>'}
    bodies = {
        "bioc-xml": "<collection><document><id>1</id><passage><offset>0</offset><text>{}</text></passage></document></collection>",
        "uima-xmi": '<xmi:XMI xmlns:xmi="http://www.omg.org/XMI"><a>{}</a></xmi:XMI>',
        "cda": "<ClinicalDocument><component><structuredBody><component><section><text>{}</text></section></component>"
               "</structuredBody></component></ClinicalDocument>"}
    for form, body in bodies.items():
        for name, head in heads.items():
            use = {"external": "&e;", "bomb": "&j;", "parameter": "x"}[name]
            (folder / "evil.xml").write_text(head + body.format(use))
            begin = time.monotonic()
            error = convert(folder / "evil.xml", folder / "out.json", "bioc-json", "--from", form, ok=False)
            assert "SECRETWORD" not in error and time.monotonic() - begin < 30, f"{form} {name}: {error}"
        (folder / "cut.xml").write_text(body.format("x")[:-9])
        error = convert(folder / "cut.xml", folder / "out.json", "bioc-json", "--from", form, ok=False)
        assert re.search(r"line \d+, byte \d+", error), f"{form}: {error}"
        deep = "<a>" * 100_000
        (folder / "deep.xml").write_text(deep)
        convert(folder / "deep.xml", folder / "out.json", "bioc-json", "--from", form, ok=False)


@check
def a_file_cut_anywhere_is_refused_or_read(folder):
    for form, file in made_files(folder):
        good = file.read_bytes()
        for share in range(1, 12):
            (folder / "cut").write_bytes(good[:len(good) * share // 12])
            done = subprocess.run([BINARY, "convert", folder / "cut", folder / "out.json", "--from", form, "--to", "bioc-json"],
                                  capture_output=True, check=False, timeout=60)
            assert done.returncode in (0, 1), f"{form} cut at {share}/12: exit {done.returncode}"


@check
def a_note_of_50_mb_goes_through(folder):
    line = "Pas de fi\u00e8vre \U0001F9E0 aujourd'hui, toux s\u00e8che.\n"
    text = line * (50 * (1 << 20) // len(line.encode()) + 1)
    assert len(text.encode()) >= 50 << 20
    last = len(text) - len(line)
    ann = brat(folder, text=text, ann=f"T1\tProblem 7 13\tfi\u00e8vre\nT2\tProblem {last + 7} {last + 13}\tfi\u00e8vre\n")
    for form, ending in (("bioc-json", "json"), ("doccano", "jsonl"), ("fhir", "json"), ("omop-note-nlp", "csv")):
        begin = time.monotonic()
        said = convert(ann, folder / f"big.{ending}", form)
        print(f"  50 MB, brat to {form}: {time.monotonic() - begin:.1f} s")
        assert said["mentions"] == 2
    convert(folder / "big.jsonl", folder / "back.ann", "brat", "--from", "doccano")
    assert (folder / "back.txt").read_text(encoding="utf-8") == text
    assert (folder / "back.ann").read_text(encoding="utf-8").splitlines()[1].split("\t")[1] == f"Problem {last + 7} {last + 13}"


def main():
    passed = failed = 0
    for function in CHECKS:
        with tempfile.TemporaryDirectory() as folder:
            try:
                function(pathlib.Path(folder))
                passed += 1
                print(f"ok: {function.__name__.replace('_', ' ')}", flush=True)
            except Exception:  # each check stands alone
                failed += 1
                print(f"FAILED: {function.__name__}\n{traceback.format_exc()}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
