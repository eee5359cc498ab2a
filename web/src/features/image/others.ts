// What other raters drew, as it lies beneath one's own labels on the shown picture: outlines and shapes with their letters.
import { planesOf } from "@/core/geometry";
import type { OtherOpinion } from "@/core/workspace";
import type { MaskLook, SegmentLook, ShapeLook } from "@/ui/slice_pane";
import { sameSpace } from "./looking";
import { toScreenPlane } from "./looks";
import type { ImageState } from "./model";
import { shownPicture, sliceOf } from "./model";
import type { SpaceLook } from "./space_shapes";

export interface OtherLooks {
  readonly masks: readonly MaskLook[];
  /** On the acquired plane. */
  readonly shapes: readonly ShapeLook[];
  readonly space: readonly SpaceLook[];
}
export const nobody: OtherLooks = { masks: [], shapes: [], space: [] };

export function othersOn(state: ImageState, others: readonly OtherOpinion[]): OtherLooks {
  if (others.length === 0) return nobody;
  const picture = shownPicture(state);
  const { grid, grid_id: gridId } = picture.volume;
  const acquired = planesOf(grid.affine).find((plane) => plane.normal === 2);
  const slice = Math.round(state.position[2]);
  const masks: MaskLook[] = [];
  const shapes: ShapeLook[] = [];
  const space: SpaceLook[] = [];
  for (const { key, colour, annotations, masks: layers } of others) {
    const look = { colour, selected: false, number: undefined, caption: key };
    const segments = new Map<number, SegmentLook>();
    for (const annotation of annotations) {
      const { target, id } = annotation;
      if (target.type === "mask" && target.grid_id === gridId) {
        segments.set(target.segment, { colour, visible: true, selected: false, number: target.segment, fill: 0 });
        const extent = layers.find((layer) => layer.gridId === gridId && layer.extents.has(target.segment))?.extents.get(target.segment);
        if (extent === undefined || acquired === undefined || slice < extent.low[2] || slice > extent.high[2]) continue;
        const corners = [extent.low, extent.high].map(([x, y]) => toScreenPlane(acquired, grid.dims, [x, y]));
        const middle = corners.reduce((sum, [u]) => sum + u / corners.length, 0);
        shapes.push({ ...look, id: `${id}/letter`, kind: "letter", points: [[middle, Math.min(...corners.map(([, v]) => v)) - 0.5]] });
      } else if (target.type === "region" && sliceOf(state, annotation) === slice && acquired !== undefined) {
        shapes.push({ ...look, id, kind: target.geometry.kind, points: target.geometry.points.map((point) => toScreenPlane(acquired, grid.dims, point)) });
      } else if (target.type === "space") {
        const home = state.pictures.find(({ series }) => series.id === target.series_id);
        if (home !== undefined && (home.series.id === picture.series.id || sameSpace(home, picture))) space.push({ ...look, id, kind: target.geometry.kind, pointsMm: target.geometry.points });
      }
    }
    const segmentsKey = `${key}${colour}${[...segments.keys()].join("/")}`;
    for (const { mask, gridId: of } of layers) if (of === gridId) masks.push({ mask, segments, segmentsKey });
  }
  return { masks, shapes, space };
}
