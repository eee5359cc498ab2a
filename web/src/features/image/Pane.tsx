// One view of the picture: draws on a canvas and hands pointer, wheel and keys to the tool.
import { useCallback, useEffect, useMemo, useRef } from "react";
import type { PointerEvent as ReactPointerEvent } from "react";
import type { Cut } from "@/core/cut";
import { lettersOf, pointOn, voxelOn } from "@/core/cut";
import type { Affine, Plane, SlicePoint } from "@/core/geometry";
import { spacingOf } from "@/core/geometry";
import type { LutName } from "@/core/luts";
import { allLayers } from "@/core/mask_layers";
import { lutOf, overlayLutOf } from "@/core/luts";
import type { Tone, Window } from "@/core/volume";
import { valueAt } from "@/core/volume";
import type { Placement, Scene, SegmentLook, ShapeLook } from "@/ui/slice_pane";
import { fromScreen, PaneRenderer, placementOf } from "@/ui/slice_pane";
import { isPlaced, isSized, signed, unitOf } from "@/core/pictures";
import { cutOf } from "./looking";
import type { ImageState, Tool } from "./model";
import { lookingTools, shownPicture } from "./model";
import { drawScaleBar, EdgeLetters, SliceSlider } from "@/ui/SlicePaneParts";
import type { OtherLooks } from "./others";
import { PaneCorners } from "./PaneCorners";
import { planeLines } from "./plane_lines";
import { useCanvasDrawing } from "@/ui/use_canvas_drawing";
import type { SpaceLook } from "./space_shapes";
import { onCut } from "./space_shapes";
import type { Stage } from "./stage";
import { strings } from "./strings";
import { OverlayRenderer } from "./tools/overlay";
import { makeTool } from "./tools/registry";
import type { PaneTool, ToolContext, ToolEvent, ToolServices } from "./tools/tool";

export interface PaneActions extends ToolServices {
  readonly scroll: (plane: Plane, by: number) => void;
  readonly probe: (text: string) => void;
  readonly makeMain: (plane: Plane["name"]) => void;
}

interface Props {
  readonly state: ImageState;
  readonly stage: Stage;
  readonly plane: Plane;
  readonly main: boolean;
  /** Another picture, beside the one that is labelled. */
  readonly beside: boolean;
  readonly segments: ReadonlyMap<number, SegmentLook>;
  readonly segmentsKey: string;
  readonly shapes: readonly ShapeLook[];
  readonly spaceShapes: readonly SpaceLook[];
  /** Only to look at. */
  readonly others: OtherLooks;
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
  // Beside the picture that is labelled nothing is drawn.
  const chosen: Tool = props.beside && !lookingTools.includes(state.tool) ? "crosshair" : state.tool;
  const tool = useMemo(() => makeTool(chosen), [chosen]);
  const always = useMemo(() => ({ window: makeTool("window"), pan: makeTool("pan") }), []);
  const currentTool = useRef(tool);
  currentTool.current = tool;
  const pointer = useRef<{ x: number; y: number } | null>(null);
  const drag = useRef<Drag | null>(null);
  const space = useRef(false);
  const bar = useRef<HTMLDivElement>(null);
  const barText = useRef<HTMLSpanElement>(null);

  const context = useCallback((): ToolContext | null => {
    const element = canvas.current;
    if (element === null) return null;
    const now = latest.current;
    const cut = cutOf(now.state, now.plane);
    const placement = placementOf(element.width, element.height, cut.size, cut.spacing, now.state.views[cut.name]);
    const picture = shownPicture(now.state);
    return {
      state: now.state,
      cut,
      placement,
      canvas: element,
      volume: stage.pictureOf(picture, Math.round(now.state.position[2])).volume,
      layers: stage.layersOf(picture.volume),
      shapes: shapesOn(cut, picture.volume.grid.affine, now.shapes, now.spaceShapes),
      colour: now.brushColour,
      pointer: pointer.current === null ? null : screenPlace(element, pointer.current, placement),
      services: now.actions,
    };
  }, [stage]);

