// Adding and changing shapes: from places of the pane to pixels of the frame, with what they measure.
import type { AnnotationBody, Point } from "@/core/domain";
import type { Plane } from "@/core/geometry";
import { planesOf } from "@/core/geometry";
import type { Cut } from "@/core/cut";
import { isSized } from "@/core/pictures";
import { inPixels, measureShape, stored } from "../measure";
import type { Changed, ImageState } from "../model";
import { addBody, allows, changeBody, geometryOf, labelOf, regionFinding, shownPicture, sliceOf, spaceFinding } from "../model";
import type { Stage } from "../stage";
import { changedOnCut, drawnInSpace, measureInSpace } from "../space_shapes";
import { strings } from "../strings";
import { isShapeTool, kindOf } from "./shaping";
import type { ToolServices } from "./tool";

/** Places of the acquired plane as it stands on the screen, which may be turned or mirrored, as pixels of the frame. */
export function toFrame(plane: Plane, dims: readonly number[], [u, v]: Point): Point {
  const pixel: [number, number] = [0, 0];
  for (const [side, value] of [[plane.right, u], [plane.down, v]] as const) {
    if (side.axis === 2) continue;
    pixel[side.axis] = side.flipped ? (dims[side.axis] ?? 1) - 1 - value : value;
  }
  return pixel;
}

function framePoints(state: ImageState, points: readonly Point[]): readonly Point[] {
  const { grid } = shownPicture(state).volume;
  const plane = planesOf(grid.affine).find((candidate) => candidate.normal === 2);
  return plane === undefined ? points : points.map((point) => toFrame(plane, grid.dims, point));
}

function measured(state: ImageState, stage: Stage, body: AnnotationBody): AnnotationBody {
  const slice = sliceOf(state, body);
  if (body.target.type !== "region" || slice === null) return body;
  const picture = shownPicture(state);
  const { volume } = stage.pictureOf(picture, slice);
  const found = stored(measureShape(body.target.geometry, picture.volume, volume, slice), picture.volume);
  const measurements = isSized(picture) ? found : inPixels(found);
  return Object.keys(measurements).length === 0 ? body : { ...body, measurements };
}

export interface ShapeParts {
  readonly now: { readonly current: ImageState };
  readonly change: (changed: Changed) => void;
  readonly say: (text: string) => void;
  readonly stage: Stage;
}

export function shapeServices({ now, change, say, stage }: ShapeParts): Pick<ToolServices, "addShape" | "changeShape"> {
  return {
    addShape: (tool, points, cut) => {
      const state = now.current;
      const label = labelOf(state, state.label);
      if (!isShapeTool(tool)) return;
      const kind = kindOf(tool);
      if (isTiny(kind, points)) return;
      if (!allows(label, kind)) return say(strings.labelForbids(label?.title ?? "", strings.tools[kind].toLowerCase()));
      const onFrame = kind !== "cuboid" && cut.along?.plane.normal === 2;
      const body = onFrame ? measured(state, stage, regionFinding(state, kind, framePoints(state, points))) : measuredInSpace(state, spaceFinding(state, kind, drawnInSpace(cut, kind, points)));
      change(addBody(state, strings.steps.draw(strings.tools[tool].toLowerCase(), label?.title ?? ""), body));
    },
    changeShape: (id, points, cut) => {
      const state = now.current;
      const body = state.bodies.find((candidate) => candidate.id === id);
      if (body === undefined || state.locked.has(id)) return;
      const next = changedBody(state, stage, body, points, cut);
      if (next !== null) change(changeBody(state, strings.steps.shape(labelOf(state, body.label)?.title ?? ""), next));
    },
  };
}

function changedBody(state: ImageState, stage: Stage, body: AnnotationBody, points: readonly Point[], cut: Cut): AnnotationBody | null {
  const { target } = body;
  if (target.type === "region") return measured(state, stage, { ...body, target: { ...target, geometry: geometryOf(target.geometry.kind, framePoints(state, points)) } });
  if (target.type !== "space") return null;
  const { kind } = target.geometry;
  return measuredInSpace(state, { ...body, target: { ...target, geometry: { kind, points: changedOnCut(cut, kind, target.geometry.points, points) } } });
}

function measuredInSpace(state: ImageState, body: AnnotationBody): AnnotationBody {
  if (body.target.type !== "space") return body;
  const { kind, points } = body.target.geometry;
  const measurements = stored(measureInSpace(kind, points), shownPicture(state).volume);
  return Object.keys(measurements).length === 0 ? body : { ...body, measurements };
}

/** A click where a drag was due. */
function isTiny(kind: ReturnType<typeof kindOf>, points: readonly Point[]): boolean {
  const [a, b] = [points[0], points[1]];
  if (kind === "point") return a === undefined;
  if (kind === "polygon") return points.length < 3;
  return a === undefined || b === undefined || Math.hypot(b[0] - a[0], b[1] - a[1]) < 1;
}
