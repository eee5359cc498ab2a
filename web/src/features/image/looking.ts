// How the picture is looked at beyond window and zoom: turned planes, slabs, colours, a second picture over it or beside it,
// the film. Values and pure functions; voxels may have fractions only while planes are turned.
import type { Cut, Turn } from "@/core/cut";
import { cutAlong, dot, inverseOf, isUpright, keyOfCut, normalOf, plus, turnedAbout, turnedCut, uprightTurn } from "@/core/cut";
import type { PatientPoint, Plane, PlaneName, VoxelPoint } from "@/core/geometry";
import { applyAffine, directionOf, planesOf } from "@/core/geometry";
import type { LutName } from "@/core/luts";
import type { Picture } from "@/core/pictures";
import { filmRateOf, initialWindow, isInverse, isPlaced } from "@/core/pictures";
import type { Slab } from "@/core/reslice";
import { stepAlong } from "@/core/reslice";
import type { Protocol } from "@/core/domain";
import type { Window } from "@/core/volume";
import type { ImageState, Layout } from "./model";
import { shownPicture, withPosition } from "./model";

export interface Looking {
  readonly turn: Turn | null;
  readonly slab: Slab | null;
  readonly lut: LutName;
  /** Segments as outlines alone, without their fill. */
  readonly outlines: boolean;
  readonly fusion: { readonly picture: number; readonly lut: LutName; readonly opacity: number; readonly window: Window } | null;
  readonly beside: { readonly picture: number; readonly linked: boolean; readonly offsetMm: number; readonly window: Window; readonly inverted: boolean } | null;
  readonly film: { readonly playing: boolean; readonly framesPerSecond: number; readonly loop: boolean };
}

export const plainLooking: Looking = { turn: null, slab: null, lut: "grey", outlines: false, fusion: null, beside: null, film: { playing: false, framesPerSecond: 15, loop: true } };

export function withLooking(state: ImageState, change: Partial<Looking>): ImageState {
  return { ...state, looking: { ...state.looking, ...change } };
}

export function pointOf(state: ImageState): PatientPoint {
  return applyAffine(shownPicture(state).volume.grid.affine, state.position);
}

/** The cut that a pane shows. */
export function cutOf(state: ImageState, plane: Plane): Cut {
  const { affine, dims } = shownPicture(state).volume.grid;
  const { turn } = state.looking;
  if (turn === null && isUpright(affine, plane)) return cutAlong(affine, dims, plane, Math.round(state.position[plane.normal]));
  return turnedCut(affine, dims, plane.name, (turn ?? uprightTurn(affine, dims))[plane.name], pointOf(state));
}

/** The normals of the three planes. */
export function normalsOf(state: ImageState): Readonly<Record<PlaneName, PatientPoint>> {
  const { affine, dims } = shownPicture(state).volume.grid;
  const turn = state.looking.turn ?? uprightTurn(affine, dims);
  return { axial: normalOf(turn.axial), coronal: normalOf(turn.coronal), sagittal: normalOf(turn.sagittal) };
}

/** Turns the other two planes about the normal of the pane's plane. */
export function withTurn(state: ImageState, plane: PlaneName, radians: number): ImageState {
  const { affine, dims } = shownPicture(state).volume.grid;
  const turn = state.looking.turn ?? uprightTurn(affine, dims);
  return withLooking(state, { turn: turnedAbout(turn, plane, radians) });
}

export function withoutTurn(state: ImageState): ImageState {
  return state.looking.turn === null ? state : withPosition(withLooking(state, { turn: null }), state.position);
}

/** Moves through the planes parallel to the pane's, in steps of one voxel. */
export function scrolledOn(state: ImageState, plane: Plane, by: number): ImageState {
  const { affine } = shownPicture(state).volume.grid;
  if (state.looking.turn === null) {
    const position: [number, number, number] = [...state.position];
    position[plane.normal] = Math.round(position[plane.normal]) + by;
    return withPosition(state, position);
  }
  const normal = normalOf(state.looking.turn[plane.name]);
  // The same way as on the upright plane.
  const way = dot(normal, directionOf(affine, plane.normal)) < 0 ? -1 : 1;
  const voxel = voxelAt(shownPicture(state), plus(pointOf(state), normal, way * by * stepAlong(affine, normal)));
  return voxel === null ? state : withPosition(state, voxel);
}

export function voxelAt(picture: Picture, point: PatientPoint): VoxelPoint | null {
  const inverse = inverseOf(picture.volume.grid.affine);
  return inverse === undefined ? null : applyAffine(inverse, point);
}

// ---- a second picture

/** Two pictures lie in one space when the same frame of reference is named. */
export function sameSpace(a: Picture, b: Picture): boolean {
  const frame = a.volume.grid.frame_of_reference;
  return frame !== "" && frame === b.volume.grid.frame_of_reference;
}

/** Pictures that can be laid over the shown one: other volumes in the same frame of reference. */
export function fusible(state: ImageState): readonly number[] {
  const shown = shownPicture(state);
  return state.pictures.flatMap((picture, n) => (n !== state.picture && sameSpace(shown, picture) && picture.volume.grid.dims[2] > 1 && picture.volume.layout.samples_per_pixel === 1 ? [n] : []));
}

export function withFusion(state: ImageState, index: number | null): ImageState {
  const picture = index === null ? undefined : state.pictures[index];
  if (index === null || picture === undefined) return withLooking(state, { fusion: null });
  return withLooking(state, { fusion: { picture: index, lut: picture.series.modality === "PT" || picture.series.modality === "NM" ? "hot" : "viridis", opacity: 0.5, window: initialWindow(picture, state.protocol) } });
}

