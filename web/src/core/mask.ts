// A mask in bricks: one layer of u16 labels on a volume's grid, cut into 32x32x32 bricks (x fastest) as it is stored.
// Empty bricks are absent. A stroke is undone by putting the touched bricks' former contents back.
//
// A brick's array never changes but for the stroke that made it and is still open: whoever writes takes a copy first. So the
// mask, its undo steps and what is sent share arrays, all bricks of one label throughout are one array, and what is worked out
// of a brick holds as long as its array is the same.

export const brickSide = 32;
export const brickVoxels = brickSide * brickSide * brickSide;

export type BrickIndex = number;
/** What a set of bricks held: undefined for an empty one. */
export type BrickContents = ReadonlyMap<BrickIndex, Uint16Array | undefined>;

export interface Mask {
  readonly dims: readonly [number, number, number];
  readonly bricks: Map<BrickIndex, Uint16Array>;
  /** Grows with every change; for caches. */
  revision: number;
}

export function makeMask(dims: readonly [number, number, number]): Mask {
  return { dims, bricks: new Map(), revision: 0 };
}

export function brickCounts(dims: readonly [number, number, number]): readonly [number, number, number] {
  return [Math.ceil(dims[0] / brickSide), Math.ceil(dims[1] / brickSide), Math.ceil(dims[2] / brickSide)];
}

function brickOf(mask: Mask, i: number, j: number, k: number): BrickIndex {
  const [bx, by] = brickCounts(mask.dims);
  return (i >> 5) + bx * ((j >> 5) + by * (k >> 5));
}

function placeIn(i: number, j: number, k: number): number {
  return (i & 31) | ((j & 31) << 5) | ((k & 31) << 10);
}

export function labelAt(mask: Mask, i: number, j: number, k: number): number {
  const [nx, ny, nz] = mask.dims;
  if (i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz) return 0;
  return mask.bricks.get(brickOf(mask, i, j, k))?.[placeIn(i, j, k)] ?? 0;
}

const uniforms = new Map<number, Uint16Array>();
const labelOfUniform = new WeakMap<Uint16Array, number>();

/** The one brick that holds this label throughout. */
export function uniformBrick(label: number): Uint16Array {
  let brick = uniforms.get(label);
  if (brick === undefined) {
    brick = new Uint16Array(brickVoxels).fill(label);
    uniforms.set(label, brick);
    labelOfUniform.set(brick, label);
  }
  return brick;
}

/** The label of such a brick, 0 of an absent one; undefined of any other. Cost: O(1). */
export function uniformLabel(brick: Uint16Array | undefined): number | undefined {
  return brick === undefined ? 0 : labelOfUniform.get(brick);
}

/** The shared brick where all labels are the same, else the one given. Cost: up to the first label that differs. */
export function sharedBrick(brick: Uint16Array): Uint16Array {
  const label = brick[0] as number;
  for (let place = 1; place < brickVoxels; place++) if (brick[place] !== label) return brick;
  return uniformBrick(label);
}

/** Collects one stroke: what the bricks held before its first touch. */
export interface Stroke {
  readonly before: Map<BrickIndex, Uint16Array | undefined>;
  /** Bricks changed since they were last taken for saving. */
  readonly unsaved: Set<BrickIndex>;
  /** Arrays that this stroke made, and may write into. */
  readonly own: Set<Uint16Array>;
}

const open = new WeakSet<Uint16Array>();
/** Whether no open stroke writes into it any more. */
export const isSettled = (brick: Uint16Array): boolean => !open.has(brick);

export function beginStroke(): Stroke {
  return { before: new Map(), unsaved: new Set(), own: new Set() };
}

/** The brick, for the stroke to write into. Cost: O(1), and one copy at its first touch in the stroke. */
export function brickToWrite(mask: Mask, stroke: Stroke, index: BrickIndex): Uint16Array {
  const held = mask.bricks.get(index);
  if (held !== undefined && stroke.own.has(held)) return held;
  if (!stroke.before.has(index)) stroke.before.set(index, held);
  const brick = held?.slice() ?? new Uint16Array(brickVoxels);
  mask.bricks.set(index, brick);
  stroke.own.add(brick);
  open.add(brick);
  return brick;
}

/** Puts a whole brick in the place of what was there, which stays as it is. */
export function putBrick(mask: Mask, stroke: Stroke, index: BrickIndex, brick: Uint16Array): void {
  if (!stroke.before.has(index)) stroke.before.set(index, mask.bricks.get(index));
  mask.bricks.set(index, brick);
}

/**
 * Sets one voxel. Labels in `locked` keep their voxels. Returns whether anything changed. Cost: O(1), and one copy of
 * a brick at its first touch in the stroke.
 */
export function paintVoxel(
  mask: Mask,
  stroke: Stroke,
  i: number,
  j: number,
  k: number,
  label: number,
  locked?: ReadonlySet<number>,
): boolean {
  const [nx, ny, nz] = mask.dims;
  if (i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz) return false;
  const index = brickOf(mask, i, j, k);
  const place = placeIn(i, j, k);
  const old = mask.bricks.get(index)?.[place] ?? 0;
  if (old === label || (locked?.has(old) ?? false)) return false;
  brickToWrite(mask, stroke, index)[place] = label;
  stroke.unsaved.add(index);
  mask.revision++;
  return true;
}

/** The labels of a stored brick (u16, little endian). */
export function labelsOfBrick(bytes: Uint8Array): Uint16Array {
  const labels = new Uint16Array(brickVoxels);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let n = 0; n < brickVoxels; n++) labels[n] = view.getUint16(n * 2, true);
  return labels;
}

function isEmpty(brick: Uint16Array): boolean {
  const label = uniformLabel(brick);
  return label === undefined ? brick.every((one) => one === 0) : label === 0;
}

