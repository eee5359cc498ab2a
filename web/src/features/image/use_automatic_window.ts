import { useEffect, useRef } from "react";
import type { Picture } from "@/core/pictures";
import { hasWindow, initialWindow, pictureKey } from "@/core/pictures";
import type { Window } from "@/core/volume";
import { withLooking } from "./looking";
import type { ImageState } from "./model";
import { shownPicture } from "./model";
import { automaticWindow } from "./presets";
import type { Stage } from "./stage";

/** Pictures whose window neither protocol nor file say get one from their values, once, as soon as some have arrived. */
export function useAutomaticWindow(state: ImageState, stage: Stage, stageRevision: number, update: (change: (state: ImageState) => ImageState) => void): void {
  const done = useRef(new Set<string>());
  useEffect(() => {
    const { fusion, beside } = state.looking;
    const found = (place: string, picture: Picture | undefined, window: Window): Window | null => {
      if (picture === undefined || hasWindow(picture, state.protocol)) return null;
      const start = initialWindow(picture, state.protocol);
      const key = `${place}/${pictureKey(picture)}`;
      const { volume } = stage.pictureOf(picture, picture.volume.grid.dims[2] >> 1);
      if (done.current.has(key) || volume.loadedCount === 0) return null;
      done.current.add(key);
      // A window that somebody set stays.
      if (window.centre !== start.centre || window.width !== start.width) return null;
      return automaticWindow(volume, picture.volume.transform.slope, picture.volume.transform.intercept);
    };
    const own = found("shown", shownPicture(state), state.window);
    const over = fusion === null ? null : found("over", state.pictures[fusion.picture], fusion.window);
    const next = beside === null ? null : found("beside", state.pictures[beside.picture], beside.window);
    if (own === null && over === null && next === null) return;
    update((now) =>
      withLooking(
        { ...now, window: own ?? now.window },
        {
          fusion: over === null || now.looking.fusion === null ? now.looking.fusion : { ...now.looking.fusion, window: over },
          beside: next === null || now.looking.beside === null ? now.looking.beside : { ...now.looking.beside, window: next },
        },
      ),
    );
  }, [state, stage, stageRevision, update]);
}
