// Development only: opinions of three made-up raters on a note, an ECG and a CT study, with what is drawn of them.
interface Row {
  readonly id: string;
  readonly number: number;
  readonly kind: string;
  readonly readers: { readonly submitted: number };
}
interface Made {
  readonly rater: number;
  readonly id: string;
  readonly label: string | null;
  readonly target: Record<string, unknown>;
  readonly question?: string;
  readonly value?: unknown;
  readonly attributes?: Record<string, unknown>;
}
interface Choice {
  readonly class: string;
  readonly title: string;
  readonly probability: number;
  readonly raters: readonly string[];
  readonly annotation_ids: readonly string[];
}
interface Difference {
  readonly id: string;
  readonly kind: string;
  readonly unit: string;
  readonly title: string;
  readonly what: string;
  readonly entropy_bits: number;
  readonly agreed: boolean;
  readonly choices: readonly Choice[];
  readonly settled: unknown;
}

export const reviewNote = `NEPHROLOGY CONSULT
74-year-old woman, seen on day 3 for rising creatinine.

HISTORY
Baseline creatinine 1.3 mg/dL in January. Coronary angiography two days
ago with 140 mL of contrast. Takes ramipril 5 mg and furosemide 40 mg.
Mother was on dialysis for polycystic kidney disease.

FINDINGS
Creatinine 3.1 mg/dL, potassium 5.9 mmol/L, urine output 18 mL/h.
No hydronephrosis on ultrasound. Chest X-ray: infiltrate on the right,
pneumonia cannot be excluded. No fever, CRP 22 mg/L.

ASSESSMENT
Acute on chronic kidney injury, likely contrast nephropathy. Mild
hyperkalaemia. Volume overload is not evident.

PLAN
Hold ramipril. Calcium gluconate 10 mL IV, repeat potassium in 4 h.
Continue furosemide at half the dose. Fluid balance, daily weight.
No indication for dialysis today.
`;

export const gridId = "grid-ct";
export const dims = [144, 144, 40] as const;
const keys = ["A", "B", "C"] as const;
const entropy = (probabilities: readonly number[]): number => probabilities.reduce((sum, p) => (p > 0 ? sum - p * Math.log2(p) : sum), 0);

/** Gathers what the raters said of one item, and the differences that come of it. */
class Opinions {
  readonly made: Made[] = [];
  readonly differences: Difference[] = [];
  private count = 0;

  constructor(private readonly item: Row) {}

  say(rater: number, label: string | null, target: Record<string, unknown>, more: Partial<Made> = {}): string {
    const id = `01900000-0000-7000-9000-${(this.item.number * 10000 + ++this.count).toString(16).padStart(12, "0")}`;
    this.made.push({ rater, id, label, target, ...more });
    return id;
  }

  differ(kind: string, unit: string, title: string, what: string, choices: readonly { class: string; title: string; p: number; by: readonly (readonly [number, string | null])[] }[], agreed = false): void {
    this.differences.push({
      id: `d${String(this.differences.length + 1)}`, kind, unit, title, what, agreed, settled: null,
      entropy_bits: agreed ? 0.02 : entropy(choices.map((choice) => choice.p)),
      choices: choices.map((choice) => ({ class: choice.class, title: choice.title, probability: choice.p, raters: choice.by.map(([rater]) => keys[rater] ?? ""), annotation_ids: choice.by.flatMap(([, id]) => (id === null ? [] : [id])) })),
    });
  }
}