/** Ends a stroke: bricks that became empty go away, and what the touched bricks now hold is returned. */
export function endStroke(mask: Mask, stroke: Stroke): { before: BrickContents; after: BrickContents } {
  const after = new Map<BrickIndex, Uint16Array | undefined>();
  for (const index of stroke.before.keys()) {
    const brick = mask.bricks.get(index);
    if (brick === undefined) {
      after.set(index, undefined);
      continue;
    }
    open.delete(brick);
    const shared = uniformLabel(brick) === undefined ? sharedBrick(brick) : brick;
    if (isEmpty(shared)) mask.bricks.delete(index);
    else if (shared !== brick) mask.bricks.set(index, shared);
    after.set(index, isEmpty(shared) ? undefined : shared);
  }
  return { before: stroke.before, after };
}

/** Puts bricks back as they were: undo and redo. */
export function restoreBricks(mask: Mask, contents: BrickContents): void {
  for (const [index, brick] of contents) {
    if (brick === undefined) mask.bricks.delete(index);
    else mask.bricks.set(index, brick);
  }
  mask.revision++;
}

/** The bricks as they are now, for saving: an open stroke may go on writing into them. */
export function contentsOf(mask: Mask, indices: Iterable<BrickIndex>): BrickContents {
  const contents = new Map<BrickIndex, Uint16Array | undefined>();
  for (const index of indices) {
    const brick = mask.bricks.get(index);
    contents.set(index, brick === undefined || isEmpty(brick) ? undefined : brick);
  }
  return contents;
}

/** Replaces every voxel of one label: deleting a finding clears its voxels. */
export function clearLabel(mask: Mask, label: number): { before: BrickContents; after: BrickContents } {
  const stroke = beginStroke();
  for (const [index, held] of mask.bricks) {
    if (uniformLabel(held) === label) putBrick(mask, stroke, index, uniformBrick(0));
    if (uniformLabel(held) !== undefined || !held.includes(label)) continue;
    const brick = brickToWrite(mask, stroke, index);
    for (let place = 0; place < brickVoxels; place++) if (brick[place] === label) brick[place] = 0;
  }
  mask.revision++;
  return endStroke(mask, stroke);
}

export interface LabelExtent {
  readonly voxels: number;
  /** Sum of voxel indices, for the centre. */
  readonly centre: readonly [number, number, number];
  /** Smallest and largest index along each axis. */
  readonly low: readonly [number, number, number];
  readonly high: readonly [number, number, number];
}

interface Sum {
  voxels: number;
  readonly sum: [number, number, number];
  readonly low: [number, number, number];
  readonly high: [number, number, number];
}

function sumOf(sums: Map<number, Sum>, label: number): Sum {
  let entry = sums.get(label);
  if (entry === undefined) {
    entry = { voxels: 0, sum: [0, 0, 0], low: [Infinity, Infinity, Infinity], high: [-1, -1, -1] };
    sums.set(label, entry);
  }
  return entry;
}

const sumsOfBrick = new WeakMap<Uint16Array, ReadonlyMap<number, Sum>>();

/** Of one brick, in its own places. */
function sumsIn(brick: Uint16Array): ReadonlyMap<number, Sum> {
  const known = sumsOfBrick.get(brick);
  if (known !== undefined) return known;
  const sums = new Map<number, Sum>();
  for (let start = 0, end = 0; start < brickVoxels; start = end) {
    // A run of one label in one row.
    const label = brick[start] as number;
    const rowEnd = (start | 31) + 1;
    for (end = start + 1; end < rowEnd && brick[end] === label; ) end++;
    if (label === 0) continue;
    const entry = sumOf(sums, label);
    const count = end - start;
    const [x0, x1, y, z] = [start & 31, (end - 1) & 31, (start >> 5) & 31, start >> 10];
    entry.voxels += count;
    entry.sum[0] += (count * (x0 + x1)) / 2;
    entry.sum[1] += count * y;
    entry.sum[2] += count * z;
    entry.low[0] = Math.min(entry.low[0], x0);
    entry.high[0] = Math.max(entry.high[0], x1);
    entry.low[1] = Math.min(entry.low[1], y);
    entry.high[1] = Math.max(entry.high[1], y);
    entry.low[2] = Math.min(entry.low[2], z);
    entry.high[2] = Math.max(entry.high[2], z);
  }
  if (isSettled(brick)) sumsOfBrick.set(brick, sums);
  return sums;
}

/** Voxel count, centre and bounds of every label. Cost: every voxel of the bricks that changed since they were last looked at. */
export function extentsOf(mask: Mask): Map<number, LabelExtent> {
  const [bx, by] = brickCounts(mask.dims);
  const sums = new Map<number, Sum>();
  for (const [index, brick] of mask.bricks) {
    const origin = [(index % bx) * 32, (Math.floor(index / bx) % by) * 32, Math.floor(index / (bx * by)) * 32] as const;
    for (const [label, part] of sumsIn(brick)) {
      const entry = sumOf(sums, label);
      entry.voxels += part.voxels;
      for (const axis of [0, 1, 2] as const) {
        entry.sum[axis] += part.sum[axis] + part.voxels * origin[axis];
        entry.low[axis] = Math.min(entry.low[axis], origin[axis] + part.low[axis]);
        entry.high[axis] = Math.max(entry.high[axis], origin[axis] + part.high[axis]);
      }
    }
  }
  const extents = new Map<number, LabelExtent>();
  for (const [label, { voxels, sum, low, high }] of sums) {
    extents.set(label, { voxels, low, high, centre: [sum[0] / voxels, sum[1] / voxels, sum[2] / voxels] });
  }
  return extents;
}
