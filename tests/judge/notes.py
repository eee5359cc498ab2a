#!/usr/bin/env python3
"""Judges our readers of notes: the same texts, rows, offsets and spans as Python's own decoders, csv and json.

usage: notes.py --dump csl_dump_note PATH...

PATHs are files or folders: .txt, .csv, .jsonl, FHIR .json (those with a resourceType) and .ann beside a .txt; to these
come files made here in every encoding. Prints one JSON line for each: {"file", "verdict", "detail"} with the verdict
  equal              both read it and all is the same
  refused            we refuse it; `detail` says why, and what the judge makes of it
  differs            both read it, and something is not the same
  judge cannot read  the judge does not read it
and a table of the verdicts on stderr. Exit 1 when anything differs.
"""

import argparse
import base64
import codecs
import collections
import csv
import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile

csv.field_size_limit(1 << 30)
TEXT_COLUMNS = ("text", "note", "dialogue", "section_text", "sentence", "Text")
BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def decode(data, fallback=None):
    """The text without its mark; `fallback` is the encoding when it is not UTF-8 and has no mark."""
    for mark, name in BOMS:
        if data.startswith(mark):
            try:
                return data[len(mark):].decode(name)
            except UnicodeDecodeError:
                if name != "utf-32-le":
                    raise
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        if fallback is None:
            raise
        return data.decode(fallback)


def place(text, at):
    """A code point offset as we count it: byte, UTF-16 unit, line, column, and that all lead back."""
    before = text[:at]
    begins = [0]
    for i, c in enumerate(text):
        if c == "\n" or (c == "\r" and text[i + 1:i + 2] != "\n"):
            begins.append(i + 1)
    line = max(i for i, begin in enumerate(begins) if begin <= at)
    return [at, len(before.encode()), len(before.encode("utf-16-le")) // 2, line, at - begins[line], True]


def judge_text(path, ours):
    data = open(path, "rb").read()
    if "error" in ours:
        try:
            decode(data)
        except UnicodeDecodeError:
            return "refused", ours["error"]["what"] + "; the judge refuses it too"
        return "differs", "refused: " + ours["error"]["what"]
    text = decode(data, ours["encoding"])
    if text != ours["text"]:
        return "differs", "another text"
    if hashlib.sha256(text.encode()).hexdigest() != ours["sha256"] or len(text) != ours["code_points"]:
        return "differs", "another digest or length"
    if len(text.encode("utf-16-le")) // 2 != ours["utf16"]:
        return "differs", "another UTF-16 length"
    for theirs in ours["places"]:
        if place(text, theirs[0]) != theirs:
            return "differs", f"place {theirs} should be {place(text, theirs[0])}"
    return "equal", f"{ours['encoding']}, {len(text)} code points, {len(ours['places'])} places"


def csv_rows(path):
    text = decode(open(path, "rb").read())
    first = text.splitlines()[0] if text else ""
    delimiter = max(",;\t", key=lambda d: (first.count(d), -",;\t".index(d)))
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]


def text_column(names):
    return next((name for name in TEXT_COLUMNS if name in names), None)


def judge_csv(path, ours, column):
    if "error" in ours:
        return "refused", ours["error"]["what"]
    header, *rows = csv_rows(path)
    at = header.index(column)
    expected = [row[at] for row in rows if len(row) == len(header) and row[at]]
    return compare_rows(expected, ours, len(rows))


def judge_jsonl(path, ours, column):
    if "error" in ours:
        return "refused", ours["error"]["what"]
    expected, count = [], 0
    for line in open(path, "rb").read().decode("utf-8-sig").split("\n"):
        if not line.strip():
            continue
        count += 1
        try:
            value = json.loads(line)
        except ValueError:
            continue
        text = value.get(column) if isinstance(value, dict) else None
        if isinstance(text, str) and text and text.encode("utf-8", "ignore").decode() == text:
            expected.append(text)
    return compare_rows(expected, ours, count)


def compare_rows(expected, ours, count):
    got = [row["text"] for row in ours["rows"]]
    if got != expected:
        return "differs", f"{len(got)} texts, the judge has {len(expected)}, or others"
    if len(got) + len(ours["errors"]) != count:
        return "differs", f"{count} rows, and {len(got)} texts and {len(ours['errors'])} refusals"
    if not got:
        return "refused", f"each of {count} rows: {ours['errors'][0]['what']}" if count else "no rows"
    return "equal", f"{len(got)} rows, {len(ours['errors'])} refused"


