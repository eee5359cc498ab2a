// The image workspace's state as values and pure functions. What is large (voxels, bricks) lives beside it and is named
// here by what it is at; a change says what must be done to them as effects.
import type { Affine, PatientPoint, PlaneName } from "@/core/geometry";
import { planesOf } from "@/core/geometry";
import type { AnnotationBody, GeometryKind, ItemDetail, Point, Protocol, ProtocolLabel, SpaceKind } from "@/core/domain";
import type { AnnotationId, ItemId } from "@/core/ids";
import { newId } from "@/core/ids";
import type { BrickContents } from "@/core/mask";
import type { PackedContents } from "@/core/segment/packed";
import { packContents, unpackContents } from "@/core/segment/packed";
import type { PriorFinding } from "@/core/segment/operations";
import { isAnswered, isRequired } from "@/core/required";
import type { UndoStack } from "@/core/undo";
import { emptyUndo, record, redo, undo } from "@/core/undo";
import type { Window } from "@/core/volume";
import type { Picture } from "@/core/pictures";
import { firstPicture, initialWindow, isInverse, middleOf, picturesOf } from "@/core/pictures";
import type { View } from "@/ui/slice_pane";
import type { Looking } from "./looking";
import type { PriorReading } from "./lesions";
import { numbersOf } from "./lesions";
import type { MissingAnswer } from "./levels";
import { missingOnLevels } from "./levels";
import { filmFor, layoutFor, plainLooking, withoutTurn } from "./looking";
import type { ToolOptions } from "./tools/options";
import { startOptions } from "./tools/options";

export type ShapeTool = SpaceKind | "freehand" | "spline";
export type PaintTool = "brush" | "sphere" | "eraser" | "scissors" | "livewire" | "wand";
export type LookingTool = "window" | "window_region" | "pan" | "zoom" | "crosshair";
export type Tool = LookingTool | PaintTool | ShapeTool;
/** Those that change nothing: readers who may not label have them too. */
export const lookingTools: readonly Tool[] = ["window", "window_region", "pan", "zoom", "crosshair"];
export type Layout = "one" | "three" | "four" | "row" | "beside";

/** What undoing or redoing has to bring about. A body of null takes the annotation away. */
export interface Change {
  readonly bodies: readonly { readonly id: AnnotationId; readonly body: AnnotationBody | null }[];
  readonly bricks: readonly LayerBricks<PackedContents>[];
}

/** Bricks of one layer of a grid's mask. */
export interface LayerBricks<Contents> {
  readonly gridId: string;
  readonly layer: number;
  readonly contents: Contents;
}

/** What a layer's touched bricks held before and after a step. */
export interface TouchedLayer {
  readonly layer: number;
  readonly before: BrickContents;
  readonly after: BrickContents;
}

export type Effect =
  | { readonly kind: "put"; readonly body: AnnotationBody }
  | { readonly kind: "remove"; readonly id: AnnotationId }
  | ({ readonly kind: "bricks" } & LayerBricks<BrickContents>);

export interface ImageState {
  readonly itemId: ItemId;
  readonly patient: ItemDetail["patient"];
  /** The item's own study. */
  readonly studyId: string;
  readonly protocol: Protocol;
  readonly pictures: readonly Picture[];
  readonly picture: number;
  readonly position: readonly [number, number, number];
  readonly window: Window;
  readonly inverted: boolean;
  readonly views: Readonly<Record<PlaneName, View>>;
  readonly layout: Layout;
  /** The pane that has the large place. */
  readonly main: PlaneName;
  readonly tool: Tool;
  readonly radiusMm: number;
  readonly options: ToolOptions;
  readonly looking: Looking;
  readonly label: string;
  readonly selected: AnnotationId | null;
  readonly hidden: ReadonlySet<AnnotationId>;
  readonly locked: ReadonlySet<AnnotationId>;
  readonly bodies: readonly AnnotationBody[];
  readonly history: UndoStack<Change>;
  readonly crosshair: boolean;
  readonly guideline: boolean;
  /** The panel of operations on whole segments is open. */
  readonly segmentTools: boolean;
  /** This person's readings of the patient's earlier studies. */
  readonly priors: readonly PriorReading[];
  /** The number of an earlier study's lesion that the next finding takes. */
  readonly carried: number | null;
  readonly readOnly: boolean;
}

const unmoved: View = { zoom: 1, pan: [0, 0] };
const allUnmoved = { axial: unmoved, coronal: unmoved, sagittal: unmoved };

