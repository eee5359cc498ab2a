#!/usr/bin/env python3
"""Each snippet here is a mistake that the types must refuse: it compiles with -DCORRECT and fails without."""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1] / "src"


def compiles(path, *flags):
    command = ["g++", "-std=c++23", "-fsyntax-only", f"-I{SOURCE}", *flags, str(path)]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def main():
    passed = failed = 0
    for path in sorted(HERE.glob("*.cpp")):
        if compiles(path, "-DCORRECT") and not compiles(path):
            passed += 1
        else:
            failed += 1
            print(f"{path.name}: must compile with CORRECT and must not without")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
