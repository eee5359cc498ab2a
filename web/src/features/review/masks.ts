// The masks of all opinions, fetched once when an item is opened for review.
import { fetchOpinionBricks, type ItemOpinions, type Opinion } from "@/api/review";
import type { ItemId, ProjectId } from "@/core/ids";
import type { LabelExtent, Mask } from "@/core/mask";
import { extentsOf, makeMask, restoreBricks } from "@/core/mask";
import { labelsOfStored } from "@/core/mask_layers";
import type { Picture } from "@/core/pictures";
import type { OtherMask } from "@/core/workspace";
import type { Place } from "./places";

/** The key under which what was adjudicated stands beside the opinions. */
export const resultKey = "=";

export interface OpinionMask extends OtherMask {
  readonly key: string;
}

type Sayer = Pick<Opinion, "key" | "rater" | "annotations">;
const gridsOf = (opinion: Sayer): readonly string[] => [...new Set(opinion.annotations.flatMap(({ target }) => (target.type === "mask" ? [target.grid_id] : [])))];

/** The opinions, and the result as one more. */
export function withResult({ opinions, result }: ItemOpinions): readonly Sayer[] {
  return result === null ? opinions : [...opinions, { key: resultKey, rater: result.rater, annotations: result.annotations }];
}

export const hasMasks = (opinions: ItemOpinions): boolean => withResult(opinions).some((opinion) => gridsOf(opinion).length > 0);

export async function loadMasks(project: ProjectId, item: ItemId, opinions: ItemOpinions, pictures: readonly Picture[]): Promise<readonly OpinionMask[]> {
  const wanted = withResult(opinions).flatMap((opinion) => gridsOf(opinion).map((gridId) => ({ opinion, gridId })));
  const loaded = await Promise.all(
    wanted.map(async ({ opinion, gridId }) => {
      const dims = pictures.find((picture) => picture.volume.grid_id === gridId)?.volume.grid.dims;
      return dims === undefined ? [] : layersOf(opinion.key, gridId, dims, await fetchOpinionBricks(project, item, gridId, opinion));
    }),
  );
  return loaded.flat();
}

/** Layer 0 holds every segment; a binary layer is the one of its own segment, and may lie over the others. */
export function layersOf(key: string, gridId: string, dims: Mask["dims"], bricks: Awaited<ReturnType<typeof fetchOpinionBricks>>): readonly OpinionMask[] {
  const layers = new Map<number, Map<number, Uint16Array>>();
  for (const { index, layer, bytes } of bricks) {
    if (bytes === null) continue;
    const held = layers.get(layer) ?? new Map<number, Uint16Array>();
    layers.set(layer, held);
    held.set(index, labelsOfStored(layer, bytes));
  }
  return [...layers.values()].map((contents) => {
    const mask = makeMask(dims);
    restoreBricks(mask, contents);
    return { key, gridId, mask, extents: extentsOf(mask) };
  });
}

export const extentOf = (masks: readonly OpinionMask[], key: string, gridId: string, segment: number): LabelExtent | undefined =>
  masks.find((one) => one.key === key && one.gridId === gridId && one.extents.has(segment))?.extents.get(segment);

/** The middle of what the raters outlined there: where one looks. Undefined until the masks are here. */
export function middleOf(masks: readonly OpinionMask[], place: Place): readonly [number, number, number] | undefined {
  if (place.kind !== "picture" || place.gridId === null) return undefined;
  const { gridId } = place;
  const extents = place.segments.flatMap(({ key, segment }) => extentOf(masks, key, gridId, segment) ?? []);
  if (extents.length === 0) return undefined;
  const sum = ([0, 1, 2] as const).map((axis) => Math.round(extents.reduce((total, extent) => total + extent.centre[axis], 0) / extents.length));
  return [sum[0] ?? 0, sum[1] ?? 0, sum[2] ?? 0];
}
