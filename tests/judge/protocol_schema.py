#!/usr/bin/env python3
"""Judges the protocols and our reader of them by the published schema.

usage: protocol_schema.py [--dump csl_dump_note] [--root SOURCE_TREE]

Each of protocols/*.yaml must be valid under docs/protocol/protocol.schema.json (checked by python-jsonschema on what
PyYAML reads), be read by us, and have as content hash the SHA-256 of its canonical JSON as Python writes it. Each
deliberately broken one must be refused by both, or by us alone where a schema cannot say it. Prints one JSON line for
each: {"file", "verdict", "detail"}, and the count; exit 1 when anything differs.
"""

import argparse
import copy
import glob
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import jsonschema
import yaml

REMOVED = object()
# Path in the document, what is put there, and whether the schema alone can tell.
BROKEN = [
    (["schema"], 2, True), (["id"], "Not An Id", True), (["version"], "1.0", True), (["version"], 1.0, True),
    (["authors"], REMOVED, True), (["title"], "two\nlines", True), (["item_unit"], "slide", True),
    (["authors"], [], True), (["labels", 4, "value", "unit"], "m m", True), (["labels", 0, "concept", "system"], "S CT", True),
    (["modalities"], ["CT", "CT"], True), (["modalities"], [], True), (["modalities"], ["ct"], True), (["unknown_member"], 1, True),
    (["labels", 0, "id"], "unsure", True), (["labels", 0, "colour"], "orange", True), (["labels", 0, "colour"], "#E69F00", True),
    (["labels", 0, "shortcut"], "ab", True), (["labels", 0, "shortcut"], "A", True), (["labels", 0, "places"], [], True),
    (["labels", 0, "places"], ["circle"], True), (["labels", 0, "definition"], REMOVED, True),
    (["labels", 0, "tolerance"], {"iou_min": 0}, True), (["labels", 0, "tolerance"], {"iou_min": 1.5}, True),
    (["labels", 0, "excludes"], ["nope"], False), (["labels", 0, "attributes"], ["nope"], False),
    (["labels", 0, "id"], "granuloma", False), (["labels", 0, "export", "coco", "category_id"], 0, True),
    (["labels", 0, "export", "wfdb"], {"code": 50, "mnemonic": "N"}, True),
    (["labels", 0, "concept"], {"system": "SCT", "display": "Nodule"}, True),
    (["attributes", 0, "answer", "type"], "number", True), (["attributes", 0, "answer", "choices"], REMOVED, True),
    (["attributes", 0, "answer", "choices"], [], True), (["attributes", 0, "answer", "allow"], ["maybe"], True),
    (["attributes", 0, "answer", "choices", 0, "id"], "absent", True), (["attributes", 0, "answer", "min"], 1, True),
    (["questions", 0, "level"], "slice", True), (["questions", 0, "labels"], ["nodule"], True),
    (["questions", 7, "labels"], REMOVED, True), (["questions", 1, "required_if", "of"], "nope", False),
    (["questions", 1, "required_if", "is"], ["perfect"], False), (["questions", 1, "required_if", "is"], [], True),
    (["view", "windows", 0, "width"], 0, True), (["reader_plan", "readers"], 0, True),
    (["reader_plan", "adjudication", "threshold"], REMOVED, True), (["reader_plan", "adjudication", "when"], "always", True),
    (["assist_policy", "suggestions"], "sometimes", True), (["assist_policy", "sources", 0, "kind"], "human", True),
    (["quality_plan", "gold_share"], 2, True), (["quality_plan", "targets", 0, "metric"], "vibes", True),
    (["quality_plan", "targets", 0, "of"], "nope", False), (["changelog", 0, "date"], "15.1.2026", True),
    (["migration"], [{"from": "0.9.0", "labels": {"old": "nope"}}], False),
    (["migration"], [{"from": "2.0.0", "labels": {"old": "nodule"}}], False),
]


def changed(document, path, value):
    document = copy.deepcopy(document)
    at = document
    for step in path[:-1]:
        at = at[step]
    if value is REMOVED:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return document


def canonical(document):
    """RFC 8785 for what protocols hold: ASCII keys, and floats that both write alike."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = os.path.join(os.path.dirname(__file__), "..", "..")
    parser.add_argument("--dump", default=os.path.join(root, "build", "release", "src", "format", "note", "csl_dump_note"))
    parser.add_argument("--root", default=root)
    arguments = parser.parse_args()
    with open(os.path.join(arguments.root, "docs/protocol/protocol.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    passed = failed = 0

    def ours(path):
        answer = subprocess.run([arguments.dump], input=f"{path}\tprotocol\n", capture_output=True, text=True, check=True)
        return json.loads(answer.stdout)

    def say(name, good, detail):
        nonlocal passed, failed
        passed, failed = passed + good, failed + (not good)
        print(json.dumps({"file": name, "verdict": "equal" if good else "differs", "detail": detail}))

    for path in sorted(glob.glob(os.path.join(arguments.root, "protocols", "*.yaml"))):
        with open(path, encoding="utf-8") as file:
            document = yaml.safe_load(file)
        problems = [error.message for error in validator.iter_errors(document)]
        answer = ours(path)
        same = answer.get("document") == canonical(document)
        hashed = answer.get("content_hash") == hashlib.sha256(canonical(document).encode()).hexdigest()
        say(os.path.basename(path), not problems and same and hashed, problems[0] if problems else f"same document: {same}, same hash: {hashed}")

    with open(os.path.join(arguments.root, "protocols", "chest-ct-nodule.yaml"), encoding="utf-8") as file:
        document = yaml.safe_load(file)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "broken.json")
        for steps, value, schema_tells in BROKEN:
            broken = changed(document, steps, value)
            with open(path, "w", encoding="utf-8") as file:
                json.dump(broken, file)
            refused = "document" not in ours(path)
            told = not validator.is_valid(broken)
            what = "removed" if value is REMOVED else json.dumps(value)
            say("/" + "/".join(map(str, steps)) + " = " + what, refused and told == schema_tells,
                f"we refuse it: {refused}; the schema refuses it: {told}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
