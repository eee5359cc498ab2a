// Lesions over time: a lesion keeps its number from study to study of a patient. Numbers are given by the system, the lowest
// that neither this study nor an earlier one uses; what was measured is compared by number.
import type { AnnotationBody, AnnotationId, ItemDetail, ItemId, ProtocolLabel, Quantity } from "@/core/workspace";
import type { ImageState } from "./model";
import { colourOf, findings, labelOf } from "./model";

/** What this person submitted or drew on an earlier study of the patient. */
export interface PriorReading {
  readonly itemId: ItemId;
  readonly date: string | null;
  readonly bodies: readonly AnnotationBody[];
}

/** Earlier studies of the patient in this project, the earliest first. */
export function priorItems(item: ItemDetail): readonly ItemDetail["related"][number][] {
  return item.related
    .filter((other) => other.kind === "image" && other.project_id === item.project_id && other.item_id !== item.id && other.date !== null && item.date !== null && other.date < item.date)
    .sort((a, b) => (a.date ?? "").localeCompare(b.date ?? ""));
}

export function numbersOf(priors: readonly PriorReading[]): ReadonlySet<number> {
  return new Set(priors.flatMap(({ bodies }) => bodies.flatMap((body) => body.number ?? [])));
}

export interface LesionSize {
  /** What counts for the sum: the long axis, or the short one of a lymph node. */
  readonly mm: number | null;
  readonly longMm: number | null;
  readonly shortMm: number | null;
  readonly volumeMm3: number | null;
  /** Where it is shown. */
  readonly bodies: readonly AnnotationBody[];
}

export interface LesionRow {
  readonly number: number;
  readonly label: string | null;
  readonly colour: string;
  readonly sizes: readonly (LesionSize | null)[];
  /** Of the measured size against the first time it was measured, in percent. */
  readonly change: number | null;
  readonly state: "new" | "gone" | "followed" | "only";
}

export interface LesionTimes {
  /** The earliest first; the study that is read is the last. */
  readonly dates: readonly (string | null)[];
  readonly rows: readonly LesionRow[];
  /** Sum of the diameters that count; null where nothing was measured. */
  readonly sums: readonly (number | null)[];
  readonly fromFirst: number | null;
  readonly fromLeast: number | null;
}

/** RECIST 1.1 (Eisenhauer et al., Eur. J. Cancer 45 (2009) 228-247): nodes count by their short axis. */
function isNode(label: ProtocolLabel | undefined): boolean {
  return label?.concept?.code === "59441001" || /lymph node/i.test(label?.title ?? "");
}

const quantity = (body: AnnotationBody, name: string): number | null => {
  const found: Quantity | undefined = body.measurements?.[name];
  return found?.number ?? null;
};
const largest = (numbers: readonly (number | null)[]): number | null => numbers.reduce((best, one) => (one !== null && (best === null || one > best) ? one : best), null);

function sizeOf(bodies: readonly AnnotationBody[], node: boolean): LesionSize | null {
  if (bodies.length === 0) return null;
  const longMm = largest(bodies.map((body) => quantity(body, "long_axis") ?? quantity(body, "length")));
  const shortMm = largest(bodies.map((body) => quantity(body, "short_axis")));
  return { mm: node ? (shortMm ?? longMm) : longMm, longMm, shortMm, volumeMm3: largest(bodies.map((body) => quantity(body, "volume"))), bodies };
}

const percent = (now: number | null, then: number | null): number | null => (now === null || then === null || then === 0 ? null : ((now - then) / then) * 100);

/** Angles and the like are no lesions; whatever else has a number is. */
const isLesion = (body: AnnotationBody): boolean => body.label !== null && (body.target.type === "mask" || (body.target.type === "region" && body.target.geometry.kind !== "angle" && body.target.geometry.kind !== "cobb"));

