// Operations on whole segments, each declared once: what it is called, what it can be set to and what is sent for it.
// The server works them out; here is what a form needs and how an answer becomes a preview.
import type { BrickContents, BrickIndex, Mask, Stroke } from "../mask";
import { brickToWrite, brickVoxels, putBrick, sharedBrick, uniformBrick, uniformLabel } from "../mask";

export type OperationKind = "threshold" | "grow" | "fill_between" | "islands" | "margin" | "hollow" | "smooth" | "logical" | "fill_holes" | "copy_prior" | "propagate" | "along_time" | "classify";

export interface OperationMask {
  readonly range: readonly [low: number, high: number] | null;
  readonly inside: readonly number[] | null;
  readonly protect: readonly number[];
}
export interface OperationRequest {
  /** The layer that it changes: the exclusive one or a segment's own. */
  readonly layer: number;
  readonly operation: { readonly kind: OperationKind; readonly [parameter: string]: unknown };
  readonly mask: OperationMask;
  /** Of growing: the name of the preview that is held, so that only what changed since comes back. */
  readonly since?: string;
}
export interface SegmentAnswer {
  /** Whole bricks as they would be; only those that differ from the mask or, of an update, from the preview that was named. */
  readonly bricks: BrickContents;
  /** Of growing: what to call this preview in the next request. */
  readonly preview?: string | undefined;
  readonly isUpdate?: boolean | undefined;
  /** Of growing: the slice across each voxel axis where more seeds would tell most. */
  readonly nextSlices: readonly (number | null)[];
  /** Of propagating: how the earlier volume was laid over this one. */
  readonly propagation?: Propagation | undefined;
}
export interface Propagation {
  readonly quality: "good" | "uncertain";
  readonly shift_mm: readonly number[];
  readonly turn_deg: readonly number[];
  readonly displacement_mm_max?: number;
}
export interface VolumeHistogram {
  /** Where the first bin begins, and how wide each is, in the image's unit. */
  readonly low: number;
  readonly bin_width: number;
  readonly counts: readonly number[];
  /** By method; null where it finds none. */
  readonly thresholds: Readonly<Record<string, number | null>>;
}
/** What a prior's findings were called. */
export interface PriorFinding {
  readonly segment: number;
  readonly label: string;
  readonly number: number | null;
}
/** Who else drew on a picture, as far as it may be seen. */
export interface Drawer {
  readonly raterId: string;
  readonly name: string;
  /** An adjudicator's word, which is the item's result. */
  readonly settled: boolean;
}
export interface OperationClient {
  /** Raters other than oneself with a mask on that grid of the item; none where readings are blinded. */
  drawers(item: string, gridId: string, signal: AbortSignal): Promise<readonly Drawer[]>;
  /** My own painted findings of an earlier item on a grid. */
  priorFindings(item: string, gridId: string, signal: AbortSignal): Promise<readonly PriorFinding[]>;
  run(gridId: string, request: OperationRequest, signal: AbortSignal): Promise<SegmentAnswer>;
  histogram(gridId: string, signal: AbortSignal): Promise<VolumeHistogram>;
}

export type FieldValue = number | string | boolean;
export type OperationField =
  | { readonly id: string; readonly type: "number"; readonly unit: "mm" | "mm3" | "image"; readonly start: number; readonly min: number; readonly max: number; readonly step: number }
  | { readonly id: string; readonly type: "choice"; readonly options: readonly string[]; readonly start: string }
  | { readonly id: string; readonly type: "tick"; readonly start: boolean }
  | { readonly id: string; readonly type: "segment"; readonly start: number }
  /** A series of an earlier study: its item and grid, parted by a slash. */
  | { readonly id: string; readonly type: "prior"; readonly start: string }
  /** Whose labels on the chosen picture; empty: one's own. */
  | { readonly id: string; readonly type: "drawer"; readonly start: string }
  /** Another picture of the item, by its grid. */
  | { readonly id: string; readonly type: "picture"; readonly start: string };

/** `along_time` is asked for as one propagation for each phase. */
export interface OperationSpec {
  readonly kind: OperationKind;
  readonly fields: readonly OperationField[];
  /** Whether it makes sense for a segment that holds nothing yet. */
  readonly fromNothing: boolean;
}

const mm = (id: string, start: number, min: number, max: number): OperationField => ({ id, type: "number", unit: "mm", start, min, max, step: 0.5 });

