// Strokes on the mask of the shown picture: where they go, when they are saved, and the step that undoes them.
import type { AnnotationBody } from "@/core/domain";
import type { AnnotationId } from "@/core/ids";
import { newId } from "@/core/ids";
import { beginStroke, contentsOf, endStroke, restoreBricks } from "@/core/mask";
import { allLayers, layerForSegment, layerOf } from "@/core/mask_layers";
import type { AnnotationSession } from "@/core/workspace";
import type { ImageState } from "../model";
import type { TouchedGrid } from "../model";
import { allows, gridIdOf, labelOf, maskFinding, recordStroke, selectedBody, shownPicture } from "../model";
import type { Stage } from "../stage";
import { strings } from "../strings";
import type { OpenStroke, StrokePart, StrokeServices } from "./tool";

const saveEveryMs = 500;

export interface StrokeParts {
  readonly now: { readonly current: ImageState };
  readonly set: (state: ImageState) => void;
  readonly say: (text: string) => void;
  readonly stage: Stage;
  readonly session: AnnotationSession;
}

export function strokeServices(parts: StrokeParts): StrokeServices {
  const { now, set, say, session } = parts;
  return {
    begin: (name, erase) => {
      const state = now.current;
      if (!erase && !allows(labelOf(state, state.label), "mask")) {
        say(strings.labelForbids(labelOf(state, state.label)?.title ?? "", strings.tools.brush.toLowerCase()));
        return null;
      }
      const selected = selectedBody(state);
      const target = selected?.label === state.label && selected.target.type === "mask" && selected.target.grid_id === gridIdOf(state) ? selected.target : null;
      if (!erase && target !== null && state.locked.has(selected?.id ?? newId<AnnotationId>())) {
        say(strings.lockedFinding);
        return null;
      }
      let made: AnnotationBody | null = null;
      let segment = target?.segment ?? 0;
      if (!erase && target === null) {
        made = maskFinding(state);
        segment = made.target.type === "mask" ? made.target.segment : 1;
        set({ ...state, bodies: [...state.bodies, made], selected: made.id });
        session.put(made);
      }
      const title = labelOf(state, erase ? (selected?.label ?? null) : state.label)?.title ?? "";
      const overlaps = labelOf(state, state.label)?.overlaps ?? false;
      return openStroke(parts, { name: title === "" ? name : strings.steps.on(name, title), label: erase ? 0 : segment, made: made === null ? [] : [made], overlaps });
    },
    beginWith: (name, made, selected = made[0]?.id ?? null) => {
      const state = now.current;
      set({ ...state, bodies: [...state.bodies, ...made], selected });
      for (const body of made) session.put(body);
      const [first] = made;
      return openStroke(parts, { name, label: first?.target.type === "mask" ? first.target.segment : 1, made, overlaps: false });
    },
    across: (name, writes) => {
      const { stage } = parts;
      const made = writes.flatMap(({ made: body }) => body ?? []);
      set({ ...now.current, bodies: [...now.current.bodies, ...made] });
      for (const body of made) session.put(body);
      const grids = writes.map(({ volume, layer, write }): TouchedGrid => {
        const mask = layerOf(stage.layersOf(volume), layer);
        const stroke = beginStroke();
        write(mask, stroke);
        stage.saveBricks(volume.grid_id, layer, contentsOf(mask, stroke.unsaved));
        stroke.unsaved.clear();
        return { gridId: volume.grid_id, touched: stroke.before.size === 0 ? [] : [{ layer, ...endStroke(mask, stroke) }] };
      });
      set(recordStroke(now.current, name, grids, made));
      stage.settled();
    },
  };
}

/** The layers that a stroke changes: an eraser takes from all of them. */
function partsOf(layers: ReturnType<Stage["layersOf"]>, label: number, overlaps: boolean): readonly StrokePart[] {
  if (label === 0) return allLayers(layers).map(([layer, mask]) => ({ layer, mask, stroke: beginStroke() }));
  const layer = layerForSegment(layers, label, overlaps);
  return [{ layer, mask: layerOf(layers, layer), stroke: beginStroke() }];
}

interface Begun {
  /** The undo step's. */
  readonly name: string;
  readonly label: number;
  /** Findings that it makes, which its undo takes away. */
  readonly made: readonly AnnotationBody[];
  readonly overlaps: boolean;
}

function openStroke({ now, set, stage, session }: StrokeParts, { name, label, made, overlaps }: Begun): OpenStroke {
  const { grid_id: gridId } = shownPicture(now.current).volume;
  const parts = partsOf(stage.layersOf(shownPicture(now.current).volume), label, overlaps);
  let lastSaved = performance.now();
  const save = (): void => {
    for (const { layer, mask, stroke } of parts) {
      if (stroke.unsaved.size === 0) continue;
      stage.saveBricks(gridId, layer, contentsOf(mask, stroke.unsaved));
      stroke.unsaved.clear();
      lastSaved = performance.now();
    }
  };
  return {
    parts,
    label,
    locked: lockedSegments(now.current),
    touched: () => {
      if (performance.now() - lastSaved > saveEveryMs) save();
      stage.changed();
    },
    end: () => {
      save();
      const touched = parts.filter(({ stroke }) => stroke.before.size > 0).map(({ layer, mask, stroke }) => ({ layer, ...endStroke(mask, stroke) }));
      if (touched.length > 0 || made.length > 0) set(recordStroke(now.current, name, [{ gridId, touched }], made));
      stage.settled();
    },
    cancel: () => {
      for (const { layer, mask, stroke } of parts) {
        restoreBricks(mask, stroke.before);
        stage.saveBricks(gridId, layer, stroke.before);
      }
      if (made.length > 0) {
        const gone = new Set(made.map((body) => body.id));
        const current = now.current;
        set({ ...current, bodies: current.bodies.filter((body) => !gone.has(body.id)), selected: current.selected !== null && gone.has(current.selected) ? null : current.selected });
        for (const id of gone) session.remove(id);
      }
      stage.settled();
    },
  };
}

function lockedSegments(state: ImageState): ReadonlySet<number> {
  const segments = state.bodies.flatMap((body) => (state.locked.has(body.id) && body.target.type === "mask" && body.target.grid_id === gridIdOf(state) ? [body.target.segment] : []));
  return new Set(segments);
}
