// Shapes with what they measure, on the acquired plane, across it and in space.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { check } from "../check.mjs";
import { newId } from "../api.mjs";
import { distance, dot, minus, mmOf, plus } from "../workbench.mjs";
import { aim, bench, depthOf, folder, grid, page, paneAt, python, screens } from "./bench.mjs";

/** The window from the values under a rectangle, on a plane that was not acquired. */
export async function windowByRegion(name, pane) {
  await page.keyboard.press("Alt+w");
  await bench.drag([aim(pane, -6, -6).page, aim(pane, 6, 6).page]);
  const said = await page.getByLabel("Window preset").evaluate((one) => one.selectedOptions[0]?.textContent ?? "");
  const [, width, centre] = /W (\d+) L (-?\d+)/.exec(said) ?? [];
  check(`${name}: the window runs over the values of a rectangle`, Math.abs(Number(centre) - 122) <= 3 && Number(width) >= 18 && Number(width) <= 26, said);
}

export async function shapeTools(name, pane) {
  const nothing = await bench.whole();
  await page.keyboard.press("3");
  const mm = (...places) => places.map(([x, y]) => aim(pane, x, y));
  const pages = (aims) => aims.map(({ page: at }) => at);
  const length = (a, b) => distance(a.mm, b.mm);
  const angle = (a, b, c, d) => (Math.acos(Math.max(-1, Math.min(1, dot(minus(b.mm, a.mm), minus(d.mm, c.mm)) / length(a, b) / length(c, d)))) * 180) / Math.PI;
  const box = mm([-14, -9], [11, 7]);
  const square = mm([-14, -9], [11, -9], [11, 7], [-14, 7]);
  const line = mm([-15, 2], [14, 9]);
  const three = mm([-12, -10], [0, 3], [15, -6]);
  const four = mm([-14, -8], [10, -3], [-13, 9], [12, 4]);
  const width = mm([1, -3]);
  const areaOf = (corners) => Math.hypot(...corners.reduce((sum, { mm: a }, n) => plus(sum, crossOf(a, corners[(n + 1) % corners.length].mm)), [0, 0, 0])) / 2;
  const tries = [
    ["y", "polygon", async () => { await bench.clicks(pages(square)); await page.keyboard.press("Enter"); }, square, { area: areaOf(square) }],
    ["j", "polygon", () => bench.drag(pages([...square, square[0]])), null, { area: areaOf(square) }, "freehand"],
    ["k", "polygon", async () => { await bench.clicks(pages(four.toSpliced(2, 2, four[3], four[2]))); await page.keyboard.press("Enter"); }, null, {}, "spline"],
    ["o", "box", () => bench.drag(pages(box)), null, {}],
    ["u", "ellipse", () => bench.drag(pages(box)), null, {}],
    ["Shift+O", "rotated_box", async () => { await bench.drag(pages(line)); await bench.clicks(pages(width)); }, null, {}],
    ["t", "point", () => bench.clicks(pages(line.slice(0, 1))), line.slice(0, 1), {}],
    ["d", "length", () => bench.drag(pages(line)), line, { length: length(line[0], line[1]) }],
    ["r", "bidirectional", async () => { await bench.drag(pages(line)); await bench.clicks(pages(width)); }, line, { long_axis: length(line[0], line[1]) }],
    ["Shift+D", "angle", () => bench.clicks(pages(three)), three, { angle: angle(three[1], three[0], three[1], three[2]) }],
    ["Shift+C", "cobb", () => bench.clicks(pages(four)), four, { angle: Math.min(angle(...four), 180 - angle(...four)) }],
    ["Shift+Y", "polyline", async () => { await bench.clicks(pages(three)); await page.keyboard.press("Enter"); }, three, { length: length(three[0], three[1]) + length(three[1], three[2]) }],
  ];
  for (const [key, kind, draw, points, measures, called = kind] of tries) {
    await page.keyboard.press("Escape");
    await page.keyboard.press("a");
    await page.keyboard.press(key);
    await draw();
    const made = (await bench.findings()).find((one) => one.target.geometry?.kind === kind);
    const stored = (made?.target.geometry.points ?? []).map((point) => placeOfPoint(made.target, point));
    const near = points === null || points.every((one, n) => stored[n] !== undefined && distance(one.mm, stored[n]) < 0.02 + pane.slack);
    check(`${name}: ${called} is stored where it was drawn`, stored.length > 0 && near && made.target.type === (name === "axial" ? "region" : "space"), JSON.stringify({ made: made?.target.geometry, stored, points: points?.map((one) => one.mm) }).slice(0, 500));
    for (const [what, number] of Object.entries(measures)) {
      check(`${name}: ${called} measures ${what}`, Math.abs((made?.measurements?.[what]?.number ?? -1) - number) < (what === "area" ? Math.max(0.5, number * (called === "freehand" ? 0.06 : 0.01)) : 0.25), `${JSON.stringify(made?.measurements)}, expected ${number}`);
    }
    if (["box", "ellipse", "rotated_box"].includes(kind)) extents(name, kind, { box, line, width }, stored);
    await bench.undone(`${name}: ${called}`, nothing);
  }
}

