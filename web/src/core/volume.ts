// The voxels of a series as they arrive: one typed array, filled slice by slice, never copied.
import type { VolumeInfo } from "./domain";
import type { Plane } from "./geometry";

export type SampleType = VolumeInfo["layout"]["sample_type"];
export type Samples =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array;

const bytesOf: Record<SampleType, number> = {
  uint8: 1, int8: 1, uint16: 2, int16: 2, uint32: 4, int32: 4, float32: 4,
};

export function sampleBytes(type: SampleType): number {
  return bytesOf[type];
}

function viewOf(type: SampleType, buffer: ArrayBuffer): Samples {
  switch (type) {
    case "uint8": return new Uint8Array(buffer);
    case "int8": return new Int8Array(buffer);
    case "uint16": return new Uint16Array(buffer);
    case "int16": return new Int16Array(buffer);
    case "uint32": return new Uint32Array(buffer);
    case "int32": return new Int32Array(buffer);
    case "float32": return new Float32Array(buffer);
  }
}

export interface Volume {
  readonly dims: readonly [number, number, number];
  readonly sampleType: SampleType;
  readonly samplesPerPixel: number;
  readonly data: Samples;
  readonly bytes: Uint8Array;
  readonly sliceBytes: number;
  /** 1 where the slice has arrived. */
  readonly loaded: Uint8Array;
  loadedCount: number;
}

export function makeVolume(dims: readonly [number, number, number], type: SampleType, samplesPerPixel: number): Volume {
  const sliceBytes = dims[0] * dims[1] * samplesPerPixel * sampleBytes(type);
  const buffer = new ArrayBuffer(sliceBytes * dims[2]);
  return {
    dims,
    sampleType: type,
    samplesPerPixel,
    data: viewOf(type, buffer),
    bytes: new Uint8Array(buffer),
    sliceBytes,
    loaded: new Uint8Array(dims[2]),
    loadedCount: 0,
  };
}

/** Puts bytes of frames from `first` on into place; `offset` says where in that run they begin. */
export function fillBytes(volume: Volume, first: number, offset: number, bytes: Uint8Array): void {
  volume.bytes.set(bytes, first * volume.sliceBytes + offset);
}

export function markLoaded(volume: Volume, from: number, to: number): void {
  for (let k = from; k < to && k < volume.loaded.length; k++) {
    if (volume.loaded[k] === 0) {
      volume.loaded[k] = 1;
      volume.loadedCount++;
    }
  }
}

/** First not yet loaded run of at most `count` slices, nearest to `centre`; undefined when all are there. */
export function nextRun(volume: Volume, centre: number, count: number): { from: number; count: number } | undefined {
  const n = volume.loaded.length;
  for (let distance = 0; distance < n; distance++) {
    for (const k of [centre + distance, centre - distance]) {
      if (k < 0 || k >= n || volume.loaded[k] !== 0) continue;
      let from = k;
      if (k < centre) while (from > 0 && k - from + 1 < count && volume.loaded[from - 1] === 0) from--;
      let to = from + 1;
      while (to < n && to - from < count && volume.loaded[to] === 0) to++;
      return { from, count: to - from };
    }
  }
  return undefined;
}

export function strideOf(dims: readonly number[], axis: number): number {
  if (axis === 0) return 1;
  return axis === 1 ? (dims[0] ?? 1) : (dims[0] ?? 1) * (dims[1] ?? 1);
}

/** Where a plane's slice lies in a voxel array: index = base + u * right + v * down. */
export function walkOf(dims: readonly number[], plane: Plane, slice: number): { base: number; right: number; down: number } {
  const step = (side: { axis: number; flipped: boolean }): number =>
    strideOf(dims, side.axis) * (side.flipped ? -1 : 1);
  const start = (side: { axis: number; flipped: boolean }): number =>
    side.flipped ? ((dims[side.axis] ?? 1) - 1) * strideOf(dims, side.axis) : 0;
  return {
    base: slice * strideOf(dims, plane.normal) + start(plane.right) + start(plane.down),
    right: step(plane.right),
    down: step(plane.down),
  };
}

/** Window width and centre as of PS3.3 C.11.2.1.2, in the units after the modality transform. */
export interface Window {
  readonly centre: number;
  readonly width: number;
}

/** How stored values become pixels. */
export interface Tone {
  readonly slope: number;
  readonly intercept: number;
  readonly window: Window;
  readonly inverted: boolean;
  /** 256 packed pixels, black to white. */
  readonly colours: Uint32Array;
}

/** Colours for every 8 or 16 bit sample, packed as opaque pixels; the index is the sample as unsigned. */
export function makeLookup(
  type: SampleType,
  slope: number,
  intercept: number,
  window: Window,
  inverted: boolean,
  colours: Uint32Array,
): Uint32Array {
  const wide = sampleBytes(type) === 2;
  const size = wide ? 65536 : 256;
  const signed = type === "int16" || type === "int8";
  const table = new Uint32Array(size);
  const low = window.centre - 0.5 - (window.width - 1) / 2;
  const span = Math.max(window.width - 1, 1e-6);
  for (let index = 0; index < size; index++) {
    const sample = signed && index >= size / 2 ? index - size : index;
    const value = sample * slope + intercept;
    let grey = Math.round(((value - low) / span) * 255);
    grey = grey < 0 ? 0 : grey > 255 ? 255 : grey;
    table[index] = colours[inverted ? 255 - grey : grey] as number;
  }
  return table;
}

const notLoaded = 0xff181410; // dark blue-grey: the slice is on its way

