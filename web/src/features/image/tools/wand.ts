// The wand: a press fills what hangs together with the place and is alike, on the plane or in space; level tracing fills what
// the outline under the pointer encloses. The outline on the plane is shown before the press.
import { keyOfCut, voxelOn } from "@/core/cut";
import type { SlicePoint } from "@/core/geometry";
import { edgesOf } from "@/core/mask_slice";
import type { SampleRange } from "@/core/segment/edit";
import type { PlaneImage } from "@/core/segment/plane_image";
import { planeImage } from "@/core/segment/plane_image";
import type { PlaneRegion } from "@/core/segment/wand";
import { emitPlaneRegion, emitRegion, levelRegion, regionInVolume, regionOnPlane, sampleUnder } from "@/core/segment/wand";
import { toScreen } from "@/ui/slice_pane";
import { shownPicture } from "../model";
import { strings } from "../strings";
import { gridOf, painterOf } from "./edits";
import type { PaneTool, ToolContext } from "./tool";

/** A tolerance that lets the whole body in shall not be waited for. */
const voxelsMax = 8_000_000;
const restMs = 80;
/** A region ragged as noise has no outline worth drawing, and takes longer to draw than a frame has. */
const edgeNumbersMax = 60_000;

function rangeAbout(state: ToolContext["state"], sample: number): SampleRange {
  const reach = state.options.wand.tolerance / Math.abs(shownPicture(state).volume.transform.slope || 1);
  return { low: sample - reach, high: sample + reach };
}

function regionAt({ state }: ToolContext, image: PlaneImage, at: SlicePoint): PlaneRegion | null {
  const sample = sampleUnder(image, at);
  if (sample === undefined) return null;
  return state.options.wand.level ? levelRegion(image, at) : regionOnPlane(image, at, rangeAbout(state, sample));
}

export function wandTool(): PaneTool {
  let image: { readonly key: string; readonly of: PlaneImage } | null = null;
  let slow = false;
  let movedAt = 0;
  let resting: ReturnType<typeof setTimeout> | undefined;
  let shown: { readonly key: string; readonly edges: readonly number[] } | null = null;
  const imageOf = ({ state, cut, volume }: ToolContext): { readonly key: string; readonly of: PlaneImage } => {
    const key = [state.picture, keyOfCut(cut), volume.loadedCount].join("/");
    if (image?.key !== key) image = { key, of: planeImage(volume, cut) };
    return image;
  };
  const press = (context: ToolContext, at: SlicePoint, erase: boolean): void => {
    const { state, cut, volume, services } = context;
    const { wand } = state.options;
    const plane = imageOf(context).of;
    const sample = sampleUnder(plane, at);
    if (sample === undefined) return services.say(strings.nothingLoadedHere);
    const open = services.strokes.begin(wand.level ? strings.steps.level : strings.steps.wand, erase);
    if (open === null) return;
    // On a turned plane a pixel stands for the voxel nearest to it, which need not be the one that is filled: that one has to be alike too.
    const { emit } = painterOf(context, open, wand.level ? null : rangeAbout(state, sample));
    if (wand.space && !wand.level) {
      const [i, j, k] = voxelOn(cut, at);
      const region = regionInVolume(volume, [Math.round(i), Math.round(j), Math.round(k)], rangeAbout(state, sample), voxelsMax);
      if (region.cutOff) services.say(strings.wandCutOff);
      emitRegion(region, emit);
    } else {
      const region = regionAt(context, plane, at);
      if (region !== null) emitPlaneRegion(gridOf(state), cut, region, emit);
    }
    open.end();
  };
  return {
    cursor: "crosshair",
    down: (context, { at, shift }) => {
      if (!context.state.readOnly) press(context, at, shift);
      return false;
    },
    move: () => undefined,
    up: () => undefined,
    cancel: () => undefined,
    hover: ({ services }) => {
      movedAt = performance.now();
      services.redraw();
    },
    draw: (context, canvas) => {
      const { state, pointer, placement, colour } = context;
      if (pointer === null || state.readOnly) return;
      const plane = imageOf(context);
      const key = [plane.key, Math.round(pointer.u), Math.round(pointer.v), state.options.wand.level, state.options.wand.tolerance].join("/");
      if (shown?.key !== key) {
        // A region that takes long to find is looked for when the pointer rests.
        if (slow && performance.now() - movedAt < restMs) {
          clearTimeout(resting);
          resting = setTimeout(context.services.redraw, restMs);
          return;
        }
        const begun = performance.now();
        const region = regionAt(context, plane.of, pointer);
        const edges = region === null ? [] : (edgesOf(new Uint16Array(region.inside), region.width, region.height).get(1) ?? []);
        shown = { key, edges: edges.length > edgeNumbersMax ? [] : edges };
        slow = performance.now() - begun > 5;
      }
      const { edges } = shown;
      canvas.beginPath();
      for (let n = 0; n < edges.length; n += 4) {
        canvas.moveTo(...toScreen(placement, { u: edges[n] as number, v: edges[n + 1] as number }));
        canvas.lineTo(...toScreen(placement, { u: edges[n + 2] as number, v: edges[n + 3] as number }));
      }
      canvas.strokeStyle = colour;
      canvas.lineWidth = 1.5 * (window.devicePixelRatio || 1);
      canvas.setLineDash([4, 3]);
      canvas.stroke();
      canvas.setLineDash([]);
    },
  };
}
