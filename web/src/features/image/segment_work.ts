// One operation on a segment from its form to its undo step: asked of the server, shown over the panes, then written as an
// ordinary stroke or dropped. A preview of seeds is asked for anew after every stroke.
import type { OperationClient, OperationRequest, OperationSpec, FieldValue, Preview, SegmentAnswer } from "@/core/segment/operations";
import { applyPreview, inView, labelsGiven, operationBody, previewOf, relabelled, updatedPreview } from "@/core/segment/operations";
import { sampleRange } from "@/core/segment/edit";
import type { AnnotationBody } from "@/core/domain";
import { planesOf } from "@/core/geometry";
import type { Mask, Stroke } from "@/core/mask";
import { exclusiveLayer, layerForSegment, layerOf } from "@/core/mask_layers";
import type { Picture } from "@/core/pictures";
import type { AnnotationSession } from "@/core/workspace";
import type { AlongTime } from "./along_time";
import { carryAlongTime } from "./along_time";
import type { ImageState } from "./model";
import { colourOf, copiedFindings, gridIdOf, labelOf, maskFinding, nextSegment, selectedBody, shownPicture } from "./model";
import type { Stage } from "./stage";
import { strings } from "./strings";
import { limitOf } from "./tools/edits";
import type { StrokeServices } from "./tools/tool";

export type WorkState =
  | { readonly kind: "idle" }
  | { readonly kind: "working"; readonly said?: string }
  | ({ readonly kind: "phases" } & AlongTime)
  | { readonly kind: "preview"; readonly preview: Preview; readonly nextSlices: SegmentAnswer["nextSlices"]; readonly propagation: SegmentAnswer["propagation"] }
  | { readonly kind: "failed"; readonly reason: string };

export interface WorkParts {
  readonly now: { readonly current: ImageState };
  readonly stage: Stage;
  readonly strokes: StrokeServices;
  readonly session: AnnotationSession;
  readonly client: OperationClient;
}

/** The segment that an operation is about: the selected finding's, or the one that a new finding would get. */
export function workSegment(state: ImageState): { readonly segment: number; readonly isNew: boolean } {
  const target = selectedBody(state)?.target;
  if (target?.type === "mask" && target.grid_id === gridIdOf(state)) return { segment: target.segment, isNew: false };
  return { segment: nextSegment(state), isNew: true };
}

/** Volumes of the item from which labels can be carried into the shown one: the latest earlier study's first. */
export function sourcePictures(state: ImageState): readonly Picture[] {
  const shown = gridIdOf(state);
  const others = state.pictures.filter(({ volume }) => volume.grid_id !== shown && volume.grid.dims[2] > 1);
  return [...others.filter(({ study }) => study.prior), ...others.filter(({ study }) => !study.prior)];
}

/** The picture of that grid, else the first there is. */
export function sourcePicture(state: ImageState, gridId: FieldValue | undefined): Picture | undefined {
  const pictures = sourcePictures(state);
  return pictures.find(({ volume }) => volume.grid_id === gridId) ?? pictures[0];
}

/** That picture and what is wanted of it: the label of the finding that is worked on. */
function sourceOf(state: ImageState, gridId: FieldValue | undefined): { readonly label: string | null; readonly gridId: string; readonly otherModality: boolean } | undefined {
  const picture = sourcePicture(state, gridId);
  if (picture === undefined) return undefined;
  const { isNew } = workSegment(state);
  return {
    label: isNew ? state.label : (selectedBody(state)?.label ?? null),
    gridId: picture.volume.grid_id,
    otherModality: picture.series.modality !== shownPicture(state).series.modality,
  };
}

/** Segment numbers of the shown picture with their labels. */
function segmentsOf(state: ImageState): ReadonlyMap<number, string | null> {
  const grid = gridIdOf(state);
  return new Map(state.bodies.flatMap((body) => (body.target.type === "mask" && body.target.grid_id === grid ? [[body.target.segment, body.label] as const] : [])));
}

export class SegmentWork {
  private abort: AbortController | null = null;
  private revision = 0;
  /** The last preview of seeds as the server named it. */
  private held: { readonly gridId: string; readonly mask: Mask; readonly name: string; readonly preview: Preview } | null = null;
  /** Findings that accepting makes. */
  private made: readonly AnnotationBody[] = [];
  state: WorkState = { kind: "idle" };

  constructor(
    private readonly parts: WorkParts,
    private readonly told: () => void,
  ) {}

  private set(state: WorkState): void {
    this.state = state;
    this.told();
  }

