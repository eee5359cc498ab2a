// Keeps with every painted finding what it measures: counted when painting rests, and before submitting.
import { useCallback, useEffect, useRef } from "react";
import type { AnnotationBody, Quantity } from "@/core/domain";
import type { AnnotationId } from "@/core/ids";
import type { LabelExtent } from "@/core/mask";
import { segmentExtents } from "@/core/mask_layers";
import type { AnnotationSession } from "@/core/workspace";
import { measureMask, stored, valuesOfSegments } from "./measure";
import type { ImageState } from "./model";
import { shownPicture } from "./model";
import type { Stage } from "./stage";

type Stored = Readonly<Record<string, Quantity>>;
const restMs = 900;

/** Measures the painted findings of the shown grid whose voxels changed; those of others were when they were shown. */
function measured(state: ImageState, stage: Stage, known: Map<AnnotationId, { readonly key: string; readonly stored: Stored }>): readonly AnnotationBody[] {
  const picture = shownPicture(state);
  const { volume: info } = picture;
  const layers = stage.layersOf(info);
  const { volume } = stage.pictureOf(picture, Math.round(state.position[2]));
  // Statistics of half a volume would be wrong.
  if (volume.loadedCount < info.grid.dims[2]) return [];
  const extents = segmentExtents(layers);
  const painted = state.bodies.flatMap((body) => {
    const extent = body.target.type === "mask" && body.target.grid_id === info.grid_id ? extents.get(body.target.segment) : undefined;
    return extent === undefined || body.target.type !== "mask" ? [] : [{ body, segment: body.target.segment, extent, key: keyOf(extent) }];
  });
  const changed = painted.filter(({ body, key }) => known.get(body.id)?.key !== key);
  const values = changed.length === 0 ? null : valuesOfSegments(layers, new Set(changed.map(({ segment }) => segment)), volume, info);
  for (const { body, segment, extent, key } of changed) known.set(body.id, { key, stored: stored({ ...measureMask(extent, info.grid.affine), ...values?.get(segment) }, info) });
  return painted.flatMap(({ body }) => {
    const measurements = known.get(body.id)?.stored;
    return measurements === undefined || JSON.stringify(measurements) === JSON.stringify(body.measurements) ? [] : [{ ...body, measurements }];
  });
}

const keyOf = ({ voxels, centre, low, high }: LabelExtent): string => [voxels, ...centre, ...low, ...high].join();

/** Gives a function that measures at once. What it changes is no step of its own: undo leaves it alone. */
export function useStoredMeasurements(parts: { readonly state: ImageState; readonly now: { readonly current: ImageState }; readonly set: (next: ImageState) => void; readonly stage: Stage; readonly session: AnnotationSession; readonly stageRevision: number; readonly loaded: number }): () => void {
  const { state, now, set, stage, session, stageRevision, loaded } = parts;
  const known = useRef(new Map<AnnotationId, { key: string; stored: Stored }>());
  const measure = useCallback(() => {
    if (now.current.readOnly) return;
    const next = measured(now.current, stage, known.current);
    if (next.length === 0) return;
    const byId = new Map(next.map((body) => [body.id, body]));
    set({ ...now.current, bodies: now.current.bodies.map((body) => byId.get(body.id) ?? body) });
    for (const body of next) session.put(body);
  }, [now, set, stage, session]);
  useEffect(() => {
    const timer = setTimeout(measure, restMs);
    return () => clearTimeout(timer);
  }, [measure, state.bodies, state.picture, stageRevision, loaded]);
  return measure;
}
