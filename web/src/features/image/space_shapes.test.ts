// Shapes in the patient: what is drawn on a cut of any orientation comes back there, and measures what it measured.
import { describe, expect, it } from "vitest";
import { cutAlong, dot, normalOf, placeOn, plus, turnedAbout, turnedCut, uprightTurn } from "@/core/cut";
import type { Point, SpaceKind } from "@/core/domain";
import { applyAffine, planesOf } from "@/core/geometry";
import { changedOnCut, drawnInSpace, measureInSpace, middleOfPoints, onCut, turnTo } from "./space_shapes";

const dims = [60, 50, 24] as const;
const affine = [0.8, 0, 0, -20, 0, 1.1, 0, -25, 0, 0, 3, -30];
const middle = applyAffine(affine, [30, 25, 12]);
const turn = turnedAbout(turnedAbout(uprightTurn(affine, dims), "coronal", 0.5), "sagittal", 0.3);
const oblique = turnedCut(affine, dims, "axial", turn.axial, middle);
const planes = planesOf(affine).map((plane) => cutAlong(affine, dims, plane, [30, 25, 12][plane.normal] ?? 0));
const look = { id: "a", colour: "#fff", selected: true, number: 1, caption: "" };

const zero = placeOn(oblique, middle);
const at = (x: number, y: number): Point => [zero.u + x / oblique.spacing.u, zero.v + y / oblique.spacing.v];

describe("a shape in the patient", () => {
  const drawn: readonly (readonly [SpaceKind, readonly Point[]])[] = [
    ["point", [at(1, 2)]], ["length", [at(-3, 0), at(9, 5)]], ["polygon", [at(0, 0), at(8, 0), at(8, 6), at(0, 6)]],
    ["angle", [at(0, 5), at(0, 0), at(5, 5)]], ["ellipse", [at(-6, 0), at(6, 0), at(0, -2), at(0, 2)]], ["bidirectional", [at(-6, 0), at(6, 0), at(1, -2), at(1, 2)]],
  ];
  it.each(drawn)("%s comes back on the turned plane it was drawn on, and on no other", (kind, points) => {
    const pointsMm = drawnInSpace(oblique, kind, points);
    const back = onCut(oblique, affine, { ...look, kind, pointsMm });
    expect(back?.points.length).toBe(points.length);
    points.forEach((point, n) => {
      expect(back?.points[n]?.[0]).toBeCloseTo(point[0], 1);
      expect(back?.points[n]?.[1]).toBeCloseTo(point[1], 1);
    });
    const away = turnedCut(affine, dims, "axial", turn.axial, plus(middle, oblique.normalMm, 6));
    expect(onCut(away, affine, { ...look, kind, pointsMm })).toBeNull();
  });

  it("measures in millimetres, however its plane lies", () => {
    const of = (kind: SpaceKind, points: readonly Point[]): ReturnType<typeof measureInSpace> => measureInSpace(kind, drawnInSpace(oblique, kind, points));
    expect(of("length", [at(-3, 0), at(9, 5)]).lengthMm).toBeCloseTo(13, 1);
    expect(of("polygon", [at(0, 0), at(8, 0), at(8, 6), at(0, 6)]).areaMm2).toBeCloseTo(48, 0);
    expect(of("box", [at(0, 0), at(8, 6)]).areaMm2).toBeCloseTo(48, 0);
    expect(of("angle", [at(0, 5), at(0, 0), at(5, 5)]).angleDeg).toBeCloseTo(45, 0);
    expect(of("cobb", [at(0, 0), at(5, 0), at(0, 4), at(5, 9)]).angleDeg).toBeCloseTo(45, 0);
    expect(of("ellipse", [at(-6, 0), at(6, 0), at(0, -2), at(0, 2)]).areaMm2).toBeCloseTo(Math.PI * 12, 0);
  });

  it("is looked at by turning the planes to it", () => {
    const pointsMm = drawnInSpace(oblique, "polygon", [at(0, 0), at(8, 0), at(8, 6), at(0, 6)]);
    const upright = uprightTurn(affine, dims);
    const found = turnTo(upright, normalOf(upright.axial), "polygon", pointsMm);
    if (found === null) throw new Error("the planes stay upright");
    expect(Math.abs(dot(normalOf(found.axial), oblique.normalMm))).toBeCloseTo(1, 4);
    const cut = turnedCut(affine, dims, "axial", found.axial, middleOfPoints("polygon", pointsMm));
    expect(onCut(cut, affine, { ...look, kind: "polygon", pointsMm })).not.toBeNull();
    expect(turnTo(found, normalOf(found.axial), "polygon", pointsMm)).toBeNull();
  });
});