def fhir_texts(value):
    entries = [entry.get("resource", {}) for entry in value.get("entry", [])] if value["resourceType"] == "Bundle" else [value]
    texts, others = [], 0
    for resource in entries:
        if resource.get("resourceType") != "DocumentReference":
            continue
        found = None
        for content in resource.get("content", []):
            attachment = content.get("attachment", {})
            kind, _, rest = attachment.get("contentType", "").lower().partition(";")
            if kind.strip() == "text/plain" and "data" in attachment and found is None:
                charset = rest.partition("charset=")[2].split(";")[0].strip('" ') or None
                data = base64.b64decode(attachment["data"])
                found = data.decode(charset) if charset else decode(data)
        if found and resource.get("status") != "entered-in-error":
            texts.append(found)
        else:
            others += 1
    return texts, others


def judge_fhir(path, ours, _):
    try:
        value = json.load(open(path, encoding="utf-8-sig"))
    except ValueError:
        return ("refused", ours["error"]["what"] + "; the judge refuses it too") if "error" in ours else ("differs", "not JSON")
    texts, others = fhir_texts(value)
    if "error" in ours:
        return ("differs" if texts else "refused"), ours["error"]["what"]
    if [note["text"] for note in ours["notes"]] != texts or len(ours["refusals"]) != others:
        return "differs", "other notes"
    if not texts:
        return "refused", "; ".join(refusal["what"] for refusal in ours["refusals"])
    return "equal", f"{len(texts)} notes, {others} refused"


def judge_brat(path, ours, text_path):
    if "error" in ours:
        return "refused", ours["error"]["what"]
    text = open(text_path, "rb").read().decode("utf-8")
    dropped = 1 if text.startswith("\ufeff") else 0  # brat counts the mark, canonical text does not
    expected, elsewhere = [], 0
    for line in open(path, "rb").read().decode("utf-8").split("\n"):
        columns = line.rstrip("\r").split("\t")
        if not line.startswith("T") or len(columns) < 3:
            continue
        kind, _, offsets = columns[1].partition(" ")
        fragments = [tuple(map(int, pair.split())) for pair in offsets.split(";")]
        parts = [text[begin:end] for begin, end in fragments]
        fits = any(between.join(parts) == columns[2] for between in (" ", " ... "))
        elsewhere += not fits
        expected.append({"id": columns[0], "type": kind, "surface": columns[2], "fits": fits,
                         "fragments": [[b - dropped, e - dropped, part] for (b, e), part in zip(fragments, parts)]})
    if not expected:
        return ("differs" if ours["spans"] else "judge cannot read"), "no line of brat's form"
    if ours["spans"] != expected:
        return "differs", "other spans"
    return "equal", f"{len(expected)} spans, {elsewhere} of them not where the file says"


