// How findings look on the shown picture: outlines, shapes, marks on the sliders, and what they measure.
import { useMemo, useRef } from "react";
import type { Point } from "@/core/domain";
import type { Plane } from "@/core/geometry";
import { planesOf } from "@/core/geometry";
import type { AnnotationId } from "@/core/ids";
import { segmentExtents } from "@/core/mask_layers";
import { isSized, unitOf } from "@/core/pictures";
import type { SegmentLook, ShapeLook } from "@/ui/slice_pane";
import { measureMask, measureShape, measurementText, valuesOfSegments } from "./measure";
import type { ImageState } from "./model";
import { colourOf, findings, selectedBody, shownPicture, sliceOf } from "./model";
import { sameSpace, voxelAt } from "./looking";
import type { SpaceLook } from "./space_shapes";
import { measureInSpace, middleOfPoints } from "./space_shapes";
import type { Stage } from "./stage";
import { strings } from "./strings";

export interface Looks {
  readonly segments: ReadonlyMap<number, SegmentLook>;
  readonly key: string;
  readonly shapes: readonly ShapeLook[];
  /** Of the patient, on whatever plane meets them. */
  readonly space: readonly SpaceLook[];
  readonly captions: ReadonlyMap<AnnotationId, string>;
  readonly marks: ReadonlyMap<number, readonly { slice: number; colour: string }[]>;
}

/** How findings look on the shown picture. Extents of masks are counted anew only when the mask changed. */
export function useLooks(state: ImageState, stage: Stage, stageRevision: number): Looks {
  const picture = shownPicture(state);
  const layers = stage.layersOf(picture.volume);
  const counted = useRef<{ layers: typeof layers; revision: number; extents: ReturnType<typeof segmentExtents> } | null>(null);
  if (counted.current?.layers !== layers || counted.current.revision !== stageRevision) {
    counted.current = { layers, revision: stageRevision, extents: segmentExtents(layers) };
  }
  const extents = counted.current.extents;
  const held = selectedBody(state)?.target;
  const segment = held?.type === "mask" && held.grid_id === picture.volume.grid_id ? held.segment : null;
  // What the image holds under it is counted for the selected one alone, and once for each change: it takes every voxel of its bricks.
  const values = useMemo(
    () => (segment === null || stageRevision < 0 ? {} : (valuesOfSegments(layers, new Set([segment]), stage.pictureOf(picture, 0).volume, picture.volume).get(segment) ?? {})),
    [layers, segment, stage, picture, stageRevision],
  );
  return useMemo(() => {
    const segments = new Map<number, SegmentLook>();
    const shapes: ShapeLook[] = [];
    const space: SpaceLook[] = [];
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
        segments.set(target.segment, { colour, visible, selected, number, ...(state.looking.outlines ? { fill: 0 } : {}) });
        const extent = extents.get(target.segment);
        if (extent === undefined) continue;
        captions.set(body.id, placed(Math.round(extent.centre[2]), measurementText({ ...measureMask(extent, info.grid.affine), ...(selected ? values : {}) }, unit, isSized(picture))));
        for (const axis of [0, 1, 2] as const) marks.get(axis)?.push({ slice: Math.round(extent.centre[axis]), colour });
      } else if (target.type === "space") {
        const home = state.pictures.find(({ series }) => series.id === target.series_id);
        if (home === undefined || (home.series.id !== picture.series.id && !sameSpace(home, picture))) continue;
        const { kind, points: pointsMm } = target.geometry;
        const caption = measurementText(measureInSpace(kind, pointsMm), unit);
        captions.set(body.id, caption);
        const middle = voxelAt(picture, middleOfPoints(kind, pointsMm));
        if (middle !== null) for (const axis of [0, 1, 2] as const) marks.get(axis)?.push({ slice: Math.round(middle[axis]), colour });
        if (visible) space.push({ id: body.id, kind, pointsMm, colour, selected, number, caption });
      } else if (target.type === "region") {
        const slice = sliceOf(state, body);
        if (slice === null) continue;
        marks.get(2)?.push({ slice, colour });
        const { kind, points } = target.geometry;
        const { volume } = stage.pictureOf(picture, slice);
        const caption = measurementText(measureShape({ kind, points }, info, volume, slice), unit, isSized(picture));
        captions.set(body.id, placed(slice, caption));
        if (visible && slice === state.position[2]) shapes.push({ id: body.id, kind, points, colour, selected, number, caption });
      }
    }
    const key = [...segments].map(([segment, look]) => `${segment}${look.colour}${look.visible}${look.selected}${look.fill ?? ""}`).join("/");
    // A shape is drawn in the acquired plane as that plane stands on the screen.
    const acquired = planesOf(info.grid.affine).find((plane) => plane.normal === 2);
    const turned = acquired === undefined ? shapes : shapes.map((shape) => ({ ...shape, points: shape.points.map((point) => toScreenPlane(acquired, info.grid.dims, point)) }));
    return { segments, key, shapes: turned, space, captions, marks };
  }, [state, stage, picture, extents, values]);
}

const placed = (slice: number, caption: string): string => [strings.onSlice(slice + 1), caption].filter((part) => part !== "").join(" · ");

/** Pixels of the acquired frame to places on the pane, which may be turned or mirrored. */
export function toScreenPlane(plane: Plane, dims: readonly number[], [x, y]: Point): Point {
  const along = (side: Plane["right"]): number => {
    const value = side.axis === 0 ? x : y;
    return side.flipped ? (dims[side.axis] ?? 1) - 1 - value : value;
  };
  return [along(plane.right), along(plane.down)];
}
