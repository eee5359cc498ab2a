// One view of the picture: draws on a canvas and turns pointer and wheel into what the tool does.
import { useCallback, useEffect, useMemo, useRef } from "react";
import type { PointerEvent as ReactPointerEvent } from "react";
import type { Plane, SlicePoint, VoxelPoint } from "@/core/geometry";
import { sizeOn, spacingOf, toSlice, toVoxel } from "@/core/geometry";
import type { Point } from "@/core/domain";
import type { AnnotationId } from "@/core/ids";
import { valueAt } from "@/core/volume";
import type { Placement, Scene, SegmentLook, ShapeLook } from "@/ui/slice_pane";
import { fromScreen, handlesOf, PaneRenderer, placementOf } from "@/ui/slice_pane";
import { signed, unitOf } from "@/core/pictures";
import type { ImageState, Tool } from "./model";
import { shownPicture } from "./model";
import { drawScaleBar, EdgeLetters, SliceSlider } from "@/ui/SlicePaneParts";
import { useCanvasDrawing } from "@/ui/use_canvas_drawing";
import type { Stage } from "./stage";
import { strings } from "./strings";

export interface PaneActions {
  readonly moveTo: (position: VoxelPoint) => void;
  readonly scroll: (axis: 0 | 1 | 2, by: number) => void;
  readonly look: (plane: Plane["name"], zoom: number, pan: readonly [number, number]) => void;
  readonly setWindow: (centre: number, width: number) => void;
  readonly beginStroke: (plane: Plane, erase: boolean, at: SlicePoint) => boolean;
  readonly continueStroke: (plane: Plane, from: SlicePoint, to: SlicePoint) => void;
  readonly endStroke: () => void;
  readonly addShape: (tool: Tool, points: readonly Point[]) => void;
  readonly changeShape: (id: AnnotationId, points: readonly Point[]) => void;
  readonly select: (id: AnnotationId | null) => void;
  readonly pickAt: (plane: Plane, at: SlicePoint) => void;
  readonly probe: (text: string) => void;
  readonly makeMain: (plane: Plane["name"]) => void;
  readonly say: (text: string) => void;
}

interface Props {
  readonly state: ImageState;
  readonly stage: Stage;
  readonly plane: Plane;
  readonly main: boolean;
  readonly segments: ReadonlyMap<number, SegmentLook>;
  readonly segmentsKey: string;
  readonly shapes: readonly ShapeLook[];
  readonly marks: readonly { readonly slice: number; readonly colour: string }[];
  readonly brushColour: string;
  readonly actions: PaneActions;
}

type Drag =
  | { readonly kind: "window"; readonly centre: number; readonly width: number }
  | { readonly kind: "pan"; readonly pan: readonly [number, number] }
  | { readonly kind: "zoom"; readonly zoom: number }
  | { readonly kind: "crosshair" }
  | { readonly kind: "stroke"; last: SlicePoint }
  | { readonly kind: "shape" }
  | { readonly kind: "handle"; readonly shape: ShapeLook; readonly handle: number };

