// The panel's state: which label the page is about, whose confusions are drawn, which items are chosen. It is
// kept in the address, so that a reload and a link come back to it. Pure functions only.
import type { ItemId } from "@/core/workspace";
import { words } from "./strings";
import type { Estimate, Panel, PanelItem, PanelRater, PanelUnit } from "./types";

// ---- what is chosen

export type Choice =
  | { readonly kind: "unsettled" }
  | { readonly kind: "bits"; readonly from: number; readonly to: number } // bins of the histogram, half open
  | { readonly kind: "unit"; readonly unit: string }
  | { readonly kind: "gold"; readonly rater: string | null; readonly item: string | null }
  | { readonly kind: "against"; readonly rater: string } // where a rater differs from the consensus on the subject
  | { readonly kind: "cell"; readonly rater: string; readonly consensus: number; readonly said: number };
type OfVotes = Choice & { readonly kind: "cell" | "against" };
const ofVotes = (choice: Choice): choice is OfVotes => choice.kind === "cell" || choice.kind === "against";

export interface PanelState {
  readonly panel: Panel;
  readonly subject: string; // the unit the page is about
  readonly raters: readonly string[] | null; // whose confusions are drawn; null: those that confuse most
  readonly choice: Choice;
  readonly listed: boolean; // the list of items is open
}

export const unitOf = (panel: Panel, id: string): PanelUnit | undefined => panel.units.find((unit) => unit.id === id);
export const raterOf = (panel: Panel, id: string): PanelRater | undefined => panel.raters.find((rater) => rater.rater_id === id);

// The first that has a figure: a label that nobody used yet says nothing about the project.
export const chiefUnit = (panel: Panel): string => (panel.units.find((unit) => unit.agreement.estimate.value !== null) ?? panel.units[0])?.id ?? "";

export function writeChoice(choice: Choice): string {
  switch (choice.kind) {
    case "unsettled":
      return "unsettled";
    case "bits":
      return `bits:${String(choice.from)}:${String(choice.to)}`;
    case "unit":
      return `unit:${choice.unit}`;
    case "gold":
      return `gold:${choice.rater ?? ""}:${choice.item ?? ""}`;
    case "against":
      return `against:${choice.rater}`;
    case "cell":
      return `cell:${choice.rater}:${String(choice.consensus)}:${String(choice.said)}`;
  }
}

export function readChoice(text: string | null): Choice {
  const [kind, first = "", second = "", third = ""] = (text ?? "").split(":");
  const whole = (value: string): number => Math.max(0, Math.floor(Number(value)) || 0);
  if (kind === "bits" && whole(second) > whole(first)) return { kind, from: whole(first), to: whole(second) };
  if (kind === "unit" && first !== "") return { kind, unit: (text ?? "").slice(5) };
  if (kind === "gold") return { kind, rater: first === "" ? null : first, item: second === "" ? null : second };
  if (kind === "against" && first !== "") return { kind, rater: first };
  if (kind === "cell" && first !== "") return { kind, rater: first, consensus: whole(second), said: whole(third) };
  return { kind: "unsettled" };
}

export function readState(panel: Panel, parameters: URLSearchParams): PanelState {
  const wanted = parameters.get("unit");
  const named = parameters.get("raters")?.split(",").filter((id) => raterOf(panel, id) !== undefined) ?? [];
  return {
    panel,
    subject: wanted !== null && unitOf(panel, wanted) !== undefined ? wanted : chiefUnit(panel),
    raters: named.length === 0 ? null : named,
    choice: readChoice(parameters.get("items")),
    listed: parameters.get("list") === "open",
  };
}

export function writeState(state: PanelState): URLSearchParams {
  const parameters = new URLSearchParams();
  if (state.subject !== chiefUnit(state.panel)) parameters.set("unit", state.subject);
  if (state.raters !== null) parameters.set("raters", state.raters.join(","));
  if (state.choice.kind !== "unsettled") parameters.set("items", writeChoice(state.choice));
  if (state.listed) parameters.set("list", "open");
  return parameters;
}

