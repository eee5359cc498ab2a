#!/usr/bin/env python3
"""Runs the scenarios beside this file against the real binary. A scenario is a manual page's example:

    # What it shows.
    $ consilium inspect note.txt
    expected output, line by line
    exit 1                            (where it is not 0)

Every file runs in an empty folder of its own, after the lines that begin with "% " (shell, to make its inputs).
In expected lines `...` stands for any text. Standard output and error are compared together, in order.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def matches(expected, actual):
    pattern = ".*".join(re.escape(part) for part in expected.split("..."))
    return re.fullmatch(pattern, actual) is not None


def blocks_of(text):
    """(set-up lines), then (command, expected lines, exit code) for each command."""
    setup, blocks = [], []
    for line in text.splitlines():
        if line.startswith("% "):
            setup.append(line[2:])
        elif line.startswith("$ "):
            blocks.append([line[2:], [], 0])
        elif line.startswith("#") or not blocks:
            continue
        elif re.fullmatch(r"exit \d+", line):
            blocks[-1][2] = int(line.split()[1])
        elif line.strip() or (blocks[-1][1] and blocks[-1][1][-1].strip()):
            blocks[-1][1].append(line)
    for block in blocks:
        while block[1] and not block[1][-1].strip():
            block[1].pop()
    return setup, blocks


def run_file(path, binary):
    setup, blocks = blocks_of(path.read_text(encoding="utf-8"))
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        bin_folder = pathlib.Path(folder) / "bin"
        work = pathlib.Path(folder) / "work"
        bin_folder.mkdir()
        work.mkdir()
        (bin_folder / "consilium").symlink_to(binary)
        env = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8",
               "PROJECT": str(HERE.parents[1])}
        for line in setup:
            subprocess.run(["bash", "-euc", line], cwd=work, env=env, check=True)
        for command, expected, code in blocks:
            done = subprocess.run(["bash", "-c", command], cwd=work, env=env, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
            actual = done.stdout.decode("utf-8", "replace").rstrip("\n").split("\n") if done.stdout.strip() else []
            same = len(actual) == len(expected) and all(matches(e, a) for e, a in zip(expected, actual))
            if not same or done.returncode != code:
                problems.append(f"{path.name}: $ {command}\n  expected (exit {code}):\n    " + "\n    ".join(expected) +
                                f"\n  got (exit {done.returncode}):\n    " + "\n    ".join(actual))
                break
    return problems


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    files = sorted(HERE.glob("*.txt"))
    failed = 0
    for path in files:
        problems = run_file(path, binary)
        failed += 1 if problems else 0
        for problem in problems:
            print(problem)
    print(f"{len(files) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
