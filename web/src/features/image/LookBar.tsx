// The slim bar over the panes: layout, colours, slab, a picture over it or beside it, the film.
import { IconPlayerPause, IconPlayerPlay, IconRepeat, IconRotate2 } from "@tabler/icons-react";
import { lutNames } from "@/core/luts";
import type { SlabMode } from "@/core/reslice";
import { fusible, layoutFor, phasesOf, sameSpace, withBeside, withFusion, withLooking, withOffset, withoutTurn, withPhase } from "./looking";
import type { ImageState, Layout } from "./model";
import { shownPicture } from "./model";
import { strings } from "./strings";

type Update = (change: (state: ImageState) => ImageState) => void;
interface Props {
  readonly state: ImageState;
  readonly update: Update;
}

export function LookBar(props: Props & { readonly keepLayout: (layout: Layout) => void }): React.JSX.Element {
  const { state, update } = props;
  const { looking } = state;
  const deep = shownPicture(state).volume.grid.dims[2] > 1;
  return (
    <div className="image-lookbar" role="toolbar" aria-label={strings.lookName}>
      {deep && (
        <Select name={strings.layoutName} value={state.layout} options={(["one", "three", "four", "row", ...(looking.beside === null ? [] : ["beside" as const])] as const).map((layout) => [layout, strings.layouts[layout]])} onChange={(layout) => {
          props.keepLayout(layout);
          update((now) => ({ ...now, layout }));
        }} />
      )}
      {looking.turn !== null && (
        <button type="button" className="image-look" title={`${strings.upright} (Shift+R)`} onClick={() => update(withoutTurn)}>
          <IconRotate2 size={15} stroke={1.6} /> {strings.turned}
        </button>
      )}
      <Select name={strings.lut} value={looking.lut} options={lutNames.map((lut) => [lut, strings.luts[lut]])} onChange={(lut) => update((now) => withLooking(now, { lut }))} />
      <Select name={strings.segmentsShown.name} value={looking.outlines ? "outline" : "fill"} options={[["fill", strings.segmentsShown.fill], ["outline", strings.segmentsShown.outline]]} onChange={(how) => update((now) => withLooking(now, { outlines: how === "outline" }))} />
      {deep && <SlabFields {...props} />}
      <Seconds {...props} />
      {(deep || phasesOf(state).length > 1) && <Film {...props} />}
    </div>
  );
}

function Select<T extends string>(props: { readonly name: string; readonly value: T; readonly options: readonly (readonly [T, string])[]; readonly onChange: (value: T) => void }): React.JSX.Element {
  return (
    <label>
      <select className="image-select" aria-label={props.name} title={props.name} value={props.value} onChange={(event) => {
        const found = props.options.find(([value]) => value === event.currentTarget.value);
        if (found !== undefined) props.onChange(found[0]);
      }}>
        {props.options.map(([value, title]) => <option key={value} value={value}>{title}</option>)}
      </select>
    </label>
  );
}

function SlabFields({ state, update }: Props): React.JSX.Element {
  const { slab } = state.looking;
  const modes: readonly (readonly ["none" | SlabMode, string])[] = [["none", strings.slab.none], ["max", strings.slab.max], ["min", strings.slab.min], ["mean", strings.slab.mean]];
  return (
    <>
      <Select name={strings.slab.name} value={slab?.mode ?? "none"} options={modes} onChange={(mode) => update((now) => withLooking(now, { slab: mode === "none" ? null : { mode, thicknessMm: slab?.thicknessMm ?? 10 } }))} />
      {slab !== null && (
        <label className="image-number-field">
          <input type="number" min={1} max={200} step={1} value={slab.thicknessMm} aria-label={strings.slab.thickness} onChange={(event) => {
            const thicknessMm = Math.min(Math.max(Number(event.currentTarget.value) || 1, 0.5), 200);
            update((now) => withLooking(now, { slab: { ...slab, thicknessMm } }));
          }} /> mm
        </label>
      )}
    </>
  );
}

