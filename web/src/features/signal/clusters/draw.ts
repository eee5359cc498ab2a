// Draws a cluster's template over some of its beats, and single beats beside it.
import type { Ink } from "@/ui/paper";
import type { Cluster, ClusterSet } from "./model";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Microvolts that a card shows from its middle up or down: one scale for all cards, so that sizes can be compared. */
export function reachOf(set: ClusterSet): number {
  const tops = set.clusters.map((cluster) => Math.max(200, ...(cluster.template[0] ?? []).map(Math.abs)));
  const ordered = tops.sort((a, b) => a - b);
  return (ordered[Math.floor(ordered.length * 0.8)] ?? 1000) * 1.15;
}

type Row = readonly number[];

function line(context: CanvasRenderingContext2D, row: Row, x: (n: number) => number, y: (value: number) => number): void {
  context.beginPath();
  row.forEach((value, n) => (n === 0 ? context.moveTo(x(n), y(value)) : context.lineTo(x(n), y(value))));
  context.stroke();
}

export function drawTemplate(context: CanvasRenderingContext2D, size: Size, set: ClusterSet, cluster: Cluster, reach: number, colour: string, ink: Ink): void {
  const { width, height } = size;
  context.fillStyle = ink.paper;
  context.fillRect(0, 0, width, height);
  const row = cluster.template[0] ?? [];
  const x = (n: number): number => (n / Math.max(1, row.length - 1)) * width;
  const y = (value: number): number => Math.min(Math.max(height * 0.55 - (value / reach) * height * 0.5, 1), height - 1);
  // 200 ms and 0.5 mV apart, as on paper.
  context.strokeStyle = ink.grid;
  context.lineWidth = 1;
  context.beginPath();
  const large = 200 / set.stepMs;
  for (let n = set.before % large; n < row.length; n += large) {
    context.moveTo(Math.round(x(n)) + 0.5, 0);
    context.lineTo(Math.round(x(n)) + 0.5, height);
  }
  for (let value = -Math.floor(reach / 500) * 500; value <= reach; value += 500) {
    context.moveTo(0, Math.round(y(value)) + 0.5);
    context.lineTo(width, Math.round(y(value)) + 0.5);
  }
  context.stroke();
  context.globalAlpha = 0.28;
  context.strokeStyle = ink.faint;
  for (const member of cluster.members) line(context, member, x, y);
  context.globalAlpha = 0.22;
  context.fillStyle = colour;
  context.beginPath();
  row.forEach((value, n) => context.lineTo(x(n), y(value + (cluster.spread[n] ?? 0))));
  for (let n = row.length - 1; n >= 0; n--) context.lineTo(x(n), y((row[n] ?? 0) - (cluster.spread[n] ?? 0)));
  context.fill();
  context.globalAlpha = 1;
  context.lineJoin = "round";
  const second = cluster.template[1];
  if (second !== undefined) {
    context.strokeStyle = ink.faint;
    context.lineWidth = 1;
    context.setLineDash([3, 2]);
    line(context, second, x, y);
    context.setLineDash([]);
  }
  context.strokeStyle = ink.trace;
  context.lineWidth = 1.75;
  line(context, row, x, y);
}

/** A beat, with its cluster's template behind it to be compared with. */
export function drawBeat(context: CanvasRenderingContext2D, size: Size, shape: Row, template: Row, reach: number, ink: Ink): void {
  context.fillStyle = ink.paper;
  context.fillRect(0, 0, size.width, size.height);
  const x = (n: number): number => (n / Math.max(1, shape.length - 1)) * size.width;
  const y = (value: number): number => Math.min(Math.max(size.height * 0.55 - (value / reach) * size.height * 0.5, 1), size.height - 1);
  context.lineJoin = "round";
  context.lineWidth = 1;
  context.strokeStyle = ink.faint;
  context.globalAlpha = 0.6;
  line(context, template, x, y);
  context.globalAlpha = 1;
  context.strokeStyle = ink.trace;
  context.lineWidth = 1.5;
  line(context, shape, x, y);
}
