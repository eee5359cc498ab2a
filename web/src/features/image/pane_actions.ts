// What panes and tools can bring about, on the state as it is at that moment.
import type { PatientPoint, VoxelPoint } from "@/core/geometry";
import { applyAffine } from "@/core/geometry";
import type { Changed, ImageState } from "./model";
import { shownPicture, withPosition, withSelected, withView } from "./model";
import { besideState, scrolledOn, voxelAt, withLooking } from "./looking";
import type { PaneActions } from "./Pane";
import { shapeServices } from "./tools/shape_services";
import type { StrokeParts } from "./tools/strokes";
import { strokeServices } from "./tools/strokes";

export interface ActionParts extends StrokeParts {
  readonly change: (changed: Changed) => void;
  readonly probe: { current: HTMLSpanElement | null };
}

export function paneActions(parts: ActionParts): PaneActions {
  const { now, set, change, say, stage, probe } = parts;
  return {
    update: (next) => set(next(now.current)),
    change: (next) => change(next(now.current)),
    strokes: strokeServices(parts),
    redraw: () => stage.changed(),
    body: (id) => now.current.bodies.find((body) => body.id === id),
    moveTo: (position: VoxelPoint) => set(withPosition(now.current, position)),
    scroll: (plane, by) => set(scrolledOn(now.current, plane, by)),
    look: (plane, zoom, pan) => set(withView(now.current, plane, { zoom, pan })),
    setWindow: (centre, width) => set({ ...now.current, window: tenths(centre, width) }),
    ...shapeServices(parts),
    select: (id) => set(withSelected(now.current, id)),
    probe: (text) => {
      if (probe.current !== null) probe.current.textContent = text;
    },
    makeMain: (plane) => set({ ...now.current, main: plane }),
    say,
  };
}

function tenths(centre: number, width: number): { centre: number; width: number } {
  return { centre: Math.round(centre * 10) / 10, width: Math.round(width * 10) / 10 };
}

/** The actions of the pane beside: what moves there moves the shown picture to the same place; its window is its own. */
export function besideActions(actions: PaneActions, now: { readonly current: ImageState }): PaneActions {
  const moveToPoint = (point: PatientPoint): void => {
    const offset = now.current.looking.beside?.offsetMm ?? 0;
    const voxel = voxelAt(shownPicture(now.current), [point[0], point[1], point[2] - offset]);
    if (voxel !== null) actions.moveTo(voxel);
  };
  const moveIn = (other: ImageState | null): void => {
    if (other !== null) moveToPoint(applyAffine(shownPicture(other).volume.grid.affine, other.position));
  };
  return {
    ...actions,
    moveTo: (position) => {
      const other = besideState(now.current);
      if (other !== null) moveIn(withPosition(other, position));
    },
    scroll: (plane, by) => {
      const other = besideState(now.current);
      if (other !== null) moveIn(scrolledOn(other, plane, by));
    },
    setWindow: (centre, width) => actions.update((state) => (state.looking.beside === null ? state : withLooking(state, { beside: { ...state.looking.beside, window: tenths(centre, width) } }))),
    makeMain: () => undefined,
  };
}
