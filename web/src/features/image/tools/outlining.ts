// Tools that fill or cut what an outline encloses: scissors and livewire.
import { keyOfCut } from "@/core/cut";
import type { Point } from "@/core/domain";
import type { SlicePoint } from "@/core/geometry";
import { halfThickness } from "@/core/segment/affine";
import type { CostMap } from "@/core/segment/livewire";
import { costMap, Livewire } from "@/core/segment/livewire";
import { planeImage } from "@/core/segment/plane_image";
import type { Outline } from "@/core/segment/scissors";
import { circle, rectangle, scissorRuns } from "@/core/segment/scissors";
import { simplified } from "@/core/segment/spline";
import type { Placement, ShapeLook } from "@/ui/slice_pane";
import { drawShape } from "@/ui/slice_pane";
import { allows, labelOf } from "../model";
import { strings } from "../strings";
import { gridOf, painterOf } from "./edits";
import { isNear } from "./shaping";
import type { PaneTool, ToolContext } from "./tool";

interface Cutting {
  readonly erase: boolean;
  readonly outside: boolean;
  readonly slabMm: number | null;
}

function cutOut(context: ToolContext, name: string, outline: Outline, { erase, outside, slabMm }: Cutting): void {
  const open = context.services.strokes.begin(name, erase);
  if (open === null) return;
  scissorRuns(gridOf(context.state), { cut: context.cut, outline, outside, slabMm }, painterOf(context, open).emit);
  open.end();
}

function look(points: readonly Point[], colour: string, open: boolean): ShapeLook {
  return { id: "draft", kind: "polygon", points, colour, selected: false, number: undefined, caption: "", open };
}

const ratioNow = (): number => window.devicePixelRatio || 1;

/** Pixels of the cut for one of the screen. */
const screenPixel = (placement: Placement): number => ratioNow() / Math.min(placement.scaleU, placement.scaleV);

export function scissorsTool(): PaneTool {
  let draft: readonly Point[] = [];
  const drop = (): void => {
    draft = [];
  };
  const outlineOf = (context: ToolContext): Outline => {
    const { form } = context.state.options.scissors;
    const [a, b] = [draft[0], draft.at(-1)];
    if (a === undefined || b === undefined) return [];
    if (form === "rectangle") return rectangle(a, b);
    const { u, v } = context.cut.spacing;
    if (form === "circle") return circle(context.cut, a, Math.hypot((b[0] - a[0]) * u, (b[1] - a[1]) * v));
    return draft;
  };
  const finish = (context: ToolContext): void => {
    const { scissors } = context.state.options;
    const outline = outlineOf(context);
    drop();
    if (outline.length >= 3) cutOut(context, scissors.erase ? strings.steps.cut : strings.steps.scissors, outline, scissors);
    context.services.redraw();
  };
  return {
    cursor: "crosshair",
    down: (context, { at }) => {
      if (context.state.readOnly) return false;
      const { form } = context.state.options.scissors;
      if (form !== "polygon") {
        draft = [[at.u, at.v]];
        return true;
      }
      if (draft.length > 2 && isNear(draft[0], at, context.placement)) finish(context);
      else draft = [...draft, [at.u, at.v]];
      return false;
    },
    move: ({ state }, { at, path }) => {
      if (state.options.scissors.form === "freehand") draft = [...draft, ...path.map(({ u, v }): Point => [u, v])];
      else draft = [draft[0] ?? [at.u, at.v], [at.u, at.v]];
    },
    up: (context) => {
      if (context.state.options.scissors.form === "freehand") draft = simplified(draft, screenPixel(context.placement) / 2);
      finish(context);
    },
    cancel: drop,
    moved: drop,
    key: (context, key) => {
      if (draft.length === 0 || (key !== "Enter" && key !== "Escape")) return false;
      if (key === "Enter" && draft.length > 2) finish(context);
      else drop();
      context.services.redraw();
      return true;
    },
    twice: (context) => {
      if (draft.length < 3) return false;
      finish(context);
      return true;
    },
    draw: (context, canvas) => {
      const { state, placement, pointer, colour } = context;
      if (draft.length === 0) return;
      const { form, erase } = state.options.scissors;
      const points = form === "polygon" && pointer !== null ? [...draft, [pointer.u, pointer.v] as const] : outlineOf(context);
      drawShape(canvas, placement, look(points, erase ? "#ffffff" : colour, form === "polygon" || form === "freehand"), ratioNow());
    },
  };
}

