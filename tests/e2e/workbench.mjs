// An image workspace on a made volume that lies across the patient's axes: a project with a protocol of its own, the item open in
// the browser, and what tests ask of it: where a place of the patient stands on a pane, what is stored, and that undo gives it back.
import { apiOf, newId, patience } from "./api.mjs";
import { launch } from "./browser.mjs";
import { check } from "./check.mjs";
import { volumeFiles } from "./large.mjs";
import { startServer } from "./server.mjs";

export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const minus = (a, b) => a.map((part, n) => part - b[n]);
export const plus = (a, b, by = 1) => a.map((part, n) => part + by * b[n]);
export const distance = (a, b) => Math.hypot(...minus(a, b));
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const scaled = (a, by) => a.map((part) => part * by);
const unit = (a) => scaled(a, 1 / Math.hypot(...a));

/** A grid turned about two axes whose slices are stacked askew, as a tilted gantry does it; its middle is the patient's origin. */
export function askewGrid(dims, [su, sv, sw], tiltDegrees) {
  const [a, b, tilt] = [0.16, 0.11, (tiltDegrees * Math.PI) / 180];
  const right = [Math.cos(a), Math.sin(a), 0];
  const down = [-Math.sin(a) * Math.cos(b), Math.cos(a) * Math.cos(b), Math.sin(b)];
  const normal = cross(right, down);
  const on = plus(scaled(normal, Math.cos(tilt)), down, Math.sin(tilt));
  const steps = [scaled(right, su), scaled(down, sv), scaled(on, sw)];
  const corner = [0, 1, 2].map((n) => -steps.reduce((sum, step, axis) => sum + (step[n] * (dims[axis] - 1)) / 2, 0));
  return { dims, steps, affine: [0, 1, 2].flatMap((n) => [...steps.map((step) => step[n]), corner[n]]) };
}
export const mmOf = ({ affine: m }, [i, j, k]) => [0, 4, 8].map((row) => m[row] * i + m[row + 1] * j + m[row + 2] * k + m[row + 3]);
export function voxelOf({ affine: m, steps: [x, y, z] }, point) {
  const from = [point[0] - m[3], point[1] - m[7], point[2] - m[11]];
  const volume = dot(cross(x, y), z);
  return [dot(from, cross(y, z)) / volume, dot(from, cross(z, x)) / volume, dot(from, cross(x, y)) / volume];
}

/** Numbers that look random and are the same each time. */
export function noiseAt(n) {
  const mixed = Math.imul(n ^ (n >>> 15), 0x2c1b3c6d);
  return ((mixed ^ (mixed >>> 12)) >>> 0) / 2 ** 32;
}

/** `phases`: the values of further volumes of the series on the same grid. */
export async function openBench({ port, name, protocol, grid, valueAt, prior, phases = [], screen = { width: 1280, height: 800 } }) {
  const server = await startServer(port);
  const browser = await launch();
  const context = await browser.newContext({ viewport: screen });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(server.link);
  await page.getByRole("button", { name: /^Sign in as/ }).click();
  await page.waitForURL("**/projects");
  const api = await apiOf(context, server.url);
  const project = newId();
  await api.call("PUT", `/projects/${project}`, { name, description: "Made for a test.", deid_at: "import", readers_per_item: 1 });
  await api.call("PUT", `/projects/${project}/members/${(await api.call("GET", "/me")).person.id}`, { roles: ["lead", "rater"] });
  await api.call("PUT", `/projects/${project}/protocol`, { yaml: JSON.stringify(protocol) });
  const patient = name.toUpperCase().replaceAll(" ", "-");
  const earlier = prior === undefined ? [] : volumeFiles({ ...prior.grid, valueAt: prior.valueAt, patient, date: "20240301" });
  const imported = await api.importFiles(project, [...volumeFiles({ ...grid, valueAt, patient }), ...phases.flatMap((values, n) => volumeFiles({ ...grid, valueAt: values, patient, phase: n + 1 })), ...earlier]);
  if (imported.state !== "done") throw new Error(`the volume was not imported: ${JSON.stringify(imported).slice(0, 400)}`);
  const { items } = await api.call("GET", `/projects/${project}/items?limit=10&kind=image`);
  const benches = [];
  for (const { id: item } of items) {
    await api.call("POST", `/projects/${project}/items/${item}/task`, {});
    const { volume, images } = (await api.call("GET", `/projects/${project}/items/${item}`)).source.studies[0].series[0];
    benches.push(new Bench({ server, browser, context, page, api, project, item, volume, later: images, faults }));
  }
  const bench = benches.find(({ volume }) => volume.grid.dims.every((dim, axis) => dim === grid.dims[axis]));
  bench.prior = benches.find((one) => one !== bench);
  await bench.open();
  return bench;
}

