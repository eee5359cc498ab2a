// Draws one pane: the slice through the look-up table, the mask's fill and outline, shapes, crosshair, brush.
// Canvas 2D on purpose: hospital desktops are often thin clients without a GPU, and one slice costs about 2 ms here.
import type { GeometryKind } from "@/core/domain";
import type { Plane, SlicePoint } from "@/core/geometry";
import { sizeOn } from "@/core/geometry";
import type { Mask } from "@/core/mask";
import type { Volume, Window } from "@/core/volume";
import { drawSlice } from "@/core/volume";
import { edgesOf, labelsOn } from "@/core/mask_slice";
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

export interface Scene {
  readonly volume: Volume;
  readonly plane: Plane;
  readonly slice: number;
  readonly spacing: { readonly u: number; readonly v: number };
  readonly view: View;
  readonly transform: { slope: number; intercept: number; window: Window; inverted: boolean };
  readonly lookup: Uint32Array;
  /** Drawn one over the other, the last on top: one rater's own, or several raters' beside each other. */
  readonly masks: readonly MaskLook[];
  readonly shapes: readonly ShapeLook[];
  readonly crosshair: SlicePoint | undefined;
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

interface Layer {
  canvas: HTMLCanvasElement;
  context: CanvasRenderingContext2D;
  image: ImageData;
  pixels: Uint32Array;
  key: string;
}

function makeLayer(width: number, height: number): Layer | undefined {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (context === null) return undefined;
  const image = context.createImageData(width, height);
  return { canvas, context, image, pixels: new Uint32Array(image.data.buffer), key: "" };
}

export class PaneRenderer {
  private picture: Layer | undefined;
  private readonly maskLayers: MaskLayer[] = [];
  private lookup: Uint32Array | undefined;
  private volume: Volume | undefined;

  draw(context: CanvasRenderingContext2D, scene: Scene): void {
    const { width, height } = context.canvas;
    const size = sizeOn(scene.plane, scene.volume.dims);
    const placement = placementOf(width, height, size, scene.spacing, scene.view);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
    this.drawPicture(context, scene, size, placement);
    scene.masks.forEach((look, n) => {
      this.drawMask(context, scene, look, n, size, placement);
    });
    const ratio = window.devicePixelRatio || 1;
    if (scene.crosshair !== undefined) drawCrosshair(context, placement, scene.crosshair, ratio);
    for (const shape of scene.shapes) drawShape(context, placement, shape, ratio, scene.captions);
  }

  private layer(current: Layer | undefined, width: number, height: number): Layer | undefined {
    if (current?.canvas.width === width && current.canvas.height === height) return current;
    return makeLayer(width, height);
  }

  private drawPicture(
    context: CanvasRenderingContext2D,
    scene: Scene,
    size: { width: number; height: number },
    placement: Placement,
  ): void {
    this.picture = this.layer(this.picture, size.width, size.height);
    const layer = this.picture;
    if (layer === undefined) return;
    const key = `${scene.plane.name}/${scene.slice}/${scene.volume.loadedCount}`;
    if (layer.key !== key || this.lookup !== scene.lookup || this.volume !== scene.volume) {
      drawSlice(
        scene.volume, scene.plane, scene.slice, size.width, size.height, scene.lookup, layer.pixels, scene.transform,
      );
      layer.context.putImageData(layer.image, 0, 0);
      layer.key = key;
      this.lookup = scene.lookup;
      this.volume = scene.volume;
    }
    context.imageSmoothingEnabled = scene.smooth;
    context.imageSmoothingQuality = "medium";
    blit(context, layer.canvas, size, placement);
  }

  private drawMask(
    context: CanvasRenderingContext2D,
    scene: Scene,
    look: MaskLook,
    n: number,
    size: { width: number; height: number },
    placement: Placement,
  ): void {
    if (look.mask.bricks.size === 0) return;
    const held = (this.maskLayers[n] ??= { layer: undefined, edges: new Map(), mask: look.mask });
    held.layer = this.layer(held.layer, size.width, size.height);
    const { layer } = held;
    if (layer === undefined) return;
    const key = `${scene.plane.name}/${scene.slice}/${look.mask.revision}/${look.segmentsKey}`;
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
  const labels = labelsOn(mask.mask, scene.plane, scene.slice, size.width, size.height);
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

function drawCrosshair(context: CanvasRenderingContext2D, p: Placement, at: SlicePoint, ratio: number): void {
  const [x, y] = toScreen(p, at);
  const gap = 14 * ratio;
  context.strokeStyle = "rgba(45, 212, 191, 0.75)";
  context.lineWidth = ratio;
  context.beginPath();
  context.moveTo(0, y);
  context.lineTo(x - gap, y);
  context.moveTo(x + gap, y);
  context.lineTo(context.canvas.width, y);
  context.moveTo(x, 0);
  context.lineTo(x, y - gap);
  context.moveTo(x, y + gap);
  context.lineTo(x, context.canvas.height);
  context.stroke();
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

export function drawShape(context: CanvasRenderingContext2D, p: Placement, shape: ShapeLook, ratio: number, captions: boolean): void {
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
  if (captions) drawCaption(context, p, shape, ratio);
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

function drawCaption(context: CanvasRenderingContext2D, p: Placement, shape: ShapeLook, ratio: number): void {
  const text = [shape.number === undefined ? "" : String(shape.number), shape.caption].filter((part) => part !== "").join("  ");
  if (text === "") return;
  const top = shape.points.reduce((best, point) => (point[1] < best[1] ? point : best), shape.points[0] ?? [0, 0]);
  const [x, y] = toScreen(p, { u: top[0], v: top[1] });
  context.font = `600 ${11 * ratio}px system-ui, sans-serif`;
  const width = context.measureText(text).width + 10 * ratio;
  const left = x + 8 * ratio;
  const height = 17 * ratio;
  const above = y - height - 6 * ratio;
  context.fillStyle = "rgba(10, 13, 17, 0.82)";
  context.fillRect(left, above, width, height);
  context.fillStyle = shape.colour;
  context.fillRect(left, above, 3 * ratio, height);
  context.fillStyle = "#e6eaf0";
  context.textBaseline = "middle";
  context.fillText(text, left + 7 * ratio, above + height / 2 + ratio * 0.5);
}

/** Where a shape can be taken hold of, in slice places. A box is held at its four corners. */
export function handlesOf(shape: Pick<ShapeLook, "kind" | "points">): readonly (readonly [number, number])[] {
  const [a, b] = [shape.points[0], shape.points[1]];
  if (shape.kind === "box" && a !== undefined && b !== undefined) {
    return [a, [b[0], a[1]], b, [a[0], b[1]]];
  }
  return shape.points;
}
