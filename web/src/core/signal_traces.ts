// What is drawn of a recording: traces, each a weighted sum of channels, in an order and on a page. A channel as it was
// recorded is a trace of one term. Sources: the limb leads of W. Einthoven and E. Goldberger (III = II - I,
// aVR = -(I + II)/2, aVL = I - II/2, aVF = II - I/2); EEG montages as the guideline of the American Clinical
// Neurophysiology Society names them (Guideline 3: longitudinal bipolar, common average, linked ears).
import type { Channel, Recording } from "./domain";

export interface Term {
  readonly channel: number;
  readonly weight: number;
}

export interface Trace {
  /** Tells traces of a recording apart, and stays the same when it is opened anew. */
  readonly key: string;
  readonly name: string;
  readonly unit: string;
  readonly rateHz: number;
  readonly terms: readonly Term[];
  /** Multiplies the page's gain. */
  readonly gain: number;
}

export const montageIds = ["recorded", "leads", "bipolar", "average", "ears", "contralateral"] as const;
export type MontageId = (typeof montageIds)[number];
export const layouts = ["stacked", "3x4", "6x2", "cabrera"] as const;
export type Layout = (typeof layouts)[number];

/** A chosen arrangement; keys that a montage does not have are of no effect. */
export interface Arrangement {
  readonly montage: MontageId;
  readonly layout: Layout;
  /** Keys in the order wanted; the others follow in the montage's own. */
  readonly order: readonly string[];
  /** Shown, or null for the first ones. */
  readonly shown: readonly string[] | null;
  readonly gains: Readonly<Record<string, number>>;
}

export const plainArrangement: Arrangement = { montage: "recorded", layout: "stacked", order: [], shown: null, gains: {} };
export const shownAtOnce = 12;

export function channelTrace(channel: Channel): Trace {
  return { key: `channel ${String(channel.index)}`, name: channel.name, unit: channel.unit, rateHz: channel.rate_hz, terms: [{ channel: channel.index, weight: 1 }], gain: 1 };
}

/** Whether a trace is more than a channel as it stands. */
export const isDerived = (trace: Trace): boolean => trace.terms.length !== 1 || trace.terms[0]?.weight !== 1;

// ---- names

/** "EEG Fp1-REF" and "MLII" as a montage names them: FP1, II. Newer names of the 10-20 system become the older ones. */
export function siteOf(name: string): string {
  const bare = name.toUpperCase().replace(/^(EEG|ECG|EKG|LEAD)[\s_.-]+/, "").replace(/[\s_.-]*(REF|LE|AVG|AV)$/, "").trim();
  const renamed: Readonly<Record<string, string>> = { MLI: "I", MLII: "II", MLIII: "III", T7: "T3", T8: "T4", P7: "T5", P8: "T6", M1: "A1", M2: "A2" };
  return renamed[bare] ?? bare;
}

type Sites = ReadonlyMap<string, Channel>;

function sitesOf(recording: Recording): Sites {
  const sites = new Map<string, Channel>();
  for (const channel of recording.channels) {
    const site = siteOf(channel.name);
    if (!sites.has(site)) sites.set(site, channel);
  }
  return sites;
}

/** A sum of sites, or undefined where one is not recorded or they differ in unit or rate. */
function sum(sites: Sites, name: string, parts: readonly (readonly [site: string, weight: number])[]): Trace | undefined {
  const channels = parts.map(([site]) => sites.get(site));
  const [first] = channels;
  if (first === undefined || channels.some((channel) => channel?.rate_hz !== first.rate_hz || channel.unit !== first.unit)) return undefined;
  const terms = channels.flatMap((channel, n) => (channel === undefined ? [] : [{ channel: channel.index, weight: parts[n]?.[1] ?? 0 }]));
  return { key: name, name, unit: first.unit, rateHz: first.rate_hz, terms, gain: 1 };
}

// ---- electrocardiogram

const limbLeads = ["I", "II", "III", "AVR", "AVL", "AVF"];
const chestLeads = ["V1", "V2", "V3", "V4", "V5", "V6"];
const leadNames: Readonly<Record<string, string>> = { AVR: "aVR", AVL: "aVL", AVF: "aVF" };