export const operations: readonly OperationSpec[] = [
  { kind: "threshold", fromNothing: true, fields: [
    { id: "lo", type: "number", unit: "image", start: -500, min: -32768, max: 65535, step: 10 },
    { id: "hi", type: "number", unit: "image", start: 3000, min: -32768, max: 65535, step: 10 },
  ] },
  { kind: "grow", fromNothing: false, fields: [{ id: "background", type: "segment", start: 0 }, { id: "classifier", type: "tick", start: false }] },
  { kind: "classify", fromNothing: true, fields: [{ id: "background", type: "segment", start: 0 }] },
  { kind: "fill_between", fromNothing: false, fields: [{ id: "plane", type: "choice", options: ["axial", "coronal", "sagittal"], start: "axial" }, { id: "cap_ends", type: "tick", start: false }, mm("snap_mm", 2, 0, 20)] },
  { kind: "islands", fromNothing: false, fields: [{ id: "keep", type: "choice", options: ["largest", "larger_than", "split"], start: "largest" }, { id: "mm3", type: "number", unit: "mm3", start: 50, min: 0, max: 1e9, step: 10 }] },
  { kind: "margin", fromNothing: false, fields: [mm("mm", 2, -50, 50)] },
  { kind: "hollow", fromNothing: false, fields: [mm("mm", 2, 0.1, 50), { id: "side", type: "choice", options: ["inside", "outside", "centre"], start: "inside" }] },
  { kind: "smooth", fromNothing: false, fields: [{ id: "method", type: "choice", options: ["median", "open", "close", "joint"], start: "median" }, mm("mm", 2, 0.1, 20)] },
  { kind: "logical", fromNothing: false, fields: [{ id: "how", type: "choice", options: ["union", "subtract", "intersect", "invert"], start: "subtract" }, { id: "with", type: "segment", start: 0 }] },
  { kind: "fill_holes", fromNothing: false, fields: [] },
  { kind: "copy_prior", fromNothing: true, fields: [{ id: "from", type: "prior", start: "" }] },
  { kind: "along_time", fromNothing: false, fields: [{ id: "reach", type: "choice", options: ["later", "earlier", "all"], start: "later" }, { id: "rigid_only", type: "tick", start: false }] },
  { kind: "propagate", fromNothing: true, fields: [{ id: "from_grid", type: "picture", start: "" }, { id: "from_rater", type: "drawer", start: "" }, { id: "rigid_only", type: "tick", start: false }] },
];

export function startValues(spec: OperationSpec): Readonly<Record<string, FieldValue>> {
  return Object.fromEntries(spec.fields.map((field) => [field.id, field.start]));
}

/** What is in view first: a few slices across the axis. */
export function inView(operation: OperationRequest["operation"], axis: number, slice: number): OperationRequest["operation"] {
  return { ...operation, axis, first: Math.max(0, Math.round(slice) - 1), last: Math.max(0, Math.round(slice) + 1) };
}

/** What is sent: `seeds` are the picture's segments. Of `grow` and `classify` all segments are seeds, of `fill_between` the plane goes as the axis across it; of `propagate` what was drawn under
 * the finding's label on the other picture becomes this segment. */
export function operationBody(
  spec: OperationSpec,
  values: Readonly<Record<string, FieldValue>>,
  segment: number,
  seeds: readonly number[],
  axisOf: (plane: string) => number,
  from?: { readonly label: string | null; readonly gridId: string; readonly otherModality: boolean },
): OperationRequest["operation"] {
  const { kind } = spec;
  switch (kind) {
    case "grow": return { kind, segments: seeds, background: values["background"] === 0 ? null : values["background"], likelihood: values["classifier"] === true ? "classifier" : "intensity" };
    case "classify": return { kind, segments: seeds, background: values["background"] === 0 ? null : values["background"] };
    case "fill_between": return { kind, segments: [segment], axis: axisOf(String(values["plane"])), cap_ends: values["cap_ends"], image_aware: values["snap_mm"] !== 0, snap_mm: values["snap_mm"] };
    case "smooth": return { kind, segments: [segment], ...values };
    case "islands": return { kind, segment, keep: values["keep"], ...(values["keep"] === "larger_than" ? { mm3: values["mm3"] } : values["keep"] === "split" ? { segments_from: Math.max(segment, ...seeds) + 1 } : {}) };
    case "copy_prior": {
      const [item, grid] = String(values["from"]).split("/");
      return { kind, from_item: item, from_grid: grid };
    }
    case "logical": return { kind, segment, how: values["how"], ...(values["how"] === "invert" ? {} : { with: values["with"] }) };
    case "propagate": return { kind, segment, from_grid: from?.gridId ?? "", rigid_only: values["rigid_only"], other_modality: from?.otherModality === true, ...(String(values["from_rater"] ?? "") === "" ? {} : { from_rater: values["from_rater"] }), ...(from === undefined || from.label === null ? {} : { label: from.label }) };
    default: return { kind, segment, ...values };
  }
}

