// The image workspace: series rail, panes, findings. State is model.ts, deeds are commands.ts, voxels are stage.ts.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { AnnotationBody, Point, WorkspaceProps } from "@/core/workspace";
import { bodyOf } from "@/core/workspace_bodies";
import { planesOf } from "@/core/geometry";
import type { Plane, VoxelPoint } from "@/core/geometry";
import type { AnnotationId } from "@/core/ids";
import { newId } from "@/core/ids";
import { clearLabel, extentsOf, restoreBricks } from "@/core/mask";
import { operationClient } from "@/api/segmentation";
import { useCommands } from "@/ui/commands";
import { Guideline } from "@/ui/Guideline";
import type { ImageCommand, ImageEffect } from "./commands";
import { imageCommands } from "./commands";
import { isOutcome } from "@/core/commands";
import type { SegmentLook, ShapeLook } from "@/ui/slice_pane";
import { measureMask, measureShape, measurementText, valuesUnder } from "./measure";
import type { Picture } from "@/core/pictures";
import { unitOf } from "@/core/pictures";
import type { Changed, ImageState } from "./model";
import {
  addBody, answerOf, changeBody, colourOf, findings, labelOf, memoryKey, missingAnswers, recalled,
  remembered, removeBody, scrolled, selectedBody, shownPicture, sliceOf, startState, toggled, withLabel, withPicture, withPosition,
  withSelected, withView,
} from "./model";
import type { PaneActions } from "./Pane";
import { Pane } from "./Pane";
import type { FindingActions } from "./Panels";
import { Findings, Forms, SeriesRail, Toolbar } from "./Panels";
import { SegmentTools } from "./SegmentTools";
import { Stage } from "./stage";
import { strings } from "./strings";
import { shapeServices } from "./tools/shape_services";
import { strokeServices } from "./tools/strokes";
import type { StrokeParts } from "./tools/strokes";
import "./image.css";

export { fetchAhead } from "./ahead";

export default function Workspace(props: WorkspaceProps): React.JSX.Element {
  const memory = memoryKey(props.item.id);
  const [start] = useState(() => {
    const state = startState(props.item, props.protocol, props.annotations.filter((annotation) => annotation.state !== "retracted").map(bodyOf), props.readOnly);
    return state === null ? null : recalled(state, sessionStorage.getItem(memory));
  });
  if (start === null) return <p className="image-nothing">{strings.nothingToShow}</p>;
  return <Bench {...props} start={start} memory={memory} />;
}