  const draw = useCallback(() => {
    const element = canvas.current;
    const surface = element?.getContext("2d", { alpha: false });
    const now = context();
    if (element === null || surface === null || surface === undefined || now === null) return;
    renderer.draw(surface, sceneOf(latest.current, stage, now));
    if (stage.overlay !== null) overlays.draw(now, surface, stage.overlay);
    currentTool.current.draw?.(now, surface);
    drawScaleBar(bar.current, barText.current, now.placement, now.cut.spacing.u, latest.current.main ? 110 : 70);
  }, [context, renderer, overlays, stage]);

  const { queue: queueDraw, atOnce: drawAtOnce } = useCanvasDrawing(canvas, stage, draw);
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
  }, [context, queueDraw]);
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

  const eventOf = useCallback((event: PointerEvent, element: HTMLCanvasElement, now: ToolContext): ToolEvent => {
    const placeOf = (at: { clientX: number; clientY: number }): SlicePoint => screenPlace(element, { x: at.clientX, y: at.clientY }, now.placement);
    const coalesced = event.getCoalescedEvents?.() ?? [];
    const start = drag.current ?? { x: event.clientX, y: event.clientY };
    const { shiftKey: shift, ctrlKey: ctrl, altKey: alt } = event;
    return { at: placeOf(event), path: (coalesced.length > 0 ? coalesced : [event]).map(placeOf), dx: event.clientX - start.x, dy: event.clientY - start.y, shift, ctrl, alt };
  }, []);

  // A browser holds pointermove back until the next frame. What a tool paints need not wait for that: it takes the events as they
  // come, where the browser gives them, and the moves that tell the same again are left out.
  const rawAt = useRef(0);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const raw = (event: Event): void => {
      if (!(event instanceof PointerEvent) || drag.current?.tool.paints !== true) return;
      pointer.current = { x: event.clientX, y: event.clientY };
      const now = context();
      if (now === null) return;
      rawAt.current = event.timeStamp;
      drag.current.tool.move(now, eventOf(event, element, now));
      drawAtOnce();
    };
    element.addEventListener("pointerrawupdate", raw);
    return () => element.removeEventListener("pointerrawupdate", raw);
  }, [context, eventOf, drawAtOnce]);

  const onDown = (event: ReactPointerEvent<HTMLCanvasElement>): void => {
    const now = context();
    if (now === null || drag.current !== null) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    event.currentTarget.focus({ preventScroll: true });
    const held = heldBy(event, space.current, { ...always, chosen: tool });
    if (held?.down(now, eventOf(event.nativeEvent, event.currentTarget, now)) === true) drag.current = { tool: held, x: event.clientX, y: event.clientY };
    queueDraw();
  };

  const onMove = (event: ReactPointerEvent<HTMLCanvasElement>): void => {
    pointer.current = { x: event.clientX, y: event.clientY };
    const now = context();
    if (now === null) return;
    const told = eventOf(event.nativeEvent, event.currentTarget, now);
    props.actions.probe(probeText(now, told.at));
    if (drag.current?.tool.paints === true && event.timeStamp <= rawAt.current) return;
    if (drag.current === null) tool.hover?.(now, told);
    else drag.current.tool.move(now, told);
    queueDraw();
  };

  const onUp = (event: ReactPointerEvent<HTMLCanvasElement>): void => {
    const now = context();
    const held = drag.current?.tool;
    if (now === null || held === undefined) return;
    const told = eventOf(event.nativeEvent, event.currentTarget, now);
    drag.current = null;
    if (event.type === "pointercancel") held.cancel(now);
    else held.up(now, told);
    queueDraw();
  };

  const onTwice = (): void => {
    const now = context();
    if (now !== null && tool.twice?.(now) !== true) props.actions.makeMain(plane.name);
  };

  const cut = cutOf(state, plane);
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
        data-item={state.itemId}
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
      <PaneCorners state={state} plane={plane} cut={cut} main={main} beside={props.beside} />
      {isPlaced(shownPicture(state)) && <EdgeLetters letters={cut.along === null ? lettersOf(cut) : plane.letters} />}
      <div className={main ? "image-scale image-scale-main" : "image-scale"} aria-hidden="true">
        {main && <div className="image-spacing">{!isSized(shownPicture(state)) ? strings.unsized : `${spacingOf(shownPicture(state).volume.grid.affine).map((mm) => mm.toFixed(2)).join(" × ")} mm`}</div>}
        <div className="image-scale-row" style={isSized(shownPicture(state)) ? undefined : { display: "none" }}>
          <div ref={bar} className="image-scale-bar" />
          <span ref={barText} />
        </div>
      </div>
      {depth > 1 && state.looking.turn === null && (
        <SliceSlider label={strings.slider(strings.planes[plane.name])} depth={depth} at={state.position[plane.normal]} marks={props.marks} onChange={(slice) => props.actions.scroll(plane, slice - state.position[plane.normal])} />
      )}
    </section>
  );
}

