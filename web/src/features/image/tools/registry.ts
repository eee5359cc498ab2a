// The tool behind each name.
import type { Tool } from "../model";
import { crosshairTool, panTool, windowTool, zoomTool } from "./looking";
import { brushTool } from "./painting";
import { shapeTool } from "./shaping";
import type { PaneTool } from "./tool";

const makers: Readonly<Record<Tool, () => PaneTool>> = {
  window: windowTool,
  pan: panTool,
  zoom: zoomTool,
  crosshair: crosshairTool,
  brush: () => brushTool(false),
  eraser: () => brushTool(true),
  polygon: () => shapeTool("polygon"),
  box: () => shapeTool("box"),
  point: () => shapeTool("point"),
  length: () => shapeTool("length"),
};

export function makeTool(tool: Tool): PaneTool {
  return makers[tool]();
}