function Bench(props: WorkspaceProps & { readonly start: ImageState; readonly memory: string }): React.JSX.Element {
  const { item, project, memory } = props;
  const session = useSteadySession(props.session);
  const [state, setState] = useState(props.start);
  const now = useRef(state);
  const probe = useRef<HTMLSpanElement>(null);
  const [said, say] = useState("");
  const stage = useMemo(() => new Stage(project.id, item.id, session), [project.id, item.id, session]);
  const [stageRevision, setStageRevision] = useState(0);
  useEffect(() => stage.onSettled(() => setStageRevision(stage.revision)), [stage]);
  useEffect(() => () => stage.stop(), [stage]);

  const set = useCallback((next: ImageState) => {
    now.current = next;
    setState(next);
  }, []);

  const carryOut = useCallback(
    (effects: Changed["effects"]) => {
      for (const effect of effects) {
        if (effect.kind === "put") session.put(effect.body);
        else if (effect.kind === "remove") session.remove(effect.id);
        else {
          const picture = now.current.pictures.find((candidate) => candidate.volume.grid_id === effect.gridId);
          if (picture !== undefined) restoreBricks(stage.maskOf(picture.volume), effect.contents);
          stage.saveBricks(effect.gridId, effect.contents);
          stage.settled();
        }
      }
    },
    [session, stage],
  );

  const change = useCallback(
    (changed: Changed) => {
      set(changed.state);
      carryOut(changed.effects);
    },
    [carryOut, set],
  );

  useEffect(() => {
    const timer = setTimeout(() => sessionStorage.setItem(memory, remembered(state)), 300);
    return () => clearTimeout(timer);
  }, [memory, state]);

  const picture = shownPicture(state);
  const { volume, loading } = stage.pictureOf(picture, state.position[2]);
  useEffect(() => {
    loading.lookAt(state.position[2]);
  }, [loading, state.position]);

  const goTo = useCallback(
    (id: AnnotationId) => {
      const body = now.current.bodies.find((candidate) => candidate.id === id);
      if (body === undefined) return;
      set(lookedAt(now.current, body, stage));
    },
    [set, stage],
  );

  const remove = useCallback(
    (id: AnnotationId) => {
      const current = now.current;
      const body = current.bodies.find((candidate) => candidate.id === id);
      if (body === undefined || current.locked.has(id)) {
        if (body !== undefined) say(strings.lockedFinding);
        return;
      }
      const { target } = body;
      const name = labelOf(current, body.label)?.title.toLowerCase() ?? "";
      const owner = target.type === "mask" ? current.pictures.find((candidate) => candidate.volume.grid_id === target.grid_id) : undefined;
      const bricks = target.type === "mask" && owner !== undefined ? { gridId: target.grid_id, ...clearLabel(stage.maskOf(owner.volume), target.segment) } : null;
      change(removeBody(current, strings.steps.remove(name), id, bricks));
    },
    [change, stage],
  );

  const run = useCallback(
    (command: ImageCommand) => {
      const result = command.apply(now.current);
      if (!isOutcome<ImageState, ImageEffect>(result)) return set(result);
      set(result.state);
      for (const effect of result.effects) {
        switch (effect.kind) {
          case "submit": props.onSubmit(); break;
          case "skip": props.onSkip(); break;
          case "question": props.onQuestion(); break;
          case "removeSelected":
            if (now.current.selected !== null) remove(now.current.selected);
            break;
          case "goTo": goTo(effect.id); break;
          default: carryOut([effect]);
        }
      }
    },
    [carryOut, goTo, props, remove, set],
  );
  const commands = useMemo(() => imageCommands(props.start), [props.start]);
  useCommands(commands, state, run);

  const actions = useMemo(() => paneActions({ now, set, change, say, stage, session, probe }), [set, change, stage, session]);

  const workParts = useMemo(() => ({ now, stage, strokes: actions.strokes, session, client: operationClient(project.id, item.id) }), [actions, stage, session, project.id, item.id]);
  const findingActions: FindingActions = useMemo(
    () => ({
      select: (id, go) => {
        set(withSelected(now.current, id));
        if (go && id !== null) goTo(id);
      },
      remove,
      toggleHidden: (id) => set({ ...now.current, hidden: toggled(now.current.hidden, id) }),
      toggleLocked: (id) => set({ ...now.current, locked: toggled(now.current.locked, id) }),
      setLabel: (label) => set(withLabel(now.current, label)),
      setNumber: (body, number) => change(changeBody(now.current, strings.steps.number, { ...body, number })),
      setAttribute: (body, id, value) => {
        const others = Object.entries(body.attributes).filter(([name]) => name !== id);
        const attributes = Object.fromEntries(value === null ? others : [...others, [id, value]]);
        change(changeBody(now.current, strings.steps.answer, { ...body, attributes }));
      },
      answer: (question, value) => {
        const current = now.current;
        const series = question.on === "series" ? shownPicture(current).series.id : null;
        const old = answerOf(current, question.id, series);
        if (value === null) {
          if (old !== undefined) change(removeBody(current, strings.steps.answer, old.id, null));
        } else if (old !== undefined) change(changeBody(current, strings.steps.answer, { ...old, value }));
        else
          change(
            addBody(current, strings.steps.answer, {
              id: newId<AnnotationId>(),
              item_id: current.itemId,
              protocol: { id: current.protocol.id, version: current.protocol.version },
              label: null,
              target: series === null ? { type: "whole" } : { type: "series", series_id: series },
              question: question.id,
              value,
              attributes: {},
            }),
          );
      },
    }),
    [change, goTo, remove, set],
  );

  const looks = useLooks(state, stage, stageRevision);
  const planes = useMemo(() => planesOf(picture.volume.grid.affine), [picture]);
  const shown = state.layout === "one" ? planes.filter((plane) => plane.name === mainPlane(state, planes)) : orderPlanes(state, planes);
  const missing = missingAnswers(state);
  const label = labelOf(state, selectedBody(state)?.label ?? state.label);
  const { setStatus } = props;
  useEffect(() => {
    setStatus(
      <>
        <span>{said !== "" ? said : strings.brushAt(state.radiusMm.toFixed(1), labelOf(state, state.label)?.title ?? "")}</span>
        <span ref={probe} />
        {volume.loadedCount < picture.volume.grid.dims[2] && <span>{strings.loading(volume.loadedCount, picture.volume.grid.dims[2])}</span>}
        <span className={missing.length > 0 ? "image-warn" : undefined}>{missing[0] === undefined ? strings.complete : strings.missing(missing.length, missing[0].title)}</span>
      </>,
      null,
    );
  }, [setStatus, said, state, missing, volume, picture, stageRevision]);
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => say(""), 4000);
    return () => clearTimeout(timer);
  }, [said]);

  return (
    <div className="image-workspace" data-theme="dark" data-loaded={volume.loadedCount}>
      <Toolbar state={state} run={run} update={actions.update} setWindow={actions.setWindow} />
      <SeriesRail state={state} thumbnail={(of) => thumbnailUrl(project.id, item.id, of)} choose={(index) => set(withPicture(now.current, index))} />
      <div className={`image-panes image-panes-${state.layout}`}>
        {shown.map((plane, n) => (
          <Pane key={plane.name} state={state} stage={stage} plane={plane} main={n === 0} segments={looks.segments} segmentsKey={looks.key} shapes={looks.shapes} marks={looks.marks.get(plane.normal) ?? []} brushColour={colourOf(state, state.label)} actions={actions} />
        ))}
        {stage.problem !== undefined && (
          <div className="image-problem" role="alert">
            {strings.framesFailed} <small>{stage.problem}</small>
            <button type="button" onClick={() => stage.retry(picture)}>{strings.retry}</button>
          </div>
        )}
      </div>
      <aside className="image-side">
        <div className="image-side-scroll">
          {state.segmentTools && !state.readOnly && <SegmentTools state={state} parts={workParts} stageRevision={stageRevision} update={actions.update} />}
          <Findings state={state} captions={looks.captions} actions={findingActions} />
          <Forms state={state} actions={findingActions} />
        </div>
        {state.guideline && <Guideline protocol={state.protocol} label={label} />}
        {!state.readOnly && (
          <footer className="image-finish">
            <button type="button" className="image-button" onClick={() => props.onSkip()}>{strings.skip} <kbd>S</kbd></button>
            <button type="button" className="image-button" onClick={() => props.onQuestion()}>{strings.question}</button>
            <button type="button" className="image-button image-submit" onClick={() => props.onSubmit()}>{strings.submit} <kbd>Enter</kbd></button>
          </footer>
        )}
      </aside>
    </div>
  );
}

