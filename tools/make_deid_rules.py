#!/usr/bin/env python3
"""Makes a rule file of src/format/dicom_deid/rules from the tables of one edition of DICOM.

usage: make_deid_rules.py EDITION PROFILE.json ATTRIBUTES.json IODS > src/format/dicom_deid/rules/EDITION.rules

EDITION         as the standard names it: 2024e
PROFILE.json    PS3.15 Table E.1-1 as a list of objects: tag, basicProfile, and an action for each option
ATTRIBUTES.json PS3.6 as a list of objects: tag, keyword
IODS            folder with sop_class_iod_map.json, iod_module_map.json and module_attribute_map.json, which
                say the type of an attribute in each information object (highdicom keeps them in _standard)

The file has three parts. [actions] is the table, one row an attribute. [types] says the type of those
attributes whose action depends on it: the sequence around it ("-" for none), and the objects in which it is
of that type; "*" stands for all that no other row of the attribute names, "-" for those that lack it. [objects] names the SOP classes of each object.
"""

import json
import pathlib
import re
import sys

OPTIONS = {
    "retain-safe-private": "rtnSafePrivOpt",
    "retain-uids": "rtnUIDsOpt",
    "retain-device": "rtnDevIdOpt",
    "retain-institution": "rtnInstIdOpt",
    "retain-patient-characteristics": "rtnPatCharsOpt",
    "retain-full-dates": "rtnLongFullDatesOpt",
    "modified-dates": "rtnLongModifDatesOpt",
    "clean-descriptors": "cleanDescOpt",
    "clean-structured-content": "cleanStructContOpt",
    "clean-graphics": "cleanGraphOpt",
}
# Rows that stand for many attributes: as the table writes them, and as the rule file does.
PATTERNS = {
    "(50XX,XXXX)": ("50xxxxxx", "CurveData"),
    "(60XX,4000)": ("60xx4000", "OverlayComments"),
    "(60XX,3000)": ("60xx3000", "OverlayData"),
    "(GGGG,EEEE) WHERE GGGG IS ODD": ("private", "PrivateAttributes"),
    "(0000,1000)": ("00001000", "AffectedSOPInstanceUID"),
    "(0000,1001)": ("00001001", "RequestedSOPInstanceUID"),
}


def actions(profile: list[dict], keywords: dict[str, str]) -> list[list[str]]:
    rows = []
    for row in profile:
        tag, keyword = PATTERNS.get(row["tag"], (re.sub(r"[(),]", "", row["tag"]).lower(), None))
        keyword = keyword or keywords[row["tag"]]
        rows.append([tag, keyword, row["basicProfile"], *(row.get(key, "-") for key in OPTIONS.values())])
    return sorted(rows)


def types(table: list[list[str]], iods: pathlib.Path) -> tuple[list[list[str]], dict[str, list[str]]]:
    compound = {row[1] for row in table if "/" in row[2]}
    modules = json.loads((iods / "module_attribute_map.json").read_text())
    objects: dict[str, list[str]] = {}
    for uid, iod in json.loads((iods / "sop_class_iod_map.json").read_text()).items():
        objects.setdefault(iod, []).append(uid)
    found: dict[tuple[str, str], dict[str, str]] = {}
    for iod, parts in json.loads((iods / "iod_module_map.json").read_text()).items():
        if iod not in objects:
            continue
        for part in parts:
            for attribute in modules.get(part["key"], []):
                if attribute["keyword"] in compound:
                    place = ((attribute["path"] or ["-"])[-1], attribute["keyword"])
                    strictest = min(attribute["type"][0], found.setdefault(place, {}).get(iod, "3"))
                    found[place][iod] = strictest
    rows = []
    for (parent, keyword), by_iod in sorted(found.items(), key=lambda item: (item[0][1], item[0][0])):
        # The shorter way to say it: where the attribute is of which type, or where it is not.
        lacking = sorted(set(objects) - set(by_iod))
        usual = max(sorted(set(by_iod.values())), key=list(by_iod.values()).count)
        is_usual = len(lacking) < list(by_iod.values()).count(usual)
        for kind in sorted(set(by_iod.values())):
            named = "*" if is_usual and kind == usual else " ".join(sorted(i for i, t in by_iod.items() if t == kind))
            rows.append([keyword, parent, kind, named])
        if is_usual and lacking:
            rows.append([keyword, parent, "-", " ".join(lacking)])
    return rows, objects


def main() -> int:
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    edition, profile, attributes, iods = sys.argv[1:]
    keywords = {a["tag"]: a["keyword"] for a in json.loads(pathlib.Path(attributes).read_text())}
    table = actions(json.loads(pathlib.Path(profile).read_text()), keywords)
    type_rows, objects = types(table, pathlib.Path(iods))
    print(f"# De-identification actions of DICOM PS3.15 Table E.1-1, edition {edition}: {len(table)} rows.")
    print("# Made by tools/make_deid_rules.py; not edited.")
    print(f"edition\t{edition}")
    print("[actions]")
    print("\t".join(["tag", "keyword", "basic", *OPTIONS]))
    for row in table:
        print("\t".join(row))
    print("[types]")
    for row in type_rows:
        print("\t".join(row))
    print("[objects]")
    for iod, uids in sorted(objects.items()):
        print("\t".join([iod, " ".join(sorted(uids))]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
