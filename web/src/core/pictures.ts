// The pictures of an image item: what can be looked at, how it opens, and where its frames come from.
import type { ItemDetail, Protocol, Series, VolumeInfo } from "./domain";
import type { ItemId } from "./ids";
import type { Window } from "./volume";

/** One thing that can be looked at: a volume, or a single image as a volume of one slice. */
export interface Picture {
  /** The item's own study first; others of the same patient are earlier ones to compare with. */
  readonly study: { readonly id: string; readonly date: string | null; readonly prior: boolean; readonly itemId: ItemId };
  readonly series: Series;
  readonly imageIndex: number | null;
  readonly volume: VolumeInfo;
}

export function picturesOf(item: ItemDetail): readonly Picture[] {
  if (item.source.kind !== "image") return [];
  return item.source.studies.flatMap((study, at) => {
    const of = { id: study.id, date: study.date, prior: at > 0, itemId: study.item_id ?? item.id };
    return study.series.flatMap((series): Picture[] => {
      const images = (series.images ?? []).map((volume, imageIndex) => ({ study: of, series, imageIndex, volume }));
      // Beside a volume the other stacks of its series are its phases or echoes; single frames are left to their number.
      if (series.volume === null) return images;
      return [{ study: of, series, imageIndex: null, volume: series.volume }, ...images.filter(({ volume }) => volume.grid.dims[2] > 1)];
    });
  });
}

/** What opens first: the volume with most slices. */
export function firstPicture(pictures: readonly Picture[]): number {
  let best = 0;
  pictures.forEach((picture, n) => {
    if (!picture.study.prior && picture.volume.grid.dims[2] > (pictures[best]?.volume.grid.dims[2] ?? 0)) best = n;
  });
  return best;
}

export function initialWindow(picture: Picture, protocol: Protocol): Window {
  const fitting = unitOf(picture) === "HU" || picture.series.modality === "CT";
  const preset = (fitting ? protocol.view?.windows?.[0] : undefined) ?? picture.volume.windows[0];
  if (preset !== undefined) return { centre: preset.centre, width: preset.width };
  const { sample_type: type } = picture.volume.layout;
  return type === "uint8" ? { centre: 127.5, width: 256 } : { centre: 40, width: 400 };
}

export const isPlaced = (picture: Picture): boolean => picture.volume.has_patient_geometry !== false;

/** Whether lengths of it are millimetres; a picture without a place and a pixel size counts its pixels as 1. */
export function isSized(picture: Picture): boolean {
  return isPlaced(picture) || picture.volume.spacing_mm[0] !== 1 || picture.volume.spacing_mm[1] !== 1;
}

/** How fast a film was taken, as far as its file says; between 1 and 60 frames a second, which a screen can show. */
export function filmRateOf(picture: Picture): number | null {
  const times = picture.volume.frame_times_ms ?? [];
  const span = (times[times.length - 1] ?? 0) - (times[0] ?? 0);
  return span > 0 ? Math.min(Math.max(Math.round(((times.length - 1) * 1000) / span), 1), 60) : null;
}

/** MONOCHROME1 (PS3.3 C.7.6.3.1.2): the smallest value is white. */
export function isInverse(picture: Picture): boolean {
  return picture.volume.layout.photometric.toUpperCase() === "MONOCHROME1";
}

export function middleOf(picture: Picture): readonly [number, number, number] {
  const [nx, ny, nz] = picture.volume.grid.dims;
  return [nx >> 1, ny >> 1, nz >> 1];
}

export function unitOf(picture: Picture): string {
  return unitText(picture.volume.transform.unit);
}

/** A unit as readers write it: the stored one is a code of UCUM. */
export function unitText(unit: string | null): string {
  return unit === "[hnsf'U]" ? "HU" : unit === "1" ? "" : (unit ?? "").replace(/^u(?=[A-Za-z])/, "µ").replace(/\[(.+?)\]|\{.*?\}/g, "$1");
}

export function signed(value: number): string {
  const rounded = Math.round(value);
  return rounded < 0 ? `−${-rounded}` : String(rounded);
}

export function pictureKey(picture: Picture): string {
  return `${picture.series.id}/${picture.imageIndex ?? "volume"}`;
}

/** Whether protocol or file say how the picture's grey values are to be shown. */
export function hasWindow(picture: Picture, protocol: Protocol): boolean {
  const fitting = unitOf(picture) === "HU" || picture.series.modality === "CT";
  return (fitting && protocol.view?.windows?.[0] !== undefined) || picture.volume.windows.length > 0 || fitting || picture.volume.layout.sample_type === "uint8";
}

/** Where a picture's frames are fetched from. */
export function framesUrl(projectId: string, itemId: string, picture: Picture, from: number, count: number): string {
  const series = `/api/v1/projects/${projectId}/items/${itemId}/series/${picture.series.id}`;
  return picture.imageIndex === null ? `${series}/frames?from=${from}&count=${count}` : `${series}/images/${picture.imageIndex}`;
}
