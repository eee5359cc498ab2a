// Each tool as the pane drives it, on an anisotropic grid, along it and on a plane turned out of all its axes.
import { beforeAll, describe, expect, it } from "vitest";
import type { Cut } from "@/core/cut";
import { cutAlong, placeOn, turnedAbout, turnedCut, uprightTurn } from "@/core/cut";
import { applyAffine, planesOf } from "@/core/geometry";
import type { Mask } from "@/core/mask";
import { beginStroke, extentsOf, labelAt, makeMask } from "@/core/mask";
import { halfThickness } from "@/core/segment/affine";
import type { Volume } from "@/core/volume";
import { makeVolume, markLoaded } from "@/core/volume";
import { exampleState } from "../example_state";
import type { ImageState, Tool } from "../model";
import { shownPicture } from "../model";
import type { ToolOptions } from "./options";
import { makeTool } from "./registry";
import type { ToolContext, ToolEvent } from "./tool";

const dims = [60, 50, 24] as const;
const affine = [0.8, 0, 0, -20, 0, 1.1, 0, -25, 0, 0, 3, -30];
type Place = readonly [number, number];

beforeAll(() => {
  // Tools ask the window for its pixels alone.
  Object.assign(globalThis, { window: { devicePixelRatio: 1 } });
});

/** A ball of 100 about the middle in air of -800. */
const volume: Volume = makeVolume(dims, "int16", 1);
markLoaded(volume, 0, dims[2]);
const middle = applyAffine(affine, [30, 25, 12]);
const awayFromMiddle = (i: number, j: number, k: number): number => Math.hypot(...applyAffine(affine, [i, j, k]).map((mm, n) => mm - (middle[n] ?? 0)));
for (let k = 0; k < dims[2]; k++) for (let j = 0; j < dims[1]; j++) for (let i = 0; i < dims[0]; i++) volume.data[(k * dims[1] + j) * dims[0] + i] = awayFromMiddle(i, j, k) < 12 ? 100 : -800;

const oblique = turnedCut(affine, dims, "axial", turnedAbout(turnedAbout(uprightTurn(affine, dims), "coronal", 0.5), "sagittal", 0.3).axial, middle);
const cuts: readonly (readonly [string, Cut])[] = [
  ...planesOf(affine).map((plane) => [plane.name, cutAlong(affine, dims, plane, [30, 25, 12][plane.normal] ?? 0)] as const),
  ["oblique", oblique],
];

interface Bench {
  readonly mask: Mask;
  readonly press: (path: readonly Place[]) => void;
  readonly click: (place: Place) => void;
  readonly hover: (place: Place) => void;
  readonly key: (key: string) => void;
  readonly shapes: { readonly tool: Tool; readonly points: readonly Place[] }[];
  readonly steps: string[];
  readonly windows: { readonly centre: number; readonly width: number }[];
}

/** A tool on a cut; places are millimetres from the middle. */
function bench(tool: Tool, cut: Cut, options: Partial<ToolOptions> = {}, mask = makeMask(dims), label = 1): Bench {
  const start = exampleState();
  const picture = shownPicture(start);
  const pictures = [{ ...picture, volume: { ...picture.volume, grid: { ...picture.volume.grid, dims, affine } } }];
  const state: ImageState = { ...start, pictures, radiusMm: 5, options: { ...start.options, ...options } };
  const shapes: Bench["shapes"] = [];
  const steps: string[] = [];
  const windows: Bench["windows"] = [];
  const services = {
    setWindow: (centre: number, width: number) => windows.push({ centre, width }),
    strokes: { begin: (name: string, erase: boolean) => ({ parts: [{ layer: 0, mask, stroke: beginStroke() }], label: erase ? 0 : label, locked: new Set<number>(), touched: () => undefined, cancel: () => undefined, end: () => { steps.push(name); } }) },
    addShape: (kind: Tool, points: readonly Place[]) => shapes.push({ tool: kind, points }),
    redraw: () => undefined,
    say: (text: string) => steps.push(text),
  } as unknown as ToolContext["services"];
  const context: ToolContext = { state, cut, placement: { originX: 0, originY: 0, scaleU: 20, scaleV: 20 }, canvas: { width: 400, height: 400 }, volume, layers: { dims, exclusive: mask, own: new Map() }, shapes: [], colour: "#e69f00", pointer: null, services };
  const zero = placeOn(cut, middle);
  const at = ([x, y]: Place): { u: number; v: number } => ({ u: zero.u + x / cut.spacing.u, v: zero.v + y / cut.spacing.v });
  const event = (place: Place): ToolEvent => ({ at: at(place), path: [at(place)], dx: 0, dy: 0, shift: false, ctrl: false, alt: false });
  const made = makeTool(tool);
  const press = (path: readonly Place[]): void => {
    const [first = [0, 0], ...rest] = path;
    if (!made.down(context, event(first))) return;
    for (const place of rest) made.move(context, event(place));
    made.up(context, event(path.at(-1) ?? first));
  };
  return { mask, press, click: (place) => press([place]), hover: (place) => made.hover?.(context, event(place)), key: (key) => made.key?.(context, key), shapes, steps, windows };
}

