// Draws one pane: the slice through the look-up table, the mask's fill and outline, shapes, crosshair, brush.
// Canvas 2D on purpose: hospital desktops are often thin clients without a GPU, and one slice costs about 2 ms here.
import type { CaptionBox } from "./captions";
import { placeCaptions } from "./captions";
import type { GeometryKind } from "@/core/domain";
import type { Cut } from "@/core/cut";
import { keyOfCut } from "@/core/cut";
import type { SlicePoint } from "@/core/geometry";
import type { Mask } from "@/core/mask";
import { edgesOf, labelsOnCut } from "@/core/mask_slice";
import type { Layer, OverlayLook, PictureLook } from "./picture_layer";
import { layerOf, PictureLayer } from "./picture_layer";
import { ellipseOutline } from "@/core/shape_points";

export interface SegmentLook {
  readonly colour: string;
  readonly visible: boolean;
  readonly selected: boolean;
  readonly number: number;
  /** Opacity of the fill, 0 to 255; without it the usual one. */
  readonly fill?: number;
}

export interface MaskLook {
  readonly mask: Mask;
  readonly segments: ReadonlyMap<number, SegmentLook>;
  /** Changes when `segments` does. */
  readonly segmentsKey: string;
}

export interface ShapeLook {
  readonly id: string;
  /** A letter is a tag alone, at its one point. */
  readonly kind: GeometryKind | "letter";
  /** Slice places. */
  readonly points: readonly (readonly [number, number])[];
  readonly colour: string;
  readonly selected: boolean;
  readonly number: number | undefined;
  readonly caption: string;
  readonly open?: boolean;
}

export interface View {
  /** 1 fits the slice into the pane. */
  readonly zoom: number;
  /** Millimetres that the slice's centre is moved by. */
  readonly pan: readonly [number, number];
}

export interface LineLook {
  readonly at: SlicePoint;
  /** Direction in slice places. */
  readonly way: SlicePoint;
  readonly colour: string;
  /** Left open around the place. */
  readonly gap: boolean;
  readonly dashed: boolean;
}

export interface Scene {
  readonly picture: PictureLook;
  readonly overlay?: OverlayLook | undefined;
  readonly cut: Cut;
  readonly view: View;
  /** Drawn one over the other, the last on top: one rater's own, or several raters' beside each other. */
  readonly masks: readonly MaskLook[];
  readonly lines: readonly LineLook[];
  readonly shapes: readonly ShapeLook[];
  readonly smooth: boolean;
  readonly captions: boolean;
}

/** How slice places stand on the pane, in device pixels. */
export interface Placement {
  readonly originX: number;
  readonly originY: number;
  readonly scaleU: number;
  readonly scaleV: number;
}

export function placementOf(
  width: number,
  height: number,
  slice: { width: number; height: number },
  spacing: { u: number; v: number },
  view: View,
): Placement {
  const fit = Math.min(width / (slice.width * spacing.u), height / (slice.height * spacing.v));
  const scale = fit * view.zoom;
  return {
    scaleU: scale * spacing.u,
    scaleV: scale * spacing.v,
    originX: width / 2 + view.pan[0] * scale - ((slice.width - 1) / 2) * scale * spacing.u,
    originY: height / 2 + view.pan[1] * scale - ((slice.height - 1) / 2) * scale * spacing.v,
  };
}

export function toScreen(p: Placement, place: SlicePoint): readonly [number, number] {
  return [p.originX + place.u * p.scaleU, p.originY + place.v * p.scaleV];
}

export function fromScreen(p: Placement, x: number, y: number): SlicePoint {
  return { u: (x - p.originX) / p.scaleU, v: (y - p.originY) / p.scaleV };
}

