// Strokes on the mask of the shown picture: where they go, when they are saved, and the step that undoes them.
import type { AnnotationBody } from "@/core/domain";
import type { AnnotationId } from "@/core/ids";
import { newId } from "@/core/ids";
import { beginStroke, contentsOf, endStroke, restoreBricks } from "@/core/mask";
import type { AnnotationSession } from "@/core/workspace";
import type { ImageState } from "../model";
import { allows, gridIdOf, labelOf, maskFinding, recordStroke, selectedBody, shownPicture } from "../model";
import type { Stage } from "../stage";
import { strings } from "../strings";
import type { OpenStroke, StrokeServices } from "./tool";

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
      return openStroke(parts, title === "" ? name : strings.steps.on(name, title), erase ? 0 : segment, made);
    },
  };
}

function openStroke({ now, set, stage, session }: StrokeParts, name: string, label: number, made: AnnotationBody | null): OpenStroke {
  const { volume } = shownPicture(now.current);
  const mask = stage.maskOf(volume);
  const stroke = beginStroke();
  let lastSaved = performance.now();
  const save = (): void => {
    if (stroke.unsaved.size === 0) return;
    stage.saveBricks(volume.grid_id, contentsOf(mask, stroke.unsaved));
    stroke.unsaved.clear();
    lastSaved = performance.now();
  };
  return {
    mask,
    stroke,
    label,
    locked: lockedSegments(now.current),
    touched: () => {
      if (performance.now() - lastSaved > saveEveryMs) save();
      stage.changed();
    },
    end: () => {
      save();
      const { before, after } = endStroke(mask, stroke);
      if (before.size > 0 || made !== null) set(recordStroke(now.current, name, volume.grid_id, before, after, made));
      stage.settled();
    },
    cancel: () => {
      restoreBricks(mask, stroke.before);
      if (stroke.before.size > 0) stage.saveBricks(volume.grid_id, stroke.before);
      if (made !== null) {
        const { id } = made;
        const current = now.current;
        set({ ...current, bodies: current.bodies.filter((body) => body.id !== id), selected: current.selected === id ? null : current.selected });
        session.remove(id);
      }
      stage.settled();
    },
  };
}

function lockedSegments(state: ImageState): ReadonlySet<number> {
  const segments = state.bodies.flatMap((body) => (state.locked.has(body.id) && body.target.type === "mask" ? [body.target.segment] : []));
  return new Set(segments);
}