/** Pixels that the search grows by in one move: about 2 ms. */
const budget = 12_000;

export function livewireTool(): PaneTool {
  let fixed: readonly Point[] = []; // the way so far
  let corners: readonly Point[] = [];
  let wire: Livewire | null = null;
  let map: { readonly key: string; readonly costs: CostMap } | null = null;
  let live: readonly Point[] = [];
  const drop = (): void => {
    fixed = [];
    corners = [];
    live = [];
    wire = null;
  };
  /** Made once for each plane that is looked at. */
  const costs = ({ state, cut, volume }: ToolContext): CostMap => {
    const key = [state.picture, keyOfCut(cut), volume.loadedCount].join("/");
    if (map?.key !== key) map = { key, costs: costMap(planeImage(volume, cut)) };
    return map.costs;
  };
  const follow = (context: ToolContext, at: SlicePoint): void => {
    if (wire === null) return;
    const way = wire.wayTo(at, budget);
    // Not yet that far: the straight line shows, and the search goes on in the next frame.
    if (way === null) context.services.redraw();
    const last = fixed.at(-1) ?? [at.u, at.v];
    live = way ?? [last, [at.u, at.v]];
  };
  const finish = (context: ToolContext): void => {
    const outline = simplified(fixed, 0.4);
    drop();
    const { state, cut, services } = context;
    if (outline.length >= 3) {
      const label = labelOf(state, state.label);
      if (!allows(label, "mask") && allows(label, "polygon")) services.addShape("polygon", outline, cut);
      else cutOut(context, strings.steps.livewire, outline, { erase: false, outside: false, slabMm: halfThickness(gridOf(state).affine, cut.normalMm) - 1e-5 });
    }
    services.redraw();
  };
  const take = (context: ToolContext, at: SlicePoint): void => {
    const rest = wire?.wayTo(at, Infinity) ?? [[at.u, at.v] as const];
    fixed = [...fixed, ...rest];
    corners = [...corners, [at.u, at.v]];
    wire = new Livewire(costs(context), at);
    live = [];
  };
  return {
    cursor: "crosshair",
    down: (context, { at }) => {
      if (context.state.readOnly) return false;
      if (corners.length > 1 && isNear(corners[0], at, context.placement)) {
        take(context, { u: corners[0]?.[0] ?? at.u, v: corners[0]?.[1] ?? at.v });
        finish(context);
      } else take(context, at);
      return false;
    },
    move: () => undefined,
    up: () => undefined,
    cancel: drop,
    moved: drop,
    hover: (context, { at }) => follow(context, at),
    key: (context, key) => {
      if (corners.length === 0 || !["Enter", "Escape", "Backspace"].includes(key)) return false;
      const first = corners[0];
      if (key === "Enter" && corners.length > 1 && first !== undefined) {
        take(context, { u: first[0], v: first[1] });
        finish(context);
      } else drop();
      context.services.redraw();
      return true;
    },
    twice: (context) => {
      const first = corners[0];
      if (corners.length < 2 || first === undefined) return false;
      take(context, { u: first[0], v: first[1] });
      finish(context);
      return true;
    },
    draw: (context, canvas) => {
      if (corners.length === 0) return;
      if (context.pointer !== null) follow(context, context.pointer);
      drawShape(canvas, context.placement, { ...look([...fixed, ...live], context.colour, true), kind: "polyline", open: false }, ratioNow());
      for (const corner of corners) drawShape(canvas, context.placement, { ...look([corner], context.colour, true), kind: "point", open: false }, ratioNow());
    },
  };
}