const crossOf = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

/** Shapes that are stored by other places than those clicked. */
function extents(name, kind, { box, line, width }, stored) {
  const size = (a, b) => distance(stored[a], stored[b]);
  const diagonal = distance(box[0].mm, box[1].mm);
  if (kind === "box") check(`${name}: box has the corners that were dragged`, box.every(({ mm }) => stored.some((point) => distance(point, mm) < 0.3)) || Math.abs(size(0, 1) - diagonal) < 0.3, JSON.stringify(stored));
  if (kind === "ellipse") check(`${name}: ellipse has the axes of its box`, Math.abs(Math.hypot(size(0, 1), size(2, 3)) - diagonal) < 0.3 && size(0, 1) >= size(2, 3), JSON.stringify(stored));
  if (kind !== "rotated_box") return;
  const way = minus(line[1].mm, line[0].mm);
  const off = minus(width[0].mm, line[0].mm);
  const across = Math.hypot(...minus(off, way.map((part) => (part * dot(off, way)) / dot(way, way))));
  check(`${name}: rotated box has right angles, its side and its width`, Math.abs(size(0, 1) - Math.hypot(...way)) < 0.3 && Math.abs(size(1, 2) - across) < 0.35 && Math.abs(dot(minus(stored[1], stored[0]), minus(stored[2], stored[1]))) < 0.5, `${size(0, 1)} x ${size(1, 2)}, ${Math.hypot(...way)} x ${across}`);
}

/** A stored point in the patient: a pixel of the frame it was drawn on, or already the patient's. */
function placeOfPoint(target, point) {
  if (target.type === "space") return point;
  const [x, y] = point;
  const k = bench.volume.slices.findIndex((slice) => slice.instance_uid === target.instance_uid && slice.frame === target.frame);
  return mmOf(grid, [x, y, k]);
}

