// The picture of one pane as pixels: the slice through the look-up table, a turned cut or a slab resampled, and a second
// picture laid over it. Drawn anew only when something of it changed.
import type { Cut } from "@/core/cut";
import { keyOfCut } from "@/core/cut";
import type { Affine } from "@/core/geometry";
import type { Slab } from "@/core/reslice";
import { resample, slabOfSlices, stepAlong } from "@/core/reslice";
import type { Tone, Volume } from "@/core/volume";
import { colourValues, drawSlice } from "@/core/volume";

export interface PictureLook {
  readonly volume: Volume;
  readonly affine: Affine;
  readonly tone: Tone;
  /** Pixels of 8 and 16 bit samples; made of `tone`. */
  readonly lookup: Uint32Array;
  readonly slab: Slab | null;
}

export interface OverlayLook {
  readonly volume: Volume;
  readonly affine: Affine;
  readonly tone: Tone;
  readonly opacity: number;
}

export interface Layer {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  readonly image: ImageData;
  readonly pixels: Uint32Array;
  key: string;
}

/** A layer of this size: the old one when it fits. */
export function layerOf(current: Layer | undefined, width: number, height: number): Layer | undefined {
  if (current?.canvas.width === width && current.canvas.height === height) return current;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (context === null) return undefined;
  const image = context.createImageData(width, height);
  return { canvas, context, image, pixels: new Uint32Array(image.data.buffer), key: "" };
}

const outside = 0xff000000;
const through = 0x00000000;

export class PictureLayer {
  private layer: Layer | undefined;
  private values = new Float32Array(0);
  private drawn: { readonly volume: Volume; readonly lookup: unknown } | undefined;

  /** The picture on the cut. */
  picture(look: PictureLook, cut: Cut): HTMLCanvasElement | undefined {
    const layer = this.fitted(cut);
    if (layer === undefined) return undefined;
    const { slab, tone } = look;
    const key = `${keyOfCut(cut)}/${look.volume.loadedCount}/${slab === null ? "" : `${slab.mode}${slab.thicknessMm}`}`;
    if (layer.key === key && this.drawn?.lookup === look.lookup && this.drawn.volume === look.volume) return layer.canvas;
    if (cut.along !== null && (slab === null || look.volume.samplesPerPixel !== 1)) {
      drawSlice(look.volume, cut.along.plane, cut.along.slice, cut.size.width, cut.size.height, look.lookup, layer.pixels, tone);
    } else {
      const values = this.room(cut);
      if (cut.along !== null && slab !== null) slabOfSlices(look.volume, cut, slab, stepAlong(look.affine, cut.normalMm), values);
      else resample(look.volume, look.affine, cut, slab, values);
      colourValues(values, cut.size.width * cut.size.height, tone, outside, layer.pixels);
    }
    this.finish(layer, key, look.volume, look.lookup);
    return layer.canvas;
  }

  /** A second picture on the cut of the first, by their places in the patient. */
  overlay(look: OverlayLook, cut: Cut, slab: Slab | null): HTMLCanvasElement | undefined {
    const layer = this.fitted(cut);
    if (layer === undefined) return undefined;
    const { window, inverted } = look.tone;
    const key = `${keyOfCut(cut)}/${cut.originMm.join("/")}/${look.volume.loadedCount}/${window.centre}/${window.width}/${inverted}/${slab === null ? "" : `${slab.mode}${slab.thicknessMm}`}`;
    if (layer.key === key && this.drawn?.lookup === look.tone.colours && this.drawn.volume === look.volume) return layer.canvas;
    const values = this.room(cut);
    resample(look.volume, look.affine, cut, slab, values);
    colourValues(values, cut.size.width * cut.size.height, look.tone, through, layer.pixels);
    this.finish(layer, key, look.volume, look.tone.colours);
    return layer.canvas;
  }

  private fitted({ size }: Cut): Layer | undefined {
    this.layer = layerOf(this.layer, size.width, size.height);
    return this.layer;
  }

  private room({ size }: Cut): Float32Array {
    const count = size.width * size.height;
    if (this.values.length < count) this.values = new Float32Array(count);
    return this.values;
  }

  private finish(layer: Layer, key: string, volume: Volume, lookup: unknown): void {
    layer.context.putImageData(layer.image, 0, 0);
    layer.key = key;
    this.drawn = { volume, lookup };
  }
}