export const chose = (state: PanelState, choice: Choice): PanelState => ({ ...state, choice, listed: true });
export const closed = (state: PanelState): PanelState => ({ ...state, listed: false });
export const cleared = (state: PanelState): PanelState => ({ ...state, choice: { kind: "unsettled" }, listed: false });

export function about(state: PanelState, by: number): PanelState {
  const { units } = state.panel;
  const at = units.findIndex((unit) => unit.id === state.subject);
  const next = units[(at + by + units.length) % Math.max(1, units.length)];
  return next === undefined ? state : withSubject(state, next.id);
}
// What was chosen by the old label's classes does not outlive it.
export const withSubject = (state: PanelState, subject: string): PanelState => ({ ...state, subject, ...(ofVotes(state.choice) ? { choice: { kind: "unsettled" } } : {}) });

// ---- items by uncertainty

// Where an item behind a figure opens.
export const itemPath = (project: string, item: string): string => `/p/${project}/review/${item}`;

// The bins that a brush covers when nothing was brushed: from the least doubtful item that is not settled.
export function openBins(panel: Panel): { readonly from: number; readonly to: number } {
  const { edges_bits: edges } = panel.uncertainty;
  const bins = Math.max(1, edges.length - 1);
  const lowest = Math.min(...panel.uncertain_items.filter((item) => !item.settled).map((item) => item.entropy_bits));
  return { from: Number.isFinite(lowest) ? binOf(edges, lowest) : bins - 1, to: bins };
}

export function binOf(edges: readonly number[], bits: number): number {
  let bin = 0;
  while (bin < edges.length - 2 && bits >= (edges[bin + 1] ?? Infinity)) bin += 1;
  return bin;
}

export function brushed(state: PanelState, from: number, to: number): PanelState {
  const bins = state.panel.uncertainty.counts.length;
  const low = Math.max(0, Math.min(from, to, bins - 1));
  const high = Math.min(bins, Math.max(from, to, low + 1));
  return chose(state, { kind: "bits", from: low, to: high });
}
export const brushOf = (state: PanelState): { readonly from: number; readonly to: number } => (state.choice.kind === "bits" ? { from: state.choice.from, to: Math.min(state.choice.to, state.panel.uncertainty.counts.length) } : openBins(state.panel));

export interface Listed {
  readonly item_id: ItemId;
  readonly number: number | null;
  readonly pseudonym: string;
  readonly title: string;
  readonly words: string; // why it is in the list
  readonly bits: number | null;
  readonly settled: boolean | null;
}

const classTitle = (panel: Panel, unit: string, id: string): string => unitOf(panel, unit)?.classes.find((one) => one.id === id)?.title ?? id;

const listed = (panel: Panel, item: PanelItem): Listed => ({
  item_id: item.item_id,
  number: item.number,
  pseudonym: item.pseudonym,
  title: item.title,
  words: words.doubt(unitOf(panel, item.unit)?.title ?? item.unit, classTitle(panel, item.unit, item.top.class), item.top.probability, item.votes, item.votes_needed) + (item.settled || !item.next_reader ? "" : words.nextReader(item.next_reader.name, item.next_reader.minutes)),
  bits: item.entropy_bits,
  settled: item.settled,
});

// The items behind what is chosen, most doubtful first.
export function itemsOf(state: PanelState): readonly Listed[] {
  const { panel, choice } = state;
  const doubtful = (fits: (item: PanelItem) => boolean): Listed[] => panel.uncertain_items.filter(fits).map((item) => listed(panel, item));
  switch (choice.kind) {
    case "unsettled":
      return doubtful((item) => !item.settled);
    case "bits":
      return doubtful((item) => {
        const bin = binOf(panel.uncertainty.edges_bits, item.entropy_bits);
        return bin >= choice.from && bin < choice.to;
      });
    case "unit":
      return overlapping(panel, choice.unit) ?? doubtful((item) => item.unit === choice.unit && !item.settled);
    case "gold":
      return goldItems(panel, choice.rater, choice.item);
    case "against":
    case "cell":
      return differing(state, choice);
  }
}

