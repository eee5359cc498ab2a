"""Writes a small EDF recording for the scenarios: make_edf.py FILE. One channel, 10 s of a sine at 100 Hz."""
import math
import pathlib
import struct
import sys

RATE, SECONDS = 100, 10


def field(text, width):
    return str(text).ljust(width).encode("ascii")


header = b"".join((
    field("0", 8), field("X X X X", 80), field("Startdate X X X X", 80), field("01.01.85", 8), field("00.00.00", 8),
    field(512, 8), field("", 44), field(SECONDS, 8), field(1, 8), field(1, 4),
    field("EEG Fpz-Cz", 16), field("", 80), field("uV", 8), field(-200, 8), field(200, 8), field(-2048, 8), field(2047, 8),
    field("", 80), field(RATE, 8), field("", 32)))
samples = [round(1000 * math.sin(i / 7)) for i in range(RATE * SECONDS)]
pathlib.Path(sys.argv[1]).write_bytes(header + struct.pack(f"<{len(samples)}h", *samples))