class Bench {
  constructor(parts) {
    Object.assign(this, parts);
    const { affine, dims } = this.volume.grid;
    this.grid = { dims, affine, steps: [0, 1, 2].map((axis) => [affine[axis], affine[4 + axis], affine[8 + axis]]) };
    this.base = `/api/v1/projects/${this.project}/items/${this.item}`;
    this.optionsBar = this.page.getByRole("group", { name: "Options of the tool" });
    this.tools = this.page.getByRole("region", { name: "Segment tools" });
  }

  async open() {
    await this.page.goto(`${this.server.url}/p/${this.project}/item/${this.item}`);
    await this.page.waitForFunction((count) => Number(document.querySelector(".image-workspace")?.dataset.loaded) === count, this.grid.dims[2], { timeout: 120_000 * patience });
    await this.page.waitForTimeout(300);
  }

  async close() {
    await this.browser.close();
    this.server.stop();
  }

  saved() {
    return this.page.locator('.saved[data-kind="saved"]').waitFor({ timeout: 60_000 * patience });
  }

  /** The stored bricks of all layers, byte for byte, when nothing is on its way any more. */
  async bytes(gridId = this.volume.grid_id) {
    let last;
    for (let n = 0, same = 0; n < 60 && same < 2; n += 1) {
      await this.page.waitForTimeout(n === 0 ? 120 : 60);
      await this.saved();
      const answer = await this.page.request.get(`${this.server.url}${this.base}/masks/${gridId}/bricks?indices=all`);
      const now = answer.ok() ? await answer.body() : Buffer.alloc(0);
      same = last !== undefined && last.equals(now) ? same + 1 : 0;
      last = now;
    }
    return last;
  }

  async stored(gridId = this.volume.grid_id) {
    return decode(await this.bytes(gridId), this.grid.dims);
  }

  async findings() {
    await this.page.waitForTimeout(150);
    await this.saved();
    const { items } = await this.api.call("GET", `/projects/${this.project}/items/${this.item}/annotations`);
    return items.filter((one) => one.state !== "retracted" && one.label !== null);
  }

  /** Everything that is stored, as it must be again after undo. */
  async whole() {
    const bytes = await this.bytes();
    return { bytes, findings: JSON.stringify((await this.findings()).map(({ id, label, target, attributes, number }) => ({ id, label, target, attributes, number })).sort((a, b) => (a.id < b.id ? -1 : 1))) };
  }

  async undo() {
    await this.page.keyboard.press("z");
  }

  /** Undoes `steps`, and says whether all is as it was, byte for byte. */
  async undone(name, before, steps = 1) {
    for (let n = 0; n < steps; n += 1) await this.undo();
    let now = await this.whole();
    for (let n = 0; n < 10 && !(now.bytes.equals(before.bytes) && now.findings === before.findings); n += 1) now = await this.whole();
    check(`${name}: undo gives back what was there, byte for byte`, now.bytes.equals(before.bytes) && now.findings === before.findings, `${before.bytes.length} and ${now.bytes.length} bytes; ${before.findings.length} and ${now.findings.length}`);
  }