export function startState(
  item: ItemDetail,
  protocol: Protocol,
  bodies: readonly AnnotationBody[],
  readOnly: boolean,
): ImageState | null {
  const pictures = picturesOf(item);
  const picture = firstPicture(pictures);
  const shown = pictures[picture];
  if (shown === undefined) return null;
  return {
    itemId: item.id,
    patient: item.patient,
    studyId: item.source.kind === "image" ? (item.source.studies[0]?.id ?? "") : "",
    protocol,
    pictures,
    picture,
    position: middleOf(shown),
    window: initialWindow(shown, protocol),
    inverted: isInverse(shown),
    views: allUnmoved,
    layout: layoutFor(shown, protocol, null),
    main: acquiredPlane(shown),
    tool: readOnly ? "window" : "brush",
    radiusMm: 4,
    options: startOptions,
    looking: { ...plainLooking, film: filmFor(shown, plainLooking.film) },
    label: findingLabels(protocol)[0]?.id ?? "",
    selected: null,
    hidden: new Set(),
    locked: new Set(),
    bodies,
    history: emptyUndo(),
    crosshair: true,
    guideline: true,
    segmentTools: false,
    priors: [],
    carried: null,
    readOnly,
  };
}

/** The plane that was acquired has the large pane: a sagittal series opens sagittal. */
function acquiredPlane(picture: Picture): PlaneName {
  return planesOf(picture.volume.grid.affine).find((plane) => plane.normal === 2)?.name ?? "axial";
}

export function shownPicture(state: ImageState): Picture {
  const picture = state.pictures[state.picture];
  if (picture === undefined) throw new RangeError("no such picture");
  return picture;
}

export function affineOf(state: ImageState): Affine {
  return shownPicture(state).volume.grid.affine;
}

export function gridIdOf(state: ImageState): string {
  return shownPicture(state).volume.grid_id;
}

/** Labels that can be put on an image, in the protocol's order. */
export function findingLabels(protocol: Protocol): readonly ProtocolLabel[] {
  return protocol.labels;
}

export function labelOf(state: ImageState, id: string | null): ProtocolLabel | undefined {
  return state.protocol.labels.find((label) => label.id === id);
}

const palette = ["#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#d55e00", "#0072b2", "#b8a600", "#9ca3af"];

export function colourOf(state: ImageState, label: string | null): string {
  const index = state.protocol.labels.findIndex((candidate) => candidate.id === label);
  return state.protocol.labels[index]?.colour ?? palette[(index < 0 ? 0 : index) % palette.length] ?? "#e69f00";
}

export function allows(label: ProtocolLabel | undefined, place: SpaceKind | "mask"): boolean {
  return label?.places === undefined || label.places.includes(place);
}

// ---- findings

export interface Finding {
  readonly number: number;
  readonly body: AnnotationBody;
}

/** Findings of every picture in the order they were made. */
export function findings(state: ImageState): readonly Finding[] {
  const list = state.bodies.filter((body) => body.label !== null && (body.target.type === "mask" || body.target.type === "region" || body.target.type === "space" || body.target.type === "series" || body.target.type === "whole"));
  // A number once given stays, whatever else is removed; findings from before numbers were kept take the free ones.
  const taken = new Set(list.flatMap((body) => body.number ?? []));
  let next = 0;
  const free = (): number => {
    do next++;
    while (taken.has(next));
    return next;
  };
  return list.map((body) => ({ number: body.number ?? free(), body }));
}

export function selectedBody(state: ImageState): AnnotationBody | undefined {
  return state.bodies.find((body) => body.id === state.selected);
}

export function nextSegment(state: ImageState): number {
  const used = state.bodies.flatMap((body) => (body.target.type === "mask" && body.target.grid_id === gridIdOf(state) ? [body.target.segment] : []));
  return Math.max(0, ...used) + 1;
}

/** The number of the next finding: the lesion that was taken up, else the lowest that no lesion of the patient has. */
export function nextNumber(state: ImageState): number {
  if (state.carried !== null) return state.carried;
  const taken = new Set([...findings(state).map((finding) => finding.number), ...numbersOf(state.priors)]);
  let number = 1;
  while (taken.has(number)) number++;
  return number;
}

function emptyBody(state: ImageState): Omit<AnnotationBody, "label" | "target" | "question" | "value"> {
  return {
    number: nextNumber(state),
    id: newId<AnnotationId>(),
    item_id: state.itemId,
    protocol: { id: state.protocol.id, version: state.protocol.version },
    attributes: {},
  };
}