function noteOpinions(item: Row): Opinions {
  const opinions = new Opinions(item);
  const spans = (...words: string[]): Record<string, unknown> => ({
    type: "spans",
    ranges: words.map((word) => {
      const [text, nth] = word.split("#");
      let at = reviewNote.indexOf(text ?? "");
      for (let n = 1; n < Number(nth ?? 1); n++) at = reviewNote.indexOf(text ?? "", at + 1);
      return [at, at + (text ?? "").length];
    }),
  });
  const put = (rater: number, label: string, words: readonly string[], attributes: Record<string, unknown> = {}): readonly [number, string] => [rater, opinions.say(rater, label, spans(...words), { attributes })] as const;
  const pneumonia = ["pneumonia"];
  const [pa, pb, pc] = [put(0, "problem", pneumonia, { assertion: "possible" }), put(1, "problem", pneumonia, { assertion: "present" }), put(2, "problem", pneumonia, { assertion: "negated" })];
  opinions.differ("label", "problem", "pneumonia", "attribute", [{ class: "problem?assertion=possible", title: "Problem (Assertion: Possible)", p: 0.51, by: [pa] }, { class: "problem?assertion=negated", title: "Problem (Assertion: Negated)", p: 0.3, by: [pc] }, { class: "problem?assertion=present", title: "Problem (Assertion: Present)", p: 0.19, by: [pb] }]);
  const injury = [put(0, "problem", ["Acute on chronic kidney injury"]), put(1, "problem", ["kidney injury"]), put(2, "problem", ["Acute", "kidney injury"])];
  opinions.differ("label", "problem", "Acute on chronic kidney injury", "extent", [{ class: "problem", title: "Problem", p: 0.96, by: injury }]);
  opinions.differ("label", "problem", "contrast nephropathy", "missing", [{ class: "problem", title: "Problem", p: 0.58, by: [put(0, "problem", ["contrast nephropathy"], { assertion: "possible" }), put(1, "problem", ["contrast nephropathy"])] }, { class: "absent", title: "Absent", p: 0.42, by: [[2, null]] }]);
  const smoking = (rater: number, value: string) => [rater, opinions.say(rater, null, { type: "whole" }, { question: "cardiotoxicity", value })] as const;
  opinions.differ("question", "cardiotoxicity", "Cardiotoxicity", "answer", [{ class: "no", title: "No", p: 0.64, by: [smoking(0, "no"), smoking(2, "no")] }, { class: "yes", title: "Yes", p: 0.36, by: [smoking(1, "yes")] }]);
  opinions.differ("label", "medication", "ramipril", "attribute", [{ class: "medication?use=stopped", title: "Medication (Use: Stopped)", p: 0.66, by: [put(0, "medication", ["ramipril#2"], { use: "stopped" }), put(2, "medication", ["ramipril#2"], { use: "stopped" })] }, { class: "medication?use=active", title: "Medication (Use: Active)", p: 0.34, by: [put(1, "medication", ["ramipril#2"], { use: "active" })] }]);
  const value = [put(0, "value", ["5.9 mmol/L"]), put(1, "value", ["5.9 mmol/L"])];
  opinions.differ("label", "test+problem", "potassium 5.9 mmol/L", "label", [{ class: "test", title: "Test", p: 0.78, by: [put(0, "test", ["potassium"]), put(1, "test", ["potassium"])] }, { class: "problem", title: "Problem", p: 0.22, by: [put(2, "problem", ["potassium 5.9 mmol/L"])] }]);
  opinions.differ("label", "test", "Baseline creatinine", "extent", [{ class: "test", title: "Test", p: 0.93, by: [put(1, "test", ["creatinine#2"]), put(2, "test", ["creatinine#2"]), put(0, "test", ["Baseline creatinine"])] }]);
  opinions.differ("label", "problem", "infiltrate on the right", "extent", [{ class: "problem", title: "Problem", p: 0.95, by: [put(0, "problem", ["infiltrate on the right"]), put(2, "problem", ["infiltrate on the right"]), put(1, "problem", ["infiltrate"])] }]);
  opinions.differ("label", "medication", "furosemide", "missing", [{ class: "medication", title: "Medication", p: 0.97, by: [put(0, "medication", ["furosemide#2"], { use: "active" }), put(1, "medication", ["furosemide#2"], { use: "active" })] }, { class: "absent", title: "Absent", p: 0.03, by: [[2, null]] }]);
  opinions.differ("label", "value", "5.9 mmol/L", "missing", [{ class: "value", title: "Value", p: 0.83, by: value }, { class: "absent", title: "Absent", p: 0.17, by: [[2, null]] }]);
  for (const [label, words] of [["test", "creatinine"], ["value", "1.3 mg/dL"], ["test", "Coronary angiography"], ["medication", "ramipril"], ["medication", "furosemide"], ["problem", "polycystic kidney disease"], ["test", "Creatinine"], ["value", "3.1 mg/dL"], ["test", "urine output"], ["value", "18 mL/h"], ["problem", "hydronephrosis"], ["test", "ultrasound"], ["test", "Chest X-ray"], ["problem", "fever"], ["test", "CRP"], ["value", "22 mg/L"], ["problem", "hyperkalaemia"], ["problem", "Volume overload"], ["medication", "Calcium gluconate"], ["test", "potassium#2"]] as const) {
    const title = { problem: "Problem", medication: "Medication", test: "Test", value: "Value" }[label];
    opinions.differ("label", label, words.split("#")[0] ?? "", "label", [{ class: label, title, p: 0.99, by: keys.map((_, rater) => put(rater, label, [words])) }], true);
  }
  return opinions;
}