/** What a preview changes: label + 1 of every voxel that gets another label (1 takes voxels away), 0 where nothing changes. */
export type Difference = ReadonlyMap<BrickIndex, Uint16Array>;

export interface Preview {
  readonly difference: Difference;
  readonly added: number;
  readonly removed: number;
}

/** Cost: the voxels of the answered bricks, once. */
export function previewOf(mask: Mask, bricks: BrickContents): Preview {
  const difference = new Map<BrickIndex, Uint16Array>();
  let [added, removed] = [0, 0];
  for (const [index, next] of bricks) {
    const now = mask.bricks.get(index);
    const [whole, wanted] = [uniformLabel(now), uniformLabel(next)];
    if (whole !== undefined && wanted !== undefined) {
      if (whole === wanted) continue;
      difference.set(index, uniformBrick(wanted + 1));
      if (wanted === 0) removed += brickVoxels;
      else added += brickVoxels;
      continue;
    }
    const changes = new Uint16Array(brickVoxels);
    let count = 0;
    for (let place = 0; place < brickVoxels; place++) {
      const [from, to] = [now?.[place] ?? 0, next?.[place] ?? 0];
      if (from === to) continue;
      changes[place] = to + 1;
      count++;
      if (to === 0) removed++;
      else added++;
    }
    if (count > 0) difference.set(index, changes);
  }
  return { difference, added, removed };
}

/** A preview after an update: bricks that the answer does not name are as they were, and so is the mask under them. Cost: the answered bricks, once. */
export function updatedPreview(before: Preview, mask: Mask, bricks: BrickContents): Preview {
  const difference = new Map(before.difference);
  let { added, removed } = before;
  for (const index of bricks.keys()) {
    const changes = difference.get(index);
    const whole = changes === undefined ? 0 : uniformLabel(changes);
    if (whole === 1) removed -= brickVoxels;
    else if (whole !== undefined && whole > 1) added -= brickVoxels;
    else if (whole === undefined) {
      for (const change of changes ?? []) {
        if (change === 1) removed--;
        else if (change > 1) added--;
      }
    }
    difference.delete(index);
  }
  const now = previewOf(mask, bricks);
  for (const [index, changes] of now.difference) difference.set(index, changes);
  return { difference, added: added + now.added, removed: removed + now.removed };
}

/** The labels that a preview gives, rising. */
export function labelsGiven({ difference }: Preview): readonly number[] {
  const found = new Set<number>();
  for (const changes of difference.values()) {
    const whole = uniformLabel(changes);
    if (whole !== undefined && whole > 1) found.add(whole - 1);
    if (whole !== undefined) continue;
    let last = 0;
    for (const change of changes) {
      if (change > 1 && change !== last) found.add(change - 1);
      last = change;
    }
  }
  return [...found].sort((a, b) => a - b);
}

/** The same preview with other labels. */
export function relabelled(preview: Preview, labels: ReadonlyMap<number, number>): Preview {
  const difference = new Map([...preview.difference].map(([index, changes]) => [index, sharedBrick(changes.map((change) => (change > 1 ? (labels.get(change - 1) ?? change - 1) + 1 : change)))]));
  return { ...preview, difference };
}

/** Writes a preview as part of a stroke: only what it said it would change, so that what was painted since stays. */
export function applyPreview(mask: Mask, stroke: Stroke, { difference }: Preview, locked: ReadonlySet<number>): void {
  for (const [index, changes] of difference) {
    const [whole, change] = [uniformLabel(mask.bricks.get(index)), uniformLabel(changes)];
    if (whole !== undefined && change !== undefined) {
      if (change !== 0 && !locked.has(whole)) putBrick(mask, stroke, index, uniformBrick(change - 1));
    } else {
      const brick = brickToWrite(mask, stroke, index);
      for (let place = 0; place < brickVoxels; place++) {
        const one = changes[place] as number;
        if (one !== 0 && !locked.has(brick[place] as number)) brick[place] = one - 1;
      }
    }
    stroke.unsaved.add(index);
  }
  mask.revision++;
}
