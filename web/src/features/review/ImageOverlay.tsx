// The study with every rater's masks as outlines and shapes, in the raters' colours, each with its letter.
import { useEffect, useMemo, useRef, useState } from "react";
import { FrameStage } from "@/core/frame_stage";
import { planesOf, toSlice, type Plane, type VoxelPoint } from "@/core/geometry";
import type { ItemId, ProjectId, Protocol } from "@/core/workspace";
import type { Picture } from "@/core/pictures";
import { initialWindow, isInverse, middleOf as middleOfPicture } from "@/core/pictures";
import type { MaskLook, SegmentLook, ShapeLook, View } from "@/ui/slice_pane";
import { isOutcome } from "@/core/commands";
import { useCommands } from "@/ui/commands";
import { sliceCommands } from "./commands";
import { middleOf, resultKey, withResult, type OpinionMask } from "./masks";
import type { ReviewState, Said } from "./model";
import { saidIn, type Place } from "./places";
import { SliceView, type Look } from "./SliceView";
import { strings } from "./strings";
import { coloursOf } from "./Tag";

interface Props {
  readonly state: ReviewState;
  readonly protocol: Protocol;
  readonly project: ProjectId;
  readonly item: ItemId;
  readonly pictures: readonly Picture[];
  readonly said: ReadonlyMap<string, Said>;
  readonly places: ReadonlyMap<string, Place>;
  readonly masks: readonly OpinionMask[];
  readonly masksFailed: boolean;
  readonly retryMasks: () => void;
}

const unmoved: View = { zoom: 1, pan: [0, 0] };
const fetchFrames = (url: string, signal: AbortSignal): Promise<Response> => fetch(url, { signal, credentials: "same-origin" });
const agreedColour = "#9aa5b3";
const focusColour = "#2dd4bf";
/** What was adjudicated stands out from all raters' colours. */
const resultColour = "#f8fafc";

function lookOn(picture: Picture, protocol: Protocol, position: VoxelPoint): Look {
  return { position, window: initialWindow(picture, protocol), inverted: isInverse(picture) };
}