/** The session with one identity for the workspace's life: the shell gives a new one whenever its save state changes. */
function useSteadySession(session: WorkspaceProps["session"]): WorkspaceProps["session"] {
  const latest = useRef(session);
  latest.current = session;
  return useMemo(
    () => ({
      get state() {
        return latest.current.state;
      },
      put: (body) => latest.current.put(body),
      remove: (id) => latest.current.remove(id),
      putMaskBricks: (gridId, patch) => latest.current.putMaskBricks(gridId, patch),
      loadMasks: (gridId) => latest.current.loadMasks(gridId),
    }),
    [],
  );
}

function thumbnailUrl(projectId: string, itemId: string, picture: Picture): string {
  const image = picture.imageIndex === null ? "" : `&image=${picture.imageIndex}`;
  return `/api/v1/projects/${projectId}/items/${itemId}/thumbnail?series=${picture.series.id}${image}`;
}

function mainPlane(state: ImageState, planes: readonly Plane[]): Plane["name"] {
  // A single image has one plane worth looking at: the acquired one.
  return shownPicture(state).volume.grid.dims[2] === 1 ? (planes.find((plane) => plane.normal === 2)?.name ?? "axial") : state.main;
}

function orderPlanes(state: ImageState, planes: readonly Plane[]): readonly Plane[] {
  const first = mainPlane(state, planes);
  return [...planes].sort((a, b) => Number(b.name === first) - Number(a.name === first));
}

/** Brings a finding into view. */
function lookedAt(state: ImageState, body: AnnotationBody, stage: Stage): ImageState {
  const { target } = body;
  if (target.type === "mask") {
    const index = state.pictures.findIndex((picture) => picture.volume.grid_id === target.grid_id);
    const picture = state.pictures[index];
    if (picture === undefined) return state;
    const extent = extentsOf(stage.maskOf(picture.volume)).get(target.segment);
    const next = withPicture(state, index);
    return extent === undefined ? next : withPosition(next, extent.centre);
  }
  if (target.type !== "region") return state;
  const index = state.pictures.findIndex((picture) => picture.volume.slices.some((slice) => slice.instance_uid === target.instance_uid && slice.frame === target.frame));
  const next = index < 0 ? state : withPicture(state, index);
  const slice = sliceOf(next, body);
  const points = target.geometry.points;
  const mean = (axis: 0 | 1): number => points.reduce((sum, point) => sum + point[axis], 0) / Math.max(1, points.length);
  return slice === null ? next : withPosition(next, [mean(0), mean(1), slice]);
}

interface Looks {
  readonly segments: ReadonlyMap<number, SegmentLook>;
  readonly key: string;
  readonly shapes: readonly ShapeLook[];
  readonly captions: ReadonlyMap<AnnotationId, string>;
  readonly marks: ReadonlyMap<number, readonly { slice: number; colour: string }[]>;
}

