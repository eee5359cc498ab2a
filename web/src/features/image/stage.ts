// What is large and changes in place: volumes as they load, masks as they are painted, and the look-up table. Panes
// ask for a new drawing when something here changed.
import type { VolumeInfo } from "@/core/domain";
import type { BrickContents, Mask } from "@/core/mask";
import { brickVoxels, makeMask, restoreBricks } from "@/core/mask";
import type { Volume } from "@/core/volume";
import { makeLookup, makeVolume } from "@/core/volume";
import type { AnnotationSession, BrickPatch } from "@/core/workspace";
import { fetchFrames, framesUrl } from "./ahead";
import type { ImageState, Picture } from "./model";
import { shownPicture } from "./model";
import type { Loading } from "./loader";
import { loadFrames } from "./loader";

interface Lookup {
  readonly key: string;
  readonly table: Uint32Array;
}

export interface PictureState {
  readonly volume: Volume;
  readonly loading: Loading;
}

const volumesKept = 2;

export class Stage {
  private readonly pictures = new Map<string, PictureState>();
  private readonly masks = new Map<string, Mask>();
  private readonly drawListeners = new Set<() => void>();
  private readonly settledListeners = new Set<() => void>();
  private settleTimer: ReturnType<typeof setTimeout> | undefined;
  private lookup: Lookup | undefined;
  private stopped = false;
  problem: string | undefined;
  revision = 0;

  constructor(
    private readonly projectId: string,
    private readonly itemId: string,
    private readonly session: AnnotationSession,
  ) {}

  /** Called for every change: draw again. */
  onDraw = (listener: () => void): (() => void) => {
    this.drawListeners.add(listener);
    return () => this.drawListeners.delete(listener);
  };

  /** Called when a change is over (a stroke ended, frames came in): what is counted may be counted again. */
  onSettled = (listener: () => void): (() => void) => {
    this.settledListeners.add(listener);
    return () => this.settledListeners.delete(listener);
  };

  changed(): void {
    for (const listener of this.drawListeners) listener();
  }

  settled(): void {
    this.revision++;
    this.changed();
    for (const listener of this.settledListeners) listener();
  }

  /** Frames come by the hundred: what counts them looks ten times a second at most. */
  private progressed(): void {
    this.changed();
    this.settleTimer ??= setTimeout(() => {
      this.settleTimer = undefined;
      this.settled();
    }, 100);
  }

  /** The volume of a picture; its loading begins at the first call. The least recently shown volumes are let go. */
  pictureOf(picture: Picture, slice: number): PictureState {
    const key = pictureKey(picture);
    const known = this.pictures.get(key);
    if (known !== undefined) {
      this.pictures.delete(key);
      this.pictures.set(key, known);
      return known;
    }
    const made = this.load(picture, slice);
    this.pictures.set(key, made);
    for (const [oldest, state] of this.pictures) {
      if (this.pictures.size <= volumesKept) break;
      state.loading.stop();
      this.pictures.delete(oldest);
    }
    return made;
  }

  private load(picture: Picture, slice: number): PictureState {
    const { layout, grid } = picture.volume;
    const volume = makeVolume(grid.dims, layout.sample_type, layout.samples_per_pixel);
    const loading = loadFrames(
      volume,
      {
        fetchFrames: (from, count, signal) => fetchFrames(framesUrl(this.projectId, this.itemId, picture, from, count), signal),
      },
      slice,
      () => this.progressed(),
      (problem) => {
        this.problem = problem.message;
        this.settled();
      },
    );
    return { volume, loading };
  }

  /** Drops what failed, so that it is asked for again. */
  retry(picture: Picture): void {
    this.problem = undefined;
    this.pictures.get(pictureKey(picture))?.loading.stop();
    this.pictures.delete(pictureKey(picture));
    this.settled();
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
          if (brick.layer === 0 && brick.bytes !== null && !mask.bricks.has(brick.index)) contents.set(brick.index, labelsOf(brick.bytes));
        }
        if (contents.size > 0) restoreBricks(mask, contents);
        this.settled();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, Math.min(1000 * 2 ** attempt, 15000)));
      }
    }
  }

  saveBricks(gridId: string, contents: BrickContents): void {
    const patch = [...contents].map(([index, labels]): BrickPatch => ({ index, layer: 0, bytes: labels === undefined ? null : bytesOf(labels) }));
    if (patch.length > 0) this.session.putMaskBricks(gridId, patch);
  }

  lookupOf(state: ImageState): Uint32Array {
    const { volume } = shownPicture(state);
    const { slope, intercept } = volume.transform;
    const type = volume.layout.sample_type;
    const { centre, width } = state.window;
    const key = [type, slope, intercept, centre, width, state.inverted].join("/");
    if (this.lookup?.key !== key) {
      const indexed = type === "uint8" || type === "int8" || type === "uint16" || type === "int16";
      this.lookup = { key, table: indexed ? makeLookup(type, slope, intercept, state.window, state.inverted) : new Uint32Array(1) };
    }
    return this.lookup.table;
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.settleTimer);
    this.settleTimer = undefined;
    for (const { loading } of this.pictures.values()) loading.stop();
    this.pictures.clear();
  }
}

export function pictureKey(picture: Picture): string {
  return `${picture.series.id}/${picture.imageIndex ?? "volume"}`;
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function bytesOf(labels: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(labels.length * 2);
  const view = new DataView(bytes.buffer);
  if (littleEndian) bytes.set(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  else labels.forEach((label, n) => view.setUint16(n * 2, label, true));
  return bytes;
}

function labelsOf(bytes: Uint8Array): Uint16Array {
  const labels = new Uint16Array(brickVoxels);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let n = 0; n < brickVoxels; n++) labels[n] = view.getUint16(n * 2, true);
  return labels;
}