/** Pixels [u, u + width) x [v, v + height) of a plane, and where their voxels are. */
interface Patch {
  readonly base: number; // voxel index of the first pixel
  readonly right: number;
  readonly down: number;
  readonly width: number;
  readonly height: number;
  readonly target: number; // place of the first pixel
  readonly stride: number; // pixels a row of the whole plane
}

/** Paints one slice into 32-bit pixels. What has not arrived is not read: its memory does not exist yet. */
export function drawSlice(
  volume: Volume,
  plane: Plane,
  slice: number,
  width: number,
  height: number,
  lookup: Uint32Array,
  out: Uint32Array,
  transform: Tone,
): void {
  const walk = walkOf(volume.dims, plane, slice);
  const draw = drawingOf(volume, lookup, out, transform);
  const whole: Patch = { ...walk, width, height, target: 0, stride: width };
  if (volume.loadedCount === volume.loaded.length || (plane.normal === 2 && volume.loaded[slice] !== 0)) {
    draw(whole);
    return;
  }
  out.fill(notLoaded, 0, width * height);
  if (plane.normal === 2) return;
  const side = plane.down.axis === 2 ? plane.down : plane.right;
  for (const { from, count } of loadedRuns(volume, side.flipped)) {
    if (side === plane.down) draw({ ...whole, base: walk.base + from * walk.down, height: count, target: from * width });
    else draw({ ...whole, base: walk.base + from * walk.right, width: count, target: from });
  }
}

/** Runs of slices that have arrived, as places along the plane's side. */
function loadedRuns(volume: Volume, flipped: boolean): readonly { from: number; count: number }[] {
  const depth = volume.loaded.length;
  const runs: { from: number; count: number }[] = [];
  for (let place = 0; place < depth; place++) {
    if (volume.loaded[flipped ? depth - 1 - place : place] === 0) continue;
    const last = runs.at(-1);
    if (last !== undefined && last.from + last.count === place) last.count++;
    else runs.push({ from: place, count: 1 });
  }
  return runs;
}

function drawingOf(
  volume: Volume,
  lookup: Uint32Array,
  out: Uint32Array,
  transform: Tone,
): (patch: Patch) => void {
  if (volume.samplesPerPixel === 3) return (patch) => drawColour(volume.bytes, patch, out);
  if (volume.sampleType === "int16" || volume.sampleType === "uint16") {
    const data = volume.data instanceof Int16Array ? new Uint16Array(volume.data.buffer) : volume.data;
    return (patch) => drawLookup(data, patch, lookup, out);
  }
  if (volume.sampleType === "uint8" || volume.sampleType === "int8") return (patch) => drawLookup(volume.bytes, patch, lookup, out);
  return (patch) => drawComputed(volume.data, patch, out, transform);
}

function drawLookup(data: Samples, { base, right, down, width, height, target, stride }: Patch, lookup: Uint32Array, out: Uint32Array): void {
  for (let v = 0; v < height; v++) {
    let index = base + v * down;
    const row = target + v * stride;
    for (let place = row; place < row + width; place++) {
      out[place] = lookup[data[index] as number] as number;
      index += right;
    }
  }
}

function drawColour(bytes: Uint8Array, { base, right, down, width, height, target, stride }: Patch, out: Uint32Array): void {
  for (let v = 0; v < height; v++) {
    let index = (base + v * down) * 3;
    const row = target + v * stride;
    for (let place = row; place < row + width; place++) {
      out[place] =
        (0xff000000 |
          ((bytes[index + 2] as number) << 16) |
          ((bytes[index + 1] as number) << 8) |
          (bytes[index] as number)) >>>
        0;
      index += right * 3;
    }
  }
}

function drawComputed(
  data: Samples,
  { base, right, down, width, height, target, stride }: Patch,
  out: Uint32Array,
  transform: Tone,
): void {
  const { slope, intercept, window, inverted, colours } = transform;
  const low = window.centre - 0.5 - (window.width - 1) / 2;
  const scale = 255 / Math.max(window.width - 1, 1e-6);
  for (let v = 0; v < height; v++) {
    let index = base + v * down;
    const row = target + v * stride;
    for (let place = row; place < row + width; place++) {
      let grey = Math.round(((data[index] as number) * slope + intercept - low) * scale);
      grey = grey < 0 ? 0 : grey > 255 ? 255 : grey;
      out[place] = colours[inverted ? 255 - grey : grey] as number;
      index += right;
    }
  }
}

/** Colours computed values (resampled ones); NaN becomes `missing`. */
export function colourValues(values: Float32Array, count: number, { slope, intercept, window, inverted, colours }: Tone, missing: number, out: Uint32Array): void {
  const low = window.centre - 0.5 - (window.width - 1) / 2;
  const scale = 255 / Math.max(window.width - 1, 1e-6);
  for (let n = 0; n < count; n++) {
    const value = values[n] as number;
    if (Number.isNaN(value)) {
      out[n] = missing;
      continue;
    }
    let grey = Math.round((value * slope + intercept - low) * scale);
    grey = grey < 0 ? 0 : grey > 255 ? 255 : grey;
    out[n] = colours[inverted ? 255 - grey : grey] as number;
  }
}

/** The value at a voxel after the modality transform, or undefined outside and where nothing has arrived. */
export function valueAt(volume: Volume, i: number, j: number, k: number, slope: number, intercept: number): number | undefined {
  const [nx, ny, nz] = volume.dims;
  if (i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz || volume.loaded[k] === 0) return undefined;
  const sample = volume.data[((k * ny + j) * nx + i) * volume.samplesPerPixel];
  return sample === undefined ? undefined : sample * slope + intercept;
}
