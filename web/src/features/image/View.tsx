// The image workspace: series rail, panes, findings. State is model.ts, deeds are commands.ts, voxels are stage.ts.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { AnnotationBody, WorkspaceProps } from "@/core/workspace";
import { bodyOf } from "@/core/workspace_bodies";
import { normalOf, uprightTurn } from "@/core/cut";
import { planesOf } from "@/core/geometry";
import type { AnnotationId } from "@/core/ids";
import { newId } from "@/core/ids";
import type { Affine } from "@/core/geometry";
import { applyAffine } from "@/core/geometry";
import { clearLabel, restoreBricks } from "@/core/mask";
import { allLayers, layerOf, segmentExtents } from "@/core/mask_layers";
import { operationClient } from "@/api/segmentation";
import { focusAnswer } from "@/ui/AnswerField";
import { useCommands } from "@/ui/commands";
import { Guideline } from "@/ui/Guideline";
import type { ImageCommand, ImageEffect } from "./commands";
import { imageCommands } from "./commands";
import { isOutcome } from "@/core/commands";
import type { Picture } from "@/core/pictures";
import type { LesionActions } from "./LesionTable";
import { LesionTable } from "./LesionTable";
import { lesionTimes, shownBy, withCarried } from "./lesions";
import { LookBar } from "./LookBar";
import { answerShown, levelOf, targetShown } from "./levels";
import { cutOf, layoutFor, layoutKey, voxelAt, withBeside, withLooking } from "./looking";
import { useLooks } from "./looks";
import type { Changed, ImageState, Layout } from "./model";
import {
  addBody, changeBody, labelOf, memoryKey, missingAnswers, recalled,
  remembered, removeBody, selectedBody, shownPicture, sliceOf, startState, toggled, withLabel, withPicture, withPosition,
  withSelected,
} from "./model";
import { paneActions } from "./pane_actions";
import type { FindingActions } from "./Panels";
import { Findings, Forms, SeriesRail, Toolbar } from "./Panels";
import { othersOn } from "./others";
import { Panes } from "./Panes";
import { automaticWindow } from "./presets";
import { SegmentTools } from "./SegmentTools";
import type { SpaceLook } from "./space_shapes";
import { middleOfPoints, onCut, turnTo } from "./space_shapes";
import { Stage } from "./stage";
import { useSteadySession } from "./steady_session";
import { strings } from "./strings";
import { useAutomaticWindow } from "./use_automatic_window";
import { useFilm } from "./use_film";
import { usePriors } from "./use_priors";
import { useStoredMeasurements } from "./use_stored_measurements";
import "./image.css";

export { fetchAhead } from "./ahead";

