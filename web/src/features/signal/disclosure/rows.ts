// The rows of a page of full disclosure as they come from the server; kept while one looks around.
import { useEffect, useRef, useState } from "react";
import type { RecordingSource } from "../recording_source";
import { columnsMax, fetchWindow, pairsOf } from "../recording_source";
import { ticksPerSecond } from "@/core/paper_view";
import type { Page } from "./model";
import { requestsOf } from "./model";

const rowsKept = 600;

export interface Rows {
  readonly row: (row: number) => Float32Array | undefined;
  /** Grows with every row that came. */
  readonly count: number;
  readonly failed: string | undefined;
  readonly again: () => void;
}

export function useRows(source: RecordingSource, page: Page, channel: number, columns: number): Rows {
  const kept = useRef(new Map<string, Float32Array>());
  const [count, setCount] = useState(0);
  const [failed, setFailed] = useState<string>();
  const [attempt, setAttempt] = useState(0);
  const { rowTicks, firstRow, rowCount } = page;
  const keyOf = (row: number): string => `${channel}/${rowTicks}/${columns}/${row}`;

  useEffect(() => {
    if (columns < 50) return undefined;
    const abort = new AbortController();
    const rate = source.recording.channels[channel]?.rate_hz ?? 1;
    const ticksPerSample = ticksPerSecond(source.recording) / rate;
    const length = source.recording.length_ticks;
    const load = async (row: number, rows: number): Promise<void> => {
      const [from, to] = [row * rowTicks, (row + rows) * rowTicks];
      const end = Math.min(to, length);
      const tile = await fetchWindow(source, from, end, Math.max(1, Math.round((columns * rows * (end - from)) / (to - from))), channel, abort.signal);
      for (let n = 0; n < rows; n++) {
        const begin = from + n * rowTicks;
        kept.current.set(`${channel}/${rowTicks}/${columns}/${row + n}`, pairsOf(tile, channel, begin, begin + rowTicks, columns, ticksPerSample));
      }
      for (const oldest of kept.current.keys()) {
        if (kept.current.size <= rowsKept) break;
        kept.current.delete(oldest);
      }
      setCount((before) => before + 1);
    };
    const wanted = requestsOf({ rowTicks, firstRow, rowCount }, columns, columnsMax).filter(({ row, rows }) =>
      Array.from({ length: rows }, (_, n) => row + n).some((one) => !kept.current.has(`${channel}/${rowTicks}/${columns}/${one}`)),
    );
    // The wheel runs over many pages: what is only passed is not asked for.
    const timer = setTimeout(() => {
      Promise.all(wanted.map(({ row, rows }) => load(row, rows))).then(() => setFailed(undefined), (problem: unknown) => {
        if (!abort.signal.aborted) setFailed(problem instanceof Error ? problem.message : String(problem));
      });
    }, 40);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [source, channel, columns, rowTicks, firstRow, rowCount, attempt]);

  return { row: (row) => kept.current.get(keyOf(row)), count, failed, again: () => setAttempt((before) => before + 1) };
}