  /** The range of a threshold while it is being set: worked out here, pane by pane. */
  showRange(low: number, high: number): void {
    const { now, stage } = this.parts;
    const range = sampleRange(Math.min(low, high), Math.max(low, high), shownPicture(now.current).volume.transform);
    const colour = colourOf(now.current, now.current.label);
    stage.showOverlay({ key: `range/${range.low}/${range.high}/${colour}`, kind: "range", range, colour });
  }

  async preview(spec: OperationSpec, values: Readonly<Record<string, FieldValue>>): Promise<void> {
    const { now, stage, session } = this.parts;
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    this.set({ kind: "working" });
    try {
      // The server works on what it holds: strokes on their way arrive first.
      await settledSession(session, abort.signal);
      const state = now.current;
      if (spec.kind === "along_time") {
        await this.alongTime(state, values, abort.signal);
        return;
      }
      const { volume } = shownPicture(state);
      const { segment } = workSegment(state);
      const limit = limitOf(state);
      const segments = segmentsOf(state);
      const planes = planesOf(volume.grid.affine);
      const layers = stage.layersOf(volume);
      const layer = spec.kind === "copy_prior" || spec.kind === "classify" ? exclusiveLayer : layerForSegment(layers, segment, labelOf(state, segments.get(segment) ?? state.label)?.overlaps ?? false);
      const request: OperationRequest = {
        layer,
        operation: operationBody(spec, values, segment, [...segments.keys()], (name) => planes.find((plane) => plane.name === name)?.normal ?? 2, sourceOf(state, values["from_grid"])),
        mask: { range: limit === null ? null : ([limit.low, limit.high] as const), inside: null, protect: protectedSegments(state, segment, (other) => layerForSegment(layers, other, labelOf(state, segments.get(other) ?? null)?.overlaps ?? false) === layer) },
      };
      if (spec.kind === "classify") await this.showInView(request, segments, abort.signal);
      if (abort.signal.aborted) return;
      const mask = layerOf(layers, layer);
      const [answer, copied] = await Promise.all([this.ask(volume.grid_id, request, mask, abort.signal), this.copiedFrom(spec, values, abort.signal)]);
      if (abort.signal.aborted) return;
      const { found } = answer;
      // Segments of an earlier study get numbers that are free here.
      const preview = copied.size === 0 ? found : relabelled(found, new Map([...copied].map(([from, { target }]) => [from, target.type === "mask" ? target.segment : from])));
      const given = new Set(labelsGiven(preview));
      this.made = spec.kind === "islands" ? partsMade(state, [...given].filter((label) => label !== segment)) : [...copied.values()].filter(({ target }) => target.type === "mask" && given.has(target.segment));
      const colours = new Map([...segments].map(([number, label]) => [number, colourOf(state, label)]));
      for (const { target, label } of this.made) if (target.type === "mask") colours.set(target.segment, colourOf(state, label));
      if (!colours.has(segment)) colours.set(segment, colourOf(state, state.label));
      const show = (shown: Preview, { nextSlices, propagation }: SegmentAnswer): void => {
        stage.showOverlay({ key: `difference/${++this.revision}`, kind: "difference", difference: shown.difference, colours });
        this.set({ kind: "preview", preview: shown, nextSlices, propagation });
      };
      show(preview, answer);
      if (spec.kind !== "grow") return;
      // A quick answer is on the screen; one that fails to follow takes nothing away.
      const settled = await this.ask(volume.grid_id, request, mask, abort.signal, true).catch(() => null);
      if (settled !== null && !abort.signal.aborted) show(settled.found, settled);
    } catch (error) {
      if (abort.signal.aborted) return;
      stage.showOverlay(null);
      this.set({ kind: "failed", reason: error instanceof Error ? error.message : strings.segment.failed });
    }
  }

  /** A preview of seeds is brought up to date from the one that is held. Right after a stroke with what was learnt before, which is
   * quick; `settled` lets the new strokes teach, and asks where to draw next. */
  private async ask(gridId: string, request: OperationRequest, mask: Mask, signal: AbortSignal, settled = false): Promise<SegmentAnswer & { readonly found: Preview }> {
    const grows = request.operation.kind === "grow";
    const held = grows && this.held?.gridId === gridId && this.held.mask === mask ? this.held : null;
    const operation = grows && !settled ? { ...request.operation, next_slices: false, keep_model: true } : request.operation;
    const answer = await this.parts.client.run(gridId, { ...request, operation, ...(held === null ? {} : { since: held.name }) }, signal);
    const found = held !== null && answer.isUpdate === true ? updatedPreview(held.preview, mask, answer.bricks) : previewOf(mask, answer.bricks);
    if (answer.preview !== undefined && !signal.aborted) this.held = { gridId, mask, name: answer.preview, preview: found };
    return { ...answer, found };
  }