/** Voxels that are not what `expected` says, and how many it wants. */
function wrong(mask: Mask, expected: (x: number, y: number, depth: number, i: number, j: number, k: number) => boolean, cut: Cut): readonly [number, number] {
  let [bad, wanted] = [0, 0];
  const zero = placeOn(cut, middle);
  for (let k = 0; k < dims[2]; k++)
    for (let j = 0; j < dims[1]; j++)
      for (let i = 0; i < dims[0]; i++) {
        const place = placeOn(cut, applyAffine(affine, [i, j, k]));
        const is = expected((place.u - zero.u) * cut.spacing.u, (place.v - zero.v) * cut.spacing.v, place.depthMm, i, j, k);
        if (is) wanted++;
        if ((labelAt(mask, i, j, k) === 1) !== is) bad++;
      }
  return [bad, wanted];
}

describe.each(cuts)("tools on the %s plane", (_, cut) => {
  const half = halfThickness(affine, cut.normalMm);

  it("brush paints a disc of the radius in the layer that is shown", () => {
    const { mask, click } = bench("brush", cut);
    click([0.013, 0.017]);
    const [bad, wanted] = wrong(mask, (x, y, depth) => Math.hypot(x - 0.013, y - 0.017) <= 5 && Math.abs(depth) < half - 1e-6, cut);
    expect(bad).toBe(0);
    expect(wanted).toBeGreaterThan(5);
  });

  it("sphere brush paints a ball, and within a range only what lies in it", () => {
    const { mask, click } = bench("sphere", cut);
    click([3.013, 0.017]);
    expect(wrong(mask, (x, y, depth) => Math.hypot(x - 3.013, y - 0.017, depth) <= 5, cut)[0]).toBe(0);
    const limited = bench("sphere", cut, { limit: "typed", low: 0, high: 200 });
    limited.click([10.013, 0.017]);
    expect(wrong(limited.mask, (x, y, depth, i, j, k) => Math.hypot(x - 10.013, y - 0.017, depth) <= 5 && awayFromMiddle(i, j, k) < 12, cut)[0]).toBe(0);
  });

  it("window by region takes the values under the rectangle", () => {
    const { press, windows } = bench("window_region", cut);
    press([[-3, -3], [3, 3]]);
    press([[-3, 0], [16, 3]]);
    expect(windows).toEqual([{ centre: 100, width: 1.1 }, { centre: -350, width: 901 }].map(({ centre, width }) => ({ centre: expect.closeTo(centre, 0), width: expect.closeTo(width, 0) })));
  });

  it("eraser takes away what the brush painted", () => {
    const { mask, press } = bench("sphere", cut);
    press([[-4, 0], [4, 0]]);
    bench("eraser", cut, {}, mask).press([[-9.5, 0], [9.5, 0]]);
    const left = wrong(mask, () => false, cut)[0];
    expect(left).toBeGreaterThan(0);
    for (let n = -8; n <= 8; n++) {
      const zero = placeOn(cut, middle);
      const [i, j, k] = [0, 1, 2].map((axis) => Math.round((cut.origin[axis] ?? 0) + (cut.right[axis] ?? 0) * (zero.u + n / cut.spacing.u) + (cut.down[axis] ?? 0) * zero.v)) as [number, number, number];
      expect(labelAt(mask, i, j, k)).toBe(0);
    }
  });

  it("scissors fill a polygon through the volume and cut a slab of it out", () => {
    const { mask, click, key, steps } = bench("scissors", cut);
    for (const corner of [[-6.01, -6.02], [6.03, -6.02], [6.03, 6.01], [-6.01, 6.01]] as const) click(corner);
    key("Enter");
    const inside = (x: number, y: number): boolean => x > -6.01 && x < 6.03 && y > -6.02 && y < 6.01;
    expect(wrong(mask, (x, y) => inside(x, y), cut)[0]).toBe(0);
    const form = { form: "circle", erase: true, outside: false, slabMm: 4.1 } as const;
    bench("scissors", cut, { scissors: form }, mask).press([[0.01, 0.02], [20, 0.02]]);
    expect(wrong(mask, (x, y, depth) => inside(x, y) && Math.abs(depth) > 4.1, cut)[0]).toBe(0);
    expect(steps).toHaveLength(1);
  });

  it("livewire follows the ball's edge and fills its section in the layer that is shown", () => {
    const { mask, click, hover, key } = bench("livewire", cut);
    for (const corner of [[12, 0], [0, 12], [-12, 0], [0, -12]] as const) {
      hover(corner);
      click(corner);
    }
    key("Enter");
    const [bad, wanted] = wrong(mask, (x, y, depth) => Math.hypot(x, y) < 12 && Math.abs(depth) < half - 1e-5, cut);
    // The way runs over pixels of up to 3 mm: a rim of one is right either way.
    const rim = 2 * Math.PI * 12 * 3 * Math.max(...[0, 1, 2].map((axis) => 1 / Math.abs(affine[axis * 5] ?? 1)));
    expect(bad).toBeLessThan(Math.min(rim, wanted / 2));
    expect(wanted).toBeGreaterThan(20);
  });

  it("wand fills the ball's section on the plane, and the ball in space", () => {
    const flat = bench("wand", cut);
    flat.click([1, 1]);
    const count = extentsOf(flat.mask).get(1)?.voxels ?? 0;
    expect(wrong(flat.mask, (_x, _y, depth, i, j, k) => awayFromMiddle(i, j, k) < 12 && Math.abs(depth) < half, cut)[0]).toBeLessThanOrEqual(count * 0.1);
    const solid = bench("wand", cut, { wand: { space: true, level: false, tolerance: 60 } });
    solid.click([1, 1]);
    expect(wrong(solid.mask, (_x, _y, _depth, i, j, k) => awayFromMiddle(i, j, k) < 12, cut)[0]).toBe(0);
  });
});

