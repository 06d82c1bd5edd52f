import { invalid } from '../../contract/errors.ts';
import type { Manifest } from '../../contract/manifest.ts';
import type { Tensor } from '../../contract/tensor.ts';
import { bytesElements } from '../../contract/tensor-shape.ts';
import { bytesWindow } from './bytes-window.ts';
import { ctcDecode, topLabel } from './decode.ts';
import { decodeImage, layout, normalise, padWidth, resize } from './image.ts';
import { Options, type Item, type ItemStep, type PostStep, type StackStep } from './step.ts';

type Declared = NonNullable<Manifest['pipeline']>;

/** Images or files in one call. */
export const ELEMENTS_MAX = 128;

const ITEM_STEPS: Readonly<Record<string, (options: Options) => ItemStep>> = { decodeImage, resize, normalise, padWidth };
const STACK_STEPS: Readonly<Record<string, (options: Options) => StackStep>> = { layout, bytesWindow };
const POST_STEPS: Readonly<Record<string, (options: Options, metadata: ReadonlyMap<string, string>) => PostStep>> = { ctcDecode, topLabel };

export interface Pipeline {
  /** @param model runs the weights on what `pre` made, and gives all of their outputs */
  run(inputs: readonly Tensor[], wanted: readonly string[], model: (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>): Promise<readonly Tensor[]>;
}

/**
 * Builds what a manifest declares. `pre` is any number of steps on each element and a last one that makes the model's input of all.
 * @param metadata of the weights, from which a step may take labels
 * @throws Fault for an unknown step, a step out of place, or an option that is missing or wrong
 */
export function createPipeline(declared: Declared, metadata: ReadonlyMap<string, string>): Pipeline {
  const [input, ...more] = declared.inputs;
  if (!input || more.length > 0 || input.datatype !== 'BYTES' || input.shape.length !== 1) throw invalid('A pipeline takes one BYTES input of one dimension.', 'pipeline.inputs');
  const last = declared.pre.at(-1);
  const itemSteps = declared.pre.slice(0, -1).map((step) => known(ITEM_STEPS, step, 'each element')(new Options(step)));
  if (!last) throw invalid('A pipeline needs a step that makes the input of the model.', 'pipeline.pre');
  const stack = known(STACK_STEPS, last, 'the end of pre')(new Options(last));
  const postSteps = declared.post.map((step) => known(POST_STEPS, step, 'post')(new Options(step), metadata));
  const names = declared.outputs.map(({ name }) => name);
  return {
    async run([tensor], wanted, model) {
      const items = await prepare(tensor, itemSteps);
      const outputs = new Map((await model([stack(items)])).map((output) => [output.name, output]));
      const results = new Map(postSteps.flatMap((step) => step(outputs)).map((output) => [output.name, output]));
      return (wanted.length > 0 ? wanted : names).map((name) => {
        const found = results.get(name) ?? outputs.get(name);
        if (!found) throw invalid(`The pipeline yields no output '${name}'.`, 'pipeline.outputs');
        return found;
      });
    },
  };
}

async function prepare(tensor: Tensor | undefined, steps: readonly ItemStep[]): Promise<readonly Item[]> {
  if (!tensor) throw invalid('The input is missing.', 'inputs');
  const items: Item[] = [];
  for (const bytes of bytesElements(tensor.data)) {
    if (items.length >= ELEMENTS_MAX) throw invalid(`At most ${ELEMENTS_MAX} elements are accepted in one call.`, tensor.name);
    let item: Item = { kind: 'bytes', bytes };
    // One after the other: a decoded picture is large, and only its small form is kept.
    for (const step of steps) item = await step(item);
    items.push(item);
  }
  if (items.length === 0) throw invalid(`Input '${tensor.name}' is empty; send at least one element.`, tensor.name);
  return items;
}

function known<S>(steps: Readonly<Record<string, S>>, { op }: { readonly op: string }, place: string): S {
  const step = Object.hasOwn(steps, op) ? steps[op] : undefined;
  if (step === undefined) throw invalid(`The pipeline step '${op.slice(0, 60)}' is unknown for ${place}; known are ${Object.keys(steps).join(', ')}.`, 'pipeline');
  return step;
}
