// Cornerstone3D on a made volume of 512 x 512 x 300: one axial pane, a label map over it, its own brush and scroll.
import * as core from "@cornerstonejs/core";
import * as tools from "@cornerstonejs/tools";

const dims = [512, 512, 300];
const volumeId = "made";
const segmentationId = "labels";
const viewportId = "axial";

function madeValues() {
  const values = new Int16Array(dims[0] * dims[1] * dims[2]);
  let at = 0;
  for (let z = 0; z < dims[2]; z += 1) {
    for (let y = 0; y < dims[1]; y += 1) {
      for (let x = 0; x < dims[0]; x += 1, at += 1) {
        const body = ((x - 256) / 220) ** 2 + ((y - 256) / 170) ** 2 < 1;
        values[at] = body ? 40 + ((x * 7 + y * 13 + z * 29) % 60) : -1000;
      }
    }
  }
  return values;
}

window.start = async () => {
  core.init({ rendering: { preferSizeOverAccuracy: false } });
  tools.init();
  const element = document.getElementById("pane");
  const engine = new core.RenderingEngine("bench");
  const volume = core.volumeLoader.createLocalVolume(volumeId, {
    metadata: {
      BitsAllocated: 16, BitsStored: 16, HighBit: 15, PixelRepresentation: 1, SamplesPerPixel: 1, PhotometricInterpretation: "MONOCHROME2",
      Modality: "CT", ImageOrientationPatient: [1, 0, 0, 0, 1, 0], PixelSpacing: [0.8, 0.8], FrameOfReferenceUID: "1.2.3",
      Columns: dims[0], Rows: dims[1], voiLut: [{ windowCenter: 40, windowWidth: 400 }], VOILUTFunction: "LINEAR",
    },
    dimensions: dims, spacing: [0.8, 0.8, 1], origin: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1], scalarData: madeValues(),
  });
  engine.enableElement({ viewportId, type: core.Enums.ViewportType.ORTHOGRAPHIC, element, defaultOptions: { orientation: core.Enums.OrientationAxis.AXIAL } });
  const viewport = engine.getViewport(viewportId);
  await viewport.setVolumes([{ volumeId: volume.volumeId, callback: ({ volumeActor }) => volumeActor.getProperty().getRGBTransferFunction(0).setRange(-160, 240) }]);
  core.volumeLoader.createAndCacheDerivedLabelmapVolume(volumeId, { volumeId: segmentationId });
  tools.segmentation.addSegmentations([{
    segmentationId,
    representation: { type: tools.Enums.SegmentationRepresentations.Labelmap, data: { volumeId: segmentationId } },
  }]);
  tools.addTool(tools.BrushTool);
  tools.addTool(tools.StackScrollTool);
  const group = tools.ToolGroupManager.createToolGroup("group");
  group.addTool(tools.BrushTool.toolName, { activeStrategy: "FILL_INSIDE_CIRCLE" });
  group.addTool(tools.StackScrollTool.toolName);
  group.addViewport(viewportId, "bench");
  await tools.segmentation.addSegmentationRepresentations(viewportId, [{ segmentationId, type: tools.Enums.SegmentationRepresentations.Labelmap }]);
  tools.segmentation.segmentIndex.setActiveSegmentIndex(segmentationId, 1);
  group.setToolActive(tools.BrushTool.toolName, { bindings: [{ mouseButton: tools.Enums.MouseBindings.Primary }] });
  group.setToolActive(tools.StackScrollTool.toolName, { bindings: [{ mouseButton: tools.Enums.MouseBindings.Wheel }] });
  tools.utilities.segmentation.setBrushSizeForToolGroup("group", 12);
  viewport.render();
  window.bench = { viewport, element };
  return engine.getViewport(viewportId).getNumberOfSlices?.() ?? dims[2];
};

window.voxelsPainted = () => {
  const manager = core.cache.getVolume(segmentationId).voxelManager;
  let count = 0;
  for (const value of manager.getCompleteScalarDataArray()) count += value === 1 ? 1 : 0;
  return count;
};