describe("shapes", () => {
  const axial = cuts[0]?.[1] ?? oblique;
  const draw: readonly (readonly [Tool, number, (bench: Bench) => void])[] = [
    ["point", 1, ({ click }) => click([1, 2])],
    ["angle", 3, ({ click }) => [[0, 0], [5, 5], [9, 0]].forEach(([x = 0, y = 0]) => click([x, y]))],
    ["cobb", 4, ({ click }) => [[0, 0], [5, 1], [0, 9], [5, 12]].forEach(([x = 0, y = 0]) => click([x, y]))],
    ["length", 2, ({ press }) => press([[0, 0], [5, 5]])],
    ["box", 2, ({ press }) => press([[0, 0], [5, 5]])],
    ["ellipse", 4, ({ press }) => press([[0, 0], [5, 9]])],
    ["bidirectional", 4, ({ press, click }) => { press([[0, 0], [9, 2]]); click([4, 4]); }],
    ["rotated_box", 4, ({ press, click }) => { press([[0, 0], [9, 2]]); click([4, 6]); }],
    ["polyline", 3, ({ click, key }) => { click([0, 0]); click([4, 4]); click([8, 0]); key("Enter"); }],
    ["polygon", 3, ({ click }) => { click([0, 0]); click([6, 6]); click([12, 0]); click([0, 0]); }],
    ["spline", 36, ({ click, key }) => { click([0, 0]); click([6, 6]); click([12, 0]); key("Enter"); }],
    ["freehand", 5, ({ press }) => press([[0, 0], [8, 0], [8, 8], [4, 12], [0, 8]])],
  ];
  it.each(draw)("%s is drawn with its points", (tool, count, deed) => {
    const made = bench(tool, axial);
    deed(made);
    expect(made.shapes.map((shape) => [shape.tool, shape.points.length])).toEqual([[tool, count]]);
  });

  it("are dropped by Escape, and refused with a reason where nothing was acquired", () => {
    const made = bench("polygon", axial);
    made.click([0, 0]);
    made.click([5, 5]);
    made.key("Escape");
    made.key("Enter");
    expect(made.shapes).toEqual([]);
    const turned = bench("box", oblique);
    turned.press([[0, 0], [5, 5]]);
    expect([turned.shapes.length, turned.steps.length]).toEqual([0, 1]);
  });
});