describe("a box in space", () => {
  const [axial, coronal, sagittal] = ["axial", "coronal", "sagittal"].map((name) => planes.find((cut) => cut.name === name)) as [typeof oblique, typeof oblique, typeof oblique];
  const on = placeOn(axial, middle);
  const box = drawnInSpace(axial, "cuboid", [[on.u - 10, on.v - 5], [on.u + 10, on.v + 5]]);

  it("is as deep as its shorter side when it is drawn, half to either side", () => {
    expect(measureInSpace("cuboid", box).volumeMm3).toBeCloseTo(16 * 11 * 11, 0);
    middleOfPoints("cuboid", box).forEach((part, n) => expect(part).toBeCloseTo(middle[n] ?? 0, 1));
  });

  it("shows its extents on every plane, and a section of it on turned ones", () => {
    for (const [cut, wide, tall] of [[axial, 16, 11], [coronal, 16, 11], [sagittal, 11, 11]] as const) {
      const [a, b, c] = onCut(cut, affine, { ...look, kind: "cuboid", pointsMm: box })?.points ?? [];
      if (a === undefined || b === undefined || c === undefined) throw new Error(`nothing on the ${cut.name} plane`);
      const sides = [Math.hypot((b[0] - a[0]) * cut.spacing.u, (b[1] - a[1]) * cut.spacing.v), Math.hypot((c[0] - b[0]) * cut.spacing.u, (c[1] - b[1]) * cut.spacing.v)].sort((x, y) => y - x);
      expect(sides[0]).toBeCloseTo(wide, 1);
      expect(sides[1]).toBeCloseTo(tall, 1);
    }
    const section = onCut(oblique, affine, { ...look, kind: "cuboid", pointsMm: box });
    expect(section?.points.length).toBeGreaterThanOrEqual(4);
    expect(section?.selected).toBe(false);
  });

  it("is pulled longer on another plane, and keeps its section on the first", () => {
    const shown = onCut(coronal, affine, { ...look, kind: "cuboid", pointsMm: box });
    const points = shown?.points ?? [];
    // The two corners that lie farthest down go down by 6 mm.
    const lowest = Math.max(...points.map(([, v]) => v));
    const pulled = points.map(([u, v]): Point => (v > lowest - 0.1 ? [u, v + 6 / coronal.spacing.v] : [u, v]));
    const longer = changedOnCut(coronal, "cuboid", box, pulled);
    expect(measureInSpace("cuboid", longer).volumeMm3).toBeCloseTo(16 * 11 * 17, 0);
    const before = onCut(axial, affine, { ...look, kind: "cuboid", pointsMm: box })?.points ?? [];
    const after = onCut(axial, affine, { ...look, kind: "cuboid", pointsMm: longer })?.points ?? [];
    const spread = (list: readonly Point[], n: 0 | 1): readonly number[] => [Math.min(...list.map((one) => one[n])), Math.max(...list.map((one) => one[n]))];
    for (const n of [0, 1] as const) spread(after, n).forEach((value, end) => expect(value).toBeCloseTo(spread(before, n)[end] ?? 0, 1));
  });
});
