// One plane of a picture with the outlines and shapes of all raters, to look at only.
import { useCallback, useEffect, useMemo, useRef, type PointerEvent as ReactPointerEvent } from "react";
import type { FrameStage } from "@/core/frame_stage";
import { cutAlong } from "@/core/cut";
import type { Plane, VoxelPoint } from "@/core/geometry";
import { sizeOn, spacingOf, toSlice, toVoxel } from "@/core/geometry";
import { lutOf } from "@/core/luts";
import type { Picture } from "@/core/pictures";
import { signed } from "@/core/pictures";
import type { Window } from "@/core/volume";
import { drawScaleBar, EdgeLetters, SliceSlider } from "@/ui/SlicePaneParts";
import type { MaskLook, Placement, ShapeLook, View } from "@/ui/slice_pane";
import { crosshairAt, fromScreen, PaneRenderer, placementOf } from "@/ui/slice_pane";
import { useCanvasDrawing } from "@/ui/use_canvas_drawing";
import { strings } from "./strings";

export interface Look {
  readonly position: VoxelPoint;
  readonly window: Window;
  readonly inverted: boolean;
}

interface Props {
  readonly stage: FrameStage;
  readonly picture: Picture;
  readonly plane: Plane;
  readonly main: boolean;
  readonly look: Look;
  readonly view: View;
  readonly masks: readonly MaskLook[];
  readonly shapes: readonly ShapeLook[];
  readonly marks: readonly { readonly slice: number; readonly colour: string }[];
  readonly crosshair: boolean;
  readonly setPosition: (position: VoxelPoint) => void;
  readonly setWindow: (window: Window) => void;
  readonly setView: (view: View) => void;
}

type Drag = { readonly kind: "window"; readonly start: Window } | { readonly kind: "pan"; readonly start: View["pan"] };