export function withBeside(state: ImageState, index: number | null): ImageState {
  const picture = index === null ? undefined : state.pictures[index];
  if (index === null || picture === undefined) return { ...withLooking(state, { beside: null }), layout: layoutFor(shownPicture(state), state.protocol, null) };
  return {
    ...withLooking(state, { beside: { picture: index, linked: true, offsetMm: 0, window: initialWindow(picture, state.protocol), inverted: isInverse(picture) } }),
    layout: "beside",
  };
}

/** The state as the pane beside sees it: the other picture at the same millimetres, moved by the offset along the body. */
export function besideState(state: ImageState): ImageState | null {
  const { beside } = state.looking;
  const picture = beside === null ? undefined : state.pictures[beside.picture];
  if (beside === null || picture === undefined) return null;
  const other: ImageState = { ...state, picture: beside.picture, window: beside.window, inverted: beside.inverted, readOnly: true, looking: { ...state.looking, fusion: null } };
  const point = pointOf(state);
  const voxel = voxelAt(picture, [point[0], point[1], point[2] + beside.offsetMm]);
  return voxel === null ? other : withPosition(other, voxel);
}

/** Sets the offset so that the slice beside stays where it is while the shown one is moved: the two are then linked there. */
export function withOffset(state: ImageState, by: number): ImageState {
  const { beside } = state.looking;
  return beside === null ? state : withLooking(state, { beside: { ...beside, offsetMm: Math.round((beside.offsetMm + by) * 10) / 10 } });
}

// ---- layouts

/** What a picture opens with: the person's own choice for the modality, else the protocol's, else what the modality asks for. */
export function layoutFor(picture: Picture, protocol: Protocol, kept: string | null): Layout {
  if (picture.volume.grid.dims[2] < 2 || !isPlaced(picture)) return "one"; // frames of a film are no slices to cut across
  if (kept === "one" || kept === "three" || kept === "four" || kept === "row") return kept;
  switch (protocol.view?.layout) {
    case "axial": case "single": return "one";
    case "axial_coronal_sagittal": return "three";
    case "grid": return "four";
    default: return ["US", "XA", "RF", "MG", "ES", "SM"].includes(picture.series.modality) ? "one" : "three";
  }
}

/** Kept for each protocol: what was chosen in one project does not undo how another one wants its pictures hung. */
export const layoutKey = (protocol: Protocol, modality: string): string => `consilium.image.layout.${protocol.id}.${modality}`;

/** The planes in the order of the panes: the main one first. */
export function planesInOrder(state: ImageState): readonly Plane[] {
  const picture = shownPicture(state);
  const planes = planesOf(picture.volume.grid.affine);
  // A single image has one plane worth looking at: the acquired one.
  const main = picture.volume.grid.dims[2] === 1 ? (planes.find((plane) => plane.normal === 2)?.name ?? "axial") : state.main;
  const first = planes.filter((plane) => plane.name === main);
  return state.layout === "one" || state.layout === "beside" ? first : state.layout === "row" ? planes : [...first, ...planes.filter((plane) => plane.name !== main)];
}

// ---- time: pictures of one series on the same grid are its phases

export function phasesOf(state: ImageState): readonly number[] {
  return phasesWith(state, state.picture);
}

/** All pictures that are phases of one series with this one; none when it is the only one. */
export function phasesWith(state: ImageState, index: number): readonly number[] {
  const one = state.pictures[index];
  if (one === undefined || one.volume.grid.dims[2] < 2) return [];
  const sameGrid = (other: Picture): boolean => {
    const [a, b] = [one.volume.grid, other.volume.grid];
    return one.series.id === other.series.id && a.dims.every((size, axis) => size === b.dims[axis]) && a.affine.every((value, n) => Math.abs(value - (b.affine[n] ?? 0)) < 1e-3);
  };
  const phases = state.pictures.flatMap((picture, n) => (sameGrid(picture) ? [n] : []));
  return phases.length > 1 ? phases : [];
}

/** Which of its series' phases a picture is, from 1; null where it is the only one. */
export function phaseNumber(state: ImageState, picture: Picture): number | null {
  const at = phasesWith(state, state.pictures.indexOf(picture)).indexOf(state.pictures.indexOf(picture));
  return at < 0 ? null : at + 1;
}

/** Another phase: everything else stays as it is. */
export function withPhase(state: ImageState, at: number): ImageState {
  const picture = phasesOf(state)[at];
  return picture === undefined ? state : { ...state, picture };
}

/** The film of a picture runs at the speed at which it was taken, where its file tells that; else as before. */
export function filmFor(picture: Picture, film: Looking["film"]): Looking["film"] {
  return { ...film, framesPerSecond: filmRateOf(picture) ?? film.framesPerSecond };
}

/** The next picture of the film: the next phase, else the next slice of the main plane; stops at the end when it does not loop. */
export function filmStep(state: ImageState): ImageState {
  const { film } = state.looking;
  const phases = phasesOf(state);
  const plane = planesInOrder(state)[0];
  const stop = (): ImageState => withLooking(state, { film: { ...film, playing: false } });
  if (phases.length > 1) {
    const next = phases.indexOf(state.picture) + 1;
    return next < phases.length ? withPhase(state, next) : film.loop ? withPhase(state, 0) : stop();
  }
  if (plane === undefined) return stop();
  const moved = scrolledOn(state, plane, 1);
  if (keyOfCut(cutOf(moved, plane)) !== keyOfCut(cutOf(state, plane))) return moved;
  if (!film.loop) return stop();
  return scrolledOn(state, plane, -shownPicture(state).volume.grid.dims[plane.normal] * 4);
}
