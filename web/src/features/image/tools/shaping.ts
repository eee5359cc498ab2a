// Shapes on the acquired plane: a box or length by dragging, a polygon by clicks, a point; and the handles of those there.
import type { Point } from "@/core/domain";
import type { SlicePoint } from "@/core/geometry";
import type { AnnotationId } from "@/core/ids";
import type { Placement, ShapeLook } from "@/ui/slice_pane";
import { drawShape, handlesOf } from "@/ui/slice_pane";
import { strings } from "../strings";
import type { PaneTool, ToolContext } from "./tool";

export type ShapeKind = "polygon" | "box" | "point" | "length";

interface Held {
  readonly shape: ShapeLook;
  /** Below 0: the shape alone, none of its corners. */
  readonly handle: number;
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

function movedHandle({ shape, handle }: Held, place: SlicePoint): readonly Point[] {
  const moved: Point = [place.u, place.v];
  const [a, b] = [shape.points[0], shape.points[1]];
  if ((shape.kind === "box" || shape.kind === "ellipse") && a !== undefined && b !== undefined) {
    const corners: readonly (readonly [Point, Point])[] = [[moved, b], [[a[0], moved[1]], [moved[0], b[1]]], [a, moved], [[moved[0], a[1]], [b[0], moved[1]]]];
    return corners[handle] ?? shape.points;
  }
  return shape.points.map((point, n) => (n === handle ? moved : point));
}

export function shapeTool(kind: ShapeKind): PaneTool {
  let draft: readonly Point[] = [];
  let held: Held | null = null;
  const drop = (): void => {
    draft = [];
    held = null;
  };
  const finish = ({ services }: ToolContext): void => {
    const points = draft;
    drop();
    if (points.length > 0) services.addShape(kind, points);
    services.redraw();
  };
  return {
    cursor: "crosshair",
    down: (context, { at }) => {
      const { state, cut, placement, services } = context;
      if (cut.along?.plane.normal !== 2) {
        services.say(strings.shapeOnAcquisition);
        return false;
      }
      held = draft.length > 0 || state.readOnly ? null : heldAt(context, at);
      if (held !== null) {
        services.select(held.shape.id as AnnotationId);
        return held.handle >= 0;
      }
      if (kind === "point") {
        services.addShape("point", [[at.u, at.v]]);
        return false;
      }
      if (kind === "polygon") {
        if (draft.length > 2 && isNear(draft[0], at, placement)) finish(context);
        else draft = [...draft, [at.u, at.v]];
        return false;
      }
      draft = [[at.u, at.v], [at.u, at.v]];
      return true;
    },
    move: ({ services }, { at }) => {
      if (held !== null) services.changeShape(held.shape.id as AnnotationId, movedHandle(held, at));
      else draft = [draft[0] ?? [at.u, at.v], [at.u, at.v]];
    },
    up: (context) => {
      if (held === null) finish(context);
      held = null;
    },
    cancel: drop,
    moved: drop,
    key: (context, key) => {
      if (draft.length === 0 || (key !== "Enter" && key !== "Escape")) return false;
      if (key === "Enter" && draft.length > 2) finish(context);
      else drop();
      context.services.redraw();
      return true;
    },
    twice: (context) => {
      if (kind !== "polygon" || draft.length < 3) return false;
      finish(context);
      return true;
    },
    draw: ({ placement, colour, pointer }, canvas) => {
      if (draft.length === 0) return;
      const points = kind === "polygon" && pointer !== null ? [...draft, [pointer.u, pointer.v] as const] : draft;
      const look: ShapeLook = { id: "draft", kind, points, colour, selected: false, number: undefined, caption: "", open: true };
      drawShape(canvas, placement, look, window.devicePixelRatio || 1, false);
    },
  };
}