export function lesionTimes(state: ImageState, date: string | null): LesionTimes {
  const own = findings(state).flatMap(({ number, body }) => (isLesion(body) ? [{ ...body, number }] : []));
  const times = [...state.priors.map(({ bodies }) => bodies.filter((body) => isLesion(body) && (body.number ?? null) !== null)), own];
  const numbers = [...new Set(times.flat().flatMap((body) => body.number ?? []))].sort((a, b) => a - b);
  const rows = numbers.map((number): LesionRow => {
    const at = times.map((bodies) => bodies.filter((body) => body.number === number));
    // Its mask or outline names it; a line beside it is only how it was measured.
    const named = [...at.flat()].sort((a, b) => rank(a) - rank(b))[0];
    const label = labelOf(state, named?.label ?? null);
    const node = at.flat().some((body) => isNode(labelOf(state, body.label)));
    const sizes = at.map((bodies) => sizeOf(bodies, node));
    const before = sizes.slice(0, -1).filter((size) => size !== null);
    const now = sizes.at(-1) ?? null;
    const first = before.find((size) => size.mm !== null)?.mm ?? null;
    const seen = before.length > 0;
    return {
      number,
      label: label?.title ?? named?.label ?? null,
      colour: colourOf(state, named?.label ?? null),
      sizes,
      change: percent(now?.mm ?? null, first),
      state: state.priors.length === 0 ? "only" : now === null ? "gone" : seen ? "followed" : "new",
    };
  });
  const sums = times.map((_, at) => {
    const measured = rows.flatMap(({ sizes }) => sizes[at]?.mm ?? []);
    return measured.length === 0 ? null : measured.reduce((sum, mm) => sum + mm, 0);
  });
  const before = sums.slice(0, -1).filter((sum) => sum !== null);
  const now = sums.at(-1) ?? null;
  return {
    dates: [...state.priors.map((prior) => prior.date), date],
    rows,
    sums,
    fromFirst: percent(now, before[0] ?? null),
    fromLeast: percent(now, before.length === 0 ? null : Math.min(...before)),
  };
}

function rank(body: AnnotationBody): number {
  if (body.target.type === "mask") return 0;
  return body.target.type === "region" && !["length", "bidirectional", "polyline"].includes(body.target.geometry.kind) ? 1 : 2;
}

/** What a lesion of an earlier study is shown by, the mask before the line. */
export function shownBy(row: LesionRow, at: number): AnnotationBody | undefined {
  return [...(row.sizes[at]?.bodies ?? [])].sort((a, b) => rank(a) - rank(b))[0];
}

export const signedPercent = (value: number | null): string => (value === null ? "" : `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(0)} %`);

/** The table as a file: a line a lesion and time point, then the sums. RFC 4180. */
export function lesionCsv(times: LesionTimes, pseudonym: string): string {
  const cell = (value: string | number | null): string => {
    const text = value === null ? "" : typeof value === "number" ? String(Math.round(value * 1000) / 1000) : value;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines: (readonly (string | number | null)[])[] = [["pseudonym", "date", "lesion", "label", "long_axis_mm", "short_axis_mm", "volume_mm3", "counted_mm", "state", "change_percent"]];
  times.dates.forEach((date, at) => {
    const last = at === times.dates.length - 1;
    for (const row of times.rows) {
      const size = row.sizes[at];
      if (size === undefined || (size === null && !last)) continue;
      lines.push([pseudonym, date, row.number, row.label, size?.longMm ?? null, size?.shortMm ?? null, size?.volumeMm3 ?? null, size?.mm ?? null, last ? row.state : "", last ? row.change : null]);
    }
    lines.push([pseudonym, date, "sum", null, null, null, null, times.sums[at] ?? null, "", last ? times.fromFirst : null]);
  });
  return lines.map((line) => `${line.map(cell).join(",")}\r\n`).join("");
}

/** Takes up a lesion of an earlier study: what is drawn next with a label of a lesion is that lesion. */
export function withCarried(state: ImageState, number: number, label: string | null): ImageState {
  return { ...state, carried: number, selected: null, label: label !== null && labelOf(state, label) !== undefined ? label : state.label };
}

export const idOfLesion = (state: ImageState, number: number): AnnotationId | null => findings(state).find((finding) => finding.number === number)?.body.id ?? null;