// ---- the recording: sinus rhythm with a few wide beats, then a stretch without P waves and with uneven distances

const rate = 250;
interface Beat { readonly at: number; readonly wide: boolean; readonly fibrillation: boolean }
export const beats: readonly Beat[] = (() => {
  const list: Beat[] = [];
  let at = 0.5;
  for (let n = 0; at < 59.5; n++) {
    const fibrillation = at > 33 && at < 48;
    const wide = !fibrillation && [6, 17, 29, 52].includes(n);
    list.push({ at: wide ? at - 0.24 : at, wide, fibrillation });
    at += fibrillation ? 0.42 + 0.4 * Math.abs(Math.sin(n * 12.9898)) : 0.82 + 0.02 * Math.sin(n);
  }
  return list;
})();
const bump = (t: number, middle: number, width: number, height: number): number => height * Math.exp(-(((t - middle) / width) ** 2) / 2);
// Eight leads, as recorders keep them: the other four follow.
const leads: readonly (readonly [name: string, scale: number])[] = [["I", 0.6], ["II", 1], ["V1", -0.7], ["V2", -0.5], ["V3", 0.3], ["V4", 0.9], ["V5", 0.8], ["V6", 0.6]];
function sample(lead: number, tick: number): number {
  const t = tick / rate;
  const scale = leads[lead]?.[1] ?? 1;
  let value = 0.03 * Math.sin(t * 1.7) + 0.012 * Math.sin(t * 97.3 + lead) + 0.01 * Math.sin(t * 61.1);
  for (const beat of beats) {
    const d = t - beat.at;
    if (d < -0.4 || d > 0.6) continue;
    if (beat.wide) value += scale * (bump(d, 0, 0.045, 1.5) + bump(d, 0.09, 0.05, -0.6) + bump(d, 0.3, 0.07, -0.4));
    else value += scale * ((beat.fibrillation ? 0 : bump(d, -0.16, 0.025, 0.13)) + bump(d, -0.025, 0.008, -0.09) + bump(d, 0, 0.011, 1.05) + bump(d, 0.03, 0.01, -0.24) + bump(d, 0.27, 0.05, 0.27));
    if (beat.fibrillation) value += 0.02 * Math.sin(t * 38 + lead);
  }
  return value;
}
export const recording = { id: "01900000-0000-7000-8000-000000006100", start: null, duration_s: 60, tick_rate: { num: rate, den: 1 }, length_ticks: 60 * rate, channels: leads.map(([name], index) => ({ index, name, unit: "mV", rate_hz: rate, gain: 200, baseline: 0 })), gaps: [], pyramid_levels: [16] };