export function ImageOverlay(props: Props): React.JSX.Element {
  const { state, pictures, places, masks } = props;
  const stage = useMemo(() => new FrameStage(props.project, props.item, fetchFrames), [props.project, props.item]);
  const [stageRevision, setStageRevision] = useState(0);
  useEffect(() => stage.onSettled(() => { setStageRevision(stage.revision); }), [stage]);
  useEffect(() => () => { stage.stop(); }, [stage]);
  const [at, setAt] = useState(() => Math.max(0, pictures.findIndex((picture) => picture.volume.grid.dims[2] === Math.max(...pictures.map((one) => one.volume.grid.dims[2])))));
  const picture = pictures[at] ?? pictures[0];
  const [look, setLook] = useState<Look | null>(() => (picture === undefined ? null : lookOn(picture, props.protocol, middleOfPicture(picture))));
  const [views, setViews] = useState<Readonly<Record<Plane["name"], View>>>({ axial: unmoved, coronal: unmoved, sagittal: unmoved });
  const box = useRef<HTMLDivElement>(null);
  const [colours, setColours] = useState<readonly string[]>([]);
  useEffect(() => {
    if (box.current !== null) setColours(coloursOf(box.current));
  }, []);

  // What is in question comes into view: its picture, its slice, the middle of what was outlined.
  const place = state.focused === null ? undefined : places.get(state.focused);
  const middle = useMemo(() => (place === undefined ? undefined : middleOf(masks, place)), [masks, place]);
  const shownAt = place?.kind === "picture" ? place.picture : -1;
  const shownSlice = place?.kind === "picture" ? place.slice : -1;
  useEffect(() => {
    const next = pictures[shownAt];
    if (next === undefined) return;
    setAt(shownAt);
    setLook((now) => {
      const base = now === null || shownAt !== at ? lookOn(next, props.protocol, middleOfPicture(next)) : now;
      if (middle !== undefined) return { ...base, position: middle };
      return shownSlice >= 0 ? { ...base, position: [base.position[0], base.position[1], shownSlice] } : base;
    });
    // The picture that is shown is only compared with; it must not bring one back.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [state.focused, shownAt, shownSlice, middle, pictures, props.protocol]);

  useCommands(sliceCommands, null, (command) => {
    const result = command.apply(null);
    const last = (picture?.volume.grid.dims[2] ?? 1) - 1;
    if (!isOutcome(result)) return;
    for (const by of result.effects) setLook((now) => (now === null ? now : { ...now, position: [now.position[0], now.position[1], Math.min(Math.max(now.position[2] + by, 0), last)] }));
  });
  const looks = useMemo(() => (picture === undefined ? [] : maskLooks(state, picture, masks, props.said, colours)), [state, picture, masks, props.said, colours]);
  const planes = useMemo(() => (picture === undefined ? [] : planesOf(picture.volume.grid.affine)), [picture]);
  if (picture === undefined || look === null) return <p className="rv-none">{strings.nothingToShow}</p>;
  const flat = picture.volume.grid.dims[2] === 1;
  const shownPlanes = flat ? planes.filter((plane) => plane.normal === 2) : [...planes.filter((plane) => plane.normal === 2), ...planes.filter((plane) => plane.normal !== 2)];
  const { loading } = stage.pictureOf(picture, look.position[2]);
  loading.lookAt(look.position[2]);
  return (
    <div ref={box} className={flat ? "rv-panes rv-panes-one" : "rv-panes"} data-theme="dark" data-loaded={stage.pictureOf(picture, look.position[2]).volume.loadedCount} data-revision={stageRevision}>
      {shownPlanes.map((plane, n) => (
        <SliceView
          key={plane.name} stage={stage} picture={picture} plane={plane} main={n === 0} look={look} view={views[plane.name]} masks={looks} crosshair={!flat}
          shapes={[...(plane.normal === 2 ? regionLooks(state, picture, look.position[2], plane, props.said, colours) : []), ...(n === 0 ? letterLooks(state, picture, masks, plane, look, props.said, colours) : [])]}
          marks={marksOn(state, picture, plane, masks, places)}
          setPosition={(position) => { setLook((now) => (now === null ? now : { ...now, position })); }}
          setWindow={(window) => { setLook((now) => (now === null ? now : { ...now, window })); }}
          setView={(view) => { setViews((now) => ({ ...now, [plane.name]: view })); }}
        />
      ))}
      {pictures.length < 2 ? null : (
        <select className="rv-series" aria-label={strings.series} value={at} onChange={(event) => {
          const next = Number(event.currentTarget.value);
          const chosen = pictures[next];
          if (chosen === undefined) return;
          setAt(next);
          setLook(lookOn(chosen, props.protocol, middleOfPicture(chosen)));
        }}>
          {pictures.map((one, n) => <option key={`${one.series.id}/${String(one.imageIndex)}`} value={n}>{one.series.description || one.series.modality}{one.imageIndex === null ? "" : ` ${String(one.imageIndex + 1)}`}</option>)}
        </select>
      )}
      {stage.problem === undefined && !props.masksFailed ? null : (
        <p className="rv-problem" role="alert">
          {stage.problem === undefined ? strings.masksFailed : strings.framesFailed}
          <button type="button" className="rv-button" onClick={() => { if (stage.problem === undefined) props.retryMasks(); else stage.retry(picture); }}>{strings.retry}</button>
        </p>
      )}
    </div>
  );
}

/** Annotation ids of the difference in question, and of what all agree on. */
function standing(state: ReviewState, said: ReadonlyMap<string, Said>): { readonly focused: ReadonlySet<string>; readonly agreed: ReadonlySet<string> } {
  const [focused, agreed] = [new Set<string>(), new Set<string>()];
  for (const difference of state.opinions.differences) {
    for (const { annotation } of saidIn(difference, said)) {
      if (difference.id === state.focused) focused.add(annotation.id);
      if (difference.agreed) agreed.add(annotation.id);
    }
  }
  return { focused, agreed };
}

const colourAt = (key: string, n: number, colours: readonly string[]): string => (key === resultKey ? resultColour : (colours[n % colours.length] ?? agreedColour));
const isShown = (state: ReviewState, key: string, agreed: boolean): boolean => !state.hidden.has(key) && (agreed ? state.showAgreed : state.showDifferences);

function maskLooks(state: ReviewState, picture: Picture, masks: readonly OpinionMask[], known: ReadonlyMap<string, Said>, colours: readonly string[]): readonly MaskLook[] {
  const { focused, agreed } = standing(state, known);
  return masks.filter((one) => one.gridId === picture.volume.grid_id).map((one) => {
    const said = withResult(state.opinions);
    const n = said.findIndex((opinion) => opinion.key === one.key);
    const segments = new Map<number, SegmentLook>();
    for (const annotation of said[n]?.annotations ?? []) {
      const { target } = annotation;
      if (target.type !== "mask" || target.grid_id !== one.gridId) continue;
      const all = agreed.has(annotation.id);
      const on = focused.has(annotation.id);
      segments.set(target.segment, { colour: all ? agreedColour : colourAt(one.key, n, colours), visible: isShown(state, one.key, all), selected: on, number: target.segment, fill: on ? 26 : 0 });
    }
    const segmentsKey = `${one.key}${[...segments].map(([segment, segmentLook]) => `${String(segment)}${segmentLook.colour}${String(segmentLook.visible)}${String(segmentLook.selected)}`).join("/")}`;
    return { mask: one.mask, segments, segmentsKey };
  });
}

function regionLooks(state: ReviewState, picture: Picture, slice: number, plane: Plane, said: ReadonlyMap<string, Said>, colours: readonly string[]): readonly ShapeLook[] {
  const here = picture.volume.slices[slice];
  const { dims } = picture.volume.grid;
  const { agreed } = standing(state, said);
  return withResult(state.opinions).flatMap((opinion, n) =>
    opinion.annotations.flatMap((annotation): readonly ShapeLook[] => {
      const { target } = annotation;
      const all = agreed.has(annotation.id);
      if (target.type !== "region" || target.series_id !== picture.series.id || target.instance_uid !== here?.instance_uid || target.frame !== here.frame || !isShown(state, opinion.key, all)) return [];
      const points = target.geometry.points.map(([x, y]) => {
        const { u, v } = toSlice(plane, dims, [x, y, slice]);
        return [u, v] as const;
      });
      return [{ id: annotation.id, kind: target.geometry.kind, points, colour: all ? agreedColour : colourAt(opinion.key, n, colours), selected: false, number: undefined, caption: opinion.key }];
    }),
  );
}

/** A rater's letter at the upper edge of each outline on the slice: colour is never alone. */
function letterLooks(state: ReviewState, picture: Picture, masks: readonly OpinionMask[], plane: Plane, look: Look, known: ReadonlyMap<string, Said>, colours: readonly string[]): readonly ShapeLook[] {
  const { agreed } = standing(state, known);
  const { dims } = picture.volume.grid;
  return masks.filter((one) => one.gridId === picture.volume.grid_id).flatMap((one) => {
    const said = withResult(state.opinions);
    const n = said.findIndex((opinion) => opinion.key === one.key);
    return (said[n]?.annotations ?? []).flatMap((annotation): readonly ShapeLook[] => {
      const { target } = annotation;
      if (target.type !== "mask" || target.grid_id !== one.gridId || !isShown(state, one.key, agreed.has(annotation.id))) return [];
      const extent = one.extents.get(target.segment);
      const slice = look.position[plane.normal];
      if (extent === undefined || slice < extent.low[plane.normal] || slice > extent.high[plane.normal]) return [];
      const [a, b] = [toSlice(plane, dims, extent.low), toSlice(plane, dims, extent.high)];
      const [left, right, top] = [Math.min(a.u, b.u), Math.max(a.u, b.u), Math.min(a.v, b.v)];
      const u = left + ((n + 0.5) * (right - left)) / Math.max(1, said.length);
      return [{ id: `${annotation.id}/letter`, kind: "letter", points: [[u, top - 0.5]], colour: colourAt(one.key, n, colours), selected: false, number: undefined, caption: one.key }];
    });
  });
}

/** Where along the slices the differences are, for the slider. */
function marksOn(state: ReviewState, picture: Picture, plane: Plane, masks: readonly OpinionMask[], places: ReadonlyMap<string, Place>): readonly { readonly slice: number; readonly colour: string }[] {
  return state.opinions.differences.flatMap((difference) => {
    const place = places.get(difference.id);
    if (place?.kind !== "picture" || difference.agreed) return [];
    const middle = middleOf(masks, place);
    const slice = middle?.[plane.normal] ?? (plane.normal === 2 ? place.slice : -1);
    if (slice < 0 || (place.gridId !== null && place.gridId !== picture.volume.grid_id)) return [];
    return [{ slice, colour: difference.id === state.focused ? focusColour : agreedColour }];
  });
}