// Of masks: the items whose readers overlap least, with the two who part most.
function overlapping(panel: Panel, unit: string): Listed[] | null {
  const masks = unitOf(panel, unit)?.masks ?? null;
  if (masks === null || masks.items === 0) return null;
  return masks.lowest.map((item) => {
    const worst = item.pairs.reduce((least, pair) => (pair.dice < least.dice ? pair : least), { first: "", second: "", dice: Infinity });
    const known = panel.uncertain_items.find((one) => one.item_id === item.item_id);
    const name = (id: string): string => raterOf(panel, id)?.name ?? "?";
    return { item_id: item.item_id, number: item.number, pseudonym: item.pseudonym, title: item.title, words: words.overlap(item.dice, item.pairs.length, name(worst.first), name(worst.second), worst.dice), bits: null, settled: known?.settled ?? null };
  });
}

function goldItems(panel: Panel, rater: string | null, only: string | null): Listed[] {
  return goldByItem(panel)
    .filter((gold) => (only === null || gold.item_id === only) && (rater === null || (gold.missed.get(rater) ?? []).length > 0))
    .map((gold) => {
      const known = panel.uncertain_items.find((item) => item.item_id === gold.item_id);
      const own = rater === null ? undefined : gold.missed.get(rater);
      const others = [...gold.missed].filter(([, missed]) => missed.length > 0).map(([id]) => raterOf(panel, id)?.name ?? "?");
      return { item_id: gold.item_id, number: gold.number, pseudonym: known?.pseudonym ?? "", title: known?.title ?? "", words: own === undefined ? words.goldMissedBy(others) : own.join("; "), bits: known?.entropy_bits ?? null, settled: known?.settled ?? null };
    });
}

function differing(state: PanelState, choice: OfVotes): Listed[] {
  const { panel, subject } = state;
  const classes = unitOf(panel, subject)?.classes ?? [];
  const fits = (vote: { readonly said: string; readonly consensus: string }): boolean => choice.kind === "against" || (vote.said === classes[choice.said]?.id && vote.consensus === classes[choice.consensus]?.id);
  const byItem = new Map<string, Listed>();
  for (const vote of raterOf(panel, choice.rater)?.differs ?? []) {
    if (vote.unit !== subject || !fits(vote) || byItem.has(vote.item_id)) continue;
    const item = panel.uncertain_items.find((one) => one.item_id === vote.item_id);
    const known: Listed = item === undefined ? { item_id: vote.item_id, number: vote.number, pseudonym: "", title: "", words: "", bits: null, settled: null } : listed(panel, item);
    // All of a cell were said alike: what is in doubt tells more.
    byItem.set(vote.item_id, choice.kind === "cell" && item !== undefined ? known : { ...known, words: words.said(classTitle(panel, subject, vote.said), classTitle(panel, subject, vote.consensus)) });
  }
  return [...byItem.values()].sort((a, b) => (b.bits ?? -1) - (a.bits ?? -1));
}
// Whether the server lists what a choice stands on.
export const isListed = (state: PanelState): boolean => !ofVotes(state.choice) || raterOf(state.panel, state.choice.rater)?.differs !== undefined;

export function nameChoice(state: PanelState): string {
  const { panel, choice } = state;
  const edges = panel.uncertainty.edges_bits;
  switch (choice.kind) {
    case "unsettled":
      return words.choiceUnsettled;
    case "bits":
      return words.choiceBits(edges[choice.from] ?? 0, edges[choice.to] ?? edges.at(-1) ?? 0);
    case "unit":
      return (unitOf(panel, choice.unit)?.masks?.items ?? 0) > 0 ? words.choiceOverlap(unitOf(panel, choice.unit)?.title ?? choice.unit) : words.choiceUnit(unitOf(panel, choice.unit)?.title ?? choice.unit);
    case "gold":
      return choice.rater === null ? words.choiceGold : words.choiceGoldOf(raterOf(panel, choice.rater)?.name ?? "");
    case "against":
      return words.choiceAgainst(raterOf(panel, choice.rater)?.name ?? "", unitOf(panel, state.subject)?.title ?? "");
    case "cell": {
      const classes = unitOf(panel, state.subject)?.classes ?? [];
      return words.choiceCell(raterOf(panel, choice.rater)?.name ?? "", classes[choice.said]?.title ?? "", classes[choice.consensus]?.title ?? "");
    }
  }
}

