// Where the captions of drawings stand on a pane: inside of it, and not over one another as long as there is room.

export interface CaptionBox {
  /** Of the drawing on the pane, in the pane's pixels: left, top, right, bottom. */
  readonly of: readonly [number, number, number, number];
  /** The place of the drawing that it stands beside. */
  readonly at: readonly [number, number];
  readonly width: number;
  readonly height: number;
}

export type CaptionPlace = readonly [left: number, top: number];

const overlap = (a: CaptionPlace, b: CaptionPlace, one: CaptionBox, other: CaptionBox): number =>
  Math.max(0, Math.min(a[0] + one.width, b[0] + other.width) - Math.max(a[0], b[0])) * Math.max(0, Math.min(a[1] + one.height, b[1] + other.height) - Math.max(a[1], b[1]));

/**
 * In the order of importance: the first gets the best place. None for a drawing that is not on the pane. Tried are the four sides of
 * `at`, above and to the right first, then the same further up and down; where all is full, the place with the least overlap is taken.
 */
export function placeCaptions(boxes: readonly CaptionBox[], pane: { readonly width: number; readonly height: number }, gap: readonly [number, number]): readonly (CaptionPlace | undefined)[] {
  const placed: { readonly place: CaptionPlace; readonly box: CaptionBox }[] = [];
  return boxes.map((box) => {
    const [left, top, right, bottom] = box.of;
    if (right < 0 || bottom < 0 || left > pane.width || top > pane.height) return undefined;
    const inside = ([x, y]: CaptionPlace): CaptionPlace => [Math.max(0, Math.min(x, pane.width - box.width)), Math.max(0, Math.min(y, pane.height - box.height))];
    const rightOf = box.at[0] + gap[0];
    const leftOf = box.at[0] - gap[0] - box.width;
    const sides = rightOf + box.width <= pane.width ? [rightOf, leftOf] : [leftOf, rightOf];
    const step = box.height + 1;
    const tried: CaptionPlace[] = [];
    for (let n = 0; n <= boxes.length; n += 1) {
      for (const x of sides) tried.push(inside([x, box.at[1] - gap[1] - box.height - n * step]), inside([x, box.at[1] + gap[1] + n * step]));
    }
    let best: CaptionPlace = tried[0] ?? [0, 0];
    let least = Infinity;
    for (const place of tried) {
      const shared = placed.reduce((sum, other) => sum + overlap(place, other.place, box, other.box), 0);
      if (shared < least) [best, least] = [place, shared];
      if (least === 0) break;
    }
    placed.push({ place: best, box });
    return best;
  });
}