def made_files(folder):
    """Texts in every encoding, and tables with everything that breaks them."""
    text = "Befund: br\u00f6st\r\n\tTemp 38.5 \u00b0C e\u0301 \U0001f9e0 \u4e2d\n\rEnde \u20ac"
    made = {"plain.txt": text.encode(), "nul.txt": b"a\0b\x07\r\n", "empty.txt": b"", "bom.txt": codecs.BOM_UTF8 + text.encode(),
            "two_boms.txt": codecs.BOM_UTF8 * 2 + b"x", "broken.txt": codecs.BOM_UTF8 + b"\xff",
            "half.txt": codecs.BOM_UTF16_LE + b"\x3e\xd8", "long.txt": (text * 3000).encode()}
    for name in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        mark = {encoding: mark for mark, encoding in BOMS}[name]
        made[name + ".txt"] = mark + text.encode(name)
    letters = "Der Patient klagte \u00fcber \u00dcbelkeit und Schw\u00e4che; die R\u00f6ntgenaufnahme war unauff\u00e4llig. "
    made["latin1.txt"] = (letters * 5).encode("latin-1")
    made["cp1252.txt"] = (letters * 5 + "Kosten: 5 \u20ac \u201eviel\u201c").encode("cp1252")
    made["russian.txt"] = ("\u041f\u0430\u0446\u0438\u0435\u043d\u0442 \u0436\u0430\u043b\u043e\u0432\u0430\u043b\u0441\u044f \u043d\u0430 \u0431\u043e\u043b\u044c. " * 9).encode("koi8-r")
    rows = io.StringIO(newline="")
    writer = csv.writer(rows)
    writer.writerow(["id", "text", "patient"])
    for i, value in enumerate(["a,b", 'say "x"', "two\r\nlines", "\n", " spaces ", text, "c\rd", ""]):
        writer.writerow([i, value, "P"])
    made["table.csv"] = codecs.BOM_UTF8 + rows.getvalue().encode()
    made["semicolon.csv"] = "id;text\n1;a,b\n2;c\n".encode()
    made["ragged.csv"] = b"id,text\n1,a\n2,b,c\n3,d\n"
    made["lines.jsonl"] = b"\n".join([json.dumps({"text": text, "id": 1}).encode(), b"", b"{", b"[]", b'{"text": ""}',
                                      json.dumps({"text": "a\0b \U0001f9e0"}, ensure_ascii=False).encode(), b'{"text": 3}'])
    document = {"resourceType": "DocumentReference", "status": "current", "subject": {"reference": "Patient/7"}, "content": [
        {"attachment": {"contentType": "text/plain; charset=iso-8859-1", "data": base64.b64encode(letters.encode("latin-1")).decode()}}]}
    html = {"resourceType": "DocumentReference", "content": [{"attachment": {"contentType": "text/html", "data": "PHA+"}}]}
    made["document.json"] = json.dumps(document).encode()
    made["bundle.json"] = json.dumps({"resourceType": "Bundle", "entry": [{"resource": r} for r in (document, html)]}).encode()
    for name, data in made.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)


def work_of(path):
    """What the dump is asked, as (kind, more), or None."""
    extension = os.path.splitext(path)[1].lower()
    if extension == ".txt":
        return "txt", ""
    if extension == ".ann":
        beside = path[:-4] + ".txt"
        moved = os.path.join(os.path.dirname(os.path.dirname(path)), "txt", os.path.basename(beside))
        found = next((candidate for candidate in (beside, moved) if os.path.exists(candidate)), None)
        return ("brat", found) if found else None
    try:
        if extension == ".csv":
            column = text_column(csv_rows(path)[0])
            return ("csv", column) if column else None
        if extension == ".jsonl":
            return "jsonl", "text"
        if extension == ".json":
            data = open(path, "rb").read()
            return ("fhir", "") if b'"resourceType"' in data[:4096] else None
    except (UnicodeDecodeError, IndexError):
        return None
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dump", required=True)
    parser.add_argument("paths", nargs="*")
    arguments = parser.parse_args()
    judges = {"txt": lambda path, ours, more: judge_text(path, ours), "csv": judge_csv, "jsonl": judge_jsonl,
              "fhir": judge_fhir, "brat": judge_brat}
    with tempfile.TemporaryDirectory() as made:
        made_files(made)
        files = []
        for path in [*arguments.paths, made]:
            folders = os.walk(path) if os.path.isdir(path) else [(os.path.dirname(path), [], [os.path.basename(path)])]
            files += sorted(os.path.join(folder, name) for folder, _, names in folders for name in names)
        tasks = [(path, *work) for path in files if (work := work_of(path))]
        asked = "".join("\t".join(task) + "\n" for task in tasks)
        answers = subprocess.run([arguments.dump], input=asked, capture_output=True, text=True, check=True).stdout
        verdicts = collections.Counter()
        for (path, kind, more), answer in zip(tasks, answers.split("\n"), strict=False):
            verdict, detail = judges[kind](path, json.loads(answer), more)
            name = "made/" + os.path.basename(path) if path.startswith(made) else path
            print(json.dumps({"file": name, "verdict": verdict, "detail": detail}))
            verdicts[verdict] += 1
    for verdict, count in verdicts.most_common():
        print(f"{count:6} {verdict}", file=sys.stderr)
    return 1 if verdicts["differs"] else 0


if __name__ == "__main__":
    sys.exit(main())