// ---- where the project stands, in words

// J. R. Landis, G. G. Koch, Biometrics 33 (1977) 159-174, for two decimals.
export function landisKoch(value: number): string {
  const two = Math.round(value * 100) / 100;
  if (two < 0) return "poor";
  return two <= 0.2 ? "slight" : two <= 0.4 ? "fair" : two <= 0.6 ? "moderate" : two <= 0.8 ? "substantial" : "almost perfect";
}
export const landisKochBands: readonly { readonly from: number; readonly to: number; readonly word: string }[] = [
  { from: -1, to: 0, word: "poor" },
  { from: 0, to: 0.2, word: "slight" },
  { from: 0.2, to: 0.4, word: "fair" },
  { from: 0.4, to: 0.6, word: "moderate" },
  { from: 0.6, to: 0.8, word: "substantial" },
  { from: 0.8, to: 1, word: "almost perfect" },
];

export const two = (value: number): string => value.toFixed(2).replace("-", "−");
export const interval = (estimate: Estimate): string => (estimate.low === null || estimate.high === null ? "" : `[${two(estimate.low)}, ${two(estimate.high)}]`);

export type Standing = "met" | "open" | "below" | "none";
// Below only when the whole interval is: a target inside the interval is an open question.
export function standing(estimate: Estimate, target: number | null): Standing {
  if (target === null || estimate.value === null) return "none";
  if (estimate.high !== null && estimate.high < target) return "below";
  return estimate.low !== null && estimate.low >= target ? "met" : "open";
}

export interface Part {
  readonly text: string;
  readonly strong?: boolean;
  readonly to?: "agreement" | "drift" | "unsettled"; // what the part opens
}

export function sentence(panel: Panel, subject: string): readonly Part[] {
  const unit = unitOf(panel, subject);
  const drifting = panel.raters.filter((rater) => rater.drift.flagged).length;
  const open = panel.items.unsettled;
  const parts: Part[] = unit === undefined ? [] : [...agreementParts(panel, unit)];
  // One rater alone agrees with the consensus by being it.
  if (panel.raters.length > 1) parts.push({ text: "; " }, drifting === 0 ? { text: words.noDrift } : { text: words.drift(drifting), to: "drift" });
  parts.push({ text: "; " }, open === 0 ? { text: words.allSettled } : { text: words.open(open), to: "unsettled" }, { text: "." });
  return parts;
}

function agreementParts(panel: Panel, unit: PanelUnit): readonly Part[] {
  const { estimate, metric } = unit.agreement;
  const title: Part = { text: inSentence(unit.title), strong: true };
  if (estimate.value === null) return [{ text: words.agreementOn }, title, { text: words.notDefined(lower(estimate.undefined ?? "")) }];
  const alpha = metric === "krippendorff_alpha";
  return [
    { text: alpha ? words.agreementOn : words.overlapOn },
    title,
    { text: alpha ? ` is ${landisKoch(estimate.value)}: ` : " is " },
    { text: `${words.metric(metric)}\u00a0`, to: "agreement" },
    { text: two(estimate.value), strong: true, to: "agreement" },
    ...(interval(estimate) === "" ? [] : [{ text: `\u00a0${interval(estimate).replace(" ", "\u00a0")}`, to: "agreement" as const }]),
    ...(panel.cluster === "" ? [] : [{ text: `, clustered by ${panel.cluster}` }]),
  ];
}

// "Ground glass" is "ground glass" within a sentence; "LVEF" and "T1 lesion" stay.
export const inSentence = (title: string): string => (/^.[a-z]/.test(title) ? lower(title) : title);
const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");

// ---- scales