export function Pane(props: Props): React.JSX.Element {
  const { state, stage, plane, main } = props;
  const latest = useRef(props);
  latest.current = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const renderer = useMemo(() => new PaneRenderer(), []);
  const pointer = useRef<{ x: number; y: number } | null>(null);
  const drag = useRef<{ drag: Drag; x: number; y: number } | null>(null);
  const draft = useRef<Point[]>([]);
  const space = useRef(false);
  const bar = useRef<HTMLDivElement>(null);
  const barText = useRef<HTMLSpanElement>(null);

  const placement = useCallback((): Placement | null => {
    const element = canvas.current;
    if (element === null) return null;
    const { state: now, plane: shown } = latest.current;
    const spacing = planeSpacing(now, shown);
    return placementOf(element.width, element.height, sizeOn(shown, shownPicture(now).volume.grid.dims), spacing, now.views[shown.name]);
  }, []);

  const draw = useCallback(() => {
    const element = canvas.current;
    const context = element?.getContext("2d", { alpha: false });
    if (element === null || context === null || context === undefined) return;
    const { state: now, plane: shown } = latest.current;
    const at = pointer.current === null ? null : screenPlace(element, pointer.current, placement());
    renderer.draw(context, sceneOf(latest.current, stage, draft.current, at));
    drawScaleBar(bar.current, barText.current, placement(), planeSpacing(now, shown).u, latest.current.main ? 110 : 70);
  }, [placement, renderer, stage]);

  const queueDraw = useCanvasDrawing(canvas, stage, draw);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const wheel = (event: WheelEvent): void => onWheel(event, latest.current, placement());
    element.addEventListener("wheel", wheel, { passive: false });
    const key = (event: KeyboardEvent): void => {
      if (event.key === " ") space.current = event.type === "keydown";
      if (event.type !== "keydown" || draft.current.length === 0) return;
      // While a polygon is being drawn, Enter closes it and Escape drops it.
      if (event.key === "Enter" && draft.current.length > 2) latest.current.actions.addShape(latest.current.state.tool, draft.current);
      if (event.key === "Enter" || event.key === "Escape") {
        draft.current = [];
        queueDraw();
        event.stopPropagation();
        event.preventDefault();
      }
    };
    window.addEventListener("keydown", key, true);
    window.addEventListener("keyup", key, true);
    return () => {
      element.removeEventListener("wheel", wheel);
      window.removeEventListener("keydown", key, true);
      window.removeEventListener("keyup", key, true);
    };
  }, [placement, queueDraw]);
  useEffect(() => {
    draft.current = [];
    queueDraw();
  }, [state.tool, state.position, state.picture, queueDraw]);

  const placeOf = (event: { clientX: number; clientY: number }): SlicePoint | null => {
    const element = canvas.current;
    return element === null ? null : screenPlace(element, { x: event.clientX, y: event.clientY }, placement());
  };

  const finishDraft = (tool: Tool): void => {
    if (draft.current.length > 0) latest.current.actions.addShape(tool, draft.current);
    draft.current = [];
    queueDraw();
  };

  const onDown = (event: ReactPointerEvent<HTMLCanvasElement>): void => {
    const place = placeOf(event);
    if (place === null) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    event.currentTarget.focus({ preventScroll: true });
    const begun = beginDrag(event, place, latest.current, draft.current, space.current, placement());
    if (begun === "polygon") {
      if (draft.current.length > 2 && isNear(draft.current[0], place, placement())) finishDraft("polygon");
      else draft.current = [...draft.current, [place.u, place.v]];
    } else if (begun !== null) {
      if (begun.kind === "shape") draft.current = [[place.u, place.v], [place.u, place.v]];
      drag.current = { drag: begun, x: event.clientX, y: event.clientY };
    }
    queueDraw();
  };

  const onMove = (event: ReactPointerEvent<HTMLCanvasElement>): void => {
    pointer.current = { x: event.clientX, y: event.clientY };
    const place = placeOf(event);
    if (place === null) return;
    const { actions } = latest.current;
    actions.probe(probeText(latest.current, stage, place));
    const current = drag.current;
    if (current !== null) {
      if (current.drag.kind === "stroke") {
        // Every place that the pointer passed since the last event, not only the last one.
        const native = event.nativeEvent.getCoalescedEvents?.() ?? [];
        for (const step of native.length > 0 ? native : [event.nativeEvent]) {
          const at = placeOf(step);
          if (at === null) continue;
          actions.continueStroke(latest.current.plane, current.drag.last, at);
          current.drag.last = at;
        }
      } else if (current.drag.kind === "shape") {
        draft.current = [draft.current[0] ?? [place.u, place.v], [place.u, place.v]];
      } else if (current.drag.kind === "handle") {
        actions.changeShape(current.drag.shape.id as AnnotationId, movedHandle(current.drag.shape, current.drag.handle, place));
      } else {
        moveDrag(current.drag, event.clientX - current.x, event.clientY - current.y, place, latest.current, placement());
      }
    }
    queueDraw();
  };

  const onUp = (): void => {
    const current = drag.current?.drag;
    drag.current = null;
    if (current?.kind === "stroke") latest.current.actions.endStroke();
    if (current?.kind === "shape") finishDraft(latest.current.state.tool);
    queueDraw();
  };

  const dims = shownPicture(state).volume.grid.dims;
  const depth = dims[plane.normal];
  return (
    <section className={main ? "image-pane image-pane-main" : "image-pane"} aria-label={strings.planes[plane.name]}>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label={strings.viewport(strings.planes[plane.name])}
        className={`image-canvas image-tool-${state.tool}`}
        data-plane={plane.name}
        onPointerDown={onDown}
        onPointerMove={onMove}
        onPointerUp={onUp}
        onPointerCancel={onUp}
        onPointerLeave={() => {
          pointer.current = null;
          queueDraw();
        }}
        onDoubleClick={() => (state.tool === "polygon" && draft.current.length > 2 ? finishDraft("polygon") : props.actions.makeMain(plane.name))}
        onContextMenu={(event) => event.preventDefault()}
      />
      <div className="image-corner image-top-left">
        <b>{strings.planes[plane.name]}</b>
        {main && <span> · {shownPicture(state).series.description || shownPicture(state).series.modality}</span>}
        {depth > 1 && (
          <div>
            {strings.slice} <b>{state.position[plane.normal] + 1}</b> / {depth}
          </div>
        )}
      </div>
      {main && (
        <div className="image-corner image-top-right">
          <div>
            W <b>{Math.round(state.window.width)}</b> L <b>{signed(state.window.centre)}</b>
          </div>
          <div>
            {strings.zoomName} {Math.round(state.views[plane.name].zoom * 100)} %
          </div>
        </div>
      )}
      <EdgeLetters plane={plane} />
      <div className={main ? "image-scale image-scale-main" : "image-scale"} aria-hidden="true">
        {main && <div className="image-spacing">{spacingOf(shownPicture(state).volume.grid.affine).map((mm) => mm.toFixed(2)).join(" × ")} mm</div>}
        <div className="image-scale-row">
          <div ref={bar} className="image-scale-bar" />
          <span ref={barText} />
        </div>
      </div>
      {depth > 1 && (
        <SliceSlider label={strings.slider(strings.planes[plane.name])} depth={depth} at={state.position[plane.normal]} marks={props.marks} onChange={(slice) => props.actions.scroll(plane.normal, slice - state.position[plane.normal])} />
      )}
    </section>
  );
}