/** How findings look on the shown picture. Extents of masks are counted anew only when the mask changed. */
function useLooks(state: ImageState, stage: Stage, stageRevision: number): Looks {
  const picture = shownPicture(state);
  const mask = stage.maskOf(picture.volume);
  const counted = useRef<{ mask: typeof mask; revision: number; extents: ReturnType<typeof extentsOf> } | null>(null);
  if (counted.current?.mask !== mask || counted.current.revision !== stageRevision) {
    counted.current = { mask, revision: stageRevision, extents: extentsOf(mask) };
  }
  const extents = counted.current.extents;
  const target = selectedBody(state)?.target;
  const segment = target?.type === "mask" && target.grid_id === picture.volume.grid_id ? target.segment : null;
  // What the image holds under it is counted for the selected one alone, and once for each change: it takes every voxel of its bricks.
  const values = useMemo(
    () => (segment === null || stageRevision < 0 ? {} : valuesUnder(mask, segment, stage.pictureOf(picture, 0).volume, picture.volume.transform)),
    [mask, segment, stage, picture, stageRevision],
  );
  return useMemo(() => {
    const segments = new Map<number, SegmentLook>();
    const shapes: ShapeLook[] = [];
    const captions = new Map<AnnotationId, string>();
    const marks = new Map<number, { slice: number; colour: string }[]>([[0, []], [1, []], [2, []]]);
    const { volume: info } = picture;
    const unit = unitOf(picture);
    for (const { number, body } of findings(state)) {
      const { target } = body;
      const colour = colourOf(state, body.label);
      const visible = !state.hidden.has(body.id);
      const selected = state.selected === body.id;
      if (target.type === "mask" && target.grid_id === info.grid_id) {
        segments.set(target.segment, { colour, visible, selected, number });
        const extent = extents.get(target.segment);
        if (extent === undefined) continue;
        captions.set(body.id, measurementText({ ...measureMask(extent, info.grid.affine), ...(selected ? values : {}) }, unit));
        for (const axis of [0, 1, 2] as const) marks.get(axis)?.push({ slice: Math.round(extent.centre[axis]), colour });
      } else if (target.type === "region") {
        const slice = sliceOf(state, body);
        if (slice === null) continue;
        marks.get(2)?.push({ slice, colour });
        const { kind, points } = target.geometry;
        const { volume } = stage.pictureOf(picture, slice);
        const caption = measurementText(measureShape({ kind, points }, info.grid.affine, volume, slice, info.transform), unit);
        captions.set(body.id, caption);
        if (visible && slice === state.position[2]) shapes.push({ id: body.id, kind, points, colour, selected, number, caption });
      }
    }
    const key = [...segments].map(([segment, look]) => `${segment}${look.colour}${look.visible}${look.selected}`).join("/");
    // A shape is drawn in the acquired plane as that plane stands on the screen.
    const acquired = planesOf(info.grid.affine).find((plane) => plane.normal === 2);
    const turned = acquired === undefined ? shapes : shapes.map((shape) => ({ ...shape, points: shape.points.map((point) => toScreenPlane(acquired, info.grid.dims, point)) }));
    return { segments, key, shapes: turned, captions, marks };
  }, [state, stage, picture, extents, values]);
}

/** Pixels of the acquired frame to places on the pane, which may be turned or mirrored. */
function toScreenPlane(plane: Plane, dims: readonly number[], [x, y]: Point): Point {
  const along = (side: Plane["right"]): number => {
    const value = side.axis === 0 ? x : y;
    return side.flipped ? (dims[side.axis] ?? 1) - 1 - value : value;
  };
  return [along(plane.right), along(plane.down)];
}

interface ActionParts extends StrokeParts {
  readonly change: (changed: Changed) => void;
  readonly probe: { current: HTMLSpanElement | null };
}

function paneActions(parts: ActionParts): PaneActions {
  const { now, set, change, say, stage, probe } = parts;
  return {
    update: (next) => set(next(now.current)),
    change: (next) => change(next(now.current)),
    strokes: strokeServices(parts),
    redraw: () => stage.changed(),
    body: (id) => now.current.bodies.find((body) => body.id === id),
    moveTo: (position: VoxelPoint) => set(withPosition(now.current, position)),
    scroll: (axis, by) => set(scrolled(now.current, axis, by)),
    look: (plane, zoom, pan) => set(withView(now.current, plane, { zoom, pan })),
    setWindow: (centre, width) => set({ ...now.current, window: { centre: Math.round(centre * 10) / 10, width: Math.round(width * 10) / 10 } }),
    ...shapeServices(parts),
    select: (id) => set(withSelected(now.current, id)),
    probe: (text) => {
      if (probe.current !== null) probe.current.textContent = text;
    },
    makeMain: (plane) => set({ ...now.current, main: plane }),
    say,
  };
}
