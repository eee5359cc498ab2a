// Brush, sphere and eraser.
import { pointOn } from "@/core/cut";
import type { SlicePoint } from "@/core/geometry";
import { brushRuns } from "@/core/segment/brush";
import { drawBrush } from "@/ui/slice_pane";
import { strings } from "../strings";
import { gridOf, painterOf } from "./edits";
import type { OpenStroke, PaneTool, ToolContext } from "./tool";

export interface BrushKind {
  readonly erases: boolean;
  /** A ball in space; else a disc in the plane shown. */
  readonly sphere: boolean;
}

function paintWay(context: ToolContext, open: OpenStroke, from: SlicePoint, to: SlicePoint, sphere: boolean): void {
  const { state, cut } = context;
  // A slice's pixels are voxels: a press paints the voxel that the pointer is in, as the grid has it.
  const way = { from: pointOn(cut, from), to: pointOn(cut, to), radiusMm: state.radiusMm, normal: sphere ? null : cut.normalMm };
  brushRuns(gridOf(state), way, painterOf(context, open).emit);
}

export function brushTool({ erases, sphere }: BrushKind): PaneTool {
  let open: OpenStroke | null = null;
  let last: SlicePoint = { u: 0, v: 0 };
  return {
    cursor: "none",
    paints: true,
    down: (context, { at, shift }) => {
      if (context.state.readOnly) return false;
      const erase = erases || shift;
      open = context.services.strokes.begin(erase ? strings.steps.eraser : sphere ? strings.steps.sphere : strings.steps.brush, erase);
      if (open === null) return false;
      last = at;
      paintWay(context, open, at, at, sphere);
      open.touched();
      return true;
    },
    move: (context, { path }) => {
      if (open === null) return;
      for (const at of path) {
        paintWay(context, open, last, at, sphere);
        last = at;
      }
      open.touched();
    },
    up: () => {
      open?.end();
      open = null;
    },
    cancel: () => {
      open?.end();
      open = null;
    },
    draw: ({ state, cut, placement, pointer, colour }, canvas) => {
      if (pointer === null || state.readOnly) return;
      drawBrush(canvas, placement, cut.spacing, { at: pointer, radiusMm: state.radiusMm, colour: erases ? "#ffffff" : colour }, window.devicePixelRatio || 1);
    },
  };
}
