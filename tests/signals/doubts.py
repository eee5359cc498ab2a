#!/usr/bin/env python3
"""Wrong labels planted among the cardiologists': a twentieth of the beats of each MIT-BIH record gets the label of
another kind that the record has, and `doubts` lists as many as were planted. Printed is how many of the listed are
planted ones."""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import numpy
import wfdb

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "api"))
from tally import Tally  # noqa: E402

SHARED = pathlib.Path(os.environ.get("CONSILIUM_DATA", ROOT.parent / "shared" / "data"))
BINARY = pathlib.Path(os.environ.get("CONSILIUM_BINARY", ROOT / "build" / "release" / "src" / "consilium"))
RECORDS = SHARED / "signals" / "mitdb"
BEATS = set("NLRBAaJSVrFejnE/fQ?")
SHARE = 0.05
PRECISION_MIN = 0.6


def main():
    if not RECORDS.is_dir():
        print("skipped: shared data absent")
        print("1 skipped: the MIT-BIH records are absent")
        return 0
    tally = Tally()
    planted_in_all = found_in_all = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for header in sorted(RECORDS.glob("*.hea")):
            record = header.stem
            for ending in ("hea", "dat"):
                shutil.copy(RECORDS / f"{record}.{ending}", folder)
            read = wfdb.rdann(str(RECORDS / record), "atr")
            beats = [i for i, s in enumerate(read.symbol) if s in BEATS]
            kinds = sorted({read.symbol[i] for i in beats})
            if len(kinds) < 2:
                kinds.append("V")
            generator = random.Random(int(record))
            symbols = list(read.symbol)
            planted = generator.sample(beats, round(SHARE * len(beats)))
            for i in planted:
                symbols[i] = generator.choice([k for k in kinds if k != symbols[i]])
            wfdb.wrann(record, "flp", numpy.array(read.sample[beats]), symbol=[symbols[i] for i in beats], write_dir=str(folder))
            done = subprocess.run([BINARY, "doubts", folder / f"{record}.hea", "--beats", "flp", "--limit", str(len(planted)), "--json"],
                                  capture_output=True, text=True, check=False)
            if done.returncode != 0:
                sys.exit(f"FAILED: {done.stderr}\n0 passed, 1 failed")
            listed = json.loads(done.stdout)["items"]
            places = {int(read.sample[i]) for i in planted}
            found = sum(one["sample"] in places for one in listed)
            planted_in_all += len(planted)
            found_in_all += found
            print(f"{record}: {len(planted)} planted, {found} of {len(listed)} listed are among them")
    precision = found_in_all / planted_in_all
    print(f"{planted_in_all} wrong labels planted in {len(list(RECORDS.glob('*.hea')))} records: {100 * precision:.1f} % of as many listed are among them")
    tally.check(f"precision at the planted: {precision:.3f}", precision >= PRECISION_MIN)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
