#!/usr/bin/env python3
"""Makes src/format/dicom/dictionary_table.cpp from the attribute list of DICOM PS3.6.

usage: make_dicom_dictionary.py ATTRIBUTES.json > src/format/dicom/dictionary_table.cpp

ATTRIBUTES.json is a list of objects with tag "(0010,0020)", keyword, name, valueRepresentation,
valueMultiplicity and retired. File meta and directory attributes that such lists leave out are
added here (PS3.10 7.1, PS3.3 F.3).
"""

import json
import re
import sys

ADDED = [
    ("00020000", "UL", "1", "FileMetaInformationGroupLength", "File Meta Information Group Length"),
    ("00020001", "OB", "1", "FileMetaInformationVersion", "File Meta Information Version"),
    ("00020002", "UI", "1", "MediaStorageSOPClassUID", "Media Storage SOP Class UID"),
    ("00020003", "UI", "1", "MediaStorageSOPInstanceUID", "Media Storage SOP Instance UID"),
    ("00020010", "UI", "1", "TransferSyntaxUID", "Transfer Syntax UID"),
    ("00020012", "UI", "1", "ImplementationClassUID", "Implementation Class UID"),
    ("00020013", "SH", "1", "ImplementationVersionName", "Implementation Version Name"),
    ("00020016", "AE", "1", "SourceApplicationEntityTitle", "Source Application Entity Title"),
    ("00020017", "AE", "1", "SendingApplicationEntityTitle", "Sending Application Entity Title"),
    ("00020018", "AE", "1", "ReceivingApplicationEntityTitle", "Receiving Application Entity Title"),
    ("00020100", "UI", "1", "PrivateInformationCreatorUID", "Private Information Creator UID"),
    ("00020102", "OB", "1", "PrivateInformation", "Private Information"),
    ("00041130", "CS", "1", "FileSetID", "File-set ID"),
    ("00041141", "CS", "1-8", "FileSetDescriptorFileID", "File-set Descriptor File ID"),
    ("00041142", "CS", "1", "SpecificCharacterSetOfFileSetDescriptorFile",
     "Specific Character Set of File-set Descriptor File"),
    ("00041200", "UL", "1", "OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity",
     "Offset of the First Directory Record of the Root Directory Entity"),
    ("00041202", "UL", "1", "OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity",
     "Offset of the Last Directory Record of the Root Directory Entity"),
    ("00041212", "US", "1", "FileSetConsistencyFlag", "File-set Consistency Flag"),
    ("00041220", "SQ", "1", "DirectoryRecordSequence", "Directory Record Sequence"),
    ("00041400", "UL", "1", "OffsetOfTheNextDirectoryRecord", "Offset of the Next Directory Record"),
    ("00041410", "US", "1", "RecordInUseFlag", "Record In-use Flag"),
    ("00041420", "UL", "1", "OffsetOfReferencedLowerLevelDirectoryEntity",
     "Offset of Referenced Lower-Level Directory Entity"),
    ("00041430", "CS", "1", "DirectoryRecordType", "Directory Record Type"),
    ("00041432", "UI", "1", "PrivateRecordUID", "Private Record UID"),
    ("00041500", "CS", "1-8", "ReferencedFileID", "Referenced File ID"),
    ("00041510", "UI", "1", "ReferencedSOPClassUIDInFile", "Referenced SOP Class UID in File"),
    ("00041511", "UI", "1", "ReferencedSOPInstanceUIDInFile", "Referenced SOP Instance UID in File"),
    ("00041512", "UI", "1", "ReferencedTransferSyntaxUIDInFile",
     "Referenced Transfer Syntax UID in File"),
]

# What to read where the standard leaves a choice to other attributes.
CHOSEN = {"US or SS": "US", "OB or OW": "OW", "US or OW": "OW", "US or SS or OW": "OW"}


def rows_of(path):
    rows = {}
    with open(path, encoding="utf-8") as file:
        attributes = json.load(file)
    for attribute in attributes:
        digits = attribute["tag"].strip("()").replace(",", "").upper()
        # Repeating groups 50xx and 60xx are kept once, as 5000 and 6000; other retired patterns
        # stand for nothing that can be looked up.
        digits = re.sub(r"^(50|60)XX", r"\g<1>00", digits)
        vr = attribute["valueRepresentation"]
        if not re.fullmatch(r"[0-9A-F]{8}", digits) or digits.startswith("FFFE") or not vr:
            continue
        is_choice = vr in CHOSEN
        vr = CHOSEN.get(vr, vr)
        rows[digits] = (vr, attribute["valueMultiplicity"], attribute["keyword"] or "",
                        attribute["name"], attribute["retired"] == "Y", is_choice)
    for digits, vr, vm, keyword, name in ADDED:
        rows.setdefault(digits, (vr, vm, keyword, name, False, False))
    return sorted(rows.items())


def main():
    rows = rows_of(sys.argv[1])
    out = sys.stdout
    out.write("// Made by tools/make_dicom_dictionary.py from the attribute list of PS3.6; not edited.\n")
    out.write("// clang-format off\n")
    out.write('#include "format/dicom/dictionary_table.hpp"\n\n')
    out.write("namespace consilium::detail {\n\n")
    out.write("const DictionaryRow dictionary_rows[] = {\n")
    offset = 0
    texts = []
    for digits, (vr, vm, keyword, name, retired, is_choice) in rows:
        flags = (1 if retired else 0) | (2 if is_choice else 0)
        out.write(f"{{0x{digits},{offset},Vr::{vr.capitalize()},{flags}}},\n")
        text = [keyword, name, vm]
        texts.append("\\000".join(part.replace("\\", "\\\\").replace('"', '\\"') for part in text))
        offset += sum(len(part.encode()) + 1 for part in text)
    out.write("};\n")
    out.write(f"const std::size_t dictionary_row_count = {len(rows)};\n\n")
    out.write("// Keyword, name and multiplicity of each row, each ended by NUL (three octal digits, since a\n")
    out.write("// digit may follow).\n")
    out.write("const char dictionary_text[] =\n")
    for text in texts:
        out.write(f'"{text}\\000"\n')
    out.write(";\n\n}  // namespace consilium::detail\n")


main()
