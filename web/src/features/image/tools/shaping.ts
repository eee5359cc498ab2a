// Shapes: drawn by dragging, by clicks, or both; and the handles of those there.
import type { GeometryKind, Point, SpaceKind } from "@/core/domain";
import type { SlicePoint } from "@/core/geometry";
import type { AnnotationId } from "@/core/ids";
import { simplified, splineThrough } from "@/core/segment/spline";
import { ellipseIn, movedPoint, rotatedBox, shortAxis } from "@/core/shape_points";
import type { Placement, ShapeLook } from "@/ui/slice_pane";
import { drawShape, handlesOf } from "@/ui/slice_pane";
import type { ShapeTool } from "../model";
import type { PaneTool, ToolContext } from "./tool";

interface Held {
  readonly shape: ShapeLook;
  /** Below 0: the shape alone, none of its corners. */
  readonly handle: number;
}

/** How a kind is drawn: clicks until it is closed or has enough, a drag, or a drag and then a click for the other axis. */
type Way = { readonly by: "clicks"; readonly enough: number | null; readonly least: number } | { readonly by: "drag" | "line" } | { readonly by: "dragAndClick" };
const ways: Readonly<Record<ShapeTool, Way>> = {
  point: { by: "clicks", enough: 1, least: 1 },
  angle: { by: "clicks", enough: 3, least: 3 },
  cobb: { by: "clicks", enough: 4, least: 4 },
  polygon: { by: "clicks", enough: null, least: 3 },
  spline: { by: "clicks", enough: null, least: 3 },
  polyline: { by: "clicks", enough: null, least: 2 },
  freehand: { by: "line" },
  box: { by: "drag" },
  ellipse: { by: "drag" },
  length: { by: "drag" },
  cuboid: { by: "drag" },
  bidirectional: { by: "dragAndClick" },
  rotated_box: { by: "dragAndClick" },
};

/** What is stored for a tool. */
export function kindOf(tool: ShapeTool): SpaceKind {
  return tool === "freehand" || tool === "spline" ? "polygon" : tool;
}

export function isShapeTool(tool: string): tool is ShapeTool {
  return tool in ways;
}

export function isNear(point: Point | undefined, place: SlicePoint, placement: Placement): boolean {
  if (point === undefined) return false;
  const reach = 9 * (window.devicePixelRatio || 1);
  return Math.hypot((point[0] - place.u) * placement.scaleU, (point[1] - place.v) * placement.scaleV) <= reach;
}

/** The shape that is held at a place: of the selected one its handles, of others only its corners. */
function heldAt({ shapes, placement }: ToolContext, place: SlicePoint): Held | null {
  for (const shape of shapes) {
    const handle = handlesOf(shape).findIndex((point) => isNear(point, place, placement));
    if (handle >= 0) return { shape, handle: shape.selected ? handle : -1 };
  }
  return null;
}

/** The shape that the draft's places make, `at` being where the pointer is. */
function shapeOf(tool: ShapeTool, draft: readonly Point[], at: Point | null, { cut }: ToolContext): readonly Point[] {
  const [a, b] = draft;
  const places = at === null ? draft : [...draft, at];
  if (tool === "spline") return splineThrough(places, true);
  if (tool === "ellipse" && a !== undefined && b !== undefined) return ellipseIn(a, b, cut.spacing);
  if (a === undefined || b === undefined || at === null) return places;
  if (tool === "bidirectional") return [a, b, ...shortAxis(a, b, at, cut.spacing)];
  if (tool === "rotated_box") return rotatedBox(a, b, at, cut.spacing);
  return places;
}