  async drag(points, steps = 4) {
    await this.page.mouse.move(...points[0]);
    await this.page.mouse.down();
    for (const point of points.slice(1)) await this.page.mouse.move(...point, { steps });
    await this.page.mouse.up();
  }

  async clicks(points) {
    for (const point of points) {
      await this.page.mouse.move(...point, { steps: 3 });
      await this.page.mouse.click(...point);
      await this.page.waitForTimeout(30);
    }
  }

  choose(name) {
    return this.optionsBar.getByRole("radio", { name, exact: true }).click();
  }

  /** The brush's radius in mm, as near to `mm` as its steps allow. */
  async radius(mm) {
    const slider = this.optionsBar.getByLabel("Size");
    await slider.fill(String(Math.round((Math.log(mm / 0.5) / Math.log(120)) * 100)));
    return 0.5 * 120 ** (Number(await slider.inputValue()) / 100);
  }

  /** Asks for an operation of the Segment tools and takes it over. */
  async operate(kind, fields = {}) {
    const panel = this.tools;
    if (!(await panel.isVisible())) await this.page.keyboard.press("Shift+T");
    await panel.getByRole("radio", { name: kind, exact: true }).click();
    for (const [name, value] of Object.entries(fields)) {
      const field = panel.locator("label").filter({ hasText: new RegExp(`^${name}`) }).locator("input, select");
      if (typeof value === "boolean") await field.setChecked(value);
      else if ((await field.evaluate((one) => one.tagName)) === "SELECT") await field.selectOption(typeof value === "number" ? { index: value } : value);
      else await field.fill(String(value));
    }
    await panel.getByRole("button", { name: "Preview" }).click();
    const accept = panel.locator("button:enabled", { hasText: "Accept" });
    await accept.or(panel.getByRole("alert")).first().waitFor({ timeout: 120_000 * patience });
    if (await panel.getByRole("alert").isVisible()) throw new Error(`${kind}: ${await panel.getByRole("alert").innerText()}`);
    const said = await panel.locator(".image-segment-said").innerText();
    await accept.click({ timeout: 30_000 * patience });
    return said;
  }

  /** How a pane shows the patient, found out by pointing: no formula of the program's is taken over where its planes are turned. */
  async pane(name, { turned = false } = {}) {
    const canvas = this.page.locator(`canvas[data-plane="${name}"]`).first();
    const box = await canvas.boundingBox();
    const seen = [];
    for (const fy of [0.25, 0.5, 0.75]) {
      for (const fx of [0.25, 0.5, 0.75]) {
        const at = [Math.round(box.x + box.width * fx), Math.round(box.y + box.height * fy)];
        await this.page.mouse.move(...at);
        await this.page.waitForTimeout(40);
        const mm = await this.pointed();
        if (mm !== null) seen.push({ at, mm });
      }
    }
    if (seen.length < 4) throw new Error(`the ${name} pane tells of ${seen.length} places alone`);
    const { width, height } = await canvas.evaluate((one) => ({ width: one.width, height: one.height }));
    return turned ? this.turnedPane(name, seen) : this.uprightPane(name, seen, { box, width, height });
  }

  /** The patient's millimetres under the pointer; null outside the volume. */
  async pointed() {
    const found = / at (\S+), (\S+), (\S+) mm/.exec(await this.page.evaluate(() => document.body.innerText));
    return found === null ? null : found.slice(1).map((part) => Number(part.replace("−", "-")));
  }

