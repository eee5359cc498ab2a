#!/usr/bin/env python3
"""Reads every #include of ours and fails on one that points back.

base <- domain <- {format, analysis, storage} <- service <- transport; codec stands on format, dimse on
codec; service may use codec. Headers of JSON, SQL, DICOM and HTTP libraries stay in .cpp files.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2] / "src"
MAY_INCLUDE = {
    "base": {"base"},
    "domain": {"base", "domain"},
    "format": {"base", "domain", "format"},
    "analysis": {"base", "domain", "analysis"},
    "storage": {"base", "domain", "storage"},
    "codec": {"base", "domain", "format", "codec"},
    "dimse": {"base", "domain", "format", "codec", "dimse"},
    "service": {"base", "domain", "format", "analysis", "storage", "codec", "service"},
    "transport": {"base", "domain", "format", "analysis", "storage", "codec", "dimse", "service", "transport"},
}
# Judges share no code with what they judge.
ALONE = {"analysis/leak_check": {"base", "analysis/leak_check"}}
HEAVY = re.compile(r'#include\s*[<"](boost/(?!json/fwd)|sqlite3|dcmtk|openssl|yaml-cpp|CLI/|unicode/|fmt/)')
INCLUDE = re.compile(r'^\s*#include\s*"([^"]+)"')
IMAGE_DECODERS = re.compile(r"#include\s*[<\"](openjpeg|openjph|charls|jpeglib|turbojpeg|dcmtk/dcmj)")


def problems_of(path: pathlib.Path) -> list[str]:
    layer = path.relative_to(ROOT).parts[0]
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        where = f"{path.relative_to(ROOT.parent)}:{number}"
        match = INCLUDE.match(line)
        if match and layer in MAY_INCLUDE:
            target = match.group(1).split("/")[0]
            if target in MAY_INCLUDE and target not in MAY_INCLUDE[layer]:
                found.append(f"{where}: {layer} may not include {match.group(1)}")
        alone = ALONE.get("/".join(path.relative_to(ROOT).parts[:2]))
        if match and alone and not any(match.group(1).startswith(f"{one}/") for one in alone) and "_test" not in path.name:
            found.append(f"{where}: this module may include {' and '.join(sorted(alone))} alone, not {match.group(1)}")
        if path.suffix == ".hpp" and HEAVY.match(line.strip()):
            found.append(f"{where}: this library's header belongs in a .cpp file: {line.strip()}")
        if layer != "codec" and IMAGE_DECODERS.match(line.strip()):
            found.append(f"{where}: only src/codec links image decoders: {line.strip()}")
    return found


def main() -> int:
    files = sorted(p for p in ROOT.rglob("*") if p.suffix in (".hpp", ".cpp"))
    problems = [problem for path in files for problem in problems_of(path)]
    for problem in problems:
        print(problem)
    print(f"{len(files) - len({p.split(':')[0] for p in problems})} passed, {len({p.split(':')[0] for p in problems})} failed")
    return 1 if problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