export function shapeTool(tool: ShapeTool): PaneTool {
  const way = ways[tool];
  let draft: readonly Point[] = [];
  let dragging = false;
  let held: Held | null = null;
  let moved: readonly Point[] | null = null;
  const drop = (): void => {
    draft = [];
    held = null;
    moved = null;
    dragging = false;
  };
  const finish = (context: ToolContext, points: readonly Point[]): void => {
    drop();
    if (points.length > 0) context.services.addShape(tool, points, context.cut);
    context.services.redraw();
  };
  const click = (context: ToolContext, place: Point): void => {
    if (way.by === "dragAndClick") return finish(context, shapeOf(tool, draft, place, context));
    if (way.by !== "clicks") return;
    const closes = way.enough === null && draft.length >= way.least && tool !== "polyline" && isNear(draft[0], { u: place[0], v: place[1] }, context.placement);
    if (!closes) draft = [...draft, place];
    if (closes || draft.length === way.enough) finish(context, shapeOf(tool, draft, null, context));
  };
  const enough = (): boolean => way.by === "clicks" && way.enough === null && draft.length >= way.least;
  return {
    cursor: "crosshair",
    down: (context, { at }) => {
      const { state, services } = context;
      if (state.readOnly) return false;
      held = draft.length > 0 ? null : heldAt(context, at);
      if (held !== null) {
        services.select(held.shape.id as AnnotationId);
        return held.handle >= 0;
      }
      const place: Point = [at.u, at.v];
      if (way.by === "clicks" || (way.by === "dragAndClick" && draft.length > 0)) {
        click(context, place);
        return false;
      }
      draft = way.by === "line" ? [place] : [place, place];
      dragging = true;
      return true;
    },
    move: ({ cut }, { at, path }) => {
      if (held !== null) {
        const { shape, handle } = held;
        moved = movedPoint(shape.kind, shape.points, handle, [at.u, at.v], cut.spacing);
      } else if (way.by === "line") draft = [...draft, ...path.map(({ u, v }): Point => [u, v])];
      else draft = [draft[0] ?? [at.u, at.v], [at.u, at.v]];
    },
    up: (context) => {
      dragging = false;
      if (held !== null) {
        // A drag is one step, whatever it passed.
        if (moved !== null) context.services.changeShape(held.shape.id as AnnotationId, moved, context.cut);
        return drop();
      }
      if (way.by === "clicks") return;
      if (way.by === "line") {
        const { scaleU, scaleV } = context.placement;
        return finish(context, simplified(draft, (window.devicePixelRatio || 1) / Math.min(scaleU, scaleV)));
      }
      const [a, b] = [draft[0], draft[1]];
      if (way.by === "dragAndClick") {
        // A click where a drag was due begins nothing.
        if (a === undefined || b === undefined || isNear(a, { u: b[0], v: b[1] }, context.placement)) drop();
        return;
      }
      finish(context, shapeOf(tool, draft, null, context));
    },
    cancel: drop,
    moved: drop,
    hover: ({ services }) => {
      if (draft.length > 0) services.redraw();
    },
    key: (context, key) => {
      if (draft.length === 0 || (key !== "Enter" && key !== "Escape")) return false;
      if (key === "Enter" && enough()) finish(context, shapeOf(tool, draft, null, context));
      else drop();
      context.services.redraw();
      return true;
    },
    twice: (context) => {
      if (!enough()) return false;
      finish(context, shapeOf(tool, draft, null, context));
      return true;
    },
    draw: (context, canvas) => {
      const { placement, colour, pointer } = context;
      if (held !== null && moved !== null) drawShape(canvas, placement, { ...held.shape, points: moved, caption: "" }, window.devicePixelRatio || 1);
      if (draft.length === 0) return;
      const at: Point | null = pointer === null || dragging ? null : [pointer.u, pointer.v];
      const points = shapeOf(tool, draft, at, context);
      // Of a pair of lines only those begun show.
      const stored = kindOf(tool);
      const kind: GeometryKind = (tool === "bidirectional" || tool === "rotated_box") && points.length < 4 ? "length" : stored === "cuboid" ? "box" : stored;
      const look: ShapeLook = { id: "draft", kind, points, colour, selected: false, number: undefined, caption: "", open: tool !== "spline" && tool !== "freehand" };
      drawShape(canvas, placement, look, window.devicePixelRatio || 1);
    },
  };
}
