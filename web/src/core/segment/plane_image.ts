// The samples under a cut's pixels as one flat image, for tools that look for edges and regions on the plane shown.
import type { Cut } from "../cut";
import type { Volume } from "../volume";

export interface PlaneImage {
  readonly width: number;
  readonly height: number;
  /** Stored samples of the nearest voxel, row by row; NaN outside the volume and where nothing has arrived. */
  readonly values: Float32Array;
  /** Millimetres of one pixel. */
  readonly spacing: { readonly u: number; readonly v: number };
}

/** Cost: one look-up for each pixel. */
export function planeImage(volume: Volume, cut: Cut): PlaneImage {
  const { width, height } = cut.size;
  const [nx, ny, nz] = volume.dims;
  const values = new Float32Array(width * height).fill(NaN);
  if (volume.samplesPerPixel !== 1) return { width, height, values, spacing: cut.spacing };
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      const i = Math.round(cut.origin[0] + u * cut.right[0] + v * cut.down[0]);
      const j = Math.round(cut.origin[1] + u * cut.right[1] + v * cut.down[1]);
      const k = Math.round(cut.origin[2] + u * cut.right[2] + v * cut.down[2]);
      if (i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz || volume.loaded[k] === 0) continue;
      values[v * width + u] = volume.data[(k * ny + j) * nx + i] as number;
    }
  }
  return { width, height, values, spacing: cut.spacing };
}
