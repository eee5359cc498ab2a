// The masks of the image workspace as they are painted, beside the frames: fetched once, saved by the brick.
import type { VolumeInfo } from "@/core/domain";
import { FrameStage } from "@/core/frame_stage";
import type { BrickContents, Mask } from "@/core/mask";
import { labelsOfBrick, makeMask, restoreBricks } from "@/core/mask";
import type { AnnotationSession, BrickPatch } from "@/core/workspace";
import { fetchFrames, takeVolume } from "./ahead";
import type { Overlay } from "./tools/overlay";

export class Stage extends FrameStage {
  private readonly masks = new Map<string, Mask>();
  /** What an operation would do, drawn over every pane; see showOverlay. */
  overlay: Overlay | null = null;

  constructor(
    projectId: string,
    itemId: string,
    private readonly session: AnnotationSession,
  ) {
    super(projectId, itemId, fetchFrames, takeVolume);
  }

  maskOf(info: VolumeInfo): Mask {
    const known = this.masks.get(info.grid_id);
    if (known !== undefined) return known;
    const mask = makeMask(info.grid.dims);
    this.masks.set(info.grid_id, mask);
    void this.fetchMask(info.grid_id, mask);
    return mask;
  }

  /** Brings what is stored; while the server cannot be reached it is asked again. */
  private async fetchMask(gridId: string, mask: Mask): Promise<void> {
    for (let attempt = 0; !this.stopped; attempt++) {
      try {
        const stored = await this.session.loadMasks(gridId);
        const contents = new Map<number, Uint16Array | undefined>();
        for (const brick of stored.bricks) {
          // What was painted while the stored bricks were on their way is newer.
          if (brick.layer === 0 && brick.bytes !== null && !mask.bricks.has(brick.index)) contents.set(brick.index, labelsOfBrick(brick.bytes));
        }
        if (contents.size > 0) restoreBricks(mask, contents);
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

  saveBricks(gridId: string, contents: BrickContents): void {
    const patch = [...contents].map(([index, labels]): BrickPatch => ({ index, layer: 0, bytes: labels === undefined ? null : bytesOf(labels) }));
    if (patch.length > 0) this.session.putMaskBricks(gridId, patch);
  }
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function bytesOf(labels: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(labels.length * 2);
  const view = new DataView(bytes.buffer);
  if (littleEndian) bytes.set(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  else labels.forEach((label, n) => view.setUint16(n * 2, label, true));
  return bytes;
}
