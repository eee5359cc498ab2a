// One view of the picture: draws on a canvas and hands pointer, wheel and keys to the tool.
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import type { PointerEvent as ReactPointerEvent } from "react";
import type { Cut } from "@/core/cut";
import { cutAlong, pointOn, voxelOn } from "@/core/cut";
import type { Plane, SlicePoint } from "@/core/geometry";
import { spacingOf, toSlice } from "@/core/geometry";
import { valueAt } from "@/core/volume";
import type { Placement, Scene, SegmentLook, ShapeLook } from "@/ui/slice_pane";
import { fromScreen, PaneRenderer, placementOf } from "@/ui/slice_pane";
import { signed, unitOf } from "@/core/pictures";
import type { ImageState } from "./model";
import { shownPicture } from "./model";
import { drawScaleBar, EdgeLetters, SliceSlider } from "@/ui/SlicePaneParts";
import type { Stage } from "./stage";
import { strings } from "./strings";
import { OverlayRenderer } from "./tools/overlay";
import { makeTool } from "./tools/registry";
import type { PaneTool, ToolContext, ToolEvent, ToolServices } from "./tools/tool";

export interface PaneActions extends ToolServices {
  readonly scroll: (axis: 0 | 1 | 2, by: number) => void;
  readonly probe: (text: string) => void;
  readonly makeMain: (plane: Plane["name"]) => void;
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

interface Drag {
  readonly tool: PaneTool;
  readonly x: number;
  readonly y: number;
}

export function Pane(props: Props): React.JSX.Element {
  const { state, stage, plane, main } = props;
  const latest = useRef(props);
  latest.current = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const renderer = useMemo(() => new PaneRenderer(), []);
  const overlays = useMemo(() => new OverlayRenderer(), []);
  const tool = useMemo(() => makeTool(state.tool), [state.tool]);
  const currentTool = useRef(tool);
  currentTool.current = tool;
  const pointer = useRef<{ x: number; y: number } | null>(null);
  const drag = useRef<Drag | null>(null);
  const space = useRef(false);
  const queued = useRef(false);
  const bar = useRef<HTMLDivElement>(null);
  const barText = useRef<HTMLSpanElement>(null);

  const context = useCallback((): ToolContext | null => {
    const element = canvas.current;
    if (element === null) return null;
    const now = latest.current;
    const cut = cutOf(now);
    const placement = placementOf(element.width, element.height, cut.size, cut.spacing, now.state.views[cut.name]);
    const picture = shownPicture(now.state);
    return {
      state: now.state,
      cut,
      placement,
      volume: stage.pictureOf(picture, now.state.position[2]).volume,
      mask: stage.maskOf(picture.volume),
      shapes: shapesOn(now),
      colour: now.brushColour,
      pointer: pointer.current === null ? null : screenPlace(element, pointer.current, placement),
      services: now.actions,
    };
  }, [stage]);

  const draw = useCallback(() => {
    queued.current = false;
    const element = canvas.current;
    const surface = element?.getContext("2d", { alpha: false });
    const now = context();
    if (element === null || surface === null || surface === undefined || now === null) return;
    renderer.draw(surface, sceneOf(latest.current, stage, now));
    if (stage.overlay !== null) overlays.draw(now, surface, stage.overlay);
    currentTool.current.draw?.(now, surface);
    drawScaleBar(bar.current, barText.current, now.placement, now.cut.spacing.u, latest.current.main ? 110 : 70);
  }, [context, renderer, overlays, stage]);

  const queueDraw = useCallback(() => {
    if (queued.current) return;
    queued.current = true;
    requestAnimationFrame(draw);
  }, [draw]);

  useEffect(() => stage.onDraw(queueDraw), [stage, queueDraw]);
  useEffect(queueDraw);
  // Before the browser's first frame, not after it: the picture is in that frame when its slice is there already.
  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const fit = (): void => {
      const ratio = window.devicePixelRatio || 1;
      const width = Math.max(1, Math.round(element.clientWidth * ratio));
      const height = Math.max(1, Math.round(element.clientHeight * ratio));
      if (element.width === width && element.height === height) return;
      element.width = width;
      element.height = height;
      draw();
    };
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(element);
    return () => observer.disconnect();
  }, [draw]);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const wheel = (event: WheelEvent): void => onWheel(event, latest.current, context());
    element.addEventListener("wheel", wheel, { passive: false });
    const key = (event: KeyboardEvent): void => {
      if (event.key === " ") space.current = event.type === "keydown";
      const now = event.type === "keydown" ? context() : null;
      if (now === null || currentTool.current.key?.(now, event.key) !== true) return;
      event.stopPropagation();
      event.preventDefault();
    };
    window.addEventListener("keydown", key, true);
    window.addEventListener("keyup", key, true);
    return () => {
      element.removeEventListener("wheel", wheel);
      window.removeEventListener("keydown", key, true);
      window.removeEventListener("keyup", key, true);
    };
  }, [context]);
  useEffect(() => {
    const now = context();
    if (now !== null) currentTool.current.moved?.(now);
    queueDraw();
  }, [state.position, state.picture, context, queueDraw]);
  useEffect(
    () => () => {
      // The tool is put away: nothing half done stays, and what its press began ends.
      const now = context();
      if (now !== null) tool.cancel(now);
      if (drag.current?.tool === tool) drag.current = null;
    },
    [tool, context],
  );

  const eventOf = (event: ReactPointerEvent<HTMLCanvasElement>, now: ToolContext): ToolEvent => {
    const element = event.currentTarget;
    const placeOf = (at: { clientX: number; clientY: number }): SlicePoint => screenPlace(element, { x: at.clientX, y: at.clientY }, now.placement);
    const native = event.nativeEvent.getCoalescedEvents?.() ?? [];
    const start = drag.current ?? { x: event.clientX, y: event.clientY };
    const { shiftKey: shift, ctrlKey: ctrl, altKey: alt } = event;
    return { at: placeOf(event), path: (native.length > 0 ? native : [event]).map(placeOf), dx: event.clientX - start.x, dy: event.clientY - start.y, shift, ctrl, alt };
  };

  const onDown = (event: ReactPointerEvent<HTMLCanvasElement>): void => {
    const now = context();
    if (now === null || drag.current !== null) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    event.currentTarget.focus({ preventScroll: true });
    const held = heldBy(event, space.current, tool);
    if (held?.down(now, eventOf(event, now)) === true) drag.current = { tool: held, x: event.clientX, y: event.clientY };
    queueDraw();
  };

  const onMove = (event: ReactPointerEvent<HTMLCanvasElement>): void => {
    pointer.current = { x: event.clientX, y: event.clientY };
    const now = context();
    if (now === null) return;
    const told = eventOf(event, now);
    props.actions.probe(probeText(now, told.at));
    if (drag.current === null) tool.hover?.(now, told);
    else drag.current.tool.move(now, told);
    queueDraw();
  };

  const onUp = (event: ReactPointerEvent<HTMLCanvasElement>): void => {
    const now = context();
    const held = drag.current?.tool;
    if (now === null || held === undefined) return;
    const told = eventOf(event, now);
    drag.current = null;
    if (event.type === "pointercancel") held.cancel(now);
    else held.up(now, told);
    queueDraw();
  };

  const onTwice = (): void => {
    const now = context();
    if (now !== null && tool.twice?.(now) !== true) props.actions.makeMain(plane.name);
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
        className="image-canvas"
        style={{ cursor: tool.cursor }}
        data-plane={plane.name}
        onPointerDown={onDown}
        onPointerMove={onMove}
        onPointerUp={onUp}
        onPointerCancel={onUp}
        onPointerLeave={() => {
          pointer.current = null;
          queueDraw();
        }}
        onDoubleClick={onTwice}
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

function cutOf({ state, plane }: Pick<Props, "state" | "plane">): Cut {
  const { affine, dims } = shownPicture(state).volume.grid;
  return cutAlong(affine, dims, plane, state.position[plane.normal]);
}

function shapesOn({ plane, shapes }: Pick<Props, "plane" | "shapes">): readonly ShapeLook[] {
  return plane.normal === 2 ? shapes : [];
}

function screenPlace(element: HTMLCanvasElement, at: { x: number; y: number }, placement: Placement): SlicePoint {
  const box = element.getBoundingClientRect();
  const ratio = element.width / Math.max(1, box.width);
  return fromScreen(placement, (at.x - box.left) * ratio, (at.y - box.top) * ratio);
}

function sceneOf(props: Props, stage: Stage, now: ToolContext): Scene {
  const { state, plane } = props;
  const picture = shownPicture(state);
  return {
    volume: now.volume,
    plane,
    slice: state.position[plane.normal],
    spacing: now.cut.spacing,
    view: state.views[plane.name],
    transform: { ...picture.volume.transform, window: state.window, inverted: state.inverted },
    lookup: stage.lookupOf(picture, state.window, state.inverted),
    masks: [{ mask: now.mask, segments: props.segments, segmentsKey: props.segmentsKey }],
    shapes: now.shapes,
    crosshair: state.crosshair && state.layout === "three" ? toSlice(plane, picture.volume.grid.dims, state.position) : undefined,
    smooth: true,
    captions: props.main,
  };
}

const turningWindow = makeTool("window");
const panning = makeTool("pan");

/** Whose press it is: the right button sets the window, the middle one (or with the space bar) pans, whatever the tool. */
function heldBy(event: ReactPointerEvent, spaceHeld: boolean, tool: PaneTool): PaneTool | null {
  if (event.button === 2) return turningWindow;
  if (event.button === 1 || spaceHeld) return panning;
  return event.button === 0 ? tool : null;
}

function onWheel(event: WheelEvent, props: Props, now: ToolContext | null): void {
  event.preventDefault();
  const { state, plane, actions } = props;
  const lines = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
  if (!event.ctrlKey) {
    actions.scroll(plane.normal, Math.sign(lines) * (event.shiftKey ? 5 : 1));
    return;
  }
  if (now === null) return;
  const { size, spacing } = now.cut;
  const view = state.views[plane.name];
  const zoom = Math.min(Math.max(view.zoom * Math.exp(-lines / 400), 0.25), 40);
  const place = screenPlace(event.currentTarget as HTMLCanvasElement, { x: event.clientX, y: event.clientY }, now.placement);
  // The place under the pointer stays there.
  const change = view.zoom / zoom - 1;
  const middle = [(place.u - (size.width - 1) / 2) * spacing.u + view.pan[0], (place.v - (size.height - 1) / 2) * spacing.v + view.pan[1]] as const;
  actions.look(plane.name, zoom, [view.pan[0] + middle[0] * change, view.pan[1] + middle[1] * change]);
}

function probeText({ state, cut, volume }: ToolContext, place: SlicePoint): string {
  const picture = shownPicture(state);
  const at = cut.along === null ? place : { u: Math.round(place.u), v: Math.round(place.v) };
  const [i, j, k] = voxelOn(cut, at);
  const { slope, intercept } = picture.volume.transform;
  const value = valueAt(volume, Math.round(i), Math.round(j), Math.round(k), slope, intercept);
  if (value === undefined || volume.samplesPerPixel !== 1) return "";
  const mm = pointOn(cut, at).map((part) => part.toFixed(1).replace("-", "−"));
  return `${signed(value)} ${unitOf(picture)} at ${mm.join(", ")} mm`;
}
