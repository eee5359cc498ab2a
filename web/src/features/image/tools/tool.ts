// What a pane's pointer does. A tool is made once for each pane and holds what it needs between press and release;
// the pane tells it what happens in places of the cut that is shown, and draws what it has to draw on top.
import type { Cut } from "@/core/cut";
import type { AnnotationBody, Point, VolumeInfo } from "@/core/domain";
import type { PlaneName, SlicePoint, VoxelPoint } from "@/core/geometry";
import type { AnnotationId } from "@/core/ids";
import type { Mask, Stroke } from "@/core/mask";
import type { MaskLayers } from "@/core/mask_layers";
import type { Volume } from "@/core/volume";
import type { Placement, ShapeLook } from "@/ui/slice_pane";
import type { Changed, ImageState, Tool } from "../model";

/** One layer of the mask that a stroke changes; `stroke` notes what its bricks held before. */
export interface StrokePart {
  readonly layer: number;
  readonly mask: Mask;
  readonly stroke: Stroke;
}

/** A stroke under way: whatever changes voxels of the mask between press and release, and is undone as one step. */
export interface OpenStroke {
  /** The layer that is painted; of an eraser all that it takes from. */
  readonly parts: readonly StrokePart[];
  /** The segment that is painted; 0 takes voxels away. */
  readonly label: number;
  /** Segments whose voxels stay. */
  readonly locked: ReadonlySet<number>;
  /** Voxels changed: draws anew and saves now and then. */
  readonly touched: () => void;
  /** Saves, and puts the undo step. */
  readonly end: () => void;
  /** Puts everything back as it was before the stroke. */
  readonly cancel: () => void;
}

export interface StrokeServices {
  /**
   * Begins a stroke into the selected finding's segment, or into a new finding of the active label; null (and the reason is
   * said) when the label cannot be painted or the finding is locked. `name` is the undo step's.
   */
  readonly begin: (name: string, erase: boolean) => OpenStroke | null;
  /** Begins a stroke of the exclusive layer that makes these findings; the first of them is selected, or `selected`. */
  readonly beginWith: (name: string, made: readonly AnnotationBody[], selected?: AnnotationId | null) => OpenStroke;
  /** Writes on several pictures and makes their findings, as one step. */
  readonly across: (name: string, writes: readonly PictureWrite[]) => void;
}

/** What is written into one layer of a picture's mask, whose bricks are loaded. */
export interface PictureWrite {
  readonly volume: VolumeInfo;
  readonly layer: number;
  readonly made: AnnotationBody | null;
  readonly write: (mask: Mask, stroke: Stroke) => void;
}

export interface ToolServices {
  /** State without an undo step: looking, selecting. */
  readonly update: (change: (state: ImageState) => ImageState) => void;
  /** A change of findings with its effects. */
  readonly change: (change: (state: ImageState) => Changed) => void;
  readonly say: (text: string) => void;
  readonly strokes: StrokeServices;
  readonly moveTo: (position: VoxelPoint) => void;
  readonly look: (plane: PlaneName, zoom: number, pan: readonly [number, number]) => void;
  readonly setWindow: (centre: number, width: number) => void;
  /** Adds a shape of the active label; points are places of the cut. On the acquired plane it belongs to the slice, elsewhere to the patient. */
  readonly addShape: (kind: Tool, points: readonly Point[], cut: Cut) => void;
  readonly changeShape: (id: AnnotationId, points: readonly Point[], cut: Cut) => void;
  readonly select: (id: AnnotationId | null) => void;
  readonly body: (id: AnnotationId) => AnnotationBody | undefined;
  /** Draws every pane anew in the next frame. */
  readonly redraw: () => void;
}

export interface ToolContext {
  readonly state: ImageState;
  /** Where the pane's pixels lie; `cut.along` is null on turned planes. */
  readonly cut: Cut;
  /** How places of the cut stand on the canvas, in device pixels. */
  readonly placement: Placement;
  /** Device pixels of the pane. */
  readonly canvas: { readonly width: number; readonly height: number };
  readonly volume: Volume;
  readonly layers: MaskLayers;
  /** Shapes that the pane shows, in places of the cut. */
  readonly shapes: readonly ShapeLook[];
  /** The active label's colour. */
  readonly colour: string;
  /** Where the pointer is, null when it is elsewhere. */
  readonly pointer: SlicePoint | null;
  readonly services: ToolServices;
}

export interface ToolEvent {
  readonly at: SlicePoint;
  /** Every place that the pointer passed since the last event, `at` last. */
  readonly path: readonly SlicePoint[];
  /** CSS pixels since the press. */
  readonly dx: number;
  readonly dy: number;
  readonly shift: boolean;
  readonly ctrl: boolean;
  readonly alt: boolean;
}

export interface PaneTool {
  /** A CSS cursor. */
  readonly cursor: string;
  /** What it does shows at once under the hand: it gets moves as they happen, not once a frame. */
  readonly paints?: boolean;
  /** A press of the first button; false when nothing begins and no moves shall follow. */
  readonly down: (context: ToolContext, event: ToolEvent) => boolean;
  /** Between press and release. */
  readonly move: (context: ToolContext, event: ToolEvent) => void;
  readonly up: (context: ToolContext, event: ToolEvent) => void;
  /** Escape, a lost pointer, or the tool was put away: nothing half done stays. */
  readonly cancel: (context: ToolContext) => void;
  /** Another slice, plane or picture came under the tool: what was drawn on the old one and is not finished goes. */
  readonly moved?: (context: ToolContext) => void;
  /** The pointer passes without a press. */
  readonly hover?: (context: ToolContext, event: ToolEvent) => void;
  /** A key before all others see it; true when the tool took it. */
  readonly key?: (context: ToolContext, key: string) => boolean;
  /** A double click; true when the tool took it. */
  readonly twice?: (context: ToolContext) => boolean;
  /** Draws over the pane, in device pixels. */
  readonly draw?: (context: ToolContext, canvas: CanvasRenderingContext2D) => void;
}
