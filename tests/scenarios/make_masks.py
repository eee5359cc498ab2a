#!/usr/bin/env python3
"""Writes small masks as NIfTI-1: make_masks.py FILE WIDTH [LABEL [SPACING_MM [EDGE]]] makes a box of WIDTH voxels along x, 6 along y
and z, labelled LABEL (1), in a volume of EDGE (12) voxels of SPACING_MM (1) along each axis."""
import struct
import sys

name, width = sys.argv[1], int(sys.argv[2])
label = int(sys.argv[3]) if len(sys.argv) > 3 else 1
spacing = float(sys.argv[4]) if len(sys.argv) > 4 else 1.0
edge = int(sys.argv[5]) if len(sys.argv) > 5 else 12
header = bytearray(348)
struct.pack_into("<i", header, 0, 348)
struct.pack_into("<8h", header, 40, 3, edge, edge, edge, 1, 1, 1, 1)
struct.pack_into("<2h", header, 70, 2, 8)
struct.pack_into("<8f", header, 76, 1, spacing, spacing, spacing, 1, 1, 1, 1)
struct.pack_into("<3f", header, 108, 352, 1, 0)
header[123] = 2
struct.pack_into("<2h", header, 252, 0, 1)
struct.pack_into("<12f", header, 280, spacing, 0, 0, 0, 0, spacing, 0, 0, 0, 0, spacing, 0)
header[344:348] = b"n+1\0"
voxels = bytes(label if 2 <= x < 2 + width and 2 <= y < 8 and 2 <= z < 8 else 0
               for z in range(edge) for y in range(edge) for x in range(edge))
with open(name, "wb") as file:
    file.write(bytes(header) + bytes(4) + voxels)
