// The tool behind each name.
import type { Tool } from "../model";
import { crosshairTool, panTool, windowRegionTool, windowTool, zoomTool } from "./looking";
import { livewireTool, scissorsTool } from "./outlining";
import { brushTool } from "./painting";
import { shapeTool } from "./shaping";
import type { PaneTool } from "./tool";
import { wandTool } from "./wand";

const makers: Readonly<Record<Tool, () => PaneTool>> = {
  window: windowTool,
  window_region: windowRegionTool,
  pan: panTool,
  zoom: zoomTool,
  crosshair: crosshairTool,
  brush: () => brushTool({ erases: false, sphere: false }),
  sphere: () => brushTool({ erases: false, sphere: true }),
  eraser: () => brushTool({ erases: true, sphere: false }),
  scissors: scissorsTool,
  livewire: livewireTool,
  wand: wandTool,
  polygon: () => shapeTool("polygon"),
  box: () => shapeTool("box"),
  point: () => shapeTool("point"),
  polyline: () => shapeTool("polyline"),
  freehand: () => shapeTool("freehand"),
  spline: () => shapeTool("spline"),
  ellipse: () => shapeTool("ellipse"),
  rotated_box: () => shapeTool("rotated_box"),
  length: () => shapeTool("length"),
  bidirectional: () => shapeTool("bidirectional"),
  angle: () => shapeTool("angle"),
  cobb: () => shapeTool("cobb"),
};

export function makeTool(tool: Tool): PaneTool {
  return makers[tool]();
}
