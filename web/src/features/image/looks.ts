// How findings look on the shown picture: outlines, shapes, marks on the sliders, and what they measure.
import { useMemo, useRef } from "react";
import type { Point } from "@/core/domain";
import type { Plane } from "@/core/geometry";
import { planesOf } from "@/core/geometry";
import type { AnnotationId } from "@/core/ids";
import { extentsOf } from "@/core/mask";
import { isSized, unitOf } from "@/core/pictures";
import type { SegmentLook, ShapeLook } from "@/ui/slice_pane";
import { measureMask, measureShape, measurementText, valuesUnder } from "./measure";
import type { ImageState } from "./model";
import { colourOf, findings, selectedBody, shownPicture, sliceOf } from "./model";
import type { Stage } from "./stage";

export interface Looks {
  readonly segments: ReadonlyMap<number, SegmentLook>;
  readonly key: string;
  readonly shapes: readonly ShapeLook[];
  readonly captions: ReadonlyMap<AnnotationId, string>;
  readonly marks: ReadonlyMap<number, readonly { slice: number; colour: string }[]>;
}

/** How findings look on the shown picture. Extents of masks are counted anew only when the mask changed. */
export function useLooks(state: ImageState, stage: Stage, stageRevision: number): Looks {
  const picture = shownPicture(state);
  const mask = stage.maskOf(picture.volume);
  const counted = useRef<{ mask: typeof mask; revision: number; extents: ReturnType<typeof extentsOf> } | null>(null);
  if (counted.current?.mask !== mask || counted.current.revision !== stageRevision) {
    counted.current = { mask, revision: stageRevision, extents: extentsOf(mask) };
  }
  const extents = counted.current.extents;
  const held = selectedBody(state)?.target;
  const segment = held?.type === "mask" && held.grid_id === picture.volume.grid_id ? held.segment : null;
  // What the image holds under it is counted for the selected one alone, and once for each change: it takes every voxel of its bricks.
  const values = useMemo(
    () => (segment === null || stageRevision < 0 ? {} : valuesUnder(mask, segment, stage.pictureOf(picture, 0).volume, picture.volume.transform)),
    [mask, segment, stage, picture, stageRevision],
  );
  return useMemo(() => {
    const segments = new Map<number, SegmentLook>();
    const shapes: ShapeLook[] = [];
    const captions = new Map<AnnotationId, string>();
    const marks = new Map<number, { slice: number; colour: string }[]>([[0, []], [1, []], [2, []]]);
    const { volume: info } = picture;
    const unit = unitOf(picture);
    for (const { number, body } of findings(state)) {
      const { target } = body;
      const colour = colourOf(state, body.label);
      const visible = !state.hidden.has(body.id);
      const selected = state.selected === body.id;
      if (target.type === "mask" && target.grid_id === info.grid_id) {
        segments.set(target.segment, { colour, visible, selected, number });
        const extent = extents.get(target.segment);
        if (extent === undefined) continue;
        captions.set(body.id, measurementText({ ...measureMask(extent, info.grid.affine), ...(selected ? values : {}) }, unit, isSized(picture)));
        for (const axis of [0, 1, 2] as const) marks.get(axis)?.push({ slice: Math.round(extent.centre[axis]), colour });
      } else if (target.type === "region") {
        const slice = sliceOf(state, body);
        if (slice === null) continue;
        marks.get(2)?.push({ slice, colour });
        const { kind, points } = target.geometry;
        const { volume } = stage.pictureOf(picture, slice);
        const caption = measurementText(measureShape({ kind, points }, info.grid.affine, volume, slice, info.transform), unit, isSized(picture));
        captions.set(body.id, caption);
        if (visible && slice === state.position[2]) shapes.push({ id: body.id, kind, points, colour, selected, number, caption });
      }
    }
    const key = [...segments].map(([segment, look]) => `${segment}${look.colour}${look.visible}${look.selected}`).join("/");
    // A shape is drawn in the acquired plane as that plane stands on the screen.
    const acquired = planesOf(info.grid.affine).find((plane) => plane.normal === 2);
    const turned = acquired === undefined ? shapes : shapes.map((shape) => ({ ...shape, points: shape.points.map((point) => toScreenPlane(acquired, info.grid.dims, point)) }));
    return { segments, key, shapes: turned, captions, marks };
  }, [state, stage, picture, extents, values]);
}

/** Pixels of the acquired frame to places on the pane, which may be turned or mirrored. */
function toScreenPlane(plane: Plane, dims: readonly number[], [x, y]: Point): Point {
  const along = (side: Plane["right"]): number => {
    const value = side.axis === 0 ? x : y;
    return side.flipped ? (dims[side.axis] ?? 1) - 1 - value : value;
  };
  return [along(plane.right), along(plane.down)];
}
