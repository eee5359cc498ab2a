// One plot of RR intervals: a click looks at a beat, a line drawn around beats chooses them.
import { useRef, useState } from "react";
import type { PointerEvent as ReactPointerEvent } from "react";
import { Canvas } from "@/ui/Canvas";
import type { Ink } from "@/ui/paper";
import { inkOf } from "@/ui/paper";
import { pixelOf } from "../disclosure/model";
import type { Axes, Polygon, RrPoints } from "./plots";
import { drawPoints, inLasso, nearestPoint, xOn, yOn } from "./plots";

export interface Mark {
  readonly at: number;
  readonly text: string;
}

interface Props {
  readonly label: string;
  readonly points: RrPoints;
  readonly xFrom: number;
  readonly xTo: number;
  readonly yFrom: number;
  readonly yTo: number;
  readonly xMarks: readonly Mark[];
  readonly yMarks: readonly Mark[];
  readonly colours: readonly string[];
  /** Places in the beats. */
  readonly chosen: ReadonlySet<number>;
  readonly selected: number | null;
  /** A stretch of x to show as where one looks, and the line on which both are equal. */
  readonly window?: { readonly from: number; readonly to: number };
  readonly diagonal?: boolean;
  readonly square?: boolean;
  readonly look: (beat: number) => void;
  readonly choose: (beats: readonly number[]) => void;
  readonly at?: (x: number) => void;
}

const margin = { left: 44, right: 24, top: 8, bottom: 22 } as const;

export function RrPlot(props: Props): React.JSX.Element {
  const axes = useRef<Axes | null>(null);
  const line = useRef<[number, number][]>([]);
  const [lasso, setLasso] = useState<Polygon>([]);
  const place = (event: ReactPointerEvent<HTMLCanvasElement>): [number, number] => {
    const box = event.currentTarget.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const end = (event: ReactPointerEvent<HTMLCanvasElement>): void => {
    const drawn = line.current;
    line.current = [];
    setLasso([]);
    if (axes.current === null || drawn.length === 0) return;
    const [x, y] = place(event);
    if (drawn.length < 4) {
      const found = nearestPoint(props.points, axes.current, x, y, 12);
      if (found >= 0) props.look(props.points.beat[found] as number);
      else props.at?.(axes.current.xFrom + ((x - axes.current.left) / axes.current.width) * (axes.current.xTo - axes.current.xFrom));
      return;
    }
    props.choose(inLasso(props.points, axes.current, drawn));
  };
  return (
    <Canvas
      role="application"
      tabIndex={0}
      aria-label={props.label}
      watch={[props.points, props.chosen, props.selected, props.window?.from, props.window?.to, lasso]}
      paint={(context, size) => {
        axes.current = axesFor(props, size);
        paint(context, size, props, axes.current, lasso, inkOf(context.canvas));
      }}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        line.current = [place(event)];
      }}
      onPointerMove={(event) => {
        if (line.current.length === 0) return;
        const next = place(event);
        const last = line.current[line.current.length - 1] as [number, number];
        if (Math.hypot(next[0] - last[0], next[1] - last[1]) < 3) return;
        line.current.push(next);
        setLasso([...line.current]);
      }}
      onPointerUp={end}
      onPointerCancel={() => { line.current = []; setLasso([]); }}
    />
  );
}

function axesFor(props: Props, size: { width: number; height: number }): Axes {
  const [wide, high] = [Math.max(10, size.width - margin.left - margin.right), Math.max(10, size.height - margin.top - margin.bottom)];
  const side = Math.min(wide, high);
  const [width, height] = props.square === true ? [side, side] : [wide, high];
  return { left: margin.left, top: margin.top, width, height, xFrom: props.xFrom, xTo: props.xTo, yFrom: props.yFrom, yTo: props.yTo };
}

function paint(context: CanvasRenderingContext2D, size: { width: number; height: number }, props: Props, axes: Axes, lasso: Polygon, ink: Ink): void {
  const ratio = context.canvas.width / size.width;
  const image = context.createImageData(context.canvas.width, context.canvas.height);
  const picture = { pixels: new Uint32Array(image.data.buffer), width: image.width, height: image.height };
  picture.pixels.fill(pixelOf(ink.surface));
  const grid = pixelOf(ink.line);
  const column = (x: number): void => { for (let y = Math.round(axes.top * ratio); y < Math.round((axes.top + axes.height) * ratio); y++) picture.pixels[y * picture.width + Math.round(x * ratio)] = grid; };
  const row = (y: number): void => { picture.pixels.fill(grid, Math.round(y * ratio) * picture.width + Math.round(axes.left * ratio), Math.round(y * ratio) * picture.width + Math.round((axes.left + axes.width) * ratio)); };
  for (const mark of props.xMarks) column(xOn(axes, mark.at));
  for (const mark of props.yMarks) row(yOn(axes, mark.at));
  const colours = new Uint32Array([pixelOf(ink.trace), ...props.colours.slice(1).map(pixelOf)]);
  drawPoints(picture, props.points, axes, ratio, props.points.beat.length > 20_000 ? Math.max(1, ratio) : 2 * ratio, colours, props.chosen, pixelOf(ink.accent));
  context.putImageData(image, 0, 0);
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = ink.faint;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const mark of props.yMarks) context.fillText(mark.text, axes.left - 6, yOn(axes, mark.at));
  context.textAlign = "center";
  for (const mark of props.xMarks) context.fillText(mark.text, xOn(axes, mark.at), axes.top + axes.height + 12);
  if (props.diagonal === true) {
    context.strokeStyle = ink.faint;
    context.setLineDash([4, 4]);
    context.beginPath();
    context.moveTo(axes.left, axes.top + axes.height);
    context.lineTo(axes.left + axes.width, axes.top);
    context.stroke();
    context.setLineDash([]);
  }
  drawWindow(context, props, axes, ink);
  if (lasso.length > 1) {
    context.strokeStyle = ink.accent;
    context.fillStyle = `${ink.accent}22`;
    context.lineWidth = 1.5;
    context.beginPath();
    lasso.forEach(([x, y], n) => (n === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
    context.closePath();
    context.fill();
    context.stroke();
  }
}

function drawWindow(context: CanvasRenderingContext2D, props: Props, axes: Axes, ink: Ink): void {
  if (props.window !== undefined && props.window.to > axes.xFrom && props.window.from < axes.xTo) {
    const [x0, x1] = [xOn(axes, props.window.from), xOn(axes, props.window.to)];
    context.fillStyle = `${ink.accent}33`;
    context.fillRect(x0 - 1, axes.top, Math.max(3, x1 - x0), axes.height);
  }
  const at = props.selected === null ? -1 : props.points.beat.indexOf(props.selected);
  if (at < 0) return;
  context.strokeStyle = ink.accent;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(xOn(axes, props.points.x[at] as number), yOn(axes, props.points.y[at] as number), 6, 0, 2 * Math.PI);
  context.stroke();
}
