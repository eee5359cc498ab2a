// The masks of the image workspace as they are painted, beside the frames: fetched once, saved by the brick.
import type { VolumeInfo } from "@/core/domain";
import { FrameStage } from "@/core/frame_stage";
import type { BrickContents } from "@/core/mask";
import { restoreBricks, sharedBrick } from "@/core/mask";
import type { MaskLayers } from "@/core/mask_layers";
import { briefBytes, labelsOfBrief, layerOf, makeLayers } from "@/core/mask_layers";
import type { AnnotationSession, BrickPatch } from "@/core/workspace";
import { fetchFrames, takeVolume } from "./ahead";
import type { Overlay } from "./tools/overlay";

export class Stage extends FrameStage {
  private readonly masks = new Map<string, MaskLayers>();
  private readonly fetched = new Map<string, Promise<void>>();
  /** What an operation would do, drawn over every pane; see showOverlay. */
  overlay: Overlay | null = null;

  constructor(
    projectId: string,
    itemId: string,
    private readonly session: AnnotationSession,
  ) {
    super(projectId, itemId, fetchFrames, takeVolume);
  }

  layersOf(info: VolumeInfo): MaskLayers {
    const known = this.masks.get(info.grid_id);
    if (known !== undefined) return known;
    const layers = makeLayers(info.grid.dims);
    this.masks.set(info.grid_id, layers);
    this.fetched.set(info.grid_id, this.fetchMask(info.grid_id, layers));
    return layers;
  }

  /** With what is stored. */
  async loadedLayers(info: VolumeInfo): Promise<MaskLayers> {
    const layers = this.layersOf(info);
    await this.fetched.get(info.grid_id);
    return layers;
  }

  /** Brings what is stored; while the server cannot be reached it is asked again. */
  private async fetchMask(gridId: string, layers: MaskLayers): Promise<void> {
    for (let attempt = 0; !this.stopped; attempt++) {
      try {
        const stored = await this.session.loadMasks(gridId);
        const contents = new Map<number, Map<number, Uint16Array>>();
        for (const { index, layer, bytes } of stored.bricks) {
          // What was painted while the stored bricks were on their way is newer.
          if (bytes === null || layerOf(layers, layer).bricks.has(index)) continue;
          const held = contents.get(layer) ?? new Map<number, Uint16Array>();
          contents.set(layer, held.set(index, sharedBrick(labelsOfBrief(layer, bytes))));
        }
        for (const [layer, bricks] of contents) restoreBricks(layerOf(layers, layer), bricks);
        this.settled();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, Math.min(1000 * 2 ** attempt, 15000)));
      }
    }
  }

  showOverlay(overlay: Overlay | null): void {
    if (overlay === this.overlay) return;
    this.overlay = overlay;
    this.changed();
  }

  saveBricks(gridId: string, layer: number, contents: BrickContents): void {
    const patch = [...contents].map(([index, labels]): BrickPatch => ({ index, layer, bytes: labels === undefined ? null : briefBytes(layer, labels) }));
    if (patch.length > 0) this.session.putMaskBricks(gridId, patch);
  }
}
