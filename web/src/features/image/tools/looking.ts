// Tools that change only how the picture is looked at.
import { placeOn, voxelOn } from "@/core/cut";
import type { SlicePoint } from "@/core/geometry";
import { toScreen } from "@/ui/slice_pane";
import { pointOf, withTurn } from "../looking";
import { shownPicture } from "../model";
import { planeColours, turnHandles } from "../plane_lines";
import type { TurnHandle } from "../plane_lines";
import type { PaneTool, ToolContext } from "./tool";

export function windowTool(): PaneTool {
  let start = { centre: 0, width: 1 };
  return {
    cursor: "ns-resize",
    down: ({ state }) => {
      start = state.window;
      return true;
    },
    move: ({ services }, { dx, dy }) => {
      const step = Math.max(start.width, 50) / 400;
      services.setWindow(start.centre + dy * step, Math.max(1, start.width + dx * step));
    },
    up: () => undefined,
    cancel: () => undefined,
  };
}

export function panTool(): PaneTool {
  let start: readonly [number, number] = [0, 0];
  return {
    cursor: "grab",
    down: ({ state, cut }) => {
      start = state.views[cut.name].pan;
      return true;
    },
    move: ({ state, cut, placement, services }, { dx, dy }) => {
      const ratio = window.devicePixelRatio || 1;
      const { u, v } = cut.spacing;
      const to = [start[0] + (dx * ratio * u) / placement.scaleU, start[1] + (dy * ratio * v) / placement.scaleV] as const;
      services.look(cut.name, state.views[cut.name].zoom, to);
    },
    up: () => undefined,
    cancel: () => undefined,
  };
}

export function zoomTool(): PaneTool {
  let start = 1;
  return {
    cursor: "zoom-in",
    down: ({ state, cut }) => {
      start = state.views[cut.name].zoom;
      return true;
    },
    move: ({ state, cut, services }, { dy }) => services.look(cut.name, start * Math.exp(-dy / 150), state.views[cut.name].pan),
    up: () => undefined,
    cancel: () => undefined,
  };
}

const handleReach = 11; // CSS pixels

/** Moves the crosshair; a drag on one of the handles on its lines turns the other two planes. */
export function crosshairTool(): PaneTool {
  let angle: number | null = null; // of the pointer around the crosshair, while planes are turned
  const handles = ({ state, cut, placement, canvas }: ToolContext): readonly TurnHandle[] =>
    state.layout === "one" || state.layout === "beside" || shownPicture(state).volume.grid.dims[2] < 2 ? [] : turnHandles(state, cut, placement, canvas.width, canvas.height);
  const angleAt = ({ state, cut, placement }: ToolContext, at: SlicePoint): number => {
    const [x, y] = toScreen(placement, at);
    const [cx, cy] = toScreen(placement, placeOn(cut, pointOf(state)));
    return Math.atan2(y - cy, x - cx);
  };
  return {
    cursor: "crosshair",
    down: (context, { at }) => {
      const [x, y] = toScreen(context.placement, at);
      const reach = handleReach * (window.devicePixelRatio || 1);
      angle = handles(context).some((handle) => Math.hypot(handle.x - x, handle.y - y) <= reach) ? angleAt(context, at) : null;
      if (angle === null) context.services.moveTo(voxelOn(context.cut, at));
      return true;
    },
    move: (context, { at }) => {
      if (angle === null) {
        context.services.moveTo(voxelOn(context.cut, at));
        return;
      }
      const next = angleAt(context, at);
      const by = next - angle;
      angle = next;
      // Right and down on the screen make the normal's positive turn.
      context.services.update((state) => withTurn(state, context.cut.name, by));
    },
    up: () => {
      angle = null;
    },
    cancel: () => {
      angle = null;
    },
    draw: (context, canvas) => {
      const ratio = window.devicePixelRatio || 1;
      if (!context.state.crosshair) return;
      for (const { plane, x, y } of handles(context)) {
        canvas.beginPath();
        canvas.arc(x, y, 5 * ratio, 0, 2 * Math.PI);
        canvas.fillStyle = "#0e1116";
        canvas.fill();
        canvas.strokeStyle = planeColours[plane];
        canvas.lineWidth = 2 * ratio;
        canvas.stroke();
      }
    },
  };
}