const fromTwo: Readonly<Record<string, readonly (readonly [string, number])[]>> = {
  III: [["II", 1], ["I", -1]],
  AVR: [["I", -0.5], ["II", -0.5]],
  AVL: [["I", 1], ["II", -0.5]],
  AVF: [["II", 1], ["I", -0.5]],
};

/** A standard lead: as it was recorded, else from I and II. */
function lead(sites: Sites, site: string): Trace | undefined {
  const recorded = sites.get(site);
  if (recorded !== undefined) return { ...channelTrace(recorded), name: leadNames[site] ?? site };
  const parts = fromTwo[site];
  return parts === undefined ? undefined : sum(sites, leadNames[site] ?? site, parts);
}

const isTrace = (trace: Trace | undefined): trace is Trace => trace !== undefined;

function standardLeads(sites: Sites): readonly Trace[] {
  return [...limbLeads, ...chestLeads].map((site) => lead(sites, site)).filter(isTrace);
}

/** Cabrera's order of the limb leads: round the frontal plane by 30 degrees, aVR turned over. */
function cabrera(traces: readonly Trace[]): readonly Trace[] {
  const named = (name: string): Trace | undefined => traces.find((trace) => trace.name === name);
  const aVR = named("aVR");
  const turned = aVR === undefined ? undefined : { ...aVR, key: `- ${aVR.key}`, name: "−aVR", terms: aVR.terms.map((term) => ({ ...term, weight: -term.weight })) };
  return [named("aVL"), named("I"), turned, named("II"), named("aVF"), named("III"), ...chestLeads.map(named)].filter(isTrace);
}

// ---- electroencephalogram

const chains = [["FP1", "F7", "T3", "T5", "O1"], ["FP1", "F3", "C3", "P3", "O1"], ["FZ", "CZ", "PZ"], ["FP2", "F4", "C4", "P4", "O2"], ["FP2", "F8", "T4", "T6", "O2"]];
const scalp = [...new Set(chains.flat())];
const siteNames: Readonly<Record<string, string>> = { FP1: "Fp1", FP2: "Fp2", FZ: "Fz", CZ: "Cz", PZ: "Pz" };
const siteName = (site: string): string => siteNames[site] ?? site;

const scalpOf = (sites: Sites): readonly string[] => scalp.filter((site) => sites.has(site));

function bipolar(sites: Sites): readonly Trace[] {
  return chains.flatMap((chain) => chain.slice(1).map((site, n) => sum(sites, `${siteName(chain[n] ?? "")}-${siteName(site)}`, [[chain[n] ?? "", 1], [site, -1]])).filter(isTrace));
}

function average(sites: Sites): readonly Trace[] {
  const all = scalpOf(sites);
  return all.map((site) => sum(sites, `${siteName(site)}-Avg`, all.map((other) => [other, (other === site ? 1 : 0) - 1 / all.length]))).filter(isTrace);
}

function linkedEars(sites: Sites): readonly Trace[] {
  return scalpOf(sites).map((site) => sum(sites, `${siteName(site)}-A1A2`, [[site, 1], ["A1", -0.5], ["A2", -0.5]])).filter(isTrace);
}

/** Against the ear of the other side: odd sites lie on the left; those of the midline go against both. */
function contralateral(sites: Sites): readonly Trace[] {
  return scalpOf(sites)
    .map((site) => {
      const digit = Number(site.slice(-1));
      if (Number.isNaN(digit)) return sum(sites, `${siteName(site)}-A1A2`, [[site, 1], ["A1", -0.5], ["A2", -0.5]]);
      const ear = digit % 2 === 1 ? "A2" : "A1";
      return sum(sites, `${siteName(site)}-${ear}`, [[site, 1], [ear, -1]]);
    })
    .filter(isTrace);
}

/** The channels that a montage leaves as they are: eyes, chin, breath beside an EEG. */
function others(recording: Recording, used: (site: string) => boolean): readonly Trace[] {
  return recording.channels.filter((channel) => !used(siteOf(channel.name))).map(channelTrace);
}

// ---- the page

