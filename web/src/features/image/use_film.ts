import { useEffect } from "react";
import { filmStep } from "./looking";
import type { ImageState } from "./model";

/** Plays the film: one step a frame's time, by the clock of drawing, so that a slow machine leaves frames out and keeps the time. */
export function useFilm(state: ImageState, update: (change: (state: ImageState) => ImageState) => void): void {
  const { playing, framesPerSecond } = state.looking.film;
  useEffect(() => {
    if (!playing) return;
    let last = performance.now();
    let frame = requestAnimationFrame(function tick(now) {
      const due = Math.min(Math.floor(((now - last) * framesPerSecond) / 1000), 4);
      if (due > 0) {
        last += (due * 1000) / framesPerSecond;
        if (now - last > 500) last = now;
        update((held) => {
          let next = held;
          for (let n = 0; n < due; n++) next = filmStep(next);
          return next;
        });
      }
      frame = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing, framesPerSecond, update]);
}
