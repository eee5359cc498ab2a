// What stands in the upper corners of a pane: plane, series, slice; window, zoom, slab.
import type { Cut } from "@/core/cut";
import { tiltOf } from "@/core/cut";
import type { Plane } from "@/core/geometry";
import { isPlaced, signed } from "@/core/pictures";
import type { ImageState } from "./model";
import { shownPicture } from "./model";
import { strings } from "./strings";

export function PaneCorners(props: { readonly state: ImageState; readonly plane: Plane; readonly cut: Cut; readonly main: boolean; readonly beside: boolean }): React.JSX.Element {
  const { state, plane, main, beside } = props;
  const { looking } = state;
  const picture = shownPicture(state);
  const depth = picture.volume.grid.dims[plane.normal];
  const tilt = main && depth > 1 ? tiltOf(picture.volume.grid.affine) : 0;
  return (
    <>
      <div className="image-corner image-top-left">
        <b>{isPlaced(picture) ? strings.planes[plane.name] : strings.picture}</b>
        {(main || beside) && <span> · {picture.series.description || picture.series.modality}</span>}
        {looking.turn !== null ? (
          <div>{strings.turned}</div>
        ) : depth > 1 ? (
          <div>
            {isPlaced(picture) ? strings.slice : strings.frame} <b>{Math.round(state.position[plane.normal]) + 1}</b> / {depth}
          </div>
        ) : null}
        {tilt > 0 && <div>{strings.tilted(tilt)}</div>}
      </div>
      {(main || beside) && (
        <div className="image-corner image-top-right">
          <div>
            W <b>{Math.round(state.window.width)}</b> L <b>{signed(state.window.centre)}</b>
          </div>
          <div>
            {strings.zoomName} {Math.round(state.views[plane.name].zoom * 100)} %
          </div>
          {looking.slab !== null && (
            <div>
              {strings.slab.short[looking.slab.mode]} <b>{looking.slab.thicknessMm} mm</b>
            </div>
          )}
        </div>
      )}
    </>
  );
}