export function planeSpacing(state: ImageState, plane: Plane): { u: number; v: number } {
  const spacing = spacingOf(shownPicture(state).volume.grid.affine);
  return { u: spacing[plane.right.axis] || 1, v: spacing[plane.down.axis] || 1 };
}

function screenPlace(element: HTMLCanvasElement, at: { x: number; y: number }, placement: Placement | null): SlicePoint | null {
  if (placement === null) return null;
  const box = element.getBoundingClientRect();
  const ratio = element.width / Math.max(1, box.width);
  return fromScreen(placement, (at.x - box.left) * ratio, (at.y - box.top) * ratio);
}

function sceneOf(props: Props, stage: Stage, draft: readonly Point[], at: SlicePoint | null): Scene {
  const { state, plane } = props;
  const picture = shownPicture(state);
  const { volume } = stage.pictureOf(picture, state.position[2]);
  const slice = state.position[plane.normal];
  const painting = (state.tool === "brush" || state.tool === "eraser") && !state.readOnly;
  const shapes = plane.normal === 2 ? props.shapes : [];
  return {
    volume,
    plane,
    slice,
    spacing: planeSpacing(state, plane),
    view: state.views[plane.name],
    transform: { ...picture.volume.transform, window: state.window, inverted: state.inverted },
    lookup: stage.lookupOf(picture, state.window, state.inverted),
    masks: [{ mask: stage.maskOf(picture.volume), segments: props.segments, segmentsKey: props.segmentsKey }],
    shapes: draft.length > 0 ? [...shapes, draftLook(props, draft, at)] : shapes,
    crosshair: state.crosshair && state.layout === "three" ? toSlice(plane, picture.volume.grid.dims, state.position) : undefined,
    brush: painting && at !== null ? { at, radiusMm: state.radiusMm, colour: state.tool === "eraser" ? "#ffffff" : props.brushColour } : undefined,
    smooth: true,
    captions: props.main,
  };
}

