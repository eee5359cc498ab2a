// A painted finding carried from the phase that is looked at to other phases of its series: on each it is the same finding, by
// label and number, with a mask of its own.
import type { AnnotationBody } from "@/core/domain";
import type { AnnotationId } from "@/core/ids";
import { newId } from "@/core/ids";
import { exclusiveLayer, layerForSegment, layerOf } from "@/core/mask_layers";
import type { Picture } from "@/core/pictures";
import type { FieldValue, OperationClient, Preview, Propagation } from "@/core/segment/operations";
import { previewOf } from "@/core/segment/operations";
import { phasesOf } from "./looking";
import type { ImageState } from "./model";
import { findings, gridIdOf, labelOf } from "./model";
import type { Stage } from "./stage";
import { strings } from "./strings";

/** What one phase would get. */
export interface PhaseResult {
  readonly phase: number; // from 1
  readonly picture: Picture;
  readonly layer: number;
  readonly body: AnnotationBody;
  readonly isNew: boolean;
  readonly preview: Preview;
  readonly propagation: Propagation | undefined;
}

/** The phases that are meant, those near the shown one first. */
export function phasesReached(state: ImageState, reach: FieldValue | undefined): readonly number[] {
  const all = phasesOf(state);
  const at = all.indexOf(state.picture);
  const later = all.map((_, n) => n).slice(at + 1);
  const earlier = all.map((_, n) => n).slice(0, Math.max(0, at)).reverse();
  return reach === "later" ? later : reach === "earlier" ? earlier : [...later, ...earlier];
}

/** The finding on another phase: the one of its label and number there, or a new one, of which nothing else is said yet. */
export function findingOnPhase(state: ImageState, of: AnnotationBody, picture: Picture): { readonly body: AnnotationBody; readonly isNew: boolean } {
  const gridId = picture.volume.grid_id;
  const all = findings(state);
  const number = all.find(({ body }) => body.id === of.id)?.number ?? 1;
  const there = all.find((one) => one.number === number && one.body.label === of.label && one.body.target.type === "mask" && one.body.target.grid_id === gridId);
  if (there !== undefined) return { body: there.body, isNew: false };
  const segment = Math.max(0, ...segmentsOn(state, gridId)) + 1;
  return { body: { ...of, id: newId<AnnotationId>(), number, attributes: {}, measurements: {}, target: { type: "mask", grid_id: gridId, segment } }, isNew: true };
}

function segmentsOn(state: ImageState, gridId: string): readonly number[] {
  return state.bodies.flatMap(({ target }) => (target.type === "mask" && target.grid_id === gridId ? [target.segment] : []));
}

function labelOfSegment(state: ImageState, gridId: string, segment: number): string | null {
  return state.bodies.find(({ target }) => target.type === "mask" && target.grid_id === gridId && target.segment === segment)?.label ?? null;
}

export interface AlongTime {
  readonly results: readonly PhaseResult[];
  /** Phases whose finding is locked. */
  readonly left: readonly number[];
}

/** Asks for one phase after the other; stops between two when it is aborted. */
export async function carryAlongTime(
  state: ImageState,
  source: AnnotationBody,
  values: Readonly<Record<string, FieldValue>>,
  { stage, client, done, signal }: { readonly stage: Stage; readonly client: OperationClient; readonly done: (phases: number, of: number) => void; readonly signal: AbortSignal },
): Promise<AlongTime> {
  const reached = phasesReached(state, values["reach"]);
  if (reached.length === 0 || source.target.type !== "mask") throw new Error(strings.segment.noPhases);
  const overlaps = (label: string | null): boolean => labelOf(state, label)?.overlaps ?? false;
  const results: PhaseResult[] = [];
  const left: number[] = [];
  for (const [n, at] of reached.entries()) {
    done(n, reached.length);
    const picture = state.pictures[phasesOf(state)[at] ?? -1];
    if (picture === undefined) continue;
    const gridId = picture.volume.grid_id;
    const { body, isNew } = findingOnPhase(state, source, picture);
    if (state.locked.has(body.id)) {
      left.push(at + 1);
      continue;
    }
    const segment = body.target.type === "mask" ? body.target.segment : 1;
    const layers = await stage.loadedLayers(picture.volume);
    const layer = layerForSegment(layers, segment, overlaps(body.label));
    const answer = await client.run(
      gridId,
      {
        layer,
        // What an earlier carrying wrote there, or somebody drew of this finding, makes way.
        operation: { kind: "propagate", segment, replace: true, from_grid: gridIdOf(state), from_segments: [source.target.segment], rigid_only: values["rigid_only"] === true },
        // Segments that share voxels with none keep theirs; one that may overlap lies over all of them.
        mask: { range: null, inside: null, protect: layer === exclusiveLayer ? segmentsOn(state, gridId).filter((other) => other !== segment && layerForSegment(layers, other, overlaps(labelOfSegment(state, gridId, other))) === layer) : [] },
      },
      signal,
    );
    if (signal.aborted) break;
    results.push({ phase: at + 1, picture, layer, body, isNew, preview: previewOf(layerOf(layers, layer), answer.bricks), propagation: answer.propagation });
  }
  return { results, left };
}