/** A box in space: drawn on one plane, pulled longer on another, kept over a reload, and told in table and report. */
export async function cuboidTool(axial) {
  const nothing = await bench.whole();
  await page.keyboard.press("3");
  await page.keyboard.press("a");
  await page.keyboard.press("Alt+b");
  const [a, b] = [aim(axial, -12, -7), aim(axial, 10, 8)];
  await bench.drag([a.page, b.page]);
  const find = async () => (await bench.findings()).find((one) => one.target.geometry?.kind === "cuboid");
  const edgesOf = ({ target }) => target.geometry.points.slice(1).map((point) => minus(point, target.geometry.points[0]));
  const first = await find();
  const sides = edgesOf(first);
  const lengths = sides.map((edge) => Math.hypot(...edge));
  const diagonal = Math.hypot(lengths[0], lengths[1]);
  check("box in space: its sides are those dragged, as deep as the shorter one", Math.abs(diagonal - distance(a.mm, b.mm)) < 0.1 && Math.abs(lengths[2] - Math.min(lengths[0], lengths[1])) < 0.1, lengths.join(" x "));
  check("box in space: half of it lies to either side of the slice", Math.abs(Math.abs(depthOf(axial, first.target.geometry.points[0])) - lengths[2] / 2) < 0.1);
  check("box in space: it measures its volume", Math.abs(first.measurements?.volume?.number - lengths[0] * lengths[1] * lengths[2]) < 2, JSON.stringify(first.measurements));
  const drawn = await bench.whole();
  // On the plane at right angles a corner is pulled: 12 mm farther along the depth, which keeps both other sides.
  const pane = await paneAt("sagittal", true);
  const corners = (made) => [0, 1, 2, 3, 4, 5, 6, 7].map((n) => edgesOf(made).reduce((sum, edge, bit) => ((n >> bit) & 1 ? plus(sum, edge) : sum), made.target.geometry.points[0]));
  const up = sides[2].map((part) => part / lengths[2]);
  const far = corners(first).filter((corner) => Math.abs(dot(minus(corner, first.target.geometry.points[0]), up)) > 1).sort((p, q) => dot(q, pane.frame.u) - dot(p, pane.frame.u))[0];
  const from = pane.toPage(far);
  const to = pane.toPage(plus(far, up, 12));
  await bench.drag([from, to]);
  const pulled = await find();
  const moved = edgesOf(pulled).map((edge) => Math.hypot(...edge));
  check("box in space: a corner pulled on another plane makes it longer there", Math.abs(moved[2] - lengths[2] - 12) < 1.2 && Math.abs(moved[0] * moved[1] - lengths[0] * lengths[1]) < 0.2 * lengths[0] * lengths[1], `${lengths.map((mm) => mm.toFixed(1)).join(" x ")} to ${moved.map((mm) => mm.toFixed(1)).join(" x ")}`);
  await page.screenshot({ path: `${screens}tools-cuboid-1280.png` });
  await bench.undone("box in space, pulled", drawn);
  const told = await exported(["labels_csv", "sr"]);
  check("box in space: the table has it with its points", /cuboid/.test(told) && told.includes(String(first.target.geometry.points[0][0])), told.slice(0, 300));
  check("box in space: the report has its volume", new RegExp(`SR 118565006 ${String(Math.floor(first.measurements.volume.number))}`).test(told), told.split("\n").filter((line) => line.startsWith("SR")).join(" | "));
  await bench.undone("box in space", nothing);
}

/** Exports as text: the tables as they are, the numbers of reports by their codes. */
async function exported(formats) {
  const lines = [];
  for (const format of formats) {
    const path = `/projects/${bench.project}/exports/${newId()}`;
    await bench.api.call("PUT", path, { format, states: ["submitted", "draft"] });
    let state;
    for (let n = 0; n < 120 && !["done", "failed"].includes(state?.state); n += 1) {
      await page.waitForTimeout(250);
      state = await bench.api.call("GET", path);
    }
    writeFileSync(join(folder, "export.zip"), await (await page.request.get(`${bench.server.url}/api/v1${path}/file`)).body());
    lines.push(execFileSync(python, ["-c", reader, join(folder, "export.zip")], { encoding: "utf8" }));
  }
  return lines.join("\n");
}
const reader = `
import io, sys, zipfile, pydicom
def numbers(items):
    for item in items:
        if item.ValueType == "NUM": print("SR", item.ConceptNameCodeSequence[0].CodeValue, item.MeasuredValueSequence[0].NumericValue)
        numbers(item.get("ContentSequence", []))
archive = zipfile.ZipFile(sys.argv[1])
for name in archive.namelist():
    if name.endswith(".csv"): print(archive.read(name).decode())
    if name.endswith(".dcm"): numbers(pydicom.dcmread(io.BytesIO(archive.read(name))).get("ContentSequence", []))
`;