/** The picture over the shown one, and the one beside it. */
function Seconds({ state, update }: Props): React.JSX.Element {
  const { fusion, beside } = state.looking;
  const shown = shownPicture(state);
  const nameOf = (n: number): string => {
    const picture = state.pictures[n];
    if (picture === undefined) return "";
    const { series, study } = picture;
    const phase = picture.imageIndex === null ? "" : ` (${String(picture.imageIndex + 2)})`;
    return `${study.id === shown.study.id ? "" : `${study.date ?? strings.prior} · `}${String(series.number ?? n + 1)} ${series.description === "" ? series.modality : series.description}${phase}`;
  };
  const phases = phasesOf(state);
  const over = fusible(state).filter((n) => !phases.includes(n));
  const others = state.pictures.flatMap((picture, n) => (n !== state.picture && !phases.includes(n) && picture.volume.grid.dims[2] > 1 ? [n] : []));
  const otherPicture = beside === null ? undefined : state.pictures[beside.picture];
  return (
    <>
      {over.length > 0 && <Select name={strings.fusion.name} value={String(fusion?.picture ?? -1)} options={[["-1", strings.fusion.none], ...over.map((n) => [String(n), nameOf(n)] as const)]} onChange={(n) => update((now) => withFusion(now, n === "-1" ? null : Number(n)))} />}
      {fusion !== null && (
        <>
          <Select name={strings.lut} value={fusion.lut} options={lutNames.map((lut) => [lut, strings.luts[lut]])} onChange={(lut) => update((now) => withLooking(now, { fusion: { ...fusion, lut } }))} />
          <input type="range" min={0} max={100} value={Math.round(fusion.opacity * 100)} aria-label={strings.fusion.opacity} title={strings.fusion.opacity} onChange={(event) => {
            const opacity = Number(event.currentTarget.value) / 100;
            update((now) => withLooking(now, { fusion: { ...fusion, opacity } }));
          }} />
        </>
      )}
      {others.length > 0 && <Select name={strings.beside.name} value={String(beside?.picture ?? -1)} options={[["-1", strings.beside.none], ...others.map((n) => [String(n), nameOf(n)] as const)]} onChange={(n) => update((now) => (n === "-1" ? { ...withBeside(now, null), layout: layoutFor(shownPicture(now), now.protocol, null) } : withBeside(now, Number(n))))} />}
      {beside !== null && otherPicture !== undefined && (
        <label className="image-number-field" title={sameSpace(shownPicture(state), otherPicture) ? strings.beside.linked : strings.beside.otherSpace}>
          <input type="number" step={0.5} value={beside.offsetMm} aria-label={strings.beside.offset} onChange={(event) => {
            const to = Number(event.currentTarget.value) || 0;
            update((now) => withOffset(now, to - (now.looking.beside?.offsetMm ?? 0)));
          }} /> mm
        </label>
      )}
    </>
  );
}

function Film({ state, update }: Props): React.JSX.Element {
  const { film } = state.looking;
  const phases = phasesOf(state);
  const at = phases.indexOf(state.picture);
  const name = film.playing ? strings.film.stop : strings.film.play;
  return (
    <div className="image-film">
      <button type="button" className="image-look" aria-label={name} title={`${name} (Alt+P)`} aria-pressed={film.playing} onClick={() => update((now) => withLooking(now, { film: { ...film, playing: !film.playing } }))}>
        {film.playing ? <IconPlayerPause size={15} stroke={1.6} /> : <IconPlayerPlay size={15} stroke={1.6} />}
      </button>
      <input type="number" min={1} max={60} value={film.framesPerSecond} aria-label={strings.film.rate} title={strings.film.rate} onChange={(event) => {
        const framesPerSecond = Math.min(Math.max(Number(event.currentTarget.value) || 1, 1), 60);
        update((now) => withLooking(now, { film: { ...film, framesPerSecond } }));
      }} />
      <button type="button" className="image-look" aria-label={strings.film.loop} title={strings.film.loop} aria-pressed={film.loop} onClick={() => update((now) => withLooking(now, { film: { ...film, loop: !film.loop } }))}>
        <IconRepeat size={15} stroke={1.6} />
      </button>
      {phases.length > 1 && (
        <>
          <input type="range" min={0} max={phases.length - 1} value={at} aria-label={strings.film.phase} title={strings.film.time(at + 1, phases.length)} onChange={(event) => {
        const phase = Number(event.currentTarget.value);
        update((now) => withPhase(now, phase));
      }} />
          <output className="image-phase">{strings.film.time(at + 1, phases.length)}</output>
        </>
      )}
    </div>
  );
}
