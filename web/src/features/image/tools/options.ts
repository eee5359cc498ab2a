// What the tools can be set to, kept with the workspace's state: the slim bar under the toolbar shows what the active one reads.
import type { AnnotationId } from "@/core/ids";

export type PaintLimit = "none" | "window" | "typed";
export type PaintWhere = "anywhere" | "empty" | "inside";
export type ScissorForm = "polygon" | "freehand" | "rectangle" | "circle";

export interface ToolOptions {
  /** Which voxels the paint tools change by their value: all, those within the window, those within the typed range. */
  readonly limit: PaintLimit;
  readonly low: number;
  readonly high: number;
  /** Which by their segment: any that is not locked, only empty ones, only those of the segment `inside`. */
  readonly where: PaintWhere;
  readonly inside: AnnotationId | null;
  /** The eraser takes the active segment only. */
  readonly eraseActive: boolean;
  readonly scissors: { readonly form: ScissorForm; readonly erase: boolean; readonly outside: boolean; readonly slabMm: number | null };
  readonly wand: { readonly space: boolean; readonly level: boolean; readonly tolerance: number };
}

export const startOptions: ToolOptions = {
  limit: "none",
  low: -100,
  high: 300,
  where: "anywhere",
  inside: null,
  eraseActive: false,
  scissors: { form: "polygon", erase: false, outside: false, slabMm: null },
  wand: { space: false, level: false, tolerance: 60 },
};
