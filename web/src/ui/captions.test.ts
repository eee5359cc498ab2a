import { describe, expect, it } from "vitest";
import type { CaptionBox, CaptionPlace } from "./captions";
import { placeCaptions } from "./captions";

const pane = { width: 300, height: 200 };
const gap = [8, 6] as const;
const box = (x: number, y: number, width = 80): CaptionBox => ({ of: [x - 5, y - 5, x + 5, y + 5], at: [x, y], width, height: 17 });
const meet = (a: CaptionPlace, b: CaptionPlace, first: CaptionBox, second: CaptionBox): boolean => a[0] < b[0] + second.width && b[0] < a[0] + first.width && a[1] < b[1] + second.height && b[1] < a[1] + first.height;

describe("captions of drawings", () => {
  it("stand above and to the right of their drawing", () => {
    expect(placeCaptions([box(100, 100)], pane, gap)).toEqual([[108, 77]]);
  });

  it("stay within the pane at each of its edges", () => {
    for (const [x, y] of [[295, 100], [2, 3], [299, 199], [150, 1], [1, 198]] as const) {
      const [place] = placeCaptions([box(x, y, 120)], pane, gap);
      expect(place?.[0]).toBeGreaterThanOrEqual(0);
      expect(place?.[1]).toBeGreaterThanOrEqual(0);
      expect((place?.[0] ?? 999) + 120).toBeLessThanOrEqual(pane.width);
      expect((place?.[1] ?? 999) + 17).toBeLessThanOrEqual(pane.height);
    }
    // Cut off at the right, it moves to the drawing's left instead of over it.
    expect(placeCaptions([box(280, 100)], pane, gap)[0]?.[0]).toBe(280 - 8 - 80);
  });

  it("do not cover one another while there is room", () => {
    const boxes = Array.from({ length: 6 }, (_, n) => box(200 + n, 100 + n));
    const places = placeCaptions(boxes, pane, gap);
    boxes.forEach((one, n) => {
      boxes.slice(n + 1).forEach((other, m) => {
        expect(meet(places[n] as CaptionPlace, places[n + 1 + m] as CaptionPlace, one, other)).toBe(false);
      });
    });
  });

  it("are left out of a pane that their drawing is not on, and told where there is no room at all", () => {
    expect(placeCaptions([box(-40, 50), box(50, 400)], pane, gap)).toEqual([undefined, undefined]);
    const full = placeCaptions(Array.from({ length: 60 }, () => box(150, 100, 280)), pane, gap);
    expect(full.every((place) => place !== undefined)).toBe(true);
  });
});
