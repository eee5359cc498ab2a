// All layers of one grid's mask. The exclusive layer holds segments that share no voxel; a segment that may overlap others
// has a layer of its own, whose number is the segment's. In memory both are masks: the own layer's labels are 0 and the segment.
import type { LabelExtent, Mask } from "./mask";
import { brickVoxels, extentsOf, labelsOfBrick, makeMask, uniformBrick, uniformLabel } from "./mask";

export const exclusiveLayer = 0;

export interface MaskLayers {
  readonly dims: Mask["dims"];
  readonly exclusive: Mask;
  /** By segment. */
  readonly own: Map<number, Mask>;
}

export function makeLayers(dims: Mask["dims"]): MaskLayers {
  return { dims, exclusive: makeMask(dims), own: new Map() };
}

/** The mask of a layer, made when it is not there yet. */
export function layerOf(layers: MaskLayers, layer: number): Mask {
  if (layer === exclusiveLayer) return layers.exclusive;
  let mask = layers.own.get(layer);
  if (mask === undefined) {
    mask = makeMask(layers.dims);
    layers.own.set(layer, mask);
  }
  return mask;
}

/** With their numbers, as they lie one over the other: the exclusive one lowest. */
export function allLayers(layers: MaskLayers): readonly (readonly [layer: number, mask: Mask])[] {
  return [[exclusiveLayer, layers.exclusive], ...[...layers.own].sort(([a], [b]) => a - b)];
}

/** The layer that a segment is painted into: where it lies already, else where its label wants it. */
export function layerForSegment(layers: MaskLayers, segment: number, overlaps: boolean): number {
  return overlaps || (layers.own.get(segment)?.bricks.size ?? 0) > 0 ? segment : exclusiveLayer;
}

/** Grows with every change of any layer. */
export function revisionOf(layers: MaskLayers): number {
  let revision = layers.exclusive.revision;
  for (const mask of layers.own.values()) revision += mask.revision;
  return revision;
}

/** Extents of every segment, whichever layer it lies in. */
export function segmentExtents(layers: MaskLayers): Map<number, LabelExtent> {
  const extents = extentsOf(layers.exclusive);
  for (const [segment, mask] of layers.own) {
    const extent = extentsOf(mask).get(segment);
    if (extent !== undefined) extents.set(segment, extent);
  }
  return extents;
}

/** The labels of a stored brick: u16 in the exclusive layer, a bit for each voxel, least significant first, in a segment's own. */
export function labelsOfStored(layer: number, bytes: Uint8Array): Uint16Array {
  if (layer === exclusiveLayer) return labelsOfBrick(bytes);
  const labels = new Uint16Array(brickVoxels);
  for (let n = 0; n < brickVoxels; n++) if ((((bytes[n >> 3] ?? 0) >> (n & 7)) & 1) === 1) labels[n] = layer;
  return labels;
}

/** A brick on its way: as it is stored, or u16 label, u16 count of each run of equal labels where that is shorter (exclusive layer). */
export function labelsOfBrief(layer: number, bytes: Uint8Array): Uint16Array {
  if (layer !== exclusiveLayer || bytes.length >= brickVoxels * 2) return labelsOfStored(layer, bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length === 4 && view.getUint16(2, true) === brickVoxels) return uniformBrick(view.getUint16(0, true));
  const labels = new Uint16Array(brickVoxels);
  let place = 0;
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const end = place + view.getUint16(at + 2, true);
    labels.fill(view.getUint16(at, true), place, end);
    place = end;
  }
  if (place !== brickVoxels) throw new Error("a brick's runs do not fill it");
  return labels;
}

/** The shorter of the two forms. */
export function briefBytes(layer: number, labels: Uint16Array): Uint8Array {
  if (layer !== exclusiveLayer) return storedBytes(layer, labels);
  let runs = 1;
  if (uniformLabel(labels) === undefined) for (let n = 1; n < brickVoxels; n++) if (labels[n] !== labels[n - 1]) runs++;
  if (2 * runs >= brickVoxels) return storedBytes(layer, labels);
  const bytes = new Uint8Array(4 * runs);
  const view = new DataView(bytes.buffer);
  const whole = uniformLabel(labels);
  for (let start = 0, at = 0; start < brickVoxels; at += 4) {
    let end = whole === undefined ? start + 1 : brickVoxels;
    while (end < brickVoxels && labels[end] === labels[start]) end++;
    view.setUint16(at, labels[start] as number, true);
    view.setUint16(at + 2, end - start, true);
    start = end;
  }
  return bytes;
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** A brick as it is stored. */
export function storedBytes(layer: number, labels: Uint16Array): Uint8Array {
  if (layer !== exclusiveLayer) {
    const bits = new Uint8Array(brickVoxels / 8);
    for (let n = 0; n < brickVoxels; n++) if (labels[n] !== 0) bits[n >> 3] = (bits[n >> 3] ?? 0) | (1 << (n & 7));
    return bits;
  }
  const bytes = new Uint8Array(labels.length * 2);
  const view = new DataView(bytes.buffer);
  if (littleEndian) bytes.set(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  else labels.forEach((label, n) => view.setUint16(n * 2, label, true));
  return bytes;
}