export default function Workspace(props: WorkspaceProps): React.JSX.Element {
  const memory = memoryKey(props.item.id);
  const [start] = useState(() => {
    const state = startState(props.item, props.protocol, props.annotations.filter((annotation) => annotation.state !== "retracted").map(bodyOf), props.readOnly);
    return state === null ? null : recalled(withKeptLayout(state), sessionStorage.getItem(memory));
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
          if (picture !== undefined) restoreBricks(layerOf(stage.layersOf(picture.volume), effect.layer), effect.contents);
          stage.saveBricks(effect.gridId, effect.layer, effect.contents);
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
  const { volume, loading } = stage.pictureOf(picture, Math.round(state.position[2]));
  useEffect(() => {
    loading.lookAt(Math.round(state.position[2]));
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
      const voxels =
        target.type === "mask" && owner !== undefined
          ? { gridId: target.grid_id, touched: allLayers(stage.layersOf(owner.volume)).map(([layer, mask]) => ({ layer, ...clearLabel(mask, target.segment) })).filter(({ before }) => before.size > 0) }
          : null;
      change(removeBody(current, strings.steps.remove(name), id, voxels));
    },
    [change, stage],
  );

  /** Shows what is asked and not answered, and puts the keyboard there. */
  const goToMissing = useCallback(() => {
    const first = missingAnswers(now.current)[0];
    if (first === undefined) return false;
    if (first.finding !== null) {
      set(withSelected(now.current, first.finding));
      goTo(first.finding);
    }
    if (first.at !== null) {
      const [x, y] = now.current.position;
      const there = withPicture(now.current, first.at.picture);
      set(withPosition(there, there.picture === now.current.picture ? [x, y, first.at.slice] : [there.position[0], there.position[1], first.at.slice]));
    }
    // The fields of another place are drawn first.
    requestAnimationFrame(() => focusAnswer(first.id));
    return true;
  }, [goTo, set]);
  const measureNow = useRef<() => void>(() => undefined);
  const { onSubmit } = props;
  const refusal = useRef("");
  const submit = useCallback(() => {
    measureNow.current();
    const first = missingAnswers(now.current)[0];
    if (first === undefined) return onSubmit();
    refusal.current = strings.answerFirst(first.title);
    say(refusal.current);
    goToMissing();
  }, [goToMissing, onSubmit]);

  const run = useCallback(
    (command: ImageCommand) => {
      const result = command.apply(now.current);
      if (!isOutcome<ImageState, ImageEffect>(result)) return set(result);
      set(result.state);
      for (const effect of result.effects) {
        switch (effect.kind) {
          case "submit": submit(); break;
          case "answerNext": goToMissing(); break;
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
    [carryOut, goTo, goToMissing, props, remove, set, submit],
  );
  const commands = useMemo(() => imageCommands(props.start), [props.start]);
  useCommands(commands, state, run);

  const actions = useMemo(() => paneActions({ now, set, change, say, stage, session, probe }), [set, change, stage, session]);

  const workParts = useMemo(() => ({ now, stage, strokes: actions.strokes, session, client: operationClient(project.id, item.id) }), [actions, stage, session, project.id, item.id]);
  const fitWindow = useCallback(() => {
    const shown = shownPicture(now.current);
    const { slope, intercept } = shown.volume.transform;
    const found = automaticWindow(stage.pictureOf(shown, Math.round(now.current.position[2])).volume, slope, intercept);
    if (found !== null) actions.setWindow(found.centre, found.width);
  }, [stage, actions]);

  const surfaceUrl = useCallback((gridId: string, segment: number) => `/api/v1/projects/${project.id}/items/${item.id}/masks/${gridId}/surface?segment=${String(segment)}`, [project.id, item.id]);

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
        const target = targetShown(current, levelOf(question));
        if (target === null) return;
        const old = answerShown(current, question);
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
              target,
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
  const { others } = props;
  const otherLooks = useMemo(() => othersOn(state, others ?? []), [state, others]);
  useFilm(state, actions.update);
  useAutomaticWindow(state, stage, stageRevision, actions.update);
  measureNow.current = useStoredMeasurements({ state, now, set, stage, session, stageRevision, loaded: volume.loadedCount });
  usePriors(project.id, item, useCallback((priors) => set({ ...now.current, priors }), [set]));
  const times = useMemo(() => lesionTimes(state, item.date), [state, item.date]);
  const lesionActions: LesionActions = useMemo(
    () => ({
      show: (row, at) => {
        const body = shownBy(row, at);
        if (body === undefined) return;
        if (at === times.dates.length - 1) findingActions.select(body.id, true);
        else set(besideLesion(now.current, body));
      },
      carry: (row) => {
        const at = row.sizes.findLastIndex((size) => size !== null);
        const body = shownBy(row, at);
        if (body !== undefined) set(withCarried(besideLesion(now.current, body), row.number, body.label));
      },
    }),
    [findingActions, set, times],
  );
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
  // That something is not answered is said only until it is.
  const open = missing.map(({ id }) => id).join("/");
  useEffect(() => say((current) => (current === refusal.current ? "" : current)), [open]);
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => say(""), 4000);
    return () => clearTimeout(timer);
  }, [said]);

  return (
    <div className="image-workspace" data-theme="dark" data-loaded={volume.loadedCount}>
      <Toolbar state={state} run={run} update={actions.update} setWindow={actions.setWindow} automaticWindow={fitWindow} />
      <SeriesRail state={state} thumbnail={(of) => thumbnailUrl(project.id, item.id, of)} choose={(index) => set(now.current.pictures[index]?.study.prior === true ? withBeside(now.current, index) : withPicture(now.current, index))} />
      <LookBar state={state} update={actions.update} keepLayout={(layout) => keepLayout(state.protocol, picture.series.modality, layout)} />
      <div className={`image-panes image-panes-${state.layout}`}>
        <Panes state={state} now={now} stage={stage} looks={looks} others={otherLooks} actions={actions} surfaceUrl={surfaceUrl} />
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
          <LesionTable state={state} times={times} actions={lesionActions} />
          <Forms state={state} actions={findingActions} />
        </div>
        {state.guideline && <Guideline protocol={state.protocol} label={label} />}
        {!state.readOnly && (
          <footer className="image-finish">
            {props.adjudicating !== true && <button type="button" className="image-button" onClick={() => props.onSkip()}>{strings.skip} <kbd>S</kbd></button>}
            <button type="button" className="image-button" onClick={() => props.onQuestion()}>{strings.question}</button>
            <button type="button" className="image-button image-submit" onClick={submit}>{props.adjudicating === true ? strings.submitDraft : strings.submit} <kbd>Enter</kbd></button>
          </footer>
        )}
      </aside>
    </div>
  );
}

/** A finding of an earlier study beside this one, both at its place. */
function besideLesion(state: ImageState, { target }: AnnotationBody): ImageState {
  const index = state.pictures.findIndex(({ study, series, volume }) => study.prior && (target.type === "mask" ? volume.grid_id === target.grid_id : target.type === "region" && series.id === target.series_id));
  const prior = state.pictures[index];
  if (prior === undefined) return state;
  const beside = withBeside(state, index);
  if (target.type !== "region") return beside;
  const slice = prior.volume.slices.findIndex((one) => one.instance_uid === target.instance_uid && one.frame === target.frame);
  const points = target.geometry.points;
  const mean = (axis: 0 | 1): number => points.reduce((sum, point) => sum + point[axis], 0) / Math.max(1, points.length);
  const voxel = voxelAt(shownPicture(state), applyAffine(prior.volume.grid.affine as Affine, [mean(0), mean(1), slice]));
  return slice < 0 || voxel === null ? beside : withPosition(beside, voxel);
}

/** The layout that this person chose last for pictures of this kind. */
function withKeptLayout(state: ImageState): ImageState {
  const picture = shownPicture(state);
  return { ...state, layout: layoutFor(picture, state.protocol, localStorage.getItem(layoutKey(state.protocol, picture.series.modality))) };
}

function keepLayout(protocol: ImageState["protocol"], modality: string, layout: Layout): void {
  // Side by side belongs to the case, not to the habit.
  if (layout !== "beside") localStorage.setItem(layoutKey(protocol, modality), layout);
}

function thumbnailUrl(projectId: string, itemId: string, picture: Picture): string {
  const image = picture.imageIndex === null ? "" : `&image=${picture.imageIndex}`;
  return `/api/v1/projects/${projectId}/items/${itemId}/thumbnail?series=${picture.series.id}${image}`;
}

/** Brings a finding into view. */
function lookedAt(state: ImageState, body: AnnotationBody, stage: Stage): ImageState {
  const { target } = body;
  if (target.type === "mask") {
    const index = state.pictures.findIndex((picture) => picture.volume.grid_id === target.grid_id);
    const picture = state.pictures[index];
    if (picture === undefined) return state;
    const extent = segmentExtents(stage.layersOf(picture.volume)).get(target.segment);
    const next = withPicture(state, index);
    return extent === undefined ? next : withPosition(next, extent.centre);
  }
  if (target.type === "space") return lookedAtInSpace(state, target);
  if (target.type !== "region") return state;
  const index = state.pictures.findIndex((picture) => picture.volume.slices.some((slice) => slice.instance_uid === target.instance_uid && slice.frame === target.frame));
  const next = index < 0 ? state : withPicture(state, index);
  const slice = sliceOf(next, body);
  const points = target.geometry.points;
  const mean = (axis: 0 | 1): number => points.reduce((sum, point) => sum + point[axis], 0) / Math.max(1, points.length);
  return slice === null ? next : withPosition(next, [mean(0), mean(1), slice]);
}


/** Brings a shape of the patient into view, with the planes turned so that the main one holds it. */
function lookedAtInSpace(state: ImageState, target: Extract<AnnotationBody["target"], { readonly type: "space" }>): ImageState {
  const { kind, points } = target.geometry;
  const index = state.pictures.findIndex(({ series }) => series.id === target.series_id);
  const next = index < 0 ? state : withPicture(state, index);
  const picture = shownPicture(next);
  const { affine, dims } = picture.volume.grid;
  const middle = voxelAt(picture, middleOfPoints(kind, points));
  if (middle === null) return next;
  const at = withPosition(next, middle);
  const look: SpaceLook = { id: "", kind, pointsMm: points, colour: "", selected: false, number: undefined, caption: "" };
  if (planesOf(affine).some((plane) => onCut(cutOf(at, plane), affine, look) !== null)) return at;
  const turn = next.looking.turn ?? uprightTurn(affine, dims);
  const found = turnTo(turn, normalOf(turn[next.main]), kind, points);
  return found === null ? at : withPosition(withLooking(next, { turn: found }), middle);
}