/** All traces of a montage in its own order; none where the recording has not what it is made of. */
export function montageTraces(recording: Recording, montage: MontageId): readonly Trace[] {
  const sites = sitesOf(recording);
  const reference = (traces: readonly Trace[]): readonly Trace[] =>
    traces.length < 2 ? [] : [...traces, ...others(recording, (site) => scalp.includes(site) || site === "A1" || site === "A2")];
  switch (montage) {
    case "recorded": return recording.channels.map(channelTrace);
    case "leads": {
      const leads = standardLeads(sites);
      return leads.some(isDerived) ? [...leads, ...others(recording, (site) => limbLeads.includes(site) || chestLeads.includes(site))] : [];
    }
    case "bipolar": return reference(bipolar(sites));
    case "average": return scalpOf(sites).length < 4 ? [] : reference(average(sites));
    case "ears": return reference(linkedEars(sites));
    case "contralateral": return reference(contralateral(sites));
  }
}

export const montagesOf = (recording: Recording): readonly MontageId[] => montageIds.filter((id) => montageTraces(recording, id).length > 0);

/** Which pages a recording can be laid out on: those of columns want the twelve leads, recorded or derived. */
export function layoutsOf(recording: Recording): readonly Layout[] {
  return standardLeads(sitesOf(recording)).length === 12 ? layouts : ["stacked"];
}

const onPage = (traces: readonly Trace[], { gains }: Arrangement): readonly Trace[] =>
  traces.map((trace) => ({ ...trace, gain: gains[trace.key] ?? 1 }));

/** The traces of an arrangement that may be shown, in the order wanted. */
export function arranged(recording: Recording, arrangement: Arrangement): readonly Trace[] {
  if (arrangement.layout !== "stacked") {
    const leads = standardLeads(sitesOf(recording));
    return onPage(arrangement.layout === "cabrera" ? cabrera(leads) : leads, arrangement);
  }
  const found = montageTraces(recording, arrangement.montage);
  const traces = found.length === 0 ? montageTraces(recording, "recorded") : found;
  const place = new Map(arrangement.order.map((key, n) => [key, n]));
  const at = (trace: Trace): number => place.get(trace.key) ?? Infinity;
  return onPage(traces.map((trace, n) => ({ trace, n })).sort((a, b) => at(a.trace) - at(b.trace) || a.n - b.n).map(({ trace }) => trace), arrangement);
}

/** Those that are shown: chosen ones, else the first. On a page of columns all of them. */
export function shownTraces(recording: Recording, arrangement: Arrangement): readonly Trace[] {
  const traces = arranged(recording, arrangement);
  if (arrangement.layout !== "stacked") return traces;
  const chosen = arrangement.shown === null ? [] : traces.filter((trace) => arrangement.shown?.includes(trace.key) === true);
  return chosen.length > 0 ? chosen : traces.slice(0, shownAtOnce);
}

/** A trace's place on a page: its row of `rows`, and from where to where across. */
export interface Cell {
  readonly trace: Trace;
  readonly row: number;
  readonly from: number;
  readonly to: number;
}

export interface Page {
  readonly rows: number;
  readonly cells: readonly Cell[];
}

/** Columns follow each other in time, as on printed paper; the last row of 3x4 is the rhythm strip, lead II throughout. */
export function pageOf(traces: readonly Trace[], layout: Layout): Page {
  if (layout === "stacked") return { rows: traces.length, cells: traces.map((trace, row) => ({ trace, row, from: 0, to: 1 })) };
  const rows = layout === "3x4" ? 3 : 6;
  const columns = Math.ceil(traces.length / rows);
  const cells = traces.map((trace, n): Cell => ({ trace, row: n % rows, from: Math.floor(n / rows) / columns, to: (Math.floor(n / rows) + 1) / columns }));
  if (layout !== "3x4") return { rows, cells };
  const rhythm = traces.find((trace) => trace.name === "II") ?? traces[0];
  return rhythm === undefined ? { rows, cells } : { rows: rows + 1, cells: [...cells, { trace: { ...rhythm, key: `rhythm ${rhythm.key}` }, row: rows, from: 0, to: 1 }] };
}

/** The key with one trace moved by a place. */
export function moveTrace(traces: readonly Trace[], key: string, by: 1 | -1): readonly string[] {
  const keys = traces.map((trace) => trace.key);
  const at = keys.indexOf(key);
  const to = at + by;
  if (at < 0 || to < 0 || to >= keys.length) return keys;
  const [moved] = keys.splice(at, 1);
  if (moved !== undefined) keys.splice(to, 0, moved);
  return keys;
}
