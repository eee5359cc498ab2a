// Where the other planes cross a pane: the crosshair, a slab's borders, and the handles that turn the planes.
import type { Cut } from "@/core/cut";
import { crossingOf, plus } from "@/core/cut";
import type { PlaneName } from "@/core/geometry";
import type { LineLook, Placement } from "@/ui/slice_pane";
import { toScreen } from "@/ui/slice_pane";
import { normalsOf, pointOf } from "./looking";
import type { ImageState } from "./model";

const names: readonly PlaneName[] = ["axial", "coronal", "sagittal"];
// One colour for each plane, told apart by colour-blind eyes too, none of them a label's.
export const planeColours: Readonly<Record<PlaneName, string>> = { axial: "rgba(56, 189, 248, 0.85)", coronal: "rgba(74, 222, 128, 0.8)", sagittal: "rgba(250, 204, 21, 0.8)" };

export function planeLines(state: ImageState, cut: Cut): readonly LineLook[] {
  const normals = normalsOf(state);
  const through = pointOf(state);
  const { slab } = state.looking;
  return names.flatMap((name): readonly LineLook[] => {
    if (name === cut.name) return [];
    const line = crossingOf(cut, normals[name], through);
    if (line === null) return [];
    const colour = planeColours[name];
    const borders = slab === null ? [] : [-0.5, 0.5].flatMap((side) => {
      const border = crossingOf(cut, normals[name], plus(through, normals[name], side * slab.thicknessMm));
      return border === null ? [] : [{ ...border, colour, gap: false, dashed: true }];
    });
    return [{ ...line, colour, gap: true, dashed: false }, ...borders];
  });
}

export interface TurnHandle {
  readonly plane: PlaneName;
  /** Device pixels. */
  readonly x: number;
  readonly y: number;
}

/** Two handles on each line, as far from the crosshair as the pane allows. */
export function turnHandles(state: ImageState, cut: Cut, placement: Placement, width: number, height: number): readonly TurnHandle[] {
  const normals = normalsOf(state);
  const through = pointOf(state);
  const reach = Math.min(width, height) * 0.34;
  return names.flatMap((plane) => {
    const line = plane === cut.name ? null : crossingOf(cut, normals[plane], through);
    if (line === null) return [];
    const [x, y] = toScreen(placement, line.at);
    const [dx, dy] = [line.way.u * placement.scaleU, line.way.v * placement.scaleV];
    const length = Math.hypot(dx, dy) || 1;
    return [1, -1].map((side) => ({ plane, x: x + (side * reach * dx) / length, y: y + (side * reach * dy) / length }));
  });
}
