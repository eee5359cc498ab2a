// How a recording lies under the screen: what is in view at which scale, as values and pure functions, and the words for
// times on it.
import type { Recording } from "./domain";
import type { FilterSettings } from "./signal_filters";
import type { Layout, Trace } from "./signal_traces";
import { channelTrace } from "./signal_traces";

export interface PaperView {
  readonly recording: Recording;
  /** First visible tick and ticks in one CSS pixel. */
  readonly from: number;
  readonly ticksPerPixel: number;
  readonly widthPixels: number;
  readonly gain: number;
  readonly filter: FilterSettings;
  /** Recorded channels that are looked at, by index. */
  readonly channels: readonly number[];
  /** What is drawn of them; the channels themselves where nothing is said. */
  readonly traces?: readonly Trace[];
  readonly layout?: Layout;
  readonly pixelsPerMm: number;
  /** Every sample is wanted as far as it can be had: a tool looks for peaks. */
  readonly exact?: boolean;
}

export { cssPixelsPerMm } from "./screen_scale";

export function tracesOf(view: PaperView): readonly Trace[] {
  return view.traces ?? view.channels.flatMap((index) => view.recording.channels.filter((channel) => channel.index === index).map(channelTrace));
}

export const ticksPerSecond = (recording: Recording): number => recording.tick_rate.num / recording.tick_rate.den;

const shortestSeconds = 0.2;
// A record shorter than the page does not fill it: paper has its true speed on a screen of any width.
const slowestPaper = 10;

export function withView<V extends PaperView>(state: V, from: number, ticksPerPixel: number): V {
  const { length_ticks: length } = state.recording;
  const finest = (shortestSeconds * ticksPerSecond(state.recording)) / state.widthPixels;
  const coarsest = Math.max(length / state.widthPixels, ticksPerSecond(state.recording) / (slowestPaper * state.pixelsPerMm), finest);
  const scale = Math.min(Math.max(ticksPerPixel, finest), coarsest);
  const span = scale * state.widthPixels;
  return { ...state, ticksPerPixel: scale, from: Math.min(Math.max(from, 0), Math.max(0, length - span)) };
}

export function zoomed<V extends PaperView>(state: V, factor: number, atPixel: number): V {
  const tick = state.from + atPixel * state.ticksPerPixel;
  const next = withView(state, state.from, state.ticksPerPixel * factor);
  return withView(next, tick - atPixel * next.ticksPerPixel, next.ticksPerPixel);
}

export function panned<V extends PaperView>(state: V, share: number): V {
  return withView(state, state.from + share * state.widthPixels * state.ticksPerPixel, state.ticksPerPixel);
}

export function centredOn<V extends PaperView>(state: V, tick: number): V {
  return withView(state, tick - (state.widthPixels * state.ticksPerPixel) / 2, state.ticksPerPixel);
}

/** Keeps a place in view; moves only when it has left the middle four fifths. */
export function shown<V extends PaperView>(state: V, tick: number): V {
  const share = (tick - state.from) / (state.widthPixels * state.ticksPerPixel);
  return share > 0.1 && share < 0.9 ? state : centredOn(state, tick);
}

export function withSpeed<V extends PaperView>(state: V, mmPerSecond: number): V {
  const middle = state.from + (state.widthPixels * state.ticksPerPixel) / 2;
  return centredOn(withView(state, state.from, ticksPerSecond(state.recording) / (mmPerSecond * state.pixelsPerMm)), middle);
}

export function speedOf(state: PaperView): number {
  return ticksPerSecond(state.recording) / (state.ticksPerPixel * state.pixelsPerMm);
}

const shownAtOnce = 12;

/** The channels that are shown first: the protocol's montage, else the recording's first ones. */
export function firstChannels(recording: Recording, montage: readonly string[]): readonly number[] {
  const byName = montage.flatMap((name) => recording.channels.filter((channel) => channel.name.toLowerCase() === name.toLowerCase()).map((channel) => channel.index));
  return (byName.length > 0 ? byName : recording.channels.map((channel) => channel.index)).slice(0, shownAtOnce);
}

// ---- words for times

/** Seconds since the record's begin as a clock: "1:02:07.25". Records carry no real date here. */
export function clockOf(seconds: number, digits: number): string {
  const rounded = digits > 0 ? Number(seconds.toFixed(digits)) : seconds + 1e-9;
  const whole = Math.floor(rounded);
  const fraction = digits > 0 ? (rounded - whole).toFixed(digits).slice(1) : "";
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}${fraction}` : `${m}:${two(s)}${fraction}`;
}

export function durationOf(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}