export interface Scale {
  readonly from: number;
  readonly to: number;
  readonly at: (value: number) => number;
}
export const linear = (from: number, to: number, begin: number, end: number): Scale => ({ from, to, at: (value) => begin + ((value - from) / (to - from || 1)) * (end - begin) });

// Steps of 1, 2 or 5 times a power of ten, some `wanted` of them.
export function ticks(from: number, to: number, wanted: number): number[] {
  const raw = (to - from) / Math.max(1, wanted);
  if (!(raw > 0)) return [from];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * (raw / power > 5 ? 10 : raw / power > 2 ? 5 : raw / power > 1 ? 2 : 1);
  const first = Math.ceil(from / step - 1e-9);
  return Array.from({ length: Math.max(0, Math.floor(to / step + 1e-9) - first + 1) }, (_, n) => Number(((first + n) * step).toPrecision(12)));
}

// From where a scale of agreement starts: below the lowest interval, on a fifth, at most at 0.4.
export function agreementFloor(estimates: readonly Estimate[]): number {
  const lows = estimates.flatMap((estimate) => [estimate.low ?? estimate.value ?? 1]);
  return Math.max(-1, Math.min(0.4, Math.floor(Math.min(0.4, ...lows) * 5 - 1e-9) / 5));
}

// ---- raters

export type Mark = "human" | "model" | "rule";
export const markOf = (kind: string): Mark => (kind === "human" ? "human" : kind === "model" ? "model" : "rule");
const order: Readonly<Record<Mark, number>> = { human: 0, model: 1, rule: 2 };
// People first, then models, then rules; the most items first within each.
export const byKind = (raters: readonly PanelRater[]): readonly PanelRater[] => [...raters].sort((a, b) => order[markOf(a.kind)] - order[markOf(b.kind)] || b.items - a.items || a.name.localeCompare(b.name));

// Whose confusions are drawn: those chosen, else those with the largest share off the diagonal.
export function confused(state: PanelState, room: number): readonly PanelRater[] {
  const have = byKind(state.panel.raters).filter((rater) => rater.confusion.some((one) => one.unit === state.subject));
  const { raters } = state;
  if (raters !== null) return have.filter((rater) => raters.includes(rater.rater_id)).slice(0, room);
  const off = (rater: PanelRater): number => {
    const counts = rater.confusion.find((one) => one.unit === state.subject)?.counts ?? [];
    const all = counts.flat().reduce((sum, value) => sum + value, 0);
    return all === 0 ? 0 : 1 - counts.reduce((sum, row, at) => sum + (row[at] ?? 0), 0) / all;
  };
  const worst = new Set([...have].sort((a, b) => off(b) - off(a)).slice(0, room));
  return have.filter((rater) => worst.has(rater));
}

// Gold by item: truth is known of several places of an item, and a rater is right when all of them are.
export interface GoldItem {
  readonly item_id: ItemId;
  readonly number: number;
  readonly missed: ReadonlyMap<string, readonly string[]>; // by rater who read it: what was missed, in words
}
export function goldByItem(panel: Panel): readonly GoldItem[] {
  const items = new Map<string, { readonly item_id: ItemId; readonly number: number; readonly missed: Map<string, string[]> }>();
  for (const gold of panel.gold) {
    const item = items.get(gold.item_id) ?? { item_id: gold.item_id, number: gold.number, missed: new Map<string, string[]>() };
    items.set(gold.item_id, item);
    for (const answer of gold.answers) {
      const missed = item.missed.get(answer.rater_id) ?? [];
      if (!answer.right) missed.push(words.missed(unitOf(panel, gold.unit)?.title ?? gold.unit, classTitle(panel, gold.unit, answer.said), classTitle(panel, gold.unit, gold.truth)));
      item.missed.set(answer.rater_id, missed);
    }
  }
  return [...items.values()];
}

// The gold items that many were wrong on, by their column.
export const hardGold = (panel: Panel): readonly number[] =>
  goldByItem(panel).flatMap(({ missed }, at) => (missed.size >= 3 && [...missed.values()].filter((one) => one.length > 0).length >= 0.4 * missed.size ? [at + 1] : []));

