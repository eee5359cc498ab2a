// The strips above and below the paper: the whole record, RR intervals, the hypnogram.
import { useComputedColorScheme } from "@mantine/core";
import { useMemo, useRef, useState } from "react";
import type { PointerEvent as ReactPointerEvent } from "react";
import type { Recording } from "@/core/workspace";
import { ticksPerSecond } from "@/core/paper_view";
import { Canvas } from "@/ui/Canvas";
import { inkOf } from "@/ui/paper";
import { rateTrend } from "./beats";
import { drawHypnogram, drawOverview, drawOverviewPlace, drawRr, overviewLeft } from "./draw_strips";
import type { Labels } from "./labels";
import type { SignalState } from "./model";
import { strings } from "./strings";

const shareAt = (event: ReactPointerEvent<HTMLCanvasElement>): number => {
  const box = event.currentTarget.getBoundingClientRect();
  return Math.min(Math.max((event.clientX - box.left - overviewLeft) / (box.width - overviewLeft - 12), 0), 1);
};

/** Labels change in place: the revision says when to count again. */
function trendOf(labels: Labels, recording: Recording, columns: number, _revision: number): ReturnType<typeof rateTrend> {
  return rateTrend(labels.beats, 0, recording.length_ticks, columns, ticksPerSecond(recording));
}

export function Overview(props: { state: SignalState; labels: Labels; look: (tick: number) => void }): React.JSX.Element {
  const { state, labels } = props;
  const scheme = useComputedColorScheme("light");
  const [columns, setColumns] = useState(600);
  const { revision, recording } = state;
  const trend = useMemo(() => trendOf(labels, recording, columns, revision), [labels, recording, columns, revision]);
  // What labels show is drawn once for them; a page turned moves the frame alone.
  const still = useRef<{ readonly key: string; readonly trend: unknown; readonly picture: HTMLCanvasElement } | null>(null);
  const lookAt = (event: ReactPointerEvent<HTMLCanvasElement>): void => props.look(shareAt(event) * recording.length_ticks);
  return (
    <Canvas
      className="signal-overview"
      role="img"
      aria-label={strings.overview}
      watch={[state, trend, scheme]}
      onSize={(width) => setColumns(Math.max(60, Math.round(width - overviewLeft)))}
      paint={(context, size) => {
        const ink = inkOf(context.canvas);
        const { canvas } = context;
        const key = `${scheme} ${String(canvas.width)} ${String(canvas.height)} ${String(labels.intervalRevision)}`;
        if (still.current?.key !== key || still.current.trend !== trend) {
          const picture = document.createElement("canvas");
          [picture.width, picture.height] = [canvas.width, canvas.height];
          const into = picture.getContext("2d", { alpha: false });
          if (into === null) return;
          const ratio = window.devicePixelRatio || 1;
          into.setTransform(ratio, 0, 0, ratio, 0, 0);
          drawOverview(into, state, labels, trend, size, ink, strings.states);
          if (labels.hasBeatLabels) {
            into.textAlign = "left";
            into.fillStyle = ink.text;
            into.fillText(strings.heartRate, 6, 10);
          }
          still.current = { key, trend, picture };
        }
        context.drawImage(still.current.picture, 0, 0, size.width, size.height);
        drawOverviewPlace(context, state, size, ink);
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        lookAt(event);
      }}
      onPointerMove={(event) => event.buttons === 1 && lookAt(event)}
    />
  );
}

export function RrStrip(props: { state: SignalState; labels: Labels; jump: (tick: number) => void }): React.JSX.Element {
  const { state, labels } = props;
  const scheme = useComputedColorScheme("light");
  const span = useRef({ from: 0, to: 1 });
  return (
    <div className="signal-rr">
      <div className="signal-rr-title"><b>{strings.rrTitle}</b> {strings.rrNote}</div>
      <Canvas
        role="img"
        aria-label={strings.rr}
        watch={[state, scheme]}
        paint={(context, size) => {
          span.current = drawRr(context, state, labels, size, inkOf(context.canvas));
        }}
        onPointerDown={(event) => props.jump(span.current.from + shareAt(event) * (span.current.to - span.current.from))}
      />
    </div>
  );
}

export function Hypnogram(props: { state: SignalState; stages: Int8Array; jump: (epoch: number) => void }): React.JSX.Element {
  const { state, stages } = props;
  const scheme = useComputedColorScheme("light");
  const { epochs } = state;
  const jump = (event: ReactPointerEvent<HTMLCanvasElement>): void => {
    if (epochs !== null) props.jump(Math.floor((shareAt(event) * state.recording.length_ticks) / epochs.ticks));
  };
  return (
    <div className="signal-rr">
      <div className="signal-rr-title"><b>{strings.hypnogram}</b> {strings.hypnogramNote(epochs?.plan.lengthS ?? 0)}</div>
      <Canvas
        role="img"
        aria-label={strings.hypnogramLabel}
        watch={[state, stages, scheme]}
        paint={(context, size) => drawHypnogram(context, state, stages, size, inkOf(context.canvas))}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          jump(event);
        }}
        onPointerMove={(event) => event.buttons === 1 && jump(event)}
      />
    </div>
  );
}
