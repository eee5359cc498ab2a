// What is large and changes in place: volumes as they load, and the look-up table from stored values to grey. Panes ask
// for a new drawing when something here changed.
import type { LutName } from "./luts";
import { lutOf } from "./luts";
import type { Loading } from "./frame_loader";
import { loadFrames } from "./frame_loader";
import type { Picture } from "./pictures";
import { framesUrl, pictureKey } from "./pictures";
import type { Volume, Window } from "./volume";
import { makeLookup, makeVolume } from "./volume";

interface Lookup {
  readonly key: string;
  readonly table: Uint32Array;
}

export interface PictureState {
  readonly volume: Volume;
  readonly loading: Loading;
}

const volumesKept = 3; // the one shown, one beside it or over it, the one before
const lookupsKept = 3;

export class FrameStage {
  private readonly pictures = new Map<string, PictureState>();
  private readonly drawListeners = new Set<() => void>();
  private readonly settledListeners = new Set<() => void>();
  private settleTimer: ReturnType<typeof setTimeout> | undefined;
  private lookups: readonly Lookup[] = [];
  protected stopped = false;
  problem: string | undefined;
  revision = 0;

  constructor(
    private readonly projectId: string,
    private readonly itemId: string,
    private readonly fetchFrames: (url: string, signal: AbortSignal) => Promise<Response>,
    /** A volume whose slice at this address is in place before the stage stands. */
    private readonly takeVolume: (url: string) => Volume | undefined = () => undefined,
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
    const first = framesUrl(this.projectId, this.itemId, picture, slice, 1);
    const volume = this.takeVolume(first) ?? makeVolume(grid.dims, layout.sample_type, layout.samples_per_pixel);
    const loading = loadFrames(
      volume,
      {
        fetchFrames: (from, count, signal) => this.fetchFrames(framesUrl(this.projectId, this.itemId, picture, from, count), signal),
        whole: picture.imageIndex !== null,
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

  lookupOf({ volume }: Picture, window: Window, inverted: boolean, lut: LutName = "grey"): Uint32Array {
    const { slope, intercept } = volume.transform;
    const type = volume.layout.sample_type;
    const { centre, width } = window;
    const key = [type, slope, intercept, centre, width, inverted, lut].join("/");
    const known = this.lookups.find((lookup) => lookup.key === key);
    if (known !== undefined) return known.table;
    const indexed = type === "uint8" || type === "int8" || type === "uint16" || type === "int16";
    const made = { key, table: indexed ? makeLookup(type, slope, intercept, window, inverted, lutOf(lut)) : new Uint32Array(1) };
    this.lookups = [made, ...this.lookups].slice(0, lookupsKept);
    return made.table;
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.settleTimer);
    this.settleTimer = undefined;
    for (const { loading } of this.pictures.values()) loading.stop();
    this.pictures.clear();
  }
}
