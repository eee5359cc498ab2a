// Large made-up items for measurements: nothing here is anybody's.
const words = "the patient reports chest pain and shortness of breath since monday without fever nausea or weight loss after treatment with amlodipine 5 mg daily no evidence of pneumonia on the film".split(" ");

/** Lines of about eight words, `characters` long in all. */
export function longNote(characters) {
  const lines = [];
  for (let n = 0, length = 0; length < characters; n += 1) {
    const line = n % 60 === 0 ? `\nHISTORY PART ${String(n / 60 + 1)}:` : `${Array.from({ length: 9 }, (_, k) => words[(n * 7 + k * k) % words.length]).join(" ")}.`;
    lines.push(line);
    length += line.length + 1;
  }
  return lines.join("\n").slice(0, characters);
}

/** A two-lead recording in the WFDB form (format 16) and where its beats are, in samples. */
export function wfdbDay(hours, beatCount) {
  const hz = 125;
  const length = hours * 3600 * hz;
  const beats = Array.from({ length: beatCount }, (_, n) => Math.floor(((n + 0.5) * length) / beatCount + 6 * Math.sin(n / 9)));
  const samples = new Int16Array(length * 2);
  const wave = Int16Array.from({ length: 90 }, (_, n) => 90 * Math.exp(-(((n - 20) / 5) ** 2)) + 1100 * Math.exp(-(((n - 40) / 2) ** 2)) - 250 * Math.exp(-(((n - 44) / 2) ** 2)) + 260 * Math.exp(-(((n - 70) / 8) ** 2)));
  for (const beat of beats) {
    for (let n = 0; n < wave.length; n += 1) {
      const at = beat - 40 + n;
      if (at < 0 || at >= length) continue;
      samples[at * 2] += wave[n];
      samples[at * 2 + 1] += wave[n] >> 1;
    }
  }
  const header = ["day 2 125 " + String(length), "day.dat 16 1000(0)/mV 16 0 0 0 0 II", "day.dat 16 1000(0)/mV 16 0 0 0 0 V5", ""].join("\n");
  return { files: [["day.hea", Buffer.from(header)], ["day.dat", Buffer.from(samples.buffer)]], beats, hz };
}

/** Whole numbers of 32 bits from a seed, as shares of 1. */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/**
 * A day of two leads with what a technician looks for: every fiftieth beat ventricular (early, wide, with a pause after it), some
 * supraventricular, and fibrillation over `af` (hours). Answers the files and the truth: sample and kind ("N", "V", "S") of each beat.
 */
export function technicianDay(hours, af = [9.5, 10.25]) {
  const hz = 125;
  const length = hours * 3600 * hz;
  const chance = seeded(24);
  const samples = new Int16Array(length * 2);
  const bump = (height, at, width) => (n) => height * Math.exp(-(((n - at) / width) ** 2));
  const wave = (...parts) => Int16Array.from({ length: 110 }, (_, n) => parts.reduce((sum, part) => sum + part(n), 0));
  const p = bump(100, 21, 4);
  const qrs = [bump(-110, 37, 1.5), bump(1150, 40, 1.8), bump(-260, 43.5, 1.8), bump(270, 70, 8)];
  const shapes = {
    N: [wave(p, ...qrs), wave(bump(40, 21, 4), bump(180, 38, 1.6), bump(-900, 42, 2.2), bump(120, 70, 9))],
    F: [wave(...qrs), wave(bump(180, 38, 1.6), bump(-900, 42, 2.2), bump(120, 70, 9))],
    V: [wave(bump(1500, 41, 6), bump(-600, 54, 6), bump(-420, 76, 10)), wave(bump(1100, 42, 6.5), bump(-300, 78, 10))],
  };
  for (let n = 0; n < samples.length; n += 1) samples[n] = Math.round(14 * (chance() - 0.5)) + Math.round(60 * Math.sin(n / 900));
  const beats = [];
  for (let at = 0.6, kind = "N"; at < hours * 3600 - 1; ) {
    const inAf = at >= af[0] * 3600 && at < af[1] * 3600;
    const sample = Math.round(at * hz);
    beats.push({ sample, kind });
    const [first, second] = shapes[kind === "V" ? "V" : inAf ? "F" : "N"];
    for (let n = 0; n < first.length; n += 1) {
      const place = sample - 40 + n;
      if (place < 0 || place >= length) continue;
      samples[place * 2] += first[n];
      samples[place * 2 + 1] += second[n];
    }
    const rr = inAf ? 0.42 + 0.55 * chance() : 0.85 + 0.13 * Math.sin(at / 7000) + 0.03 * Math.sin(at / 4) + 0.02 * (chance() - 0.5);
    // An ectopic beat comes early; after a ventricular one there is a pause.
    const drawn = inAf || kind !== "N" ? 1 : chance();
    const next = drawn < 0.02 ? "V" : drawn < 0.03 ? "S" : "N";
    at += rr * (kind === "V" ? 1.38 : next === "V" ? 0.62 : next === "S" ? 0.72 : 1);
    kind = next;
  }
  const header = [`holter 2 ${String(hz)} ${String(length)}`, "holter.dat 16 1000(0)/mV 16 0 0 0 0 II", "holter.dat 16 1000(0)/mV 16 0 0 0 0 V1", ""].join("\n");
  return { files: [["holter.hea", Buffer.from(header)], ["holter.dat", Buffer.from(samples.buffer)]], beats, hz };
}