export function SliceView(props: Props): React.JSX.Element {
  const { stage, picture, plane, main, look } = props;
  const latest = useRef(props);
  latest.current = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const renderer = useMemo(() => new PaneRenderer(), []);
  const drag = useRef<{ readonly drag: Drag; readonly x: number; readonly y: number; moved: boolean } | null>(null);
  const bar = useRef<HTMLDivElement>(null);
  const barText = useRef<HTMLSpanElement>(null);

  const placement = useCallback((): Placement | null => {
    const element = canvas.current;
    if (element === null) return null;
    const now = latest.current;
    return placementOf(element.width, element.height, sizeOn(now.plane, now.picture.volume.grid.dims), spacingOn(now.picture, now.plane), now.view);
  }, []);
  const draw = useCallback(() => {
    const context = canvas.current?.getContext("2d", { alpha: false });
    if (context === null || context === undefined) return;
    const now = latest.current;
    const { dims } = now.picture.volume.grid;
    const { grid, transform } = now.picture.volume;
    const cut = cutAlong(grid.affine, dims, now.plane, now.look.position[now.plane.normal]);
    renderer.draw(context, {
      picture: {
        volume: now.stage.pictureOf(now.picture, now.look.position[2]).volume, affine: grid.affine, slab: null, lookup: now.stage.lookupOf(now.picture, now.look.window, now.look.inverted),
        tone: { slope: transform.slope, intercept: transform.intercept, window: now.look.window, inverted: now.look.inverted, colours: lutOf("grey") },
      },
      cut, view: now.view, masks: now.masks, shapes: now.shapes, lines: now.crosshair ? crosshairAt(toSlice(now.plane, dims, now.look.position)) : [], smooth: true, captions: now.main,
    });
    // The bar ends before the letter in the middle of the lower edge.
    const room = (canvas.current?.clientWidth ?? 0) / 2 - 84;
    drawScaleBar(bar.current, barText.current, placement(), spacingOn(now.picture, now.plane).u, Math.min(now.main ? 110 : 70, room));
  }, [placement, renderer]);
  useCanvasDrawing(canvas, stage, draw);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const now = latest.current;
      if (event.ctrlKey) now.setView({ ...now.view, zoom: Math.min(Math.max(now.view.zoom * Math.exp(-event.deltaY / 400), 0.25), 40) });
      else now.setPosition(scrolled(now, Math.sign(event.deltaY) * (event.shiftKey ? 5 : 1)));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => {
      element.removeEventListener("wheel", wheel);
    };
  }, []);

  const onMove = (event: ReactPointerEvent): void => {
    const held = drag.current;
    if (held === null) return;
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    if (!held.moved && Math.hypot(dx, dy) < 3) return;
    held.moved = true;
    if (held.drag.kind === "window") {
      const { start } = held.drag;
      const step = Math.max(start.width, 50) / 400;
      props.setWindow({ centre: start.centre + dy * step, width: Math.max(1, start.width + dx * step) });
    } else {
      const at = placement();
      if (at === null) return;
      const ratio = window.devicePixelRatio || 1;
      const spacing = spacingOn(picture, plane);
      props.setView({ ...props.view, pan: [held.drag.start[0] + (dx * ratio * spacing.u) / at.scaleU, held.drag.start[1] + (dy * ratio * spacing.v) / at.scaleV] });
    }
  };
  const onUp = (event: ReactPointerEvent): void => {
    const held = drag.current;
    drag.current = null;
    const element = canvas.current;
    const at = placement();
    if (held === null || held.moved || element === null || at === null) return;
    const bounds = element.getBoundingClientRect();
    const ratio = element.width / Math.max(1, bounds.width);
    const place = fromScreen(at, (event.clientX - bounds.left) * ratio, (event.clientY - bounds.top) * ratio);
    const { dims } = picture.volume.grid;
    const voxel = toVoxel(plane, dims, look.position[plane.normal], { u: Math.round(place.u), v: Math.round(place.v) });
    if (voxel.every((value, axis) => value >= 0 && value < (dims[axis] ?? 0))) props.setPosition(voxel);
  };

  const depth = picture.volume.grid.dims[plane.normal];
  const name = strings.planes[plane.name];
  return (
    <section className={main ? "image-pane image-pane-main" : "image-pane"} aria-label={name}>
      <canvas
        ref={canvas} tabIndex={0} role="img" aria-label={strings.viewport(name)} className="image-canvas" data-plane={plane.name}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { drag: event.button === 1 || event.shiftKey ? { kind: "pan", start: props.view.pan } : { kind: "window", start: look.window }, x: event.clientX, y: event.clientY, moved: false };
        }}
        onPointerMove={onMove} onPointerUp={onUp} onPointerCancel={() => { drag.current = null; }} onContextMenu={(event) => { event.preventDefault(); }}
        onDoubleClick={() => { props.setView({ zoom: 1, pan: [0, 0] }); }}
      />
      <div className="image-corner image-top-left">
        <b>{name}</b>
        {main ? <span> · {picture.series.description || picture.series.modality}</span> : null}
        {depth > 1 ? <div>{strings.slice} <b>{look.position[plane.normal] + 1}</b> / {depth}</div> : null}
      </div>
      {main ? (
        <div className="image-corner image-top-right">
          <div>W <b>{Math.round(look.window.width)}</b> L <b>{signed(look.window.centre)}</b></div>
          <div>{strings.zoom} {Math.round(props.view.zoom * 100)} %</div>
        </div>
      ) : null}
      <EdgeLetters letters={plane.letters} />
      <div className={main ? "image-scale image-scale-main" : "image-scale"} aria-hidden="true">
        <div className="image-scale-row"><div ref={bar} className="image-scale-bar" /><span ref={barText} /></div>
      </div>
      {depth > 1 ? <SliceSlider label={strings.slider(name)} depth={depth} at={look.position[plane.normal]} marks={props.marks} onChange={(slice) => { props.setPosition(scrolled(props, slice - look.position[plane.normal])); }} /> : null}
    </section>
  );
}

function spacingOn(picture: Picture, plane: Plane): { u: number; v: number } {
  const spacing = spacingOf(picture.volume.grid.affine);
  return { u: spacing[plane.right.axis] || 1, v: spacing[plane.down.axis] || 1 };
}

function scrolled({ picture, plane, look }: Pick<Props, "picture" | "plane" | "look">, by: number): VoxelPoint {
  const last = picture.volume.grid.dims[plane.normal] - 1;
  const at = Math.min(Math.max(look.position[plane.normal] + by, 0), last);
  const [i, j, k] = look.position;
  return plane.normal === 0 ? [at, j, k] : plane.normal === 1 ? [i, at, k] : [i, j, at];
}
