// What a brush stroke must have painted, worked out again from the pointer's path: the test's own idea of it.
// Voxels whose centre lies within the radius of the path.

/**
 * Where slice places lie on the page: the slice is fitted into the canvas and centred. `canvas` is its box on the page
 * and its size in device pixels, which is a whole number where the box is not.
 */
export function placementOf(canvas, columns, rows, spacing) {
  const { box, width, height } = canvas;
  const perPage = width / box.width;
  const scale = Math.min(width / (columns * spacing), height / (rows * spacing)) * spacing;
  return {
    x0: box.x + (width / 2 - ((columns - 1) / 2) * scale) / perPage,
    y0: box.y + (height / 2 - ((rows - 1) / 2) * scale) / perPage,
    scale: scale / perPage,
  };
}

/** "column,row" of every painted pixel of a path given in page pixels: those within the radius of the path's lines. */
export function painted(path, placement, spacing, radiusMm) {
  const points = path.map(([x, y]) => [(x - placement.x0) / placement.scale, (y - placement.y0) / placement.scale]);
  const found = new Set();
  const reach = radiusMm / spacing;
  for (let n = 0; n < points.length; n += 1) {
    const [[u0, v0], [u1, v1]] = [points[Math.max(0, n - 1)], points[n]];
    const square = (u1 - u0) ** 2 + (v1 - v0) ** 2;
    for (let y = Math.ceil(Math.min(v0, v1) - reach); y <= Math.max(v0, v1) + reach; y += 1) {
      for (let x = Math.ceil(Math.min(u0, u1) - reach); x <= Math.max(u0, u1) + reach; x += 1) {
        const t = square === 0 ? 0 : Math.min(1, Math.max(0, ((x - u0) * (u1 - u0) + (y - v0) * (v1 - v0)) / square));
        if ((x - u0 - t * (u1 - u0)) ** 2 + (y - v0 - t * (v1 - v0)) ** 2 <= reach * reach) found.add(`${x},${y}`);
      }
    }
  }
  return found;
}

/** "column,row,slice,label" of every voxel in the bricks endpoint's answer. */
export function storedVoxels(bytes, dims) {
  const [bx, by] = [Math.ceil(dims[0] / 32), Math.ceil(dims[1] / 32)];
  const found = new Set();
  for (let at = 0; at + 12 <= bytes.length; ) {
    const index = bytes.readUInt32LE(at);
    const size = bytes.readUInt32LE(at + 8);
    const origin = [(index % bx) * 32, (Math.floor(index / bx) % by) * 32, Math.floor(index / (bx * by)) * 32];
    for (let n = 0; n * 2 < size; n += 1) {
      const label = bytes.readUInt16LE(at + 12 + n * 2);
      if (label !== 0) found.add(`${origin[0] + (n & 31)},${origin[1] + ((n >> 5) & 31)},${origin[2] + (n >> 10)},${label}`);
    }
    at += 12 + size;
  }
  return found;
}

export const difference = (a, b) => [...a].filter((one) => !b.has(one));
