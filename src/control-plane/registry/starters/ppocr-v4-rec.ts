import type { Manifest } from '../../../contract/manifest.ts';
import type { Starter } from './starter.ts';

const pre = [
  { op: 'decodeImage', channels: 'BGR', pixelsMax: 25_000_000 },
  { op: 'resize', height: 48, widthMax: 3200 },
  { op: 'normalise', scale: 1 / 255, mean: [0.5], std: [0.5] },
  { op: 'padWidth', width: 320 },
  { op: 'layout', to: 'NCHW', output: 'x' },
];
const post = [{ op: 'ctcDecode', input: 'softmax_11.tmp_0', labels: { metadata: 'character' }, appendSpace: true, text: 'text', score: 'score' }];

/**
 * PP-OCRv4's text line recognition: an image of one line → its text. The numbers are RapidOCR's (ch_ppocr_rec): height 48, at least
 * 320 wide, BGR, -1 … 1; the characters are in the model's own metadata.
 */
export const ppocrPipeline: NonNullable<Manifest['pipeline']> = {
  inputs: [{ name: 'image', datatype: 'BYTES', shape: [-1] }],
  outputs: [
    { name: 'text', datatype: 'BYTES', shape: [-1] },
    { name: 'score', datatype: 'FP32', shape: [-1] },
  ],
  pre,
  post,
};

export const ppocr: Starter = {
  name: 'ppocr-v4-rec',
  sources: [{ source: 'pypi:rapidocr-onnxruntime==1.4.4', entries: { 'ch_PP-OCRv4_rec_infer.onnx': 'rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx' } }],
  files: { 'ch_PP-OCRv4_rec_infer.onnx': 'sha256:48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b' },
  pipeline: ppocrPipeline,
  licence: 'Apache-2.0',
  origin: 'PaddleOCR PP-OCRv4, converted to ONNX by RapidOCR, packaged as pypi:rapidocr-onnxruntime==1.4.4',
  card: `# PP-OCRv4 text recognition

Reads one line of text in an image, Chinese or English, and says how sure it is. By PaddlePaddle (PaddleOCR), converted to ONNX by RapidOCR. Licence: Apache-2.0.

**Good for** lines that were cut out of a page already.

**Limits** It finds no text: an image must hold one horizontal line. Handwriting and other scripts are read badly.
`,
};
