// Tools that change only how the picture is looked at.
import { placeOn, voxelOn } from "@/core/cut";
import type { SlicePoint } from "@/core/geometry";
import type { PlaneImage } from "@/core/segment/plane_image";
import { planeImage } from "@/core/segment/plane_image";
import { toScreen } from "@/ui/slice_pane";
import { pointOf, withTurn } from "../looking";
import { shownPicture } from "../model";
import { planeColours, turnHandles } from "../plane_lines";
import { windowBetween } from "../presets";
import { strings } from "../strings";
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

/** A rectangle over what is to be told apart: the window then runs over the values in it, the outermost hundredths left out. */
export function windowRegionTool(): PaneTool {
  let from: SlicePoint | null = null;
  let to: SlicePoint = { u: 0, v: 0 };
  const drop = (): void => {
    from = null;
  };
  return {
    cursor: "crosshair",
    down: (_, { at }) => {
      from = at;
      to = at;
      return true;
    },
    move: (_, { at }) => {
      to = at;
    },
    up: ({ state, volume, cut, services }) => {
      if (from === null) return;
      const { slope, intercept } = shownPicture(state).volume.transform;
      const found = windowBetween(valuesIn(planeImage(volume, cut), from, to).map((value) => value * slope + intercept), 0.01, 0.99);
      drop();
      if (found === null) services.say(strings.nothingLoadedHere);
      else services.setWindow(found.centre, found.width);
    },
    cancel: drop,
    moved: drop,
    draw: ({ placement }, canvas) => {
      if (from === null) return;
      const [[x0, y0], [x1, y1]] = [toScreen(placement, from), toScreen(placement, to)];
      const ratio = window.devicePixelRatio || 1;
      for (const [colour, width] of [["rgba(0, 0, 0, 0.7)", 3], ["#2dd4bf", 1.25]] as const) {
        canvas.strokeStyle = colour;
        canvas.lineWidth = width * ratio;
        canvas.setLineDash([5 * ratio, 3 * ratio]);
        canvas.strokeRect(Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0));
      }
      canvas.setLineDash([]);
    },
  };
}

/** The samples of a plane between two of its corners. */
function valuesIn({ width, height, values }: PlaneImage, a: SlicePoint, b: SlicePoint): readonly number[] {
  const found: number[] = [];
  const [u0, u1] = [Math.max(0, Math.round(Math.min(a.u, b.u))), Math.min(width - 1, Math.round(Math.max(a.u, b.u)))];
  const [v0, v1] = [Math.max(0, Math.round(Math.min(a.v, b.v))), Math.min(height - 1, Math.round(Math.max(a.v, b.v)))];
  for (let v = v0; v <= v1; v++) {
    for (let u = u0; u <= u1; u++) {
      const value = values[v * width + u] as number;
      if (Number.isFinite(value)) found.push(value);
    }
  }
  return found;
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
