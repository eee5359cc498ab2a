"""What the browser tests exported, for the judges that read it: the folder named on the command line holds the zips and
expected.json. The judges print "ok ..." or "FAIL ..." for each comparison; the tests read these lines.
"""
import json
import pathlib
import sys
import zipfile

FOLDER = pathlib.Path(sys.argv[1])
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
failures = []


def check(name, ok, detail=""):
    if not ok:
        failures.append(name)
    print(f"{'ok  ' if ok else 'FAIL'} {name}" + ("" if ok or not detail else f": {detail}"))


def unpacked(name, folder):
    target = pathlib.Path(folder) / name
    with zipfile.ZipFile(FOLDER / f"{name}.zip") as archive:
        archive.extractall(target)
    return target