// Explicit VR, little endian (DICOM PS3.5, 7.1.2): tag, VR, length, value padded to even.
function element(group, number, vr, value) {
  let bytes = Buffer.isBuffer(value) ? value : Buffer.from(String(value), "latin1");
  if (bytes.length % 2 === 1) bytes = Buffer.concat([bytes, Buffer.from([vr === "UI" || vr === "OB" ? 0 : 32])]);
  const long = vr === "OB" || vr === "OW";
  const head = Buffer.alloc(long ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, "latin1");
  if (long) head.writeUInt32LE(bytes.length, 8);
  else head.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([head, bytes]);
}
function short(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

/** An axial series of a made head. `phases` images lie at each place; another modality is a second series of the same study. */
export function ctSeries(side, depth, { modality = "CT", series = 2, widthMm = 0.7 * side, phases = 1, patient = "MADE-SPEED" } = {}) {
  const root = patient === "MADE-SPEED" ? "2.25.74920016" : `2.25.7492${String(patient.length)}17`;
  const half = side / 2;
  const spacing = Number((widthMm / side).toFixed(5));
  const stepMm = series === 2 ? 1 : 3;
  return Array.from({ length: depth * phases }, (_, n) => {
    const [k, phase] = [Math.floor(n / phases), n % phases];
    const pixels = Buffer.alloc(side * side * 2);
    const z = ((k - depth / 2) / (depth * 0.55)) ** 2;
    // Uptake: 1 in the middle of a ball, 0 at its border.
    const uptake = (i, j) => Math.max(0, 1 - Math.hypot(i - half * 1.3, j - half, ((k - depth / 2) * stepMm) / spacing) / (half * (0.2 + 0.1 * phase)));
    for (let j = 0; j < side; j += 1) {
      for (let i = 0; i < side; i += 1) {
        const r = ((i - half) / (half * 0.9)) ** 2 + ((j - half) / (half * 0.65)) ** 2 + z;
        const value = modality === "CT" ? (r > 1 ? 24 : r > 0.6 ? 1064 : 204 + ((i ^ j ^ k) & 31)) : r > 1 ? 0 : 400 + ((i ^ j) & 63) + Math.round(3200 * uptake(i, j));
        pixels.writeUInt16LE(value, (j * side + i) * 2);
      }
    }
    const facts = { root, number: n + 1, series, modality, description: modality === "CT" ? "made head" : "made uptake", patient, thickness: stepMm, unit: modality === "CT" ? "HU" : "US" };
    const place = { at: [-widthMm / 2, -widthMm / 2, (k - depth / 2) * stepMm], along: [1, 0, 0, 0, 1, 0], spacing: [spacing, spacing], rows: side, columns: side };
    return [`${modality.toLowerCase()}${String(series)}/${String(n).padStart(4, "0")}.dcm`, ctImage(facts, place, pixels)];
  });
}

/** One image of stored values 0 to 4095, which stand for -1024 to 3071. `along` are the directions of rows and of columns. */
function ctImage({ root, number, series, modality, description, patient, thickness, unit, date = "20250101" }, { at, along, spacing, rows, columns }, pixels) {
  const instance = `${root}.3.${String(series)}.${String(number)}`;
  const meta = Buffer.concat([element(2, 1, "OB", Buffer.from([0, 1])), element(2, 2, "UI", "1.2.840.10008.5.1.4.1.1.2"), element(2, 3, "UI", instance), element(2, 16, "UI", "1.2.840.10008.1.2.1"), element(2, 18, "UI", `${root}.9`)]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  const numbers = (list) => list.map((value) => String(Number(value.toFixed(8)))).join("\\");
  return Buffer.concat([
    Buffer.alloc(128), Buffer.from("DICM"), element(2, 0, "UL", length), meta,
    element(8, 8, "CS", "DERIVED\\PRIMARY\\AXIAL"), element(8, 0x16, "UI", "1.2.840.10008.5.1.4.1.1.2"), element(8, 0x18, "UI", instance), element(8, 0x20, "DA", date), element(8, 0x60, "CS", modality), element(8, 0x103e, "LO", description),
    element(0x10, 0x10, "PN", "MADE^VOLUME"), element(0x10, 0x20, "LO", patient), element(0x18, 0x50, "DS", thickness),
    element(0x20, 0xd, "UI", `${root}.1`), element(0x20, 0xe, "UI", `${root}.${String(series)}`), element(0x20, 0x11, "IS", series - 1), element(0x20, 0x13, "IS", number),
    element(0x20, 0x32, "DS", numbers(at)), element(0x20, 0x37, "DS", numbers(along)), element(0x20, 0x52, "UI", `${root}.4`),
    element(0x28, 2, "US", short(1)), element(0x28, 4, "CS", "MONOCHROME2"), element(0x28, 0x10, "US", short(rows)), element(0x28, 0x11, "US", short(columns)), element(0x28, 0x30, "DS", numbers(spacing)),
    element(0x28, 0x100, "US", short(16)), element(0x28, 0x101, "US", short(12)), element(0x28, 0x102, "US", short(11)), element(0x28, 0x103, "US", short(0)),
    element(0x28, 0x1052, "DS", "-1024"), element(0x28, 0x1053, "DS", "1"), element(0x28, 0x1054, "LO", unit), element(0x7fe0, 0x10, "OW", pixels),
  ]);
}

/**
 * A volume of which no axis is the patient's and no two steps are alike: `dims` voxels, `affine` (row-major 3x4) and the image's
 * value at a place of the patient; answers the files. The slices need not be stacked along their normal (a tilted gantry).
 * `phase` 1 and on are further volumes of the same series.
 */
export function volumeFiles({ dims: [columns, rows, depth], affine, valueAt, patient, date = "20250101", phase = 0 }) {
  const axis = (n) => [affine[n], affine[4 + n], affine[8 + n]];
  const length = (v) => Math.hypot(...v);
  const [right, down, on] = [axis(0), axis(1), axis(2)];
  const along = [...right.map((part) => part / length(right)), ...down.map((part) => part / length(down))];
  return Array.from({ length: depth }, (_, k) => {
    const pixels = Buffer.alloc(columns * rows * 2);
    const at = axis(3).map((part, n) => part + k * on[n]);
    for (let j = 0; j < rows; j += 1) {
      for (let i = 0; i < columns; i += 1) {
        const value = valueAt(at[0] + i * right[0] + j * down[0], at[1] + i * right[1] + j * down[1], at[2] + i * right[2] + j * down[2], (k * rows + j) * columns + i);
        pixels.writeUInt16LE(Math.max(0, Math.min(4095, Math.round(value) + 1024)), (j * columns + i) * 2);
      }
    }
    const facts = { root: `2.25.7493${String(patient.length)}${String(columns)}`, number: phase * depth + k + 1, series: 2, modality: "CT", description: "made balls", patient, thickness: length(on).toFixed(3), unit: "HU", date };
    return [`volume-${date}/${String(phase)}-${String(k).padStart(4, "0")}.dcm`, ctImage(facts, { at, along, spacing: [length(down), length(right)], rows, columns }, pixels)];
  });
}
