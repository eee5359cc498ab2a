// Brush and eraser.
import type { SlicePoint } from "@/core/geometry";
import { drawBrush } from "@/ui/slice_pane";
import { strings } from "../strings";
import { paintDisc, paintSegment } from "./paint";
import type { OpenStroke, PaneTool, ToolContext } from "./tool";

function brushOf(state: ToolContext["state"], { label, locked }: OpenStroke): { radiusMm: number; label: number; locked: ReadonlySet<number> } {
  return { radiusMm: state.radiusMm, label, locked };
}

export function brushTool(erases: boolean): PaneTool {
  let open: OpenStroke | null = null;
  let last: SlicePoint = { u: 0, v: 0 };
  return {
    cursor: "none",
    down: ({ state, cut, services }, { at, shift }) => {
      if (state.readOnly) return false;
      const erase = erases || shift;
      open = services.strokes.begin(erase ? strings.steps.eraser : strings.steps.brush, erase);
      if (open === null) return false;
      last = at;
      paintDisc(open.mask, open.stroke, cut, at, brushOf(state, open));
      open.touched();
      return true;
    },
    move: ({ state, cut }, { path }) => {
      if (open === null) return;
      for (const at of path) {
        paintSegment(open.mask, open.stroke, cut, last, at, brushOf(state, open));
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
