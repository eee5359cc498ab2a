#!/usr/bin/env python3
"""Runs every test of the project and counts them; the last line printed is "N passed, N failed".

Each step is a command; what it printed tells how many tests it held: doctest's and vitest's own closing lines, or
"N passed, N failed" and "N skipped: reason" from our scripts. A step that ends badly without having counted a failure
counts as one. The full output of each step is kept under tests/out/.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
OUT = ROOT / "tests" / "out"
PYTHON = ROOT / ".tools" / "python" / "bin" / "python"
BINARY = ROOT / "build" / "release" / "src" / "consilium"

DOCTEST = re.compile(r"\[doctest\] test cases:\s+\d+ \|\s+(\d+) passed \|\s+(\d+) failed")
VITEST = re.compile(r"^\s*Tests\s+(?:(\d+) failed \| )?(?:(\d+) passed)?(?: \| \d+ skipped)?.*\(\d+\)", re.M)
PLAIN = re.compile(r"^(?:\w+: )?(\d+) passed, (\d+) failed\b", re.M)
SKIPPED = re.compile(r"^(\d+) skipped: (.+)$", re.M)
ANSI = re.compile(r"\x1b\[[0-9;]*m")
DATA_ABSENT = "skipped: shared data absent"


class Count:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.skipped = {}

    def add(self, output):
        text = ANSI.sub("", output)
        for passed, failed in DOCTEST.findall(text):
            self.passed += int(passed)
            self.failed += int(failed)
        for failed, passed in VITEST.findall(text):
            self.passed += int(passed or 0)
            self.failed += int(failed or 0)
        plain = PLAIN.findall(text)
        if plain:  # a script's last such line is its sum
            self.passed += int(plain[-1][0])
            self.failed += int(plain[-1][1])
        for number, reason in SKIPPED.findall(text):
            self.skipped[reason] = self.skipped.get(reason, 0) + int(number)
        absent = text.count(DATA_ABSENT)
        if absent:
            reason = "the shared data are absent (set CONSILIUM_DATA)"
            self.skipped[reason] = self.skipped.get(reason, 0) + absent


class Runner:
    def __init__(self):
        self.total = Count()
        self.lock = threading.Lock()
        self.started = time.monotonic()

    def step(self, name, command, cwd=ROOT, tests=True, env=None, timeout=1800):
        """Runs one step; returns whether it ended well."""
        begin = time.monotonic()
        log = OUT / (re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") + ".log")
        try:
            done = subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, check=False)
            output, code = done.stdout.decode("utf-8", "replace"), done.returncode
        except subprocess.TimeoutExpired as late:
            output, code = (late.stdout or b"").decode("utf-8", "replace") + f"\ntimed out after {timeout} s", 124
        log.write_text(output, encoding="utf-8")
        count = Count()
        if tests:
            count.add(output)
            if code != 0 and count.failed == 0:
                count.failed = 1
            if code == 0 and count.passed + count.failed == 0 and not count.skipped:
                count.failed = 1  # a step that tested nothing is no success
        elif code != 0:
            count.failed = 1
        with self.lock:
            self.total.passed += count.passed
            self.total.failed += count.failed
            for reason, number in count.skipped.items():
                self.total.skipped[reason] = self.total.skipped.get(reason, 0) + number
            seconds = time.monotonic() - begin
            result = "ok" if count.failed == 0 else f"FAILED ({count.failed})"
            print(f"[{time.monotonic() - self.started:6.0f} s] {name}: {result}, {count.passed} passed, {seconds:.0f} s", flush=True)
            if count.failed:
                print("\n".join("    " + line for line in output.splitlines()[-40:]), flush=True)
                print(f"    (all of it: {log.relative_to(ROOT)})", flush=True)
        return count.failed == 0

    def finish(self):
        for reason, number in sorted(self.total.skipped.items()):
            print(f"{number} skipped: {reason}")
        print(f"{self.total.passed} passed, {self.total.failed} failed", flush=True)
        return 1 if self.total.failed or self.total.passed == 0 else 0


def source_files(*suffixes):
    listed = subprocess.run(["git", "ls-files", "-z", "--", "src", "tests", "bench"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return [name for name in listed.stdout.decode().split("\0") if name.endswith(suffixes) and (ROOT / name).exists()]


def changed_sources():
    """C++ files that differ from the commit before (or from CONSILIUM_BASE): what clang-tidy looks at."""
    base = os.environ.get("CONSILIUM_BASE", "HEAD~1")
    listed = subprocess.run(["git", "diff", "--name-only", "-z", base, "--", "src"], cwd=ROOT, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, check=False)
    return [name for name in listed.stdout.decode().split("\0") if name.endswith(".cpp") and (ROOT / name).exists()]


def run_unit_tests(run, preset, label):
    return run.step(f"unit tests, {label}", ["ctest", "--preset", preset, "-j2", "-V", "-L", "unit"], timeout=1200)


def main():
    parser = argparse.ArgumentParser(description="Runs the tests of Consilium.")
    parser.add_argument("--quick", action="store_true", help="unit and scenario tests only, for daily work")
    parser.add_argument("--only", default="", help="only steps whose name holds this text (for work on one of them)")
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    run = Runner()

    def step(name, command, **how):
        return run.step(name, command, **how) if options.only in name else True

    # The browser part builds beside the C++ part: npm waits on one core, the compiler has the other.
    def web():
        step("browser: build", ["npm", "run", "--silent", "build"], cwd=ROOT / "web", tests=False)
        step("browser: unit tests", ["npm", "test", "--silent"], cwd=ROOT / "web")
        if not options.quick:
            step("browser: lint", ["npm", "run", "--silent", "lint"], cwd=ROOT / "web", tests=False)

    web_thread = threading.Thread(target=web)
    web_thread.start()

    step("layers", ["python3", "tests/layers/layers.py"])
    cmake_quiet = ["--log-level=WARNING"]
    step("configure", ["cmake", "--preset", "release", *cmake_quiet], tests=False)
    built = step("build, release", ["ninja", "-C", "build/release"], tests=False, timeout=2400)
    web_thread.join()
    if not built:
        return run.finish()
    if "unit" in options.only or not options.only:
        run_unit_tests(run, "release", "release")
    step("mistakes that must not compile", ["python3", "tests/must_not_compile/run.py"])
    step("scenarios", ["python3", "tests/scenarios/run.py", str(BINARY)])
    if options.quick:
        return run.finish()

    step("format", ["clang-format-19", "--dry-run", "--Werror", *source_files(".cpp", ".hpp")], tests=False)
    changed = changed_sources()
    if changed:
        # g++'s own warnings are unknown to clang; two at a time, the newest dozen of a large change.
        tidy = "printf '%s\\n' \"$@\" | xargs -P2 -n1 clang-tidy-19 -p build/release --quiet --extra-arg=-Wno-unknown-warning-option"
        step("clang-tidy on what changed", ["sh", "-c", tidy, "sh", *changed[:12]], tests=False)
    step("configure, sanitizers", ["cmake", "--preset", "dev", *cmake_quiet], tests=False)
    if step("build, sanitizers", ["ninja", "-C", "build/dev", "csl_unit_tests"], tests=False, timeout=2400):
        if "unit" in options.only or not options.only:
            run_unit_tests(run, "dev", "AddressSanitizer and UBSan")
    for name, command in SLOW_STEPS:
        step(name, [str(PYTHON) if part == "PYTHON" else part for part in command],
             env={"CONSILIUM_BINARY": str(BINARY)}, timeout=2700)
    return run.finish()


SLOW_STEPS = [
    ("protocol schema", ["PYTHON", "tests/judge/protocol_schema.py"]),
    ("formats against the judges", ["PYTHON", "tests/formats/formats.py"]),
    ("volumes against the judges", ["PYTHON", "tests/formats/volumes.py"]),
    ("photographs against the judges", ["PYTHON", "tests/formats/photos.py"]),
    ("clips and enhanced objects against the judges", ["PYTHON", "tests/formats/multiframe.py"]),
    ("exports against the judges", ["PYTHON", "tests/judge/exports.py"]),
    ("de-identification", ["PYTHON", "tests/deid/test_deid.py"]),
    ("de-identification: planted defects", ["PYTHON", "tests/deid/mutants.py"]),
    ("text formats against the judges", ["PYTHON", "tests/judge/texts.py"]),
    ("text formats: bad input", ["PYTHON", "tests/formats/bad_texts.py"]),
    ("tag score against independent readers", ["PYTHON", "tests/text/tag_scores.py"]),
    ("context on the NegEx kit", ["PYTHON", "tests/text/context_scores.py"]),
    ("beats against the cardiologists", ["PYTHON", "tests/signals/beats.py"]),
    ("waves against the experts' marks", ["PYTHON", "tests/signals/waves.py"]),
    ("rhythm and quality against the cardiologists", ["PYTHON", "tests/signals/rhythm.py"]),
    ("clusters of beats against the cardiologists", ["PYTHON", "tests/signals/clusters.py"]),
    ("classes of beats against the cardiologists", ["PYTHON", "tests/signals/classes.py"]),
    ("series learnt, against the published method", ["PYTHON", "tests/signals/series.py"]),
    ("wrong beat labels found", ["PYTHON", "tests/signals/doubts.py"]),
    ("heart rate variability against others", ["PYTHON", "tests/signals/variability.py"]),
    ("pulses, breaths and muscle bursts", ["PYTHON", "tests/signals/body_events.py"]),
    ("recordings turned into other forms", ["PYTHON", "tests/signals/convert_recordings.py"]),
    ("features of epochs against SciPy", ["PYTHON", "tests/signals/epoch_features.py"]),
    ("agreement and consensus against the oracles", ["PYTHON", "tests/panel/oracles.py"]),
    ("api", ["PYTHON", "tests/api/test_api.py"]),
    ("dicomweb: metadata against pydicom", ["PYTHON", "tests/dicomweb/metadata.py"]),
    ("dicomweb: dicomweb-client", ["PYTHON", "tests/dicomweb/test_dicomweb.py"]),
    ("dicomweb: labels as series", ["PYTHON", "tests/dicomweb/test_derived.py"]),
    ("dicomweb: OHIF", ["node", "tests/ohif/run.mjs"]),
    ("dicomweb: our labels in OHIF", ["node", "tests/ohif/labels.mjs"]),
    ("api: the tagger in the running server", ["PYTHON", "tests/api/test_tagger.py"]),
    ("api: TLS", ["PYTHON", "tests/api/test_tls.py"]),
    ("api: another terminology server", ["PYTHON", "tests/api/test_remote_terminology.py"]),
    ("dimse", ["PYTHON", "tests/dimse/test_dimse.py"]),
    ("api: schemathesis", ["PYTHON", "tests/api/schemathesis_run.py"]),
    ("crash: kill -9", ["PYTHON", "tests/crash/kill_loop.py"]),
    ("browser: end to end", ["node", "tests/e2e/run.mjs"]),
]


if __name__ == "__main__":
    sys.exit(main())
