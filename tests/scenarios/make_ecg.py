"""Writes a made ECG for the scenarios: make_ecg.py NAME. A WFDB record of one lead, 60 s at 250 Hz, a beat each 0.8 s."""
import math
import pathlib
import struct
import sys

RATE, SECONDS, GAIN = 250, 60, 200
name = pathlib.Path(sys.argv[1])
samples = []
for i in range(RATE * SECONDS):
    t = (i / RATE) % 0.8 - 0.4
    waves = ((-0.17, 0.025, 0.15), (-0.025, 0.008, -0.12), (0, 0.011, 1.1), (0.03, 0.01, -0.25), (0.28, 0.05, 0.3))
    samples.append(round(GAIN * sum(h * math.exp(-((t - at) / width) ** 2 / 2) for at, width, h in waves)))
pathlib.Path(f"{name}.dat").write_bytes(struct.pack(f"<{len(samples)}h", *samples))
pathlib.Path(f"{name}.hea").write_text(f"{name.name} 1 {RATE} {len(samples)}\n{name.name}.dat 16 {GAIN}/mV 16 0 {samples[0]} 0 0 II\n")
