// Colour tables for grey values 0 to 255, as opaque packed pixels. `viridis` is the one that keeps order for every eye;
// `hot` and `pet` are those of nuclear medicine (PS3.6 annex B: Hot Iron and PET run through the same colours).

export type LutName = "grey" | "hot" | "pet" | "viridis";
export const lutNames: readonly LutName[] = ["grey", "hot", "pet", "viridis"];

type Stop = readonly [at: number, red: number, green: number, blue: number];

const stops: Readonly<Record<LutName, readonly Stop[]>> = {
  grey: [[0, 0, 0, 0], [255, 255, 255, 255]],
  hot: [[0, 0, 0, 0], [128, 255, 0, 0], [192, 255, 128, 0], [255, 255, 255, 255]],
  pet: [[0, 0, 0, 0], [64, 0, 0, 128], [96, 96, 32, 192], [128, 192, 32, 128], [160, 255, 64, 32], [192, 255, 160, 0], [224, 255, 240, 96], [255, 255, 255, 255]],
  viridis: [[0, 68, 1, 84], [32, 71, 45, 123], [64, 59, 82, 139], [96, 44, 114, 142], [128, 33, 145, 140], [160, 40, 174, 128], [192, 94, 201, 98], [224, 173, 220, 48], [255, 253, 231, 37]],
};

const made = new Map<LutName, Uint32Array>();

export function lutOf(name: LutName): Uint32Array {
  const known = made.get(name);
  if (known !== undefined) return known;
  const table = new Uint32Array(256);
  const list = stops[name];
  for (let value = 0; value < 256; value++) {
    const above = Math.max(1, list.findIndex(([at]) => at >= value));
    const [from, to] = [list[above - 1] ?? [0, 0, 0, 0], list[above] ?? [255, 255, 255, 255]];
    const part = (value - from[0]) / (to[0] - from[0]);
    const colour = ([1, 2, 3] as const).map((c) => Math.round(from[c] + (to[c] - from[c]) * part));
    table[value] = (0xff000000 | ((colour[2] ?? 0) << 16) | ((colour[1] ?? 0) << 8) | (colour[0] ?? 0)) >>> 0;
  }
  made.set(name, table);
  return table;
}

const overlays = new Map<LutName, Uint32Array>();

/** A table for a picture that lies over another: its lowest eighth of values fades out, so that what takes up nothing hides nothing. */
export function overlayLutOf(name: LutName): Uint32Array {
  const known = overlays.get(name);
  if (known !== undefined) return known;
  const table = lutOf(name).map((pixel, value) => ((pixel & 0x00ffffff) | (Math.min(255, value * 8) << 24)) >>> 0);
  overlays.set(name, table);
  return table;
}
