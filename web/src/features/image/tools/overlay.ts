// What a threshold or an operation would do, drawn over a pane before it is done: translucent, with a dashed outline.
import type { Cut } from "@/core/cut";
import { keyOfCut } from "@/core/cut";
import { brickCounts } from "@/core/mask";
import { edgesOf } from "@/core/mask_slice";
import type { SampleRange } from "@/core/segment/edit";
import type { Difference } from "@/core/segment/operations";
import { planeImage } from "@/core/segment/plane_image";
import { toScreen } from "@/ui/slice_pane";
import type { ToolContext } from "./tool";

export type Overlay =
  /** Every voxel within the range, as it is looked at: nothing has been asked of the server. */
  | { readonly key: string; readonly kind: "range"; readonly range: SampleRange; readonly colour: string }
  /** Voxels that get another label: `colours` by label, those taken away in white. */
  | { readonly key: string; readonly kind: "difference"; readonly difference: Difference; readonly colours: ReadonlyMap<number, string> };

/** What the overlay says of each pixel of a cut: 0 nothing, else an index of colour. */
function marksOn({ cut, volume, layers }: ToolContext, overlay: Overlay): Uint16Array {
  const { width, height } = cut.size;
  if (overlay.kind === "difference") return differenceOn(cut, layers.dims, overlay.difference);
  const marks = new Uint16Array(width * height);
  const { values } = planeImage(volume, cut);
  const { low, high } = overlay.range;
  for (let n = 0; n < marks.length; n++) if ((values[n] as number) >= low && (values[n] as number) <= high) marks[n] = 1;
  return marks;
}

function differenceOn(cut: Cut, dims: readonly [number, number, number], difference: Difference): Uint16Array {
  const { width, height } = cut.size;
  const marks = new Uint16Array(width * height);
  const [bx, by] = brickCounts(dims);
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      const i = Math.round(cut.origin[0] + u * cut.right[0] + v * cut.down[0]);
      const j = Math.round(cut.origin[1] + u * cut.right[1] + v * cut.down[1]);
      const k = Math.round(cut.origin[2] + u * cut.right[2] + v * cut.down[2]);
      if (i < 0 || j < 0 || k < 0 || i >= dims[0] || j >= dims[1] || k >= dims[2]) continue;
      const brick = difference.get((i >> 5) + bx * ((j >> 5) + by * (k >> 5)));
      if (brick !== undefined) marks[v * width + u] = brick[(i & 31) | ((j & 31) << 5) | ((k & 31) << 10)] as number;
    }
  }
  return marks;
}

interface Drawn {
  readonly key: string;
  readonly canvas: HTMLCanvasElement;
  readonly edges: ReadonlyMap<number, readonly number[]>;
}

/** Kept by each pane: the overlay is worked out once for each cut and each state of the overlay. */
export class OverlayRenderer {
  private drawn: Drawn | undefined;

  draw(context: ToolContext, canvas: CanvasRenderingContext2D, overlay: Overlay): void {
    const { cut, placement, volume } = context;
    const key = [overlay.key, keyOfCut(cut), volume.loadedCount].join("/");
    if (this.drawn?.key !== key) this.drawn = paint(key, cut, marksOn(context, overlay), overlay);
    if (this.drawn === undefined) return;
    canvas.imageSmoothingEnabled = false;
    const { originX, originY, scaleU, scaleV } = placement;
    canvas.drawImage(this.drawn.canvas, originX - 0.5 * scaleU, originY - 0.5 * scaleV, cut.size.width * scaleU, cut.size.height * scaleV);
    const ratio = window.devicePixelRatio || 1;
    canvas.setLineDash([4 * ratio, 3 * ratio]);
    canvas.lineWidth = 1.25 * ratio;
    for (const [mark, lines] of this.drawn.edges) {
      canvas.beginPath();
      for (let n = 0; n < lines.length; n += 4) {
        canvas.moveTo(...toScreen(placement, { u: lines[n] as number, v: lines[n + 1] as number }));
        canvas.lineTo(...toScreen(placement, { u: lines[n + 2] as number, v: lines[n + 3] as number }));
      }
      canvas.strokeStyle = colourOf(overlay, mark);
      canvas.stroke();
    }
    canvas.setLineDash([]);
  }
}

function colourOf(overlay: Overlay, mark: number): string {
  return overlay.kind === "range" ? overlay.colour : (overlay.colours.get(mark - 1) ?? "#ffffff");
}

/** More edges than this are noise on a threshold and would take longer to draw than a frame has: the fill alone shows. */
const edgesMax = 40_000;

function paint(key: string, cut: Cut, marks: Uint16Array, overlay: Overlay): Drawn | undefined {
  const canvas = document.createElement("canvas");
  canvas.width = cut.size.width;
  canvas.height = cut.size.height;
  const context = canvas.getContext("2d");
  if (context === null) return undefined;
  const image = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const packed = new Map<number, number>();
  for (let n = 0; n < marks.length; n++) {
    const mark = marks[n] as number;
    if (mark === 0) continue;
    let pixel = packed.get(mark);
    if (pixel === undefined) {
      const value = Number.parseInt(colourOf(overlay, mark).slice(1), 16);
      pixel = ((72 << 24) | ((value & 255) << 16) | (value & 0xff00) | ((value >> 16) & 255)) >>> 0;
      packed.set(mark, pixel);
    }
    pixels[n] = pixel;
  }
  context.putImageData(image, 0, 0);
  const edges = new Map([...edgesOf(marks, canvas.width, canvas.height)].filter(([, lines]) => lines.length <= 4 * edgesMax));
  return { key, canvas, edges };
}