  /** mm = m0 + mx x + my y, by least squares over what was pointed at. */
  turnedPane(name, seen) {
    const n = seen.length;
    const mean = (of) => seen.reduce((sum, one) => sum + of(one), 0) / n;
    const [x0, y0] = [mean(({ at }) => at[0]), mean(({ at }) => at[1])];
    const sum = (of) => seen.reduce((total, one) => total + of(one.at[0] - x0, one.at[1] - y0, one.mm), 0);
    const [xx, xy, yy] = [sum((x) => x * x), sum((x, y) => x * y), sum((x, y) => y * y)];
    const det = xx * yy - xy * xy;
    const [mx, my, m0] = [[], [], []];
    for (const axis of [0, 1, 2]) {
      const [px, py] = [sum((x, _, mm) => x * mm[axis]), sum((_, y, mm) => y * mm[axis])];
      mx.push((px * yy - py * xy) / det);
      my.push((py * xx - px * xy) / det);
      m0.push(mean(({ mm }) => mm[axis]));
    }
    const toMm = ([x, y]) => plus(plus(m0, mx, x - x0), my, y - y0);
    const toPage = (mm) => {
      const from = minus(mm, m0);
      return [Math.round(x0 + dot(from, mx) / dot(mx, mx)), Math.round(y0 + dot(from, my) / dot(my, my))];
    };
    return { name, turned: true, toMm, toPage, normal: unit(cross(mx, my)), at: m0, slack: 0.12, perPixel: Math.max(Math.hypot(...mx), Math.hypot(...my)) };
  }

  uprightPane(name, seen, { box, width, height }) {
    const { grid } = this;
    const voxels = seen.map(({ at, mm }) => ({ at, voxel: voxelOf(grid, mm).map(Math.round) }));
    const first = voxels[0];
    const along = (side) => {
      const other = voxels.filter(({ at }) => at[1 - side] === first.at[1 - side] && at[side] !== first.at[side]).at(-1);
      const axis = [0, 1, 2].find((n) => other.voxel[n] !== first.voxel[n]);
      return { axis, flipped: other.voxel[axis] < first.voxel[axis] };
    };
    const [right, down] = [along(0), along(1)];
    const step = (axis) => Math.hypot(...grid.steps[axis]);
    const perPage = width / box.width;
    const scale = Math.min(width / (grid.dims[right.axis] * step(right.axis)), height / (grid.dims[down.axis] * step(down.axis)));
    const normalAxis = 3 - right.axis - down.axis;
    const slice = first.voxel[normalAxis];
    const middle = (n) => (grid.dims[n] - 1) / 2;
    const sides = [{ ...right, at: box.x, long: width }, { ...down, at: box.y, long: height }];
    const placeOf = (page, { axis, flipped, at, long }) => {
      const place = ((page - at) * perPage - long / 2) / (scale * step(axis));
      return middle(axis) + (flipped ? -place : place);
    };
    const toVoxel = (point) => {
      const voxel = [slice, slice, slice];
      sides.forEach((side, n) => {
        voxel[side.axis] = placeOf(point[n], side);
      });
      return voxel;
    };
    const toPage = (mm) => {
      const voxel = voxelOf(grid, mm);
      return sides.map(({ axis, flipped, at, long }) => Math.round(at + ((flipped ? -1 : 1) * (voxel[axis] - middle(axis)) * scale * step(axis) + long / 2) / perPage));
    };
    const wrong = voxels.filter(({ at, voxel }) => toVoxel(at).some((part, n) => Math.abs(part - voxel[n]) > 0.55));
    check(`the ${name} pane stands where its geometry says`, wrong.length === 0, JSON.stringify(wrong.slice(0, 2)));
    return { name, turned: false, toMm: (point) => mmOf(grid, toVoxel(point)), toVoxel, toPage, normal: unit(cross(grid.steps[right.axis], grid.steps[down.axis])), normalAxis, slice, at: mmOf(grid, toVoxel([box.x + box.width / 2, box.y + box.height / 2])), slack: 0.02, perPixel: perPage / scale };
  }

  /** Half the thickness of the layer of voxels that a plane of this normal cuts. */
  halfThickness(normal) {
    return 0.5 * this.grid.steps.reduce((sum, step) => sum + Math.abs(dot(step, normal)), 0);
  }

