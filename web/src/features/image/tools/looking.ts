// Tools that change only how the picture is looked at.
import { voxelOn } from "@/core/cut";
import type { PaneTool } from "./tool";

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

export function crosshairTool(): PaneTool {
  return {
    cursor: "crosshair",
    down: ({ cut, services }, { at }) => {
      services.moveTo(voxelOn(cut, at));
      return true;
    },
    move: ({ cut, services }, { at }) => services.moveTo(voxelOn(cut, at)),
    up: () => undefined,
    cancel: () => undefined,
  };
}