/** The answer of the window endpoint: samples, or smallest and largest where a column holds several. */
export function signalWindow(from: number, to: number, pixels: number): Uint8Array {
  const step = Math.max(1, Math.round((to - from) / pixels));
  const count = Math.ceil((to - from) / step);
  const pair = step > 1 ? 2 : 1;
  const bytes = new Uint8Array(32 + leads.length * 8 + leads.length * count * pair * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x43535731, false);
  view.setUint32(4, step > 1 ? 1 : 0, true);
  view.setUint32(8, leads.length, true);
  view.setBigInt64(16, BigInt(from), true);
  view.setBigInt64(24, BigInt(to), true);
  let at = 32 + leads.length * 8;
  for (let lead = 0; lead < leads.length; lead++) {
    view.setUint32(32 + lead * 8, lead, true);
    view.setUint32(36 + lead * 8, count, true);
    for (let n = 0; n < count; n++) {
      let [low, high] = [Infinity, -Infinity];
      for (let k = 0; k < step; k++) {
        const value = sample(lead, from + n * step + k);
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
      view.setFloat32(at, low, true);
      if (pair === 2) view.setFloat32(at + 4, high, true);
      at += 4 * pair;
    }
  }
  return bytes;
}

function signalOpinions(item: Row): Opinions {
  const opinions = new Opinions(item);
  const event = (rater: number, label: string, beat: Beat): readonly [number, string] => [rater, opinions.say(rater, label, { type: "sample", tick: Math.round(beat.at * rate) + rater, channel: null })];
  const interval = (rater: number, from: number, to: number): readonly [number, string] => [rater, opinions.say(rater, "afib", { type: "interval", begin_tick: Math.round(from * rate), end_tick: Math.round(to * rate), channels: [] })];
  const wide = beats.filter((beat) => beat.wide);
  const [first, second, third, fourth] = [wide[0], wide[1], wide[2], wide[3]];
  const used = new Set<Beat>();
  const two = (beat: Beat | undefined, p: number, b: string, c: string, what: string): void => {
    if (beat === undefined) return;
    used.add(beat);
    const names: Record<string, string> = { pvc: "Ventricular beat", normal: "Normal beat", apc: "Atrial premature beat" };
    const byLabel = new Map<string, (readonly [number, string | null])[]>();
    for (const [rater, label] of [[0, "pvc"], [1, b], [2, c]] as const) byLabel.set(label, [...(byLabel.get(label) ?? []), label === "absent" ? [rater, null] : event(rater, label, beat)]);
    const rest = (1 - p) / Math.max(1, byLabel.size - 1);
    opinions.differ("label", "pvc+apc+normal", `Beat at 0:${beat.at.toFixed(1).padStart(4, "0")}`, what, [...byLabel].map(([label, by], n) => ({ class: label, title: names[label] ?? "Absent", p: n === 0 ? p : rest, by })));
  };
  two(second, 0.55, "apc", "normal", "label");
  const spells = [interval(0, 32.8, 48.1), interval(1, 33.1, 47.9), interval(2, 36.4, 45.2)];
  opinions.differ("label", "afib", "Atrial fibrillation", "extent", [{ class: "afib", title: "Atrial fibrillation", p: 0.94, by: spells }]);
  two(third, 0.71, "pvc", "absent", "missing");
  two(fourth, 0.84, "pvc", "apc", "label");
  const good = (rater: number, value: string) => [rater, opinions.say(rater, null, { type: "whole" }, { question: "cardiotoxicity", value })] as const;
  opinions.differ("question", "cardiotoxicity", "Cardiotoxicity", "answer", [{ class: "no", title: "No", p: 0.88, by: [good(0, "no"), good(1, "no")] }, { class: "unsure", title: "Unsure", p: 0.12, by: [good(2, "unsure")] }]);
  for (const beat of beats) {
    if (used.has(beat)) continue;
    const label = beat === first ? "pvc" : "normal";
    opinions.differ("label", label, `Beat at 0:${beat.at.toFixed(1).padStart(4, "0")}`, "label", [{ class: label, title: label === "pvc" ? "Ventricular beat" : "Normal beat", p: 0.995, by: keys.map((_, rater) => event(rater, label, beat)) }], true);
  }
  return opinions;
}

// ---- the study: a chest in two ellipses with vessels, a spine and two nodules

const seriesId = "01900000-0000-7000-8000-000000006200";
const instance = (slice: number): string => `2.25.1.${String(slice)}`;
const nodules = [{ at: [46, 62, 22], radius: 6 }, { at: [104, 84, 13], radius: 4 }] as const;
function voxel(i: number, j: number, k: number): number {
  const noise = 14 * Math.sin(i * 12.9898 + j * 78.233 + k * 37.719);
  const ellipse = (x: number, y: number, a: number, b: number): number => ((i - x) / a) ** 2 + ((j - y) / b) ** 2;
  const narrow = 1 - Math.abs(k - 18) / 90;
  if (ellipse(72, 74, 66 * narrow, 50) > 1) return -1000 + noise;
  if (ellipse(72, 106, 9, 9) < 1) return 420 + noise * 3 - 250 * Math.max(0, 1 - ellipse(72, 106, 4, 4));
  const [left, right] = [ellipse(44, 70, 24 * narrow, 36), ellipse(102, 70, 23 * narrow, 34)];
  if (Math.min(left, right) < 1) {
    for (const { at, radius } of nodules) if (Math.hypot(i - at[0], j - at[1], (k - at[2]) * 1.5) < radius) return 35 + noise;
    const vessel = Math.sin(i * 0.55 + k * 0.3) * Math.sin(j * 0.42 - k * 0.25) * Math.max(0, 1 - Math.min(left, right));
    return -860 + noise + (vessel > 0.42 ? 780 : vessel > 0.3 ? 260 : 0);
  }
  if (ellipse(78, 62, 17, 20) < 1 && k < 26) return 150 + noise;
  const ring = ellipse(72, 74, 58 * narrow, 43);
  if (ring > 0.9 && ring < 1.06 && Math.sin(Math.atan2(j - 74, i - 72) * 11 + k * 0.7) > 0.35) return 320 + noise * 3;
  return (ellipse(72, 74, 61 * narrow, 46) > 1 ? -95 : 45) + noise;
}
export const studies = [{
  id: "01900000-0000-7000-8000-000000006201", date: "2024-03-11", description: "CT chest with contrast",
  series: [{
    id: seriesId, number: 3, modality: "CT", description: "Lung 3 mm", body_part: "CHEST", instances: dims[2], notes: [], images: [],
    volume: {
      grid_id: gridId, grid: { dims, affine: [2.2, 0, 0, -158, 0, 2.2, 0, -158, 0, 0, 3, -60], frame_of_reference: "2.25.9" },
      layout: { rows: dims[1], columns: dims[0], sample_type: "i16", samples_per_pixel: 1, photometric: "MONOCHROME2" }, transform: { slope: 1, intercept: 0, unit: "[hnsf'U]" },
      windows: [{ name: "Lung", centre: -500, width: 1500 }], spacing_mm: [2.2, 2.2, 3], slices: Array.from({ length: dims[2] }, (_, k) => ({ instance_uid: instance(k), frame: 0, position_mm: [-158, -158, -60 + 3 * k] })),
    },
  }],
}];
export function frames(from: number, count: number): Uint8Array {
  const values = new Int16Array(dims[0] * dims[1] * count);
  let at = 0;
  for (let k = from; k < from + count; k++) for (let j = 0; j < dims[1]; j++) for (let i = 0; i < dims[0]; i++) values[at++] = Math.round(voxel(i, j, k));
  return new Uint8Array(values.buffer);
}

// How each rater outlined the nodules: where the middle is moved to and how far it reaches.
const outlines: readonly (readonly { readonly segment: number; readonly nodule: number; readonly move: readonly [number, number]; readonly reach: number }[])[] = [
  [{ segment: 1, nodule: 0, move: [0, 0], reach: 6.2 }, { segment: 2, nodule: 1, move: [0, 0], reach: 4.2 }],
  [{ segment: 1, nodule: 0, move: [1.4, -0.8], reach: 7.6 }],
  [{ segment: 1, nodule: 0, move: [-1, 1], reach: 4.6 }, { segment: 2, nodule: 1, move: [0.6, 0.4], reach: 4.8 }],
];
export function bricks(rater: number): Uint8Array {
  const held = new Map<number, Uint16Array>();
  const across = [Math.ceil(dims[0] / 32), Math.ceil(dims[1] / 32)] as const;
  for (const { segment, nodule, move, reach } of outlines[rater] ?? []) {
    const at = nodules[nodule]?.at ?? [0, 0, 0];
    for (let k = 0; k < dims[2]; k++) for (let j = 0; j < dims[1]; j++) for (let i = 0; i < dims[0]; i++) {
      if (Math.hypot(i - at[0] - move[0], j - at[1] - move[1], (k - at[2]) * 1.5) > reach) continue;
      const index = (i >> 5) + across[0] * ((j >> 5) + across[1] * (k >> 5));
      const brick = held.get(index) ?? new Uint16Array(32768);
      held.set(index, brick);
      brick[(i & 31) | ((j & 31) << 5) | ((k & 31) << 10)] = segment;
    }
  }
  const out = new Uint8Array(held.size * (12 + 65536));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const [index, labels] of held) {
    view.setUint32(at, index, true);
    view.setUint32(at + 8, 65536, true);
    out.set(new Uint8Array(labels.buffer), at + 12);
    at += 12 + 65536;
  }
  return out;
}