  /** The slices in view, before all is worked out. */
  private async showInView(request: OperationRequest, segments: ReadonlyMap<number, string | null>, signal: AbortSignal): Promise<void> {
    const { now, stage, client } = this.parts;
    const state = now.current;
    const { volume } = shownPicture(state);
    const answer = await client.run(volume.grid_id, { ...request, operation: inView(request.operation, 2, state.position[2]) }, signal);
    if (signal.aborted) return;
    const { difference } = previewOf(layerOf(stage.layersOf(volume), exclusiveLayer), answer.bricks);
    const colours = new Map([...segments].map(([number, label]) => [number, colourOf(state, label)]));
    stage.showOverlay({ key: `difference/${++this.revision}`, kind: "difference", difference, colours });
  }

  /** By the earlier segment, the findings that a copy makes. */
  private async copiedFrom(spec: OperationSpec, values: Readonly<Record<string, FieldValue>>, signal: AbortSignal): Promise<ReadonlyMap<number, AnnotationBody>> {
    const [item, grid] = String(values["from"] ?? "").split("/");
    if (spec.kind !== "copy_prior" || item === undefined || grid === undefined) return new Map();
    return copiedFindings(this.parts.now.current, await this.parts.client.priorFindings(item, grid, signal));
  }

  private async alongTime(state: ImageState, values: Readonly<Record<string, FieldValue>>, signal: AbortSignal): Promise<void> {
    const source = selectedBody(state);
    if (source === undefined) throw new Error(strings.segment.paintFirst);
    const { stage, client } = this.parts;
    const carried = await carryAlongTime(state, source, values, { stage, client, signal, done: (phases, of) => this.set({ kind: "working", said: strings.segment.carried(phases + 1, of) }) });
    if (!signal.aborted) this.set({ kind: "phases", ...carried });
  }

  /** One undo step, sent as any stroke is. */
  accept(spec: OperationSpec): void {
    if (this.state.kind === "phases") {
      const writes = this.state.results.map(({ picture, layer, body, isNew, preview }) => ({ volume: picture.volume, layer, made: isNew ? body : null, write: (mask: Mask, stroke: Stroke) => applyPreview(mask, stroke, preview, new Set<number>()) }));
      this.parts.strokes.across(strings.segment.kinds.along_time.toLowerCase(), writes);
      this.cancel();
      return;
    }
    if (this.state.kind !== "preview") return;
    const { preview } = this.state;
    const name = strings.segment.kinds[spec.kind].toLowerCase();
    // What was split is still what is worked on.
    const selected = spec.kind === "islands" ? this.parts.now.current.selected : undefined;
    const open = spec.kind === "copy_prior" || this.made.length > 0 ? this.parts.strokes.beginWith(name, this.made, selected) : this.parts.strokes.begin(name, false);
    if (open === null) return;
    for (const { mask, stroke } of open.parts) applyPreview(mask, stroke, preview, open.locked);
    open.end();
    this.cancel();
  }

  cancel(): void {
    this.abort?.abort();
    this.abort = null;
    this.held = null;
    this.parts.stage.showOverlay(null);
    this.set({ kind: "idle" });
  }
}

/** Parts of a segment that become findings of their own, of its label. */
function partsMade(state: ImageState, segments: readonly number[]): readonly AnnotationBody[] {
  const label = selectedBody(state)?.label ?? state.label;
  const made: AnnotationBody[] = [];
  for (const segment of segments) {
    // Each next number is looked for beside those already given.
    const body = maskFinding({ ...state, label, bodies: [...state.bodies, ...made], carried: null });
    made.push({ ...body, target: { type: "mask", grid_id: gridIdOf(state), segment } });
  }
  return made;
}

/** Locked segments of the same layer stay; when only what is empty may be painted over, so do all others, wherever they lie. */
function protectedSegments(state: ImageState, own: number, sharesLayer: (segment: number) => boolean): readonly number[] {
  return state.bodies.flatMap(({ id, target }) => {
    if (target.type !== "mask" || target.grid_id !== gridIdOf(state) || target.segment === own) return [];
    return state.options.where === "empty" || (state.locked.has(id) && sharesLayer(target.segment)) ? [target.segment] : [];
  });
}

async function settledSession(session: AnnotationSession, signal: AbortSignal): Promise<void> {
  for (let waited = 0; session.state.kind !== "saved" && !signal.aborted; waited += 50) {
    if (waited > 15_000) throw new Error(strings.segment.failed);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
