#!/usr/bin/env python3
"""Writes seeds as NIfTI-1 of 16 bits: make_seeds.py FILE EDGE X,Y,Z:LABEL... in a cube of EDGE voxels of 1 mm."""
import struct
import sys

name, edge = sys.argv[1], int(sys.argv[2])
header = bytearray(348)
struct.pack_into("<i", header, 0, 348)
struct.pack_into("<8h", header, 40, 3, edge, edge, edge, 1, 1, 1, 1)
struct.pack_into("<2h", header, 70, 512, 16)
struct.pack_into("<8f", header, 76, *[1] * 8)
struct.pack_into("<3f", header, 108, 352, 1, 0)
struct.pack_into("<2h", header, 252, 0, 1)
struct.pack_into("<12f", header, 280, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)
header[344:348] = b"n+1\0"
voxels = [0] * edge ** 3
for seed in sys.argv[3:]:
    place, label = seed.split(":")
    x, y, z = map(int, place.split(","))
    voxels[x + edge * (y + edge * z)] = int(label)
with open(name, "wb") as file:
    file.write(bytes(header) + bytes(4) + struct.pack(f"<{len(voxels)}H", *voxels))