function draftLook(props: Props, draft: readonly Point[], at: SlicePoint | null): ShapeLook {
  const kind = props.state.tool === "box" ? "box" : props.state.tool === "length" ? "length" : "polygon";
  const points = kind === "polygon" && at !== null ? [...draft, [at.u, at.v] as const] : draft;
  return { id: "draft", kind, points, colour: props.brushColour, selected: false, number: undefined, caption: "", open: true };
}

function isNear(point: Point | undefined, place: SlicePoint, placement: Placement | null): boolean {
  if (point === undefined || placement === null) return false;
  const reach = 9 * (window.devicePixelRatio || 1);
  return Math.hypot((point[0] - place.u) * placement.scaleU, (point[1] - place.v) * placement.scaleV) <= reach;
}

/** What a press begins: a drag, a polygon's next corner, or nothing. */
function beginDrag(
  event: ReactPointerEvent<HTMLCanvasElement>,
  place: SlicePoint,
  props: Props,
  draft: readonly Point[],
  spaceHeld: boolean,
  placement: Placement | null,
): Drag | "polygon" | null {
  const { state, plane, actions } = props;
  const view = state.views[plane.name];
  if (event.button === 2) return { kind: "window", centre: state.window.centre, width: state.window.width };
  if (event.button === 1 || spaceHeld) return { kind: "pan", pan: view.pan };
  if (event.button !== 0) return null;
  switch (state.tool) {
    case "window": return { kind: "window", centre: state.window.centre, width: state.window.width };
    case "pan": return { kind: "pan", pan: view.pan };
    case "zoom": return { kind: "zoom", zoom: view.zoom };
    case "crosshair":
      actions.moveTo(toVoxel(plane, shownPicture(state).volume.grid.dims, state.position[plane.normal], place));
      return { kind: "crosshair" };
    case "brush":
    case "eraser":
      if (state.readOnly || !actions.beginStroke(plane, state.tool === "eraser" || event.shiftKey, place)) return null;
      return { kind: "stroke", last: place };
    default:
      break;
  }
  if (plane.normal !== 2) {
    actions.say(strings.shapeOnAcquisition);
    return null;
  }
  const held = draft.length > 0 ? null : heldHandle(props.shapes, place, placement);
  if (held !== null && !state.readOnly) {
    actions.select(held.shape.id as AnnotationId);
    return held.handle < 0 ? null : { kind: "handle", shape: held.shape, handle: held.handle };
  }
  if (state.tool === "polygon") return "polygon";
  if (state.tool === "point") {
    actions.addShape("point", [[place.u, place.v]]);
    return null;
  }
  return { kind: "shape" };
}

/** The shape that is held at a place: of the selected one its handles, of others only its corners. */
function heldHandle(shapes: readonly ShapeLook[], place: SlicePoint, placement: Placement | null): { shape: ShapeLook; handle: number } | null {
  for (const shape of shapes) {
    const handle = handlesOf(shape).findIndex((point) => isNear(point, place, placement));
    if (handle >= 0) return { shape, handle: shape.selected ? handle : -1 };
  }
  return null;
}

