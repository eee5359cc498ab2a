// A mask in bricks: one layer of u16 labels on a volume's grid, cut into 32x32x32 bricks (x fastest) as it is stored.
// Empty bricks are absent. A stroke is undone by putting the touched bricks' former contents back.

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

/** Collects one stroke: what the bricks held before its first touch. */
export interface Stroke {
  readonly before: Map<BrickIndex, Uint16Array | undefined>;
  /** Bricks changed since they were last taken for saving. */
  readonly unsaved: Set<BrickIndex>;
}

export function beginStroke(): Stroke {
  return { before: new Map(), unsaved: new Set() };
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
  let brick = mask.bricks.get(index);
  const place = placeIn(i, j, k);
  const old = brick?.[place] ?? 0;
  if (old === label || (locked?.has(old) ?? false)) return false;
  if (!stroke.before.has(index)) stroke.before.set(index, brick?.slice());
  if (brick === undefined) {
    brick = new Uint16Array(brickVoxels);
    mask.bricks.set(index, brick);
  }
  brick[place] = label;
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
  return brick.every((label) => label === 0);
}

/** Ends a stroke: bricks that became empty go away, and what the touched bricks now hold is returned. */
export function endStroke(mask: Mask, stroke: Stroke): { before: BrickContents; after: BrickContents } {
  const after = new Map<BrickIndex, Uint16Array | undefined>();
  for (const index of stroke.before.keys()) {
    const brick = mask.bricks.get(index);
    if (brick !== undefined && isEmpty(brick)) {
      mask.bricks.delete(index);
      after.set(index, undefined);
    } else {
      after.set(index, brick?.slice());
    }
  }
  return { before: stroke.before, after };
}

/** Puts bricks back as they were: undo and redo. */
export function restoreBricks(mask: Mask, contents: BrickContents): void {
  for (const [index, brick] of contents) {
    if (brick === undefined) mask.bricks.delete(index);
    else mask.bricks.set(index, brick.slice());
  }
  mask.revision++;
}

/** Copies of the bricks as they are now, for saving. */
export function contentsOf(mask: Mask, indices: Iterable<BrickIndex>): BrickContents {
  const contents = new Map<BrickIndex, Uint16Array | undefined>();
  for (const index of indices) {
    const brick = mask.bricks.get(index);
    contents.set(index, brick === undefined || isEmpty(brick) ? undefined : brick.slice());
  }
  return contents;
}

/** Replaces every voxel of one label: deleting a finding clears its voxels. */
export function clearLabel(mask: Mask, label: number): { before: BrickContents; after: BrickContents } {
  const stroke = beginStroke();
  for (const [index, brick] of mask.bricks) {
    if (!brick.includes(label)) continue;
    stroke.before.set(index, brick.slice());
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

/** Voxel count, centre and bounds of every label. Cost: every voxel of every brick once. */
export function extentsOf(mask: Mask): Map<number, LabelExtent> {
  const [bx, by] = brickCounts(mask.dims);
  interface Sum {
    voxels: number;
    sum: [number, number, number];
    low: [number, number, number];
    high: [number, number, number];
  }
  const sums = new Map<number, Sum>();
  for (const [index, brick] of mask.bricks) {
    const origin = [(index % bx) * 32, (Math.floor(index / bx) % by) * 32, Math.floor(index / (bx * by)) * 32] as const;
    for (let place = 0; place < brickVoxels; place++) {
      const label = brick[place] as number;
      if (label === 0) continue;
      let entry = sums.get(label);
      if (entry === undefined) {
        entry = { voxels: 0, sum: [0, 0, 0], low: [Infinity, Infinity, Infinity], high: [-1, -1, -1] };
        sums.set(label, entry);
      }
      const voxel = [origin[0] + (place & 31), origin[1] + ((place >> 5) & 31), origin[2] + (place >> 10)] as const;
      entry.voxels++;
      for (const axis of [0, 1, 2] as const) {
        entry.sum[axis] += voxel[axis];
        if (voxel[axis] < entry.low[axis]) entry.low[axis] = voxel[axis];
        if (voxel[axis] > entry.high[axis]) entry.high[axis] = voxel[axis];
      }
    }
  }
  const extents = new Map<number, LabelExtent>();
  for (const [label, { voxels, sum, low, high }] of sums) {
    extents.set(label, { voxels, low, high, centre: [sum[0] / voxels, sum[1] / voxels, sum[2] / voxels] });
  }
  return extents;
}