/** Findings like those of an earlier study: label and number are theirs, what is said of them is for this study to say. */
export function copiedFindings(state: ImageState, of: readonly PriorFinding[]): ReadonlyMap<number, AnnotationBody> {
  const first = nextSegment(state);
  const known = of.filter(({ label }) => allows(labelOf(state, label), "mask") && labelOf(state, label) !== undefined);
  return new Map(known.map(({ segment, label, number }, n) => [segment, { ...maskFinding({ ...state, label }), number: number ?? nextNumber(state) + n, target: { type: "mask", grid_id: gridIdOf(state), segment: first + n } }]));
}

export function maskFinding(state: ImageState): AnnotationBody {
  return {
    ...emptyBody(state),
    label: state.label,
    target: { type: "mask", grid_id: gridIdOf(state), segment: nextSegment(state) },
    question: null,
    value: null,
  };
}

/** A shape on the acquisition plane of the slice that is looked at; points are pixels, centres at whole numbers. */
export function regionFinding(state: ImageState, kind: GeometryKind, points: readonly Point[]): AnnotationBody {
  const picture = shownPicture(state);
  const slice = picture.volume.slices[state.position[2]];
  return {
    ...emptyBody(state),
    label: state.label,
    target: {
      type: "region",
      series_id: picture.series.id,
      instance_uid: slice?.instance_uid ?? "",
      frame: slice?.frame ?? 0,
      geometry: geometryOf(kind, points),
    },
    question: null,
    value: null,
  };
}

/** A shape on a plane that no frame holds, or a box in space. */
export function spaceFinding(state: ImageState, kind: SpaceKind, points: readonly PatientPoint[]): AnnotationBody {
  return { ...emptyBody(state), label: state.label, target: { type: "space", series_id: shownPicture(state).series.id, geometry: { kind, points } }, question: null, value: null };
}

