// Bricks as undo keeps them: runs of equal labels. A brick that a surface passes through takes some kilobytes instead of 64,
// so that the bricks of a step, before and after, stay far below a hundredth of the volume.
import type { BrickContents, BrickIndex } from "../mask";
import { brickVoxels, uniformBrick, uniformLabel } from "../mask";

/** Pairs of label and length of run less one; `raw` when runs would be longer than the brick. */
export type PackedBrick = { readonly runs: Uint16Array } | { readonly raw: Uint16Array } | undefined;
export type PackedContents = ReadonlyMap<BrickIndex, PackedBrick>;

export function packBrick(brick: Uint16Array | undefined): PackedBrick {
  if (brick === undefined) return undefined;
  const label = uniformLabel(brick);
  if (label !== undefined) return { runs: Uint16Array.of(label, brickVoxels - 1) };
  let count = 1;
  for (let n = 1; n < brickVoxels; n++) if (brick[n] !== brick[n - 1]) count++;
  if (2 * count >= brickVoxels) return { raw: brick };
  const runs = new Uint16Array(2 * count);
  let at = 0;
  for (let start = 0; start < brickVoxels; ) {
    let end = start + 1;
    while (end < brickVoxels && brick[end] === brick[start]) end++;
    runs[at++] = brick[start] as number;
    runs[at++] = end - start - 1;
    start = end;
  }
  return { runs };
}

export function unpackBrick(packed: PackedBrick): Uint16Array | undefined {
  if (packed === undefined) return undefined;
  if ("raw" in packed) return packed.raw;
  if (packed.runs.length === 2) return uniformBrick(packed.runs[0] as number);
  const brick = new Uint16Array(brickVoxels);
  let place = 0;
  for (let n = 0; n < packed.runs.length; n += 2) {
    const length = (packed.runs[n + 1] as number) + 1;
    brick.fill(packed.runs[n] as number, place, place + length);
    place += length;
  }
  return brick;
}

export function packContents(contents: BrickContents): PackedContents {
  return new Map([...contents].map(([index, brick]) => [index, packBrick(brick)]));
}

export function unpackContents(contents: PackedContents): BrickContents {
  return new Map([...contents].map(([index, packed]) => [index, unpackBrick(packed)]));
}

export function packedBytes(contents: PackedContents): number {
  let bytes = 0;
  for (const packed of contents.values()) bytes += 16 + (packed === undefined ? 0 : "raw" in packed ? packed.raw.byteLength : packed.runs.byteLength);
  return bytes;
}
