import { describe, expect, it } from "vitest";
import type { Point } from "./domain";
import { angleDegrees, cobbDegrees, distanceMm, ellipseIn, ellipseOutline, movedPoint, rotatedBox, shortAxis } from "./shape_points";

// Pixels of 0.5 x 2 mm: whoever forgets the pitch is far off.
const pitch = { u: 0.5, v: 2 };
const mm = ([x, y]: Point): readonly [number, number] => [x * pitch.u, y * pitch.v];
const at = (points: readonly Point[], n: number): Point => points[n] ?? [NaN, NaN];

function cosine(a: Point, b: Point, c: Point, d: Point): number {
  const [p, q, r, s] = [mm(a), mm(b), mm(c), mm(d)];
  const [x, y] = [[q[0] - p[0], q[1] - p[1]], [s[0] - r[0], s[1] - r[1]]] as const;
  return (x[0] * y[0] + x[1] * y[1]) / Math.hypot(...x) / Math.hypot(...y);
}

describe("measuring on pixels that are not square", () => {
  it("gives angles in the patient", () => {
    expect(angleDegrees([[8, 0], [0, 0], [0, 5]], pitch)).toBeCloseTo(90, 9);
    expect(angleDegrees([[8, 0], [0, 0], [8, 2]], pitch)).toBeCloseTo(45, 9);
    expect(cobbDegrees([[0, 0], [8, 0], [10, 20], [2, 18]], pitch)).toBeCloseTo(45, 9);
    expect(cobbDegrees([[8, 0], [0, 0], [10, 20], [2, 18]], pitch)).toBeCloseTo(45, 9);
  });

  it("stores an ellipse by its longer axis in millimetres", () => {
    const points = ellipseIn([0, 0], [20, 10], pitch);
    expect(points).toEqual([[10, 0], [10, 10], [0, 5], [20, 5]]);
    for (const [x, y] of ellipseOutline(points)) expect(((x - 10) / 10) ** 2 + ((y - 5) / 5) ** 2).toBeCloseTo(1, 9);
  });

  it("draws a short axis and a box at right angles to a line", () => {
    const [a, b]: readonly [Point, Point] = [[2, 3], [30, 9]];
    const [c, d] = shortAxis(a, b, [14, 9], pitch);
    expect(cosine(a, b, c, d)).toBeCloseTo(0, 9);
    const box = rotatedBox(a, b, [10, 12], pitch);
    expect(cosine(at(box, 0), at(box, 1), at(box, 1), at(box, 2))).toBeCloseTo(0, 9);
    expect(cosine(at(box, 1), at(box, 2), at(box, 2), at(box, 3))).toBeCloseTo(0, 9);
  });
});

describe("moving one point of a shape", () => {
  const [a, b]: readonly [Point, Point] = [[2, 3], [30, 9]];

  it("keeps what the kind promises", () => {
    for (let handle = 0; handle < 4; handle++) {
      const box = movedPoint("rotated_box", rotatedBox(a, b, [10, 12], pitch), handle, [25, 14], pitch);
      expect(at(box, handle)).toEqual([25, 14]);
      for (const n of [0, 1, 2]) expect(cosine(at(box, n), at(box, n + 1), at(box, n + 1), at(box, (n + 2) % 4))).toBeCloseTo(0, 9);
      const pair = movedPoint("bidirectional", [a, b, ...shortAxis(a, b, [14, 9], pitch)], handle, [20, 9], pitch);
      expect(cosine(at(pair, 0), at(pair, 1), at(pair, 2), at(pair, 3))).toBeCloseTo(0, 6);
      const ellipse = movedPoint("ellipse", ellipseIn([0, 0], [20, 10], pitch), handle, [17, 8], pitch);
      expect(cosine(at(ellipse, 0), at(ellipse, 1), at(ellipse, 2), at(ellipse, 3))).toBeCloseTo(0, 9);
      expect(distanceMm(at(ellipse, 0), at(ellipse, 1), pitch)).toBeGreaterThanOrEqual(distanceMm(at(ellipse, 2), at(ellipse, 3), pitch));
    }
    expect(movedPoint("box", [[0, 0], [4, 4]], 1, [9, -2], pitch)).toEqual([[0, -2], [9, 4]]);
    expect(movedPoint("polygon", [[0, 0], [4, 4], [0, 4]], 2, [1, 5], pitch)).toEqual([[0, 0], [4, 4], [1, 5]]);
  });
});
