// From the options of the workspace to the rules that an edit keeps, and what writes an open stroke under them.
import type { MaskLayers } from "@/core/mask_layers";
import { allLayers, layerForSegment, layerOf } from "@/core/mask_layers";
import type { EditRules, Grid, SampleRange } from "@/core/segment/edit";
import { painter, sampleRange } from "@/core/segment/edit";
import type { ImageState } from "../model";
import { gridIdOf, selectedBody, shownPicture } from "../model";
import type { OpenStroke, ToolContext } from "./tool";

export function gridOf(state: ImageState): Grid {
  const { dims, affine } = shownPicture(state).volume.grid;
  return { dims, affine };
}

/** Bounds of the image's values that paint keeps to, in the image's unit; null for none. */
export function limitOf(state: ImageState): { readonly low: number; readonly high: number } | null {
  const { limit, low, high } = state.options;
  if (limit === "none") return null;
  if (limit === "typed") return { low: Math.min(low, high), high: Math.max(low, high) };
  return { low: state.window.centre - state.window.width / 2, high: state.window.centre + state.window.width / 2 };
}

/** The number of a segment on the shown picture; null when the finding has none there. */
function segmentOf(state: ImageState, id: ImageState["selected"]): number | null {
  const target = state.bodies.find((body) => body.id === id)?.target;
  return target?.type === "mask" && target.grid_id === gridIdOf(state) ? target.segment : null;
}

/** Voxels of other layers that have to agree, by what may be painted over. */
function placesOf(state: ImageState, layers: MaskLayers): NonNullable<EditRules["where"]> {
  const { where, inside } = state.options;
  if (where === "empty") return allLayers(layers).map(([, mask]) => ({ mask, label: 0 }));
  const segment = where === "inside" ? segmentOf(state, inside) : null;
  if (segment === null) return [];
  return [{ mask: layerOf(layers, layerForSegment(layers, segment, false)), label: segment }];
}

function rulesOf(state: ImageState, { label, locked }: Pick<OpenStroke, "label" | "locked">, layers: MaskLayers): EditRules {
  const { options } = state;
  const limit = limitOf(state);
  const range = limit === null ? null : sampleRange(limit.low, limit.high, shownPicture(state).volume.transform);
  if (label === 0) return { locked, range, only: options.eraseActive ? segmentOf(state, selectedBody(state)?.id ?? null) : null };
  return { locked, range, where: placesOf(state, layers) };
}

const both = (a: SampleRange | null, b: SampleRange | null): SampleRange | null => (a === null ? b : b === null ? a : { low: Math.max(a.low, b.low), high: Math.min(a.high, b.high) });

/** Writes what a tool covers into the layers of an open stroke, under the rules that are set, and only samples of the tool's own range. */
export function painterOf({ state, volume, layers }: Pick<ToolContext, "state" | "volume" | "layers">, open: OpenStroke, own: SampleRange | null = null): ReturnType<typeof painter> {
  const set = rulesOf(state, open, layers);
  const rules = { ...set, range: both(set.range ?? null, own) };
  return painter(...open.parts.map(({ mask, stroke }) => ({ mask, stroke, label: open.label, rules, volume })));
}
