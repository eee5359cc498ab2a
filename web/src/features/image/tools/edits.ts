// From the options of the workspace to the rules that an edit keeps, and the edit of an open stroke.
import type { Edit, EditRules, Grid } from "@/core/segment/edit";
import { sampleRange } from "@/core/segment/edit";
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

export function rulesOf(state: ImageState, { label, locked }: Pick<OpenStroke, "label" | "locked">): EditRules {
  const { options } = state;
  const limit = limitOf(state);
  const range = limit === null ? null : sampleRange(limit.low, limit.high, shownPicture(state).volume.transform);
  if (label === 0) return { locked, range, only: options.eraseActive ? segmentOf(state, selectedBody(state)?.id ?? null) : null };
  const only = options.where === "empty" ? 0 : options.where === "inside" ? segmentOf(state, options.inside) : null;
  return { locked, range, only };
}

export function editOf({ state, volume }: Pick<ToolContext, "state" | "volume">, open: OpenStroke): Edit {
  return { mask: open.mask, stroke: open.stroke, label: open.label, rules: rulesOf(state, open), volume };
}
