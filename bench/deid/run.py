#!/usr/bin/env python3
"""Every attribute of PS3.15 Table E.1-1 at depths 0, 1 and 3, through consilium and the other de-identifiers.

usage: run.py   (CONSILIUM_BINARY; a Python with requirements.txt)
Prints, for each program: original values gone, actions done to the letter, canaries left in the bytes of the result.
The object is a Secondary Capture; compound actions count by its types, elsewhere by what every type allows.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import pydicom

warnings.filterwarnings("ignore")
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/deid"), str(pathlib.Path(__file__).parent)]
import made
import rivals

BINARY = os.environ.get("CONSILIUM_BINARY", str(ROOT / "build/release/src/consilium"))
RULES = ROOT / "src/format/dicom_deid/rules/2024e.rules"


def ours(source, out):
    for file in sorted(source.iterdir()):
        subprocess.run([BINARY, "deid", str(file), str(out / file.name)], check=True, capture_output=True)
    return ""


def main():
    dataset, places = made.every_attribute(RULES)
    types = made.Types()
    print(f"{len({p[1]['tag'] for p in places})} rows, {len(places)} attributes in one object")
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "in"
        source.mkdir()
        dataset.save_as(source / "all.dcm")
        for name, program in {"consilium": ours, **rivals.RIVALS}.items():
            out = pathlib.Path(folder) / name.replace(" ", "_")
            out.mkdir()
            problem = program(source, out)
            result = out / "all.dcm"
            if problem or not result.exists():
                print(f"{name:18} {problem or 'wrote no result'}")
                continue
            gone, exact, _, left = made.score(pydicom.dcmread(result, force=True), result.read_bytes(), places,
                                              types.required)
            print(f"{name:18} gone {100 * gone / len(places):5.1f} %  to the letter {100 * exact / len(places):5.1f} %"
                  f"  canaries left {len(left)}")


if __name__ == "__main__":
    main()
