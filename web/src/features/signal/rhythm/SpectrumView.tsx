// The spectrogram of what the paper shows, over it on the same axis of time.
import { useEffect, useMemo, useState } from "react";
import { durationOf, ticksPerSecond } from "@/core/paper_view";
import { lutOf } from "@/core/luts";
import { Canvas } from "@/ui/Canvas";
import { inkOf } from "@/ui/paper";
import { pixelOf } from "../disclosure/model";
import type { SignalState } from "../model";
import type { RecordingSource } from "../recording_source";
import { columnsMax, fetchWindow } from "../recording_source";
import { viewStrings } from "../view_strings";
import type { Spectrogram } from "./spectrum";
import { brightest, spectrogram } from "./spectrum";

const words = viewStrings.spectrum;
const limits = [15, 40, 100, 250] as const;
const windows = [0.5, 1, 2, 4] as const;
const shownDb = 60;
/** Samples that a stretch is made from at most: some megabytes, and a tenth of a second of work. */
const samplesMost = 600_000;

interface Props {
  readonly state: SignalState;
  readonly source: RecordingSource;
}

interface Samples {
  readonly values: Float32Array;
  readonly first: number;
}

/** Samples [first, last) of a channel, in as many requests as the endpoint wants. */
async function fetchSamples(source: RecordingSource, channel: number, first: number, last: number, ticksPerSample: number, signal: AbortSignal): Promise<Samples> {
  const values = new Float32Array(last - first).fill(NaN);
  const atOnce = 2 * columnsMax;
  const parts = Array.from({ length: Math.ceil((last - first) / atOnce) }, (_, n) => first + n * atOnce);
  await Promise.all(parts.map(async (begin) => {
    const end = Math.min(last, begin + atOnce);
    const tile = await fetchWindow(source, Math.ceil(begin * ticksPerSample), Math.ceil(end * ticksPerSample), columnsMax, channel, signal);
    const data = tile.channels.get(channel);
    if (data !== undefined && !tile.minMax) values.set(data.values.subarray(0, end - begin), begin - first);
  }));
  return { values, first };
}

function useSpectrogram(state: SignalState, source: RecordingSource, channel: number, upTo: number, windowSeconds: number, columns: number): { found: Spectrogram | null; failed: string | undefined; isTooLong: boolean; longestSeconds: number } {
  const [found, setFound] = useState<Spectrogram | null>(null);
  const [failed, setFailed] = useState<string>();
  const facts = source.recording.channels[channel];
  const rate = facts?.rate_hz ?? 1;
  const perSample = ticksPerSecond(source.recording) / rate;
  const { from } = state;
  const to = Math.min(from + state.widthPixels * state.ticksPerPixel, source.recording.length_ticks);
  const longestSeconds = samplesMost / rate;
  const isTooLong = (to - from) / perSample > samplesMost;
  useEffect(() => {
    if (isTooLong || columns < 20) return undefined;
    const abort = new AbortController();
    // While one pans or zooms, nothing is asked for.
    const timer = setTimeout(() => {
      const reach = Math.ceil((windowSeconds * rate) / 2) + 1;
      const most = Math.floor(source.recording.length_ticks / perSample);
      const [first, last] = [Math.max(0, Math.floor(from / perSample) - reach), Math.min(most, Math.ceil(to / perSample) + reach)];
      fetchSamples(source, channel, first, last, perSample, abort.signal).then(
        (samples) => {
          setFailed(undefined);
          setFound(spectrogram(samples.values, samples.first, from / perSample, to / perSample, columns, rate, windowSeconds, upTo));
        },
        (problem: unknown) => {
          if (!abort.signal.aborted) setFailed(problem instanceof Error ? problem.message : String(problem));
        },
      );
    }, 150);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [source, channel, from, to, columns, upTo, windowSeconds, isTooLong, perSample, rate]);
  return { found, failed, isTooLong, longestSeconds };
}

export function SpectrumView({ state, source }: Props): React.JSX.Element {
  const [channel, setChannel] = useState(state.channels[0] ?? 0);
  const [upTo, setUpTo] = useState<number>(40);
  const [windowSeconds, setWindow] = useState<number>(2);
  const [width, setWidth] = useState(0);
  const columns = Math.min(2400, Math.round(width));
  const { found, failed, isTooLong, longestSeconds } = useSpectrogram(state, source, channel, upTo, windowSeconds, columns);
  const top = useMemo(() => (found === null ? 0 : brightest(found)), [found]);
  return (
    <section className="signal-side-view signal-spectrum" aria-label={viewStrings.views.spectrum}>
      <header className="signal-view-bar">
        <label>{words.channel} <select className="answer-select" value={channel} onChange={(event) => setChannel(Number(event.currentTarget.value))}>{source.recording.channels.map((one) => <option key={one.index} value={one.index}>{one.name}</option>)}</select></label>
        <label>{words.upTo} <select className="answer-select" value={upTo} onChange={(event) => setUpTo(Number(event.currentTarget.value))}>{limits.map((hz) => <option key={hz} value={hz}>{words.hz(hz)}</option>)}</select></label>
        <label>{words.window} <select className="answer-select" value={windowSeconds} onChange={(event) => setWindow(Number(event.currentTarget.value))}>{windows.map((s) => <option key={s} value={s}>{words.seconds(s)}</option>)}</select></label>
        {found !== null && !isTooLong && <span className="signal-faint">{words.resolution((1 / windowSeconds).toFixed(windowSeconds > 1 ? 2 : 0))}</span>}
      </header>
      {failed !== undefined && <p className="signal-warn" role="alert">{viewStrings.failed(failed)}</p>}
      {isTooLong ? <p className="signal-view-empty">{words.tooLong(durationOf(longestSeconds))}</p> : (
        <Canvas role="img" aria-label={words.label} watch={[found, top]} onSize={(wide) => setWidth(wide)} paint={(context, size) => draw(context, size, found, top, upTo)} />
      )}
    </section>
  );
}

function draw(context: CanvasRenderingContext2D, size: { width: number; height: number }, found: Spectrogram | null, top: number, upTo: number): void {
  const ink = inkOf(context.canvas);
  context.fillStyle = ink.surface;
  context.fillRect(0, 0, size.width, size.height);
  if (found === null) return;
  const image = context.createImageData(context.canvas.width, context.canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const lut = lutOf("viridis");
  const nothing = pixelOf(ink.surface);
  for (let y = 0; y < image.height; y++) {
    const bin = Math.min(found.bins - 1, Math.floor((((image.height - 1 - y) / image.height) * upTo) / found.hzPerBin));
    for (let x = 0; x < image.width; x++) {
      const value = found.power[Math.floor((x / image.width) * found.columns) * found.bins + bin] as number;
      const part = Math.min(Math.max((value - (top - shownDb)) / shownDb, 0), 1);
      pixels[y * image.width + x] = Number.isNaN(value) ? nothing : (lut[Math.round(part * 255)] ?? nothing);
    }
  }
  context.putImageData(image, 0, 0);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "left";
  const step = [5, 10, 25, 50].find((one) => upTo / one <= 6) ?? 50;
  for (let hz = step; hz < upTo; hz += step) {
    const y = size.height * (1 - hz / upTo);
    context.fillStyle = "#ffffff55";
    context.fillRect(0, Math.round(y), size.width, 1);
    context.fillStyle = "#000000aa";
    context.fillRect(4, y - 8, context.measureText(words.hz(hz)).width + 8, 16);
    context.fillStyle = "#ffffff";
    context.fillText(words.hz(hz), 8, y);
  }
}
