// The panes of a layout: planes, the surface in 3D, the picture beside.
import { lazy, Suspense, useMemo } from "react";
import { planesOf } from "@/core/geometry";
import { revisionOf } from "@/core/mask_layers";
import type { Looks } from "./looks";
import { besideState, planesInOrder } from "./looking";
import type { ImageState } from "./model";
import { colourOf, shownPicture } from "./model";
import type { OtherLooks } from "./others";
import { nobody } from "./others";
import type { PaneActions } from "./Pane";
import { Pane } from "./Pane";
import { besideActions } from "./pane_actions";
import type { Stage } from "./stage";

const SurfacePane = lazy(() => import("./surface/SurfacePane"));
const nothing = new Map<never, never>();

interface Props {
  readonly state: ImageState;
  readonly now: { readonly current: ImageState };
  readonly stage: Stage;
  readonly looks: Looks;
  readonly others: OtherLooks;
  readonly actions: PaneActions;
  readonly surfaceUrl: (gridId: string, segment: number) => string;
}

export function Panes(props: Props): React.JSX.Element {
  const { state, now, stage, looks, actions } = props;
  const other = state.layout === "beside" ? besideState(state) : null;
  const elsewhere = useMemo(() => besideActions(actions, now), [actions, now]);
  const otherPlanes = other === null ? [] : planesOf(shownPicture(other).volume.grid.affine).filter((plane) => plane.name === state.main);
  return (
    <>
      {planesInOrder(state).map((plane, n) => (
        <Pane key={plane.name} state={state} stage={stage} plane={plane} main={n === 0} beside={false} segments={looks.segments} segmentsKey={looks.key} shapes={looks.shapes} spaceShapes={looks.space} others={props.others} marks={looks.marks.get(plane.normal) ?? []} brushColour={colourOf(state, state.label)} actions={actions} />
      ))}
      {state.layout === "four" && (
        <Suspense fallback={<section className="image-pane" />}>
          <SurfacePane state={state} looks={looks} surfaceUrl={props.surfaceUrl} revision={revisionOf(stage.layersOf(shownPicture(state).volume))} moveTo={actions.moveTo} />
        </Suspense>
      )}
      {other !== null && otherPlanes.map((plane) => (
        <Pane key={`beside/${plane.name}`} state={other} stage={stage} plane={plane} main={false} beside segments={nothing} segmentsKey="" shapes={[]} spaceShapes={[]} others={nobody} marks={[]} brushColour="#ffffff" actions={elsewhere} />
      ))}
    </>
  );
}
