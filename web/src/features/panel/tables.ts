// What each figure shows, as a table: people take it into their own software.
import type { Table } from "@/core/csv";
import { byKind, forecast } from "./model";
import type { Estimate, Panel, PanelRater } from "./types";

const three = (estimate: Estimate) => [estimate.value, estimate.low, estimate.high, estimate.undefined] as const;

export const agreementTable = (panel: Panel): Table => [
  ["label", "class", "metric", "level", "value", "low", "high", "undefined", "target", "items", "units", "votes"],
  ...panel.units.flatMap((unit) => [
    [unit.id, null, unit.agreement.metric, unit.agreement.level, ...three(unit.agreement.estimate), unit.agreement.target, unit.items, unit.units, unit.votes],
    ...unit.by_class.map((one) => [unit.id, one.class, unit.agreement.metric, "nominal", ...three(one.estimate), null, null, null, null]),
  ]),
];

export const ratersTable = (panel: Panel): Table => [
  ["rater", "kind", "items", "votes", "reliability", "low", "high", "undefined", "gold_right", "gold_of", "median_s", "drifts", "drift_since", "drift_words", "drift_values"],
  ...byKind(panel.raters).map((rater) => [rater.name, rater.kind, rater.items, rater.votes, ...three(rater.reliability), rater.gold?.right ?? null, rater.gold?.of ?? null, rater.median_s, rater.drift.flagged, rater.drift.since, rater.drift.words, rater.drift.values.join(" ")]),
];

export function confusionTable(panel: Panel, unit: string, raters: readonly PanelRater[]): Table {
  const classes = panel.units.find((one) => one.id === unit)?.classes ?? [];
  return [
    ["rater", "label", "consensus", "said", "count", "rate", "low", "high"],
    ...raters.flatMap((rater) => {
      const matrix = rater.confusion.find((one) => one.unit === unit);
      return classes.flatMap((row, r) => classes.map((column, c) => [rater.name, unit, row.id, column.id, matrix?.counts[r]?.[c] ?? null, matrix?.rates[r]?.[c] ?? null, matrix?.low[r]?.[c] ?? null, matrix?.high[r]?.[c] ?? null]));
    }),
  ];
}

export const uncertaintyTable = (panel: Panel): Table => [["from_bits", "to_bits", "items"], ...panel.uncertainty.counts.map((count, at) => [panel.uncertainty.edges_bits[at] ?? null, panel.uncertainty.edges_bits[at + 1] ?? null, count])];

export const goldTable = (panel: Panel): Table => [
  ["item", "label", "truth", "rater", "said", "right"],
  ...panel.gold.flatMap((gold) => gold.answers.map((answer) => [gold.number, gold.unit, gold.truth, panel.raters.find((rater) => rater.rater_id === answer.rater_id)?.name ?? answer.rater_id, answer.said, answer.right])),
];

export function effortTable(panel: Panel): Table {
  const { end, low, high } = forecast(panel);
  return [
    ["what", "hours", "share"],
    ...panel.effort.curve.map((point) => ["so far", point.hours, point.share]),
    ...(end === null ? [] : [["forecast", end, 1]]),
    ...(low === null ? [] : [["forecast, low", low, 1]]),
    ...(high === null ? [] : [["forecast, high", high, 1]]),
  ];
}