// The longest beginning of a text that is no wider than `width`.
export function cut(text: string, width: number, measure: (text: string) => number): string {
  if (measure(text) <= width) return text;
  let length = text.length - 1;
  while (length > 1 && measure(`${text.slice(0, length).trimEnd()}…`) > width) length -= 1;
  return `${text.slice(0, length).trimEnd()}…`;
}

// A text in so many lines at most; the last is cut.
export function wrap(text: string, width: number, lines: number, measure: (text: string) => number): readonly string[] {
  if (lines <= 1 || measure(text) <= width) return [cut(text, width, measure)];
  const parts = text.split(" ");
  let taken = 1;
  while (taken < parts.length - 1 && measure(parts.slice(0, taken + 1).join(" ")) <= width) taken += 1;
  return parts.length === 1 ? [cut(text, width, measure)] : [cut(parts.slice(0, taken).join(" "), width, measure), ...wrap(parts.slice(taken).join(" "), width, lines - 1, measure)];
}

// ---- the forecast

export interface Forecast {
  readonly now: { readonly hours: number; readonly share: number };
  readonly end: number | null; // hours at which all is settled
  readonly low: number | null;
  readonly high: number | null;
}
export function forecast(panel: Panel): Forecast {
  const { curve, settled_share, hours } = panel.effort;
  const spent = curve.at(-1)?.hours ?? 0;
  const later = (more: number | null): number | null => (more === null ? null : spent + more);
  return { now: { hours: spent, share: settled_share }, end: later(hours.value), low: later(hours.low), high: later(hours.high) };
}

const oneHour = (hours: number): string => (hours < 1 ? `${String(Math.max(1, Math.round(hours * 60)))} min` : `${hours < 10 ? String(Math.round(hours * 10) / 10) : hours.toFixed(0)} h`);
export function effortWords(panel: Panel): { readonly head: string; readonly band: string; readonly votes: string } {
  const { hours, votes_more, settled_share } = panel.effort;
  const votes = words.votesMore(votes_more);
  if (votes_more === 0 && settled_share >= 1) return { head: words.effortDone, band: "", votes: "" };
  if (hours.value === null) return { head: words.effortUnknown, band: hours.undefined ?? "", votes };
  return { head: words.effortHead(oneHour(hours.value)), band: hours.low === null || hours.high === null ? (hours.undefined ?? "") : words.effortBand(oneHour(hours.low), oneHour(hours.high)), votes };
}

// The shortest beginnings that tell the classes apart: what stands over a narrow column.
export function shortNames(titles: readonly string[]): readonly string[] {
  const clean = titles.map((title) => title.replace(/[^\p{L}\p{N}]/gu, ""));
  for (let length = 1; length <= 3; length += 1) {
    const cut = clean.map((title) => title.slice(0, length));
    if (new Set(cut).size === cut.length) return cut;
  }
  return titles.map((_, at) => String(at + 1));
}

export interface Tiling {
  readonly columns: number;
  readonly rows: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
}
// How many confusion pictures of k classes fit into a card, with cells that can be read and hit.
export function tiling(width: number, height: number, classes: number, raters: number, headHeight: number): Tiling {
  const least = 24;
  const leastWide = Math.max(least, 84 / classes); // the rater's name stands above
  const cell = (columns: number, rows: number): Tiling => ({
    columns,
    rows,
    cellWidth: Math.floor(Math.min(56, (width - (columns - 1) * 14) / (columns * classes))),
    cellHeight: Math.floor(Math.min(34, (height - rows * headHeight) / (rows * classes))),
  });
  let best = cell(1, 1);
  for (let columns = 1; columns <= 4; columns += 1) {
    for (let rows = 1; rows <= 3; rows += 1) {
      const tried = cell(columns, rows);
      const readable = tried.cellWidth >= leastWide && tried.cellHeight >= least;
      const more = Math.min(columns * rows, raters) > Math.min(best.columns * best.rows, raters);
      if (readable && more) best = tried;
    }
  }
  return { ...best, cellWidth: Math.max(24, best.cellWidth), cellHeight: Math.max(24, best.cellHeight) };
}