function movedHandle(shape: ShapeLook, handle: number, place: SlicePoint): readonly Point[] {
  const moved: Point = [place.u, place.v];
  const [a, b] = [shape.points[0], shape.points[1]];
  if ((shape.kind === "box" || shape.kind === "ellipse") && a !== undefined && b !== undefined) {
    const corners: readonly (readonly [Point, Point])[] = [[moved, b], [[a[0], moved[1]], [moved[0], b[1]]], [a, moved], [[moved[0], a[1]], [b[0], moved[1]]]];
    return corners[handle] ?? shape.points;
  }
  return shape.points.map((point, n) => (n === handle ? moved : point));
}

function moveDrag(current: Drag, dx: number, dy: number, place: SlicePoint, props: Props, placement: Placement | null): void {
  const { state, plane, actions } = props;
  const view = state.views[plane.name];
  if (current.kind === "window") {
    const step = Math.max(current.width, 50) / 400;
    actions.setWindow(current.centre + dy * step, Math.max(1, current.width + dx * step));
  } else if (current.kind === "pan" && placement !== null) {
    const ratio = window.devicePixelRatio || 1;
    const spacing = planeSpacing(state, plane);
    actions.look(plane.name, view.zoom, [
      current.pan[0] + (dx * ratio * spacing.u) / placement.scaleU,
      current.pan[1] + (dy * ratio * spacing.v) / placement.scaleV,
    ]);
  } else if (current.kind === "zoom") {
    actions.look(plane.name, current.zoom * Math.exp(-dy / 150), view.pan);
  } else if (current.kind === "crosshair") {
    actions.moveTo(toVoxel(plane, shownPicture(state).volume.grid.dims, state.position[plane.normal], place));
  }
}

function onWheel(event: WheelEvent, props: Props, placement: Placement | null): void {
  event.preventDefault();
  const { state, plane, actions } = props;
  const lines = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
  if (!event.ctrlKey) {
    actions.scroll(plane.normal, Math.sign(lines) * (event.shiftKey ? 5 : 1));
    return;
  }
  const element = event.currentTarget as HTMLCanvasElement;
  const view = state.views[plane.name];
  const zoom = Math.min(Math.max(view.zoom * Math.exp(-lines / 400), 0.25), 40);
  const place = screenPlace(element, { x: event.clientX, y: event.clientY }, placement);
  if (place === null) return;
  // The place under the pointer stays there.
  const size = sizeOn(plane, shownPicture(state).volume.grid.dims);
  const spacing = planeSpacing(state, plane);
  const change = view.zoom / zoom - 1;
  const middle = [(place.u - (size.width - 1) / 2) * spacing.u + view.pan[0], (place.v - (size.height - 1) / 2) * spacing.v + view.pan[1]] as const;
  actions.look(plane.name, zoom, [view.pan[0] + middle[0] * change, view.pan[1] + middle[1] * change]);
}

function probeText(props: Props, stage: Stage, place: SlicePoint): string {
  const { state, plane } = props;
  const picture = shownPicture(state);
  const { volume } = stage.pictureOf(picture, state.position[2]);
  const [i, j, k] = toVoxel(plane, volume.dims, state.position[plane.normal], { u: Math.round(place.u), v: Math.round(place.v) });
  const { slope, intercept } = picture.volume.transform;
  const value = valueAt(volume, i, j, k, slope, intercept);
  if (value === undefined || volume.samplesPerPixel !== 1) return "";
  const a = picture.volume.grid.affine;
  const mm = [0, 4, 8].map((r) => ((a[r] ?? 0) * i + (a[r + 1] ?? 0) * j + (a[r + 2] ?? 0) * k + (a[r + 3] ?? 0)).toFixed(1).replace("-", "−"));
  return `${signed(value)} ${unitOf(picture)} at ${mm.join(", ")} mm`;
}