/** "#rrggbb" as a packed pixel with the given opacity (0 to 255). */
function packed(colour: string, alpha: number): number {
  const value = Number.parseInt(colour.slice(1), 16);
  const red = (value >> 16) & 255;
  const green = (value >> 8) & 255;
  const blue = value & 255;
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

export class PaneRenderer {
  private readonly picture = new PictureLayer();
  private readonly over = new PictureLayer();
  private readonly maskLayers: MaskLayer[] = [];

  draw(context: CanvasRenderingContext2D, scene: Scene): void {
    const { width, height } = context.canvas;
    const { cut } = scene;
    const placement = placementOf(width, height, cut.size, cut.spacing, scene.view);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
    context.imageSmoothingEnabled = scene.smooth;
    context.imageSmoothingQuality = "medium";
    const picture = this.picture.picture(scene.picture, cut);
    if (picture !== undefined) blit(context, picture, cut.size, placement);
    if (scene.overlay !== undefined) this.drawOverlay(context, scene, scene.overlay, placement);
    scene.masks.forEach((look, n) => {
      this.drawMask(context, scene, look, n, placement);
    });
    const ratio = window.devicePixelRatio || 1;
    for (const line of scene.lines) drawLine(context, placement, line, ratio);
    for (const shape of scene.shapes) drawShape(context, placement, shape, ratio);
    if (scene.captions) drawCaptions(context, placement, scene.shapes, ratio);
  }

  private drawOverlay(context: CanvasRenderingContext2D, { cut, picture }: Scene, look: OverlayLook, placement: Placement): void {
    const over = this.over.overlay(look, cut, picture.slab);
    if (over === undefined) return;
    context.globalAlpha = look.opacity;
    blit(context, over, cut.size, placement);
    context.globalAlpha = 1;
  }

  private drawMask(context: CanvasRenderingContext2D, scene: Scene, look: MaskLook, n: number, placement: Placement): void {
    if (look.mask.bricks.size === 0) return;
    const { size } = scene.cut;
    const held = (this.maskLayers[n] ??= { layer: undefined, edges: new Map(), mask: look.mask });
    held.layer = layerOf(held.layer, size.width, size.height);
    const { layer } = held;
    if (layer === undefined) return;
    const key = `${keyOfCut(scene.cut)}/${look.mask.revision}/${look.segmentsKey}`;
    if (layer.key !== key || held.mask !== look.mask) {
      layer.key = key;
      held.mask = look.mask;
      held.edges = paintFill(layer, scene, look, size);
    }
    if (held.edges.size === 0) return;
    context.imageSmoothingEnabled = false;
    blit(context, layer.canvas, size, placement);
    drawEdges(context, look, held.edges, placement);
  }
}

interface MaskLayer {
  layer: Layer | undefined;
  edges: ReadonlyMap<number, readonly number[]>;
  mask: Mask;
}

function drawEdges(context: CanvasRenderingContext2D, mask: MaskLook, edges: MaskLayer["edges"], placement: Placement): void {
  const ratio = window.devicePixelRatio || 1;
  for (const [segment, lines] of edges) {
    const look = mask.segments.get(segment);
    if (look?.visible !== true) continue;
    context.beginPath();
    for (let n = 0; n < lines.length; n += 4) {
      context.moveTo(placement.originX + (lines[n] as number) * placement.scaleU, placement.originY + (lines[n + 1] as number) * placement.scaleV);
      context.lineTo(placement.originX + (lines[n + 2] as number) * placement.scaleU, placement.originY + (lines[n + 3] as number) * placement.scaleV);
    }
    context.strokeStyle = look.colour;
    context.lineWidth = (look.selected ? 2 : 1.25) * ratio;
    context.lineCap = "square";
    context.stroke();
  }
}

/** Fills the layer with the segments' colours and returns the edges around them. */
function paintFill(layer: Layer, scene: Scene, mask: MaskLook, size: { width: number; height: number }): MaskLayer["edges"] {
  const labels = labelsOnCut(mask.mask, scene.cut);
  layer.pixels.fill(0);
  if (labels !== undefined) {
    const colours = new Uint32Array(65536);
    for (const [segment, look] of mask.segments) {
      if (look.visible) colours[segment] = packed(look.colour, look.fill ?? (look.selected ? 90 : 64));
    }
    for (let n = 0; n < labels.length; n++) layer.pixels[n] = colours[labels[n] as number] as number;
  }
  layer.context.putImageData(layer.image, 0, 0);
  return labels === undefined ? new Map() : edgesOf(labels, size.width, size.height);
}

function blit(
  context: CanvasRenderingContext2D,
  canvas: HTMLCanvasElement,
  size: { width: number; height: number },
  p: Placement,
): void {
  context.drawImage(
    canvas,
    p.originX - 0.5 * p.scaleU,
    p.originY - 0.5 * p.scaleV,
    size.width * p.scaleU,
    size.height * p.scaleV,
  );
}

/** The two lines of a crosshair at a place. */
export function crosshairAt(at: SlicePoint): readonly LineLook[] {
  return [{ u: 1, v: 0 }, { u: 0, v: 1 }].map((way) => ({ at, way, colour: "rgba(45, 212, 191, 0.75)", gap: true, dashed: false }));
}

function drawLine(context: CanvasRenderingContext2D, p: Placement, line: LineLook, ratio: number): void {
  const [x, y] = toScreen(p, line.at);
  const [dx, dy] = [line.way.u * p.scaleU, line.way.v * p.scaleV];
  const length = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [dx / length, dy / length];
  const far = context.canvas.width + context.canvas.height + Math.hypot(x, y);
  const gap = line.gap ? 14 * ratio : 0;
  context.strokeStyle = line.colour;
  context.lineWidth = ratio;
  context.setLineDash(line.dashed ? [4 * ratio, 4 * ratio] : []);
  context.beginPath();
  context.moveTo(x - ux * far, y - uy * far);
  context.lineTo(x - ux * gap, y - uy * gap);
  context.moveTo(x + ux * gap, y + uy * gap);
  context.lineTo(x + ux * far, y + uy * far);
  context.stroke();
  context.setLineDash([]);
}

export function drawBrush(
  context: CanvasRenderingContext2D,
  p: Placement,
  spacing: { u: number; v: number },
  brush: { at: SlicePoint; radiusMm: number; colour: string },
  ratio: number,
): void {
  const [x, y] = toScreen(p, brush.at);
  const radiusX = Math.max((brush.radiusMm / spacing.u) * p.scaleU, 2);
  const radiusY = Math.max((brush.radiusMm / spacing.v) * p.scaleV, 2);
  for (const [colour, width] of [["rgba(0,0,0,0.7)", 3], [brush.colour, 1.25]] as const) {
    context.beginPath();
    context.ellipse(x, y, radiusX, radiusY, 0, 0, 2 * Math.PI);
    context.strokeStyle = colour;
    context.lineWidth = width * ratio;
    context.stroke();
  }
}

function outline(context: CanvasRenderingContext2D, p: Placement, shape: ShapeLook, ratio: number): void {
  const places = shape.points.map(([u, v]) => toScreen(p, { u, v }));
  const [first, second] = [places[0], places[1]];
  if (first === undefined) return;
  context.beginPath();
  if (shape.kind === "point") {
    context.arc(first[0], first[1], 5 * ratio, 0, 2 * Math.PI);
    context.moveTo(first[0] - 9 * ratio, first[1]);
    context.lineTo(first[0] + 9 * ratio, first[1]);
    context.moveTo(first[0], first[1] - 9 * ratio);
    context.lineTo(first[0], first[1] + 9 * ratio);
  } else if (shape.kind === "box" && second !== undefined) {
    context.rect(first[0], first[1], second[0] - first[0], second[1] - first[1]);
  } else if (shape.kind === "ellipse") {
    ellipseOutline(places).forEach(([x, y], n) => (n === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
    context.closePath();
  } else if (shape.kind === "bidirectional" || shape.kind === "cobb") {
    places.forEach(([x, y], n) => (n % 2 === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  } else {
    places.forEach(([x, y], n) => (n === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
    if ((shape.kind === "polygon" || shape.kind === "rotated_box") && shape.open !== true) context.closePath();
  }
}

export function drawShape(context: CanvasRenderingContext2D, p: Placement, shape: ShapeLook, ratio: number): void {
  if (shape.kind === "letter") {
    drawLetter(context, p, shape, ratio);
    return;
  }
  for (const [colour, width] of [["rgba(0,0,0,0.65)", 4], [shape.colour, shape.selected ? 2 : 1.5]] as const) {
    outline(context, p, shape, ratio);
    context.strokeStyle = colour;
    context.lineWidth = width * ratio;
    context.stroke();
  }
  if (shape.selected || shape.open === true) {
    for (const [u, v] of handlesOf(shape)) {
      const [x, y] = toScreen(p, { u, v });
      context.fillStyle = "#0e1116";
      context.strokeStyle = shape.colour;
      context.lineWidth = 1.5 * ratio;
      context.beginPath();
      context.rect(x - 3.5 * ratio, y - 3.5 * ratio, 7 * ratio, 7 * ratio);
      context.fill();
      context.stroke();
    }
  }
}

function drawLetter(context: CanvasRenderingContext2D, p: Placement, shape: ShapeLook, ratio: number): void {
  const [u, v] = shape.points[0] ?? [0, 0];
  const [x, y] = toScreen(p, { u, v });
  const side = 15 * ratio;
  context.beginPath();
  context.roundRect(x - side / 2, y - side - 3 * ratio, side, side, 3 * ratio);
  context.fillStyle = shape.colour;
  context.fill();
  context.font = `700 ${String(10 * ratio)}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = "#0e1116";
  context.fillText(shape.caption, x, y - side / 2 - 2.5 * ratio);
  context.textAlign = "left";
}

const captionText = (shape: ShapeLook): string => [shape.number === undefined ? "" : String(shape.number), shape.caption].filter((part) => part !== "").join("  ");

/** What a drawing covers on the pane, and its highest place: its caption stands there. */
function captionBox(context: CanvasRenderingContext2D, p: Placement, shape: ShapeLook, text: string, ratio: number): CaptionBox {
  const places = shape.points.map(([u, v]) => toScreen(p, { u, v }));
  const [xs, ys] = [places.map(([x]) => x), places.map(([, y]) => y)];
  const top = places.reduce((best, place) => (place[1] < best[1] ? place : best), places[0] ?? [0, 0]);
  return { of: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)], at: top, width: context.measureText(text).width + 10 * ratio, height: 17 * ratio };
}

/** Over all drawings, so that none covers a caption; of the selected one first. */
function drawCaptions(context: CanvasRenderingContext2D, p: Placement, shapes: readonly ShapeLook[], ratio: number): void {
  context.font = `600 ${String(11 * ratio)}px system-ui, sans-serif`;
  const told = shapes.filter((shape) => shape.kind !== "letter" && shape.points.length > 0 && captionText(shape) !== "");
  const ranked = [...told.filter(({ selected }) => selected), ...told.filter(({ selected }) => !selected)];
  const boxes = ranked.map((shape) => captionBox(context, p, shape, captionText(shape), ratio));
  const places = placeCaptions(boxes, context.canvas, [8 * ratio, 6 * ratio]);
  ranked.forEach((shape, n) => {
    const [place, box] = [places[n], boxes[n]];
    if (place === undefined || box === undefined) return;
    const [left, above] = place;
    context.fillStyle = "rgba(10, 13, 17, 0.82)";
    context.fillRect(left, above, box.width, box.height);
    context.fillStyle = shape.colour;
    context.fillRect(left, above, 3 * ratio, box.height);
    context.fillStyle = "#e6eaf0";
    context.textBaseline = "middle";
    context.fillText(captionText(shape), left + 7 * ratio, above + box.height / 2 + ratio * 0.5);
  });
}

/** Where a shape can be taken hold of, in slice places. A box is held at its four corners. */
export function handlesOf(shape: Pick<ShapeLook, "kind" | "points">): readonly (readonly [number, number])[] {
  const [a, b] = [shape.points[0], shape.points[1]];
  if (shape.kind === "box" && a !== undefined && b !== undefined) {
    return [a, [b[0], a[1]], b, [a[0], b[1]]];
  }
  return shape.points;
}
