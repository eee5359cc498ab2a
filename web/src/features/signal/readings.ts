// What a group of waves measures, in words.
import type { WaveReadings } from "@/core/signal_waves";
import { strings } from "./strings";

const ms = (value: number | null): string | null => (value === null ? null : `${String(Math.round(value))} ms`);

/** "PR 162   QRS 94   QT 405   QTcF 429 ms": what there is of it. */
export function readingsText({ pr, qrs, qt, qtc }: WaveReadings): string {
  const parts = [["PR", pr], ["QRS", qrs], ["QT", qt], ["QTcF", qtc?.fridericia ?? null]] as const;
  return parts.flatMap(([name, value]) => (value === null ? [] : [`${name} ${String(Math.round(value))}`])).join("   ") + " ms";
}

export interface ReadingRow {
  readonly name: string;
  readonly hint: string;
  readonly value: string | null;
}

export function readingRows({ pr, qrs, qt, rr, qtc }: WaveReadings): readonly ReadingRow[] {
  return [
    { name: "PR", hint: strings.readings.pr, value: ms(pr) },
    { name: "QRS", hint: strings.readings.qrs, value: ms(qrs) },
    { name: "QT", hint: strings.readings.qt, value: ms(qt) },
    { name: "RR", hint: strings.readings.rr, value: ms(rr) },
    { name: "QTcF", hint: strings.readings.fridericia, value: ms(qtc?.fridericia ?? null) },
    { name: "QTcB", hint: strings.readings.bazett, value: ms(qtc?.bazett ?? null) },
    { name: "QTcFr", hint: strings.readings.framingham, value: ms(qtc?.framingham ?? null) },
    { name: "QTcH", hint: strings.readings.hodges, value: ms(qtc?.hodges ?? null) },
  ];
}