function imageOpinions(item: Row): Opinions {
  const opinions = new Opinions(item);
  const mask = (rater: number, segment: number, margin: string): readonly [number, string] => [rater, opinions.say(rater, "nodule", { type: "mask", grid_id: gridId, segment }, { attributes: { margin } })];
  const box = (rater: number, points: readonly (readonly number[])[]): readonly [number, string] => [rater, opinions.say(rater, "effusion", { type: "region", series_id: seriesId, instance_uid: instance(20), frame: 0, geometry: { kind: rater === 1 ? "ellipse" : "box", points } })];
  opinions.differ("mask", "nodule", "Nodule, left lower lobe", "missing", [{ class: "nodule", title: "Nodule", p: 0.57, by: [mask(0, 2, "smooth"), mask(2, 2, "smooth")] }, { class: "absent", title: "Absent", p: 0.43, by: [[1, null]] }]);
  opinions.differ("mask", "nodule", "Nodule, right upper lobe", "extent", [{ class: "nodule", title: "Nodule", p: 0.98, by: [mask(0, 1, "smooth"), mask(1, 1, "spiculated"), mask(2, 1, "smooth")] }]);
  opinions.differ("label", "effusion", "Pericardial effusion", "extent", [{ class: "effusion", title: "Pericardial effusion", p: 0.72, by: [box(0, [[58, 40], [98, 84]]), box(1, [[62, 43], [101, 86]])] }, { class: "absent", title: "Absent", p: 0.28, by: [[2, null]] }]);
  const said = (rater: number, value: string) => [rater, opinions.say(rater, null, { type: "whole" }, { question: "cardiotoxicity", value })] as const;
  opinions.differ("question", "cardiotoxicity", "Cardiotoxicity", "answer", [{ class: "yes", title: "Yes", p: 0.81, by: [said(0, "yes"), said(1, "yes")] }, { class: "no", title: "No", p: 0.19, by: [said(2, "no")] }]);
  return opinions;
}

