#!/usr/bin/env python3
"""Writes a WFDB annotation file: make_annotations.py FILE TIME:CODE ... with times in samples, ascending. Codes: 1 N, 5 V, 24 p,
27 t, 32 [, 33 ], 39 (, 40 )."""
import struct
import sys

out, last = b"", 0
for word in sys.argv[2:]:
    time, code = (int(part) for part in word.split(":"))
    step, last = time - last, time
    if step > 1023:
        out += struct.pack("<3H", 59 << 10, step >> 16, step & 0xFFFF)
        step = 0
    out += struct.pack("<H", code << 10 | step)
with open(sys.argv[1], "wb") as file:
    file.write(out + b"\0\0")