/** Those of the slice on the acquired plane, and those of the patient that meet the cut. */
function shapesOn(cut: Cut, affine: Affine, ofFrame: readonly ShapeLook[], ofPatient: readonly SpaceLook[]): readonly ShapeLook[] {
  const met = ofPatient.flatMap((look) => onCut(cut, affine, look) ?? []);
  return cut.along?.plane.normal === 2 ? [...ofFrame, ...met] : met;
}

function screenPlace(element: HTMLCanvasElement, at: { x: number; y: number }, placement: Placement): SlicePoint {
  const box = element.getBoundingClientRect();
  const ratio = element.width / Math.max(1, box.width);
  return fromScreen(placement, (at.x - box.left) * ratio, (at.y - box.top) * ratio);
}

function sceneOf(props: Props, stage: Stage, now: ToolContext): Scene {
  const { state } = props;
  const { looking } = state;
  const picture = shownPicture(state);
  const { transform, grid } = picture.volume;
  const toneOf = ({ slope, intercept }: typeof transform, window: Window, inverted: boolean, lut: LutName): Tone => ({ slope, intercept, window, inverted, colours: lutOf(lut) });
  const over = looking.fusion === null ? undefined : state.pictures[looking.fusion.picture];
  return {
    picture: { volume: now.volume, affine: grid.affine, slab: looking.slab, tone: toneOf(transform, state.window, state.inverted, looking.lut), lookup: stage.lookupOf(picture, state.window, state.inverted, looking.lut) },
    overlay:
      over === undefined || looking.fusion === null
        ? undefined
        : { volume: stage.pictureOf(over, over.volume.grid.dims[2] >> 1).volume, affine: over.volume.grid.affine, opacity: looking.fusion.opacity, tone: { ...toneOf(over.volume.transform, looking.fusion.window, false, looking.fusion.lut), colours: overlayLutOf(looking.fusion.lut) } },
    cut: now.cut,
    view: state.views[now.cut.name],
    masks: [...allLayers(now.layers).map(([, mask]) => ({ mask, segments: props.segments, segmentsKey: props.segmentsKey })), ...props.others.masks],
    shapes: [...now.shapes, ...shapesOn(now.cut, grid.affine, props.others.shapes, props.others.space)],
    lines: state.crosshair && state.layout !== "one" ? planeLines(state, now.cut) : [],
    smooth: true,
    captions: props.main,
  };
}

interface Tools {
  readonly chosen: PaneTool;
  readonly window: PaneTool;
  readonly pan: PaneTool;
}

/** Whose press it is: the right button sets the window, the middle one (or with the space bar) pans, whatever the tool. */
function heldBy(event: ReactPointerEvent, spaceHeld: boolean, tools: Tools): PaneTool | null {
  if (event.button === 2) return tools.window;
  if (event.button === 1 || spaceHeld) return tools.pan;
  return event.button === 0 ? tools.chosen : null;
}

function onWheel(event: WheelEvent, props: Props, now: ToolContext | null): void {
  event.preventDefault();
  const { state, plane, actions } = props;
  const lines = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
  if (!event.ctrlKey) {
    actions.scroll(plane, Math.sign(lines) * (event.shiftKey ? 5 : 1));
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