interface Decision { readonly difference_id: string }
const settled = new Map<string, { decisions: readonly Decision[]; reason: string; gold: boolean; at: string }>();
const made = new Map<string, Opinions>();
const opinionsOf = (item: Row): Opinions => {
  const found = made.get(item.id) ?? (item.kind === "text" ? noteOpinions(item) : item.kind === "signal" ? signalOpinions(item) : imageOpinions(item));
  made.set(item.id, found);
  return found;
};
const hourAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
// One item of ten is read by the person who looks, and may not be decided by them.
const mine = (item: Row): boolean => item.number % 10 === 9;

export function itemOpinions(item: Row): unknown {
  const opinions = opinionsOf(item);
  const done = settled.get(item.id);
  const names = ["Jonas Feld", "Aiko Tanaka", "Leila Haddad"];
  return {
    item_id: item.id, names_hidden: done === undefined, may_adjudicate: !mine(item), why_not: mine(item) ? "you have read this item yourself, and nobody decides on their own reading." : "",
    opinions: keys.map((key, rater) => ({
      key, rater: done === undefined ? null : { id: `01900000-0000-7000-8000-00000000000${String(rater + 2)}`, kind: "human", display_name: names[rater] }, submitted_at: hourAgo(70 - rater * 21), duration_s: [372, 280, 305][rater] ?? null,
      annotations: opinions.made.filter((one) => one.rater === rater).map(({ rater: _, ...one }) => ({ item_id: item.id, protocol: { id: "cardio-oncology", version: "1.2.0" }, question: null, value: null, attributes: {}, ...one, revision: 1, state: "submitted", rater: { id: "", kind: "human", display_name: "" }, created_at: hourAgo(70), updated_at: hourAgo(70) })),
    })),
    differences: opinions.differences.map((difference) => ({ ...difference, settled: done?.decisions.find((one) => one.difference_id === difference.id) ?? null })),
    adjudication: done === undefined ? null : { by: "Mara Reed", at: done.at, reason: done.reason, gold: done.gold },
  };
}

export function adjudicate(item: Row, body: Record<string, unknown>): unknown {
  settled.set(item.id, { decisions: body["decisions"] as readonly Decision[], reason: String(body["reason"]), gold: body["gold"] === true, at: hourAgo(0) });
  return itemOpinions(item);
}

export function reviewRows(items: readonly Row[]): readonly unknown[] {
  const rows = items.slice(0, 64).filter((item) => item.readers.submitted >= 2).map((item, n) => {
    const differences = opinionsOf(item).differences.filter((one) => !one.agreed);
    const done = settled.has(item.id) || n % 7 === 6;
    const open = done ? 0 : n % 5 === 2 ? Math.max(1, differences.length - 2) : differences.length;
    return { item, reason: (["disagreement", "disagreement", "posterior"] as const)[n % 3], differences: differences.length, open, entropy_bits: Math.max(0.05, 1.52 - n * 0.045), state: done ? "settled" : open < differences.length ? "in_progress" : "open" };
  });
  return [...rows.filter((row) => row.state !== "settled"), ...rows.filter((row) => row.state === "settled")];
}