  /**
   * Compares a segment with what it has to be: `expected(mm, voxel)` is how far inside a voxel's centre lies in millimetres (below 0
   * outside); nearer than `slack` either is right, and so is a voxel that is missing nearer than `slackMissing`. Voxels outside `around` (a place and a reach) must not be of the segment.
   */
  compare(name, mask, segment, expected, { at, reach }, slack, slackMissing = slack) {
    const { grid } = this;
    const [low, high] = [[...grid.dims], [0, 0, 0]];
    for (let corner = 0; corner < 8; corner += 1) {
      const voxel = voxelOf(grid, at.map((part, n) => part + ((corner >> n) & 1 ? reach : -reach)));
      voxel.forEach((part, n) => {
        low[n] = Math.max(0, Math.min(low[n], Math.floor(part)));
        high[n] = Math.min(grid.dims[n] - 1, Math.max(high[n], Math.ceil(part)));
      });
    }
    const found = mask.voxelsOf(segment);
    let [missing, extra, wanted, inBox] = [0, 0, 0, 0];
    let example = "";
    for (let k = low[2]; k <= high[2]; k += 1) {
      for (let j = low[1]; j <= high[1]; j += 1) {
        for (let i = low[0]; i <= high[0]; i += 1) {
          const is = found.has((k * grid.dims[1] + j) * grid.dims[0] + i);
          if (is) inBox += 1;
          const inside = expected(mmOf(grid, [i, j, k]), [i, j, k]);
          if (inside > 0) wanted += 1;
          if (is && inside < -slack) extra += 1;
          else if (!is && inside > slackMissing) missing += 1;
          else continue;
          example ||= `first at ${String([i, j, k])}, ${inside.toFixed(2)} mm inside`;
        }
      }
    }
    extra += found.size - inBox;
    check(name, missing + extra === 0 && found.size > 0, `${found.size} voxels, ${wanted} expected, ${missing} missing, ${extra} too many; ${example}`);
    return found.size;
  }
}

/** How many voxels of the exclusive layer are of the segment: of more than a set can hold. */
export function countOf(bytes, segment) {
  let count = 0;
  for (let at = 0; at + 12 <= bytes.length; ) {
    const [layer, size] = [bytes.readUInt32LE(at + 4), bytes.readUInt32LE(at + 8)];
    if (layer === 0) for (let n = at + 12; n < at + 12 + size; n += 2) if (bytes.readUInt16LE(n) === segment) count += 1;
    at += 12 + size;
  }
  return count;
}

/** Bricks of the bricks endpoint's answer as sets of voxels by segment. */
export function decode(bytes, dims) {
  const [bx, by] = [Math.ceil(dims[0] / 32), Math.ceil(dims[1] / 32)];
  const segments = new Map();
  const layers = new Map();
  const add = (layer, segment, voxel) => {
    for (const [map, key] of [[segments, segment], [layers, layer]]) {
      if (!map.has(key)) map.set(key, new Set());
      map.get(key).add(voxel);
    }
  };
  for (let at = 0; at + 12 <= bytes.length; ) {
    const [index, layer, size] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4), bytes.readUInt32LE(at + 8)];
    const origin = [(index % bx) * 32, (Math.floor(index / bx) % by) * 32, Math.floor(index / (bx * by)) * 32];
    for (let n = 0; size > 0 && n < 32768; n += 1) {
      const label = layer === 0 ? bytes.readUInt16LE(at + 12 + n * 2) : ((bytes[at + 12 + (n >> 3)] >> (n & 7)) & 1) * layer;
      if (label !== 0) add(layer, label, ((origin[2] + (n >> 10)) * dims[1] + origin[1] + ((n >> 5) & 31)) * dims[0] + origin[0] + (n & 31));
    }
    at += 12 + size;
  }
  return { voxelsOf: (segment) => segments.get(segment) ?? new Set(), layer: (layer) => layers.get(layer) ?? new Set(), segments: [...segments.keys()].sort((a, b) => a - b) };
}