/** The stored form: hundredths of a pixel; a box by its smaller and its larger corner. */
export function geometryOf(kind: GeometryKind, points: readonly Point[]): { readonly kind: GeometryKind; readonly points: readonly Point[] } {
  const rounded = points.map(([x, y]) => [round(x), round(y)] as const);
  const [a, b] = [rounded[0], rounded[1]];
  if (a === undefined || b === undefined || kind !== "box") return { kind, points: rounded };
  return { kind, points: [[Math.min(a[0], b[0]), Math.min(a[1], b[1])], [Math.max(a[0], b[0]), Math.max(a[1], b[1])]] };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The slice that a region lies on, or null when it lies on another picture. */
export function sliceOf(state: ImageState, body: AnnotationBody): number | null {
  const { target } = body;
  if (target.type !== "region") return null;
  const index = shownPicture(state).volume.slices.findIndex(
    (slice) => slice.instance_uid === target.instance_uid && slice.frame === target.frame,
  );
  return index < 0 ? null : index;
}

// ---- changes

export interface Changed {
  readonly state: ImageState;
  readonly effects: readonly Effect[];
}

function withBodies(bodies: readonly AnnotationBody[], change: Change["bodies"]): readonly AnnotationBody[] {
  let next = bodies;
  for (const { id, body } of change) {
    if (body === null) next = next.filter((other) => other.id !== id);
    else if (next.some((other) => other.id === id)) next = next.map((other) => (other.id === id ? body : other));
    else next = [...next, body];
  }
  return next;
}

function effectsOf(change: Change): readonly Effect[] {
  const bodies = change.bodies.map(({ id, body }): Effect => (body === null ? { kind: "remove", id } : { kind: "put", body }));
  return [...bodies, ...change.bricks.map(({ contents, ...place }): Effect => ({ kind: "bricks", ...place, contents: unpackContents(contents) }))];
}

function packed(gridId: string, touched: readonly TouchedLayer[], side: "before" | "after"): Change["bricks"] {
  return touched.map(({ layer, ...contents }) => ({ gridId, layer, contents: packContents(contents[side]) }));
}

function applied(state: ImageState, change: Change): ImageState {
  const bodies = withBodies(state.bodies, change.bodies);
  const selected = bodies.some((body) => body.id === state.selected) ? state.selected : null;
  return { ...state, bodies, selected };
}

/** Does a change as a step of its own that can be undone. */
export function perform(state: ImageState, label: string, change: Change, back: Change): Changed {
  const next = applied(state, change);
  return { state: { ...next, history: record(state.history, { label, undo: back, redo: change }) }, effects: effectsOf(change) };
}

export function addBody(state: ImageState, label: string, body: AnnotationBody): Changed {
  const change = { bodies: [{ id: body.id, body }], bricks: [] };
  const back = { bodies: [{ id: body.id, body: null }], bricks: [] };
  const { state: next, effects } = perform(state, label, change, back);
  return { state: { ...next, selected: body.label === null ? next.selected : body.id, carried: body.label === null ? next.carried : null }, effects };
}

export function changeBody(state: ImageState, label: string, body: AnnotationBody): Changed {
  const old = state.bodies.find((other) => other.id === body.id) ?? null;
  return perform(state, label, { bodies: [{ id: body.id, body }], bricks: [] }, { bodies: [{ id: body.id, body: old }], bricks: [] });
}

export function removeBody(state: ImageState, label: string, id: AnnotationId, voxels: { readonly gridId: string; readonly touched: readonly TouchedLayer[] } | null): Changed {
  const old = state.bodies.find((body) => body.id === id);
  if (old === undefined) return { state, effects: [] };
  const bricks = (side: "before" | "after"): Change["bricks"] => (voxels === null ? [] : packed(voxels.gridId, voxels.touched, side));
  return perform(state, label, { bodies: [{ id, body: null }], bricks: bricks("after") }, { bodies: [{ id, body: old }], bricks: bricks("before") });
}

/** What a step changed on one picture. */
export interface TouchedGrid {
  readonly gridId: string;
  readonly touched: readonly TouchedLayer[];
}

/** A stroke that has been painted, here or on several pictures, and whose bricks are already on their way: only undo has effects. */
export function recordStroke(state: ImageState, label: string, grids: readonly TouchedGrid[], made: readonly AnnotationBody[]): ImageState {
  const bricks = (side: "before" | "after"): Change["bricks"] => grids.flatMap(({ gridId, touched }) => packed(gridId, touched, side));
  const redone: Change = { bodies: made.map((body) => ({ id: body.id, body })), bricks: bricks("after") };
  const undone: Change = { bodies: made.map(({ id }) => ({ id, body: null })), bricks: bricks("before") };
  return { ...state, history: record(state.history, { label, undo: undone, redo: redone }) };
}

export function undoStep(state: ImageState): Changed {
  const found = undo(state.history);
  if (found === null) return { state, effects: [] };
  return { state: { ...applied(state, found.step.undo), history: found.stack }, effects: effectsOf(found.step.undo) };
}

export function redoStep(state: ImageState): Changed {
  const found = redo(state.history);
  if (found === null) return { state, effects: [] };
  return { state: { ...applied(state, found.step.redo), history: found.stack }, effects: effectsOf(found.step.redo) };
}

// ---- looking

export function clampPosition(state: ImageState, position: readonly [number, number, number]): readonly [number, number, number] {
  const dims = shownPicture(state).volume.grid.dims;
  // Between voxels only while planes are turned: there are no slices then.
  const whole = (value: number): number => (state.looking.turn === null ? Math.round(value) : value);
  const clamp = (value: number, axis: 0 | 1 | 2): number => Math.min(Math.max(whole(value), 0), dims[axis] - 1);
  return [clamp(position[0], 0), clamp(position[1], 1), clamp(position[2], 2)];
}

export function withPosition(state: ImageState, position: readonly [number, number, number]): ImageState {
  return { ...state, position: clampPosition(state, position) };
}

export function scrolled(state: ImageState, axis: 0 | 1 | 2, by: number): ImageState {
  const position: [number, number, number] = [...state.position];
  position[axis] += by;
  return withPosition(state, position);
}

export function withPicture(state: ImageState, index: number): ImageState {
  const picture = state.pictures[index];
  if (picture === undefined || index === state.picture) return state;
  return {
    ...state,
    picture: index,
    position: middleOf(picture),
    window: initialWindow(picture, state.protocol),
    inverted: isInverse(picture),
    layout: state.layout === "one" || picture.volume.grid.dims[2] < 2 ? layoutFor(picture, state.protocol, null) : state.layout === "beside" ? "three" : state.layout,
    looking: { ...plainLooking, film: filmFor(picture, state.looking.film) },
    views: allUnmoved,
    main: acquiredPlane(picture),
  };
}

export function withView(state: ImageState, plane: PlaneName, view: View): ImageState {
  const zoom = Math.min(Math.max(view.zoom, 0.25), 40);
  return { ...state, views: { ...state.views, [plane]: { zoom, pan: view.pan } } };
}

export function withFit(state: ImageState): ImageState {
  return { ...withoutTurn(state), views: allUnmoved };
}

export function withRadius(state: ImageState, radiusMm: number): ImageState {
  return { ...state, radiusMm: Math.min(Math.max(radiusMm, 0.5), 60) };
}

/** Choosing another label begins a new finding with the next stroke or shape. */
export function withLabel(state: ImageState, label: string): ImageState {
  const selected = selectedBody(state);
  const tool: Tool = !allows(labelOf(state, label), "mask") && paintTools.includes(state.tool) ? firstTool(labelOf(state, label)) : state.tool;
  return { ...state, label, tool, selected: selected?.label === label ? state.selected : null };
}

const paintTools: readonly Tool[] = ["brush", "sphere", "scissors", "livewire", "wand"];

function firstTool(label: ProtocolLabel | undefined): Tool {
  const tools: readonly (readonly [Tool, SpaceKind | "mask"])[] = [["brush", "mask"], ["polygon", "polygon"], ["box", "box"], ["point", "point"], ["length", "length"], ["bidirectional", "bidirectional"], ["cuboid", "cuboid"]];
  return tools.find(([, place]) => allows(label, place))?.[0] ?? "window";
}

/** Selecting a finding makes its label the active one. */
export function withSelected(state: ImageState, id: AnnotationId | null): ImageState {
  const body = state.bodies.find((candidate) => candidate.id === id);
  return { ...state, selected: id, label: body?.label ?? state.label };
}

export function toggled(set: ReadonlySet<AnnotationId>, id: AnnotationId): ReadonlySet<AnnotationId> {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** The finding after (or before) the selected one, round the end. */
export function neighbour(state: ImageState, by: 1 | -1): AnnotationId | null {
  const list = findings(state);
  if (list.length === 0) return null;
  const at = list.findIndex((finding) => finding.body.id === state.selected);
  const index = at < 0 ? (by > 0 ? 0 : list.length - 1) : (at + by + list.length) % list.length;
  return list[index]?.body.id ?? null;
}

/** What has to be answered before submitting and is not, in words; `at` is where it is asked. */
export function missingAnswers(state: ImageState): readonly (MissingAnswer & { readonly finding: AnnotationId | null })[] {
  const missing: (MissingAnswer & { finding: AnnotationId | null })[] = missingOnLevels(state).map((entry) => ({ ...entry, finding: null }));
  for (const { number, body } of findings(state)) {
    const label = labelOf(state, body.label);
    for (const attribute of label?.attributes ?? []) {
      if (isRequired(attribute, (id) => body.attributes[id]) && !isAnswered(body.attributes[attribute.id])) {
        missing.push({ id: attribute.id, title: `${number} ${label?.title ?? ""}: ${attribute.title}`, at: null, finding: body.id });
      }
    }
  }
  return missing;
}

// ---- what a reload comes back to

type Remembered = Pick<ImageState, "picture" | "position" | "window" | "inverted" | "views" | "layout" | "main" | "tool" | "radiusMm" | "options" | "label" | "looking">;

/** Where the browser keeps what was looked at, until it is closed. */
export const memoryKey = (item: string): string => `consilium.image.${item}`;

export function remembered(state: ImageState): string {
  const { picture, position, window, inverted, views, layout, main, tool, radiusMm, options, label, looking } = state;
  const kept: Remembered = { picture, position, window, inverted, views, layout, main, tool, radiusMm, options, label, looking: { ...looking, film: { ...looking.film, playing: false } } };
  return JSON.stringify(kept);
}

export function recalled(state: ImageState, text: string | null): ImageState {
  if (text === null) return state;
  try {
    const kept = JSON.parse(text) as Partial<Remembered>;
    const picture = typeof kept.picture === "number" && kept.picture < state.pictures.length ? kept.picture : state.picture;
    const next: ImageState = { ...withPicture(state, picture), ...kept, picture };
    return withPosition({ ...next, options: { ...startOptions, ...next.options }, looking: { ...plainLooking, ...next.looking }, tool: state.readOnly && !lookingTools.includes(next.tool) ? "window" : next.tool }, next.position);
  } catch {
    return state;
  }
}
